"""Find the browser that prints the book, draws its pictures, and in which its pages are tested."""

import shutil

# the first has no window, nor the parts of one, and works half as long
NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--font-render-hinting=none",  # letters as wide as on a phone, not rounded to whole pixels
]


def find_browser() -> str | None:
    """The path of a browser; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)
