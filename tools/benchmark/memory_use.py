"""Memory of a training step, each measured in a process of its own.

Live memory is what the forward pass leaves for the backward pass; peak memory is the most that a
whole step takes. Both are counted beyond what the process had before: on a GPU by CUDA's own
counters, on Linux by the resident set (VmRSS and VmHWM in /proc/self/status).
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from densenet_lesson.blocks import DenseBlock
from densenet_lesson.training.devices import pick_device

from .contenders import CASES, MEMORIES, Case, build_equal, contenders

DEPTHS = (8, 16, 32, 64, 128)  # layers of one block
BLOCK = {"in_channels": 24, "growth_rate": 12, "bn_size": 4}
BLOCK_INPUT = (2, 24, 32, 32)
STATUS = Path("/proc/self/status")


def memory_of_cases(name: str, device: str) -> dict[str, dict[str, int]]:
    """Measure all 32-bit contenders of a case, one process each.

    Args:
        name: a key of `CASES`.
        device: where to compute.

    Returns:
        For each contender "live" and "peak", in bytes; "saved" is what autograd was given to keep.
    """
    whose = [c.name for c in contenders(CASES[name]) if c.precision == "fp32"]
    tasks = [{"case": CASES[name], "contender": who, "device": device} for who in whose]
    return {task["contender"]: in_new_process(task) for task in tqdm(tasks, f"memory {name}")}


def memory_of_blocks(device: str) -> dict[str, dict[str, dict[str, int]]]:
    """Measure one dense block of 8 to 128 layers in each of our ways.

    Returns:
        For each way and number of layers (as text, for JSON) what `memory_of_cases` returns.
    """
    found: dict[str, dict[str, dict[str, int]]] = {memory: {} for memory in MEMORIES}
    for memory, depth in tqdm(list(product(MEMORIES, DEPTHS)), "memory of blocks"):
        task = {"memory": memory, "layers": depth, "device": device}
        found[memory][str(depth)] = in_new_process(task)
    return found


def in_new_process(task: dict[str, Any]) -> dict[str, int]:
    """Run this file on a task, in a process whose allocator gives memory back at once."""
    frugal = {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "MALLOC_TRIM_THRESHOLD_": "0",
    }
    command = [sys.executable, "-m", __spec__.name, json.dumps(task)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **frugal}, check=False
    )
    if done.returncode:
        raise RuntimeError(f"measuring {task} failed: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


# ------------------------------------------------------------------- in the new process


def measure(task: dict[str, Any]) -> dict[str, int]:
    """Measure one task: a training step of a contender, or of a single block."""
    device = pick_device(task["device"])
    if "case" in task:
        case = Case(*task["case"])
        contender = next(c for c in contenders(case) if c.name == task["contender"])
        model, x = build_equal(contender, case, device).train(), contender.batch(case, device)[0]
    else:
        model, x = block_of(task["memory"], task["layers"]).to(device), torch.rand(BLOCK_INPUT)
        x = x.to(device, memory_format=torch.channels_last)
    step(model, x)  # the first one makes the gradients' and the libraries' own tables
    model.zero_grad(set_to_none=True)
    return step(model, x)


def block_of(memory: str, layers: int) -> nn.Module:
    """Build one dense block, channels last."""
    block = DenseBlock(num_layers=layers, memory=memory, **BLOCK)
    return block.train().to(memory_format=torch.channels_last)


def step(model: nn.Module, x: Tensor) -> dict[str, int]:
    """Do one step, and return its live and peak memory and what autograd saved, in bytes."""
    saved: dict[int, int] = {}
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    before = start_counting(x.device)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        out = model(x)
    live = memory_now(x.device) - before
    out.float().square().mean().backward()
    return {"live": live, "peak": highest(x.device) - before, "saved": sum(saved.values())}


def start_counting(device: torch.device) -> int:
    """Forget the highest use of memory so far, and return the present one."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        trim()
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew: proc(5)
    return memory_now(device)


def trim() -> None:
    """Ask the C library to give memory that nobody uses back to the system."""
    ctypes.CDLL(None).malloc_trim(0)


def memory_now(device: torch.device) -> int:
    """Return the bytes in use: CUDA's own count, or the resident set of this process."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return torch.cuda.memory_allocated(device)
    trim()
    return status("VmRSS")


def highest(device: torch.device) -> int:
    """Return the most bytes in use since `start_counting`."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return status("VmHWM")


def status(field: str) -> int:
    """Read a field of /proc/self/status, which is in KiB, and return it in bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
