"""One of the processes of tests/test_processes.py: train with a checkpoint, or stop on the way."""

import sys
from pathlib import Path

import torch
from test_processes import RECIPE, Stop

from densenet_lesson import build, data, processes, training


def main(out: str, npz: str, cut_off: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(RECIPE.seed)
    model = build("lenet5", in_channels=1, num_classes=4, image_size=16)
    epochs = training.train_epoch

    def stop(run, bar):
        if cut_off and run.epoch == 1:
            processes.wait()  # the checkpoint of the first epoch is written
            raise Stop
        return epochs(run, bar)

    training.train_epoch = stop
    with processes.process_group("cpu") as device:
        options = {"device": device, "checkpoint": Path(out) / "checkpoint.pt", "progress": False}
        history = training.train(model, *data.load(npz), RECIPE, **options)
        if processes.rank() == 0:
            (Path(out) / "record.json").write_text(history.to_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], len(sys.argv) > 3)
