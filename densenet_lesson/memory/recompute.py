"""Dense blocks that keep their feature maps, and make what is cheap to make again. Chapter 9.

Kept for the backward pass: the feature maps, each once, and the outputs of the 1×1 convolutions.

Source: Pleiss et al., "Memory-Efficient Implementation of DenseNets", arXiv:1707.06990.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks import DenseBlock, LeakyReLU, Transition


class RecomputedBlock(DenseBlock):
    """A dense block that concatenates, normalises and rectifies again in the backward pass.

    [N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]."""
        return recompute_block(self, x) if saves_memory(self, x) else super().forward(x)


class RecomputedTransition(Transition):
    """A transition that normalises and rectifies again in the backward pass.

    [N, in_channels, H, W] → [N, out_channels, H // 2, W // 2]

    It keeps its input only, if the pooling is a mean and there is no dropout. A mean over pixels
    and a 1×1 convolution, a sum over channels, can change places: the result is the same, with a
    quarter of the multiplications.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, out_channels, H // 2, W // 2]."""
        if not saves_memory(self, x):
            return super().forward(x)
        norm, relu, conv, *rest, pool = self
        if isinstance(pool, nn.AvgPool2d) and not rest:
            return norm_relu_conv(norm, lambda y: pool(relu(y)), conv, [x])
        x = norm_relu_conv(norm, relu, conv, [x])
        for module in (*rest, pool):  # dropout, pooling
            x = module(x)
        return x


class NormReluConv(torch.autograd.Function):
    """Concatenation, batch norm, activation, convolution: keeps its inputs and nothing else.

    Feature maps, each [N, C_i, H, W] → [N, out_channels, H, W]
    """

    @staticmethod
    def forward(ctx, norm, relu, conv, weight, bias, gamma, beta, *features):
        ctx.norm, ctx.relu, ctx.conv = norm, relu, conv
        mean, var = (None, None) if norm.training else (norm.running_mean, norm.running_var)
        ctx.save_for_backward(weight, bias, mean, var, gamma, beta, *features)
        z = relu(norm(joined(features)))  # [N, C, H, W], forgotten when we return
        return convolution(z, weight, bias, conv)

    @staticmethod
    def backward(ctx, d_out):
        refuse_second_derivatives()
        weight, bias, mean, var, *inputs = ctx.saved_tensors
        gamma, beta, *features = leaves = as_leaves(inputs, ctx.needs_input_grad[5:])
        with torch.enable_grad():  # make z again, this time with its graph
            x = joined(features)
            # mean=None: by the batch's statistics. The running ones are not updated a second time
            x = F.batch_norm(x, mean, var, gamma, beta, training=mean is None, eps=ctx.norm.eps)
            z = ctx.relu(x)
        need = (z.requires_grad, *ctx.needs_input_grad[3:5])
        d_z, d_weight, d_bias = convolution_backward(d_out, z, weight, bias, ctx.conv, need)
        if z.requires_grad:
            z.backward(d_z.to(z.dtype))
        return None, None, None, d_weight, d_bias, *(leaf.grad for leaf in leaves)

    @staticmethod
    def jvp(ctx, *tangents):
        refuse("a forward-mode derivative")


def norm_relu_conv(
    norm: nn.BatchNorm2d,
    relu: Callable[[Tensor], Tensor],
    conv: nn.Conv2d,
    features: Sequence[Tensor],
) -> Tensor:
    """`conv(relu(norm(torch.cat(features, dim=1))))`, keeping only the feature maps.

    Feature maps, each [N, C_i, H, W] → [N, conv.out_channels, H, W]

    Args:
        norm: the batch norm. Its running statistics are updated once.
        relu: the activation; any function without parameters.
        conv: the convolution.
        features: what they read.

    Raises:
        RuntimeError: if a `torch.func` transform or a second derivative is asked for.
    """
    parameters = conv.weight, conv.bias, norm.weight, norm.bias
    return applied(NormReluConv, norm, relu, conv, *parameters, *features)


def recompute_block(block: nn.Sequential, x: Tensor) -> Tensor:
    """A dense block that concatenates, normalises and rectifies again in the backward pass.

    [N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]
    """
    features = [x]
    for layer in block:
        features.append(recompute_layer(layer, features))  # growth_rate channels more
    return torch.cat(features, dim=1)


def recompute_layer(layer: nn.Sequential, features: Sequence[Tensor]) -> Tensor:
    """Feature maps, each [N, C_i, H, W] → new ones [N, growth_rate, H, W]."""
    x = norm_relu_conv(layer.norm1, layer.relu1, layer.conv1, features)
    if hasattr(layer, "drop1"):
        x = layer.drop1(x)
    if hasattr(layer, "conv2"):  # with a bottleneck
        x = norm_relu_conv(layer.norm2, layer.relu2, layer.conv2, [x])
    return layer.drop2(x) if hasattr(layer, "drop2") else x


def out_channels(block: nn.Sequential) -> int:
    """Channels that come out of a dense block, by what its last layer reads and adds."""
    *_, last = (module for module in block[-1] if isinstance(module, nn.Conv2d))
    return block[-1].norm1.num_features + last.out_channels


def joined(features: Sequence[Tensor]) -> Tensor:
    """Feature maps as one tensor [N, C, H, W]; a single one is not copied."""
    return torch.cat(features, dim=1) if len(features) > 1 else features[0]


def as_leaves(tensors: Iterable[Tensor], need: Iterable[bool]) -> list[Tensor]:
    """The same values without their history, so that a backward pass stops there."""
    return [t.detach().requires_grad_(n) for t, n in zip(tensors, need, strict=True)]


def convolution(x: Tensor, weight: Tensor, bias: Tensor | None, conv: nn.Conv2d) -> Tensor:
    """What `conv` does to x, with these weights."""
    return F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)


