"""Chapters 4 to 6: what every layer of a network does, measured on the network itself.

The network is built on PyTorch's "meta" device, where tensors have shapes and no numbers, and runs
once. Hooks note what each module puts out, PyTorch's own counter its FLOPs, and autograd what it
keeps for the backward pass. So nothing here is calculated: what you calculate by hand is in
`written`, and the tests hold one against the other.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ..blocks import DenseBlock
from ..classics.catalogue import ClassicConfig
from ..classics.preactivation import AddingStage
from ..configs import Config, DenseNetConfig, check_positive, get_config
from ..data.misfits import smallest_size
from ..models import build
from .parts import places

BATCH = 2  # images: a batch norm in training wants more than one number in each channel
KINDS: dict[type[nn.Module], str] = {
    nn.Conv2d: "conv",
    nn.ConvTranspose2d: "upconv",
    nn.BatchNorm2d: "norm",
    nn.MaxPool2d: "maxpool",
    nn.AvgPool2d: "avgpool",
    nn.AdaptiveAvgPool2d: "avgpool",
    nn.Dropout: "dropout",
    nn.Linear: "linear",
}
WEIGHTED = ("conv", "upconv", "norm", "linear")
Bytes = tuple[int, int]  # for an image, for a batch
FILLING = {Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_}
FILLING |= {nn.init.kaiming_normal_, nn.init.kaiming_uniform_, nn.init.normal_, nn.init.uniform_}
JOINTS = {torch.ops.aten.cat.default: "concat", torch.ops.aten.add.Tensor: "add"}


def batch_norm_shapes(x: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    """What a batch norm in training puts out: the result, each channel's mean and deviation."""
    return torch.empty_like(x), x.new_empty(x.shape[1]), x.new_empty(x.shape[1])


# On the meta device, PyTorch goes through each step of these in Python: two thirds of the time
WITHOUT_NUMBERS = {
    torch.ops.aten.native_batch_norm.default: batch_norm_shapes,
    torch.ops.aten.relu.default: torch.empty_like,
}


class Row(NamedTuple):
    """What one layer does to one image.

    `name` is the module's name in the built network, `stage` the part of the network it belongs to
    ("denseblock1"), `layer` the dense layer or residual block within it. `channels` and `size` are
    those of the output. `flops` counts convolutions and linear layers, two per multiply-accumulate.
    `kept_bytes` (per image) and `kept_bytes_per_batch` are what the layer keeps in memory for the
    backward pass and no earlier layer has kept already, in 32-bit floats. `training_only` marks
    the auxiliary classifiers, which are not there in evaluation.
    """

    stage: str
    name: str
    kind: str
    channels: int
    size: int
    parameters: int = 0
    flops: int = 0
    kept_bytes: int = 0
    kept_bytes_per_batch: int = 0
    training_only: bool = False
    layer: str = ""


class Stage(NamedTuple):
    """A part of the network (the stem, a block, a transition, ...): its output and its totals."""

    name: str
    channels: int
    size: int
    parameters: int
    flops: int
    kept_bytes: int


def trace(config: Config, image_size: int | None = None) -> list[Row]:
    """Follow one image through a network, layer by layer. Chapter 4.

    Args:
        config: a `DenseNetConfig`, a `ResNetConfig`, a `ClassicConfig`, or chapter 13's
            `UNetConfig` or `FCDenseNetConfig`.
        image_size: height and width in pixels; the default is the configuration's own.

    Returns:
        One row per layer, in order. In a dense block or a transition that saves memory, what is
        kept stands in the last row of the block: it is the block as a whole that keeps it.

    Raises:
        ValueError: if the image is too small for the network's poolings.
    """
    size = config.image_size if image_size is None else check_positive("image_size", image_size)
    return list(measured(config, size))


