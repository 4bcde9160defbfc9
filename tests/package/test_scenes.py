"""Scenes: exact masks, the same on every machine, and nothing shared between training and test."""

import hashlib

import pytest
import torch
from matplotlib.colors import to_hex
from sklearn.datasets import load_sample_image

from densenet_lesson import figures
from densenet_lesson.data import Images
from densenet_lesson.data.scenes import KIND_OF, KINDS, make_scenes, photographs
from densenet_lesson.training.trained import garments


@pytest.fixture(scope="module")
def scenes():
    return make_scenes(garments(), 12, photographs("test"), seed=1)


def test_scenes_have_a_class_for_each_pixel(scenes):
    assert scenes.images.shape == (12, 3, 48, 48) and scenes.images.dtype == torch.uint8
    assert scenes.masks.shape == (12, 48, 48) and scenes.masks.dtype == torch.int64
    assert {0, 1} < set(scenes.masks.unique().tolist()) <= set(range(len(KINDS)))


def test_the_same_seed_makes_the_same_scenes_on_every_machine(scenes):
    again = make_scenes(garments(), 4, photographs("test"), seed=1)
    assert torch.equal(again.images, scenes.images[:4])
    assert torch.equal(again.masks, scenes.masks[:4])
    content = scenes.images.numpy().tobytes() + scenes.masks.numpy().tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == "98eb4c2c2c1f8e77"
    other = make_scenes(garments(), 4, photographs("test"), seed=2)
    assert not torch.equal(other.images, again.images)


def test_a_mask_is_where_the_garments_are_and_nowhere_else():
    white = Images(
        torch.full((1, 1, 28, 28), 255, dtype=torch.uint8),
        torch.tensor([8]),
        garments().class_names,
    )
    black = [torch.zeros(3, 160, 170, dtype=torch.uint8)] * 2
    found = make_scenes(white, 20, black, size=40, seed=3)
    photos = slice(1, None, 2)  # the others are textures
    bright = found.images[photos].amin(1) >= 64
    assert torch.equal(bright, found.masks[photos] == KINDS.index("bag"))
    assert bright.any() and not bright.all()


def test_a_kind_belongs_to_each_of_the_ten_classes():
    names = dict(zip(garments().class_names, KIND_OF, strict=True))
    assert KINDS[names["Coat"]] == KINDS[names["Shirt"]] == "top"
    assert KINDS[names["Sandal"]] == KINDS[names["Ankle boot"]] == "shoe"
    assert KINDS[names["Dress"]] == "dress" and KINDS[names["Trouser"]] == "trousers"


def test_training_and_test_see_different_parts_of_the_photographs():
    for name, left, right in zip(
        ("china.jpg", "flower.jpg"), photographs("train"), photographs("test"), strict=True
    ):
        whole = torch.from_numpy(load_sample_image(name).copy()).permute(2, 0, 1)
        assert torch.equal(torch.cat([left, right], dim=2), whole)
        assert left.shape[2] == 480 and right.shape[2] == 160


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 20}, "size=20 must be at least 28"),
        ({"count": 0}, "count=0 must be"),
        ({"photographs": [torch.zeros(3, 99, 200).byte()]}, "at least 160 pixels each way"),
        ({"garments": Images.of(torch.zeros(1, 28, 28).byte(), [0])}, "ten classes"),
    ],
)
def test_scenes_that_can_t_be_made_are_refused(change, message):
    arguments = {"garments": garments(), "count": 1, "photographs": photographs("test")} | change
    with pytest.raises(ValueError, match=message):
        make_scenes(**arguments)


def test_another_part_of_the_photographs_is_refused():
    with pytest.raises(ValueError, match="part='all' must be"):
        photographs("all")


ALT = "What there is to be seen."


def test_class_maps_show_pictures_classes_and_wrong_pixels(scenes):
    pictures, truth = scenes.images[:2] / 255, scenes.masks[:2]
    wrong = truth == 1
    drawing = figures.class_maps(pictures, {"truth": truth, "wrong": wrong}, KINDS, ALT)
    shown = [axes.images[0] for axes in drawing.axes]
    assert len(shown) == 6 and drawing.alt == ALT
    torch.testing.assert_close(torch.tensor(shown[1].get_array()), pictures[1].permute(1, 2, 0))
    assert (shown[3].get_array() == truth[1].numpy()).all()
    assert (shown[4].get_array() == wrong[0].numpy()).all()
    legend = drawing.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == list(KINDS)
    colors = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()]
    assert colors == [to_hex(shown[2].to_rgba(kind)) for kind in range(len(KINDS))]
    assert [to_hex(shown[4].to_rgba(value)) for value in (0, 1)] == ["#ffffff", figures.INK.lower()]


@pytest.mark.parametrize(
    ("count", "maps", "message"),
    [
        (0, {}, "1 to 6; there are 0"),
        (7, {}, "1 to 6; there are 7"),
        (1, {"truth": torch.zeros(1, 4, 4)}, r"maps\['truth'\] must be \(1, 48, 48\)"),
    ],
)
def test_class_maps_that_have_no_room_or_don_t_fit_are_refused(count, maps, message):
    with pytest.raises(ValueError, match=message):
        figures.class_maps(torch.zeros(count, 3, 48, 48), maps, KINDS, ALT)
