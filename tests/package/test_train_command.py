"""The command `python -m densenet_lesson.train`."""

import getpass
import json
import platform
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
import torch
from training_helpers import make_images, numbers, save_npz

import densenet_lesson
from densenet_lesson import get_config
from densenet_lesson import train as command
from densenet_lesson.data import Images
from densenet_lesson.training import checkpoint, loop
from densenet_lesson.training.history import History
from densenet_lesson.training.recipe import RECIPES, Recipe

pytestmark = pytest.mark.usefixtures("same_threads_afterwards")
SMALL = ["--change", "block_config=(1, 1)", "--change", "growth_rate=4", "--threads", "1"]


@pytest.fixture
def data(tmp_path) -> str:
    """An .npz file of 24 + 8 images of 8×8 pixels, of 4 classes."""
    path = tmp_path / "secret folder" / "sides.npz"
    path.parent.mkdir()
    return save_npz(path, make_images(24), make_images(8, seed=1))


@pytest.fixture
def small(data, tmp_path) -> list[str]:
    return [*SMALL, "--data", data, "--out", str(tmp_path / "out"), "--epochs", "2",
            "--batch-size", "8"]  # fmt: skip


def read(tmp_path: Path) -> History:
    return History.from_json((tmp_path / "out" / "record.json").read_text())


def test_the_record_says_what_ran(small, tmp_path, capsys):
    code = command.main([*small, "--lr", "0.05", "--no-nesterov", "--seed", "4", "--subset", "20",
                         "--threads", "3"])  # fmt: skip
    assert code == 0
    record = read(tmp_path)
    assert record.recipe == asdict(Recipe(epochs=2, batch_size=8, lr=0.05, nesterov=False, seed=4))
    assert record.model["build"] == "densenet_digits"
    config = densenet_lesson.get_config(
        "densenet_digits", block_config=(1, 1), growth_rate=4, num_classes=4
    )
    assert record.model["config"] == json.loads(json.dumps(asdict(config)))
    parameters = densenet_lesson.build(config).parameters()
    assert record.model["parameters"] == sum(parameter.numel() for parameter in parameters)
    names = ("name", "subset", "train", "test")
    assert [record.data[name] for name in names] == ["sides.npz", 20, 20, 8]
    assert record.environment["threads"] == 3
    assert [row["epoch"] for row in record.rows] == [1, 2]
    assert capsys.readouterr().out == f"{record}\n"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"checkpoint.pt", "record.json"}


def test_with_a_validation_set_the_test_images_are_not_looked_at(small, tmp_path, data):
    assert command.main([*small, "--validation", "4", "--subset", "16", "--seed", "7"]) == 0
    record, (train_images, _) = read(tmp_path), densenet_lesson.data.load(data)
    held_out = train_images.split(4)[1]  # the same whatever the seed
    names = ("validation", "subset", "train", "test")
    assert [record.data[name] for name in names] == [4, 16, 16, 4]
    assert record.data["fingerprint"].endswith(checkpoint.fingerprint(held_out))
    assert record.judge == "validation"


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--model", "densenet_d2l"], 96),  # 8×8 pixels would not survive its poolings
        (["--model", "densenet_d2l", "--size", "40"], 40),
        (["--model", "densenet_digits"], None),
    ],
)
def test_images_too_small_for_the_network_are_resized_to_its_own_size(
    options, size, data, tmp_path
):
    small = ["--change", "growth_rate=4", "--epochs", "1", "--batch-size", "24"]
    assert command.main([*options, *small, "--data", data, "--out", str(tmp_path / "out")]) == 0
    assert read(tmp_path).recipe["size"] == size


def test_the_record_has_no_path_user_or_host(small, tmp_path):
    command.main(small)
    text = (tmp_path / "out" / "record.json").read_text()
    for word in ("/", "\\", "secret", platform.node(), getpass.getuser()):
        assert word not in text


