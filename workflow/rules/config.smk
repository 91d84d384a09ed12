"""The config: the files of the command line, or else config.yaml; never one beneath the other.

Snakemake would put a --configfile over config.yaml, whose experiments would then stand in for
those that a study forgot.
"""

import os
import sys
from pathlib import Path

# not workflow.basedir: that is the folder of a workflow that uses this one as a module
RULES = workflow.current_basedir
if isinstance(RULES, os.PathLike):
    LIBRARY = str(Path(RULES).resolve().parents[1] / "pkg")
    sys.path.insert(0, LIBRARY)

try:
    from advscape.errors import UserError
except ModuleNotFoundError:
    sys.exit(f"{RULES} comes without its library: install advscape here, or use a clone of it")
from advscape.study.folder import share_library
from advscape.study.yaml_file import check_yaml

if isinstance(RULES, os.PathLike):
    share_library(LIBRARY)

GIVEN = list(workflow.overwrite_configfiles)

try:
    for file in GIVEN:
        check_yaml(file)
    if not GIVEN and not workflow.modifier.skip_configfile:
        check_yaml("config.yaml")
except UserError as problem:
    # Snakemake would add a traceback; one line is what the user needs
    sys.exit(str(problem))


if not GIVEN:

    configfile: "config.yaml"
