"""How soon a page is there on a slow line (slow 4G) with a processor four times slower."""

import functools
import gzip
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import browser as plugin
from browser import DESKTOP, HTML, PHONE, note_time

PAGES = [(name, PHONE) for name in ("book/index", "notebooks/04_growth_rate", "book/glossary")]
PAGES += [("book/glossary", DESKTOP)]  # on a wide screen most of its text is in sight as it moves
MOST_KILOBYTES = 350  # before a reader does anything, compressed
# What Lighthouse takes for slow 4G: latency in milliseconds, bytes in a second
LINE = {"latency": 562.5, "downloadThroughput": 1474.56e3 / 8, "uploadThroughput": 675e3 / 8}
PACKED = (".html", ".js", ".css", ".svg")  # fonts and PNGs are packed already
MEASURE = """() => {
  const [page] = performance.getEntriesByType("navigation");
  return {
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    usable: page.domContentLoadedEventEnd,
    shift: window.shift,
  };
}"""
OBSERVE = """
window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => (shift += entry.value)))
  .observe({type: "layout-shift", buffered: true});
"""


class Packing(SimpleHTTPRequestHandler):
    """Serves files as a host for pages does: text compressed, and many files over one line."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def send_head(self) -> BytesIO | None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return None
        body = packed(path) if path.suffix in PACKED else path.read_bytes()
        self.send_response(200)
        if path.suffix in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)


@functools.cache
def packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


@pytest.fixture(scope="module")
def packing() -> Iterator[str]:
    handler = functools.partial(Packing, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def on_a_slow_line(browser: Browser, address: str, size: dict[str, int]) -> dict[str, float]:
    """Open a page as on a slow phone: seconds to the first paint and until all works, kilobytes."""
    with browser.new_context(viewport=size, reduced_motion="reduce") as context:
        context.add_init_script(OBSERVE)
        page = context.new_page()
        line = context.new_cdp_session(page)
        received = []
        line.on("Network.loadingFinished", lambda file: received.append(file["encodedDataLength"]))
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
        line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(address, timeout=90_000)
        page.evaluate("document.fonts.ready.then(() => null)")
        page.wait_for_load_state("networkidle")
        times = page.evaluate(MEASURE)
        note_time(browser)
    return {
        "first paint (s)": times["paint"] / 1000,
        "usable (s)": times["usable"] / 1000,
        "shift": times["shift"],
        "kB": sum(received) / 1000,
        "files": len(received),
    }


@pytest.mark.parametrize(("name", "size"), PAGES)
def test_a_page_is_light_enough_for_a_slow_line(name, size, browser, packing):
    measured = on_a_slow_line(browser, f"{packing}/{name}.html", size)
    plugin.SLOW_LINE[f"{name}, {size['width']} px"] = measured
    assert 50 < measured["kB"] <= MOST_KILOBYTES
    assert measured["shift"] < 0.1  # what Lighthouse calls good
