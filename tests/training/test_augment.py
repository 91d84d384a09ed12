import torch

from advscape.training.augment import Augmentation


def images(n=200):
    return torch.arange(n * 2 * 5 * 4, dtype=torch.float32).view(n, 2, 5, 4) + 1


def windows(image, padding):
    """Every crop of one padded image, mirrored or not."""
    padded = torch.nn.functional.pad(image, [padding] * 4)
    found = []
    for top in range(2 * padding + 1):
        for left in range(2 * padding + 1):
            crop = padded[:, top : top + 5, left : left + 4]
            found.append((top, left, crop))
    return found


def test_each_image_is_one_of_its_own_crops_and_all_are_drawn(generator):
    x, seen = images(), set()
    for before, after in zip(x, Augmentation(padding=1)(x, generator), strict=True):
        places = [(top, left) for top, left, crop in windows(before, 1) if torch.equal(crop, after)]
        assert len(places) == 1
        seen.update(places)
    assert len(seen) == 9


def test_half_of_the_images_are_mirrored(generator):
    x = images(1000)
    after = Augmentation(flip=True)(x, generator)
    mirrored = torch.tensor([torch.equal(a, b.flip(2)) for a, b in zip(after, x, strict=True)])
    kept = torch.tensor([torch.equal(a, b) for a, b in zip(after, x, strict=True)])
    assert torch.all(mirrored | kept)
    assert 440 < mirrored.sum() < 560


def test_the_draw_is_the_generators():
    x, change = images(), Augmentation(padding=2, flip=True)
    one, two, three = (change(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, three)
    assert torch.equal(x, images())


def test_nothing_to_change():
    x = images()
    assert torch.equal(Augmentation()(x, torch.Generator()), x)
