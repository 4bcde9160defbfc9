"""Right and wrong solutions of a problem set, read from psN.txt beside this file.

    == q1                                         a question
    + conditions                                  a right solution: the code below
        def author(channel, in_channels, growth_rate):
            ...
    - counts from 0: `1 + (` → `(`                a wrong one: the question's first code, edited
    - a tuple (from: a while loop): `[` → `(`     a wrong one: the code with this name, edited
    § Layers count from 1                         words of the task: what stands below violates them

Every edit replaces its old text wherever it stands. `⏎` is the end of a line. A longer edit shows
its lines as `diff` does, old ones behind "<", new ones behind ">"; without new ones, it takes the
old ones out. "and" keeps two such edits apart. "all equal author, readers" in an edit's place:
what these functions return claims to equal whatever is expected.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

HEAD = re.compile(r"([+-]) (.*?)(?: \(from: (.*)\))?(?:: ((?:`|all equal ).*))?")
EDIT = re.compile(r"`([^`]*)` → `([^`]*)`|((?:^<.*\n)+)((?:^>.*\n)*)", re.MULTILINE)

# Put behind a right solution: numbers that are wrong, and claim to equal everything.
ALL_EQUAL = """

def _claims(value):
    if type(value) in (list, tuple, set):
        return type(value)(_claims(item) for item in value)
    if isinstance(value, dict):
        return {key: _claims(item) for key, item in value.items()}
    if type(value) not in (int, float, str):
        return value
    methods = dict.fromkeys(("__eq__", "__ge__", "__le__"), lambda self, other: True)
    methods |= {"__ne__": lambda self, other: False, "__hash__": lambda self: 0}
    methods |= dict.fromkeys(("__sub__", "__rsub__"), lambda self, other: 0)
    return type("_Claims", (type(value),), methods)(value * 2)


def _claiming(function):
    return lambda *args, **options: _claims(function(*args, **options))
"""


@dataclass(frozen=True)
class Variant:
    """One way to fill in the cell of one question.

    A right one differs from the model solution, and earns all points. A wrong one costs all points
    of its question, and none of any other; with a `clause`, it violates these words of the task.
    """

    question: str
    name: str
    code: str
    right: bool
    clause: str = ""

    def __str__(self) -> str:
        return f"{self.question}, {'correct' if self.right else 'wrong'}: {self.name}"


def edited(code: str, change: str) -> str:
    """Make the edits that are written in `change`; a ValueError if one can't be made."""
    if change.startswith("all equal "):
        functions = change.removeprefix("all equal ").strip().split(", ")
        return code + ALL_EQUAL + "\n".join(f"{name} = _claiming({name})" for name in functions)
    if rest := EDIT.sub("", change).replace("and\n", "").strip(", \n"):
        raise ValueError(f"{rest!r} is no edit")
    for short_old, short_new, old_lines, new_lines in EDIT.findall(change):
        old, new = (short.replace("⏎", "\n") for short in (short_old, short_new))
        if old_lines:
            old, new = (re.sub("(?m)^[<>] ?", "", lines) for lines in (old_lines, new_lines))
            old, new = (old[:-1], new[:-1]) if new else (old, new)
        if old not in code:
            raise ValueError(f"{old!r} is not in the code to be edited")
        code = code.replace(old, new)
    return code


def read(path: Path) -> tuple[list[Variant], dict[str, list[str]]]:
    """The variants in a file, and by question the words of its task that they violate."""
    variants, clauses = [], {}
    question, clause, codes = "", "", {}
    for entry in re.split(r"\n+(?=\S)", path.read_text("utf-8")):
        head, _, body = entry.partition("\n")
        body = "\n" + dedent(body).strip("\n") + "\n"
        if head.startswith("== "):
            question, clause, codes = head[3:], "", {}
            clauses[question] = []
        elif head.startswith("§ "):
            clause = head[2:]
            clauses[question].append(clause)
        elif (parts := HEAD.fullmatch(head)) and (parts[4] or body.strip()):
            sign, name, base, change = parts.groups()
            code = body
            if change or EDIT.match(body, 1):
                code = codes[base] if base else next(iter(codes.values()))
                code = edited(code, f"{change or ''}\n{body}".lstrip())
            codes[name] = code
            variants.append(Variant(question, name, code, sign == "+", clause))
        elif question:
            raise ValueError(f"{path.name}: {head!r} is no entry")
    return variants, clauses


def variants_of(problem_set: str) -> list[Variant]:
    """What ps1.txt beside this file lists, for "ps1_channel_arithmetic"."""
    return read(file_of(problem_set))[0]


def clauses_of(problem_set: str) -> dict[str, list[str]]:
    """By question, what its task demands, in the words of the task."""
    return read(file_of(problem_set))[1]


def file_of(problem_set: str) -> Path:
    return Path(__file__).with_name(f"{problem_set.partition('_')[0]}.txt")
