"""Settings for all tests: the same random configurations every time, no progress bars.

With pytest-xdist, several workers share the tests. A file's tests stay with one worker, since they
share what is expensive: a browser, a graded class, a printed book. Only a test that is itself
marked `first`, such as a chapter's run, goes to whichever worker is free.
"""

import gc
import os
from collections import Counter

import pytest
import torch
from hypothesis import settings

pytest_plugins = ["browser"]

settings.register_profile("course", derandomize=True, deadline=None, database=None)
settings.load_profile("course")

os.environ["TQDM_DISABLE"] = "1"

gc.set_threshold(700, 10, 100)  # a search through everything is rare: parsed pages are large

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the processor: one thread for each
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption("--few", action="store_true", help="of a test with many cases, only two")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(config, items):
    """What takes long comes first, so that the workers end together."""
    if config.getoption("few"):
        cases = Counter()
        for item in list(items):
            test = (item.path, getattr(item, "originalname", item.name))
            cases[test] += 1
            if cases[test] > 2:
                items.remove(item)
                config.hook.pytest_deselected(items=[item])
    gc.freeze()
    items.sort(key=lambda item: item.get_closest_marker("first") is None)
    for item in items:
        if item.path.parent.name in ("book", "notebooks"):
            # They look at pages: to count the package's lines there would double their time.
            item.add_marker("no_cover")
        if not any(mark.name == "first" for mark in item.own_markers):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.hookimpl(trylast=True)  # when its fixtures are gone
def pytest_runtest_teardown(item, nextitem):
    """What a file's tests keep, such as parsed pages, isn't searched for garbage ever after.

    By the end that would be millions of objects, and seconds for each `gc.collect()`.
    """
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


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


def pytest_sessionfinish(session):
    """A worker hands its lines of the table to the process that prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["problem_sets"] = TABLE


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    TABLE.extend(getattr(node, "workeroutput", {}).get("problem_sets", []))


def pytest_terminal_summary(terminalreporter):
    """Print each reason for skipping once, and how the problem sets grade what is known."""
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section("what was not tested, and how many tests that are")
    for reason, times in sorted(skipped.items()):
        terminalreporter.line(f"{times:4} {reason.removeprefix('Skipped: ')}")
    if TABLE:
        terminalreporter.section("problem sets: solutions graded as they should be")
        terminalreporter.line(
            "set                        question  points    correct    wrong  clauses"
        )
        for line in sorted(TABLE):
            terminalreporter.line(line)
