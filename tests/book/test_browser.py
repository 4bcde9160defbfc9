"""Every explorable of the built book in a real browser, by mouse, by keyboard and by touch."""

import contextlib
import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect
from torch.nn import functional as F

import presets
from browser import DESKTOP, HTML, PHONE, widest
from densenet_lesson import arithmetic, get_config
from densenet_lesson.configs import (
    DENSENETS,
    MEMORIES,
    RESNETS,
    Config,
    DenseNetConfig,
    ResNetConfig,
)

ADDITION, BLOCK, PLANNER = (
    f"notebooks/{name}" for name in ("03_concatenation", "04_growth_rate", "06_densenet")
)


# ------------------------------------------------------------------------ all three


@pytest.mark.parametrize("name", [ADDITION, BLOCK, PLANNER])
def test_without_scripts_words_stand_in_the_explorable_s_place(name, visit):
    page = visit(name, java_script_enabled=False)
    place = page.locator("[data-explorable]")
    expect(place).to_contain_text("JavaScript")
    assert place.locator("button, input, svg").count() == 0


@pytest.mark.parametrize("name", [ADDITION, BLOCK, PLANNER])
def test_everything_to_touch_is_large_enough_for_a_finger(name, visit):
    page = visit(name, viewport=PHONE, has_touch=True)
    kinds = "button, input, select, summary, a, [tabindex='0']"
    targets = page.locator(".explorable").locator(kinds)
    boxes = [target.bounding_box() for target in targets.all() if target.is_visible()]
    assert len(boxes) >= 5
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24
    assert max(box["x"] + box["width"] for box in boxes) <= PHONE["width"]


# ------------------------------------------------------------------------ arithmetic

# as text, since Playwright takes long to hand over many objects
TRACE = """cases => JSON.stringify(JSON.parse(cases).map(({config, batch_size}) => {
  const sums = rows => rows.reduce((all, row) => {
    const [, , before = 0, flops = 0, image = 0, batch = 0] = all[row.stage] || [];
    all[row.stage] = [
      row.channels, row.size, before + row.parameters, flops + row.flops,
      image + row.kept_bytes, batch + row.kept_bytes_per_batch,
    ];
    return all;
  }, {});
  const rows = lesson.trace(config);
  return {
    stages: sums(rows),
    parameters: lesson.parameters(rows),
    flops: lesson.flops(rows),
    activation_bytes: lesson.activation_bytes(rows, batch_size),
    channel_path: lesson.channel_path(rows),
    depth: lesson.depth(config),
    minimum_size: lesson.minimum_size(config),
  };
}))"""


def densenet(choose: random.Random) -> DenseNetConfig:
    blocks = [choose.randint(1, 6) for _ in range(choose.randint(1, 4))]
    return DenseNetConfig(
        block_config=tuple(blocks),
        growth_rate=choose.randint(1, 48),
        num_init_features=choose.randint(8, 96),
        bn_size=choose.choice([None, 1, 2, 4, 5]),
        compression=choose.choice([0.25, 0.29, 0.5, 0.7, 1.0, choose.uniform(0.2, 1)]),
        drop_rate=choose.choice([0.0, 0.2]),
        stem=choose.choice(["imagenet", "cifar"]),
        bias=choose.random() < 0.5,
        pool=choose.choice(["avg", "max"]),
        deep_supervision=choose.random() < 0.3,
        memory=choose.choice(MEMORIES),
        in_channels=choose.choice([1, 3, 4]),
        num_classes=choose.randint(1, 1000),
        image_size=choose.randint(29, 240),
    )


