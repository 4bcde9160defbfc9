"""Several processes that train one network together, one for each device, started by `torchrun`.

Each process has a copy of the network and takes its share of every batch. PyTorch's
`DistributedDataParallel` averages the gradients, so the copies stay equal. Started without
`torchrun`, there is one process, and nothing here does anything.

Source: Li et al., "PyTorch Distributed", arXiv:2006.15704.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


@contextmanager
def process_group(device: str | None = None) -> Iterator[str | None]:
    """Join the other processes that `torchrun` started, for as long as the context lasts.

    Args:
        device: what the processes compute on, such as "cpu"; None takes GPUs if there are any.

    Yields:
        The device of this process: a GPU of its own, or what was asked for.
    """
    if not dist.is_available() or not dist.is_torchelastic_launched():
        yield device
        return
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    # Ten functions of this module have the group as a default, for ever, if there is a group when
    # it is first imported, by `DistributedDataParallel` at the latest. No group outlives Python:
    # a thread of gloo that is about to drop its last work then aborts the process.
    from torch.distributed.nn import functional  # noqa: F401

    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield device
        wait()  # a process that leaves early can bring the others down
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)  # the networks there keep the group
        raise
    finally:
        dist.destroy_process_group()


def several() -> bool:
    """Return whether other processes train along."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def count() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if several() else 1


def rank() -> int:
    """Return the number of this process, from 0. Number 0 evaluates, saves and shows the bar."""
    return dist.get_rank() if several() else 0


def share(model: nn.Module, sync_batch_norm: bool) -> nn.Module:
    """Return the network as training calls it: one whose gradients are averaged over processes.

    Args:
        model: the network, on its device; the same weights in each process.
        sync_batch_norm: whether batch norms take mean and variance over the whole batch, instead of
            over the share of each process. PyTorch can do that on GPUs only.

    Raises:
        ValueError: if `sync_batch_norm` is asked for on a CPU.
    """
    if not several():
        return model
    device = next(model.parameters()).device
    if sync_batch_norm:
        if device.type != "cuda":
            raise ValueError(
                "sync_batch_norm=True needs GPUs: PyTorch's SyncBatchNorm does not run on a CPU. "
                "Without it, each process normalises its share of the batch by itself"
            )
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    # running statistics come from process 0, so that there is one network in the end
    return DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)


def total(numbers: list[float], device: torch.device) -> list[float]:
    """Return the sums of some numbers over all processes, which compute on `device`."""
    if not several():
        return numbers
    sums = torch.tensor(numbers, dtype=torch.float64, device=device)
    dist.all_reduce(sums)
    return sums.tolist()


def from_first(value: Any) -> Any:
    """Return what process 0 has; what the others pass doesn't count."""
    if not several():
        return value
    box = [value]
    dist.broadcast_object_list(box)
    return box[0]


def wait() -> None:
    """Wait until all processes are here."""
    if several():
        dist.barrier()
