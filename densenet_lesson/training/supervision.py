"""Deep supervision: classifiers after the dense blocks, which help in training only. Chapter 8.

Source: Lee et al., "Deeply-Supervised Nets", arXiv:1409.5185.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ..blocks import activation

if TYPE_CHECKING:
    from ..densenet import DenseNet


class Features(nn.Sequential):
    """Modules in a row, which also hand over what comes out of some of them.

    [N, C, H, W] → [N, C', H', W']
    """

    def forward(self, x: Tensor, outputs: dict[str, Tensor | None] | None = None) -> Tensor:
        """Fill `outputs`, whose keys are names of children, and return what the last one gives."""
        for name, module in self.named_children():
            x = module(x)
            if outputs is not None and name in outputs:
                outputs[name] = x
        return x


def supervise(model: DenseNet) -> None:
    """Add classifiers after all dense blocks but the last, by the block's name. Chapter 8.

    Each: [N, C, H, W] → [N, num_classes], with the layers of the network's own end.

    Args:
        model: a DenseNet whose features are complete.
    """
    config, model.auxiliary = model.config, nn.ModuleDict()
    model.features = Features(OrderedDict(model.features.named_children()))
    for i, channels in enumerate(config.block_outputs()[:-1], start=1):
        model.auxiliary[f"denseblock{i}"] = nn.Sequential(
            OrderedDict(
                norm=nn.BatchNorm2d(channels),
                relu=activation(config.negative_slope),
                pool=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                linear=nn.Linear(channels, config.num_classes),
            )
        )
