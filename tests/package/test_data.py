"""densenet_lesson.data, held against Pillow, torchvision, scikit-learn and a web server of our own.

No test needs a network: downloads come from a server on this machine, with tiny data.
"""

import gzip
import hashlib
import io
import pickle
import re
import signal
import socket
import struct
import tarfile
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets
from torchvision.transforms import functional

import missing
from densenet_lesson import data
from densenet_lesson.data import Batches, DataError, Images, channel_statistics, load, resize

FILES = [name for name, _ in datasets.MNIST.resources]


def random_pixels(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def make_images(n=20, channels=1, size=8, classes=4, seed=0):
    labels = torch.arange(n) % classes
    names = tuple(f"class {i}" for i in range(classes))
    return Images(random_pixels(n, channels, size, size, seed=seed), labels, names)


# ---- Images ----


def test_images_know_their_length_channels_and_classes():
    images = make_images(n=20, channels=3, classes=4)
    assert (len(images), images.channels, images.num_classes) == (20, 3, 4)
    assert repr(images) == "Images(20 of 3×8×8, 4 classes, cpu)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(3, 1, 8, 8)}, r"images .*uint8.*got torch.float32 \[3, 1, 8, 8\]"),
        ({"images": np.zeros((3, 1, 8, 8), np.uint8)}, "images .*uint8 tensor.*got ndarray"),
        ({"images": random_pixels(3, 8, 8)}, r"images .*\[N, C, H, W\].*\[3, 8, 8\]"),
        ({"images": random_pixels(3, 8, 8, 1)}, r"images .*C = 1 or 3.*\[3, 8, 8, 1\]"),
        ({"images": random_pixels(3, 1, 0, 8)}, r"images .*at least 1.*\[3, 1, 0, 8\]"),
        ({"labels": torch.zeros(3)}, r"labels .*int64.*torch.float32 \[3\]"),
        ({"labels": [0, 1, 1]}, "labels .*int64.*list"),
        ({"labels": torch.zeros(3, 1, dtype=torch.int64)}, r"labels .*\[N\].*\[3, 1\]"),
        ({"labels": torch.tensor([0, 1])}, "labels .*one each.*2 labels.*3 images"),
        ({"labels": torch.tensor([0, 1, 2])}, "labels must be 0 to 1.*got 0 to 2"),
        ({"labels": torch.tensor([0, -1, 1])}, "labels must be 0 to 1.*got -1 to 1"),
        ({"class_names": ["a", "b"]}, "class_names must be a tuple"),
        ({"class_names": (0, 1)}, r"class_names must be a tuple of strings, got \(0, 1\)"),
    ],
)
def test_images_that_do_not_fit_are_refused_by_name(change, message):
    right = {"images": random_pixels(3, 1, 8, 8), "labels": torch.tensor([0, 1, 1])}
    with pytest.raises(ValueError, match=message):
        Images(**{**right, "class_names": ("a", "b"), **change})


def test_images_cannot_be_reassigned():
    with pytest.raises(AttributeError):
        make_images().labels = torch.zeros(20, dtype=torch.int64)


def test_to_keeps_everything():
    images = make_images()
    moved = images.to("cpu")
    assert torch.equal(moved.images, images.images) and torch.equal(moved.labels, images.labels)
    assert moved.class_names == images.class_names


def test_subset_balances_the_classes():
    counts = make_images(n=400, classes=4).subset(42).labels.bincount().tolist()
    assert sorted(counts) == [10, 10, 11, 11]


def test_subset_of_a_rare_class_takes_all_of_it_and_fills_up_with_others():
    labels = torch.tensor([0] * 3 + [1] * 50 + [2] * 50)
    images = Images(random_pixels(103, 1, 2, 2), labels, ("rare", "b", "c"))
    counts = images.subset(30).labels.bincount().tolist()
    assert counts[0] == 3 and sorted(counts[1:]) in ([13, 14], [14, 13])


def test_subset_draws_different_images_each_with_its_own_label():
    pixels = torch.arange(200, dtype=torch.uint8).reshape(200, 1, 1, 1)
    images = Images(pixels, torch.arange(200) % 5, tuple("abcde"))
    part = images.subset(60)
    drawn = part.images.flatten()
    assert len(drawn.unique()) == 60
    assert torch.equal(drawn.long() % 5, part.labels)
    assert drawn.tolist() != sorted(drawn.tolist())


def test_subset_depends_on_the_seed_and_nothing_else():
    images = make_images(n=100)
    torch.manual_seed(1)
    first = images.subset(30, seed=3).images
    torch.manual_seed(2)
    assert torch.equal(first, images.subset(30, seed=3).images)
    assert not torch.equal(first, images.subset(30, seed=4).images)


@pytest.mark.parametrize("n", [0, -1, 21, 2.0, True])
def test_subset_refuses_a_wrong_number(n):
    with pytest.raises(ValueError, match="^n="):
        make_images(n=20).subset(n)


def test_a_split_holds_out_a_balanced_part_and_keeps_the_rest_in_order():
    pixels = torch.arange(240, dtype=torch.uint8).reshape(240, 1, 1, 1)
    images = Images(pixels, torch.arange(240) % 4, tuple("abcd"))
    rest, held_out = images.split()  # a twelfth, as 5,000 are of 60,000
    assert held_out.labels.bincount().tolist() == [5, 5, 5, 5]
    kept, out = rest.images.flatten().tolist(), held_out.images.flatten().tolist()
    assert sorted(kept + out) == list(range(240)) and kept == sorted(kept)
    assert torch.equal(rest.images.flatten() % 4, rest.labels)
    assert torch.equal(held_out.images.flatten() % 4, held_out.labels)