def resnet(choose: random.Random) -> ResNetConfig:
    stages = choose.randint(1, 5)
    widths = sorted(choose.randint(1, 256) for _ in range(stages))  # shortcut A takes none away
    return ResNetConfig(
        block=choose.choice(["basic", "bottleneck", "plain"]),
        layers=tuple(choose.randint(1, 4) for _ in range(stages)),
        widths=tuple(widths),
        shortcut=choose.choice("ABC"),
        stem=choose.choice(["imagenet", "cifar"]),
        bias=choose.random() < 0.5,
        shortcut_norm=choose.random() < 0.5,
        in_channels=choose.choice([1, 3]),
        num_classes=choose.randint(1, 1000),
        image_size=choose.randint(1, 240),
    )


def expected(config: Config, batch_size: int) -> dict[str, Any]:
    """What the package says, in the form in which the script says it."""
    stages: dict[str, list[int]] = {}
    for row in arithmetic.trace(config):
        added = row.parameters, row.flops, row.kept_bytes, row.kept_bytes_per_batch
        before = stages.get(row.stage, [0] * 6)[2:]
        stages[row.stage] = [row.channels, row.size, *map(sum, zip(before, added, strict=True))]
    path = arithmetic.channel_path(config) if isinstance(config, DenseNetConfig) else None
    return {
        "stages": stages,
        "parameters": arithmetic.parameters(config),
        "flops": arithmetic.flops(config),
        "activation_bytes": arithmetic.activation_bytes(config, batch_size),
        "channel_path": path,
        "depth": config.depth,
        "minimum_size": arithmetic.minimum_size(config),
    }


def compare(page: Page, configs: list[Config], batch_size: int) -> None:
    cases = [{"config": fields(config), "batch_size": batch_size} for config in configs]
    answers = json.loads(page.evaluate(TRACE, json.dumps(cases)))
    for config, found in zip(configs, answers, strict=True):
        right = expected(config, batch_size)
        if right["channel_path"] is None:
            found["channel_path"] = None  # only a DenseNet has one
        assert found == right, config


def fields(config: Config) -> dict[str, Any]:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def test_the_arithmetic_is_the_package_s_on_random_configurations(visit):
    choose = random.Random(6)
    configs = [densenet(choose) for _ in range(16)] + [resnet(choose) for _ in range(8)]
    compare(visit(PLANNER), configs, batch_size=choose.randint(1, 256))


def test_every_preset_has_the_package_s_numbers(visit):
    page = visit(PLANNER)
    complete = "([key, {kind, ...changes}]) => ({key, ...lesson.defaults[kind], ...changes})"
    stored = page.evaluate(f"Object.entries(lesson.presets).map({complete})")
    known = DENSENETS | RESNETS
    assert [preset.pop("key") for preset in stored] == list(known)
    for preset, config in zip(stored, known.values(), strict=True):
        assert preset == {name: as_json(value) for name, value in known_fields(config).items()}
    compare(page, list(known.values()), batch_size=64)


def known_fields(config: Config) -> dict[str, Any]:
    return {name: v for name, v in fields(config).items() if name not in presets.LEFT_OUT}


def as_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# ------------------------------------------------------------------------ addition or concatenation


def written(panel: Locator) -> list[str]:
    """The channels and the connections that stand below a drawing."""
    return panel.locator("strong").all_text_contents()


def columns(page: Page) -> tuple[Locator, Locator]:
    """What is added and what is concatenated, with the channels that a channel's tests count on."""
    page.get_by_role("slider").fill("2")
    addition, concatenation = page.locator(".explorable-column").all()
    return addition, concatenation


