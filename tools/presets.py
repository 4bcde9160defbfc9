"""Write what scripts of the book take from Python: configurations, and the pixels of a photograph.

presets.js is for the architecture planner of chapter 6. A preset holds only what differs from the
defaults of its kind, as in `configs.py`. explore_addition_photo.js is for chapter 3.
"""

import json
import sys
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sklearn.datasets import load_sample_image

from densenet_lesson.configs import DENSENETS, RESNETS, Config, DenseNetConfig, ResNetConfig

# How the memory is saved is no part of a preset: the planner shows what each way takes.
LEFT_OUT = {"memory"}

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"

HEADER = """\
/* The networks of densenet_lesson/configs.py. Written by `make presets`: don't edit by hand. */

window.lesson = window.lesson || {};
"""

PHOTO = """\
/* A flower, {size}×{size} pixels: all of red, of green, of blue. The photograph is by vultilion
   (CC BY 2.0), from scikit-learn. Written by `make presets`: don't edit by hand. */

window.lesson = window.lesson || {{}};

window.lesson.flower = {{
  size: {size},
  bytes: "{bytes}",
}};
"""
SIZE, ONTO = 32, 12  # of the photograph on the page, and how many pixels of the original become one


def flower() -> np.ndarray:
    """Return the flower as whole numbers, [3, SIZE, SIZE], each the mean of a square of pixels."""
    side = SIZE * ONTO
    photo = load_sample_image("flower.jpg")[40 : 40 + side, 110 : 110 + side]
    squares = photo.reshape(SIZE, ONTO, SIZE, ONTO, 3).mean(axis=(1, 3))  # [SIZE, SIZE, 3]
    return squares.round().astype(np.uint8).transpose(2, 0, 1)


def photo_script() -> str:
    """Return the text that explore_addition_photo.js should have."""
    return PHOTO.format(size=SIZE, bytes=b64encode(flower().tobytes()).decode())


def script() -> str:
    """Return the text that presets.js should have."""
    defaults = {"densenet": DenseNetConfig(), "resnet": ResNetConfig()}
    networks = {"densenet": DENSENETS, "resnet": RESNETS}
    lines = [HEADER, "window.lesson.defaults = {"]
    lines += [f"  {kind}: {json.dumps(fields(config))}," for kind, config in defaults.items()]
    lines += ["};", "", "window.lesson.presets = {"]
    for kind, configs in networks.items():
        for key, config in configs.items():
            changes = {"kind": kind, **changed(config, defaults[kind])}
            lines.append(f"  {key}: {json.dumps(changes, ensure_ascii=False)},")
    return "\n".join([*lines, "};", ""])


def changed(config: Config, default: Config) -> dict:
    """Return the fields in which a configuration differs from the default one."""
    before = fields(default)
    return {name: value for name, value in fields(config).items() if value != before[name]}


def fields(config: Config) -> dict:
    """Return a configuration as a dictionary, without what the planner has no use for."""
    return {name: value for name, value in asdict(config).items() if name not in LEFT_OUT}


SCRIPTS = {"presets.js": script, "explore_addition_photo.js": photo_script}


def main() -> int:
    """Write the scripts that are not up to date."""
    for name, write in SCRIPTS.items():
        target, text = STATIC / name, write()
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            print("wrote", name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