def test_a_split_takes_a_number_or_a_share_and_depends_on_its_seed_alone():
    images = make_images(n=120)
    by_share, by_number = images.split(0.25)[1], images.split(30)[1]
    assert torch.equal(by_share.images, by_number.images) and len(by_share) == 30
    assert not torch.equal(by_number.images, images.split(30, seed=1)[1].images)


@pytest.mark.parametrize("held_out", [0, 20, 1.5, 0.0, 0.001, 0.999, True])
def test_a_split_refuses_what_would_leave_nothing(held_out):
    with pytest.raises(ValueError, match="^held_out="):
        make_images(n=20).split(held_out)


# ---- resize ----


def pillow_resize(images, *sizes):
    """Resize with Pillow, image by image; sizes are (width, height), one after the other."""
    done = []
    for image in images:
        array = image[0] if len(image) == 1 else image.permute(1, 2, 0).contiguous()
        picture = Image.fromarray(array.numpy())
        for size in sizes:
            picture = picture.resize(size, Image.Resampling.BILINEAR)
        result = torch.from_numpy(np.array(picture))
        done.append(result[None] if len(image) == 1 else result.permute(2, 0, 1))
    return torch.stack(done)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("old", [1, 2, 8, 28, 32, 37, 96])
def test_resize_equals_pillow_bit_for_bit(channels, old):
    images = random_pixels(70, channels, old, old)  # more than are resized at a time
    images[:3] = (images[:3] > 127) * 255  # the hardest contrasts
    for new in [1, 2, 5, 8, 17, 28, 31, 32, 45, 56, 64, 96, 97, 224]:
        resized = resize(images, new)
        assert resized.dtype == torch.uint8
        assert torch.equal(resized, pillow_resize(images, (new, new))), f"{old} to {new}"


@pytest.mark.parametrize(("height", "width"), [(20, 50), (50, 20), (1, 40), (40, 1)])
def test_resize_of_oblong_images_equals_pillow_width_first(height, width):
    images = random_pixels(3, 3, height, width)
    for new in (7, 32, 61):
        expected = pillow_resize(images, (new, height), (new, new))
        assert torch.equal(resize(images, new), expected)


def test_resize_does_not_depend_on_the_memory_format():
    images = random_pixels(20, 3, 32, 32)
    channels_last = images.contiguous(memory_format=torch.channels_last)
    turned = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    for other in (channels_last, turned):
        assert not other.is_contiguous()
        assert torch.equal(resize(other, 45), resize(images, 45))


def test_resize_to_the_same_size_returns_the_images_themselves():
    images = random_pixels(2, 1, 8, 8)
    assert resize(images, 8) is images


@pytest.mark.parametrize("size", [0, -3, 2.5, True, None, (8, 8)])
def test_resize_refuses_a_wrong_size(size):
    with pytest.raises(ValueError, match="^size="):
        resize(random_pixels(2, 1, 8, 8), size)


def test_resize_refuses_images_that_are_not_uint8():
    with pytest.raises(ValueError, match="^images must be a uint8 tensor"):
        resize(torch.rand(2, 1, 8, 8), 16)


# ---- Batches ----


def numbered(n):
    """Images of one pixel that say which one they are."""
    pixels = torch.arange(n, dtype=torch.uint8).reshape(n, 1, 1, 1)
    return Images(pixels, torch.arange(n) % 3, ("a", "b", "c"))


def numbers(batches):
    return [round(value) for x, _ in batches for value in (x.flatten() * 255).tolist()]


def test_batches_hold_every_image_once_in_order_with_its_label():
    batches = Batches(numbered(50), 16)
    assert numbers(batches) == list(range(50))
    assert torch.equal(torch.cat([y for _, y in batches]), torch.arange(50) % 3)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [16, 50, 64])
