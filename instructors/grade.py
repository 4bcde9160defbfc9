"""Grade a folder of notebooks: `make grade SUBMISSIONS=folder`, or

    python -m instructors.grade folder

Students' code runs in sandboxes, several at a time; nbgrader does everything else. A run that was
stopped goes on where it was, and a run with new files grades only these.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import hashlib
import itertools
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from tools.git import inside, is_ignored, keep_out

from . import sandbox as sandboxes
from .causes import error_of, explain
from .class_page import write_class_page
from .course import TEXT_STUB, Course
from .entry import GRADED, Entry, State, write_whole
from .execute import Run
from .inventory import concept_sets
from .names import Person, anonymise, name_students, read_roster
from .repair import astray, read_notebook, repair
from .sets import FOLDER, ProblemSet, for_nbgrader, marked, read_sets
from .sorting import Sorting, table
from .submissions import Submission, read_submissions
from .tables import (
    key_of,
    place_of,
    read_written,
    same_text,
    write_grades,
    write_status,
    write_uploads,
    write_written,
)

GRADER = "4"  # another number: everything is graded anew
BAR = {"desc": "grading", "unit": "notebook"}
DOUBTS = """nothing was graded yet. Please look:
  {}
If the table above is right, run this again with AS_SHOWN=yes (--as-shown): of several files the
last counts, and names are taken as they stand. If not, rename files, or write a roster."""
FAILED = "NOT GRADED, the grader failed"


@dataclass
class Job:
    """A notebook that is to be graded, and what becomes of it."""

    entry: Entry
    submission: Submission

    @property
    def notebook(self) -> NotebookNode:
        """Read anew each time: a class has more notebooks than a memory."""
        return read_notebook(self.submission.load())


class Grader:
    """One run of the command.

    Args:
        sets: the problem sets' sources.
        out: the folder for everything that is written.
        limits: what one notebook may use.
        workers: how many are executed at a time.
        roster: who is in the class, as far as it is known.
    """

    def __init__(
        self,
        sets: dict[str, ProblemSet],
        out: Path,
        limits: sandboxes.Limits | None = None,
        workers: int = 1,
        roster: Sequence[Person] = (),
    ) -> None:
        self.sets, self.out, self.workers, self.roster = sets, Path(out), workers, roster
        self.limits = limits or sandboxes.Limits()
        self.given = read_written(self.out / "written.csv", sets)
        self.course = Course(self.out / "nbgrader")
        self.state = State(self.out / "nbgrader" / "state.json")
        self.problems: list[Entry] = []
        self.warnings: list[Entry] = []
        self.aside: list[Entry] = []
        self.graded = 0
        self.running: set[Run] = set()

    # ------------------------------------------------------------------ what there is to do

    def take(self, sorting: Sorting) -> list[Job]:
        """Return the notebooks that are new or have changed."""
        self.problems += sorting.problems
        self.aside += sorting.aside
        jobs = []
        for found in sorting.counts:
            one, name = found.one, found.set_name
            entry = Entry(one.student, one.name, name, one.path, GRADED, one.late, found.notes)
            entry.fingerprint = self._fingerprint(one.load(), name)
            entry.version = self.sets[name].version
            before = self.state.entries.get((one.student, name))
            if before and before.fingerprint == entry.fingerprint:
                before.late, before.path, before.name = one.late, one.path, one.name
            else:
                jobs.append(Job(entry, one))
        return jobs

    def _warn(self, entry: Entry, status: str) -> None:
        """A problem with a notebook that is graded all the same."""
        about = (entry.student, entry.name, entry.set_name, entry.path)
        self.warnings.append(Entry(*about, status, entry.late))

    def _fingerprint(self, data: bytes, name: str) -> str:
        text = f"{GRADER} {self.sets[name].version} {self.limits}".encode()
        return hashlib.sha256(text + data).hexdigest()

    # ------------------------------------------------------------------ grading

    def grade(self, jobs: list[Job], sandbox: sandboxes.Sandbox) -> None:
        """Execute and grade; every result is kept at once."""
        self.sandbox, self.state.isolation = sandbox, sandbox.way
        self.released = {job.entry.set_name: None for job in jobs}
        for name in self.released:
            self._forget_earlier_versions(name, {job.entry.student for job in jobs})
            self.released[name] = self.course.release(self.sets[name])
            self._check(self.sets[name])
        pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        try:
            for job, future in tqdm(self._executed(pool, jobs), **BAR, total=len(jobs)):
                self._finish(job, future)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for run in list(self.running):
                run.stop()
            pool.shutdown(wait=True)

    def _executed(self, pool: concurrent.futures.Executor, jobs: list[Job]) -> Iterator[tuple]:
        """Jobs as they are done; a few at a time, so that results don't pile up."""
        left, running = iter(jobs), {}
        while True:
            for job in itertools.islice(left, 2 * self.workers - len(running)):
                running[pool.submit(self._execute, job)] = job
            if not running:
                return
            done, _ = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in done:
                yield running.pop(future), future

    def _forget_earlier_versions(self, name: str, students: set[str]) -> None:
        """A set has changed: what was graded with it before does not count any more."""
        for (student, _), entry in list(self.state.entries.items()):
            if entry.set_name == name and entry.version != self.sets[name].version:
                self.course.forget(name, student)
                del self.state.entries[student, name]
                if student not in students:
                    status = "graded before this set was changed, and not in this folder"
                    self.problems.append(Entry(student, entry.name, name, entry.path, status))
        self.state.save()

    def _check(self, one: ProblemSet) -> None:
        """The model solution must get all points here, or else the grades would be wrong."""
        key = f"{GRADER} {one.version} {self.sandbox.way}"
        if self.state.checked.get(one.name) == key:
            return
        solution = for_nbgrader(one)
        Run(self.sandbox).execute(solution)
        failed = _failures(solution)
        if failed:
            question, message = next(iter(failed.items()))
            raise RuntimeError(
                f"Nothing was graded: the model solution of {one.name} fails its own tests on this "
                f"machine ({question}: {message})"
            )
        self.state.checked[one.name] = key
        self.state.save()

    def _execute(self, job: Job) -> NotebookNode:
        """In a worker: run one notebook in a sandbox."""
        name = job.entry.set_name
        handed_in = job.notebook
        source, notes = for_nbgrader(self.sets[name]), job.entry.notes
        notebook = repair(handed_in, source, self.released[name], notes)
        run = Run(self.sandbox, notes)
        self.running.add(run)
        try:
            executed = run.execute(notebook)
        finally:
            self.running.discard(run)
        python = handed_in.metadata.get("language_info", {}).get("version", "")
        run.notes.extend(explain(executed, python))
        return executed

    def _finish(self, job: Job, future: concurrent.futures.Future) -> None:
        """Let nbgrader grade an executed notebook. A failure of ours is no grade of theirs."""
        entry = job.entry
        try:
            executed = future.result()
            self.course.forget(entry.set_name, entry.student)
            self.course.autograde(entry.set_name, entry.student, executed)
        except Exception as error:
            self.course.forget(entry.set_name, entry.student)
            self.state.entries.pop((entry.student, entry.set_name), None)  # of an earlier file
            entry.status = f"{FAILED}: {error}"
            self.problems.append(entry)
            return
        entry.failed = _failures(executed)
        self._read_answers(entry, executed)
        entry.notes = list(dict.fromkeys(entry.notes))
        self.state.entries[entry.student, entry.set_name] = entry
        self.graded += 1
        self.state.save()

    def _read_answers(self, entry: Entry, executed: NotebookNode) -> None:
        """Keep the written answers; remark on those that stand elsewhere, or are the model's."""
        cells, one = marked(executed), self.sets[entry.set_name]
        elsewhere = astray(executed, self.released[entry.set_name])
        for question in one.questions:
            name, cell = question.name, cells[question.grade_id]
            if question.written:
                entry.answers[name] = elsewhere.get(name, cell.source)
                if same_text(cell.source) == same_text(one.cell(question.grade_id).source):
                    entry.notes.append(f"LOOK: {name} is the model answer, word for word")
        if elsewhere:
            where = "other cells of the notebook may hold the answer"
            entry.notes.append(f"LOOK: the cell of {', '.join(elsewhere)} is empty, and {where}")

    # ------------------------------------------------------------------ written answers, reports

    def merge(self) -> list[dict]:
        """Put points of written answers into the gradebook; return the rows of written.csv."""
        rows = []
        with self.course.gradebook() as book:
            for entry in self.entries():
                if entry.version != self.sets[entry.set_name].version:
                    continue  # its points stay, until it is graded anew
                grades = book.find_submission_notebook(
                    entry.set_name, entry.set_name, entry.student
                ).grades
                grades = {grade.name: grade for grade in grades}
                for question in self.sets[entry.set_name].questions:
                    grade = grades[question.grade_id]
                    if question.written:
                        rows += self._row(entry, question)
                        grade.manual_score = self._written_points(entry, question)
                        grade.needs_manual_grade = grade.manual_score is None
                        entry.points[question.name] = grade.manual_score
                    else:
                        entry.points[question.name] = grade.auto_score
            book.db.commit()
        return rows

    def _settled(self, entry: Entry, question) -> float | None:
        """What needs no reader: 0 for no answer, all points for the model answer, or else None."""
        answer = same_text(entry.answers[question.name])
        if answer in ("", same_text(TEXT_STUB)):
            return 0.0
        model = self.sets[entry.set_name].cell(question.grade_id).source
        return question.points if answer == same_text(model) else None

    def _written_points(self, entry: Entry, question) -> float | None:
        """What is settled, or what the instructor gave, or None."""
        settled = self._settled(entry, question)
        if settled is not None:
            return settled
        given = self.given.get(self._key(entry, question.name))
        return given.points if given else None

    def _key(self, entry: Entry, question: str) -> str:
        answer = same_text(entry.answers[question])
        return key_of(entry.student, entry.set_name, question, answer)

    def _check_given(self) -> None:
        """Points in written.csv that belong to nobody's answer must not be lost.

        Raises:
            ValueError: nobody known has handed in this question; names student and question.
        """
        lines = (*self.problems, *self.warnings)
        without = {problem.student for problem in lines}  # said to be a problem already
        known = {self._key(entry, name) for entry in self.entries() for name in entry.answers}
        for key, given in self.given.items():
            if key in known:
                continue
            entry = self.state.entries.get((given.student, given.set_name))
            where = f"written.csv, {place_of(given.student, given.set_name, given.question)}"
            where += f": points={given.points:g}"
            if entry and given.question in entry.answers:
                self._warn(entry, f"{where} are for another text than this answer: not taken")
            elif given.student not in without:
                raise ValueError(
                    f"{where} match no answer. Has the column 'key' been changed? "
                    "Put the row right, or take it out"
                )

    def _row(self, entry: Entry, question) -> list[dict]:
        """The row of written.csv for an answer that people grade; none for one that they don't."""
        if self._settled(entry, question) is not None:
            return []
        one, answer = self.sets[entry.set_name], entry.answers[question.name]
        points = self._written_points(entry, question)
        about = {"student": entry.student, "name": entry.name, "set": one.name}
        about |= {"question": question.name, "worth": f"{question.points:g}", "answer": answer}
        about |= {"rubric": one.rubric(question.grade_id)}
        about |= {"points": "" if points is None else f"{points:g}"}
        return [{**about, "key": self._key(entry, question.name)}]

    def entries(self) -> list[Entry]:
        """All graded submissions of the sets at hand, in order."""
        known = [entry for entry in self.state.entries.values() if entry.set_name in self.sets]
        return sorted(known, key=lambda entry: (entry.set_name, entry.student))

    def report(self) -> None:
        """Write the tables, the class page, and the feedback of those whose points are new."""
        self._check_given()
        write_written(self.out / "written.csv", self.merge())
        self._write_feedback()
        entries = self.entries()
        lines = [*self.problems, *self.aside, *entries]
        write_grades(self.out / "grades.csv", entries, self.sets)
        write_uploads(self.out / "upload", entries, self.sets, self.roster)
        write_status(self.out / "status.csv", lines, self.sets)
        looks = [*self.problems, *self.warnings, *entries]
        about = (self.state.isolation, self.missing())
        write_class_page(self.out / "class.html", looks, self.sets, *about)
        self.state.save()

    def missing(self) -> list[str]:
        """Whom the roster names and no file: in words."""
        lines = (*self.problems, *self.aside, *self.entries())
        known = {entry.student for entry in lines}
        people = {person.id: person.name for person in self.roster if person.id not in known}
        return [f"nothing from {student} ({name})" for student, name in people.items()]

    def _write_feedback(self) -> None:
        folder = self.out / "feedback"
        stale = [entry for entry in self.entries() if entry.feedback != _current(entry)]
        for entry in tqdm(stale, desc="feedback", unit="page"):
            path = folder / entry.student / f"{entry.set_name}.html"
            try:
                write_whole(path, self.course.feedback(entry.set_name, entry.student))
                entry.feedback = _current(entry)
            except Exception as error:  # one page less; everybody's points are written all the same
                path.unlink(missing_ok=True)  # its points are not these
                entry.feedback = ""
                self._warn(entry, f"graded, but NO FEEDBACK PAGE: {error}")


