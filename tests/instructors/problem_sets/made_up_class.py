"""Grade a made-up class, and write down how long it took.

    PYTHONPATH=. python tests/instructors/problem_sets/made_up_class.py ps3_dense_block 100 out.json

Every student hands in a mixture of the right and the wrong solutions of psN.txt beside this file.
Alone on the machine, please: the file is the record that the instructors' guide speaks of.
"""

import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import torch
from run import FOLDER, question
from variants import variants_of

from instructors import grade, sets
from instructors.course import Course
from tools.benchmark.__main__ import processor


def hand_in(name: str, students: int, folder: Path) -> None:
    """Write notebooks named as Canvas does, each with a solution drawn for each question."""
    scratch = Path(tempfile.mkdtemp(prefix="release-"))
    notebook = Course(scratch).release(sets.read_sets(FOLDER, name)[name])
    draw = random.Random(0)
    for number in range(students):
        for cell in notebook.cells:
            choices = [v.code for v in variants_of(name) if v.question == question(cell)]
            if choices and not cell.metadata.nbgrader.locked:
                cell.source = draw.choice(choices)
        nbformat.write(notebook, folder / f"student{number}_{1000 + number}_1_{name}.ipynb")
    shutil.rmtree(scratch)


def main(name: str, students: int, record: Path) -> None:
    """Grade the class, and add its time to the record."""
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        handed_in = Path(place, "in")
        handed_in.mkdir()
        hand_in(name, students, handed_in)
        start = time.perf_counter()
        arguments = [str(handed_in), "--out", str(Path(place, "out")), "--sources", str(FOLDER)]
        assert grade.main([*arguments, "--workers", "2"]) == 0
        seconds = time.perf_counter() - start
    found = json.loads(record.read_text("utf-8")) if record.exists() else {"runs": {}}
    found |= {"processor": processor(), "workers": 2, "torch": torch.__version__}
    found["runs"][name] = {"submissions": students, "seconds": round(seconds)}
    record.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(found)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