def test_length_is_the_number_of_batches(n, drop_last):
    batches = Batches(numbered(n), 16, drop_last=drop_last)
    sizes = [len(x) for x, _ in batches]
    assert len(sizes) == len(batches)
    assert sum(sizes) == (n // 16 * 16 if drop_last else n)
    assert set(sizes[:-1]) <= {16}


def test_batches_are_floats_from_0_to_1_and_int64_labels():
    images = make_images(channels=3, size=8)
    x, y = next(iter(Batches(images, 20)))
    assert (x.dtype, y.dtype, x.shape) == (torch.float32, torch.int64, (20, 3, 8, 8))
    assert torch.equal(x, functional.convert_image_dtype(images.images))


def test_shuffled_batches_hold_every_image_once_with_its_label():
    batches = Batches(numbered(100), 16, shuffle=True)
    drawn = numbers(batches)
    assert drawn != list(range(100)) and sorted(drawn) == list(range(100))
    assert torch.cat([y for _, y in batches]).tolist() == [number % 3 for number in drawn]


def test_order_depends_only_on_seed_and_epoch():
    def order(seed, epoch):
        batches = Batches(numbered(100), 7, shuffle=True, seed=seed)
        batches.epoch = epoch
        torch.manual_seed(time.time_ns() % 2**32)  # what the rest of the program draws
        return tuple(numbers(batches))

    assert order(3, 5) == order(3, 5)
    wanted = [(seed, epoch) for seed in (-1, 0, 1, 2, 2**31) for epoch in (0, 1, 2, 299)]
    assert len({order(seed, epoch) for seed, epoch in wanted}) == len(wanted)


def test_order_does_not_depend_on_augmentation_or_batch_size():
    plain = Batches(numbered(100), 7, shuffle=True)
    other = Batches(numbered(100), 32, shuffle=True, augment="crop-flip")
    assert torch.equal(torch.cat([y for _, y in plain]), torch.cat([y for _, y in other]))


def torchvision_crops(image):
    """Every crop that padding by 4 allows, made by torchvision: {(top, left): pixels}."""
    height, width = image.shape[-2:]
    padded = functional.pad(image, 4)
    return {
        (top, left): functional.crop(padded, top, left, height, width)
        for top in range(9)
        for left in range(9)
    }


def places_of(batch, image):
    """Find (top, left, mirrored) of each augmented copy of image, by torchvision's own crops."""
    known = {}
    for (top, left), crop in torchvision_crops(image).items():
        known[crop.numpy().tobytes()] = (top, left, False)
        known[functional.hflip(crop).contiguous().numpy().tobytes()] = (top, left, True)
    assert len(known) == 2 * 81
    pixels = (batch * 255).round().to(torch.uint8)
    return [known[copy.contiguous().numpy().tobytes()] for copy in pixels]


def augmented(kind, copies=2000, **settings):
    image = random_pixels(1, 3, 10, 12)
    labels = torch.zeros(copies, dtype=torch.int64)
    images = Images(image.repeat(copies, 1, 1, 1), labels, ("one",))
    (x, _), = Batches(images, copies, augment=kind, **settings)  # fmt: skip
    return places_of(x, image[0])


def test_crop_flip_gives_torchvisions_crops_everywhere_and_mirrors_half():
    places = augmented("crop-flip")
    assert {place[:2] for place in places} == {(i, j) for i in range(9) for j in range(9)}
    assert 900 < sum(mirrored for *_, mirrored in places) < 1100


def test_crop_alone_never_mirrors():
    places = augmented("crop")
    assert len({place[:2] for place in places}) == 81
    assert not any(mirrored for *_, mirrored in places)


def test_flip_alone_never_shifts():
    places = augmented("flip")
    assert {place[:2] for place in places} == {(4, 4)}
    assert 900 < sum(mirrored for *_, mirrored in places) < 1100


@pytest.mark.parametrize("augment", [False, "flip", "crop-flip"])
def test_the_parts_of_a_batch_together_are_the_batch(augment):
    images = make_images(n=29, channels=3)
    options = {"batch_size": 8, "shuffle": True, "augment": augment, "seed": 3}
    whole = Batches(images, **options)
    parts = [Batches(images, part=(number, 3), **options) for number in range(3)]
    assert whole.sizes == parts[0].sizes == [8, 8, 8, 5]
    for (x, y), *shares in zip(whole, *parts, strict=True):
        assert torch.equal(x, torch.cat([share[0] for share in shares]))
        assert torch.equal(y, torch.cat([share[1] for share in shares]))
    assert Batches(images, 8, drop_last=True).sizes == [8, 8, 8]


def test_augmentation_depends_on_seed_and_epoch():
    images = make_images(n=64, channels=3)
    batches = Batches(images, 64, augment="crop-flip", seed=1)
    (first, _), (again, _) = next(iter(batches)), next(iter(batches))
    batches.epoch = 1
    other_epoch, _ = next(iter(batches))
    other_seed, _ = next(iter(Batches(images, 64, augment="crop-flip", seed=2)))
    assert torch.equal(first, again)
    assert not torch.equal(first, other_epoch) and not torch.equal(first, other_seed)


def test_augmentation_comes_before_resizing_and_leaves_the_images_alone():
    images = make_images(n=16)
    before = images.images.clone()
    cropped, _ = next(iter(Batches(images, 16, augment="crop")))
    both, _ = next(iter(Batches(images, 16, augment="crop", size=20)))
    assert torch.equal(resize((cropped * 255).round().to(torch.uint8), 20).float() / 255, both)
    assert torch.equal(images.images, before)


def test_mean_and_std_normalise_each_channel_as_torchvision_does():
    images = make_images(n=30, channels=3)
    mean, std = channel_statistics(images)
    x, _ = next(iter(Batches(images, 30, mean=mean, std=std)))
    torch.testing.assert_close(x, functional.normalize(images.images / 255, mean, std))
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3))


@pytest.mark.parametrize("channels", [1, 3])
def test_channel_statistics_equal_numpys(channels):
    images = make_images(n=30, channels=channels)
    mean, std = channel_statistics(images)
    pixels = images.images.numpy() / 255
    assert mean == pytest.approx(pixels.mean((0, 2, 3)).tolist(), rel=1e-12)
    assert std == pytest.approx(pixels.std((0, 2, 3)).tolist(), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 0}, "^batch_size=0 must be"),
        ({"batch_size": 2.0}, "^batch_size=2.0 must be"),
        ({"size": 0}, "^size=0 must be"),
        ({"augment": True}, "^augment=True must be False or 'flip' or 'crop' or 'crop-flip'"),
        ({"augment": "turn"}, "^augment='turn' must be"),
        ({"drop_last": True, "batch_size": 21}, "^batch_size=21 must be at most 20.*drop_last"),
        ({"mean": (0.5,)}, "^mean and std must be given together"),
        ({"std": (0.5,)}, "^mean and std must be given together"),
        ({"mean": (0.5, 0.5, 0.5), "std": (1, 1, 1)}, "^mean and std must hold 1 numbers"),
        ({"mean": (0.5,), "std": (0.0,)}, "^mean and std must hold .*positive"),
    ],
)
def test_batches_refuse_wrong_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        Batches(make_images(n=20), **{"batch_size": 5, **change})


