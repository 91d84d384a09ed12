"""A small study's tables, figures and records, made up, and its report."""

import json

import pandas as pd
from PIL import Image

from advscape.report.page import write_report
from advscape.study.columns import columns_of
from tests.conftest import ROOT

SHOWN = ("claims", "runs", "sanity", "curvature", "missing", "comparison")
KINDS = ("curvature", "landscape", "robustness", "layers")

CLAIM = {
    "claim": "C1", "statement": "Noise sharpens.", "experiment": "net", "quantity": "lambda_max",
    "rows": "hessian total", "verdict": "supported", "effect": "ratio",
    "statistic": "epsilon 0.6 over epsilon 0", "estimate": 13.0, "ci_low": 3.7, "ci_high": 48.0,
    "bound": 2.0, "p_value": 1e-9, "p_holm": 0.012, "detectable": 2.4, "seeds": 5, "n_runs": 35,
    "missing": None, "rule": "the lower limit is above 2",
}  # fmt: skip
KEY = {
    "experiment": "net", "dataset": "digits", "model": "cnn", "norm": "l2", "noise": "aligned",
    "epsilon": 0.6, "seed": 0,
}  # fmt: skip
EXPERIMENT = {
    "name": "net", "title": "A network", "dataset": "digits", "model": "cnn", "norm": "l2",
    "epsilons": [0, 0.6, None], "seeds": [0, 1], "noise": ["aligned"], "variants": [], "runs": 4,
    "trained": True,
}  # fmt: skip
RECORD = {
    "advscape": "0.1.0", "python": "3.11.7", "versions": {"torch": "2.15.0"}, "device": "cpu",
    "platform": "Linux", "processor": "Some CPU", "cores": 4, "started": "2026-11-29T07:52:21Z",
}  # fmt: skip


def rows(table, *records):
    """Rows of a table with all its columns, and those that are being added to claims.csv."""
    columns = dict.fromkeys([*columns_of(table), *(CLAIM if table == "claims" else ())])
    found = pd.DataFrame(list(records), columns=list(columns))
    for name, column in columns_of(table).items():
        if column.kind == "number" and found[name].isna().all():
            found[name] = found[name].astype(float)
    return found


def outline(*figures, **changes):
    """A study's outline, with the captions of its figures."""
    return {
        "study": "made-up", "question": "Does it sharpen?", "experiments": [EXPERIMENT],
        "figures": list(figures), "shown": list(SHOWN), "linked": ["layers"], "tried": [],
        "jobs": {"train": ["net/eps~0.6/seed~0"]},
        "captions": {figure["kind"]: f"*{figure['kind']}* of it" for figure in figures},
        "citation": (ROOT / "CITATION.cff").read_text(encoding="utf-8"),
        **changes,
    }  # fmt: skip


def figure(folder, kind, experiment="net", **changes):
    """A figure of an experiment, drawn into its file."""
    name = f"{kind}_{experiment}"
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (2000, 1000), "white")
    image.putpixel((3, 3), (255, 0, 0))
    image.save(folder / f"figures/{name}.png", dpi=(200, 200))
    (folder / f"figures/{name}.pdf").touch()
    return {
        "name": name, "kind": kind, "experiment": experiment, "title": "A network",
        "category": "Curvature" if kind in ("curvature", "layers") else kind.capitalize(),
        **changes,
    }  # fmt: skip


def report(folder, tables=None, study=None, trials=()):
    """Write a report and everything that it links into a folder; gives its text."""
    made = {name: rows(name) for name in SHOWN}
    made |= {"claims": rows("claims", CLAIM), "runs": rows("runs", KEY)} | (tables or {})
    run = folder / "runs/net/eps~0.6/seed~0"
    run.mkdir(parents=True, exist_ok=True)
    (run / "train.json").write_text(json.dumps(RECORD))
    bench = folder / "benchmarks/train/net/eps~0.6"
    bench.mkdir(parents=True, exist_ok=True)
    (bench / "seed~0.tsv").write_text("s\tmax_rss\tcpu_time\n630\t1014.44\t-\n")
    (folder / "tables").mkdir(exist_ok=True)
    for name in (*SHOWN, "layers"):
        (folder / f"tables/{name}.csv").touch()
    (folder / "config.yaml").write_text("study: made-up\n")
    (folder / "provenance.html").touch()
    if study is None:
        study = outline(*(figure(folder, kind) for kind in KINDS))
    write_report(study, made, trials, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")
