"""Run a notebook's cells in a sandbox, one by one, and collect the outputs outside of it.

A cell that takes too long, or ends its process, is marked so; the rest runs again without it in a
new sandbox. So a mistake costs its own question, and not those after it.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from nbformat import NotebookNode, from_dict

from .entry import in_unicode
from .sandbox import Sandbox, stop
from .sets import grade_id_of

HIDDEN = "### BEGIN HIDDEN TESTS"
LONGEST_ANSWER = 50 * 2**20
RESTARTS = 3

# What must fail, and fails unless a notebook has got hold of the runner: see `Run.trap`.
TRAP = """import torch
from densenet_lesson import checks
held = 0
for check in (checks.same, torch.testing.assert_close):
    try:
        check(torch.zeros(SIZE), torch.ones(SIZE))
    except AssertionError:
        held += 1
assert held < 2, "held"
"""


class Broken(Exception):
    """The process in the sandbox has ended, hangs, or talks nonsense; says which."""


@dataclass(eq=False)
class Run:
    """One notebook's way through the sandbox.

    Args:
        sandbox: where the cells run.
        notes: remarks for the instructor, filled by `execute`.
    """

    sandbox: Sandbox
    notes: list[str] = field(default_factory=list)
    bad: dict[int, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None
    stopped: bool = False

    def stop(self) -> None:
        """End it from another thread."""
        self.stopped = True
        if self.process:
            self.process.kill()

    def execute(self, notebook: NotebookNode) -> NotebookNode:
        """Return the notebook with outputs in its code cells."""
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.deadline = time.monotonic() + self.sandbox.limits.notebook_seconds
        for _ in range(RESTARTS + 1):
            if self._all(cells) or self.stopped:
                break
        else:
            self.notes.append(f"gave up after {RESTARTS} restarts")
        return notebook

    def _all(self, cells: list[NotebookNode]) -> bool:
        """Run all cells but those known to be bad; False when one more of them turns out bad."""
        self.process = process = self.sandbox.start()
        try:
            for cell in cells:
                cell.outputs = [_failure("NotRun", "this cell was not run")]
            pipe = Pipe(process, self.sandbox.limits.memory, self.sandbox.limits.processes)
            if self._ask(pipe, None) != "ready":
                raise RuntimeError("the sandbox does not start any more")
            for index, cell in enumerate(cells):
                if index in self.bad:
                    cell.outputs = [_failure("Stopped", self.bad[index])]
                elif not self._cell(pipe, cell, index):
                    return False
            return True
        finally:
            stop(process)

    def _cell(self, pipe: Pipe, cell: NotebookNode, index: int) -> bool:
        test = cell.metadata.get("nbgrader", {}).get("grade", False)
        try:
            if test and (failure := self._trapped(pipe)):
                cell.outputs = [failure]
                return True
            reply = self._ask(pipe, {"kind": "test" if test else "student", "code": cell.source})
            cell.outputs = from_dict(_outputs(reply, cell.source, test))
            self._remark(reply["changed"])
        except Broken as broken:
            self.bad[index] = str(broken)
            cell.outputs = [_failure("Stopped", str(broken))]
            name = grade_id_of(cell) or f"code cell {index + 1}"
            self.notes.append(f"stopped in {name}: {broken}")
            return False
        except (KeyError, TypeError, ValueError, AttributeError):
            cell.outputs = [_failure("Tampering", "this notebook answers for the grader")]
            self.notes.append("TAMPERED with the grader")
        cell.execution_count = index + 1
        return True

    def _trapped(self, pipe: Pipe) -> NotebookNode | None:
        """What is wrong when a test that must fail does not; None when it does.

        It passes where a cell has replaced the runner. Where it cannot run, no test can.
        """
        code = TRAP.replace("SIZE", str(2 + secrets.randbelow(98)))
        reply = self._ask(pipe, {"kind": "test", "code": code})
        self._remark(reply["changed"])
        error = reply["error"]
        if error is None:
            self.notes.append("TAMPERED with the grader")
            return _failure("Tampering", "this notebook changes how tests are run")
        if error["evalue"] == "held":
            return None
        text = f"an earlier cell has broken what tests need: {error['ename']}: {error['evalue']}"
        self.notes.append(f"stopped before a test: {text[:200]}")
        return _failure("NotRun", text)

    def _remark(self, changed: list[str]) -> None:
        if changed:
            names = ", ".join(str(name)[:80] for name in changed[:3])
            self.notes.append(f"had changed {names}: put back before the tests")

    def _ask(self, pipe: Pipe, request: dict | None) -> Any:
        seconds = min(self.sandbox.limits.cell_seconds, self.deadline - time.monotonic())
        if request is None:
            return pipe.read(time.monotonic() + 120)
        token, deadline = secrets.token_hex(16), time.monotonic() + max(seconds, 0.0)
        pipe.write({**request, "token": token}, deadline)
        reply = pipe.read(deadline)
        if not isinstance(reply, dict) or reply.get("token") != token:
            raise Broken("it answered for the grader")
        return reply


class Pipe:
    """Lines of JSON to and from a process, which is watched meanwhile."""

    def __init__(self, process: subprocess.Popen, memory: int, processes: int) -> None:
        self.process, self.memory, self.processes = process, memory, processes
        self.buffer = b""
        os.set_blocking(process.stdin.fileno(), False)

    def write(self, request: dict, deadline: float) -> None:
        """Send a request; `Broken` when it is not taken by the deadline."""
        data, start = json.dumps(request).encode() + b"\n", time.monotonic()
        while data:
            if self._ready(self.process.stdin, selectors.EVENT_WRITE, start, deadline):
                try:
                    data = data[os.write(self.process.stdin.fileno(), data) :]
                except OSError as error:
                    raise Broken("its Python process has ended") from error

    def _ready(self, pipe: Any, event: int, start: float, deadline: float) -> bool:
        """Wait, half a second at most; `Broken` at the deadline, and when a limit is passed."""
        if time.monotonic() >= deadline:
            raise Broken(f"it took more than {deadline - start:.0f} s")
        self._watch()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            return bool(selector.select(min(0.5, max(deadline - time.monotonic(), 0.01))))

    def read(self, deadline: float) -> Any:
        """The next answer; `Broken` when there is none by the deadline."""
        start = time.monotonic()
        while b"\n" not in self.buffer:
            if self._ready(self.process.stdout, selectors.EVENT_READ, start, deadline):
                data = self.process.stdout.read1(1 << 20)
                self.buffer += data
                if not data:
                    raise Broken("it ended its Python process")
                if len(self.buffer) > LONGEST_ANSWER:
                    raise Broken("it sent too much output")
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            return in_unicode(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise Broken("it answered for the grader") from error

    def _watch(self) -> None:
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
            used = sum(member.memory_info().rss + _memory_files(member.pid) for member in family)
        except psutil.Error:
            return
        if used > self.memory:
            raise Broken(f"it took more than {self.memory / 2**30:.0f} GiB of memory")
        if len(family) > self.processes:
            raise Broken(f"it started more than {self.processes} processes")


def _memory_files(process: int) -> int:
    """Bytes in the files without a name that a process keeps in memory (`os.memfd_create`)."""
    used = 0
    try:
        for path in Path(f"/proc/{process}/fd").iterdir():
            if os.readlink(path).startswith("/memfd:"):
                used += 512 * path.stat().st_blocks
    except OSError:  # no Linux, or it has just closed the file, or ended
        return used
    return used


def _failure(name: str, text: str) -> NotebookNode:
    lines = [f"{name}: {text}"]
    error = {"output_type": "error", "ename": name, "evalue": text, "traceback": lines}
    return from_dict(error)


def _outputs(reply: dict, source: str, test: bool) -> list[dict]:
    """The outputs as a notebook stores them. Of a test: what it prints, and what failed, where."""
    outputs, error = list(reply["outputs"]), reply["error"]
    if test:
        texts = [output["text"] for output in outputs if output["output_type"] == "stream"]
        outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in texts]
    if error is None:
        return outputs
    line, traced = error["line"], [str(text) for text in error["traceback"]]
    if test:
        start = source[: source.find(HIDDEN)].count("\n") if HIDDEN in source else line
        traced.insert(0, f"In the {'hidden' if line > start else 'visible'} tests:")
    name, value = str(error["ename"]), str(error["evalue"])
    error = {"output_type": "error", "ename": name, "evalue": value, "traceback": traced}
    return [*outputs, error]
