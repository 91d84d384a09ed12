"""The config of a dataset."""

import hashlib
import json
import os
import re
from typing import Annotated, Any

from pydantic import Field, field_validator

from advscape.data.catalogue import DATASETS
from advscape.study.config.section import (
    Count,
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
        "(torchvision's files under the data root), npz (your own arrays), folder (images in "
        "ImageNet's layout) or parquet (images in the layout of public hubs)."
    )
    path: str | None = Field(
        default=None,
        description="For npz: the file, relative to the data root. Keys {train,test}_images (n, h, "
        "w[, c]) or {train,test}_jpeg with {train,test}_offsets, and {train,test}_labels (n,). For "
        "folder: the folder, with <split>/<class>/<image>.jpg or .png, splits train and test (or "
        "val). For parquet: the folder, with <split>*.parquet.",
    )
    resize: Count | None = Field(
        default=None,
        description="For folder and parquet: length of the shorter side, bilinear with "
        "antialiasing, as torchvision's Resize; as it is unless given.",
    )
    crop: Count | None = Field(
        default=None,
        description="For folder and parquet: side of the square cut from the middle, as "
        "torchvision's CenterCrop; all of the image unless given, and then all are of one size.",
    )
    class_names: list[str] | None = Field(
        default=None,
        min_length=1,
        description="For folder: names of the classes' folders in the order of the network's "
        "logits; classes without images may be among them. Sorted unless given.",
    )
    image_key: str | None = Field(
        default=None, description="For parquet: the column of the images; image unless given."
    )
    label_key: str | None = Field(
        default=None, description="For parquet: the column of the labels; label unless given."
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

    @property
    def own_keys(self) -> list[str]:
        """Keys beside ``path`` that only some datasets have, as far as they are given."""
        keys = dict.fromkeys(key for source in DATASETS.values() for key in source.options)
        return [key for key in keys if getattr(self, key) is not None]

    @property
    def options(self) -> dict[str, Any]:
        """What its reader is called with by name."""
        return {key: getattr(self, key) for key in self.own_keys}

    _class_names = field_validator("class_names")(lambda v: v if v is None else distinct(v))
    _classes = field_validator("classes")(lambda v: v if v is None else distinct(v))

    @property
    def id(self) -> str:
        """Name of the dataset's prepared file; npz files of different paths never share one.

        Paths of other characters than these get a part of their hash, so that neither file
        systems nor Snakemake find a meaning in them.
        """
        if self.path is None:
            return self.name
        if self.name != "npz":
            made = json.dumps([self.path, self.options], sort_keys=True)
            digest = hashlib.sha256(made.encode(errors="surrogateescape")).hexdigest()[:12]
            plain = re.sub("[^A-Za-z0-9_]+", "-", self.path)[-40:].strip("-")
            return f"{self.name}-{plain}-{digest}"
        name = self.path.removesuffix(".npz")
        if re.fullmatch("[a-z0-9_]{1,60}", name) and self.path.endswith(".npz"):
            return f"npz-{name}"
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return f"npz-{re.sub('[^A-Za-z0-9_]+', '-', name)[-40:].strip('-')}-{digest}"
