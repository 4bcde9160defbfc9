"""Ask every link to another site whether it still leads somewhere. This needs a network.

Sphinx's own link checker does the asking. This script starts it, and says in a few lines what came
of it: which links are broken, and on which pages; which ones lead to a new address.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tools import address

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "_build" / "linkcheck"
NO_NETWORK = ("NameResolutionError", "Temporary failure in name", "Network is unreachable")
Result = dict[str, Any]  # one line of the checker's output.json


def check(folder: Path) -> list[Result]:
    """Run Sphinx's link checker on the book.

    Args:
        folder: where to put the checker's files.

    Returns:
        What it found out about each link to another site.

    Raises:
        RuntimeError: the checker stopped before it had asked anything.
    """
    program = Path(sys.executable).with_name("jupyter-book")
    build = [program, "build", ROOT, "--quiet", "--path-output", folder]
    build += ["--builder", "custom", "--custom-builder", "linkcheck"]
    output = folder / "_build" / "linkcheck" / "output.json"
    output.unlink(missing_ok=True)  # that of an earlier time
    done = subprocess.run(build, capture_output=True, text=True)  # fails when a link is broken
    if not output.exists():
        message = f"{done.stdout[-1000:]}{done.stderr[-1000:]}"
        raise RuntimeError(f"the link checker did not run:\n{message}")
    results = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return [result for result in results if result["uri"].startswith("http")]


def report(results: list[Result], own: str | None) -> tuple[list[str], int]:
    """Sum up what the checker found.

    Args:
        results: what is known about each link.
        own: the address of this course's repository, if it has one. A link to it that is broken is
            no mistake of the text: it may not be published yet.

    Returns:
        Lines to print, and 0 if no link is broken, 1 if one is, 2 if nothing could be asked.
    """
    broken = [one for one in results if one["status"] in ("broken", "timeout")]
    asked = [one for one in results if one["status"] not in ("ignored", "unchecked")]
    if asked and all(any(word in one["info"] for word in NO_NETWORK) for one in asked):
        return [f"{len(asked)} links to other sites, and no network to ask them."], 2
    name = own.removeprefix("https://github.com/") if own else None
    waiting = [one for one in broken if name and name in one["uri"]]
    wrong = [one for one in broken if one not in waiting]
    moved = [one for one in results if one["status"] == "redirected" and one["code"] in (301, 308)]
    lines = [f"broken: {one['uri']} ({one['filename']}): {one['info'][:120]}" for one in wrong]
    lines += [f"moved for good: {one['uri']} ({one['filename']}) to {one['info']}" for one in moved]
    lines.append(f"{len(results)} links to other sites: {counted(results)}.")
    if waiting:
        lines.append(f"{len(waiting)} lead to this course's own repository: is it published?")
    return lines, 1 if wrong else 0


def counted(results: list[Result]) -> str:
    """Count results by what they are: "40 working, 2 broken"."""
    counts = Counter(one["status"] for one in results)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())


def main() -> int:
    """Check the links; 0 when none is broken."""
    published = address.read(ROOT)
    print("Asking every link. This takes a minute or two.", flush=True)
    try:
        lines, code = report(check(FOLDER), published and published.url)
    except RuntimeError as error:
        lines, code = [str(error)], 2
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
