"""The training loop: against d2l's, against one written out by hand, and its promises."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss
from torch import nn
from torch.nn import functional as F
from torch.optim import lr_scheduler
from training_helpers import FULL, assert_same_weights, make_images, make_model, numbers

from densenet_lesson.blocks import Scores
from densenet_lesson.data import Batches, Images, channel_statistics
from densenet_lesson.training import (
    RECIPES,
    Recipe,
    evaluate,
    learning_rate,
    loop,
    pick_device,
    pick_precision,
    predict,
    train,
)
from densenet_lesson.training.devices import autocast

PLAIN = Recipe(
    epochs=1,
    batch_size=4,
    lr=0.1,
    momentum=0.0,
    nesterov=False,
    weight_decay=0.0,
    schedule="constant",
    init="xavier",
)


pytestmark = pytest.mark.usefixtures("one_thread")


class Repeated:
    """The same batches as in training, one epoch after the other, for d2l's loop."""

    def __init__(self, batches):
        self.batches, self.epoch = batches, 0

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        self.batches.epoch, self.epoch = self.epoch, self.epoch + 1
        return iter(self.batches)


# ---- against what others wrote ----


@pytest.mark.slow
@pytest.mark.parametrize("channels_last", [False, True])
def test_same_weights_as_d2l_train_ch6(capsys, channels_last):
    from d2l import torch as d2l

    images, test = make_images(24), make_images(10, seed=1)
    recipe = replace(PLAIN, epochs=2, seed=3, channels_last=channels_last)
    ours, theirs = make_model(drop_rate=0.0), make_model(drop_rate=0.0)
    history = train(ours, images, test, recipe, device="cpu", progress=False)
    torch.manual_seed(3)
    batches = Repeated(Batches(images, 4, shuffle=True, seed=3))
    d2l.train_ch6(theirs, batches, Batches(test, 4), 2, 0.1, torch.device("cpu"))
    assert_same_weights(ours, theirs, rtol=0, atol=1e-6)
    last = history.rows[-1]
    expected = "loss {train_loss:.3f}, train acc {train_accuracy:.3f}, test acc {test_accuracy:.3f}"
    assert expected.format(**last) in capsys.readouterr().out


def test_d2l_recipe_is_that_of_its_loop():
    recipe = replace(RECIPES["d2l"], epochs=1, batch_size=4, size=None)
    assert recipe == PLAIN
    assert (RECIPES["d2l"].epochs, RECIPES["d2l"].batch_size, RECIPES["d2l"].size) == (10, 256, 96)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_same_weights_as_a_loop_written_out(optimizer):
    recipe = Recipe(
        epochs=2,
        batch_size=8,
        lr=0.03,
        optimizer=optimizer,
        weight_decay=0.02,
        label_smoothing=0.1,
        size=6,
        normalize=True,
        augment="crop",
        channels_last=False,
        seed=5,
    )
    images = make_images(24)
    ours, theirs = make_model(), make_model()
    history = train(ours, images, make_images(8), recipe, device="cpu", progress=False)

    mean, std = channel_statistics(images)
    options = {"size": 6, "shuffle": True, "augment": "crop", "seed": 5, "mean": mean, "std": std}
    batches, losses = Batches(images, 8, **options), []
    if optimizer == "sgd":
        step = torch.optim.SGD(theirs.parameters(), 0.03, 0.9, nesterov=True, weight_decay=0.02)
    else:
        step = torch.optim.AdamW(theirs.parameters(), 0.03, weight_decay=0.02)
    falls = lr_scheduler.MultiStepLR(step, milestones=[3, 5])  # 6 steps: 50 % is 3, 75 % is 4.5
    torch.manual_seed(5)
    theirs.train()
    for batches.epoch in range(2):
        for x, y in batches:
            loss = F.cross_entropy(theirs(x), y, label_smoothing=0.1)
            step.zero_grad()
            loss.backward()
            step.step()
            falls.step()
            losses.append(loss.item())
    assert_same_weights(ours, theirs, rtol=1e-6, atol=1e-7)
    means = [row["train_loss"] for row in history.rows]
    assert means == pytest.approx([sum(losses[:3]) / 3, sum(losses[3:]) / 3])


