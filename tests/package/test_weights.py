"""Published weights: from torch's cache, with the names of old files, and what can go wrong."""

from __future__ import annotations

import re
from urllib.error import URLError

import pytest
import torch
import torchvision

import densenet_lesson
from densenet_lesson import build, densenet121
from densenet_lesson.models import PUBLISHED, WeightsError, course_names

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty torch cache, and no network."""

    def refuse(*args, **kwargs):
        raise URLError("no network in this test")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def file_name(name):
    entry = torchvision.models.get_model_weights(name).IMAGENET1K_V1
    return entry.url.rpartition("/")[2]


def old_names(state):
    """A DenseNet's state dict as torchvision's files have it: norm.1, and no counted batches."""
    old = {re.sub(r"(denselayer\d+)\.(norm|conv)([12])", r"\1.\2.\3", k): v for k, v in state}
    return {key: tensor for key, tensor in old.items() if "num_batches" not in key}


def published(name, cache):
    """Put a network of torchvision, with random weights, where the published file would be."""
    torch.manual_seed(1)
    options = {"init_weights": False} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, **options)
    state = model.state_dict()
    torch.save(
        old_names(state.items()) if name.startswith("densenet") else state, cache / file_name(name)
    )
    return model


@pytest.mark.parametrize("name", ["densenet121", "googlenet", "resnet18"])
def test_published_weights_load_and_give_torchvision_s_outputs(name, cache):
    theirs = published(name, cache).eval()
    ours = getattr(densenet_lesson, name)(weights="imagenet").eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-4)
    again = build(name, weights="imagenet").eval()
    torch.testing.assert_close(again.state_dict(), ours.state_dict())


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_network_has_a_builder_and_takes_the_names_of_its_file(name):
    with torch.device("meta"):
        options = {"init_weights": False} if name == "googlenet" else {}
        theirs = getattr(torchvision.models, name)(weights=None, **options).state_dict()
        ours = getattr(densenet_lesson, name)().state_dict()
    file = old_names(theirs.items()) if name.startswith("densenet") else theirs
    counted = {k for k in ours if "num_batches" in k}
    assert course_names(file, name).keys() | counted == ours.keys()


def test_without_a_network_the_error_says_what_to_do(cache):
    with pytest.raises(WeightsError) as caught:
        densenet121(weights="imagenet")
    message = str(caught.value)
    assert "Is there a network?" in message
    assert "https://download.pytorch.org/models/densenet121" in message
    assert str(cache / file_name("densenet121")) in message
    assert not list(cache.iterdir())  # nothing half-written


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_named(content, cache):
    (cache / file_name("resnet18")).write_bytes(content)
    with pytest.raises(WeightsError, match=r"resnet18.* can't be read: delete it"):
        build("resnet18", weights="imagenet")


class Exploit:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of a stranger')",))


def test_a_file_cannot_run_code(cache):
    torch.save({"fc.weight": Exploit()}, cache / file_name("resnet18"))
    with pytest.raises(WeightsError, match="can't be read"):
        build("resnet18", weights="imagenet")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: densenet121(weights="cifar"), "weights='cifar' must be 'imagenet'"),
        (lambda: densenet121(weights=True), "weights=True must be 'imagenet'"),
        (
            lambda: build("densenet264", weights="imagenet"),
            "not published for 'densenet264': only for alexnet",
        ),
        (
            lambda: densenet_lesson.lenet5(weights="imagenet"),
            "not published for 'lenet5': only for alexnet",
        ),
    ],
)
def test_other_weights_get_an_error_that_says_what_is_right(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_changed_network_does_not_fit(cache):
    published("resnet18", cache)
    message = r"resnet18: fc.bias has shape \(10,\) here and \(1000,\) in the file"
    with pytest.raises(ValueError, match=message):
        build("resnet18", weights="imagenet", num_classes=10)
    with pytest.raises(ValueError, match=r"downsample.* has shape None here"):
        build("resnet18", weights="imagenet", shortcut="A")