def _current(entry: Entry) -> str:
    return f"{entry.fingerprint} {entry.points}"


def _failures(executed: NotebookNode) -> dict[str, str]:
    """Per question whose tests failed, the message."""
    failed = {}
    for grade_id, cell in marked(executed).items():
        error = error_of(cell)
        if error and cell.metadata.nbgrader.grade:
            text = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
            failed[grade_id.removesuffix("_tests")] = re.sub(r"\s+", " ", text)[:300]
    return failed


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(description="Grade a folder of notebooks.")
    parser.add_argument("submissions", type=Path, help="a folder or zip, as your platform exports")
    parser.add_argument("--set", dest="only", help="take every notebook as this problem set")
    parser.add_argument("--roster", type=Path, help="a class list: a table with the column 'id'")
    parser.add_argument(
        "--as-shown", action="store_true", help="grade as the first table says, doubts or not"
    )
    parser.add_argument("--anonymous", action="store_true", help="write codes, and no names")
    parser.add_argument("--sources", type=Path, default=FOLDER, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("grades"), help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--isolation", choices=list(sandboxes.ISOLATION), help="default: the best")
    parser.add_argument("--cell-seconds", type=float, default=sandboxes.Limits.cell_seconds)
    parser.add_argument("--notebook-seconds", type=float, default=sandboxes.Limits.notebook_seconds)
    parser.add_argument("--memory", type=float, default=4, help="GiB per notebook")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    with contextlib.ExitStack() as stack:
        try:
            return _main(options, stack)
        except (ValueError, RuntimeError) as error:
            print(f"grade: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nStopped. What was graded is kept: run it again to go on.", file=sys.stderr)
            return 130


def _main(options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    if options.workers < 1:
        raise ValueError(f"workers={options.workers} must be at least 1")
    if options.anonymous and options.roster:
        raise ValueError(f"roster={str(options.roster)!r} must be left out where nobody is named")
    sets = read_sets(options.sources) | (concept_sets() if options.sources == FOLDER else {})
    if options.only and options.only not in sets:
        raise ValueError(f"set={options.only!r} must be one of {', '.join(sets)}")
    roster = read_roster(options.roster) if options.roster else []
    submissions = read_submissions(options.submissions)
    name_students(submissions, [*sets, *(one.title for one in sets.values())], roster)
    if options.anonymous:
        anonymise(submissions, _secret(options.out))
    sorting = Sorting(sets, options.only).sort(submissions)
    print(table(sorting))
    if sorting.doubts and not options.as_shown:
        raise ValueError(DOUBTS.format("\n  ".join(sorting.doubts)))
    limits = sandboxes.Limits(
        options.cell_seconds, options.notebook_seconds, int(options.memory * 2**30)
    )
    keep_out(options.out)
    place = options.submissions
    if inside(place.parent) and not is_ignored(place / "x" if place.is_dir() else place):
        print(f"WARNING: git would add {place}: keep students' work elsewhere")
    grader = Grader(sets, options.out, limits, options.workers, roster)
    jobs = grader.take(sorting)
    if jobs:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-")))
        course = sandboxes.course_copy(folder)
        sandbox = sandboxes.choose(course, limits, options.isolation)
        print(f"Isolation: {sandbox.way}. {sandboxes.ISOLATION[sandbox.way]}")
        grader.grade(jobs, sandbox)
    grader.report()
    summarise(grader)
    return 1 if any(problem.status.startswith(FAILED) for problem in grader.problems) else 0


def _secret(out: Path) -> bytes:
    """What the codes of anonymous students are made with; the same in every run."""
    keep_out(out)
    path = out / "nbgrader" / "secret"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def summarise(grader: Grader) -> None:
    """Say what was done, and first of all what needs the instructor."""
    problems = [*grader.problems, *grader.warnings]
    for problem in problems:
        print(f"PROBLEM: {problem.path}: {problem.status}")
    entries = grader.entries()
    for line in grader.missing():
        print(f"MISSING: {line}")
    waiting = sum(len(entry.waiting) for entry in entries)
    counts = f"{grader.graded} notebooks graded now, {len(entries)} in all"
    print(f"{counts}, {len(problems)} problems.")
    if waiting:
        print(
            f"{waiting} written answers wait: fill the column 'points' of "
            f"{grader.out / 'written.csv'}, and run this again. Totals don't count them yet."
        )
    print(f"See {grader.out / 'class.html'}; {grader.out / 'grades.csv'} is for your gradebook.")


if __name__ == "__main__":
    sys.exit(main())
