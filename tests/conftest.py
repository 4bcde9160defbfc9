"""Settings for all tests: the same random configurations every time, no progress bars."""

import os

from hypothesis import settings

settings.register_profile("course", derandomize=True, deadline=None, database=None)
settings.load_profile("course")

os.environ["TQDM_DISABLE"] = "1"
