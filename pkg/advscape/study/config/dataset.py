"""The config of a dataset."""

import hashlib
import os
import re
from typing import Annotated

from pydantic import Field, field_validator

from advscape.data.catalogue import DATASETS
from advscape.study.config.section import (
    NameOf,
    Natural,
    Section,
    Share,
    distinct,
)


class Dataset(Section):
    """The samples of an experiment."""

    name: Annotated[str, NameOf(DATASETS)] = Field(
        description="digits (scikit-learn's 8x8 digits, embedded), mnist, cifar10, cifar100, svhn "
        "(torchvision's files under the data root), or npz (your own arrays)."
    )
    path: str | None = Field(
        default=None,
        description="For npz: the file, relative to the data root. Keys {train,test}_images (n, h, "
        "w[, c]) or {train,test}_jpeg with {train,test}_offsets, and {train,test}_labels (n,).",
    )
    label: str | None = Field(
        default=None,
        min_length=1,
        description="What tables and figures call the dataset; the name unless given.",
    )
    classes: list[Natural] | None = Field(
        default=None,
        min_length=2,
        description="Keep only these labels, renumbered 0, 1, ... in this order; all unless given.",
    )
    test_fraction: Share | None = Field(
        default=None,
        description="Share of all samples that the run's seed draws as test set, stratified by "
        "class. Unless given, the dataset's official test set is used (digits has none).",
    )
    validation_fraction: Share | None = Field(
        default=None,
        description="Networks: share of the training samples that the run's seed sets aside, "
        "stratified by class, to choose the best epoch by; no best epoch unless given.",
    )

    _classes = field_validator("classes")(lambda v: v if v is None else distinct(v))

    @property
    def id(self) -> str:
        """Name of the dataset's prepared file; npz files of different paths never share one.

        Paths of other characters than these get a part of their hash, so that neither file
        systems nor Snakemake find a meaning in them.
        """
        if self.path is None:
            return self.name
        name = self.path.removesuffix(".npz")
        if re.fullmatch("[a-z0-9_]{1,60}", name) and self.path.endswith(".npz"):
            return f"npz-{name}"
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return f"npz-{re.sub('[^A-Za-z0-9_]+', '-', name)[-40:].strip('-')}-{digest}"
