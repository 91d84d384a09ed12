"""Networks of timm (Wightman 2019), by the names of their architectures.

The package is optional (``pip install timm``) and imported only where it is used.
"""

from typing import Any

from torch import nn

from advscape.errors import UserError
from advscape.models.architectures import one_of


def timm_model(
    classes: int, shape: tuple[int, ...], architecture: str, options: dict[str, Any]
) -> nn.Module:
    """A network of timm with timm's initial weights, for any number of channels.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        architecture: name of the network in timm, without a tag of its weights.
        options: further keyword arguments of ``timm.create_model``. Transformers need the size of
            the images, as ``img_size``.

    Raises:
        UserError: there is no such network.
    """
    import timm

    if not timm.is_model(architecture):
        names = timm.list_models()
        raise UserError(
            f"got the architecture {architecture!r}; allowed: {one_of(names, architecture)}"
        )
    model: nn.Module = timm.create_model(
        architecture, pretrained=False, num_classes=classes, in_chans=shape[0], **options
    )
    return model
