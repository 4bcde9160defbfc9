"""Make the book's fonts anew: fetch two families with npm, and keep what the pages may use.

The results lie in `book/_static/fonts`, so building the book needs neither npm nor this script.
It needs what the course does not: npm, and `pip install fonttools brotli`.
"""

import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "fonts"

INTER, MONO = "inter-ui@4.1.1", "jetbrains-mono@1.0.6"  # npm packages; they hold whole fonts
WEIGHTS = {"opsz": 20, "wght": (400, 700)}  # one optical size; regular to bold in one file
FONTS = {  # name of the file: package, file in it, axes to narrow
    "inter.woff2": (INTER, "variable/InterVariable.woff2", WEIGHTS),
    "inter-italic.woff2": (INTER, "variable/InterVariable-Italic.woff2", WEIGHTS),
    "jetbrains-mono.woff2": (MONO, "fonts/webfonts/JetBrainsMonoNL-Regular.woff2", {}),
    "jetbrains-mono-bold.woff2": (MONO, "fonts/webfonts/JetBrainsMonoNL-Bold.woff2", {}),
}
# No ligatures: "->" stays two signs. Digits of one width are there for tables.
FEATURES = ["ccmp", "kern", "locl", "mark", "mkmk", "tnum"]

RANGES = [  # first and last character
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Western and Central European letters, × ± ² · °
    (0x0391, 0x03C9),  # Greek
    (0x2010, 0x2027),  # dashes, quotation marks, …
    (0x2030, 0x203A),  # ‰ ′ ″ ‹ ›
    (0x2070, 0x2099),  # small raised and lowered digits
    (0x2190, 0x2199),  # arrows
    (0x2308, 0x230B),  # ⌈ ⌉ ⌊ ⌋
    (0x2500, 0x259F),  # lines, boxes and bars, in printed outputs
]
SINGLE = "€™ℓ⇐⇒⇔∂∆∈∏∑−√∞≈≠≤≥⋮⋯■□▪▲▶▸▼▾◀●○✓✗⊕⟨⟩"


def characters() -> set[int]:
    """Every character that the fonts should have. One family fills the other's gaps."""
    return {code for first, last in RANGES for code in range(first, last + 1)} | set(
        map(ord, SINGLE)
    )


def fetch(package: str, folder: Path) -> Path:
    """Unpack an npm package, and return where its files lie."""
    name = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
    unpacked = folder / package
    with tarfile.open(folder / name) as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked / "package"


def shrink(source: Path, target: Path, axes: dict) -> None:
    """Write a font with the characters and axes that the book uses."""
    from fontTools.subset import Options, Subsetter, load_font, save_font
    from fontTools.varLib.instancer import instantiateVariableFont

    options = Options(flavor="woff2", hinting=False, layout_features=FEATURES)
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    if axes:
        font = instantiateVariableFont(font, axes)
    save_font(font, target, options)


def main() -> None:
    """Write the fonts, and say how large they are."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = {package: fetch(package, Path(scratch)) for package in (INTER, MONO)}
        for name, (package, file, axes) in FONTS.items():
            shrink(folders[package] / file, TARGET / name, axes)
            print(f"{name}: {(TARGET / name).stat().st_size / 1000:.1f} kB")


if __name__ == "__main__":
    main()
