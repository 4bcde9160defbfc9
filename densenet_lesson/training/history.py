"""What a training run did: its numbers, epoch by epoch, and what it takes to repeat it."""

from __future__ import annotations

import json
import platform
import subprocess
import zlib
from array import array
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMAT = "densenet_lesson record 1"
# Blue and vermilion of Okabe and Ito tell apart in any kind of colour vision; dashes and markers
# tell the curves apart where there is no colour at all.
STYLES = {
    "train": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "test": {"color": "#D55E00", "linestyle": "--", "marker": "s"},
}


@dataclass
class History:
    """The record of a training run. It holds numbers and text only, so JSON keeps all of it.

    Args:
        model: the network's "name", "config" (its configuration's fields) and "parameters".
        data: numbers of "train" and "test" images, their "fingerprint", "mean" and "std". Where it
            has "validation", that many training images were held out, and took the place of the
            test images: all that is called "test" in the rows was measured on them.
        recipe: the fields of the `Recipe`.
        sessions: one dictionary for each time the run was started or resumed: its "first_epoch",
            and what `describe_environment` found.
        rows: one dictionary for each epoch: "epoch" (from 1), "train_loss", "train_accuracy",
            "test_loss", "test_accuracy", "lr" (of its last step), "seconds" (of training),
            "test_seconds" (of evaluation).
        answers: the class that the network gave to each test image after the last of these epochs.
            Older records have none.
    """

    model: dict[str, Any]
    data: dict[str, Any]
    recipe: dict[str, Any]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, Any]:
        """Where the last session ran: versions, device, threads, and the seed."""
        return {**(self.sessions[-1] if self.sessions else {}), "seed": self.recipe["seed"]}

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, evaluation included."""
        return sum(row["seconds"] + row["test_seconds"] for row in self.rows)

    @property
    def examples_per_second(self) -> float:
        """Training images per second of training, evaluation left out."""
        return len(self.rows) * self.data["train"] / sum(row["seconds"] for row in self.rows)

    @property
    def judge(self) -> str:
        """What the network was evaluated on: "test" or "validation" images."""
        return "validation" if self.data.get("validation") else "test"

    @property
    def inputs(self) -> dict[str, Any]:
        """How the network wants its images: `predict(model, images, **history.inputs)`."""
        return {name: {**self.recipe, **self.data}.get(name) for name in ("size", "mean", "std")}

    @classmethod
    def from_fields(cls, **fields: Any) -> History:
        """Make a history of dictionaries; tuples become lists, as JSON will have them."""
        return cls(**json.loads(json.dumps(fields)))

    def plot(self) -> Figure:
        """Draw loss and accuracy over the epochs, on the training and on the test images."""
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(2, 1, figsize=(5.2, 5.4), layout="constrained")
        pyplot.close(figure)  # a notebook shows what a cell returns; an open one comes twice
        for name, ax in zip(("loss", "accuracy"), axes, strict=True):
            self.draw(ax, name)
        return figure

    def draw(self, ax: Axes, name: str) -> None:
        """Draw the two curves of "loss" or of "accuracy" into one coordinate system."""
        from matplotlib.ticker import MaxNLocator

        epochs = [row["epoch"] for row in self.rows]
        for part, style in STYLES.items():
            values = [row[f"{part}_{name}"] for row in self.rows]
            label = self.judge if part == "test" else part
            ax.plot(epochs, values, label=label, markersize=4, **style)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="epoch", ylabel=name)
        ax.grid(alpha=0.3)
        ax.legend()

    def table(self) -> str:
        """Return the epochs as a table of text, without anything that a clock decides."""
        lines = ["epoch        lr  train loss  train acc.  test loss  test acc."]
        if self.judge == "validation":
            lines = [lines[0].replace("test ", "val. ")]
        line = (
            "{epoch:5d}  {lr:8.5f}  {train_loss:10.4f}  {train_accuracy:10.4f}  "
            "{test_loss:9.4f}  {test_accuracy:9.4f}"
        )
        return "\n".join(lines + [line.format(**row) for row in self.rows])

    def __str__(self) -> str:
        lines = [
            f"{self.model['name']}: {self.model['parameters']:,} parameters",
            f"{self.data['train']:,} training images, {self.data['test']:,} {self.judge} images",
            "recipe: " + ", ".join(f"{name} {value}" for name, value in self.recipe.items()),
        ]
        if self.rows:
            last = self.rows[-1]
            lines.append(
                f"after epoch {last['epoch']} of {self.recipe['epochs']} ({self.seconds:.1f} s): "
                f"{self.judge} accuracy {last['test_accuracy']:.4f}, "
                f"{self.judge} loss {last['test_loss']:.4f}, "
                f"train accuracy {last['train_accuracy']:.4f}, train loss {last['train_loss']:.4f}"
            )
        return "\n".join(lines + [describe_session(session) for session in self.sessions])

    def to_json(self) -> str:
        """Return the record as JSON, one line for each epoch; `from_json` reads it."""
        fields = {"format": FORMAT, "seconds": round(self.seconds, 1), **asdict(self)}
        answers = fields.pop("answers")
        fields |= {"answers": pack(answers)} if answers else {}
        rows = ",\n".join("    " + json.dumps(row, allow_nan=False) for row in fields.pop("rows"))
        head = json.dumps(fields, indent=2, allow_nan=False).removesuffix("\n}")
        return f'{head},\n  "rows": [\n{rows}\n  ]\n}}\n'

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read a record.

        Args:
            text: what `to_json` returned.

        Raises:
            ValueError: if it is anything else.
        """
        try:
            fields = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"text={text[:20]!r}... must be JSON, but: {error}") from error
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ValueError(f"text must be the record of a training run, with format {FORMAT!r}")
        del fields["seconds"]  # their sum is in the rows
        fields["answers"] = unpack(fields.get("answers", ""))
        return cls(**fields)


