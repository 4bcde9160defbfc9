"""Pins for another environment: constraints.txt, with the versions that a file names instead.

python tools/other_pins.py pyproject.toml           the oldest versions that the package accepts
python tools/other_pins.py requirements-next.txt    the versions that this file names
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Another PyTorch brings others of these along, and today's pandas, which d2l imports, wants a newer
# numpy than the package does: pip chooses.
CHOSEN_BY_PIP = re.compile(r"(cuda|nvidia)-|(triton|pandas)==")


def versions(path: Path) -> dict[str, str]:
    """The versions that a requirements file pins, or a pyproject.toml's lower bounds."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return dict(line.split(">=") for line in tomllib.loads(text)["project"]["dependencies"])
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", text, re.MULTILINE))


def other_pins(constraints: str, others: dict[str, str]) -> list[str]:
    """The lines of a constraints file, with other versions of some packages."""
    kept = [line for line in constraints.splitlines() if line.partition("==")[0] not in others]
    if "torch" in others:
        kept = [line for line in kept if not CHOSEN_BY_PIP.match(line)]
    return kept + [f"{name}=={version}" for name, version in others.items()]


if __name__ == "__main__":
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    print("\n".join(other_pins(constraints, versions(ROOT / sys.argv[1]))))
