"""A DenseNet's residual twin: the same network, but its layers add. Chapter 8."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ..blocks import Transition, conv_block, explain_images, init_weights
from ..configs import change
from .twins import TwinConfig


class AddingStage(nn.Sequential):
    """Residual layers, each adding to what came before: a `DenseBlock` with + for [ , ].

    [N, C, H, W] → [N, C, H, W]
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, C, H, W]."""
        for layer in self:
            x = x + layer(x)
        return x


class Twin(nn.Module):
    """A DenseNet's residual twin, from its configuration. Chapter 8.

    [N, config.in_channels, H, W] → [N, config.num_classes]

    Args:
        config: what to build; the default has the depth and the parameters of DenseNet-BC-40-12.
        **changes: fields of the configuration to replace: `Twin(in_channels=1)`.

    Raises:
        ValueError: for a field that the configuration doesn't have, or a value that makes no sense.

    Source: He et al., arXiv:1603.05027, Figure 1 (b); Huang et al., arXiv:1608.06993, Section 3.
    """

    def __init__(self, config: TwinConfig | None = None, **changes: Any) -> None:
        super().__init__()
        config = self.config = change(config or TwinConfig(), changes)
        widths = config.widths
        stem = nn.Conv2d(config.in_channels, widths[0], 3, padding=1, bias=False)
        self.features = nn.Sequential()
        self.features.add_module("conv0", stem)
        for i, (num_layers, width) in enumerate(zip(config.layers, widths, strict=True), start=1):
            inner = width // config.squeeze
            layers = [
                nn.Sequential(conv_block(width, inner, 1), conv_block(inner, width, 3))
                for _ in range(num_layers)
            ]
            self.features.add_module(f"stage{i}", AddingStage(*layers))
            if i < len(widths):  # no transition after the last stage
                self.features.add_module(f"transition{i}", Transition(width, widths[i]))
        self.features.add_module("norm5", nn.BatchNorm2d(widths[-1]))
        self.relu5 = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(widths[-1], config.num_classes)
        init_weights(self)

    @explain_images
    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → class scores [N, num_classes]."""
        x = self.avgpool(self.relu5(self.features(x))).flatten(1)  # [N, C]
        return self.classifier(x)
