"""Checkpoints: training that can be cut off at any moment and go on later as if nothing happened.

Two rules make it so. A checkpoint is *complete*: everything that the next step depends on is in it,
the state of the random number generators too. And it is *atomic*: the new file takes the place of
the old one in one step, when all of it is on the disk, so there is always one good checkpoint.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

if TYPE_CHECKING:
    from ..data.images import Images

FORMAT = "densenet_lesson checkpoint 1"
START_OVER = "give another path, or start over with fresh=True (on the command line: --fresh)"


class CheckpointError(ValueError):
    """A checkpoint that can't be read, doesn't belong to this training run, or can't be written."""


def save_checkpoint(path: str | os.PathLike, state: dict[str, Any]) -> None:
    """Write a checkpoint, or leave the one that is there as it was.

    Args:
        path: the file; its folder is made if need be.
        state: tensors, numbers and strings, in dictionaries and lists.

    Raises:
        CheckpointError: if the file can't be written, such as on a full disk.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    write_atomically(path, buffer.getbuffer())


def load_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """Read a checkpoint, with its tensors on the CPU. The file can't run code: only data is read.

    Args:
        path: a file that `save_checkpoint` wrote.

    Returns:
        The state that was saved.

    Raises:
        CheckpointError: if there is no such file, if it is damaged, or if it is something else.
    """
    check_undamaged(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the bytes of a stranger make of the unpickler
        raise CheckpointError(
            f"{path} is not a checkpoint of this course: it holds more than tensors, numbers and "
            f"text, and was not read. To train, {START_OVER}"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not a checkpoint of this course (those say {FORMAT!r}). If it holds "
            "weights only, read it with torch.load(..., weights_only=True) and "
            f"model.load_state_dict. To train, {START_OVER}"
        )
    return state


def check_undamaged(path: str | os.PathLike) -> None:
    """Raise a CheckpointError unless the file is there and its checksums are right.

    A checkpoint is a zip archive, with a checksum for each tensor. `torch.load` doesn't look at
    them (pytorch/pytorch#126952): a flipped bit would become a wrong weight without a word.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except OSError as error:
        raise CheckpointError(
            f"cannot read the checkpoint {path}: {error.strerror}. Check its path and permissions"
        ) from error
    except Exception as error:  # zipfile has many words for "this is no zip archive"
        raise CheckpointError(
            f"{path} is cut short, or no checkpoint at all ({error}). To train, {START_OVER}"
        ) from error
    if damaged:
        raise CheckpointError(
            f"{path} is damaged: the checksum of its part {damaged!r} is wrong. "
            f"To train, {START_OVER}"
        )


def write_atomically(path: str | os.PathLike, content: bytes | memoryview) -> None:
    """Replace a file by new content, in one step, or leave it as it was.

    Args:
        path: the file; its folder is made if need be.
        content: the bytes to write.

    Raises:
        CheckpointError: if the file can't be written, such as on a full disk.
    """
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")  # the same folder: a rename can't cross disks
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # on the disk, before it takes the old file's place
            os.replace(temporary, path)
        except BaseException:  # a KeyboardInterrupt too
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CheckpointError(
            f"cannot write {path}: {error.strerror}. What was there before is as it was; "
            "make room or choose another folder, and run again"
        ) from error


def check_same_run(path: str | os.PathLike, saved: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise a CheckpointError unless a checkpoint was written by the same training run.

    Args:
        path: the checkpoint's file, for the message.
        saved: "model", "recipe" and "data" as the checkpoint has them, each a dictionary.
        now: the same, of the run that wants to go on.
    """
    for part in now:
        there, here = flatten(saved.get(part, {})), flatten(now[part])
        names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        if names:
            changes = [f"{name}={there.get(name)!r}, now {here.get(name)!r}" for name in names]
            raise CheckpointError(
                f"{path} is the checkpoint of another run. Its {part} differs: "
                f"{'; '.join(changes[:4])}{' ...' if changes[4:] else ''}. "
                f"Resume with what it was made with, {START_OVER}"
            )


def flatten(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return {"config": {"growth_rate": 12}} as {"config.growth_rate": 12}."""
    flat = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def check_same_tensors(
    path: str | os.PathLike, saved: dict[str, Tensor], now: dict[str, Tensor]
) -> None:
    """Raise a CheckpointError unless saved weights have the names and shapes that a model has."""
    there = {name: list(tensor.shape) for name, tensor in saved.items()}
    here = {name: list(tensor.shape) for name, tensor in now.items()}
    for name in {**there, **here}:
        if there.get(name) != here.get(name):
            raise CheckpointError(
                f"{path} is the checkpoint of another network: {name!r} has the shape "
                f"{there.get(name, 'missing')} there, {here.get(name, 'missing')} in this model. "
                f"Build the network it was made with, {START_OVER}"
            )


def bare(model: nn.Module) -> nn.Module:
    """The network itself, without what `torch.compile` or `nn.DataParallel` have put around it."""
    while True:
        if isinstance(model, (nn.DataParallel, DistributedDataParallel)):
            model = model.module
        elif hasattr(model, "_orig_mod"):  # compiled
            model = model._orig_mod
        else:
            return model


def plain_names(model: nn.Module) -> dict[str, str]:
    """How the tensors of a bare network are called, without and with the names of wrappers inside.

    A compiled part, `model.features = torch.compile(model.features)`, renames its tensors too.
    """
    return {name.replace("_orig_mod.", ""): name for name in model.state_dict()}


def state_of(model: nn.Module) -> dict[str, Tensor]:
    """A network's tensors by the names that they have in any network of its kind.

    Args:
        model: may be compiled, or shared among several GPUs: files don't show it.
    """
    model = bare(model)
    state = model.state_dict()
    return {plain: state[name] for plain, name in plain_names(model).items()}


def load_state(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Give a network, compiled or not, the tensors that `state_of` returned, strictly."""
    model = bare(model)
    names = plain_names(model)
    model.load_state_dict({names.get(plain, plain): tensor for plain, tensor in state.items()})


def without_wrappers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict whose names begin with those of wrappers, as older files have it, without."""
    return {re.sub(r"^(module\.|_orig_mod\.)+", "", name): state[name] for name in state}


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Return the state of torch's random number generators, which dropout draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    """Undo everything that was drawn since `random_state`."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def fingerprint(images: Images) -> str:
    """Return 16 hexadecimal digits that change with any pixel, label or class name."""
    digest = hashlib.sha256(repr((tuple(images.images.shape), images.class_names)).encode())
    for tensor in (images.images, images.labels):
        digest.update(tensor.cpu().contiguous().numpy())
    return digest.hexdigest()[:16]
