"""Draw the microscope as it stands on its page, for readers without JavaScript (needs a browser).

    python -m tools.microscope_picture

after `make book`, writes book/figures/microscope.png and microscope_small.png.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from .chromium import OPTIONS, find_browser

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "_build" / "html" / "book"
FIGURES = ROOT / "book" / "figures"


def main() -> int:
    """Open both pages, wait for the networks' answer, and save what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=OPTIONS)
        options = {"color_scheme": "light", "reduced_motion": "reduce"}
        page = browser.new_page(viewport={"width": 1280, "height": 1600}, **options)
        for name, picture in (("microscope", "microscope.png"), ("index", "microscope_small.png")):
            page.goto((PAGES / f"{name}.html").as_uri())
            page.locator(".microscope-answer:not(:empty)").wait_for()
            if name == "microscope":
                page.locator(".microscope-tile[data-layer='2']").first.click()
                page.mouse.move(0, 0)
            page.locator(".microscope").screenshot(path=FIGURES / picture)
            print("wrote", picture)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