def test_evaluate_agrees_with_sklearn_with_a_last_batch_that_is_not_full():
    model, images = make_model(), make_images(23)
    train(model, images, images, replace(FULL, epochs=1), device="cpu", progress=False)
    loss, accuracy = evaluate(model, images, batch_size=5)
    probabilities = predict(model, images, batch_size=7)
    exact = probabilities.double() / probabilities.double().sum(1, keepdim=True)
    assert loss == pytest.approx(log_loss(images.labels, exact), rel=1e-5)
    assert accuracy == accuracy_score(images.labels, probabilities.argmax(1))
    assert 0 < accuracy < 1  # else the two could agree on nothing


# ---- the learning rate ----


@pytest.mark.parametrize("total", [4, 100, 938 * 10])
def test_step_schedule_is_that_of_the_paper(total):
    recipe = Recipe(lr=0.1, schedule="step")
    for step in range(total):
        percent = 100 * step / total
        expected = 0.1 if percent < 50 else 0.01 if percent < 75 else 0.001
        assert learning_rate(recipe, step, total) == pytest.approx(expected, rel=1e-12)


def test_cosine_schedule_agrees_with_torch():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    recipe = Recipe(lr=0.3, schedule="cosine")
    for step in range(50):
        assert learning_rate(recipe, step, 50) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


def test_warmup_rises_in_equal_steps_and_then_leaves_the_schedule_alone():
    recipe = Recipe(lr=0.4, schedule="constant", epochs=4, warmup_epochs=1)
    rates = [learning_rate(recipe, step, 16) for step in range(16)]
    assert rates == pytest.approx([0.1, 0.2, 0.3] + [0.4] * 13)
    stepped = [learning_rate(replace(recipe, schedule="step"), step, 16) for step in range(16)]
    assert stepped == pytest.approx([0.1, 0.2, 0.3] + [0.4] * 5 + [0.04] * 4 + [0.004] * 4)


def test_each_step_is_taken_at_the_rate_of_the_schedule(monkeypatch):
    used, step = [], torch.optim.SGD.step
    monkeypatch.setattr(
        torch.optim.SGD,
        "step",
        lambda self, *args: (used.append(self.param_groups[0]["lr"]), step(self, *args))[1],
    )
    recipe = Recipe(epochs=4, batch_size=4, lr=0.1)
    history = train(make_model(), make_images(8), make_images(4), recipe, progress=False)
    assert used == pytest.approx([0.1] * 4 + [0.01] * 2 + [0.001] * 2)
    assert [row["lr"] for row in history.rows] == pytest.approx([0.1, 0.1, 0.01, 0.001])


# ---- the recipe ----


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 0}, "epochs=0 must be a whole number of at least 1"),
        ({"epochs": 2.5}, "epochs=2.5 must be a whole number"),
        ({"epochs": True}, "epochs=True must be a whole number"),
        ({"batch_size": "64"}, "batch_size='64' must be a whole number"),
        ({"lr": 0}, "lr=0 must be a number above 0"),
        ({"lr": math.nan}, "lr=nan must be a number above 0"),
        ({"lr": math.inf}, "lr=inf must be a number above 0"),
        ({"momentum": 1.0}, "momentum=1.0 must be a number of at least 0 and below 1"),
        ({"momentum": 0.0}, "give momentum=0.9, or nesterov=False"),
        ({"weight_decay": -1}, "weight_decay=-1 must be a number of at least 0"),
        ({"label_smoothing": 1}, "label_smoothing=1 must be a number of at least 0 and below 1"),
        ({"warmup_epochs": 10}, "warmup_epochs=10 must be less than epochs=10"),
        ({"size": 0}, "size=0 must be a whole number of at least 1"),
        ({"seed": None}, "seed=None must be a whole number"),
        ({"optimizer": "adam"}, "optimizer='adam' must be 'sgd' or 'adamw'"),
        ({"schedule": "linear"}, "schedule='linear' must be"),
        ({"augment": True}, "augment=True must be False or 'flip' or 'crop' or 'crop-flip'"),
        ({"init": "he"}, "init='he' must be 'default' or 'xavier'"),
        ({"precision": "fp8"}, "precision='fp8' must be"),
        ({"normalize": 1}, "normalize=1 must be True or False"),
    ],
)
def test_recipe_says_what_would_be_right(change, words):
    with pytest.raises(ValueError, match="^[^\n]*$") as caught:
        Recipe(**change)
    assert words in str(caught.value)


