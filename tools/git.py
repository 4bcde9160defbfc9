"""Ask git about files and remotes; where there is no git or no repository, the answer is no."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path


def git(folder: Path | str, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit status and what was said; status 127 when git could not be run, or not in time."""
    command = ["git", "-C", str(folder), *arguments]
    options = {"capture_output": True, "text": True, "timeout": 15}
    try:
        done = subprocess.run(command, env={**os.environ, **environment}, **options)
    except (OSError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, done.stdout + done.stderr


def keep_out(folder: Path) -> None:
    """See to it that git ignores a folder with students' work; it is made if there is none.

    Raises:
        ValueError: git knows files in it already, or it has rules of its own that don't ignore it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    known = git(folder, "ls-files", ".")
    if known[0] == 0 and known[1]:
        first = known[1].splitlines()[0]
        raise ValueError(
            f"out={str(folder)!r} must be a folder of its own: git keeps {first!r} of it, and "
            "students' work would be published with it"
        )
    rules = folder / ".gitignore"
    if not rules.exists():
        rules.write_text("# Students' work: never for git.\n*\n", encoding="utf-8")
    if inside(folder) and not is_ignored(folder / "x"):
        raise ValueError(f"out={str(folder)!r}: its .gitignore must ignore everything: *")


def inside(folder: Path) -> bool:
    """Is a folder part of a repository?"""
    return git(folder, "rev-parse", "--is-inside-work-tree")[0] == 0


def is_ignored(path: Path) -> bool:
    """Does git ignore a path?"""
    return git(path.parent, "check-ignore", "--quiet", path.name)[0] == 0


def remotes(folder: Path) -> dict[str, str]:
    """The addresses that a repository is pushed to, by name."""
    said = git(folder, "remote", "--verbose")
    lines = [line.split() for line in said[1].splitlines()] if said[0] == 0 else []
    return {line[0]: line[1] for line in lines if line[-1] == "(push)"}


# Nobody's: no password, no key, no setting of this user.
ANYBODY = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "HOME": os.devnull}
ANYBODY |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)([\w.-]+)(?::\d+(?=/))?[:/]/?(.+)")  # git@host:owner/name


def is_public(address: str) -> bool | None:
    """Can anybody read a repository? None: could not be found out.

    Args:
        address: of a remote, as in `remotes`. A folder on a disk is not public.
    """
    ssh = SSH.fullmatch(address)
    web = f"https://{ssh[1]}/{ssh[2]}" if ssh else re.sub(r"//[^@/]*@", "//", address)
    if not web.startswith(("http://", "https://")):
        return False
    status, said = git("/", "ls-remote", web, **ANYBODY)
    if status == 0:
        return True
    denied = re.search(r"40[134]|Authentication|could not read Username|not found", said)
    return False if denied else None
