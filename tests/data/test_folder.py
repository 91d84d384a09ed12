"""Images in folders; the referees are torchvision's ImageFolder, Resize and CenterCrop."""

import logging

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms import CenterCrop, Compose, Resize

from advscape.data import encoded
from advscape.data.digest import content_digest
from advscape.data.encoded import EncodedImages, Transform
from advscape.data.prepared import Prepared
from advscape.data.sources import load_source
from advscape.data.split import split
from advscape.errors import UserError

CLASSES = ["cat", "dog", "emu"]


def picture(rng, height, width, mode="RGB"):
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8), mode)


@pytest.fixture
def root(tmp_path):
    """Two splits, three classes, images of many sizes, modes and suffixes."""
    rng = np.random.default_rng(0)
    for name, count in (("train", 6), ("val", 3)):
        for label in CLASSES:
            folder = tmp_path / "zoo" / name / label
            folder.mkdir(parents=True)
            for i in range(count):
                mode = ("RGB", "L", "RGBA")[i % 3]
                suffix = ("JPEG", "jpg", "png")[i % 3]
                height, width = rng.integers(20, 60, 2)
                picture(rng, height, width, mode).save(folder / f"{i}.{suffix}")
            (folder / "notes.txt").write_text("not an image")
    return tmp_path


def load(root, **options):
    options = {"resize": 24, "crop": 16} | options
    options = {key: value for key, value in options.items() if value is not None}
    return load_source("folder", "zoo", root, download=False, options=options)


def test_it_is_torchvisions_folder(root):
    found = load(root)
    assert found.images.shape == (27, 3, 16, 16)
    assert len(found.labels) == 27
    transform = Compose([Resize(24), CenterCrop(16)])
    theirs = [ImageFolder(root / "zoo" / name, transform) for name in ("train", "val")]
    images = [np.asarray(image) for part in theirs for image, _ in part]
    assert np.array_equal(found.images.decoded(), np.moveaxis(np.stack(images), -1, 1))
    assert found.labels.tolist() == [label for part in theirs for label in part.targets]
    assert found.official_test.tolist() == [False] * 18 + [True] * 9


@pytest.mark.parametrize("shape", [(33, 47), (47, 33), (40, 40), (21, 58)])
@pytest.mark.parametrize(("resize", "crop"), [(20, 15), (30, 30), (None, 20), (50, None)])
def test_transforms_are_torchvisions(shape, resize, crop):
    image = picture(np.random.default_rng(1), *shape)
    steps = [Resize(resize)] if resize else []
    steps += [CenterCrop(crop)] if crop else []
    assert np.array_equal(Transform(resize, crop)(image), np.asarray(Compose(steps)(image)))


def test_prepared_files_hold_names_and_come_back(root, tmp_path):
    found = load(root, class_names=["emu", "dog", "cat", "yak"])
    found.save(tmp_path / "prepared.npz")
    assert (tmp_path / "prepared.npz").stat().st_size < 10_000
    again = Prepared.load(tmp_path / "prepared.npz")
    assert np.array_equal(again.images.decoded(), found.images.decoded())
    assert again.labels.tolist() == found.labels.tolist()
    assert again.classes == 4


@pytest.fixture
def decoded(monkeypatch):
    """The files that are decoded."""
    names = []
    before = EncodedImages._images

    def counted(self):
        for item, pixels in before(self):
            names.append(item)
            yield item, pixels

    monkeypatch.setattr(encoded.EncodedImages, "_images", counted)
    return names


def test_only_what_is_used_is_decoded(root, decoded):
    drawn = split(load(root), None, None, seed=0)
    assert drawn.train.x.shape == (18, 3, 16, 16)
    part = drawn.train.subset(5, 3)
    assert decoded == []
    pixels = part.pixels()
    assert len(decoded) == 5
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() <= pixels.max() <= 1
    everything = split(load(root), None, None, seed=0).train.pixels()
    assert all(any(np.array_equal(x, y) for y in everything) for x in pixels)


def test_class_order_is_given_and_said(root, caplog):
    caplog.set_level(logging.INFO, "advscape")
    found = load(root, class_names=["emu", "yak", "dog", "cat"])
    assert "classes, in the order of their labels: emu, yak, dog, cat" in caplog.text
    assert sorted(set(found.labels)) == [0, 2, 3]
    assert all(found.images.items[found.labels == 0] == np.char.strip(
        [name for name in found.images.items if "/emu/" in name]
    ))  # fmt: skip
    # a network has as many logits as there are names
    assert split(found, None, None, seed=0).classes == 4


