"""Try the course on an NVIDIA GPU: its tests there, speeds, memory, and four chapters.

    make gpu                                   with the course's own environment
    make gpu GPU_PYTHON=/path/to/python        with one that is there, such as Colab's

prints a table, and writes it to gpu.json. It takes at most six minutes, installs and downloads
nothing, and says what it left out because something isn't installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import torch
from torch.autograd import DeviceType
from torch.profiler import profile

from densenet_lesson.training.checkpoint import write_atomically
from densenet_lesson.training.history import describe_environment

from .benchmark.clock import interleave, summary, time_once
from .benchmark.contenders import Case, Contender, build_equal, contenders, is_there
from .benchmark.memory_use import in_new_process
from .benchmark.speed import training_step

ROOT = Path(__file__).parents[1]
FORMAT = "densenet_lesson gpu 1"
D2L = Case("densenet_d2l", 256, 96)
BC100 = Case("densenet_bc100", 64, 32)
DENSENET121 = Case("densenet121", 32, 224)
CHAPTERS = ("00_at_work", "03_concatenation", "07_training", "09_memory_and_speed")
COLOUR = re.compile(r"\x1b\[\d*m")  # of nbval's words
SECONDS = {"tests": 90, "chapters": 180}  # that pytest may take; what is cut off has failed


class Row(NamedTuple):
    """A line of the table: what was tried, what came, and in which unit."""

    what: str
    value: float | str
    unit: str = ""


PRINTED = Row("densenet_d2l: d2l's chapter prints, without its GPU's name", 5506.9, "images/s")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return the exit code: 0, or 1 if something failed on the GPU."""
    parser = argparse.ArgumentParser(prog="python -m tools.gpu", description="Try a GPU.")
    parser.add_argument("--out", default="gpu.json", help="the file to write (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=7, help="rounds (default %(default)s)")
    options = parser.parse_args(argv)
    if not torch.cuda.is_available():
        print("There is no NVIDIA GPU that PyTorch can use here, so there is nothing to try.")
        return 0
    device, rows = torch.device("cuda"), []
    for part in parts(device, options.repeats):
        begin = time.monotonic()
        rows += (found := attempt(part))
        print(*map(line, found), f"  ({time.monotonic() - begin:.0f} s)", sep="\n", flush=True)
        record = {"format": FORMAT, "machine": describe_environment(device)}
        record["rows"] = [row._asdict() for row in rows]
        write_atomically(Path(options.out), (json.dumps(record, indent=1) + "\n").encode())
    return int(any(row.value == "failed" for row in rows))


def parts(device: torch.device, repeats: int) -> list[Callable[[], Iterator[Row]]]:
    """What there is to do, in order."""
    return [
        lambda: pytest_rows("tests", ["--noconftest", "tests/package/test_cuda.py"], ["pytest"]),
        lambda: chain(speeds(D2L, device, repeats), [PRINTED]),
        lambda: speeds(BC100, device, repeats),
        lambda: steps(DENSENET121, device, repeats),
        lambda: chain(*(at_work(case, device, repeats) for case in (D2L, BC100, DENSENET121))),
        lambda: memory(DENSENET121, device),
        lambda: pytest_rows("chapters", chapters(), ["pytest", "nbval", "ipykernel"]),
    ]


def attempt(part: Callable[[], Iterator[Row]]) -> list[Row]:
    """Do a part; what goes wrong (too little memory, say) becomes a row. The rest goes on."""
    found = []
    try:
        for row in part():
            found.append(row)
    except (RuntimeError, AssertionError) as error:
        found.append(Row("  what comes next", "failed", str(error).splitlines()[0][:200]))
    return found


def line(row: Row) -> str:
    """Write a row of the table."""
    value = f"{row.value:,.4g}" if isinstance(row.value, float) else row.value
    return f"{row.what:64}{value:>10} {row.unit}"


def chapters() -> list[str]:
    """Return pytest's words for comparing chapters with what they store, at once if it can."""
    notebooks = [f"notebooks/{name}.ipynb" for name in CHAPTERS]
    side_by_side = ["-n", str(len(CHAPTERS)), "--dist", "loadscope"] if is_there("xdist") else []
    compared = ["-p", "nbval_without_pictures", "--nbval", "--nbval-current-env", *notebooks]
    return [*side_by_side, *compared]


def pytest_rows(what: str, words: list[str], needed: list[str]) -> Iterator[Row]:
    """Run pytest in a process of its own, and say how it ended."""
    absent = [library for library in needed if not is_there(library)]
    if absent:
        yield Row(what, "skipped", f"not installed: {', '.join(absent)}")
        return
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    settings = {"PYTHONPATH": os.pathsep.join(paths), "TQDM_DISABLE": "1", "COLUMNS": "200"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True,
            timeout=SECONDS[what], check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        yield Row(what, "failed", f"not through after {SECONDS[what]} s")
        return
    *_, last = done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]]
    yield Row(what, "failed" if done.returncode else "passed", last)
    for words in COLOUR.sub("", done.stdout).splitlines():
        if words.startswith(("FAILED", "ERROR")):
            yield Row(f"  {words}"[:180], "failed")


