"""What a class has learned between the two forms of the concept inventory, idea by idea.

The normalised gain is the share of what could be gained: (after - before) / (1 - before), of the
class's shares of right answers (Hake, American Journal of Physics 66, 1998, 64, equation 1).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import numpy as np

from .entry import Entry
from .inventory import CHOSE, FORMS, Idea, form_of, ideas

FEW = 25  # fewer students: the intervals are too wide to say anything
LOW = 0.3  # Hake calls gains below it low
KNOWN = 0.9  # who knew it before can't gain
DRAWS = 4000


@dataclass(frozen=True)
class Gain:
    """One idea in one class: shares of right answers, and the normalised gain.

    Args:
        before: share of right answers.
        after: share of right answers.
        gain: normalised; NaN when all were right before.
        low: lower end of the 95 % interval of the gain.
        high: its upper end.
    """

    before: float
    after: float
    gain: float
    low: float
    high: float

    @property
    def teach_again(self) -> bool:
        """Is the gain low, where there was something to gain?"""
        return self.before < KNOWN and not self.gain >= LOW


def gain_of(before: np.ndarray, after: np.ndarray, paired: bool) -> Gain:
    """The gain of one idea, with its interval: what the answers leave possible.

    The shares of students who knew it both times, once or never are drawn from what is known of
    them after these answers, with Jeffreys' prior, so that ten equal answers are no certainty.

    Args:
        before: right (1) or wrong (0), of each student; shape (students,).
        after: the same.
        paired: is each place in both the same student?

    Raises:
        ValueError: paired answers must be of equally many students.
    """
    if paired and before.shape != after.shape:
        raise ValueError(f"after={after.shape} must have the shape of before={before.shape}")
    draw, half = np.random.default_rng(0), 0.5
    if paired:
        counts = np.bincount(2 * before + after, minlength=4)  # never, learned, forgot, both times
        _, learned, forgot, both = draw.dirichlet(counts + half, DRAWS).T  # each (draws,)
        shares = forgot + both, learned + both
    else:
        shares = (
            draw.beta(one.sum() + half, (1 - one).sum() + half, DRAWS) for one in (before, after)
        )
    low, high = np.quantile(_normalised(*shares), [0.025, 0.975])
    means = before.mean(), after.mean()
    return Gain(*map(float, (*means, _normalised(*map(np.asarray, means)), low, high)))


def _normalised(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    room = np.where(before < 1, 1 - before, np.nan)
    return (after - before) / room


def answers(entries: list[Entry]) -> tuple[dict[str, np.ndarray], bool]:
    """By form, right or wrong, shape (students, ideas); and: are both of the same students?

    Where most students are in both forms, those who are in one only are left out.
    """
    by_form = {form: {} for form in FORMS}
    for entry in entries:
        if entry.graded and (form := form_of(entry.set_name)):
            names = [f"q{number}" for number in range(1, len(ideas()) + 1)]
            points = [int(bool(entry.points.get(name))) for name in names]
            by_form[form][entry.student] = points
    both = sorted(by_form["pre"].keys() & by_form["post"].keys())
    paired = 2 * len(both) >= max(map(len, by_form.values()))
    tables = {
        form: np.array([found[student] for student in (both if paired else sorted(found))])
        for form, found in by_form.items()
    }
    return tables, paired


def favourite(entries: list[Entry], number: int) -> str:
    """The wrong idea that most students have after the course; "" if nobody has one."""
    idea, chosen = ideas()[number - 1], Counter()
    for entry in entries:
        if entry.graded and form_of(entry.set_name) == "post":
            said = entry.failed.get(f"q{number}", "").partition(CHOSE)[2][:1]
            if said in (letters := idea.letters("post", number)):
                chosen[idea.beliefs[letters[said]]] += 1
    return f"{chosen.most_common(1)[0][0]} ({chosen.most_common(1)[0][1]})" if chosen else ""


def section(entries: list[Entry]) -> str:
    """A part of the class page: what was learned; "" while one of the forms has not come in."""
    tables, paired = answers(entries)
    if not all(map(len, tables.values())):
        return ""
    sizes = {form: len(found) for form, found in tables.items()}
    who = (
        f"{sizes['pre']} students, both times"
        if paired
        else "{pre} before, {post} after".format(**sizes)
    )
    said = [f"Right answers before and after the course: {who}."]
    if min(sizes.values()) < FEW:
        said.append(
            f"These are too few to say how much the class has learned: below {FEW}, the intervals "
            "span from little to nearly everything. Read the wrong answers, and ask the students."
        )
    rows = "".join(
        _row(
            idea,
            gain_of(tables["pre"][:, i], tables["post"][:, i], paired),
            favourite(entries, i + 1),
        )
        for i, idea in enumerate(ideas())
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    table = f'<div class="wide" tabindex="0"><table><tr>{heads}</tr>{rows}</table></div>'
    return f"<h2>What the class has learned</h2><p>{' '.join(said)}</p>{table}"


HEADS = (
    "idea",
    "before",
    "after",
    "normalised gain (95 %)",
    "teach again",
    "most frequent wrong idea",
)


def _row(idea: Idea, gain: Gain, wrong: str) -> str:
    chapter, heading = idea.teach
    again = f"chapter {int(chapter[:2])}, {heading}" if gain.teach_again else ""
    shown = f"{gain.gain:.2f} ({gain.low:.2f} to {gain.high:.2f})"
    shown = "known before" if gain.before >= KNOWN else shown
    cells = [idea.name, f"{gain.before:.0%}", f"{gain.after:.0%}", shown, again, wrong]
    number = ("", ' class="number"', ' class="number"', ' class="number"', "", "")
    tds = (f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(number, cells, strict=True))
    return f"<tr>{''.join(tds)}</tr>"
