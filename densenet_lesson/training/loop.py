"""Training: a plain loop around a network, its images and a recipe.

Read it from `train` downwards: a run is made of epochs, an epoch of steps, a step of a few lines.
What `processes` does only matters when several processes train together.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks import Scores
from ..data.batches import Batches, channel_statistics
from ..data.images import Images
from . import processes
from .checkpoint import (
    bare,
    check_same_run,
    check_same_tensors,
    fingerprint,
    load_checkpoint,
    load_state,
    random_state,
    save_checkpoint,
    set_random_state,
    state_of,
    without_wrappers,
)
from .devices import autocast, check_precision, device_of, pick_device
from .evaluation import check_scores, class_scores, evaluation_mode, judge
from .history import History, describe_environment
from .recipe import Recipe, learning_rate

AUXILIARY_WEIGHT = 0.3  # of an auxiliary classifier's loss: arXiv:1409.4842, Section 5
LOOK_EVERY = 20  # steps between two looks at the loss: a look makes a GPU wait


def train(
    model: nn.Module,
    train_images: Images,
    test_images: Images,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
    checkpoint: str | os.PathLike | None = None,
    fresh: bool = False,
    progress: bool | float = True,
    validation: bool = False,
) -> History:
    """Train a network, and evaluate it after each epoch.

    The same arguments give the same numbers, bit for bit, on a CPU with the same number of threads.
    With a checkpoint that holds too for a run that was cut off, at any moment, and is called again:
    it goes on after the last epoch that was finished.

    Args:
        model: gives class scores [B, num_classes] for images [B, C, H, W]. It is trained in place,
            moved to `device`, and left in evaluation mode.
        train_images: what it learns from.
        test_images: what it is evaluated on.
        recipe: how to train. Its seed goes into torch's global random number generator.
        device: such as "cpu" or "cuda"; None takes the GPU if there is one. Within
            `processes.process_group()`, each process trains on its share of every batch.
        checkpoint: a file to save to after each epoch, and to resume from if it is there.
        fresh: start over, from the model as it is, and replace the checkpoint that is there.
        progress: whether to show a progress bar; a number is the seconds between its updates.
        validation: whether the test images are a validation set: then the history calls them so.

    Returns:
        Loss and accuracies of each epoch, and what ran. The training figures are means over the
        epoch, taken while the weights change, on images as augmented and labels as smoothed.

    Raises:
        ValueError: if the arguments don't fit each other.
        CheckpointError: if the checkpoint is damaged or of another run, or can't be written.
        FloatingPointError: if the loss becomes infinite or NaN. The checkpoint stays as it was.
    """
    run = prepare(model, train_images, test_images, recipe, pick_device(device))
    if validation:
        run.history.data["validation"] = len(test_images)
    start(run, checkpoint, fresh)
    with progress_bar(run, progress) as bar:
        while run.epoch < recipe.epochs:
            row = train_epoch(run, bar) | evaluate_epoch(run)
            run.history.rows.append(row)
            save(run, checkpoint)
    model.eval()
    return run.history


@dataclass
class Run:
    """A training run: what is trained, on what, how, and how far it is."""

    model: nn.Module
    shared: nn.Module  # the same network, as several processes train it together
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler  # enlarges the loss, so that small fp16 gradients don't become 0
    batches: Batches
    test_images: Images
    recipe: Recipe
    device: torch.device
    history: History

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history.rows)


def train_epoch(run: Run, bar: Any) -> dict[str, Any]:
    """Train on every image once; return the training half of the epoch's row."""
    begin, totals, steps = time.perf_counter(), Totals(), len(run.batches)
    run.shared.train()
    run.batches.epoch = run.epoch  # shuffles and augments by (seed, epoch)
    if processes.rank() > 0:  # dropout of its own, whatever the number of processes was before
        torch.manual_seed(run.recipe.seed + 1_000_003 * run.epoch + processes.rank())
    for step, (images, labels) in enumerate(run.batches, start=run.epoch * steps):
        lr = learning_rate(run.recipe, step, steps * run.recipe.epochs)
        loss, scores = train_step(run, images, labels, lr, run.batches.sizes[step % steps])
        totals.add(loss, scores, labels)
        if step % LOOK_EVERY == 0:
            look(run, totals, bar)
        bar.update()
    loss, accuracy = look(run, totals, bar)
    return {
        "epoch": run.epoch + 1,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "lr": lr,
        "seconds": round(time.perf_counter() - begin, 3),
    }