def speeds(case: Case, device: torch.device, repeats: int) -> Iterator[Row]:
    """Images in a second of training: as a learner writes the network, and our other ways."""
    taking_part = [c for c in contenders(case) if c.whose in ("plain", "ours")]
    for who, seconds in times(case, taking_part, device, repeats).items():
        yield Row(title(case, who), case.batch_size / seconds, "images/s")


def steps(case: Case, device: torch.device, repeats: int) -> Iterator[Row]:
    """Time of a training step: our ways of saving memory, and torchvision's."""
    taking_part = [c for c in contenders(case) if c.whose != "timm"]
    for who, seconds in times(case, taking_part, device, repeats).items():
        yield Row(title(case, who), seconds, "s")
    if not is_there("torchvision"):
        yield Row(f"{case.network}: torchvision", "skipped", "not installed: torchvision")


def title(case: Case, who: str) -> str:
    """Name a measurement: network, images, contender."""
    return f"{case.network}, {case.batch_size} × {case.image_size}²: {who}"


def times(
    case: Case, taking_part: list[Contender], device: torch.device, repeats: int
) -> dict[str, float]:
    """Median seconds of a training step of each contender, measured in turn."""
    actions = {
        each.name: training_step(build_equal(each, case, device), case, each, device)
        for each in taking_part
    }
    found = interleave(actions, repeats, case.network)
    return {who: summary(seconds)["median"] for who, seconds in found.items()}


def at_work(case: Case, device: torch.device, repeats: int) -> Iterator[Row]:
    """The share of a training step in which the GPU computes; it waits for the rest."""
    for each in (c for c in contenders(case) if c.whose == "ours" and c.way == "plain"):
        step = training_step(build_equal(each, case, device), case, each, device)
        seconds = summary(interleave({"": step}, repeats, case.network)[""])["median"]
        with profile() as seen:
            time_once(step)
        kernels = (event for event in seen.events() if event.device_type == DeviceType.CUDA)
        share = sum(event.time_range.elapsed_us() for event in kernels) / 1e6 / seconds
        yield Row(f"{title(case, each.name)}: the GPU computes", 100 * share, "% of the time")


def memory(case: Case, device: torch.device) -> Iterator[Row]:
    """The most memory that a training step takes, each measured in a process of its own."""
    compared = [c for c in contenders(case) if c.channels_last and c.precision == "fp32"]
    for each in (c for c in compared if c.whose != "timm"):
        task = {"case": case, "contender": each.name, "device": str(device)}
        peak = in_new_process(task)["peak"]
        yield Row(f"{case.network}: peak memory, {each.name}", peak / 2**20, "MiB")


if __name__ == "__main__":
    sys.exit(main())