def test_recipe_does_not_mind_the_momentum_of_an_optimizer_without_one():
    assert Recipe(optimizer="adamw", momentum=0.0).nesterov


# ---- what training promises ----


def test_the_network_learns():
    images, test = make_images(64), make_images(32, seed=1)
    model = make_model(drop_rate=0.0)
    recipe = Recipe(epochs=8, batch_size=8, lr=0.05)
    history = train(model, images, test, recipe, progress=False)
    assert history.rows[-1]["test_accuracy"] == 1.0
    assert history.rows[-1]["train_loss"] < history.rows[0]["train_loss"] / 3
    assert not model.training
    assert (predict(model, test).argmax(1) == test.labels).all()


@pytest.mark.parametrize("change", [{"seed": 1}, {}])
def test_the_seed_decides_every_number(change):
    models, rows = [], []
    for recipe in (FULL, replace(FULL, **change)):
        models.append(make_model())
        torch.rand(1)  # what the caller draws before plays no part
        history = train(models[-1], make_images(), make_images(), recipe, progress=False)
        rows.append(numbers(history))
    if change:
        assert rows[0] != rows[1]
    else:
        assert rows[0] == rows[1]
        assert_same_weights(*models)


def test_training_figures_are_means_over_images_not_over_batches():
    # 10 images in batches of 8: the second batch has 2. A rate of almost 0 keeps the weights.
    images, model = make_images(10), make_model(drop_rate=0.0)
    model[1] = nn.Identity()  # no batch norm: its statistics depend on the batch
    recipe = Recipe(epochs=1, batch_size=8, lr=1e-30, weight_decay=0.0)
    row = train(model, images, images, recipe, progress=False).rows[0]
    assert row["train_loss"] == pytest.approx(row["test_loss"], rel=1e-6)
    assert row["train_accuracy"] == row["test_accuracy"]


@pytest.mark.parametrize("channels_last", [False, True])
def test_channels_last_is_how_the_weights_lie(channels_last):
    model = make_model(channels=3)
    recipe = replace(FULL, epochs=1, channels_last=channels_last)
    images = make_images(channels=3)
    train(model, images, images, recipe, progress=False)
    weight = model[0].weight  # [4, 3, 3, 3]
    assert weight.is_contiguous(memory_format=torch.channels_last) == channels_last
    assert weight.is_contiguous() != channels_last


def test_bf16_comes_close_to_fp32_and_keeps_the_weights_in_fp32():
    rows, models = [], []
    for precision in ("fp32", "bf16"):
        seen = []
        models.append(make_model(drop_rate=0.0))
        models[-1][0].register_forward_hook(lambda m, i, out, seen=seen: seen.append(out.dtype))
        recipe = replace(FULL, precision=precision)
        history = train(models[-1], make_images(), make_images(), recipe, progress=False)
        rows.append(numbers(history))
        # the first image is the one on which the network is tried out
        assert set(seen[1:]) == {torch.bfloat16 if precision == "bf16" else torch.float32}
    assert models[1][0].weight.dtype == torch.float32
    assert rows[1][-1]["train_loss"] == pytest.approx(rows[0][-1]["train_loss"], rel=0.05)
    assert rows[0] != rows[1]


@pytest.mark.filterwarnings("error")
def test_fp32_switches_an_outer_autocast_off():
    with torch.autocast("cpu", torch.bfloat16), autocast(torch.device("cpu"), "fp32"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_a_last_batch_of_one_image_is_left_out():
    # batch norm over one image of 1×1 pixels has one value per channel, and no variance
    model = nn.Sequential(nn.AvgPool2d(8), nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.Flatten())
    images = make_images(17)
    history = train(model, images, images, replace(FULL, epochs=1), progress=False)
    assert len(history.rows) == 1
    with pytest.raises(ValueError, match="more than 1 value"):
        train(model, images, images, replace(FULL, batch_size=1, augment=False), progress=False)


def test_lazy_modules_get_the_initialisation_of_the_others():
    lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(4))
    plain = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4))
    for model in (lazy, plain):
        for_ever = replace(PLAIN, lr=1e-30)
        train(model, make_images(), make_images(), for_ever, progress=False)
    torch.testing.assert_close(lazy[0].weight, plain[0].weight, rtol=0, atol=0)
    torch.testing.assert_close(lazy[3].weight, plain[3].weight, rtol=0, atol=0)


