"""Functions in processes of their own: forked from one that has imported PyTorch, which takes long.

That process never imports more than what is named here: a worker of a group must be the first to
import what could keep the group alive (`densenet_lesson.training.processes`).
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist

FORKS = "forkserver" in multiprocessing.get_all_start_methods()  # Windows can't
START = multiprocessing.get_context("forkserver" if FORKS else "spawn")
START.set_forkserver_preload(["torch.distributed", "densenet_lesson.train", "pytest"])


class Ended(NamedTuple):
    """How a process ended: exit code (minus a signal's number) and what it printed."""

    code: int
    out: str
    err: str


def run(folder: Path, function: Callable, *arguments: Any) -> Ended:
    """Call a function of a module in a new process, which prints into files of this folder."""
    return _wait([_start(folder, {}, function, arguments)])[0]


def run_two(folder: Path, function: Callable, *arguments: Any) -> list[Ended]:
    """The same in two processes that find each other like those that `torchrun` starts."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    group = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_RUN_ID": "test",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "WORLD_SIZE": "2",
    }
    ranks = [{**group, "RANK": rank, "LOCAL_RANK": rank} for rank in "01"]
    return _wait([_start(folder, rank, function, arguments) for rank in ranks])


def _start(folder: Path, environment: dict[str, str], function: Callable, arguments: tuple):
    printed = folder / f"printed-{environment.get('RANK', 0)}"
    process = START.Process(target=_work, args=(printed, environment, function, arguments))
    process.start()
    return process, printed


def _work(printed: Path, environment: dict[str, str], function: Callable, arguments: tuple) -> None:
    os.environ.update(environment)
    for stream, end in ((sys.stdout, ".out"), (sys.stderr, ".err")):
        os.dup2(os.open(printed.with_suffix(end), os.O_CREAT | os.O_WRONLY), stream.fileno())
    torch.set_num_threads(1)
    sys.exit(function(*arguments))


def _wait(started: list) -> list[Ended]:
    for process, _ in started:
        process.join(120)
        process.kill()  # nothing happens to one that has ended
    return [
        Ended(process.exitcode, *(printed.with_suffix(end).read_text() for end in (".out", ".err")))
        for process, printed in started
    ]
