"""The trained networks that come along, and the tool that packs them."""

import json

import pytest
import torch

from course import ROOT
from densenet_lesson import build, data
from densenet_lesson.data.images import Images
from densenet_lesson.training import Recipe, records, train
from densenet_lesson.training.evaluation import evaluate
from densenet_lesson.training.records import load_record
from densenet_lesson.training.trained import (
    garment_labels,
    garments,
    load_trained,
    pack,
    trained_names,
    unpack,
)
from tools import pack_weights

FOLDER = ROOT / "book" / "results" / "weights"


def images_of(name: str) -> Images:
    """The test images of a data set; of a large one those that come along."""
    if name == "digits":
        return data.load(name)[1]
    head, _, pixels = (FOLDER / f"{name}_images.u8").read_bytes().partition(b"\n")
    header = json.loads(head)
    shape = (-1, 1, header["size"], header["size"])
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(shape)
    return Images(images, torch.tensor(header["labels"]), tuple(header["class_names"]))


@pytest.mark.parametrize("name", trained_names())
def test_a_trained_network_is_as_good_as_its_record_says(name, one_thread):
    record = load_record(name)
    images = images_of(record.data["name"])
    _, accuracy = evaluate(load_trained(name), images, **record.inputs)
    allowed = 0.004 if len(images) == record.data["test"] else 0.1  # 50 images: two deviations
    assert accuracy == pytest.approx(record.rows[-1]["test_accuracy"], abs=allowed)


@pytest.mark.parametrize("name", trained_names())
def test_a_file_says_what_its_record_says(name):
    content, record = (FOLDER / f"{name}.f16").read_bytes(), load_record(name)
    header, tensors = unpack(content)
    assert (header["build"], header["config"]) == (record.model["build"], record.model["config"])
    assert (header["mean"], header["std"]) == (record.data["mean"], record.data["std"])
    assert header["test_accuracy"] == record.rows[-1]["test_accuracy"]
    learned = {key for key, _ in load_trained(name).named_parameters()}
    assert sum(tensors[key].numel() for key in learned) == record.model["parameters"]


def test_the_offered_images_are_the_first_test_images():
    for name, count in pack_weights.IMAGES.items():
        stored = (FOLDER / f"{name}_images.u8").read_bytes()
        if name == "digits":  # the others are not on every machine
            assert stored == pack_weights.pack_images(name, count)
        assert len(stored.partition(b"\n")[2]) % count == 0


def test_chapter_0_s_garments_are_the_first_test_images_and_are_read():
    found, few = garments(), images_of("fashion_mnist")
    assert len(found) == pack_weights.GARMENTS == 1000
    assert torch.equal(found.images[: len(few)], few.images)
    assert torch.equal(found.labels[: len(few)], few.labels)
    assert found.class_names == few.class_names
    assert (FOLDER / "garments_images.npz").stat().st_size < 500_000


def test_the_labels_of_all_test_garments_begin_with_those_of_chapter_0_s():
    labels = garment_labels()
    assert labels[:1000].tolist() == garments().labels.tolist()
    assert [int((labels == number).sum()) for number in range(10)] == [1000] * 10


def test_what_is_packed_is_unpacked_again():
    model = build("densenet_digits", growth_rate=2, block_config=(1, 1), num_init_features=3)
    header, tensors = unpack(pack({"build": "mine"}, model.state_dict()))
    assert header["build"] == "mine"
    for name, tensor in model.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(tensors[name], tensor.half().float())


@pytest.mark.parametrize("damage", [lambda c: c[:-2], lambda c: b"x" + c, lambda c: b"{}\n"])
def test_a_damaged_file_is_refused(damage):
    content = pack({}, {"weight": torch.ones(2, 3)})
    with pytest.raises(ValueError, match="whole file of the format 'densenet_lesson weights 1'"):
        unpack(damage(content))


def test_an_unknown_network_gets_the_names_of_those_that_are_there():
    with pytest.raises(ValueError, match="name='mine' must be .*'microscope_k12'"):
        load_trained("mine")


def test_a_finished_run_is_packed_with_its_record(tmp_path, monkeypatch, one_thread):
    results = tmp_path / "results"
    monkeypatch.setattr(pack_weights, "RESULTS", results)
    monkeypatch.setattr(records, "FOLDERS", (results,))
    images = [part.subset(20) for part in data.load("digits")]
    model = build("densenet_digits", growth_rate=2, block_config=(1, 1), num_init_features=3)
    folder = tmp_path / "mine"
    options = {"checkpoint": folder / "checkpoint.pt", "progress": False, "device": "cpu"}
    history = train(model, *images, Recipe(epochs=1, batch_size=10), **options)
    history.model["build"], history.data["name"] = "densenet_digits", "digits"
    (folder / "record.json").write_text(history.to_json(), encoding="utf-8")
    assert pack_weights.main([str(folder)]) == 0
    assert load_record("mine").to_json() == history.to_json() and trained_names() == ["mine"]
    for name, tensor in load_trained("mine").named_parameters():
        assert torch.equal(tensor, model.get_parameter(name).half().float())