def test_normalised_images_are_those_of_the_training_set_in_evaluation_too():
    images, test = make_images(20), make_images(8, seed=1)
    model = make_model()
    recipe = replace(FULL, epochs=1, normalize=True, size=10)
    history = train(model, images, test, recipe, progress=False)
    mean, std = channel_statistics(images)
    assert history.inputs == {"size": 10, "mean": list(mean), "std": list(std)}
    x, y = next(iter(Batches(test, 8, 10)))
    with torch.no_grad():
        scores = model((x - mean[0]) / std[0])
    torch.testing.assert_close(predict(model, test, **history.inputs), scores.softmax(1))
    assert history.answers == predict(model, test, **history.inputs).argmax(1).tolist()
    assert history.rows[-1]["test_loss"] == pytest.approx(F.cross_entropy(scores, y).item())


@pytest.mark.parametrize(
    ("progress", "variable", "visible"),
    [(True, "", True), (0.05, "", True), (False, "", False), (True, "1", False)],
)
def test_progress_bar_shows_epoch_loss_and_accuracy(
    monkeypatch, capsys, progress, variable, visible
):
    monkeypatch.setenv("TQDM_DISABLE", variable)
    history = train(make_model(), make_images(), make_images(), FULL, progress=progress)
    shown, last = capsys.readouterr().err, history.rows[-1]
    words = f"loss {last['train_loss']:.3f}, accuracy {last['train_accuracy']:.3f}"
    if visible:
        assert words in shown
        assert "epoch 3/3" in shown
        assert "9/9" in shown
    else:
        assert shown == ""


# ---- errors ----


@pytest.mark.parametrize("where", ["training", "test"])
def test_a_loss_of_nan_stops_the_run_and_leaves_the_last_checkpoint(tmp_path, where):
    path, model, calls = tmp_path / "run.pt", make_model(), []

    def spoil(module, args, output):
        calls.append(module.training)
        # 3 steps and 1 evaluation make an epoch; the second one goes wrong
        wrong = (calls.count(True) > 4) if where == "training" else (calls.count(False) > 2)
        return output * math.nan if wrong and module.training == (where == "training") else output

    model.register_forward_hook(spoil)
    with pytest.raises(FloatingPointError, match="^[^\n]*$") as caught:
        train(model, make_images(), make_images(), FULL, checkpoint=path, progress=False)
    for words in (f"{where} loss became nan in epoch 2", "learning rate 0.0", "smaller lr"):
        assert words in str(caught.value)
    state = torch.load(path, weights_only=True)
    assert len(state["history"]["rows"]) == 1
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_a_rate_that_is_far_too_high_is_an_error_too():
    with pytest.raises(FloatingPointError, match="learning rate 1e\\+30"):
        train(make_model(), make_images(), make_images(), Recipe(lr=1e30), progress=False)


def only(images: Images, *labels: int) -> Images:
    keep = torch.isin(images.labels, torch.tensor(labels))
    return replace(images, images=images.images[keep], labels=images.labels[keep])


@pytest.mark.parametrize(
    ("model", "images", "test", "recipe", "words"),
    [
        (
            make_model,
            make_images(),
            make_images(),
            {"precision": "fp16"},
            "choose 'bf16' or 'fp32'",
        ),
        (make_model, only(make_images(), 0, 2), make_images(), {}, "no image of down, right"),
        (make_model, make_images(), make_images(channels=3), {}, "test_images.channels=3 must be"),
        (
            make_model,
            make_images(),
            replace(make_images(), class_names=("a", "b", "c", "d")),
            {},
            "test_images.class_names",
        ),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), None, None, {}, "num_classes=4"),
        (lambda: nn.Conv2d(1, 4, 3), None, None, {}, "scores of shape [1, 4, 6, 6]"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_written(
    tmp_path, model, images, test, recipe, words
):
    path = tmp_path / "run.pt"
    images, test = images or make_images(), test or make_images()
    with pytest.raises(ValueError, match="^[^\n]*$") as caught:
        recipe = replace(FULL, **recipe)
        train(model(), images, test, recipe, device="cpu", checkpoint=path, progress=False)
    assert words in str(caught.value)
    assert not path.exists()


def test_a_network_with_too_few_classes_can_not_be_evaluated():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    with pytest.raises(ValueError, match="num_classes=4"):
        evaluate(model, make_images())
    assert predict(model, make_images()).shape == (20, 3)


# ---- prediction and devices ----


def test_predict_gives_probabilities_and_each_layer_its_mode_back():
    model, images = make_model(), make_images(11)
    model.train()
    model[1].eval()  # a frozen batch norm
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    probabilities = predict(model, images, batch_size=4)
    assert probabilities.shape == (11, 4)
    assert probabilities.dtype == torch.float32
    assert probabilities.device.type == "cpu"
    torch.testing.assert_close(probabilities.sum(1), torch.ones(11))
    assert [module.training for module in model] == [True, False, True, True, True, True, True]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    model.eval()
    with torch.no_grad():
        scores = model(images.images.float() / 255)
    torch.testing.assert_close(probabilities, scores.softmax(1))


def test_modes_come_back_after_an_error_too():
    model = make_model()
    with pytest.raises(RuntimeError):
        predict(model, make_images(channels=3))
    assert all(module.training for module in model.modules())


def test_predict_in_bf16_is_close_and_float32():
    model, images = make_model(), make_images()
    rough = predict(model, images, precision="bf16")
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, predict(model, images), rtol=0, atol=0.01)
    assert not torch.equal(rough, predict(model, images))


