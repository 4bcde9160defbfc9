"""What a machine may lack. Tests that need it are skipped; in CI they fail.

Each of these is named in one line at the end of the tests, with their number (see conftest.py).
"""

import os
import sys
from typing import NoReturn

import pytest

BROWSER = "NO BROWSER: the book was not tested in one. Install Debian's chromium-headless-shell."
BUBBLEWRAP = "NO SANDBOX: how it locks a notebook in was not tested. Install Debian's bubblewrap."
CHROOT = "NO SANDBOX: in a chroot whose / is no mount, bubblewrap can't lock anything in."
FASHION_MNIST = "NO FASHION-MNIST: it was not tested. Install Debian's dataset-fashion-mnist."


def do_without(thing: str) -> NoReturn:
    """Skip the test that asks for it, or let it fail."""
    if os.environ.get("CI") and sys.platform == "linux":  # elsewhere there are no such packages
        pytest.fail(thing)
    pytest.skip(thing)
