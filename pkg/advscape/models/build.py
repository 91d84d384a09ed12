"""From a config's model section to a network."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from advscape.errors import UserError
from advscape.models.check import check_model, check_state, example
from advscape.models.cnn import SmallCNN
from advscape.models.custom import custom_model
from advscape.models.preact import PreActResNet18
from advscape.models.prepare import keep_inputs, plain
from advscape.models.resnet import SmallImageResNet18

_LOG = logging.getLogger("advscape.models")


def build_model(
    section: dict[str, Any], classes: int, shape: tuple[int, ...], seed: int
) -> nn.Module:
    """Make a network with weights drawn from the seed, and see that a batch goes through.

    What is returned is ready for every stage, see :mod:`advscape.models.prepare`.

    Args:
        section: the config's model section.
        classes: number of logits.
        shape: (channels, height, width) of an input.
        seed: of the initial weights; the global random state is left as it was.

    Raises:
        UserError: the network cannot be made, or does not map a batch to finite logits.
    """
    with torch.random.fork_rng(devices=[]), naming(section):
        torch.manual_seed(seed)
        model = plain(_make(section, classes, shape), shape)
        check_state(model)
        keep_inputs(model, example(model, shape))
        check_model(model, classes, shape)
    return model


@contextmanager
def naming(section: dict[str, Any]) -> Iterator[None]:
    """Within the block every error becomes one line that begins with the model's name.

    Args:
        section: the config's model section.

    Raises:
        UserError: in the place of any other error; the job's log has its traceback.
    """
    name = f"model {section['name']}"
    if section["name"] == "custom":
        name += f" ({section['function']})"
    try:
        yield
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    except Exception as error:
        # the line is for the terminal, where it went wrong is for the log
        _LOG.exception("%s", name)
        text = " ".join(str(error).split())
        raise UserError(f"{name}: {type(error).__name__}: {text}") from error


def _make(section: dict[str, Any], classes: int, shape: tuple[int, ...]) -> nn.Module:
    if section["name"] == "custom":
        return custom_model(section["function"], classes, shape, section["options"])
    settings = {"width": section["width"], "activation": section["activation"]}
    if section["name"] == "cnn":
        return SmallCNN(classes, shape, **settings, pooling=section["pooling"])
    network = {"resnet18": SmallImageResNet18, "preactresnet18": PreActResNet18}[section["name"]]
    return network(classes, shape[0], **settings)
