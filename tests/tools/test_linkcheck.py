"""`make linkcheck`, without asking anyone: it starts Sphinx's checker and sums up what it finds."""

import json
import subprocess
from types import SimpleNamespace

import pytest

import linkcheck
from course import ROOT

OWN = "https://github.com/someone/their-copy"
REFUSED = "Failed to resolve 'keras.io': NameResolutionError"


def link(uri, status, info="", code=0):
    return {"filename": "book/a.md", "uri": uri, "status": status, "code": code, "info": info}


def test_make_starts_it_outside_of_the_tests():
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    start = lines.index(next(line for line in lines if line.startswith("linkcheck:")))
    assert lines[start + 1].split() == [".venv-book/bin/python", "-m", "tools.linkcheck"]
    assert not any("linkcheck" in line for line in lines if line.startswith("test:"))


def test_sphinx_s_checker_is_started_and_its_links_are_collected(monkeypatch, tmp_path):
    def run(command, **_):
        assert command[1] == "build" and command[-2:] == ["--custom-builder", "linkcheck"]
        results = [link("https://keras.io", "working"), link("#an-anchor", "unchecked")]
        place = command[command.index("--path-output") + 1] / "_build" / "linkcheck"
        place.mkdir(parents=True)
        (place / "output.json").write_text("\n".join(map(json.dumps, results)), encoding="utf-8")

    monkeypatch.setattr(subprocess, "run", run)
    assert [one["uri"] for one in linkcheck.check(tmp_path)] == ["https://keras.io"]


def test_a_checker_that_does_not_start_is_reported(monkeypatch, tmp_path):
    failed = SimpleNamespace(stdout="", stderr="no such builder")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match="did not run:\nno such builder"):
        linkcheck.check(tmp_path)


def test_a_broken_link_is_named_with_its_page():
    broken = link("https://a.example", "broken", "404 Client Error: Not Found", 404)
    lines, code = linkcheck.report([broken, link("https://b.example", "working")], OWN)
    assert lines[0] == "broken: https://a.example (book/a.md): 404 Client Error: Not Found"
    assert lines[-1] == "2 links to other sites: 1 broken, 1 working." and code == 1


def test_a_new_address_is_named_and_breaks_nothing():
    moved = link("https://a.example", "redirected", "https://b.example", 301)
    elsewhere = link("https://c.example", "redirected", "https://c.example/en", 302)
    lines, code = linkcheck.report([moved, elsewhere], OWN)
    assert lines[0] == "moved for good: https://a.example (book/a.md) to https://b.example"
    assert len(lines) == 2 and code == 0


def test_the_course_s_own_address_may_not_be_published_yet():
    colab = OWN.replace("https://github.com", "https://colab.research.google.com/github")
    waiting = [link(f"{OWN}/blob/main/a.py", "broken", "404"), link(colab, "broken", "404")]
    lines, code = linkcheck.report([*waiting, link("https://b.example", "working")], OWN)
    assert lines[-1].startswith("2 lead to this course's own repository") and code == 0


def test_a_course_that_is_published_nowhere_has_no_links_that_may_be_broken():
    lines, code = linkcheck.report([link(f"{OWN}/blob/v1.0/a.py", "broken", "404")], None)
    assert lines[0].startswith(f"broken: {OWN}") and code == 1


def test_without_a_network_it_says_so():
    refused = link("https://keras.io", "broken", REFUSED)
    lines, code = linkcheck.report([refused, refused], OWN)
    assert lines == ["2 links to other sites, and no network to ask them."] and code == 2
    lines, code = linkcheck.report([refused, link("https://b.example", "working")], OWN)
    assert lines[0].startswith("broken: https://keras.io") and code == 1
