"""Images that stay files until they are used: which are used is chosen before any is decoded."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from advscape.errors import UserError, in_words
from advscape.machine.progress import track
from advscape.references import imported

#: Pillow's names of what is kept in 16 bits and more, or in floats; it would cut them at 255
_DEEP = ("I", "F")


def as_rgb(image: Any) -> Any:
    """A Pillow image of three channels of bytes.

    Raises:
        UserError: its pixels have more than eight bits.
    """
    if image.mode.startswith(_DEEP):
        raise UserError("its pixels have more than 8 bits; allowed: 8, which 255 is white in")
    return image.convert("RGB")


@dataclass(frozen=True)
class Transform:
    """What is done to an image of any size, as torchvision's Resize and CenterCrop do.

    Attributes:
        resize: length of the shorter side, bilinear with antialiasing; as it is if None.
        crop: side of the square that is cut from the middle; all of it if None.
    """

    resize: int | None = None
    crop: int | None = None

    def __call__(self, image: Any) -> np.ndarray:
        """(height, width, 3) uint8 of a Pillow image.

        Raises:
            UserError: it is smaller than the square, or its pixels are no bytes.
        """
        from PIL import Image

        image = as_rgb(image)
        width, height = image.size
        if self.resize is not None:
            short, long = sorted((width, height))
            longer = int(self.resize * long / short)
            width, height = (self.resize, longer) if width <= height else (longer, self.resize)
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        if self.crop is not None:
            if min(width, height) < self.crop:
                raise UserError(
                    f"it is {height} x {width}, too small for dataset.crop ({self.crop}); "
                    "dataset.resize can enlarge it"
                )
            left, top = (round((side - self.crop) / 2) for side in (width, height))
            image = image.crop((left, top, left + self.crop, top + self.crop))
        return np.asarray(image)


@dataclass(frozen=True)
class EncodedImages:
    """(n, 3, height, width) images, each decoded when its pixels are asked for.

    Attributes:
        contents: ``module:name`` of what reads them: from the folder and the items, one after the
            other, to the bytes of each.
        folder: that holds them.
        items: (n,) text, what ``contents`` finds each by.
        transform: to one size.
        size: (height, width) of all.
    """

    contents: str
    folder: str
    items: np.ndarray
    transform: Transform
    size: tuple[int, int]

    @classmethod
    def of(
        cls, contents: str, folder: Path, items: list[str], transform: Transform
    ) -> "EncodedImages":
        """Images of the crop's size, or else of that which the first one has.

        Raises:
            UserError: the first cannot be read.
        """
        side = transform.crop or 0
        every = cls(contents, str(folder), np.array(items), transform, (side, side))
        if transform.crop is not None:
            return every
        (_, first), *_ = every[np.arange(1)]._images()
        return replace(every, size=(first.shape[0], first.shape[1]))

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, channels, height, width)."""
        return len(self.items), 3, *self.size

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, chosen: np.ndarray) -> "EncodedImages":
        """Some of them, by places or truth values; none is decoded."""
        return replace(self, items=self.items[chosen])

    def decoded(self) -> np.ndarray:
        """(n, 3, height, width) uint8.

        Raises:
            UserError: a file cannot be read, or is of another size.
        """
        pixels = np.empty(self.shape, np.uint8)
        images = track(self._images(), len(self), "decoding")
        for place, (item, image) in zip(pixels, images, strict=True):
            if image.shape[:2] != self.size:
                raise UserError(
                    f"{Path(self.folder) / item} is {image.shape[0]} x {image.shape[1]}, the first "
                    f"{self.size[0]} x {self.size[1]}; allowed: one size, or dataset.crop"
                )
            place[:] = np.moveaxis(image, -1, 0)
        return pixels

    def _images(self) -> Iterator[tuple[str, np.ndarray]]:
        from PIL import Image

        names = self.items.tolist()
        contents = imported(self.contents)(Path(self.folder), names)
        for item, content in zip(names, contents, strict=True):
            try:
                with Image.open(io.BytesIO(content)) as image:
                    pixels = self.transform(image)
            except UserError as error:
                raise UserError(f"{Path(self.folder) / item}: {error}") from error
            except Exception as error:  # Pillow's readers raise many kinds
                place = Path(self.folder) / item
                raise UserError(f"{place} cannot be read: {in_words(error)}") from error
            yield item, pixels
