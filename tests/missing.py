"""What a machine may lack. Tests that need it are skipped; in CI they fail.

pytest names each of these in one line at the end, with the number of tests (its option -ra).
"""

import os
import sys
from typing import NoReturn

import pytest

BROWSER = "NO BROWSER: the book was not tested in one. Install Debian's package chromium."
BUBBLEWRAP = "NO SANDBOX: how it locks a notebook in was not tested. Install Debian's bubblewrap."
FASHION_MNIST = "NO FASHION-MNIST: it was not tested. Install Debian's dataset-fashion-mnist."


def do_without(thing: str) -> NoReturn:
    """Skip the test, always from this line, so that pytest counts together what is skipped."""
    if os.environ.get("CI") and sys.platform == "linux":  # elsewhere there are no such packages
        pytest.fail(thing)
    pytest.skip(thing)
