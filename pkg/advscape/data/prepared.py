"""A dataset as later stages read it: one .npz file of plain arrays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advscape.data.arrays import as_images, as_labels
from advscape.data.encoded import EncodedImages, Transform
from advscape.errors import UserError
from advscape.machine.atomic import replacing


@dataclass(frozen=True)
class Prepared:
    """All samples of a dataset.

    Attributes:
        images: (n, channels, height, width), uint8 or float32; pixel = images / scale in [0, 1].
            Or files, of which those that are used are decoded.
        labels: (n,) int64 from 0.
        official_test: (n,) bool, True for the official test set; all False where there is none.
        scale: the value that stands for a pixel of 1.
        classes: number of labels, where that is known beside those that samples have.
    """

    images: np.ndarray | EncodedImages
    labels: np.ndarray
    official_test: np.ndarray
    scale: float
    classes: int | None = None

    def save(self, path: str | Path) -> None:
        """Write the arrays, atomically; of files their names."""
        if isinstance(self.images, EncodedImages):
            files = self.images
            how = [files.contents, files.folder, vars(files.transform), files.size, self.classes]
            arrays = {"items": files.items, "how": np.array(json.dumps(how))}
        else:
            arrays = {"images": self.images}
        arrays |= {
            "labels": self.labels,
            "official_test": self.official_test,
            "scale": np.array(self.scale),
        }
        with replacing(path) as temporary:
            np.savez(temporary, allow_pickle=False, **arrays)

    @staticmethod
    def load(path: str | Path) -> "Prepared":
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            others = file["labels"], file["official_test"], float(file["scale"])
            if "images" in file:
                return Prepared(file["images"], *others)
            contents, folder, transform, size, classes = json.loads(file["how"].item())
            images = EncodedImages(
                contents, folder, file["items"], Transform(**transform), tuple(size)
            )
            return Prepared(images, *others, classes)


def prepare(
    parts: Sequence[tuple[np.ndarray, np.ndarray]], where: str, scale: float | None = None
) -> Prepared:
    """Bring the raw arrays of a training and perhaps a test set into one form.

    Args:
        parts: images and labels of each, as of :mod:`advscape.data.arrays`.
        where: the dataset and its file, for messages.
        scale: the value that stands for a pixel of 1, of whole numbers that are no bytes; 255 for
            bytes and 1 for floats unless given.

    Raises:
        UserError: the arrays will not do, or do not fit together.
    """
    names = [f"{where}: {name}" for name in ("train", "test")]
    images, labels = [], []
    for (raw, names_of_classes), name in zip(parts, names, strict=False):
        images.append(as_images(raw, f"{name}_images"))
        labels.append(as_labels(names_of_classes, len(raw), f"{name}_labels"))
    shapes = {part.shape[1:] for part in images}
    if len(shapes) > 1:
        train, test = (part.shape[1:] for part in images)
        raise UserError(
            f"{where}: train_images are {train} and test_images {test} (channels, height, width); "
            "allowed: one shape"
        )
    if len({part.dtype for part in images}) > 1:  # bytes beside floats
        images = [part if part.dtype == np.float32 else part / np.float32(255) for part in images]
    whole = np.ascontiguousarray(np.concatenate(images))
    in_test = np.arange(len(whole)) >= len(images[0])
    scale = scale or (255.0 if whole.dtype == np.uint8 else 1.0)
    return Prepared(whole, np.concatenate(labels), in_test, scale)
