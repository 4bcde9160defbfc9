"""Where a student's notebook runs: the strongest isolation that this machine has.

In all of them: an own process in an own, empty folder; limits of memory, file size and number of
processes; a clean environment. `ISOLATION` says what each way adds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import densenet_lesson

NOBODY = 65534
INSIDE = ("__init__.py", "runner.py", "pristine.py")  # what of this folder runs in the sandbox
HOME = "/student"  # the only folder that a notebook can write to, besides /tmp

ISOLATION = {
    "bubblewrap, other user": (
        "No network. Of this machine's files it sees Python and the course's package, read-only. "
        "It runs as a user without rights."
    ),
    "bubblewrap": "No network. Of this machine's files it sees Python and the package, read-only.",
    "unshare": (
        "No network. WEAK: it can read every file that you can read, the problem sets' sources "
        "too. Install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap)."
    ),
    "process": (
        "WEAK: it can reach the network, and every file that you can. Grade only notebooks whose "
        "authors you trust, or grade in a container (see the instructors' guide)."
    ),
}


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Args:
        cell_seconds: time for one cell.
        notebook_seconds: time for all cells together.
        memory: bytes, for all its processes together.
        output: bytes that one cell may print; the rest is cut off.
        files: bytes that it may write into one file.
        processes: how many it may have at a time.
    """

    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory: int = 4 * 2**30
    output: int = 100_000
    files: int = 200 * 2**20
    processes: int = 64


@dataclass
class Sandbox:
    """One way to start the runner; see `choose`.

    Args:
        way: a key of `ISOLATION`.
        course: the folder with a copy of the package; made by `course_copy`.
        limits: see `Limits`.
    """

    way: str
    course: Path
    limits: Limits = field(default_factory=Limits)

    def start(self) -> subprocess.Popen:
        """Start the runner with pipes to and from it, in a new empty folder."""
        home = None if self.way.startswith("bubblewrap") else tempfile.mkdtemp(prefix="notebook-")
        process = subprocess.Popen(
            [*self._wrapper(), sys.executable, "-c", self._bootstrap()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(home),
            cwd=home or "/",
            start_new_session=True,
        )
        process.home = home  # removed by `stop`
        return process

    def _bootstrap(self) -> str:
        limits = self.limits
        lines = [
            "import os, resource as r",
            f"r.setrlimit(r.RLIMIT_DATA, ({limits.memory},) * 2)",
            f"r.setrlimit(r.RLIMIT_FSIZE, ({limits.files},) * 2)",
            "r.setrlimit(r.RLIMIT_CORE, (0, 0))",
        ]
        if self.way == "bubblewrap, other user":
            lines += [
                f"os.chown(os.getcwd(), {NOBODY}, {NOBODY}); os.setgroups([])",
                f"os.setgid({NOBODY}); os.setuid({NOBODY})",
            ]
        lines += [f"from instructors import runner; runner.main({limits.output})"]
        return "\n".join(lines)

    def _environment(self, home: str | None) -> dict[str, str]:
        home = home or HOME
        course = "/course" if self.way.startswith("bubblewrap") else str(self.course)
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "HOME": home,
            "TMPDIR": home,
            "USER": "student",
            "LANG": "C.UTF-8",
            "PYTHONPATH": course,
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": f"{home}/.matplotlib",
            "IPYTHONDIR": f"{home}/.ipython",
            "TQDM_DISABLE": "1",
            **threads,
        }

    def _wrapper(self) -> list[str]:
        if self.way == "unshare":
            return ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork"]
        if self.way == "process":
            return []
        other_user = self.way == "bubblewrap, other user"
        spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
        rights = ["--cap-drop", "ALL"]
        for right in ("SETUID", "SETGID", "CHOWN"):
            rights += ["--cap-add", f"CAP_{right}"]
        spaces = [*spaces, *rights] if other_user else ["--unshare-all", "--uid", str(NOBODY)]
        return ["bwrap", *spaces, "--die-with-parent", "--new-session", *self._view()]

    def _view(self) -> list[str]:
        """What the notebook sees of this machine's files: as little as Python needs."""
        size = str(self.limits.files)  # of each folder that it can write to: they are in memory
        view = ["--size", size, "--tmpfs", "/", "--proc", "/proc", "--dev", "/dev"]
        view += ["--size", size, "--tmpfs", "/dev/shm"]
        for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
            if os.path.islink(path):
                view += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                view += ["--ro-bind", path, path]
        # before the rest: the course itself may stand below /tmp
        view += ["--size", size, "--tmpfs", "/tmp", "--size", size, "--tmpfs", HOME]
        etc = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime"]
        wanted = ["/usr", *(f"/etc/{name}" for name in etc), sys.base_prefix, sys.prefix]
        for path in wanted:
            for parent in list(Path(path).parents)[-2::-1]:
                view += ["--dir", str(parent)]  # or it would be closed to the other user
            view += ["--ro-bind-try", path, path]
        return [*view, "--ro-bind", str(self.course), "/course", "--chdir", HOME]


def stop(process: subprocess.Popen) -> None:
    """End a started runner with all that it has started, and remove its folder."""
    import psutil

    family = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            pipe.close()
    if process.home:
        shutil.rmtree(process.home, ignore_errors=True)


def course_copy(folder: Path) -> Path:
    """Copy the package and the runner, all that a notebook may see, into `folder`; return it."""
    import matplotlib

    package = Path(densenet_lesson.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(package, folder / "densenet_lesson", ignore=ignore)
    (folder / "instructors").mkdir()
    for name in INSIDE:
        shutil.copy(Path(__file__).with_name(name), folder / "instructors")
    (folder / "fonts").mkdir()
    for path in Path(matplotlib.get_cachedir()).glob("fontlist*.json"):
        shutil.copy(path, folder / "fonts")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def ways() -> list[str]:
    """The ways that may work here, the strongest first."""
    possible = []
    if shutil.which("bwrap"):
        possible += ["bubblewrap, other user"] if os.geteuid() == 0 else []
        possible += ["bubblewrap"]
    if shutil.which("unshare"):
        possible += ["unshare"]
    return [*possible, "process"]


def choose(course: Path, limits: Limits | None = None, only: str | None = None) -> Sandbox:
    """Return the strongest sandbox that starts on this machine.

    Args:
        course: a folder made by `course_copy`.
        limits: what one notebook may use.
        only: take this way (a key of `ISOLATION`) instead of trying all.

    Raises:
        ValueError: for an unknown way.
        RuntimeError: when no way works; says what was tried.
    """
    if only is not None and only not in ISOLATION:
        raise ValueError(f"only={only!r} must be one of {', '.join(map(repr, ISOLATION))}")
    tried = [only] if only else ways()
    for way in tried:
        sandbox = Sandbox(way, course, limits or Limits())
        if _starts(sandbox):
            return sandbox
    raise RuntimeError(f"No notebook can be run on this machine. Tried: {', '.join(tried)}")


def _starts(sandbox: Sandbox) -> bool:
    """Does the runner say hello?"""
    try:
        process = sandbox.start()
    except OSError:
        return False
    try:
        return process.stdout.readline().strip() == b'"ready"'
    finally:
        stop(process)
