"""Write the package's configurations into book/_static/presets.js, for the architecture planner.

A preset holds only what differs from the defaults of its kind, as in `configs.py`.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from densenet_lesson.configs import DENSENETS, RESNETS, Config, DenseNetConfig, ResNetConfig

# How the memory is saved is no part of a preset: the planner shows what each way takes.
LEFT_OUT = {"memory"}

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "presets.js"

HEADER = """\
/* The networks of densenet_lesson/configs.py. Written by `make presets`: don't edit by hand. */

window.lesson = window.lesson || {};
"""


def script() -> str:
    """Return the text that presets.js should have."""
    defaults = {"densenet": DenseNetConfig(), "resnet": ResNetConfig()}
    networks = {"densenet": DENSENETS, "resnet": RESNETS}
    lines = [HEADER, "window.lesson.defaults = {"]
    lines += [f"  {kind}: {written(fields(config))}," for kind, config in defaults.items()]
    lines += ["};", "", "window.lesson.presets = {"]
    for kind, configs in networks.items():
        for key, config in configs.items():
            changes = {"kind": kind, **changed(config, defaults[kind])}
            lines.append(f"  {key}: {written(changes)},")
    return "\n".join([*lines, "};", ""])


def changed(config: Config, default: Config) -> dict:
    """Return the fields in which a configuration differs from the default one."""
    before = fields(default)
    return {name: value for name, value in fields(config).items() if value != before[name]}


def fields(config: Config) -> dict:
    """Return a configuration as a dictionary, without what the planner has no use for."""
    return {name: value for name, value in asdict(config).items() if name not in LEFT_OUT}


def written(values: dict) -> str:
    """Write values as a JavaScript object."""
    return json.dumps(values, ensure_ascii=False)


def main() -> int:
    """Write presets.js if it is not up to date."""
    text = script()
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        TARGET.write_text(text, encoding="utf-8")
        print("wrote", TARGET.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