# ---- load: digits, names, .npz ----


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("this must not need a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_digits_are_scikit_learns_scaled_to_255(no_network):
    from sklearn.datasets import load_digits

    train, test = load("digits")
    assert (len(train), len(test)) == (1437, 360)
    assert train.images.shape[1:] == test.images.shape[1:] == (1, 8, 8)
    assert train.class_names == tuple("0123456789")
    ours = [
        (label, tuple(pixels))
        for part in (train, test)
        for label, pixels in zip(part.labels.tolist(), part.images.flatten(1).tolist(), strict=True)
    ]
    digits = load_digits()
    pixels = np.rint(digits.data / 16 * 255).astype(int).tolist()
    assert sorted(ours) == sorted(zip(digits.target.tolist(), map(tuple, pixels), strict=True))


def test_digits_are_split_in_a_fixed_stratified_way():
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    train, test = load("digits")
    target = load_digits().target
    rows = train_test_split(np.arange(1797), test_size=0.2, stratify=target, random_state=0)
    assert train.labels.tolist() == target[rows[0]].tolist()
    assert test.labels.tolist() == target[rows[1]].tolist()
    assert test.labels[:12].tolist() == [7, 6, 3, 7, 7, 3, 2, 8, 9, 3, 2, 6]
    share = test.labels.bincount() / torch.from_numpy(target).bincount()
    assert (share - 0.2).abs().max() < 0.006


@pytest.mark.parametrize("name", ["cifar", "Digits", "", None, Path("mnist"), ["mnist"]])
def test_an_unknown_name_lists_the_known_ones(name):
    known = "digits.*fashion_mnist.*mnist.*cifar10.*cifar100.*npz"
    with pytest.raises(ValueError, match=f"^name={re.escape(repr(name))} must be one of .*{known}"):
        load(name)


def npz_arrays(shape=(), n=12, **changes):
    """Arrays of an .npz file: n training and n - 2 test images of the given shape, 3 classes."""
    arrays = {}
    for seed, (part, count) in enumerate((("train", n), ("test", n - 2))):
        arrays[f"{part}_images"] = random_pixels(count, *shape, seed=seed).numpy()
        arrays[f"{part}_labels"] = (np.arange(count) % 3).astype(np.uint8)
    return {**arrays, **changes}


def save_npz(folder, **arrays):
    path = folder / "own.npz"
    np.savez_compressed(path, **{k: v for k, v in arrays.items() if v is not None})
    return path


@pytest.mark.parametrize("as_type", [str, Path])
@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((6, 5), None),
        ((6, 5, 1), (0, 3, 1, 2)),
        ((6, 5, 3), (0, 3, 1, 2)),
        ((1, 6, 5), (0, 1, 2, 3)),
        ((3, 6, 5), (0, 1, 2, 3)),
    ],
)
def test_an_npz_file_is_read_in_every_layout(tmp_path, shape, order, as_type):
    arrays = npz_arrays(shape)
    pair = load(as_type(save_npz(tmp_path, **arrays)))
    for images, part in zip(pair, ("train", "test"), strict=True):
        pixels = arrays[f"{part}_images"]
        expected = pixels[:, None] if order is None else pixels.transpose(order)
        assert np.array_equal(images.images.numpy(), expected)
        assert images.images.is_contiguous()
        assert images.labels.tolist() == arrays[f"{part}_labels"].tolist()
        assert images.class_names == ("0", "1", "2")


@pytest.mark.parametrize("key", ["class_names", "label_names"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.uint16])
def test_an_npz_file_may_name_its_classes(tmp_path, key, dtype):
    arrays = npz_arrays((6, 6), **{key: np.array(["cat", "dog", "eel", "fox"])})
    arrays["train_labels"] = arrays["train_labels"].astype(dtype)
    train, _ = load(save_npz(tmp_path, **arrays))
    assert train.class_names == ("cat", "dog", "eel", "fox")
    assert train.labels.tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize(
    "convert",
    [
        lambda labels: labels.astype(">i4"),
        lambda labels: labels.astype(np.uint64),
        lambda labels: labels.astype(float),
        lambda labels: labels[:, None].astype(np.uint8),
    ],
    ids=["big-endian", "uint64", "whole floats", "[N, 1]"],
)
def test_labels_of_any_whole_type_are_read_without_loss(tmp_path, convert):
    arrays = npz_arrays((6, 6))
    for part in ("train_labels", "test_labels"):
        arrays[part] = convert(arrays[part])
    train, test = load(save_npz(tmp_path, **arrays))
    assert train.labels.tolist() == [0, 1, 2] * 4
    assert test.labels.tolist() == [0, 1, 2] * 3 + [0]


