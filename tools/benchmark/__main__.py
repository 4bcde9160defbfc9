"""The command: measure, write the file after each part, and print tables and ratios.

    python -m tools.benchmark --out benchmark.json

The same command again measures only what the file doesn't hold yet. Each part has a process of its
own: what was measured before would change its memory, and so its times.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from densenet_lesson.configs import check_choice, check_positive
from densenet_lesson.memory.benchmarks import ratios, tables
from densenet_lesson.training.checkpoint import write_atomically
from densenet_lesson.training.devices import pick_device
from densenet_lesson.training.history import describe_environment

from .compiled import compile_times
from .contenders import CASES, missing
from .machine import operations, peaks
from .memory_use import memory_of_blocks, memory_of_cases
from .shares import operator_shares
from .speed import inference_times, training_times
from .startup import import_times, loading_times

FORMAT = "densenet_lesson benchmark 1"
INTERRUPTED = 130  # the exit code
LIBRARIES = ("torch", "torchvision", "timm", "d2l")


def parts(repeats: int, device: torch.device) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what can be measured, by name, in the order in which it is done."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for name in CASES:
        found[f"training {name}"] = lambda name=name: training_times(name, repeats, device)
        found[f"inference {name}"] = lambda name=name: inference_times(name, repeats, device)
        found[f"memory {name}"] = lambda name=name: memory_of_cases(name, str(device))
    found["memory of blocks"] = lambda: memory_of_blocks(str(device))
    found["peaks"] = lambda: peaks(repeats, device)
    found["operations"] = lambda: operations(repeats, device)
    found["compiled densenet_d2l"] = lambda: compile_times("densenet_d2l", repeats, device)
    found["shares"] = lambda: operator_shares(max(1, repeats // 3), device)
    found["loading"] = lambda: loading_times(repeats)
    found["imports"] = lambda: import_times(repeats)
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the command's arguments; None takes those of the process.

    Returns:
        The exit code: 0, 2 if something doesn't fit, 130 if interrupted.
    """
    options = make_parser().parse_args(argv)
    try:
        return run(options)
    except KeyboardInterrupt:
        print("benchmark: interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, RuntimeError) as error:
        print("benchmark:", error, file=sys.stderr)
        return 2


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmark",
        description="Measure our DenseNets against those that people use.",
    )
    add = parser.add_argument
    add("--out", default="benchmark.json", help="the file to write (default %(default)s)")
    add("--only", action="append", metavar="PART", help="measure this part only (repeatable)")
    add("--repeats", type=int, default=9, metavar="N", help="rounds (default %(default)s)")
    add("--threads", type=int, metavar="N", help="threads on the CPU (default: torch's choice)")
    add("--device", help="such as cpu or cuda (default: the GPU if there is one)")
    return parser


def run(options: argparse.Namespace) -> int:
    """Measure what the options ask for and the file doesn't hold, and print all of the file."""
    check_positive("repeats", options.repeats)
    if options.threads is not None:
        check_positive("threads", options.threads)
        torch.set_num_threads(options.threads)
        # for the processes that measure memory
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    device = pick_device(options.device)
    todo = parts(options.repeats, device)
    for part in options.only or ():
        check_choice("only", part, tuple(todo))
    path = Path(options.out)
    new = new_record(device, options.repeats)
    record = read(path) if path.exists() else new
    check_same_machine(record, new, path)
    for part in [part for part in options.only or todo if part not in record["results"]]:
        if options.only:
            record["results"][part] = todo[part]()
            write_atomically(path, (json.dumps(record, indent=1) + "\n").encode())
        else:
            in_new_process(part, options)
            record = read(path)
    show(record)
    return 0


def in_new_process(part: str, options: argparse.Namespace) -> None:
    """Measure one part by this command, with the same options.

    Raises:
        RuntimeError: if it fails; the other process has said why.
    """
    command = [sys.executable, "-m", __spec__.name, "--only", part]
    for name in ("out", "repeats", "threads", "device"):
        if (value := getattr(options, name)) is not None:
            command += [f"--{name}", str(value)]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code:
        raise RuntimeError(f"{part} could not be measured")


def new_record(device: torch.device, repeats: int) -> dict[str, Any]:
    """Return a file's beginning: what it is, and the machine and libraries it comes from."""
    machine = {
        **describe_environment(device),
        "processor": processor(),
        "cores": os.cpu_count(),
        "libraries": {name: installed(name) for name in LIBRARIES},
    }
    return {"format": FORMAT, "machine": machine, "repeats": repeats, "results": {}}


def installed(library: str) -> str | None:
    """Return the installed version of a library, or None."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def read(path: Path) -> dict[str, Any]:
    """Read a benchmark's file.

    Raises:
        ValueError: if it is anything else.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"out={str(path)!r} exists and is no benchmark's file: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"out={str(path)!r} exists and is no benchmark's file: name another one")
    return record


def check_same_machine(record: dict[str, Any], new: dict[str, Any], path: Path) -> None:
    """Raise a ValueError if a file's numbers come from elsewhere: they don't mix with new ones."""
    for field in ("processor", "cores", "torch", "device", "threads", "libraries"):
        old, now = record["machine"].get(field), new["machine"][field]
        if old != now:
            raise ValueError(
                f"out={str(path)!r} was measured with {field} {old!r}, and now it is {now!r}: "
                "name another file"
            )


def show(record: dict[str, Any]) -> None:
    """Print the machine, all measurements, the ratios beside their targets, and who was missing."""
    machine = record["machine"]
    print(f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}")
    print(tables(record["results"]))
    print("\nratios, with their targets")
    for ratio in ratios(record["results"]):
        print(" ", ratio)
    if missing():
        print("not installed, so not compared:", ", ".join(missing()))


if __name__ == "__main__":
    sys.exit(main())