def stages(config: Config, image_size: int | None = None) -> list[Stage]:
    """`trace`, summed up by part of the network; arguments and errors are the same."""
    grouped: dict[str, list[Row]] = {}
    for row in trace(config, image_size):
        grouped.setdefault(row.stage, []).append(row)
    return [
        Stage(
            name,
            rows[-1].channels,
            rows[-1].size,
            sum(row.parameters for row in rows),
            sum(row.flops for row in rows),
            sum(row.kept_bytes for row in rows),
        )
        for name, rows in grouped.items()
    ]


def parameters(config: Config) -> int:
    """Number of parameters of a network, those of auxiliary classifiers included. Chapter 4."""
    return sum(parameter.numel() for parameter in weightless(config).parameters())


def running_statistics(config: Config) -> int:
    """Means and variances that the batch norms remember: two numbers for each channel. Chapter 6.

    They are not learned, so PyTorch doesn't count them as parameters. Keras does: its
    `count_params()` is `parameters(config) + running_statistics(config)`.
    """
    return sum(buffer.numel() for buffer in weightless(config).buffers() if buffer.ndim)


def flops(config: Config, image_size: int | None = None) -> int:
    """FLOPs of one forward pass of one image: convolutions and linear layers, multiply-add = 2.

    In evaluation mode, so without auxiliary classifiers. Chapter 4.

    Raises:
        ValueError: if the image is too small for the network's poolings.
    """
    return sum(row.flops for row in trace(config, image_size) if not row.training_only)


def activation_bytes(config: Config, batch_size: int = 1, image_size: int | None = None) -> int:
    """Bytes kept for the backward pass after a forward pass in training, in 32-bit floats.

    Each tensor that the backward pass reads, once; parameters and running statistics not included.
    A DenseNet's depend on its `config.memory`. Chapters 4 and 9.

    Raises:
        ValueError: if `batch_size` is not positive, or the image too small for the network.
    """
    batch_size = check_positive("batch_size", batch_size)
    rows = trace(config, image_size)
    per_image = sum(row.kept_bytes for row in rows)
    return batch_size * per_image + sum(row.kept_bytes_per_batch for row in rows)


def minimum_size(config: Config) -> int:
    """The smallest image, in pixels, that leaves something to look at after all the poolings.

    A classic network without a pooling to a fixed size takes only its own size. Chapter 6.
    """
    one_size = isinstance(config, ClassicConfig) and config.pool is None
    return config.image_size if one_size else smallest_size(weightless(config))


# ------------------------------------------------------------------------ the network, measured


@cache
def weightless(config: Config) -> nn.Module:
    """The network, built on the meta device: all shapes, no numbers."""
    with torch.device("meta"), Undrawn():
        return build(config)


class Undrawn(TorchFunctionMode):
    """Draws no random weights, which takes most of the time where there are no numbers anyway."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Leave out what fills a tensor; do everything else."""
        if function in FILLING:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def run(net: nn.Module, config: Config, size: int) -> None:
    """Send a batch of images without numbers through a network, which says if they don't fit."""
    net(torch.empty(BATCH, config.in_channels, size, size, device="meta"))


@cache
def measured(config: Config, size: int) -> tuple[Row, ...]:
    """The rows of `trace`, for images that fit."""
    plain = get_config(config, memory="plain") if isinstance(config, DenseNetConfig) else config
    net = weightless(plain).train()
    with Recorder(net) as record:
        run(net, plain, size)
    kept, where = record.kept, places(net)
    if config != plain:  # where memory is saved, a block is one step for autograd
        saving = weightless(config).train()
        with Recorder(saving) as other:
            run(saving, config, size)
        kept = at_the_end_of_blocks(other.kept, record.acts)
    rows = []
    for name, module, kind, channels, size_after in record.acts:
        stage, layer, training_only = where[module]
        own = sum(p.numel() for p in module.parameters()) if kind in WEIGHTED else 0
        flops = record.flops[name] // BATCH
        shape, memory = (channels, size_after), kept.pop(name, (0, 0))
        rows.append(Row(stage, name, kind, *shape, own, flops, *memory, training_only, layer))
    return tuple(rows)