@pytest.mark.parametrize(
    "convert",
    [
        lambda pixels: (pixels / 255).astype(np.float32),
        lambda pixels: pixels.astype(">u2"),
        lambda pixels: pixels.astype(np.float64),
        lambda pixels: torch.from_numpy(pixels).float().div(255).numpy(),
    ],
    ids=["0 to 1", "big-endian", "0 to 255 as floats", "as ToTensor does"],
)
def test_pixels_of_any_type_are_read_without_loss(tmp_path, convert):
    arrays = npz_arrays((6, 5, 3))
    expected, _ = load(save_npz(tmp_path, **arrays))
    for part in ("train_images", "test_images"):
        arrays[part] = convert(arrays[part])
    found, _ = load(save_npz(tmp_path, **arrays))
    assert found.images.dtype == torch.uint8
    assert torch.equal(found.images, expected.images)


def test_names_may_be_bytes_or_end_with_a_carriage_return_and_other_arrays_do_not_matter(tmp_path):
    for names in ([b"cat", b"dog", "\u00e9lan".encode()], ["cat\r", "dog\r", "\u00e9lan\r"]):
        arrays = npz_arrays((6, 6), class_names=np.array(names))
        arrays["about"] = np.array({"from": "me"}, dtype=object)
        train, _ = load(save_npz(tmp_path, **arrays))
        assert train.class_names == ("cat", "dog", "\u00e9lan")


def test_arrays_in_memory_become_images_in_the_same_way():
    pixels = random_pixels(4, 3, 6, 5)
    channels_last = pixels.permute(0, 2, 3, 1).numpy() / 255
    images = Images.of(channels_last, np.array([[0.0], [1], [2], [1]]))
    assert torch.equal(images.images, pixels)
    assert images.labels.tolist() == [0, 1, 2, 1] and images.class_names == ("0", "1", "2")
    with pytest.raises(ValueError, match="labels go from 1 to 3.*subtract 1"):
        Images.of(pixels, [1, 2, 3, 3])


def test_an_npz_file_is_found_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save_npz(tmp_path, **npz_arrays((6, 6)))
    assert len(load("~/own.npz")[0]) == 12


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"train_labels": None}, "train_labels missing"),
        ({"test_images": None, "test_labels": None}, "test_images, test_labels missing"),
        ({"train_images": np.zeros((12, 36), np.uint8)}, r"train_images .*\[12, 36\]"),
        ({"train_images": np.zeros((12, 6, 6, 7), np.uint8)}, "train_images .*C = 1 .* or 3"),
        ({"train_images": np.full((12, 6, 6), 0.3)}, "train_images holds fractions.*round"),
        ({"train_images": np.full((12, 6, 6), np.nan)}, "train_images holds NaN, first in image 0"),
        (
            {"train_images": np.full((12, 6, 6), -1.5)},
            "train_images goes from -1.5 .*normalisation",
        ),
        ({"train_images": np.full((12, 6, 6), 256)}, "train_images goes from 256 .*0 to 255"),
        ({"test_images": np.zeros((10, 7, 7), np.uint8)}, "must be alike.*6, 6.*7, 7"),
        ({"test_images": np.zeros((0, 6, 6), np.uint8)}, "test_images is empty.*at least one"),
        ({"test_labels": np.zeros(9, np.uint8)}, "10 images and test_labels 9 labels"),
        ({"test_labels": np.full(10, 0.5)}, "test_labels .*whole numbers"),
        ({"test_labels": np.array(["cat"] * 10)}, "test_labels must hold numbers"),
        ({"train_labels": np.eye(12, 3)}, r"train_labels has a column.*train_labels.argmax\(1\)"),
        ({"train_labels": np.arange(12) - 1}, "train_labels goes from -1 to 10.* 0 to 10"),
        (
            {"train_labels": np.arange(12) % 3 + 1, "test_labels": np.arange(10) % 3 + 1},
            "train_labels and test_labels go from 1 to 3.* subtract 1",
        ),
        ({"class_names": np.array(["a", "b"])}, "train_labels goes from 0 to 2.*must be 0 to 1"),
        ({"class_names": np.array(["a", None])}, "class_names is an array of Python objects"),
    ],
)
def test_an_npz_file_that_does_not_fit_says_why_and_what_is_right(tmp_path, changes, reason):
    path = save_npz(tmp_path, **npz_arrays((6, 6), **changes))
    with pytest.raises(DataError, match=f"own.npz can't be used .*{reason}.*savez_compressed"):
        load(path)


def test_a_truncated_npz_file_is_one_clear_error(tmp_path):
    path = save_npz(tmp_path, **npz_arrays((6, 6)))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="own.npz can't be used"):
        load(path)


def test_a_missing_npz_file_is_one_clear_error(tmp_path):
    with pytest.raises(DataError, match="no file .*nowhere.npz. Check the path"):
        load(tmp_path / "nowhere.npz")


# ---- load: what is on this machine ----


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine with nothing on it: working folder home/here, root home/root, no Debian package."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DENSENET_LESSON_DATA", str(tmp_path / "root"))
    monkeypatch.setattr(data.loading, "DEBIAN_FASHION_MNIST", tmp_path / "debian")
    return tmp_path