def test_the_command_does_what_the_function_does(small, tmp_path, data):
    command.main([*small, "--seed", "3"])
    torch.manual_seed(3)
    changes = {"block_config": (1, 1), "growth_rate": 4, "num_classes": 4}
    model = densenet_lesson.build("densenet_digits", **changes)
    images, test = densenet_lesson.data.load(data)
    recipe = Recipe(epochs=2, batch_size=8, seed=3)
    history = loop.train(model, images, test, recipe, progress=False)
    assert numbers(read(tmp_path)) == numbers(history)


def test_interrupted_and_called_again_it_goes_on(small, tmp_path, monkeypatch, capsys):
    command.main(small)
    expected, calls, step = numbers(read(tmp_path)), [], loop.train_step

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 3 + 2:  # in the second epoch
            raise KeyboardInterrupt
        return step(*args)

    (tmp_path / "out" / "record.json").unlink()
    monkeypatch.setattr(loop, "train_step", interrupted)
    capsys.readouterr()
    assert command.main([*small, "--fresh"]) == 130
    shown = capsys.readouterr()
    assert (
        shown.err == "train: interrupted; the same command goes on after the last finished epoch\n"
    )
    assert shown.out == ""
    assert not (tmp_path / "out" / "record.json").exists()
    assert command.main(small) == 0
    assert numbers(read(tmp_path)) == expected
    assert [session["first_epoch"] for session in read(tmp_path).sessions] == [1, 2]
    assert len(calls) == 5 + 3  # the first epoch was not repeated


def test_fresh_starts_over(small, tmp_path, capsys):
    command.main(small)
    first = numbers(read(tmp_path))
    assert command.main([*small, "--seed", "1"]) == 2
    assert "recipe differs: seed=0, now 1" in capsys.readouterr().err
    assert numbers(read(tmp_path)) == first
    assert command.main([*small, "--seed", "1", "--fresh"]) == 0
    assert numbers(read(tmp_path)) != first


def test_there_is_an_option_for_each_field_of_a_recipe():
    other = Recipe(
        epochs=7,
        batch_size=3,
        lr=0.25,
        optimizer="adamw",
        momentum=0.5,
        nesterov=False,
        weight_decay=0.125,
        schedule="cosine",
        warmup_epochs=1.5,
        label_smoothing=0.1,
        size=20,
        augment="crop",
        normalize=True,
        init="xavier",
        precision="bf16",
        channels_last=False,
        sync_batch_norm=True,
        seed=9,
    )
    words = []
    for item in fields(Recipe):
        value, option = getattr(other, item.name), item.name.replace("_", "-")
        assert value != item.default, "the test must change every field"
        words += [f"--{'' if value else 'no-'}{option}"] if isinstance(value, bool) else [
            f"--{option}", str(value)]  # fmt: skip
    options = command.make_parser().parse_args(words)
    assert command.make_recipe(options) == other


def test_named_recipes_can_be_started_from_and_changed():
    parse = command.make_parser().parse_args
    assert command.make_recipe(parse([])) == Recipe()
    assert command.make_recipe(parse(["--recipe", "d2l"])) == RECIPES["d2l"]
    words = ["--recipe", "paper", "--epochs", "2", "--augment", "none"]
    assert command.make_recipe(parse(words)) == replace(RECIPES["paper"], epochs=2, augment=False)


def test_changes_of_the_network():
    assert command.parse_change("drop_rate=0.2") == ("drop_rate", 0.2)
    assert command.parse_change("bn_size=None") == ("bn_size", None)
    assert command.parse_change("pool=max") == ("pool", "max")
    assert command.parse_change("block_config=(4,4)") == ("block_config", (4, 4))


