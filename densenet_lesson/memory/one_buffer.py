"""A dense block that keeps one buffer, with all its feature maps in it. Chapter 9.

All layers of a block normalise a feature map by the same mean and variance, those of the batch.
Only their scales and shifts differ. So the statistics of each feature map are computed once, and
all feature maps lie side by side in one tensor, which in the end is the block's output. It is all
that is kept: the backward pass makes everything else again, one layer at a time.

Source: Pleiss et al., "Memory-Efficient Implementation of DenseNets", arXiv:1707.06990, and one
step further: the outputs of the 1×1 convolutions are made again too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks import DenseBlock
from .recompute import (
    applied,
    as_leaves,
    convolution,
    convolution_backward,
    out_channels,
    recompute_block,
    refuse,
    refuse_second_derivatives,
    saves_memory,
)


class OneBufferBlock(DenseBlock):
    """A dense block that keeps nothing but its output for the backward pass.

    [N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]

    With running statistics (in evaluation, or where a norm is frozen) each layer normalises by its
    own ones. Such a block is computed by `recompute_block`.

    Raises:
        RuntimeError: later, if a `torch.func` transform or a second derivative is asked for.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]."""
        if not saves_memory(self, x):
            return super().forward(x)
        if not all(norm.training for norm in self.modules() if isinstance(norm, nn.BatchNorm2d)):
            return recompute_block(self, x)
        return applied(OneBuffer, self, x, *(p for layer in self for p in layer.parameters()))


class OneBuffer(torch.autograd.Function):
    """A whole dense block as one step for autograd."""

    @staticmethod
    def forward(ctx, block, x, *parameters):
        maps, masks = FeatureMaps.beginning_with(x, block), []
        for layer, weights in with_parameters(block, parameters):
            c = layer.norm1.num_features  # what the layer reads
            update_running_statistics(layer.norm1, maps, c)
            masks += new_masks(layer, maps.y)
            z = before_last_conv(
                layer, weights, norm_relu(layer, weights, maps), masks[-2], first=True
            )
            conv, weight, bias, dropout = last_parts(layer, weights)
            maps.write(drop(convolution(z, weight, bias, conv), masks[-1], dropout), c)
        ctx.block, ctx.autocast = block, autocast_now(x)
        ctx.save_for_backward(*maps, *masks, *parameters)
        return maps.y

    @staticmethod
    def backward(ctx, d_out):
        refuse_second_derivatives()
        y, mean, var, *rest = ctx.saved_tensors
        maps, masks = FeatureMaps(y, mean, var), rest[: 2 * len(ctx.block)]
        parameters = as_leaves(rest[len(masks) :], ctx.needs_input_grad[2:])
        # gradients by all feature maps, to which the layers add from the last one to the first
        d_maps = FeatureMaps(torch.empty_like(y).copy_(d_out), *mean.new_zeros(2, len(mean)))
        for layer, weights in reversed(with_parameters(ctx.block, parameters)):
            *masks, first_mask, last_mask = masks
            with ctx.autocast:
                layer_backward(layer, weights, maps, d_maps, first_mask, last_mask)
        d_x = through_statistics(maps, d_maps, 0, ctx.block[0].norm1.num_features)
        return None, d_x, *(parameter.grad for parameter in parameters)

    @staticmethod
    def jvp(ctx, *tangents):
        refuse("a forward-mode derivative")


class FeatureMaps(NamedTuple):
    """All feature maps of a block side by side, and their statistics; or the gradients by these."""

    y: Tensor  # [N, C, H, W], filled from left to right
    mean: Tensor  # [C], over all images and pixels of the batch
    var: Tensor  # [C]

    @classmethod
    def beginning_with(cls, x: Tensor, block: nn.Sequential) -> FeatureMaps:
        """Room for the output of a block, with its input in place: x [N, in_channels, H, W]."""
        channels = out_channels(block)
        shape, kind = (x.shape[0], channels, *x.shape[2:]), {"dtype": x.dtype, "device": x.device}
        y = torch.empty(shape, memory_format=layout(x), **kind)
        maps = cls(y, *block[-1].norm1.weight.new_zeros(2, channels))
        maps.write(x, 0)
        return maps

    @property
    def count(self) -> int:
        """Numbers in each channel: N · H · W."""
        return self.y.numel() // self.y.shape[1]

    def write(self, new: Tensor, c: int) -> None:
        """Write new feature maps and their statistics from channel c on: new [N, k, H, W]."""
        channels = slice(c, c + new.shape[1])
        self.y[:, channels] = new
        # With a momentum of 1, "running" statistics are those of the batch. They are all we want.
        F.batch_norm(new, self.mean[channels], self.var[channels], training=True, momentum=1.0)
        self.var[channels] *= (self.count - 1) / self.count  # from the unbiased one to the biased


def norm_relu(layer: nn.Sequential, weights: dict[str, Tensor], maps: FeatureMaps) -> Tensor:
    """The first two steps of a layer: relu(norm(feature maps that it reads)), [N, c, H, W]."""
    factor, mean = factor_of(layer.norm1, weights["norm1.weight"], maps), maps.mean
    offset = weights["norm1.bias"] - mean[: len(factor)] * factor
    x, factor, offset = maps.y[:, : len(factor)], factor.view(-1, 1, 1), offset.view(-1, 1, 1)
    z = torch.addcmul(offset, x, factor).to(x.dtype)  # reads a part of y, without a copy of it
    kind = layer.relu1
    return F.leaky_relu_(z, kind.negative_slope) if isinstance(kind, nn.LeakyReLU) else F.relu_(z)


def factor_of(norm: nn.BatchNorm2d, scale: Tensor, maps: FeatureMaps) -> Tensor:
    """What a norm multiplies each channel by: scale / √(var + eps), [c]."""
    return scale.detach() * torch.rsqrt(maps.var[: norm.num_features] + norm.eps)


def before_last_conv(
    layer: nn.Sequential,
    weights: dict[str, Tensor],
    z: Tensor,
    mask: Tensor | None,
    first: bool,
) -> Tensor:
    """What the last convolution of a layer reads.

    [N, c, H, W] → [N, c, H, W], or [N, bn_size * growth_rate, H, W] with a bottleneck

    Args:
        layer: a layer of the block.
        weights: its parameters.
        z: what comes out of its first two steps.
        mask: for the dropout after the first convolution (see `new_masks`).
        first: whether it is the first time, so that running statistics are to be updated.
    """
    if not hasattr(layer, "conv2"):
        return z
    h = convolution(z, weights["conv1.weight"], weights.get("conv1.bias"), layer.conv1)
    h = drop(h, mask, getattr(layer, "drop1", None))
    if first:
        return layer.relu2(layer.norm2(h))
    norm, scale, shift = layer.norm2, weights["norm2.weight"], weights["norm2.bias"]
    return layer.relu2(F.batch_norm(h, None, None, scale, shift, training=True, eps=norm.eps))


def layer_backward(
    layer: nn.Sequential,
    weights: dict[str, Tensor],
    maps: FeatureMaps,
    d_maps: FeatureMaps,
    first_mask: Tensor | None,
    last_mask: Tensor | None,
) -> None:
    """Go back through a layer: add to `d_maps`, and leave gradients in `weights`, its parameters.

    All layers after it have been there, so nothing is missing in the gradients by its new feature
    maps but what comes through their statistics.
    """
    conv, weight, bias, dropout = last_parts(layer, weights)
    z = norm_relu(layer, weights, maps)
    with torch.enable_grad():
        last = before_last_conv(layer, weights, z.requires_grad_(), first_mask, first=False)
    d_new = through_statistics(maps, d_maps, layer.norm1.num_features, conv.out_channels)
    d_new = drop(d_new, last_mask, dropout)
    need = (True, weight.requires_grad, bias is not None and bias.requires_grad)
    d_z, weight.grad, d_bias = convolution_backward(d_new, last, weight, bias, conv, need)
    if bias is not None:
        bias.grad = d_bias
    if last is not z:  # there is a bottleneck to go through
        last.backward(d_z.to(z.dtype))
        d_z = z.grad
    d_z = relu_backward(layer.relu1, d_z.to(z.dtype), z.detach())
    del z, last  # 1/4 of what a step takes at most
    norm_backward(layer.norm1, weights, maps, d_maps, d_z)


def relu_backward(relu: nn.Module, d_z: Tensor, z: Tensor) -> Tensor:
    """Go back through z = relu(...): change d_z into the gradient by what relu has read.

    It is what autograd calls, but in place.
    """
    if isinstance(relu, nn.LeakyReLU):
        leaky = torch.ops.aten.leaky_relu_backward.grad_input
        return leaky(d_z, z, relu.negative_slope, True, grad_input=d_z)
    return torch.ops.aten.threshold_backward.grad_input(d_z, z, 0, grad_input=d_z)


def norm_backward(
    norm: nn.BatchNorm2d,
    weights: dict[str, Tensor],
    maps: FeatureMaps,
    d_maps: FeatureMaps,
    d_out: Tensor,
) -> None:
    """Go back through a first norm: add to `d_maps`, and leave gradients in `weights`.

    The norm is (x - mean) * r * scale + shift with r = 1 / √(var + eps). Its derivatives by mean
    and var are those by shift and scale, times a factor.

    Args:
        norm: the norm.
        weights: parameters of its layer.
        maps: for the c feature maps that it has read, and their statistics.
        d_maps: the gradients by all of these.
        d_out: the gradient by what came out of it: [N, c, H, W].
    """
    c, scale, shift = norm.num_features, weights["norm1.weight"], weights["norm1.bias"]
    factor, r = factor_of(norm, scale, maps), torch.rsqrt(maps.var[:c] + norm.eps)
    d_maps.y[:, :c].addcmul_(d_out, factor.view(-1, 1, 1).to(d_out.dtype))
    shift.grad = d_out.sum((0, 2, 3), dtype=shift.dtype)
    centred = maps.y[:, :c] - maps.mean[:c].view(-1, 1, 1)
    scale.grad = centred.mul_(d_out).sum((0, 2, 3)) * r
    d_maps.mean[:c] -= factor * shift.grad
    d_maps.var[:c] -= factor * r / 2 * scale.grad


def through_statistics(maps: FeatureMaps, d_maps: FeatureMaps, c: int, k: int) -> Tensor:
    """Complete the gradients by k feature maps, from c on: [N, k, H, W].

    Each number y of them also acts through its channel's mean, as y / count, and variance, as
    (y - mean)² / count. This is done once, not for each layer that reads them.
    """
    new = slice(c, c + k)
    mean, d_mean, d_var = (t[new].view(-1, 1, 1) for t in (maps.mean, d_maps.mean, d_maps.var))
    d_maps.y[:, new] += (d_mean + 2 * d_var * (maps.y[:, new] - mean)) / maps.count
    return d_maps.y[:, new]


def update_running_statistics(norm: nn.BatchNorm2d, maps: FeatureMaps, c: int) -> None:
    """What a batch norm does to its running statistics when it sees the first c feature maps."""
    if norm.training and norm.track_running_stats:
        norm.num_batches_tracked += 1
        momentum = norm.momentum
        if momentum is None:  # the mean over all batches so far
            momentum = 1 / norm.num_batches_tracked.item()
        norm.running_mean.lerp_(maps.mean[:c], momentum)
        unbiased = maps.var[:c] * (maps.count / (maps.count - 1))
        norm.running_var.lerp_(unbiased, momentum)


def new_masks(layer: nn.Sequential, y: Tensor) -> list[Tensor | None]:
    """What dropout lets through after each of two convolutions: bool [N, out_channels, H, W].

    Drawn in the order of a plain layer. None where there is no dropout, and in front of it where
    there is only one convolution.
    """
    masks: list[Tensor | None] = []
    for name, module in layer.named_children():
        if name.startswith("conv"):
            masks.append(None)
            shape = (y.shape[0], module.out_channels, *y.shape[2:])
        elif name.startswith("drop") and module.training:
            ones = torch.empty(shape, device=y.device, memory_format=layout(y)).fill_(1)
            masks[-1] = module(ones).bool()  # 1 byte for each number
    return [None, *masks][-2:]


def drop(x: Tensor, mask: Tensor | None, dropout: nn.Dropout | None) -> Tensor:
    """Dropout by a mask that has been drawn."""
    return x if mask is None else x * mask / (1 - dropout.p)


def last_parts(
    layer: nn.Sequential, weights: dict[str, Tensor]
) -> tuple[nn.Conv2d, Tensor | None, Tensor | None, nn.Dropout | None]:
    """The last convolution of a layer with its weight and bias, and the dropout after it."""
    last = "2" if hasattr(layer, "conv2") else "1"
    weight, bias = weights.get(f"conv{last}.weight"), weights.get(f"conv{last}.bias")
    return getattr(layer, f"conv{last}"), weight, bias, getattr(layer, f"drop{last}", None)


def with_parameters(
    block: nn.Sequential, tensors: Sequence[Tensor]
) -> list[tuple[nn.Sequential, dict[str, Tensor]]]:
    """Each layer of a block with its parameters by name, such as "conv1.weight"."""
    rest = iter(tensors)
    return [(layer, {name: next(rest) for name, _ in layer.named_parameters()}) for layer in block]


def layout(x: Tensor) -> torch.memory_format:
    """How x lies in memory."""
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


def autocast_now(x: Tensor) -> AbstractContextManager:
    """A context with the precision that is set now, to come back to."""
    kind = x.device.type
    if not torch.amp.is_autocast_available(kind):  # such as "meta"
        return nullcontext()
    dtype, enabled = torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind)
    return torch.autocast(kind, dtype, enabled, cache_enabled=False)  # as in training.devices