def idx(array):
    """The bytes of an idx file: 0, 0, 8 (uint8), number of dimensions, sizes, data."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def idx_files(classes=10, size=28, n=20, seed=0):
    """The four files of a tiny MNIST, by name and not compressed."""
    arrays = npz_arrays((size, size), n=n)
    content = {
        "train-images-idx3-ubyte": random_pixels(n, size, size, seed=seed).numpy(),
        "train-labels-idx1-ubyte": np.arange(n) % classes,
        "t10k-images-idx3-ubyte": arrays["test_images"],
        "t10k-labels-idx1-ubyte": np.arange(n - 2) % classes,
    }
    return {name: idx(array) for name, array in content.items()}


def write_raw(place, folder="MNIST", **changes):
    raw = place / folder / "raw"
    raw.mkdir(parents=True)
    for name, content in {**idx_files(), **changes}.items():
        (raw / name).write_bytes(content)
    return raw


def assert_is_the_tiny_mnist(train, test, seed=0):
    assert torch.equal(train.images, random_pixels(20, 1, 28, 28, seed=seed))
    assert train.labels.tolist() == [*range(10), *range(10)]
    assert (len(test), test.num_classes) == (18, 10)


@pytest.mark.parametrize("place", ["root", "here/data", "data"])
def test_a_local_torchvision_folder_is_read(home, no_network, place):
    write_raw(home / place)
    train, test = load("mnist")
    assert_is_the_tiny_mnist(train, test)
    assert train.class_names == tuple(datasets.MNIST.classes)


def test_root_comes_before_the_folders_called_data(home, no_network):
    write_raw(home / "mine", **idx_files(seed=7))
    write_raw(home / "root")
    write_raw(home / "data")
    assert_is_the_tiny_mnist(*load("mnist", root=home / "mine"), seed=7)


def test_the_default_root_is_in_the_cache_of_the_home_folder(home, monkeypatch, no_network):
    monkeypatch.delenv("DENSENET_LESSON_DATA")
    write_raw(home / ".cache/densenet_lesson")
    assert_is_the_tiny_mnist(*load("mnist"))


@pytest.mark.parametrize(
    "changes",
    [
        {"train-images-idx3-ubyte": idx_files()["train-images-idx3-ubyte"][:-100]},
        {"train-images-idx3-ubyte": b""},
        {"train-images-idx3-ubyte": b"<html>not found</html>"},
        {"t10k-labels-idx1-ubyte": idx(np.arange(18))},
        {"t10k-labels-idx1-ubyte": idx(np.zeros(17))},
        {"t10k-images-idx3-ubyte": idx_files(size=14)["t10k-images-idx3-ubyte"]},
    ],
    ids=["truncated", "empty", "web page", "label 17", "one label less", "other size"],
)
def test_a_damaged_local_folder_is_named_and_left_alone(home, no_network, changes):
    raw = write_raw(home / "root", **changes)
    with pytest.raises(DataError) as error:
        load("mnist")
    assert str(home / "root" / "MNIST") in str(error.value)
    assert "Delete it or move it away, then call load again" in str(error.value)
    assert len(list(raw.iterdir())) == 4


def test_an_incomplete_local_folder_is_named(home, no_network):
    (write_raw(home / "data") / FILES[0].removesuffix(".gz")).unlink()
    with pytest.raises(DataError, match=f"{home}/data/MNIST is incomplete or damaged"):
        load("mnist")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_without_download_a_missing_set_says_where_it_looked_and_what_to_do(home, no_network, name):
    with pytest.raises(DataError) as error:
        load(name, download=False)
    message = str(error.value)
    for words in (repr(name), f"{home}/root", f"{home}/here/data", f"{home}/data"):
        assert words in message
    assert "download=True" in message and "load('digits')" in message
    assert ("dataset-fashion-mnist" in message) == (name == "fashion_mnist")
    assert not (home / "root").exists()


def write_debian(folder):
    folder.mkdir()
    for name, content in idx_files(seed=5).items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))


def test_debians_package_comes_before_everything_else(home, no_network):
    write_debian(home / "debian")
    write_raw(home / "root", "FashionMNIST")
    train, test = load("fashion_mnist")
    assert_is_the_tiny_mnist(train, test, seed=5)
    assert train.class_names == tuple(datasets.FashionMNIST.classes)
    assert len(list((home / "debian").iterdir())) == 4


def test_a_damaged_debian_package_is_to_be_installed_again(home, no_network):
    write_debian(home / "debian")
    broken = home / "debian" / FILES[1]
    broken.write_bytes(broken.read_bytes()[:-9])
    with pytest.raises(DataError, match="apt-get install --reinstall dataset-fashion-mnist"):
        load("fashion_mnist")


@pytest.fixture(scope="module")
def debian_fashion_mnist():
    if not data.loading.DEBIAN_FASHION_MNIST.is_dir():
        missing.do_without(missing.FASHION_MNIST)
    return load("fashion_mnist", root="does/not/exist", download=False)


def test_debians_fashion_mnist_is_whole(debian_fashion_mnist):
    train, test = debian_fashion_mnist
    assert (train.images.shape, test.images.shape) == ((60000, 1, 28, 28), (10000, 1, 28, 28))
    assert train.labels.bincount().tolist() == [6000] * 10
    assert test.labels.bincount().tolist() == [1000] * 10
    assert train.class_names[9] == "Ankle boot" and train.labels[0] == 9


def test_statistics_of_fashion_mnist_are_the_well_known_ones(debian_fashion_mnist):
    mean, std = channel_statistics(debian_fashion_mnist[0])
    assert (round(mean[0], 4), round(std[0], 4)) == (0.2860, 0.3530)


# ---- load: downloads, from a server on this machine ----


class Server(ThreadingHTTPServer):
    """Serves `replies`: name of the file -> its bytes, or a function that answers by itself."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.replies = {}
        self.asked = []
        self.over = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        reply = self.server.replies.get(name)
        if reply is None:
            self.send_error(404)
        elif callable(reply):
            reply(self)
        else:
            self.send(reply)

    def send(self, content, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(home, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def offer_mnist(server, monkeypatch, dataset=datasets.MNIST, **changes):
    """Serve a tiny MNIST, with the right checksums; changes replace files."""
    files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in idx_files().items()}
    server.replies |= {**files, **changes}
    sums = [(name, hashlib.md5(server.replies[name]).hexdigest()) for name in FILES]
    monkeypatch.setattr(dataset, "mirrors", [server.url])
    monkeypatch.setattr(dataset, "resources", sums)


def assert_nothing_is_left(home):
    assert not list((home / "root").rglob("*"))
    assert [path.name for path in home.iterdir() if path.name != "root"] == ["here"]
    assert not list((home / "here").iterdir())


@pytest.mark.parametrize(
    ("name", "dataset"), [("mnist", datasets.MNIST), ("fashion_mnist", datasets.FashionMNIST)]
)
def test_a_download_is_kept_and_then_read_without_a_network(
    home, server, monkeypatch, capfd, name, dataset
):
    offer_mnist(server, monkeypatch, dataset)
    monkeypatch.setattr(datasets.utils, "tqdm", partial(datasets.utils.tqdm, disable=False))
    assert_is_the_tiny_mnist(*load(name))
    assert "100%" in capfd.readouterr().err  # torchvision's progress bar
    assert [path.name for path in (home / "root").iterdir()] == [dataset.__name__]
    server.replies.clear()
    server.asked.clear()
    assert_is_the_tiny_mnist(*load(name, download=False))
    assert not server.asked
    assert socket.getdefaulttimeout() is None


def test_a_download_goes_to_the_given_root(home, server, monkeypatch):
    offer_mnist(server, monkeypatch)
    load("mnist", root=str(home / "deep" / "er"))
    assert (home / "deep" / "er" / "MNIST" / "raw").is_dir()
    assert not (home / "root").exists()


def cifar_archive(folder, batches, meta):
    """A .tar.gz as CIFAR's, and the checksum of each file in it."""
    buffer, sums = io.BytesIO(), {}
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {**batches, **meta}.items():
            pickled = pickle.dumps(content)
            sums[name] = hashlib.md5(pickled).hexdigest()
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(pickled)
            tar.addfile(info, io.BytesIO(pickled))
    return buffer.getvalue(), sums


def offer_cifar(server, monkeypatch, dataset, labels):
    """Serve a tiny CIFAR: as many batches of 3 images as the real one has, and a test batch."""
    train = [name for name, _ in dataset.train_list]
    test = [name for name, _ in dataset.test_list]
    names = [f"class {i}" for i in range(100 if labels == "fine_labels" else 10)]
    batches = {
        name: {"data": random_pixels(3, 3 * 32 * 32, seed=i).numpy(), labels: [i, i + 1, 9]}
        for i, name in enumerate(train + test)
    }
    meta = {dataset.meta["filename"]: {dataset.meta["key"]: names}}
    archive, sums = cifar_archive(dataset.base_folder, batches, meta)
    server.replies[dataset.filename] = archive
    changes = {
        "url": server.url + dataset.filename,
        "tgz_md5": hashlib.md5(archive).hexdigest(),
        "train_list": [[name, sums[name]] for name in train],
        "test_list": [[name, sums[name]] for name in test],
        "meta": {**dataset.meta, "md5": sums[dataset.meta["filename"]]},
    }
    for attribute, value in changes.items():
        monkeypatch.setattr(dataset, attribute, value)
    return batches


@pytest.mark.parametrize(
    ("name", "dataset", "labels"),
    [
        ("cifar10", datasets.CIFAR10, "labels"),
        ("cifar100", datasets.CIFAR100, "fine_labels"),
    ],
)
def test_cifar_is_downloaded_and_keeps_its_pixels(home, server, monkeypatch, name, dataset, labels):
    *train_batches, test_batch = offer_cifar(server, monkeypatch, dataset, labels).values()
    for pair in (load(name), load(name, download=False)):
        for images, batches in zip(pair, (train_batches, [test_batch]), strict=True):
            pixels = np.concatenate([batch["data"] for batch in batches])
            assert np.array_equal(images.images.numpy(), pixels.reshape(-1, 3, 32, 32))
            assert images.images.is_contiguous()
            assert images.labels.tolist() == sum((batch[labels] for batch in batches), [])
            assert images.num_classes == (100 if name == "cifar100" else 10)
    assert [path.name for path in (home / "root").iterdir()] == [dataset.base_folder]


def test_a_damaged_cifar_folder_is_named(home, server, monkeypatch):
    offer_cifar(server, monkeypatch, datasets.CIFAR10, "labels")
    load("cifar10")
    batch = home / "root" / "cifar-10-batches-py" / "data_batch_3"
    batch.write_bytes(batch.read_bytes()[:-1])
    with pytest.raises(DataError, match="cifar-10-batches-py is incomplete or damaged.*Delete it"):
        load("cifar10")


def truncated(content):
    return lambda handler: handler.send(content[: len(content) // 2], length=len(content))


GOOD = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in idx_files().items()}
FAILURES = {
    "404": lambda handler: handler.send_error(404),
    "500": lambda handler: handler.send_error(500),
    "truncated": truncated(GOOD[FILES[2]]),
    "other checksum": GOOD[FILES[2]] + b"!",
    "web page": b"<html>please log in</html>",
}


def assert_says_what_to_do(error, home):
    message = str(error.value)
    assert f"The download of MNIST to {home}/root failed" in message
    assert "Nothing half-written is left" in message
    assert "Check the network and that you may write" in message
    assert "then call load again" in message
    assert "copy a folder MNIST made by torchvision" in message
    assert "load('digits')" in message


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_download_says_what_to_do_and_leaves_nothing(home, server, monkeypatch, failure):
    offer_mnist(server, monkeypatch)
    server.replies[FILES[2]] = FAILURES[failure]  # after two files that arrive well
    with pytest.raises(DataError) as error:
        load("mnist")
    assert server.asked.count(FILES[1]) == 2  # torchvision asks once for the address, once for all
    assert_says_what_to_do(error, home)
    assert_nothing_is_left(home)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not compressed at all", "gzip"),
        (GOOD[FILES[3]][:-9], "end"),
        (gzip.compress(idx(np.arange(18))), "test_labels goes from 0 to 17: labels must be 0 to 9"),
        (gzip.compress(idx(np.zeros(17))), "test_images holds 18 images and test_labels 17 labels"),
        (gzip.compress(idx(np.zeros((18, 2)))), "dimension"),
    ],
    ids=["not gzip", "half gzip", "label 17", "one label less", "wrong shape"],
)
def test_wrong_content_under_the_right_checksum_leaves_nothing(
    home, server, monkeypatch, content, reason
):
    offer_mnist(server, monkeypatch, **{FILES[3]: content})
    with pytest.raises(DataError, match=reason) as error:
        load("mnist")
    assert_says_what_to_do(error, home)
    assert_nothing_is_left(home)


