"""A trained DenseNet, rearranged to answer faster; it can't be trained any more. Chapter 9.

By its running statistics a batch norm is a multiplication and an addition, the same for every
image. That makes room for this:

- a norm that follows a convolution goes into the convolution's weights;
- a dense block writes its features into one tensor, instead of copying them all at each layer;
- a transition takes its means before its 1×1 convolution, which is left with a quarter of the
  pixels (a sum over channels and a mean over pixels can change places);
- a ReLU works in place;
- the channels of a pixel lie side by side in memory ("channels last").
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..blocks import DenseBlock, Transition, explain_images
from .recompute import KNOWN, is_traced, out_channels, unknown_part

if TYPE_CHECKING:
    from ..densenet import DenseNet

FOLDABLE = KNOWN | {"norm": (nn.BatchNorm2d, nn.SyncBatchNorm)}


class InferenceNet(nn.Module):
    """What `DenseNet.optimize_for_inference` returns: the same scores, sooner.

    [N, config.in_channels, H, W] → [N, config.num_classes]

    Args:
        model: a DenseNet in evaluation mode. Its weights are copied: training it further changes
            nothing here.

    Raises:
        ValueError: if the DenseNet is in training mode, or was changed into something else.
        RuntimeError: later, if it is set to training mode or asked for a gradient.
    """

    def __init__(self, model: DenseNet) -> None:
        super().__init__()
        check_foldable(model)
        self.config = model.config
        self.features = nn.Sequential(*folded(model.features))
        (self.relu5,), self.avgpool = folded([model.relu5]), copy.deepcopy(model.avgpool)
        self.classifier = copy.deepcopy(model.classifier)
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)

    @explain_images
    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → class scores [N, num_classes]."""
        if isinstance(x, Tensor) and x.requires_grad and torch.is_grad_enabled():
            refuse_training("has no gradients")
        x = self.relu5(self.features(x))
        return self.classifier(self.avgpool(x).flatten(1))  # [N, C, h, w] → [N, C] → scores

    def train(self, mode: bool = True) -> InferenceNet:
        if mode:
            refuse_training("can't be trained")
        return super().train(False)


class Affine(nn.Module):
    """A batch norm by its running statistics: x * scale + shift, [N, C, H, W] → [N, C, H, W]."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * scale
        self.scale = nn.Parameter(scale.detach().view(-1, 1, 1), requires_grad=False)
        self.shift = nn.Parameter(shift.detach().view(-1, 1, 1), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.shift, x, self.scale)


class FoldedBlock(nn.ModuleList):
    """A dense block: [N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]."""

    def __init__(self, block: DenseBlock) -> None:
        super().__init__(nn.Sequential(*folded(layer)) for layer in block)
        self.reads = [layer.norm1.num_features for layer in block]
        self.channels = out_channels(block)

    def forward(self, x: Tensor) -> Tensor:
        if is_traced(x):  # a file can do without the one tensor that is written to bit by bit
            for layer in self:
                x = torch.cat([x, layer(x)], dim=1)
            return x
        shape = (x.shape[0], self.channels, *x.shape[2:])
        kind = {"dtype": x.dtype, "device": x.device}
        y = torch.empty(shape, memory_format=torch.channels_last, **kind)
        y[:, : x.shape[1]] = x
        for layer, c in zip(self, self.reads, strict=True):
            new = layer(y[:, :c])  # a view, not a copy
            y[:, c : c + new.shape[1]] = new
        return y


def folded(modules: Iterable[nn.Module]) -> list[nn.Module]:
    """The modules of a network, a layer or a transition, as inference needs them."""
    out: list[nn.Module] = []
    for module in modules:
        if isinstance(module, DenseBlock):
            out.append(FoldedBlock(module))
        elif isinstance(module, Transition):
            out += folded_transition(module)
        elif isinstance(module, FOLDABLE["norm"]):
            after_conv = bool(out) and isinstance(out[-1], nn.Conv2d)
            out.append(fuse_conv_bn_eval(out.pop(), module) if after_conv else Affine(module))
        elif isinstance(module, nn.ReLU):
            out.append(nn.ReLU(inplace=True))  # what it reads was made for it alone
        elif not isinstance(module, nn.Dropout):  # which does nothing in evaluation
            out.append(copy.deepcopy(module))
    return out


def folded_transition(transition: Transition) -> list[nn.Module]:
    """The modules of a transition; a pooling that takes means comes before the convolution."""
    norm, relu, conv, pool = folded(nn.Sequential(*transition))
    return [norm, relu, pool, conv] if isinstance(pool, nn.AvgPool2d) else [norm, relu, conv, pool]


def check_foldable(model: DenseNet) -> None:
    """Raise a ValueError unless a network is ready to be rearranged."""
    for name, module in model.named_modules():
        if module.training:
            raise ValueError(
                f"{name or 'the network'} is in training mode: call model.eval() first, which makes"
                " batch norms use their running statistics"
            )
        if isinstance(module, FOLDABLE["norm"]) and module.running_mean is None:
            raise ValueError(f"{name} has no running statistics (track_running_stats=False)")
    for part in model.features:
        if isinstance(part, (DenseBlock, Transition)):
            unknown = unknown_part(part, FOLDABLE)
            if unknown:
                raise ValueError(f"optimize_for_inference() can't rearrange {unknown}")


def refuse_training(what: str) -> None:
    """Raise a RuntimeError that says what to train instead."""
    raise RuntimeError(
        f"a network optimized for inference {what}: train the DenseNet that it was made from, then "
        "call optimize_for_inference() again"
    )
