"""Settings for all tests: the same random configurations every time, no progress bars."""

import os
from collections import Counter

import pytest
import torch
from hypothesis import settings

pytest_plugins = ["browser"]

settings.register_profile("course", derandomize=True, deadline=None, database=None)
settings.load_profile("course")

os.environ["TQDM_DISABLE"] = "1"


@pytest.fixture
def same_threads_afterwards():
    """For tests of commands that set the number of threads."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def one_thread():
    """Small tensors are faster on one thread, and much faster when other programs run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


TABLE: list[str] = []


@pytest.fixture(scope="session")
def problem_set_table():
    """Lines of the table of problem sets, which is printed after the last test."""
    return TABLE


def pytest_terminal_summary(terminalreporter):
    """Print each reason for skipping once, and how the problem sets grade what is known."""
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section("what was not tested, and how many tests that are")
    for reason, times in sorted(skipped.items()):
        terminalreporter.line(f"{times:4} {reason.removeprefix('Skipped: ')}")
    if TABLE:
        terminalreporter.section("problem sets: solutions graded as they should be")
        terminalreporter.line("set                        question  points    correct    wrong")
        for line in sorted(TABLE):
            terminalreporter.line(line)