def test_an_unreachable_server_says_what_to_do(home, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
        with pytest.raises(DataError, match="refused") as error:
            load("mnist")
    assert_says_what_to_do(error, home)
    assert_nothing_is_left(home)


def test_a_silent_server_is_given_up(home, server, monkeypatch):
    offer_mnist(server, monkeypatch)
    server.replies[FILES[0]] = lambda handler: server.over.wait(20)
    monkeypatch.setattr(data.loading, "DOWNLOAD_TIMEOUT", 0.2)
    started = time.monotonic()
    with pytest.raises(DataError, match="timed out") as error:
        load("mnist")
    assert time.monotonic() - started < 10
    assert_says_what_to_do(error, home)
    assert_nothing_is_left(home)
    assert socket.getdefaulttimeout() is None


@pytest.fixture
def ctrl_c():
    """Ctrl-C works, even where the tests run in the background (which ignores it)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_download_leaves_nothing_and_can_be_repeated(
    home, server, monkeypatch, ctrl_c
):
    offer_mnist(server, monkeypatch)
    big = random_pixels(200_000).numpy().tobytes()
    half_written = []

    def interrupt(handler):
        only_the_address = server.asked.count(FILES[1]) == 1  # torchvision asks for it beforehand
        handler.send(big[:100_000], length=len(big))
        if only_the_address:
            return
        while not half_written:  # the half file is really there, then comes Ctrl-C
            half_written.extend(p for p in home.rglob(FILES[1]) if p.stat().st_size > 0)
            time.sleep(0.01)
        ctrl_c()
        server.over.wait(20)

    server.replies[FILES[1]] = interrupt
    with pytest.raises(KeyboardInterrupt):
        load("mnist")
    assert half_written[0].is_relative_to(home / "root")
    assert_nothing_is_left(home)
    server.replies[FILES[1]] = GOOD[FILES[1]]
    assert_is_the_tiny_mnist(*load("mnist"))


def test_a_download_that_someone_else_finished_first_is_not_overwritten(home, server, monkeypatch):
    offer_mnist(server, monkeypatch)

    def slow(handler):
        if not (home / "root" / "MNIST").exists():
            write_raw(home / "root")
        handler.send(GOOD[FILES[3]])

    server.replies[FILES[3]] = slow
    assert_is_the_tiny_mnist(*load("mnist"))
    assert [path.name for path in (home / "root").iterdir()] == ["MNIST"]
    assert len(list((home / "root" / "MNIST" / "raw").iterdir())) == 4  # theirs: no .gz files


def test_a_root_that_cannot_be_written_says_so(home, server, monkeypatch):
    offer_mnist(server, monkeypatch)
    (home / "root").write_text("a file, not a folder")
    with pytest.raises(DataError) as error:
        load("mnist")
    assert_says_what_to_do(error, home)
    assert not server.asked


def test_a_channel_that_is_the_same_everywhere_stays_zero_when_normalised():
    pixels = random_pixels(6, 3, 4, 4)
    pixels[:, 2] = 7
    images = Images(pixels, torch.arange(6) % 2, ("a", "b"))
    mean, std = channel_statistics(images)
    (x, _), *_ = Batches(images, 6, mean=mean, std=std)
    assert std[2] == 1.0 and x[:, 2].abs().max() < 1e-6 and x.isfinite().all()