def train_step(
    run: Run, images: Tensor, labels: Tensor, lr: float, batch_size: int
) -> tuple[Tensor, Tensor]:
    """[B, C, H, W], [B] → the loss, and the class scores [B, num_classes] before the step.

    B is this process's share of the batch; without other processes it is `batch_size`.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = lr
    with autocast(run.device, run.recipe.precision):
        scores, *others = all_scores(run.shared(images))
    smoothing = run.recipe.label_smoothing
    loss = F.cross_entropy(scores, labels, label_smoothing=smoothing)
    for auxiliary in others:
        loss += AUXILIARY_WEIGHT * F.cross_entropy(auxiliary, labels, label_smoothing=smoothing)
    run.optimizer.zero_grad()
    # the mean over processes of these is the mean over the batch, also when shares differ
    weighted = loss * (len(labels) * processes.count() / batch_size)
    run.scaler.scale(weighted).backward()  # the scaler does nothing unless the precision is fp16
    run.scaler.step(run.optimizer)
    run.scaler.update()
    return loss.detach(), scores.detach()


def all_scores(output: Tensor | Scores) -> list[Tensor]:
    """A network's scores in 32-bit floats, and after them those of its auxiliary classifiers."""
    scores = [output.main, *output.auxiliary] if isinstance(output, Scores) else [output]
    return [each.float() for each in scores]


def evaluate_epoch(run: Run) -> dict[str, Any]:
    """Evaluate on the test images; return the testing half of the epoch's row."""
    begin, loss, accuracy = time.perf_counter(), math.nan, math.nan
    if processes.rank() == 0:
        options = {"precision": run.recipe.precision, **run.history.inputs}
        scores = class_scores(run.model, run.test_images, **options)
        loss, accuracy = judge(scores, run.test_images)
        run.history.answers = scores.argmax(1).tolist()
    loss, accuracy = processes.from_first((loss, accuracy))
    check_finite("test loss", loss, run)
    return {
        "test_loss": loss,
        "test_accuracy": accuracy,
        "test_seconds": round(time.perf_counter() - begin, 3),
    }