def test_without_out_the_folder_has_the_names_of_network_and_data(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main([*SMALL, "--data", data, "--epochs", "1"]) == 0
    assert (tmp_path / "runs" / "densenet_digits-sides.npz" / "record.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "vgg"], "unknown network 'vgg'"),
        (["--data", "imagenet"], "name='imagenet' must be one of"),
        (["--data", "nowhere.npz"], "There is no file nowhere.npz"),
        (["--change", "depth"], "change='depth' must be FIELD=VALUE"),
        (["--change", "depth=3"], "unknown option depth=3"),
        (["--subset", "0"], "n=0 must be a positive integer"),
        (["--subset", "3"], "train_images has no image of "),
        (["--threads", "0"], "threads=0 must be a positive integer"),
        (["--device", "abacus"], "device='abacus' is not on this machine"),
        (["--precision", "fp16", "--device", "cpu"], "choose 'bf16' or 'fp32'"),
        (["--epochs", "0"], "epochs=0 must be a whole number of at least 1"),
        (["--augment", "False"], "augment='False' must be"),
        (["--recipe", "mine"], "recipe='mine' must be 'default' or 'd2l' or 'paper'"),
        (["--model", "densenet_d2l", "--change", "block_config=(1,) * 4"], "block_config="),
        (["--change", "block_config=(1, 1, 1, 1, 1)", "--size", "8"], "is too small"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_nothing(small, tmp_path, capsys, options, words):
    assert command.main([*small, *options]) == 2
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.startswith("train: ")
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [["--epochs", "two"], ["--epoch", "2"], ["--no-such-option"]])
def test_words_that_are_no_options_are_one_line(capsys, options):
    with pytest.raises(SystemExit) as caught:
        command.main(options)
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("train: ")
    assert shown.count("\n") == 1


def test_an_error_of_several_lines_becomes_one(capsys):
    assert command.complain("first\n  second", 2) == 2
    assert capsys.readouterr().err == "train: first second\n"


def test_a_loss_of_nan_is_one_line(small, tmp_path, capsys):
    assert command.main([*small, "--lr", "1e30"]) == 1
    shown = capsys.readouterr().err
    assert "smaller lr" in shown
    assert shown.count("\n") == 1
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"checkpoint.pt"}


def test_a_folder_that_can_not_be_written_is_one_line(small, tmp_path, capsys):
    (tmp_path / "out").touch()  # a file is in the way
    assert command.main(small) == 2
    shown = capsys.readouterr().err
    assert "cannot write" in shown or "cannot read" in shown
    assert shown.count("\n") == 1


def test_help_lists_every_setting_with_its_default(capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for item in fields(Recipe):
        assert f"--{item.name.replace('_', '-')}" in text
        assert item.metadata["help"] in text
    assert "at 50 % and at 75 % of the run) (default step)" in text
    assert "(default none)" in text
    assert "for sgd (default yes)" in text


def test_on_the_digits_nothing_is_said_but_the_record(tmp_path, capfd):
    words = [*SMALL, "--epochs", "1", "--subset", "64", "--out", str(tmp_path / "out")]
    assert command.main(words) == 0
    assert capfd.readouterr() == (f"{read(tmp_path)}\n", "")  # conftest.py hides the progress bar
    assert read(tmp_path).data["name"] == "digits"


def test_a_classic_network_gets_images_of_its_own_size(data, tmp_path):
    lenet = ["--model", "lenet5", "--data", data, "--out", str(tmp_path / "out"), "--epochs", "1"]
    assert command.main([*lenet, "--threads", "1"]) == 0  # the images have 8×8 pixels
    record = read(tmp_path)
    assert record.recipe["size"] == record.model["config"]["image_size"] == 28
    assert command.main([*lenet, "--threads", "1", "--size", "16", "--fresh"]) == 0
    record = read(tmp_path)
    assert record.recipe["size"] == record.model["config"]["image_size"] == 16


@pytest.mark.parametrize("shape", [(4, 40), (40, 4)])
def test_oblong_images_are_resized_when_their_shorter_side_is_too_small(shape):
    images = Images(torch.zeros(2, 1, *shape, dtype=torch.uint8), torch.tensor([0, 1]), ("a", "b"))
    config = get_config("densenet_d2l")
    assert command.fit_size(Recipe(), config, images).size == config.image_size
