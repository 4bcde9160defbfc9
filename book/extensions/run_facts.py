"""What the recorded runs in `book/results` say of themselves, in words, for the page of numbers."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from densenet_lesson.training.records import without_seed  # noqa: E402

RESULTS = "book/results"


# ----------------------------------------------------------------------------- what is recorded


def read_records(root: Path) -> dict[str, dict[str, Any]]:
    """The recorded training runs by name, in alphabetical order."""
    paths = sorted((root / RESULTS).glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def read_bands(root: Path) -> dict[str, dict[str, Any]]:
    """For each run, the test accuracies that a repetition may come to, and why."""
    return tomllib.loads((root / RESULTS / "bands.toml").read_text(encoding="utf-8"))


def read_benchmarks(root: Path) -> dict[str, dict[str, Any]]:
    """The recorded benchmarks by name."""
    paths = sorted((root / RESULTS / "benchmarks").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def band_of(name: str, bands: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The band of a run: its own, or that of all seeds; None if there is none."""
    return bands.get(name) or bands.get(without_seed(name))


def family(name: str) -> str:
    """The name of the group of runs that a run belongs to: what stands before the first `_`."""
    return name.partition("_")[0]


def readers(bands: dict[str, dict[str, Any]], name: str) -> list[str]:
    """The names of the chapters' notebooks that show a record, in order."""
    return (band_of(name, bands) or {}).get("chapters", [])


# ----------------------------------------------------------------------------- in words


def facts(name: str, record: dict[str, Any], band: dict[str, Any] | None) -> dict[str, str]:
    """Everything about a run, as pairs of a heading and words; code stands in backticks."""
    model, data, rows = record["model"], record["data"], record["rows"]
    last = rows[-1]
    config = {k: v for k, v in model["config"].items() if k != "name"}
    judge = "validation" if data.get("validation") else "test"
    return {
        "Network": f"{model['name']}, {model['parameters']:,} parameters; `{settings(config)}`",
        "Data": data_in_words(data),
        "Recipe": f"`{settings(record['recipe'])}`",
        "Seed": str(record["recipe"]["seed"]),
        "Result": f"after epoch {last['epoch']}: {judge} accuracy {last['test_accuracy']:.4f}, "
        f"{judge} loss {last['test_loss']:.4f}; on the training images "
        f"{last['train_accuracy']:.4f} and {last['train_loss']:.4f}",
        "Band": f"{band_in_words(band)}: {band['why']}" if band else "none recorded yet",
        "Time": duration(record["seconds"]),
        **machine(record["sessions"]),
        "Repeat it": f"`make reproduce RUN={name}`",
    }


def settings(values: dict[str, Any]) -> str:
    """Settings as they would be typed: `epochs=10, lr=0.1`."""
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def data_in_words(data: dict[str, Any]) -> str:
    """Which images, how many, and the fingerprint of exactly these."""
    some = "" if data["subset"] is None else f", a subset (`{data['subset']!r}`)"
    judging = "training images held out to choose by" if data.get("validation") else "to test on"
    return (
        f"`{data['name']}`{some}: {data['train']:,} images to train on, "
        f"{data['test']:,} {judging}; fingerprint `{data['fingerprint']}`"
    )


def band_in_words(band: dict[str, Any]) -> str:
    """The two ends of a band."""
    ends = band["test_accuracy"]
    return "–".join(f"{end:.2f}" if end == round(end, 2) else str(end) for end in ends)


def duration(seconds: float) -> str:
    """A time in the largest units that make sense."""
    minutes, hours = round(seconds / 60), round(seconds) // 3600
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{hours} h {minutes - 60 * hours} min" if hours else f"{minutes} minutes"


def machine(sessions: list[dict[str, Any]]) -> dict[str, str]:
    """Where a run took place, and with which versions; each thing once, in order."""

    def each(words: str) -> str:
        usual = {"processes": 1}  # older records do not say it
        said = (words.format(**usual | session) for session in sessions)
        return "; then ".join(dict.fromkeys(said))

    where = "{device} ({instructions}), {platform}, threads: {threads}, processes: {processes}"
    return {
        "Device": each(where),
        "Versions": each("Python {python}, PyTorch {torch}, densenet_lesson {densenet_lesson}"),
        "Commit": each("`{commit}`"),
    }


def machine_facts(record: dict[str, Any]) -> dict[str, str]:
    """Everything about a benchmark but its results, as pairs of a heading and words."""
    said = {name: str(value) for name, value in record["machine"].items()}
    said = {name[:1].upper() + name[1:]: value for name, value in said.items()}
    measured, command = ", ".join(record.get("results", ())), "python -m tools.benchmark"
    if "rows" in record:
        measured, command = "; ".join(map(gpu_row, record["rows"])), "make gpu"
    return {"Measured": measured, **said, "Repeat it": f"`{command}`"}


def gpu_row(row: dict[str, Any]) -> str:
    """What `make gpu` found, in words: "chapters: passed, 123 passed in 61.73s"."""
    if isinstance(row["value"], str):
        return ", ".join(filter(None, (f"{row['what'].strip()}: {row['value']}", row["unit"])))
    return f"{row['what'].strip()}: {row['value']:,.4g} {row['unit']}"
