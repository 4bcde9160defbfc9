"""One page about the whole class: problems first, then a histogram per question, then everyone."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from . import gains
from .entry import Entry, write_whole
from .sandbox import ISOLATION
from .sets import ProblemSet

VALUE = r"(?<!\w)[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|None|True|False|nan|inf)(?!\w)"
STYLE = """
:root { color-scheme: light dark; --bar: #0a6ebd; --line: #767676; --box: #f2f5f8; --bad: #a40000 }
@media (prefers-color-scheme: dark) {
  :root { --bar: #6cb6ff; --line: #9a9a9a; --box: #22272e; --bad: #ff9a8f }
  body { background: #14181d; color: #e6e6e6 } a { color: #8ec7ff }
}
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
.problem { border-left: .3rem solid var(--bad); background: var(--box); padding: .5rem 1rem }
.charts { display: flex; flex-wrap: wrap; gap: 1rem }
figure { background: var(--box); margin: 0; padding: .5rem; flex: 1 1 14rem; max-width: 20rem }
svg { width: 100%; height: auto } rect { fill: var(--bar) } text { fill: currentColor }
svg line { stroke: var(--line) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
td:last-child { min-width: 12rem } li { overflow-wrap: anywhere }
"""


def write_class_page(
    path: Path,
    entries: list[Entry],
    sets: dict[str, ProblemSet],
    way: str,
    missing: Sequence[str] = (),
) -> None:
    """Write the page.

    Args:
        path: where.
        entries: all of this run, the ungraded ones too.
        sets: the problem sets by name.
        way: how the notebooks were isolated, a key of `ISOLATION`.
        missing: of whom the roster names and no file, a line each.
    """
    graded = [entry for entry in entries if entry.graded]
    parts = ["<h1>Grades of the class</h1>", _problems(entries, missing)]
    for name, one in sets.items():
        own = [entry for entry in graded if entry.set_name == name]
        if own:
            parts += [_set(one, own)]
    parts += [gains.section(entries)]
    parts += [f"<h2>Isolation</h2><p><strong>{escape(way)}</strong>: {escape(ISOLATION[way])}</p>"]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>Grades of the class</title><style>{STYLE}</style>"
    page = f'<!doctype html><html lang="en"><head>{head}</head><body><main>{"".join(parts)}'
    write_whole(path, f"{page}</main></body></html>\n")


def _problems(entries: list[Entry], missing: Sequence[str]) -> str:
    """Files that could not be graded, notebooks that need a look, and who has sent nothing."""
    lines = [f"<li>{escape(line)}</li>" for line in missing]
    for entry in entries:
        who = escape(f"{entry.name or entry.student or '?'} ({entry.path})")
        alarming = [note for note in entry.notes if re.search("TAMPERED|stopped|LOOK", note)]
        for text in [*([] if entry.graded else [entry.status]), *alarming]:
            lines.append(f"<li><strong>{who}</strong>: {escape(text)}</li>")
    if not lines:
        return "<p>Every file was graded.</p>"
    return f'<div class="problem"><h2>{len(lines)} need a look</h2><ul>{"".join(lines)}</ul></div>'


def _set(one: ProblemSet, entries: list[Entry]) -> str:
    totals = [entry.total for entry in entries]
    middle = statistics.median(totals)
    late = sum(entry.late for entry in entries)
    waiting = sum(len(entry.waiting) for entry in entries)
    facts = f"{len(entries)} notebooks, {late} late. Median {middle:g} of {one.points:g} points, "
    facts += f"from {min(totals):g} to {max(totals):g}."
    if waiting:
        facts += f" {waiting} written answers wait in written.csv: totals don't count them yet."
    charts = [_histogram("All questions", one.points, totals)]
    for question in one.questions:
        points = [entry.points[question.name] for entry in entries if question.name in entry.points]
        given = [value for value in points if value is not None]
        label = f"{question.name}{', written' if question.written else ''}"
        charts.append(_histogram(label, question.points, given))
    return (
        f"<h2>{escape(one.title)}</h2><p>{escape(facts)}</p>"
        f'<div class="charts">{"".join(charts)}</div>{_most_failed(entries)}{_table(one, entries)}'
    )


def _histogram(label: str, worth: float, values: list[float]) -> str:
    """Ten bins from 0 to `worth`; the last one includes all points."""
    counts = [0] * 10
    for value in values:
        counts[min(int(10 * value / worth), 9) if worth else 0] += 1
    full = sum(value >= worth for value in values)
    alt = f"Histogram of {label}: of {len(values)} notebooks, {full} have all {worth:g} points, "
    alt += f"{sum(value == 0 for value in values)} have none."
    highest = max([*counts, 1])
    bars = []
    for place, count in enumerate(counts):
        height, left = 80 * count / highest, 6 + 19 * place
        bars.append(f'<rect x="{left}" y="{95 - height:.1f}" width="16" height="{height:.1f}"/>')
        if count:
            label_at = f'x="{left + 8}" y="{91 - height:.1f}" text-anchor="middle" font-size="10"'
            bars.append(f"<text {label_at}>{count}</text>")
    axis = '<line x1="4" y1="95" x2="196" y2="95"/><text x="4" y="108" font-size="10">0</text>'
    axis += f'<text x="196" y="108" text-anchor="end" font-size="10">{worth:g} points</text>'
    return (
        f'<figure><svg viewBox="0 0 200 112" role="img" aria-label="{escape(alt)}">'
        f"<title>{escape(alt)}</title>{''.join(bars)}{axis}</svg>"
        f"<figcaption>{escape(label)}</figcaption></figure>"
    )


def _most_failed(entries: list[Entry]) -> str:
    """The questions whose tests fail most, each with its most frequent kinds of message."""
    kinds: dict[str, dict[str, Counter]] = {}
    for entry in entries:
        for question, message in entry.failed.items():
            of_question = kinds.setdefault(question, {})
            of_question.setdefault(kind_of(message), Counter())[message] += 1
    if not kinds:
        return "<p>No test failed.</p>"
    lines = []
    totals = {q: sum(one.total() for one in found.values()) for q, found in kinds.items()}
    for question in sorted(totals, key=totals.get, reverse=True):
        often = sorted(kinds[question].values(), key=Counter.total, reverse=True)[:3]
        shown = "".join(f"<li>{one.total()} × {_example(one)}</li>" for one in often)
        share = f"{totals[question]} of {len(entries)}"
        lines.append(f"<li><strong>{escape(question)}</strong>: {share}<ul>{shown}</ul></li>")
    return f"<h3>Most failed tests</h3><ol>{''.join(lines)}</ol>"


def kind_of(message: str) -> str:
    """A message without its values: two of one kind differ in these only."""
    return re.sub(rf"{VALUE}(?:[\s,;()\[\]×]*{VALUE})*", "…", message)


def _example(messages: Counter) -> str:
    """The most frequent message of a kind."""
    others = f" (or with other values: {len(messages)} messages)" if len(messages) > 1 else ""
    return escape(messages.most_common(1)[0][0] + others)


def _table(one: ProblemSet, entries: list[Entry]) -> str:
    names = [question.name for question in one.questions]
    heads = "".join(f'<th class="number" scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for entry in entries:
        link = f"feedback/{entry.student}/{one.name}.html"
        cells = [entry.points.get(name) for name in names]
        shown = ["waits" if points is None else f"{points:g}" for points in cells]
        numbers = "".join(
            f'<td class="number">{text}</td>' for text in [*shown, f"{entry.total:g}"]
        )
        notes = escape("; ".join((["late"] if entry.late else []) + entry.notes))
        who = escape(entry.name or entry.student)
        page = f'<a href="{escape(link)}">{who}</a>' if entry.feedback else who
        rows.append(f"<tr><td>{page}</td>{numbers}<td>{notes}</td></tr>")
    head = f'<th scope="col">student</th>{heads}<th class="number" scope="col">all</th>'
    table = f'<table><tr>{head}<th scope="col">notes</th></tr>{"".join(rows)}</table>'
    return f'<h3>Everyone</h3><div class="wide" tabindex="0">{table}</div>'
