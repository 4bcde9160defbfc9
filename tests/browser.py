"""A pytest plugin: the built book in a browser. What the tests of its pages and parts share."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright

import missing
from course import ROOT
from tools.chromium import OPTIONS, find_browser

HTML = ROOT / "_build" / "html"
DESKTOP = {"width": 1280, "height": 900}
TABLET = {"width": 768, "height": 1024}
PHONE = {"width": 375, "height": 700}
TYPESET = "document.fonts.ready.then(() => null)"

TIMINGS: dict[str, dict[str, float]] = {}  # of each page that was visited
SLOW_LINE: dict[str, dict[str, float]] = {}  # of each page that was visited over a slow line
SPEEDS: dict[str, float] = {}  # milliseconds that a trained network takes in the page
SPENT: dict[int, float] = {}  # processor seconds of each of the browser's processes


def built_pages() -> list[str]:
    """Every page of the built book, such as "book/glossary", but no page that only leads on."""
    found = [path for path in HTML.rglob("*.html") if "_static" not in path.parts]
    names = [str(path.relative_to(HTML).with_suffix("")) for path in found if not leads_on(path)]
    return sorted(names)


def leads_on(path: Path) -> bool:
    return 'http-equiv="Refresh"' in path.read_text(encoding="utf-8")[:1000]


def browser_path() -> str:
    """The path of a browser. Without one, tests are skipped; in CI they fail."""
    path = find_browser()
    if path is None:
        missing.do_without(missing.BROWSER)
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    browser_path()  # without one, what drives it may not start either: it needs a library of it
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=browser_path(), args=OPTIONS)
    yield browser
    note_time(browser)
    browser.close()


def note_time(browser: Browser) -> None:
    """Note how long the browser's processes worked, before a page closes and its process ends."""
    session = browser.new_browser_cdp_session()
    for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
        SPENT[process["id"]] = max(process["cpuTime"], SPENT.get(process["id"], 0))
    session.detach()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the built book, served on a free port."""
    assert (HTML / "search.html").exists(), "the book is not built: run `make book`"
    handler = functools.partial(Quiet, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def visit(browser: Browser, server: str):
    """Open a page of the book; at the end, look back on what it loaded and complained about."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        name: str,
        *,
        at: str = server,
        hash: str = "",
        console: bool = True,
        **options: Any,
    ) -> Page:
        options = {"viewport": DESKTOP, "reduced_motion": "reduce", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)  # also on a machine that is busy
        watch(page, at, complaints, console=console and at == server)
        page.goto(f"{at}/{name}.html{hash}")
        return page

    yield open_page
    note_time(browser)
    for context in contexts:
        context.close()
    assert complaints == []


def watch(page: Page, at: str, complaints: list[str], console: bool = True) -> None:
    """Note each request that leaves the book, each error of a script, each one on the console."""
    page.on("pageerror", lambda error: complaints.extend(mistake(page.url, f"{error}")))
    page.on("request", lambda request: complaints.extend(outside(request.url, at)))
    if console:
        page.on("requestfailed", lambda request: complaints.extend(failed(request)))
        page.on("console", lambda entry: complaints.extend(error_of(entry)))


def mistake(url: str, error: str) -> list[str]:
    # from a folder, a browser lets no script read a page: the results come without an excerpt
    excerpt = url.startswith("file:") and "/search.html" in url and "Failed to fetch" in error
    return [] if excerpt else [error]


def outside(url: str, at: str) -> list[str]:
    return [] if url.startswith((at, "data:", "blob:")) else [f"asks for {url}"]


def failed(request: Request) -> list[str]:
    # what still loads as a page is left is given up; a file that isn't there is a console's error
    given_up = request.failure == "net::ERR_ABORTED"
    return [] if given_up else [f"{request.url}: {request.failure}"]


def error_of(entry: Any) -> list[str]:
    return [entry.text] if entry.type == "error" else []


def widest(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


# ------------------------------------------------------------------------ the test log


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands what it measured to the process that prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["browser"] = (TIMINGS, SLOW_LINE, SPEEDS, SPENT)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    measured = getattr(node, "workeroutput", {}).get("browser", ({}, {}, {}, {}))
    for known, new in zip((TIMINGS, SLOW_LINE, SPEEDS, SPENT), measured, strict=True):
        known.update(new)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how fast the pages load."""
    write = terminalreporter.line
    if TIMINGS:
        terminalreporter.section("pages in the browser: measured beside other tests, not asserted")
        for line in table(TIMINGS, COLUMNS):
            write(line)
    if SLOW_LINE:
        terminalreporter.section("over slow 4G, with a processor four times slower")
        for line in table(SLOW_LINE, SLOW_COLUMNS):
            write(line)
    for name, milliseconds in sorted(SPEEDS.items()):
        write(f"{name} reads an image in {milliseconds:.1f} ms")
    if SPENT:
        write(f"the browser worked for {sum(SPENT.values()):.0f} s of processor time")


COLUMNS = {  # of the table: title and width
    "first paint": 11,
    "largest paint": 13,
    "DOM ready": 9,
    "loaded": 7,
    "shift": 6,
    "requests": 8,
    "kB": 6,
}


SLOW_COLUMNS = {"first paint (s)": 15, "usable (s)": 10, "shift": 6, "kB": 6, "files": 6}


def table(timings: dict[str, dict[str, float]], columns: dict[str, int]) -> list[str]:
    """Lines of a table: times in milliseconds, what moved as Lighthouse's CLS, kilobytes."""
    wide = max(len(name) for name in timings)
    lines = [" ".join(["page".ljust(wide), *(name.rjust(w) for name, w in columns.items())])]
    for page, values in timings.items():
        cells = [written(values[name], name).rjust(w) for name, w in columns.items()]
        lines.append(" ".join([page.ljust(wide), *cells]))
    return lines


def written(value: float, name: str) -> str:
    decimals = 3 if name == "shift" else 1 if name.endswith("(s)") else 0
    return f"{value:.{decimals}f}"
