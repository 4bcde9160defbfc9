"""What each layer does to one image, noted on a tape: shape, parameters, FLOPs, memory kept.

`trace` walks through a configuration and calls one method of the tape for each layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .steps import conv_flops, conv_parameters, linear_parameters, output_size


class Row(NamedTuple):
    """What one layer does to one image.

    `name` is the module's name in the built network, `stage` the part of the network it belongs to,
    `channels` and `size` are those of the output. `flops` counts convolutions and linear layers,
    two per multiply-accumulate. `kept_bytes` (per image) and `kept_bytes_per_batch` are what the
    layer keeps in memory for the backward pass and no earlier layer has kept already, in 32-bit
    floats. `training_only` marks the auxiliary classifiers, which are not there in evaluation.
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


@dataclass
class Features:
    """A tensor on its way through the network, and whether the backward pass keeps it already.

    What was concatenated knows its parts.
    """

    channels: int
    size: int
    kept: bool = False
    parts: tuple[Features, ...] = ()

    @property
    def bytes(self) -> int:
        return 4 * self.channels * self.size**2  # a 32-bit float has 4 bytes


class Tape:
    """Notes a row for every layer; its methods take and return features, like the layers."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.stage = ""
        self.training_only = False
        self.memory = "plain"  # how what follows is kept: see `densenet_lesson.memory`

    def _note(self, name: str, kind: str, out: Features, **numbers: int) -> Features:
        where = {"training_only": self.training_only}
        self.rows.append(Row(self.stage, name, kind, out.channels, out.size, **numbers, **where))
        return out

    @staticmethod
    def _keep(x: Features) -> int:
        """Bytes added to the memory when the backward pass needs `x`: none the second time."""
        added = 0 if x.kept else x.bytes
        x.kept = True
        return added

    def conv(
        self,
        name: str,
        x: Features,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int = 1,
        padding: int = 0,
        bias: bool = False,
    ) -> Features:
        size = x.size  # a kernel that isn't square keeps it (`layers.Conv`)
        if isinstance(kernel_size, int):
            size = output_size(size, kernel_size, stride, padding)
        return self._note(
            name,
            "conv",
            Features(out_channels, size),
            parameters=conv_parameters(x.channels, out_channels, kernel_size, bias),
            flops=conv_flops(x.channels, out_channels, kernel_size, size),
            kept_bytes=self._keep(x),
        )

    def norm(self, name: str, x: Features) -> Features:
        if self.memory == "plain":
            # the input, and the batch's mean and 1 / standard deviation
            kept, per_batch = self._keep(x), 2 * 4 * x.channels
        else:  # "recompute" keeps what was concatenated; "linear" has kept that already, by `put`
            parts = x.parts or (x,) if self.memory == "recompute" else ()
            kept, per_batch = sum(map(self._keep, parts)), 0
        return self._note(
            name,
            "norm",
            Features(x.channels, x.size),
            parameters=2 * x.channels,  # a scale and a shift for each channel
            kept_bytes=kept,
            kept_bytes_per_batch=per_batch,
        )

    def relu(self, name: str, x: Features) -> Features:
        made_again = self.memory != "plain"
        out = Features(x.channels, x.size, kept=made_again)
        # keeps what it returns
        return self._note(name, "activation", out, kept_bytes=self._keep(out))

    def dropout(self, name: str, x: Features) -> Features:
        out = Features(x.channels, x.size)
        # the mask: 32-bit floats, or a byte for each number
        kept = out.bytes // 4 if self.memory == "linear" else out.bytes
        return self._note(name, "dropout", out, kept_bytes=kept)

    def pool(
        self,
        name: str,
        kind: str,
        x: Features,
        kernel_size: int = 2,
        stride: int = 2,
        padding: int = 0,
        ceil: bool = False,
    ) -> Features:
        out = Features(x.channels, output_size(x.size, kernel_size, stride, padding, ceil))
        # max pooling also notes where each maximum was: a 64-bit integer for each output
        places = 2 * out.bytes if kind == "max" else 0
        return self._note(name, f"{kind}pool", out, kept_bytes=self._keep(x) + places)

    def adaptive_pool(self, name: str, x: Features, size: int) -> Features:
        # a mean over all pixels needs nothing for its gradient but their number
        kept = self._keep(x) if size > 1 else 0
        return self._note(name, "avgpool", Features(x.channels, size), kept_bytes=kept)

    def concat(self, name: str, *parts: Features) -> Features:
        flat = tuple(single for part in parts for single in part.parts or (part,))
        channels = sum(part.channels for part in flat)
        return self._note(name, "concat", Features(channels, parts[0].size, parts=flat))

    def put(self, name: str, new: Features, channels: int = 0) -> Features:
        """Write new features after the first `channels`, into a tensor that is kept in any case."""
        return self._note(
            name,
            "concat",
            Features(channels + new.channels, new.size, kept=True),
            kept_bytes=new.bytes,
            kept_bytes_per_batch=2 * 4 * new.channels,  # their means and variances
        )

    def add(self, name: str, x: Features, y: Features) -> Features:
        return self._note(name, "add", Features(y.channels, y.size))

    def flatten(self, x: Features) -> Features:
        """The same numbers in another shape: nothing to note, nothing new to keep."""
        return Features(x.channels * x.size**2, 1, x.kept)

    def linear(self, name: str, x: Features, out_features: int) -> Features:
        return self._note(
            name,
            "linear",
            Features(out_features, 1),
            parameters=linear_parameters(x.channels, out_features),
            flops=2 * x.channels * out_features,
            kept_bytes=self._keep(x),
        )

    def classifier(self, name: str, x: Features, num_classes: int) -> None:
        pooled = self.adaptive_pool("avgpool", x, size=1)
        self.linear(name, pooled, num_classes)
