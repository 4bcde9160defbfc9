"""Make the book's fonts anew: fetch three families with npm, and keep what the pages may use.

The results lie in `book/_static/fonts`, so building the book needs neither npm nor this script.
It needs what the course does not: npm, and `pip install fonttools brotli`.
"""

import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "fonts"

INTER, MONO = "inter-ui@4.1.1", "jetbrains-mono@1.0.6"  # npm packages; they hold whole fonts
MATH = "@fontsource/noto-sans-math@5.3.0"
REGULAR, BOLD = {"opsz": 20, "wght": 400}, {"opsz": 20, "wght": 600}
# One file for each weight: a browser prints a variable font into a PDF as shapes (Type 3).
FONTS = {  # name of the file: package, file in it, the place on each of its axes
    "inter.woff2": (INTER, "variable/InterVariable.woff2", REGULAR),
    "inter-bold.woff2": (INTER, "variable/InterVariable.woff2", BOLD),
    "inter-italic.woff2": (INTER, "variable/InterVariable-Italic.woff2", REGULAR),
    "inter-bold-italic.woff2": (INTER, "variable/InterVariable-Italic.woff2", BOLD),
    "jetbrains-mono.woff2": (MONO, "fonts/webfonts/JetBrainsMonoNL-Regular.woff2", {}),
    "jetbrains-mono-bold.woff2": (MONO, "fonts/webfonts/JetBrainsMonoNL-Bold.woff2", {}),
    "noto-sans-math.woff2": (MATH, "files/noto-sans-math-latin-400-normal.woff2", {}),
}
# No ligatures: "->" stays two signs. Digits of one width are there for tables.
FEATURES = ["ccmp", "kern", "locl", "mark", "mkmk", "ssty", "tnum"]

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
FORMULAS = [  # for the font of the formulas alone
    (0x0020, 0x007E),
    (0x00D7, 0x00D7),  # ×
    (0x0391, 0x03C9),
    (0x2032, 0x2034),  # ′ ″ ‴
    (0x2190, 0x2194),
    (0x2200, 0x221E),  # operators
    (0x2308, 0x230B),
    (0x23DE, 0x23DF),  # braces above and below
    (0x1D434, 0x1D467),  # italic Latin letters; h is ℎ
    (0x1D6FC, 0x1D71B),  # small italic Greek letters
]
SIGNS = "·…ℎℓ∣∥∧∨∩∪∫≈≠≡≤≥≪≫⊂⊆⊕⊗⊙⋅⋮⋯⟨⟩"
SMALL = (73, 58)  # of 100: the size of an index, and of an index's index; 60 and 50 in the font
SINGLE = "€™ℓ⇐⇒⇔∂∆∈∏∑−√∞≈≠≤≥⋮⋯■□▪▲▶▸▼▾◀●○✓✗⊕⟨⟩"


def characters(ranges: list[tuple[int, int]] = RANGES, single: str = SINGLE) -> set[int]:
    """Every character that the fonts should have. One family fills the other's gaps."""
    return {code for first, last in ranges for code in range(first, last + 1)} | set(
        map(ord, single)
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
    """Write a font with the characters that the book uses, at one place on its axes."""
    from fontTools.subset import Options, Subsetter, load_font, save_font
    from fontTools.varLib.instancer import instantiateVariableFont

    options = Options(flavor="woff2", hinting=False, layout_features=FEATURES)
    font = load_font(source, options)
    subsetter = Subsetter(options)
    formulas = "MATH" in font
    subsetter.populate(unicodes=characters(FORMULAS, SIGNS) if formulas else characters())
    subsetter.subset(font)
    if formulas:
        sizes = font["MATH"].table.MathConstants
        sizes.ensureDecompiled()  # else the font's own sizes come back
        sizes.ScriptPercentScaleDown, sizes.ScriptScriptPercentScaleDown = SMALL
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