def convolution_backward(
    d_out: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    conv: nn.Conv2d,
    need: tuple[bool, bool, bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of a convolution by x, weight and bias; None where not needed.

    It is what autograd calls. Called directly, it does without the convolution's output.
    """
    x, low_weight = x.detach().to(d_out.dtype), weight.to(d_out.dtype)  # as under autocast
    sizes = None if bias is None else bias.shape
    where = (sizes, conv.stride, conv.padding, conv.dilation, False, (0, 0), conv.groups)
    d_x, *d_own = torch.ops.aten.convolution_backward(d_out, x, low_weight, *where, need)
    return d_x, *(None if d is None else d.to(weight.dtype) for d in d_own)


# What can't be done this way: then a block is plain, or it says so.

KNOWN = {
    "norm": (nn.BatchNorm2d,),
    "relu": (nn.ReLU, nn.LeakyReLU, LeakyReLU),
    "conv": (nn.Conv2d,),
    "drop": (nn.Dropout,),
    "pool": (nn.AvgPool2d, nn.MaxPool2d),
}
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
WAY_OUT = "use memory='plain' for that (model.set_memory('plain') switches a network)"


def saves_memory(part: nn.Module, x: Tensor) -> bool:
    """Whether a dense block or a transition is to keep less than the plain one.

    Raises:
        ValueError: if it has been changed into something that is not known here.
    """
    if is_traced(x) or not torch.is_grad_enabled():
        return False
    inside = [module for module in part.modules() if module is not part]
    if any(getattr(module, hooks) for module in inside for hooks in HOOKS):
        return False  # someone wants to see what goes through a layer
    unknown = unknown_part(part, KNOWN)
    if unknown:
        raise ValueError(f"memory={part.memory!r} can't compute {unknown} again: {WAY_OUT}")
    return True


def is_traced(x: Tensor) -> bool:
    """Whether a tool follows x through the network, to write down what is done to it."""
    return not isinstance(x, Tensor) or torch.jit.is_tracing() or torch.compiler.is_exporting()


def unknown_part(module: nn.Module, known: dict[str, tuple[type, ...]]) -> str:
    """The first part of a block, layer or transition that is not as `blocks` makes it, or "".

    Args:
        module: what to look through.
        known: the kinds of parts that can be dealt with, by their names.
    """
    for name, part in module.named_children():
        if type(part).forward is nn.Sequential.forward:  # a dense layer
            unknown = unknown_part(part, known)
        else:
            unknown = "" if is_known(part, known.get(name.rstrip("12"), ())) else f"{name}={part}"
        if unknown:
            return unknown
    return ""


def is_known(part: nn.Module, kinds: tuple[type, ...]) -> bool:
    """Whether a part is one of these kinds, with settings that are used here."""
    padding = getattr(part, "padding_mode", "zeros")
    affine = getattr(part, "affine", True)
    return type(part) in kinds and padding == "zeros" and affine


def refuse(what: str, error: Exception | None = None) -> NoReturn:
    """Raise a RuntimeError that says how it would work."""
    raise RuntimeError(f"{what} is not possible where memory is saved: {WAY_OUT}") from error


def applied(function: type[torch.autograd.Function], *inputs: Any) -> Tensor:
    """`function.apply`, with a RuntimeError of ours in `torch.func.grad`, `vmap`, `jvp` and so on.

    Our functions lack what torch wants of a function there, a method of this name.
    """
    try:
        return function.apply(*inputs)
    except RuntimeError as error:
        if "setup_context" in str(error):
            refuse("a torch.func transform", error)
        raise


def refuse_second_derivatives() -> None:
    """Raise a RuntimeError in a backward pass that shall be differentiated in turn."""
    if torch.is_grad_enabled():  # only with create_graph=True
        refuse("a second derivative (create_graph=True)")
