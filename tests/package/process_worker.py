"""One of the processes of test_processes.py: train with a checkpoint, or stop on the way."""

import sys
import threading
from pathlib import Path

import torch
from test_processes import RECIPE, Stop

from densenet_lesson import build, data
from densenet_lesson.training import loop, processes


def main(out: str, npz: str, cut_off: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(RECIPE.seed)
    model = build("lenet5", in_channels=1, num_classes=4, image_size=16)
    epochs = loop.train_epoch

    def stop(run, bar):
        if cut_off and run.epoch == 1:
            processes.wait()  # the checkpoint of the first epoch is written
            raise Stop
        return epochs(run, bar)

    loop.train_epoch = stop
    before = threads()
    try:
        with processes.process_group("cpu") as device:
            options = {"device": device, "checkpoint": Path(out) / "checkpoint.pt"}
            history = loop.train(model, *data.load(npz), RECIPE, progress=False, **options)
            if processes.rank() == 0:
                (Path(out) / "record.json").write_text(history.to_json())
    finally:
        left = len(threads() - before)  # in one piece, since two processes write
        print(f"threads of the group that are left: {left}\n", end="")


def threads() -> set[str]:
    """The threads of this process that are not Python's, where the system tells (Linux)."""
    python = {str(thread.native_id) for thread in threading.enumerate()}  # tqdm has one
    return {task.name for task in Path("/proc/self/task").glob("*")} - python


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], len(sys.argv) > 3)