def test_devices(monkeypatch):
    assert pick_device("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match="device='no such thing'.*try 'cpu'"):
        pick_device("no such thing")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == torch.device("cuda")


@pytest.mark.parametrize(
    ("device", "capability", "precision"),
    [("cpu", None, "fp32"), ("cuda", (7, 5), "fp16"), ("cuda", (8, 0), "bf16")],
)
def test_precision_that_suits_a_device(monkeypatch, device, capability, precision):
    from densenet_lesson.training import devices

    monkeypatch.setattr(devices, "pick_device", torch.device)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert pick_precision(device) == precision


def test_fp16_scales_its_losses_and_nothing_else_does(monkeypatch, tmp_path):
    # without a GPU: the scaler is told to work, and the arithmetic stays that of the CPU
    monkeypatch.setattr(loop, "check_precision", lambda precision, device: None)
    monkeypatch.setattr(loop, "autocast", lambda device, _: autocast(device, "fp32"))
    monkeypatch.setattr(loop, "class_scores", lambda *args, **kwargs: torch.zeros(20, 4))
    losses, scales = {}, {}
    for precision in ("fp32", "fp16"):
        path, recipe = tmp_path / precision, replace(FULL, precision=precision)
        options = {"device": "cpu", "checkpoint": path, "progress": False}
        rows = train(make_model(), make_images(), make_images(), recipe, **options).rows
        losses[precision] = [row["train_loss"] for row in rows]
        scales[precision] = torch.load(path, weights_only=True)["scaler"].get("scale")
    # scaled and scaled back by a power of 2: nothing changes but what would have become 0
    assert losses["fp16"] == pytest.approx(losses["fp32"], rel=1e-6)
    assert scales == {"fp32": None, "fp16": 2.0**16}


class TwoHeads(nn.Module):
    """A network with an auxiliary classifier, which answers in training only."""

    def __init__(self):
        super().__init__()
        self.main, self.head = make_model(0, drop_rate=0.0), make_model(1, drop_rate=0.0)

    def forward(self, x):
        main = self.main(x)
        return Scores(main, (self.head(x),)) if self.training else main


def test_auxiliary_classifiers_count_three_tenths_in_the_loss():
    images, model = make_images(8), TwoHeads()
    expected = copy.deepcopy(model)
    recipe = replace(PLAIN, batch_size=8, init="default")
    history = train(model, images, images, recipe, progress=False)

    torch.manual_seed(recipe.seed)
    batches = Batches(images, 8, shuffle=True, seed=recipe.seed)
    batches.epoch = 0
    x, y = next(iter(batches))
    outputs = expected.train()(x)
    main, head = (F.cross_entropy(o, y) for o in (outputs.main, outputs.auxiliary[0]))
    (main + 0.3 * head).backward()
    with torch.no_grad():
        for parameter in expected.parameters():
            parameter -= recipe.lr * parameter.grad

    assert history.rows[0]["train_loss"] == pytest.approx((main + 0.3 * head).item(), rel=1e-5)
    assert_same_weights(model, expected, rtol=1e-4, atol=1e-6)
    assert evaluate(model, images)[0] == pytest.approx(history.rows[0]["test_loss"])
