"""Chapters 3 to 6: channels, shapes, parameters, FLOPs and activation memory, in two ways.

`written` calculates as you would on paper, and needs no torch: `3 + 2 × 10 = 23`. `measure` looks
at the network itself. `from densenet_lesson import arithmetic` brings both.
"""

from typing import TYPE_CHECKING

from .. import importer
from .written import (
    block_channels,
    block_channels_written,
    channel_path,
    channel_path_written,
    compressed,
    compressed_written,
    conv_flops,
    conv_flops_written,
    conv_parameters,
    conv_parameters_written,
    linear_parameters,
    linear_parameters_written,
    output_size,
    output_size_written,
    total_written,
    written,
)

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
    from .measure import (
        Row,
        Stage,
        activation_bytes,
        flops,
        minimum_size,
        parameters,
        running_statistics,
        stages,
        trace,
    )

__all__ = [
    "Row",
    "Stage",
    "activation_bytes",
    "block_channels",
    "block_channels_written",
    "channel_path",
    "channel_path_written",
    "compressed",
    "compressed_written",
    "conv_flops",
    "conv_flops_written",
    "conv_parameters",
    "conv_parameters_written",
    "flops",
    "linear_parameters",
    "linear_parameters_written",
    "minimum_size",
    "output_size",
    "output_size_written",
    "parameters",
    "running_statistics",
    "stages",
    "total_written",
    "trace",
    "written",
]

# `measure`, and torch with it, when one of its names is first asked for
__getattr__ = importer(__name__, __all__, ("measure",))
