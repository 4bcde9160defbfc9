"""Chapter 11's runs: three ways to begin, norms that stay, and what is recorded."""

import pytest
import torch
from torch import nn

from densenet_lesson import data
from densenet_lesson.training import Recipe, predict, train
from densenet_lesson.training.trained import load_trained
from densenet_lesson.training.transfer import SIZE, SOURCE, WAYS, hold_norms, load_transfer, start
from tools import transfer as tool

pytestmark = pytest.mark.usefixtures("one_thread")


def test_fine_tuning_starts_with_all_that_was_learned_but_the_head():
    learned = load_trained(SOURCE).state_dict()
    for way in ("fine-tuned", "norms held"):
        begun = start(way)[1].state_dict()
        different = [key for key in learned if not torch.equal(learned[key], begun[key])]
        assert different == ["classifier.weight", "classifier.bias"]


def test_from_scratch_starts_with_nothing_and_differs_by_its_seed():
    learned = load_trained(SOURCE).state_dict()["features.conv0.weight"]
    first, second = (
        start("from scratch", seed).state_dict()["1.features.conv0.weight"] for seed in (0, 1)
    )
    assert not torch.equal(first, learned) and not torch.equal(first, second)
    assert torch.equal(first, start("from scratch", 0).state_dict()["1.features.conv0.weight"])


def test_an_unknown_way_lists_the_known_ones():
    with pytest.raises(ValueError, match="^way='frozen' must be .*from scratch.*norms held"):
        start("frozen")


def test_held_norms_keep_their_averages_and_learn_their_scales():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 36, 10)]
    model = hold_norms(nn.Sequential(*layers))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    images = data.load("digits")[0].subset(20)
    train(model, images, images, Recipe(epochs=1), device="cpu", progress=False)
    after = model.state_dict()
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.equal(before[f"1.{name}"], after[f"1.{name}"])
    assert not torch.equal(before["1.weight"], after["1.weight"])


def test_the_recorded_runs_are_complete_and_better_than_guessing():
    found = load_transfer()
    assert tuple(found) == WAYS
    for runs in found.values():
        assert len(runs[10]) == len(runs[100]) == 5
        assert list(runs) == [10, 100, 1000]
        for right in runs.values():
            assert len(right) == 5 and all(36 < count <= 360 for count in right)
        means = [sum(right) / len(right) for right in runs.values()]
        assert means == sorted(means)  # more labels, more right answers


@pytest.mark.slow
def test_a_recorded_run_can_be_repeated():
    pool, test = data.load("digits")
    again = tool.right("fine-tuned", 10, 0, pool, test)
    assert again == pytest.approx(load_transfer()["fine-tuned"][10][0], abs=30)


def test_a_run_that_was_cut_off_goes_on(tmp_path, monkeypatch):
    file = tmp_path / "transfer" / "digits.json"
    monkeypatch.setattr(tool, "FILE", file)
    made = []

    def right(way, labels, seed, *images):
        made.append((way, labels, seed))
        if len(made) == 3:
            raise KeyboardInterrupt
        return labels

    monkeypatch.setattr(tool, "right", right)
    with pytest.raises(KeyboardInterrupt):
        tool.main()
    assert tool.main() == 0
    assert len(made) == 46 and len(set(made)) == 45  # the one that was cut off, twice


def test_what_learns_gives_a_score_for_each_digit():
    images = data.load("digits")[1].subset(4)
    assert predict(start("norms held"), images, size=SIZE).shape == (4, 10)
