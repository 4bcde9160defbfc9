"""Where a network computes, and with what kind of numbers."""

from __future__ import annotations

import torch
from torch import nn

from ..configs import check_choice

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """Return the device that is asked for; without one, the GPU if there is one, else the CPU.

    Raises:
        ValueError: for a device that this machine doesn't have.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise ValueError(f"device={str(device)!r} is not on this machine: try 'cpu'") from error


def pick_precision(device: str | torch.device | None = None) -> str:
    """Return the precision that a device is fast in: "bf16" or "fp16" on a GPU, "fp32" on a CPU."""
    device = pick_device(device)
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return a context in which convolutions and products are computed in a precision."""
    kind, enabled = PRECISIONS[precision], precision != "fp32"
    # Without its cache of weights: a Ctrl-C between the context's body and its end would leave the
    # cache alive, and every later step would compute with these weights, whatever it learns.
    return torch.autocast(device.type, kind, enabled, cache_enabled=False)


def device_of(model: nn.Module) -> torch.device:
    """Return where a model's parameters are; the CPU if it has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))


def check_precision(precision: str, device: torch.device) -> None:
    """Raise a ValueError for a precision that is unknown, or fp16 on a CPU."""
    check_choice("precision", precision, tuple(PRECISIONS))
    if precision == "fp16" and device.type == "cpu":
        raise ValueError("precision='fp16' needs a GPU: on a CPU, choose 'bf16' or 'fp32'")