def test_a_third_split_is_not_read_which_is_said(root, caplog):
    (root / "zoo/val").rename(root / "zoo/test")
    assert "not read" not in caplog.text
    (root / "zoo/val/cat").mkdir(parents=True)
    picture(np.random.default_rng(0), 20, 20).save(root / "zoo/val/cat/0.png")
    assert len(load(root).labels) == 27
    assert "zoo: not read: val" in caplog.text


def test_capitals_in_the_name_of_a_split(root):
    for name in ("train", "val"):
        (root / "zoo" / name).rename(root / "zoo" / name.capitalize())
    found = load(root)
    assert found.official_test.tolist() == [False] * 18 + [True] * 9
    assert len(found.images.decoded()) == 27


def test_classes_may_be_chosen(root):
    drawn = split(load(root), [2, 0], None, seed=0)
    assert drawn.classes == 2
    assert all("/emu/" in name for name in drawn.train.x.items[drawn.train.y == 0])


def test_one_split_is_divided_by_the_seed(root):
    (root / "zoo/train").rename(root / "zoo/other")
    found = load(root)
    assert not found.official_test.any()
    drawn = split(found, None, 1 / 3, seed=0)
    assert (len(drawn.train), len(drawn.test)) == (6, 3)


def damaged(root):
    (root / "zoo/train/cat/0.JPEG").write_bytes(b"nothing")


def small(root):
    picture(np.random.default_rng(0), 9, 9).save(root / "zoo/train/cat/0.JPEG")


BAD = {
    "a damaged file": (damaged, {}, "train/cat/0.JPEG cannot be read: UnidentifiedImageError"),
    "too small": (small, {"resize": None}, "0.JPEG: it is 9 x 9, too small for dataset.crop"),
    "many sizes": (lambda root: None, {"crop": None}, "allowed: one size, or dataset.crop"),
    "gone": (lambda root: (root / "zoo/train/dog/3.JPEG").unlink(), {}, "3.JPEG cannot be read"),
}


@pytest.mark.parametrize("what", BAD)
def test_images_that_will_not_do_are_named(root, what):
    damage, options, words = BAD[what]
    if what == "gone":
        images = load(root, **options).images
        damage(root)
    else:
        damage(root)
    with pytest.raises(UserError, match=words) as error:
        (images if what == "gone" else load(root, **options).images).decoded()
    assert "\n" not in str(error.value)


def test_a_change_of_any_file_is_another_dataset(root):
    before = content_digest("folder", "zoo", root)
    assert content_digest("folder", "zoo", root) == before
    file = root / "zoo/val/emu/0.JPEG"
    content = file.read_bytes()
    seen = {before}
    file.write_bytes(content + b"\0")
    seen.add(content_digest("folder", "zoo", root))
    file.rename(file.with_name("9.JPEG"))
    seen.add(content_digest("folder", "zoo", root))
    file.with_name("9.JPEG").unlink()
    seen.add(content_digest("folder", "zoo", root))
    assert len(seen) == 4


@pytest.mark.parametrize("extra", ["more.bmp", "old.WEBP", "images/0.png", "images/a/0.png"])
def test_images_that_would_be_left_out_are_named(root, extra):
    file = root / "zoo/train/dog" / extra
    file.parent.mkdir(exist_ok=True, parents=True)
    picture(np.random.default_rng(0), 30, 30).save(file)
    named = "dog/images is a folder of images" if "/" in extra else f"dog/{extra} would be left out"
    with pytest.raises(UserError, match=named):
        load(root)


def test_other_files_and_folders_may_lie_there(root):
    (root / "zoo/train/dog/boxes").mkdir()
    (root / "zoo/train/dog/boxes/notes.txt").write_text("not an image")
    (root / "zoo/train/dog/.cache").mkdir()
    assert len(load(root).labels) == 27


def test_a_folder_without_images_is_no_class(root):
    """It would shift the labels of those behind it, and be a logit that nothing is of."""
    (root / "zoo/train/__MACOSX").mkdir()
    with pytest.raises(UserError, match=r"train/__MACOSX has no images; allowed: no such folder"):
        load(root)
    names = ["cat", "dog", "emu", "__MACOSX"]
    assert split(load(root, class_names=names), None, None, seed=0).classes == 4


def test_a_link_to_nothing_is_named(root):
    (root / "zoo/train/dog/9.png").symlink_to(root / "gone.png")
    with pytest.raises(UserError, match=r"dog/9\.png is a link to a file that is not there"):
        load(root)


def test_pixels_of_16_bits_are_refused(root):
    """Pillow would make all above 255 white."""
    pixels = np.full((30, 30), 1000, np.uint16)
    Image.fromarray(pixels).save(root / "zoo/train/dog/deep.png")
    assert np.asarray(Image.open(root / "zoo/train/dog/deep.png")).min() == 1000
    with pytest.raises(UserError, match=r"dog/deep\.png: its pixels have more than 8 bits"):
        load(root).images.decoded()
