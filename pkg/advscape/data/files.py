"""Which files of the data root a dataset needs. Read at every start, so it imports nothing."""

#: number of classes of the datasets whose labels are known beforehand
CLASSES = {"digits": 10, "mnist": 10, "cifar10": 10, "cifar100": 100, "svhn": 10}

MNIST = {
    ("train", "images"): "MNIST/raw/train-images-idx3-ubyte.gz",
    ("train", "labels"): "MNIST/raw/train-labels-idx1-ubyte.gz",
    ("test", "images"): "MNIST/raw/t10k-images-idx3-ubyte.gz",
    ("test", "labels"): "MNIST/raw/t10k-labels-idx1-ubyte.gz",
}

_NEEDED = {
    "digits": [],
    "mnist": list(MNIST.values()),
    "cifar10": ["cifar-10-batches-py/data_batch_1", "cifar-10-batches-py/test_batch"],
    "cifar100": ["cifar-100-python/train", "cifar-100-python/test"],
    "svhn": ["train_32x32.mat", "test_32x32.mat"],
}


def needed(name: str, path: str | None) -> list[str]:
    """Files, relative to the data root, without which the dataset cannot be read."""
    return [path] if path is not None else _NEEDED[name]
