"""Photographs in folders: what is read, how it is cut, and what is said of an odd file."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image

from densenet_lesson.data import DataError, load_folder, read_image


def photograph(path, size=(30, 20), color=(200, 100, 50), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes with three images of different sizes and formats."""
    root = tmp_path / "photographs"
    photograph(root / "dog" / "a.jpg", (40, 30))
    photograph(root / "cat" / "tall one.PNG", (10, 50), (0, 0, 0))
    photograph(root / "cat" / "b.webp", (7, 7), (255, 255, 255))
    return root


def test_a_folder_for_each_class_becomes_images_of_one_size(folder):
    images = load_folder(folder, size=16)
    assert images.images.shape == (3, 3, 16, 16) and images.images.dtype == torch.uint8
    assert images.class_names == ("cat", "dog") and images.labels.tolist() == [0, 0, 1]
    assert images.images[:, 0, 8, 8].tolist() == [255, 0, pytest.approx(200, abs=3)]
    assert load_folder(str(folder), size=16, channels=1).channels == 1


def test_what_systems_put_into_folders_is_no_image(folder):
    for name in (".DS_Store", "cat/Thumbs.db", "dog/.a.jpg.swp", "cat/desktop.ini"):
        (folder / name).write_bytes(b"x")
    (folder / "__MACOSX").mkdir()
    assert len(load_folder(folder, size=8)) == 3


def test_an_image_is_cut_square_around_its_middle(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255  # the middle third is white
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (read_image(tmp_path / "wide.png", size=10) == 255).all()


def test_a_photograph_stands_upright_as_the_camera_says(tmp_path):
    pixels = np.zeros((8, 8), np.uint8)
    pixels[:4] = 255  # bright above
    exif = Image.Exif()
    exif[0x0112] = 3  # taken upside down
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png", size=8, channels=1)
    assert (image[0, :4] == 0).all() and (image[0, 4:] == 255).all()


@pytest.mark.parametrize(
    ("mode", "color", "channels", "expected"),
    [
        ("L", 7, 3, [7, 7, 7]),
        ("RGBA", (9, 9, 9, 0), 3, [255, 255, 255]),  # transparent
        ("RGBA", (9, 8, 7, 255), 3, [9, 8, 7]),
        ("LA", (9, 0), 1, [255]),
        ("1", 1, 1, [255]),
        ("CMYK", (0, 0, 0, 0), 3, [255, 255, 255]),
    ],
)
def test_other_kinds_of_pixels_become_colour_or_grey(tmp_path, mode, color, channels, expected):
    path = tmp_path / ("a.tif" if mode in ("CMYK", "LA") else "a.png")
    image = read_image(photograph(path, (6, 6), color, mode), size=6, channels=channels)
    assert image.shape == (channels, 6, 6)
    assert image[:, 3, 3].tolist() == expected


def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path):
    photograph(tmp_path / "a.gif", (6, 6), 0, "P", transparency=0)
    assert (read_image(tmp_path / "a.gif", size=6) == 255).all()


def half_a_file(path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [
        ("list.txt", lambda path: path.write_text("cats"), "UnidentifiedImageError"),
        ("cut.jpg", half_a_file, "truncated"),
        ("empty.jpg", lambda path: path.touch(), "UnidentifiedImageError"),
        (
            "deep.png",
            lambda path: Image.fromarray(np.full((9, 9), 999, np.uint16)).save(path),
            "more than 8 bits",
        ),
    ],
)
def test_an_odd_file_is_named_with_what_to_do(folder, name, write, reason):
    write(folder / "cat" / name)
    expected = f"^{re.escape(str(folder / 'cat' / name))} can't be read.*{reason}.*Save it anew"
    with pytest.raises(DataError, match=expected):
        load_folder(folder, size=8)


def empty_class(folder):
    (folder / "cow").mkdir()


def loose_image(folder):
    photograph(folder / "loose.jpg")


def deeper(folder):
    photograph(folder / "cat" / "black" / "1.jpg")


def only_cats(folder):
    (folder / "dog").rename(folder.parent / "dog")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (empty_class, "cow holds no image"),
        (loose_image, "loose.jpg lies beside.*move it into"),
        (deeper, "black is a folder within a class.*call load_folder with"),
        (only_cats, r"two or more; it holds \['cat'\]"),
        (lambda folder: folder.rename(folder.parent / "x"), "There is no folder .*photographs"),
    ],
)
def test_a_folder_that_is_not_sorted_into_classes_says_what_is_wrong(folder, change, message):
    change(folder)
    with pytest.raises(DataError, match=message):
        load_folder(folder, size=8)


def test_a_wrong_size_or_number_of_channels_is_an_argument_s_fault(folder):
    with pytest.raises(ValueError, match="^size=0 "):
        load_folder(folder, size=0)
    with pytest.raises(ValueError, match="^channels=4 "):
        load_folder(folder, channels=4)


def test_a_missing_image_says_so(tmp_path):
    with pytest.raises(DataError, match=r"no\.jpg can't be read.*FileNotFoundError"):
        read_image(tmp_path / "no.jpg")