class Totals:
    """Loss and number of right answers of each step, left on the device until someone looks."""

    def __init__(self) -> None:
        self.losses: list[Tensor] = []
        self.right: list[Tensor] = []
        self.counts: list[int] = []

    def add(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        self.losses.append(loss)
        self.right.append((scores.argmax(1) == labels).sum())
        self.counts.append(len(labels))

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the images of all processes."""
        losses = torch.stack(self.losses).tolist()
        loss = sum(loss * count for loss, count in zip(losses, self.counts, strict=True))
        right, images = torch.stack(self.right).sum().item(), sum(self.counts)
        loss, right, images = processes.total([loss, right, images], self.right[0].device)
        return loss / images, right / images


def look(run: Run, totals: Totals, bar: Any) -> tuple[float, float]:
    """Return the epoch's mean loss and accuracy so far, show them, and stop if the loss is NaN."""
    loss, accuracy = totals.means()
    check_finite("training loss", loss, run)
    bar.set_description(f"epoch {run.epoch + 1}/{run.recipe.epochs}", refresh=False)
    bar.set_postfix_str(f"loss {loss:.3f}, accuracy {accuracy:.3f}", refresh=False)
    return loss, accuracy


def check_finite(name: str, loss: float, run: Run) -> None:
    """Raise a FloatingPointError if a loss is infinite or NaN."""
    if not math.isfinite(loss):
        other = ", or precision='bf16' or 'fp32'" if run.recipe.precision == "fp16" else ""
        raise FloatingPointError(
            f"the {name} became {loss} in epoch {run.epoch + 1}, at learning rate "
            f"{run.optimizer.param_groups[0]['lr']:g}. Build the network anew and train it with a "
            f"smaller lr, or with warmup_epochs=1{other}. The checkpoint, if there is one, still "
            f"holds epoch {run.epoch}"
        )


def prepare(
    model: nn.Module,
    train_images: Images,
    test_images: Images,
    recipe: Recipe,
    device: torch.device,
) -> Run:
    """Check that everything fits; seed, initialise, and move network and images to the device."""
    check_precision(recipe.precision, device)
    check_images(train_images, test_images)
    try_out(model, train_images, recipe.size)
    torch.manual_seed(recipe.seed)
    if recipe.init == "xavier":
        model.apply(init_xavier)
    layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
    model.to(device, memory_format=layout)
    shared = processes.share(model, recipe.sync_batch_norm)
    optimizer = make_optimizer(model, recipe)
    scaler = torch.amp.GradScaler(device.type, enabled=recipe.precision == "fp16")
    history = describe_run(model, train_images, test_images, recipe)
    batches = make_batches(train_images.to(device), recipe, history)
    inputs = (batches, test_images.to(device))
    return Run(model, shared, optimizer, scaler, *inputs, recipe, device, history)


def init_xavier(module: nn.Module) -> None:
    """Glorot and Bengio's uniform initialisation (Equation 16), as d2l's `train_ch6` has it."""
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer; the learning rate comes anew with each step."""
    decay = recipe.weight_decay
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=decay)
    return torch.optim.SGD(
        model.parameters(),
        lr=recipe.lr,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=decay,
    )


def make_batches(images: Images, recipe: Recipe, history: History) -> Batches:
    """Return the training batches, without a last one of a single image (for each process).

    Batch norm needs at least two values for a variance, and a single image has but one where the
    network has shrunk it to one pixel.
    """
    least = 2 * processes.count()
    if processes.several() and recipe.batch_size < least:
        raise ValueError(
            f"batch_size={recipe.batch_size} must be at least {least}: two images for each of the "
            f"{processes.count()} processes"
        )
    rest = len(images) % recipe.batch_size
    return Batches(
        images,
        recipe.batch_size,
        shuffle=True,
        augment=recipe.augment,
        seed=recipe.seed,
        drop_last=len(images) > recipe.batch_size and 0 < rest < least,
        part=(processes.rank(), processes.count()),
        **history.inputs,
    )


def describe_run(
    model: nn.Module, train_images: Images, test_images: Images, recipe: Recipe
) -> History:
    """Describe network, data and recipe; the rows are still to come."""
    model = bare(model)  # compiled or not, it is the same network
    config = getattr(model, "config", None)
    network = {
        "name": getattr(config, "name", type(model).__name__),
        "config": asdict(config) if is_dataclass(config) else {},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    mean, std = channel_statistics(train_images) if recipe.normalize else (None, None)
    data = {
        "train": len(train_images),
        "test": len(test_images),
        "fingerprint": f"{fingerprint(train_images)}-{fingerprint(test_images)}",
        "mean": mean,
        "std": std,
    }
    return History.from_fields(model=network, data=data, recipe=asdict(recipe))


def start(run: Run, checkpoint: str | os.PathLike | None, fresh: bool) -> None:
    """Resume from the checkpoint, or write the first one: the network before its training."""
    resumed = checkpoint is not None and not fresh and os.path.lexists(checkpoint)
    resumed = processes.from_first(resumed)  # before that process writes the first checkpoint
    if resumed:
        restore(run, checkpoint)
    if run.epoch < run.recipe.epochs:
        session = {"first_epoch": run.epoch + 1, **describe_environment(run.device)}
        run.history.sessions.append(session)
    if not resumed:
        save(run, checkpoint)


def save(run: Run, checkpoint: str | os.PathLike | None) -> None:
    """Save everything that the next epoch depends on, if there is a file to save to."""
    if checkpoint is not None and processes.rank() == 0:
        state = {
            "model": state_of(run.model),
            "optimizer": run.optimizer.state_dict(),
            "scaler": run.scaler.state_dict(),
            "random": random_state(run.device),
            "epoch": run.epoch,
            "history": asdict(run.history),
        }
        save_checkpoint(checkpoint, state)


def restore(run: Run, checkpoint: str | os.PathLike) -> None:
    """Go back to where a checkpoint was saved, after a check that it is this run's."""
    state = load_checkpoint(checkpoint)
    saved, now = state.get("history", {}), asdict(run.history)
    check_same_run(checkpoint, saved, {name: now[name] for name in ("model", "recipe", "data")})
    weights = without_wrappers(state["model"])
    check_same_tensors(checkpoint, weights, state_of(run.model))
    load_state(run.model, weights)
    run.optimizer.load_state_dict(state["optimizer"])
    run.scaler.load_state_dict(state["scaler"])
    set_random_state(state["random"], run.device)
    run.history = History(**saved)


def progress_bar(run: Run, progress: bool | float) -> Any:
    """Return a progress bar over all steps of the run; the finished ones are behind it already."""
    from tqdm.auto import tqdm

    steps, finished = len(run.batches), run.epoch == run.recipe.epochs
    return tqdm(
        total=steps * run.recipe.epochs,
        initial=steps * run.epoch,
        unit="step",
        mininterval=0.1 if progress is True else progress,
        # in notebooks tqdm itself overlooks its variable
        disable=finished
        or not progress
        or processes.rank() > 0
        or bool(os.environ.get("TQDM_DISABLE")),
    )


def check_images(train_images: Images, test_images: Images) -> None:
    """Raise a ValueError unless both sets go together and every class can be learned."""
    for name in ("channels", "class_names"):
        there, here = getattr(train_images, name), getattr(test_images, name)
        if there != here:
            raise ValueError(f"test_images.{name}={here!r} must be that of train_images, {there!r}")
    counts = torch.bincount(train_images.labels.cpu(), minlength=train_images.num_classes)
    missing = [train_images.class_names[i] for i in (counts == 0).nonzero().flatten().tolist()]
    if missing:
        raise ValueError(
            f"train_images has no image of {', '.join(missing)}: a network can't learn a class "
            "that it never sees. Add images of it, take a larger subset, or leave its name out"
        )


@torch.no_grad()
def try_out(model: nn.Module, images: Images, size: int | None) -> None:
    """Show the network one image, so that what doesn't fit comes out before anything is changed.

    Lazy modules, such as d2l's, get their shapes here, which an initialisation has to come after.
    """
    x, _ = next(iter(Batches(images, 1, size)))
    with evaluation_mode(model):
        check_scores(model(x.to(device_of(model))), images)
