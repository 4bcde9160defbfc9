"""Draw the microscope as it stands on its page, for readers without JavaScript (needs chromium).

    python -m tools.microscope_picture

after `make book`, writes book/figures/microscope.png.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "_build" / "html" / "book" / "microscope.html"
PICTURE = ROOT / "book" / "figures" / "microscope.png"


def main() -> int:
    """Open the page, wait for the networks' answer, and save what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1600}, color_scheme="light")
        page.goto(PAGE.as_uri())
        page.locator(".microscope-answer:not(:empty)").wait_for()
        page.locator(".microscope-tile[data-layer='2']").first.click()
        page.mouse.move(0, 0)
        page.locator(".microscope").screenshot(path=PICTURE, animations="disabled")
        browser.close()
    print("wrote", PICTURE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
