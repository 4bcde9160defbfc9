"""The configuration of a DenseNet's residual twin, for the fair comparison of chapter 8.

`preactivation` builds it. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..configs import check_fields, check_widths


@dataclass(frozen=True)
class TwinConfig:
    """A pre-activation ResNet in the frame of a DenseNet: all is alike, but layers add.

    Stem, transitions, classifier and depth are the DenseNet's. A layer is batch norm, ReLU, 1×1
    convolution, batch norm, ReLU, 3×3 convolution in both; here its output has the channels of its
    input, and is added to it.

    Args:
        name: how the network is called.
        layers: number of residual layers in each stage.
        widths: channels of each stage; a transition brings them from one to the next.
        squeeze: the 1×1 bottleneck has `width // squeeze` channels.
        in_channels: channels of the input image.
        num_classes: number of classes.
        image_size: height and width, in pixels, that the network was designed for.

    Raises:
        ValueError: if an argument makes no sense; the message says which and what would be right.

    Source: He et al., arXiv:1603.05027, Figure 1 (b), in the place of arXiv:1608.06993's layers.
    """

    name: str = "twin"
    layers: tuple[int, ...] = (6, 6, 6)
    widths: tuple[int, ...] = (56, 60, 64)
    squeeze: int = 4
    in_channels: int = 3
    num_classes: int = 10
    image_size: int = 32
    stem: ClassVar[str] = "cifar"
    pool: ClassVar[str] = "avg"

    def __post_init__(self) -> None:
        check_fields(self)
        check_widths(self)
        if min(self.widths) < self.squeeze:
            raise ValueError(
                f"squeeze={self.squeeze} leaves no channel of widths={self.widths}: use at most "
                f"{min(self.widths)}"
            )

    @property
    def depth(self) -> int:
        """Layers with weights, counted as a DenseNet's: the 40 of DenseNet-BC (L=40)."""
        return 1 + 2 * sum(self.layers) + len(self.layers) - 1 + 1


# Twins of DenseNet-BC (L=40, k=12), for grey images of 28×28 pixels. The first has its parameters
# and its FLOPs, each within 2 %. The second has its parameters in widths that double, as a ResNet's
# do, and a third of its FLOPs.
TWINS = {
    "twin40": TwinConfig("residual twin (L=40)"),
    "twin40_doubling": TwinConfig("residual twin (L=40), doubling", widths=(23, 46, 92)),
}
