"""A Sphinx extension: packs trained networks and test images for the microscope on the pages.

Each file of `book/results/weights` becomes a script that a page asks for when it needs it. (A page
that is opened from a folder may load scripts, and nothing else.)
"""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

SOURCE, TARGET = "book/results/weights", "_static/microscope"


def script(path: Path) -> str:
    """The script that hands a file over: its name, its first line, and the bytes that follow."""
    head, _, rest = path.read_bytes().partition(b"\n")
    words = json.dumps(path.stem), head.decode(), json.dumps(b64encode(rest).decode())
    return f"lesson.unpacked({', '.join(words)});\n"


def write_scripts(app: Any, failed: Exception | None) -> None:
    """Put the scripts into the finished book."""
    if failed or app.builder.format != "html":
        return
    folder = Path(app.outdir) / TARGET
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((Path(app.srcdir) / SOURCE).glob("*.[fu]*")):
        (folder / f"{path.stem}.js").write_text(script(path), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("build-finished", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
