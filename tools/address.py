"""Where the course is published: in a repository on GitHub that `_config.yml` names, or nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

COLAB = "https://colab.research.google.com"
COMMIT = r"[0-9a-f]{40}"


@dataclass(frozen=True)
class Address:
    """A repository on GitHub, and what of it counts.

    Args:
        url: such as "https://github.com/owner/name".
        ref: a tag, or a commit's 40 digits: what Colab installs, and where links to files lead.
        branch: where Colab finds the notebooks; "" if at `ref`.

    Raises:
        ValueError: Colab can't open the url, or `ref` is neither a tag nor a commit.
    """

    url: str
    ref: str
    branch: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", self.url):
            raise ValueError(
                f"repository url={self.url!r} must be https://github.com/OWNER/NAME, "
                "which is what Colab opens"
            )
        if not re.fullmatch(r"[\w.-][\w./-]*", self.ref) or self.ref in ("main", "master", "HEAD"):
            raise ValueError(
                f"repository ref={self.ref!r} must be a tag such as v1.0, or a commit's 40 digits: "
                "a branch moves, and with it what readers install"
            )

    @property
    def package(self) -> str:
        """What pip installs: never a branch, even if there is one with the name of the tag."""
        ref = self.ref if re.fullmatch(COMMIT, self.ref) else f"refs/tags/{self.ref}"
        return f"git+{self.url}@{ref}"

    @property
    def files(self) -> str:
        """Where the repository's files can be read."""
        return f"{self.url}/blob/{self.ref}"

    def on_colab(self, chapter: str) -> str:
        """Where Colab opens a chapter, such as "03_concatenation"."""
        name = self.url.removeprefix("https://github.com/")
        return f"{COLAB}/github/{name}/blob/{self.branch or self.ref}/notebooks/{chapter}.ipynb"


def read(root: Path) -> Address | None:
    """The address in a repository's `_config.yml`; None if it gives none.

    Raises:
        ValueError: it isn't one that Colab can open, or doesn't say which tag or commit counts.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    told = {key: str(value or "") for key, value in (config.get("repository") or {}).items()}
    if not told.get("url"):
        return None
    return Address(told["url"], told.get("ref", ""), told.get("branch", ""))


def write(root: Path, address: Address) -> None:
    """Write an address into a repository's `_config.yml`.

    Raises:
        ValueError: the file has no place for it.
    """
    path = root / "_config.yml"
    text = path.read_text(encoding="utf-8")
    for key, value in vars(address).items():
        line = rf'^(  {key}: )"[^"]*"'
        if not re.search(line, text, re.MULTILINE):
            raise ValueError(f'{path.name} must have a line {key}: "" below repository')
        text = re.sub(line, rf'\g<1>"{value}"', text, count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
