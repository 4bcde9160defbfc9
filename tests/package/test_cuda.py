"""The course on an NVIDIA GPU; without one, all of it is skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from training_helpers import make_images, make_model

from densenet_lesson import DenseNet, get_config
from densenet_lesson.data.batches import Batches
from densenet_lesson.training import Recipe, evaluate, predict, train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
RECIPE = Recipe(epochs=4, batch_size=16, lr=0.05, schedule="cosine", augment="flip", normalize=True)


@pytest.fixture
def all_32_bits():
    """Convolutions in full precision; a GPU's own choice, TF32, keeps 10 bits of 23."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def run(recipe: Recipe, **options) -> tuple[torch.nn.Module, list[dict]]:
    model, images = make_model(0), make_images(200)
    history = train(
        model, images, make_images(40, seed=1), recipe, device="cuda", progress=False, **options
    )
    return model, history.rows


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_it_learns_in_every_precision_and_memory_format(precision, channels_last):
    if precision == "bf16" and not torch.cuda.is_bf16_supported(including_emulation=False):
        pytest.skip("this GPU has no bf16")
    recipe = replace(RECIPE, precision=precision, channels_last=channels_last)
    model, rows = run(recipe)
    assert next(model.parameters()).device.type == "cuda"
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert rows[-1]["test_accuracy"] > 0.5  # of four classes


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path, monkeypatch):
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        whole, rows = run(RECIPE)
        path = tmp_path / "run.pt"
        with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
            interrupt_after(2, patch)
            run(RECIPE, checkpoint=path)
        again, resumed = run(RECIPE, checkpoint=path)
    finally:
        torch.use_deterministic_algorithms(False)
    assert [row["train_loss"] for row in resumed] == pytest.approx(
        [row["train_loss"] for row in rows], rel=1e-5
    )
    for ours, theirs in zip(whole.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def interrupt_after(epochs: int, patch: pytest.MonkeyPatch) -> None:
    """Let a run be cut off as soon as so many epochs are saved."""
    from densenet_lesson.training import loop

    save = loop.save

    def save_and_stop(state, checkpoint):
        save(state, checkpoint)
        if state.epoch == epochs:
            raise KeyboardInterrupt

    patch.setattr(loop, "save", save_and_stop)


def test_images_on_the_gpu_stay_there_and_are_those_of_the_cpu():
    images = make_images(n=50, channels=3)
    settings = {"batch_size": 16, "size": 13, "shuffle": True, "augment": "crop-flip"}
    here, there = Batches(images, **settings), Batches(images.to("cuda"), **settings)
    for (x, y), (x_gpu, y_gpu) in zip(here, there, strict=True):
        assert x_gpu.device.type == y_gpu.device.type == "cuda"
        assert torch.equal((x * 255).round(), (x_gpu.cpu() * 255).round())
        assert torch.equal(y, y_gpu.cpu())
    subsets = [images.subset(7).images, images.to("cuda").subset(7).images.cpu()]
    assert torch.equal(*subsets)


def test_predictions_on_the_gpu_are_those_of_the_cpu(all_32_bits):
    model, images = make_model(0), make_images(40)
    here = predict(model, images, device="cpu")
    torch.testing.assert_close(predict(model, images, device="cuda"), here, rtol=1e-3, atol=1e-4)
    assert evaluate(model, images, device="cuda")[1] == evaluate(model, images, device="cpu")[1]


@pytest.mark.parametrize("memory", ["recompute", "one_buffer"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_saving_memory_leaves_the_gradients_as_they_are(memory, dtype, all_32_bits):
    config = get_config("densenet_bc40", in_channels=1)
    torch.manual_seed(0)
    plain = DenseNet(config).to("cuda", dtype)
    saving = DenseNet(config, memory=memory).to("cuda", dtype)
    saving.load_state_dict(plain.state_dict())
    x, labels = torch.rand(8, 1, 28, 28).to("cuda", dtype), torch.arange(8, device="cuda")
    for model in (plain, saving):
        F.cross_entropy(model(x), labels).backward()
    both = zip(saving.parameters(), plain.parameters(), strict=True)
    apart = torch.stack([(a.grad - b.grad).norm() / b.grad.norm() for a, b in both])
    # in 32 bits, an output within rounding of zero passes one ReLU and not the other, now and then,
    # and all gradients before it change: by a hundredth at most, in six tries on a processor
    assert apart.max() < (1e-10 if dtype == torch.float64 else 0.1)


@pytest.mark.parametrize("memory", ["recompute", "one_buffer"])
def test_saving_memory_saves_it(memory):
    peaks = {}
    for way in ("plain", memory):
        torch.manual_seed(0)
        model = DenseNet(get_config("densenet_bc100", memory=way)).cuda()
        x = torch.rand(16, 3, 32, 32, device="cuda")
        model(x).sum().backward()
        torch.cuda.reset_peak_memory_stats()
        model(x).sum().backward()
        peaks[way] = torch.cuda.max_memory_allocated()
    assert peaks[memory] < 0.7 * peaks["plain"], peaks
