"""Real images: `load` finds a data set, `Images` holds it, `Batches` hands it out. Chapter 7.

`scenes` makes images with a class for each pixel (chapter 13).
`borders` says which images and labels of your own fit, `misfits` why a network takes others ill.
"""

from typing import TYPE_CHECKING

from .. import importer

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
    from .batches import Batches, channel_statistics, resize
    from .folders import load_folder, read_image
    from .images import Images
    from .loading import DataError, load

__all__ = [
    "Batches",
    "DataError",
    "Images",
    "channel_statistics",
    "load",
    "load_folder",
    "read_image",
    "resize",
]

__getattr__ = importer(__name__, __all__, ("images", "batches", "loading", "folders"))