@pytest.mark.parametrize("width", [1, 3, 4])
def test_stepping_by_mouse_counts_channels_and_connections(width, visit):
    page = visit(ADDITION)
    addition, concatenation = columns(page)
    page.get_by_role("slider").fill(f"{width}")
    page.get_by_role("button", name="Start again").click()
    before = f"{width} channel{'s' if width > 1 else ''}"
    assert written(concatenation) == [before, "0"]
    for layer in (1, 2, 3, 4):
        page.get_by_role("button", name="Next layer").click()
        count = arithmetic.block_channels_written(width, layer, width)
        connections = arithmetic.total_written(list(range(1, layer + 1)))
        assert written(concatenation) == [f"{count} channels", connections if layer > 1 else "1"]
        assert written(addition)[0] == f"{before}, as before"
        marked = "g.explorable-fresh g"
        expected_channels = arithmetic.block_channels(width, layer, width)
        assert concatenation.locator(marked).count() == expected_channels
        assert addition.locator(marked).count() == width
    assert page.get_by_role("button", name="Next layer").is_disabled()  # there is no fifth layer
    page.get_by_role("button", name="Next layer").click(force=True)
    expect(page.locator(".explorable-place")).to_have_text("layer 4 of 4")
    page.get_by_role("button", name="Back").click()
    expect(page.locator(".explorable-place")).to_have_text("layer 3 of 4")


@pytest.mark.parametrize("size", [DESKTOP, PHONE, {"width": 320, "height": 640}])
def test_a_channel_is_as_wide_on_both_sides_which_stand_side_by_side(size, visit):
    page = visit(ADDITION, viewport=size)
    for _ in range(3):
        page.get_by_role("button", name="Next layer").click()
    panels = [panel.locator("svg").bounding_box() for panel in columns(page)]
    assert panels[0]["y"] == panels[1]["y"] and panels[0]["x"] < panels[1]["x"]
    assert panels[1]["x"] + panels[1]["width"] <= size["width"] - 16
    boxes = page.locator(".explorable-channel rect").evaluate_all(
        "rects => rects.map(rect => rect.getBoundingClientRect().width)"
    )
    assert len(boxes) == 2 * (5 + 15) and max(boxes) - min(boxes) < 0.1
    assert min(boxes) >= 24  # for a finger


def test_the_patterns_are_what_the_chapter_s_layers_make_of_the_photograph(visit):
    x = torch.tensor(presets.flower()).double()[None] / 255  # [1, 3, 32, 32]
    found = visit(ADDITION).evaluate("lesson.addition_patterns(3)")
    kernels = torch.tensor(visit(ADDITION).evaluate("lesson.addition_kernels"), dtype=x.dtype)
    total = x
    for layer, maps in enumerate(found["parts"]):
        y = torch.tensor(maps, dtype=x.dtype).reshape(x.shape)
        if layer == 0:
            torch.testing.assert_close(y, x)
            continue
        read = F.relu(F.batch_norm(total, None, None, training=True)).mean(1, keepdim=True)
        chosen = kernels[[(3 * (layer - 1) + i) % len(kernels) for i in range(3)]]
        right = F.conv2d(read, chosen.reshape(3, 1, 3, 3) / 4, padding=1)
        torch.testing.assert_close(y, right)
        total = total + right
        torch.testing.assert_close(
            torch.tensor(found["sums"][layer], dtype=x.dtype).reshape(x.shape), total
        )


def reading_layers(panel: Locator) -> list[str]:
    return panel.locator(".explorable-layer.explorable-reads").all_text_contents()


def test_pointing_at_a_channel_shows_who_reads_it(visit):
    page = visit(ADDITION)
    addition, concatenation = columns(page)
    for _ in range(3):
        page.get_by_role("button", name="Next layer").click()
    for channel in range(10):
        concatenation.locator("g.explorable-fresh g").nth(channel).hover()
        writer = channel // 2  # 0 is the input
        assert reading_layers(concatenation) == [f"{reader}" for reader in range(writer + 1, 5)]
    addition.get_by_role("button", name="Channel 1 of the sum x + 1 + 2.").hover()
    assert reading_layers(addition) == ["3"]
    expect(page.locator(".explorable-reading")).to_contain_text("None of its terms")
    page.mouse.move(5, 5)
    assert reading_layers(addition) == reading_layers(concatenation) == []


