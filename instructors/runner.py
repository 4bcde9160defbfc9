"""Inside the sandbox: run the cells that come in by a pipe, and answer with their outputs.

The notebook never is a file in here. A test cell comes only when it is its turn, and runs on a copy
of the student's names, so that a variable called `list` or `sum` does not break it.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import linecache
import os
import shutil
import traceback
from pathlib import Path
from typing import Any

CUT = "\n[The rest of the output was cut off.]\n"


class Capped(io.TextIOBase):
    """A stream that keeps the first `limit` characters, and says when there were more."""

    def __init__(self, limit: int) -> None:
        self.limit, self.kept, self.size = limit, [], 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = max(self.limit - self.size, 0)
        if room:
            self.kept.append(str(text)[:room])
        self.size += len(text)
        return len(text)

    def text(self) -> str:
        return "".join(self.kept) + CUT * (self.size > self.limit)


def main(output: int) -> None:
    """Answer every line on standard input by one line; `output` characters per cell at most."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    process, runner = os.getpid(), Runner(output)
    _answer(answers, "ready")
    for line in requests:
        request = json.loads(line)
        reply = runner.run(request["kind"], request["code"])
        if os.getpid() != process:  # a copy that a cell has made with os.fork
            os._exit(1)
        _answer(answers, {**reply, "token": request["token"]})


def _answer(pipe: io.BufferedWriter, reply: Any) -> None:
    pipe.write(json.dumps(reply).encode() + b"\n")
    pipe.flush()


class Runner:
    """An IPython shell for the student's cells, and plain Python for the tests."""

    def __init__(self, output: int) -> None:
        import torch
        from traitlets.config import Config

        import densenet_lesson
        from densenet_lesson import arithmetic, checks, data, training  # noqa: F401
        from densenet_lesson.data import misfits  # noqa: F401
        from densenet_lesson.memory import inference  # noqa: F401
        from instructors.pristine import Pristine

        for package in (densenet_lesson, arithmetic, data, training):
            for name in package.__all__:  # loaded when asked for, and to be remembered
                getattr(package, name)

        torch.set_num_threads(1)
        fonts = Path(__file__).parents[1] / "fonts"
        if fonts.is_dir():
            shutil.copytree(fonts, os.environ["MPLCONFIGDIR"], dirs_exist_ok=True)
        config = Config({"HistoryManager": {"enabled": False}})
        self.shell = _shell_class().instance(config=config)
        self.output = output
        self.own = set(self.shell.user_ns)
        self.pristine = Pristine()
        self.changed: list[str] = []

    def run(self, kind: str, code: str) -> dict[str, Any]:
        """Run one cell: `kind` is "student" or "test"."""
        out, err = Capped(self.output), Capped(self.output)
        run = self._test if kind == "test" else self._student
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            outputs, error = run(code)
        streams = [("stdout", out.text()), ("stderr", err.text())]
        texts = [
            {"output_type": "stream", "name": name, "text": text} for name, text in streams if text
        ]
        changed, self.changed = self.changed, []
        return {"outputs": texts + outputs, "error": error, "changed": changed}

    def _student(self, code: str) -> tuple[list, dict | None]:
        from IPython.utils.capture import capture_output

        failed: BaseException | None = None
        with capture_output(stdout=False, stderr=False) as captured:
            try:
                result = self.shell.run_cell(code, store_history=False)
                failed = result.error_before_exec or result.error_in_exec
            except BaseException as error:  # the cell has broken what IPython itself needs
                failed = error
            self.changed += self.pristine.restore([builtins])
        return self._shown(captured.outputs), failed and self._error(failed)

    def _shown(self, outputs: list) -> list[dict]:
        """What a cell displays, as long as there is room for it."""
        room, shown = 20 * self.output, []
        for one in filter(None, map(self._displayed, outputs)):
            room -= len(json.dumps(one))
            if room < 0:
                text = {"text/plain": CUT.strip()}
                return [*shown, {**one, "data": text}]
            shown.append(one)
        return shown

    def _displayed(self, output: Any) -> dict[str, Any] | None:
        """A picture, a table or text, as a notebook stores it."""
        kinds = ("text/plain", "text/html", "text/markdown", "image/png", "image/svg+xml")
        data = {kind: value for kind, value in output.data.items() if kind in kinds}
        data = {kind: value for kind, value in data.items() if isinstance(value, str)}
        return {"output_type": "display_data", "data": data, "metadata": {}} if data else None

    def _test(self, code: str) -> tuple[list, dict | None]:
        self.changed += self.pristine.restore()
        student = self.shell.user_ns
        names = {n: v for n, v in student.items() if n in self.own or not hasattr(builtins, n)}
        names["__builtins__"] = builtins  # exec would take the student's
        try:
            exec(compile(code, "<test>", "exec"), names)
        except BaseException as error:
            return [], self._error(error)
        return [], None

    def _error(self, error: BaseException) -> dict[str, Any]:
        """The error as a notebook stores it, with the lines of the student's own cells only."""
        name, value = type(error).__name__, str(error)[:2000]
        frames = list(traceback.walk_tb(error.__traceback__))
        tests = [line for frame, line in frames if frame.f_code.co_filename == "<test>"]
        lines = []
        for frame, line in frames:
            if frame.f_globals is self.shell.user_ns and frame.f_code.co_filename != "<test>":
                source = linecache.getline(frame.f_code.co_filename, line).strip()
                lines.append(f"  your line {line}, in {frame.f_code.co_name}: {source[:200]}")
        if isinstance(error, SyntaxError):
            lines.append(f"  your line {error.lineno}: {(error.text or '').strip()[:200]}")
        traced = [*lines[:3], *lines[3:][-7:], f"{name}: {value}"]
        return {"ename": name, "evalue": value, "traceback": traced, "line": (tests or [0])[0]}


def _shell_class() -> type:
    """IPython's shell, with `%matplotlib inline` and without tracebacks on the screen."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.interactiveshell import InteractiveShell

    class Hook(DisplayHook):
        def __call__(self, result: Any = None) -> None:
            if result is not None:
                self.shell.display_pub.publish(*self.shell.display_formatter.format(result))

    class Shell(InteractiveShell):
        displayhook_class = Hook

        def enable_matplotlib(self, gui: str | None = None) -> tuple:
            return super().enable_matplotlib("inline")  # whatever window was asked for

        def enable_gui(self, gui: str | None = None) -> None:
            pass

        def showtraceback(self, *args: Any, **options: Any) -> None:
            pass

        def showsyntaxerror(self, *args: Any, **options: Any) -> None:
            pass

    return Shell