class Act(NamedTuple):
    """That a module has acted, or has joined what others put out: the shape that came out of it."""

    name: str
    module: nn.Module
    kind: str
    channels: int
    size: int


class Recorder(TorchDispatchMode):
    """Notes, while a network runs, what acts and what autograd keeps.

    `acts` are the layers, concatenations and additions, in order. `kept` are the bytes
    that autograd keeps, for an image and for a batch, by the name of the module at work.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.names = {module: name for name, module in net.named_modules()}
        self.acts: list[Act] = []
        self.flops: Counter[str] = Counter()
        self.kept: dict[str, Bytes] = {}
        self.at_work = [net]  # the modules that are running, the innermost last
        self.finished = net
        # what is there anyway, and then what has been kept: each storage counts once
        self.known = {id(s): s for t in (*net.parameters(), *net.buffers()) if (s := storage(t))}

    def __enter__(self) -> Recorder:
        self.hooks = [
            register_module_forward_pre_hook(lambda module, _: self.at_work.append(module)),
            register_module_forward_hook(self.leave),
        ]
        self.packing = saved_tensors_hooks(self.keep, lambda tensor: tensor)
        self.packing.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.packing.__exit__(*error)
        for hook in self.hooks:
            hook.remove()

    def leave(self, module: nn.Module, _: Any, out: Any) -> None:
        """Note that a module has done its work."""
        self.finished = self.at_work.pop()
        kind = kind_of(module)
        if kind is not None:
            self.note(module, kind, out)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Let PyTorch do what it does, and note where features are joined."""
        op = WITHOUT_NUMBERS.get(function, function)
        out = op(*args, **(kwargs or {}))
        count = flop_registry.get(function.overloadpacket)  # PyTorch's own formulas
        if count:
            self.flops[self.names[self.at_work[-1]]] += count(*args, **(kwargs or {}), out_val=out)
        if function in JOINTS and out.ndim == 4:
            block = self.at_work[-1]  # in these blocks, it is the layer that joins the others
            joining = self.finished if isinstance(block, (DenseBlock, AddingStage)) else block
            self.note(joining, JOINTS[function], out)
        return out

    def note(self, module: nn.Module, kind: str, out: Tensor) -> None:
        size = out.shape[-1] if out.ndim == 4 else 1
        self.acts.append(Act(self.names[module], module, kind, out.shape[1], size))

    def keep(self, tensor: Tensor) -> Tensor:
        """Add a tensor to what the module at work keeps, unless it is kept already."""
        one = storage(tensor)
        if id(one) not in self.known:
            self.known[id(one)] = one
            name = self.names[self.at_work[-1]]
            per_image, per_batch = self.kept.get(name, (0, 0))
            if tensor.ndim > 1:
                self.kept[name] = per_image + one.nbytes() // BATCH, per_batch
            else:  # a mean and a standard deviation for each channel
                self.kept[name] = per_image, per_batch + one.nbytes()
        return tensor


def kind_of(module: nn.Module) -> str | None:
    """What a module does, if it is a layer: one of `KINDS`, or one of torch's activations."""
    if any(base.__module__ == nn.ReLU.__module__ for base in type(module).__mro__):
        return "activation"
    return next((kind for known, kind in KINDS.items() if isinstance(module, known)), None)


def storage(tensor: Tensor) -> torch.UntypedStorage:
    """Where a tensor's numbers lie: the same object for all views of them."""
    return tensor.untyped_storage()


def at_the_end_of_blocks(kept: dict[str, Bytes], acts: list[Act]) -> dict[str, Bytes]:
    """Give what a module keeps that isn't a row itself to the last row inside of it."""
    found: dict[str, Bytes] = {}
    for name, (per_image, per_batch) in kept.items():
        last = [act.name for act in acts if f".{act.name}.".startswith(f".{name}.") or not name][-1]
        before = found.get(last, (0, 0))
        found[last] = before[0] + per_image, before[1] + per_batch
    return found