def pack(classes: list[int]) -> str:
    """Write classes as a short text, so that those of 10,000 images take some 5 kB of a record."""
    whole = array("H", classes).tobytes()
    return b64encode(zlib.compress(whole, level=9)).decode()


def unpack(text: str) -> list[int]:
    """Read what `pack` wrote; nothing from nothing."""
    return array("H", zlib.decompress(b64decode(text))).tolist() if text else []


def describe_environment(device: torch.device) -> dict[str, Any]:
    """Say what a run's numbers depend on besides its recipe; no path, user or host name.

    Args:
        device: where the network is.

    Returns:
        Versions, platform, device, the instruction set that torch uses, number of threads, commit.
    """
    import torch

    from .. import __version__
    from . import processes

    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # a plain string: checkpoints hold nothing else
        "densenet_lesson": __version__,
        "commit": commit(),
        "platform": f"{platform.system()} {platform.machine()}",
        "device": gpu or device.type,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "processes": processes.count(),
    }


def describe_session(session: dict[str, Any]) -> str:
    """Return one line about a session, such as "from epoch 1: torch 2.14.1, cpu, threads 2"."""
    versions = f"Python {session['python']}, torch {session['torch']}, {session['platform']}"
    return (
        f"from epoch {session['first_epoch']}: {versions}, "
        f"device {session['device']}, threads {session['threads']}"
    )


def commit() -> str | None:
    """Return the git commit of this package's source, with "+changes" if it was changed since.

    None if there is no git, or if the package was installed from somewhere else.
    """
    here = Path(__file__).parents[1]
    if git(here, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None  # perhaps in a folder inside somebody else's repository
    name = git(here, "rev-parse", "HEAD")
    return name and name + ("+changes" if git(here, "status", "--porcelain", "--", ".") else "")


def git(folder: Path, *command: str) -> str | None:
    """Run git in a folder and return what it printed, or None if it failed."""
    try:
        done = subprocess.run(
            ["git", *command], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