def test_the_channels_are_reached_by_keyboard(visit):
    page = visit(ADDITION)
    _, concatenation = columns(page)
    page.get_by_role("button", name="Next layer").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".explorable-place")).to_have_text("layer 2 of 4")
    for _ in range(4):  # Back, Start again, and one stop for each drawing
        page.keyboard.press("Tab")
    assert reading_layers(concatenation) == ["1", "2", "3", "4"]
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert reading_layers(concatenation) == ["3", "4"]
    page.keyboard.press("ArrowUp")  # in the row above, the last column is layer 1's
    assert reading_layers(concatenation) == ["2", "3", "4"]
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert reading_layers(concatenation) == ["2", "3", "4"]  # it stays marked
    expect(concatenation.locator("[aria-pressed=true]")).to_have_count(2)


def test_a_finger_marks_a_channel(visit):
    page = visit(ADDITION, viewport=PHONE, has_touch=True)
    _, concatenation = columns(page)
    concatenation.locator("g.explorable-fresh g").nth(3).tap()
    assert reading_layers(concatenation) == ["2", "3", "4"]


def test_nothing_moves_for_readers_who_asked_for_that(visit):
    style = "getComputedStyle(document.querySelector('.explorable-fresh')).animationName"
    assert visit(ADDITION, reduced_motion="reduce").evaluate(style) == "none"
    assert visit(ADDITION, reduced_motion="no-preference").evaluate(style) != "none"


# ------------------------------------------------------------------------ dense block


def shown(page: Page) -> dict[str, str]:
    """The results that stand on the page, by their names."""
    names = page.locator(".explorable dt").all_text_contents()
    return dict(zip(names, page.locator(".explorable dd strong").all_text_contents(), strict=True))


def check_block(page: Page) -> dict[str, str]:
    """Compare the calculator's numbers with the package's for what its sliders say."""
    k0, k, length, size = (int(slider.input_value()) for slider in page.get_by_role("slider").all())
    bn_size = 4 if page.get_by_role("checkbox", name="bottleneck").is_checked() else None
    config = DenseNetConfig(
        block_config=(length,), growth_rate=k, num_init_features=k0, bn_size=bn_size, stem="cifar",
        image_size=size,
    )  # fmt: skip
    rows = [row for row in arithmetic.trace(config) if row.stage == "denseblock1"]
    weights = sum(row.parameters for row in rows if row.kind == "conv")
    parameters, flops = sum(row.parameters for row in rows), sum(row.flops for row in rows)
    result = shown(page)
    assert result["channels"] == arithmetic.block_channels_written(k0, length, k)
    read = length * k0 + k * length * (length - 1) // 2
    assert result["read by all layers"].endswith(f" = {read:,}")
    assert result["parameters"].startswith(f"convolutions {weights:,} + norms ")
    assert result["parameters"].endswith(f" = {parameters:,}")
    assert result["FLOPs of one image"] == f"2 × {weights:,} × {size} × {size} = {flops:,}"
    alt = page.locator(".explorable").get_by_role("img").get_attribute("aria-label")
    assert f"{length * (length + 1) // 2} connections" in alt
    assert f"{k0 + length * k} come out" in alt
    arcs = page.locator(".explorable-from-input, .explorable-from-new")
    few = length <= 8  # of more layers, only those into the last one: no mat of lines
    assert arcs.count() == (length * (length + 1) // 2 if few else length)
    return result


def test_the_block_begins_with_the_chapter_s_numbers(visit):
    result = check_block(visit(BLOCK))
    assert result["channels"] == "64 + 6 × 32 = 256"
    assert result["parameters"] == "convolutions 248,832 + norms 1,728 = 250,560"
    assert result["FLOPs of one image"].endswith(" = 1,560,674,304")


def highest_bar(page: Page) -> float:
    tops = """rects => Math.min(...rects.map(each => each.getBoundingClientRect().top))"""
    bars = page.locator(".explorable-drawing .explorable-new > rect")
    return page.locator(".explorable-full").bounding_box()["y"] - bars.evaluate_all(tops)


def test_more_growth_looks_like_more_growth(visit):
    page = visit(BLOCK)
    growth = page.get_by_role("slider", name="growth rate k")
    growth.fill("8")
    small = highest_bar(page)
    growth.fill("24")
    assert highest_bar(page) > small + 30  # pixels: the scale hasn't changed with the bars


def test_the_goal_is_judged_and_the_best_block_of_all_is_known(visit):
    page = visit(BLOCK)
    reached = page.locator(".explorable-reached")
    expect(reached).to_have_text("250,560 parameters; your best so far: 250,560")
    page.get_by_role("slider", name="layers").fill("7")
    expect(reached).to_have_text("now 64 → 288")
    fits = [(192 // n, n, neck) for n in range(3, 25) if 192 % n == 0 for neck in (None, 4)]
    config = DenseNetConfig(stem="cifar", num_init_features=64, image_size=8)

    def parameters(k: int, layers: int, neck: int | None) -> int:
        changed = replace(config, growth_rate=k, block_config=(layers,), bn_size=neck)
        rows = arithmetic.trace(changed)
        return sum(row.parameters for row in rows if row.stage == "denseblock1")

    k, layers, neck = min(fits, key=lambda fit: parameters(*fit))
    page.get_by_role("slider", name="growth rate k").fill(str(k))
    page.get_by_role("slider", name="layers").fill(str(layers))
    page.get_by_role("checkbox", name="bottleneck").set_checked(neck is not None)
    least = f"{parameters(k, layers, neck):,}"
    expect(reached).to_have_text(f"{least} parameters: with these dials, none has fewer!")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_sliders_follow_the_mouse(viewport, visit):
    page = visit(BLOCK, viewport=viewport)
    before = check_block(page)
    for slider, place in zip(page.get_by_role("slider").all(), (0.8, 0.1, 0.95, 0.3), strict=True):
        box = slider.bounding_box()
        slider.click(position={"x": place * box["width"], "y": box["height"] / 2})
        after = check_block(page)
        assert after != before
        before = after
    page.get_by_text("bottleneck: a 1×1").click()
    assert check_block(page)["parameters"] != before["parameters"]
    assert widest(page) <= viewport["width"]


def test_the_sliders_follow_the_keyboard(visit):
    page = visit(BLOCK)
    page.get_by_role("slider", name="input channels").focus()
    page.keyboard.press("ArrowRight")
    assert check_block(page)["channels"] == "65 + 6 × 32 = 257"
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    assert check_block(page)["channels"] == "65 + 6 × 1 = 71"
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert check_block(page)["channels"] == "65 + 24 × 1 = 89"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.get_by_role("checkbox", name="bottleneck").is_checked()
    check_block(page)


def test_a_screen_reader_hears_the_result_once_the_slider_rests(visit):
    page = visit(BLOCK)
    slider = page.get_by_role("slider", name="layers")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    status = page.get_by_role("status")  # one, and nothing else that is read out by itself
    expect(status).to_contain_text("64 + 9 × 32 = 352 channels, ")
    assert page.locator(".explorable").locator("[aria-live], output").count() == 0


# ------------------------------------------------------------------------ planner


def check_plan(page: Page, config: Config, batch_size: int = 64) -> None:
    """Compare the planner's numbers with the package's."""
    result = shown(page)
    assert result["parameters"] == f"{arithmetic.parameters(config):,}"
    assert result["FLOPs of one image"] == f"{arithmetic.flops(config):,}"
    for memory, kept in memories(config, batch_size).items():
        name = {"recompute": "recomputed", "one_buffer": "recomputed, one buffer"}.get(
            memory, memory
        )
        line = f"activation memory, {name}, batch of {batch_size:,}"
        assert result[line] == f"{kept:,} bytes"
    assert result["layers with weights"] == f"{config.depth:,}"
    if isinstance(config, DenseNetConfig) and not config.deep_supervision:
        assert result["channels"] == arithmetic.channel_path_written(config)
    check_table(page, config)


def memories(config: Config, batch_size: int) -> dict[str, int]:
    """Bytes kept by each way to keep activations; a ResNet has only one."""
    if isinstance(config, ResNetConfig):
        return {"plain": arithmetic.activation_bytes(config, batch_size)}
    ways = {memory: get_config(config, memory=memory) for memory in MEMORIES}
    return {way: arithmetic.activation_bytes(c, batch_size) for way, c in ways.items()}


def check_table(page: Page, config: Config) -> None:
    rows = page.locator(".explorable-table tbody tr")
    found = [row.locator("td").all_text_contents() for row in rows.all()]
    right = [
        [
            f"{stage.channels} × {stage.size} × {stage.size}",
            f"{stage.parameters:,}",
            f"{stage.flops / 1e6:,.1f}",
        ]
        for stage in arithmetic.stages(config)
    ]
    assert [cells[:3] for cells in found] == right


def run(code: str) -> str:
    """What Python code prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "copied", "exec"), {})
    return printed.getvalue()


def check_code(page: Page, code: str) -> None:
    """Run the copied code: it prints the numbers that stand on the page."""
    result = shown(page)
    kept = [text.removesuffix(" bytes") for text in result.values() if text.endswith(" bytes")]
    lines = [f"parameters: {result['parameters']}"]
    lines += [f"FLOPs of one image: {result['FLOPs of one image']}"]
    ways = zip(MEMORIES, kept, strict=False)
    lines += [f"bytes kept, {way}: {number}" for way, number in ways]
    assert run(code).splitlines() == lines


# Of each kind one: the numbers of all presets are compared without their page, above.
SHOWN = ["densenet201", "densenet_d2l", "densenet_digits", "densenet100", "densenet_bc250"]
SHOWN += ["resnet34", "resnet152", "resnet56", "resnet18_d2l"]


@pytest.mark.parametrize("name", SHOWN)
def test_a_preset_is_shown_with_the_package_s_numbers(name, planner):
    planner.get_by_label("network", exact=True).select_option(name)
    check_plan(planner, get_config(name))


@pytest.fixture(scope="module")
def planner(browser: Browser, server: str) -> Iterator[Page]:
    """One page for all presets, since opening it takes longest."""
    with contextlib.closing(browser.new_context(viewport=DESKTOP)) as context:
        page = context.new_page()
        page.goto(f"{server}/{PLANNER}.html")
        yield page


def test_planning_by_keyboard(visit):
    page = visit(PLANNER)
    page.get_by_label("network", exact=True).focus()
    page.keyboard.type("DenseNet-121")
    check_plan(page, get_config("densenet121"))
    page.keyboard.press("Tab")  # layers of each dense block
    page.keyboard.press("Control+a")
    page.keyboard.type("3 5,7")
    page.keyboard.press("Tab")  # growth rate
    page.keyboard.press("ArrowUp")
    check_plan(page, get_config("densenet121", block_config=(3, 5, 7), growth_rate=33))
    page.get_by_role("button", name="Undo all changes").focus()
    page.keyboard.press("Enter")
    check_plan(page, get_config("densenet121"))


CHANGES = {
    "densenet121": {
        "block_config": (5,), "growth_rate": 7, "num_init_features": 33, "bn_size": None,
        "compression": 0.29, "image_size": 61, "stem": "cifar", "pool": "max", "bias": True,
        "drop_rate": 0.25, "deep_supervision": True, "in_channels": 2, "num_classes": 17,
    },
    "densenet_bc100": {"compression": 0.7, "bn_size": 3, "deep_supervision": True},
    "resnet50": {
        "block": "plain", "layers": (1, 2, 1), "widths": (8, 24, 40), "image_size": 50,
        "shortcut": "C", "shortcut_norm": False, "stem": "cifar", "bias": True,
        "in_channels": 1, "num_classes": 5,
    },
}  # fmt: skip


def address(name: str, changes: dict[str, Any], batch_size: int) -> str:
    """The link to a plan, written by hand."""
    parts = [f"#plan={name}"]
    for field, value in changes.items():
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()
        parts.append(f"{field}={text}")
    return "&".join([*parts, f"batch_size={batch_size}"])


@pytest.mark.parametrize("name", CHANGES)
def test_a_link_restores_the_plan_and_the_copied_code_gives_its_numbers(name, visit):
    config = get_config(name, **CHANGES[name])
    page = visit(
        PLANNER,
        hash=address(name, CHANGES[name], 12),
        permissions=["clipboard-read", "clipboard-write"],
    )
    check_plan(page, config, batch_size=12)
    page.get_by_role("button", name="Copy as Python").click()
    expect(page.get_by_role("status")).to_contain_text("Python code is copied")
    check_code(page, page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status")).to_contain_text("link is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(link)
    check_plan(page, config, batch_size=12)
    page.get_by_role("button", name="Undo all changes").click()
    check_plan(page, get_config(name), batch_size=12)


def test_the_link_on_the_page_is_followed_and_gone_back_from(visit):
    page = visit(PLANNER)
    page.get_by_label("network", exact=True).select_option("densenet40")
    page.get_by_label("growth rate k").fill("24")
    page.get_by_role("link", name="Link to this network").click()
    assert page.url.endswith("#plan=densenet40&growth_rate=24&batch_size=64")
    page.get_by_label("growth rate k").fill("36")
    page.get_by_role("link", name="Link to this network").click()
    check_plan(page, get_config("densenet40", growth_rate=36))
    page.go_back()
    expect(page.get_by_label("growth rate k")).to_have_value("24")
    check_plan(page, get_config("densenet40", growth_rate=24))


def test_a_link_leads_to_the_planner_and_not_to_the_top_of_the_page(visit):
    page = visit(PLANNER, hash="#plan=densenet40")
    expect(page.get_by_label("network", exact=True)).to_be_in_viewport()


WRONG = [
    ("layers of each dense block", "6, x", "whole numbers of at least 1"),
    ("layers of each dense block", "", "whole numbers of at least 1"),
    ("layers of each dense block", "6000", "at most 5,000 in all"),
    ("growth rate k", "0", "a whole number from 1 to 99,999, such as 32"),
    ("growth rate k", "", "a whole number from 1 to 99,999, such as 32"),
    ("growth rate k", "1.5", "a whole number from 1 to 99,999, such as 32"),
    ("growth rate k", "123456", "a whole number from 1 to 99,999, such as 32"),
    ("bottleneck, times k", "-4", "none, or a whole number such as 4"),
    ("compression θ", "2", "more than 0 and at most 1"),
    ("compression θ", "half", "more than 0 and at most 1"),
    ("compression θ", "0.0001", "leaves no channel"),
    ("dropout", "1", "at least 0 and less than 1"),
    ("image size in pixels", "28", "Use at least 29"),
    ("images in a batch", "-1", "a whole number from 1 to 99,999, such as 64"),
]


# The words of a part without those that a screen reader says, half a second later
SEEN = """part => {
  const heard = part.querySelector("[role=status]");
  heard.style.display = "none";
  const words = part.innerText;
  heard.style.display = "";
  return words;
}"""


@pytest.mark.parametrize(("label", "text", "advice"), WRONG)
def test_bad_input_is_answered_with_what_would_be_right(label, text, advice, planner):
    planner.get_by_label("network", exact=True).select_option("densenet_d2l")
    planner.get_by_role("button", name="Undo all changes").click()
    planner.locator(".explorable-more").evaluate("details => (details.open = true)")
    field = planner.get_by_label(label)
    before = field.input_value()
    field.fill(text)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(advice), re.I))
    expect(planner.locator(".explorable-problem")).to_contain_text(advice, ignore_case=True)
    expect(planner.locator(".explorable-table")).to_be_hidden()
    written = planner.locator(".explorable").evaluate(SEEN)
    assert "NaN" not in written and written.lower().count(advice.lower()) == 1  # said once
    field.fill(before)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    check_plan(planner, get_config("densenet_d2l"))


def test_a_mistake_moves_nothing_on_the_page(planner):
    planner.get_by_label("network", exact=True).select_option("densenet_d2l")
    before = planner.locator(".explorable").bounding_box()["height"]
    planner.get_by_label("growth rate k").fill("0")
    expect(planner.locator(".explorable-problem")).to_contain_text("Growth rate k must be")
    assert planner.locator(".explorable").bounding_box()["height"] == before


def test_the_picture_of_the_network_changes_with_the_numbers(planner):
    planner.get_by_label("network", exact=True).select_option("densenet_d2l")
    boxes = planner.locator(".explorable-network rect")
    widths = "rects => rects.map(each => each.width.baseVal.value)"
    before = boxes.evaluate_all(widths)
    planner.get_by_label("layers of each dense block").fill("4, 4, 4, 40")
    after = boxes.evaluate_all(widths)
    assert len(after) == len(before) and max(after) > 1.3 * max(before)


def test_fields_of_a_row_stand_in_line(planner):
    fields = planner.locator(".explorable-fields").first.locator("input, select")
    ends = fields.evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().bottom))")
    columns = fields.evaluate_all("all => new Set(all.map(e => e.offsetLeft)).size")
    assert len(set(ends)) == -(-len(ends) // columns)


def test_stages_without_a_width_and_numbers_beyond_counting_are_refused(planner):
    planner.get_by_label("network", exact=True).select_option("resnet18")
    planner.get_by_label("blocks of each stage").fill("2, 2, 2")
    expect(planner.locator(".explorable-problem")).to_contain_text("One width for each of the 3")
    planner.get_by_label("network", exact=True).select_option("resnet20")
    planner.get_by_label("width of each stage").fill("16, 64, 32")
    expect(planner.locator(".explorable-problem")).to_contain_text("Shortcut A can add channels")
    planner.get_by_label("network", exact=True).select_option("densenet264")
    planner.get_by_label("growth rate k").fill("99999")
    expect(planner.locator(".explorable-problem")).to_contain_text("too large to be counted")


@pytest.mark.parametrize(
    "hash",
    ["#plan=resnet7", "#plan=__proto__", "#plan=densenet121&stem=nonsense&nothing=1&bias=maybe"],
)
def test_a_link_to_nonsense_shows_a_network_all_the_same(hash, visit):
    page = visit(PLANNER, hash=hash)
    name = page.get_by_label("network", exact=True).input_value()
    check_plan(page, get_config(name))


def test_a_plan_fits_a_phone(visit):
    page = visit(PLANNER, viewport=PHONE, color_scheme="dark", has_touch=True)
    page.get_by_label("network", exact=True).select_option("densenet161")
    page.get_by_text("More settings").tap()
    assert widest(page) <= PHONE["width"]
    table = page.locator(".explorable-table").bounding_box()
    assert table["x"] >= 0 and table["x"] + table["width"] <= PHONE["width"]
    expect(page.get_by_role("row").filter(has_text="dense block 4")).to_contain_text("2208 × 7 × 7")


# ------------------------------------------------------------------------ from a folder


def test_the_explorables_work_from_a_folder(visit):
    folder = HTML.as_uri()
    page = visit(ADDITION, at=folder)
    page.get_by_role("button", name="Next layer").click()
    assert written(page.locator(".explorable-column").nth(1))[1] == "1 + 2 = 3"
    check_block(visit(BLOCK, at=folder))
    changes = {"growth_rate": 16}
    page = visit(PLANNER, at=folder, hash=address("densenet121", changes, 8))
    check_plan(page, get_config("densenet121", **changes), batch_size=8)
