"""The debugging clinic, chapter 14: each check fails the broken network and passes a right one."""

import contextlib
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from clinic_cures import RIGHT, WRONG, Cure
from torch import nn
from torchvision.models.densenet import _DenseBlock
from torchvision.models.googlenet import Inception
from torchvision.ops import Conv2dNormActivation

import densenet_lesson
from course import notebook
from densenet_lesson.training.evaluation import evaluation_mode

CHAPTER = "14_debugging_clinic"
CASES = range(1, 14)

every_case = pytest.mark.parametrize("case", CASES)


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def tagged(tag: str) -> str:
    """The code of the one cell with this tag."""
    found = [cell.source for cell in notebook(CHAPTER).cells if tag in tags(cell)]
    assert len(found) == 1, f"{len(found)} cells have the tag {tag}"
    return found[0]


def with_id(name: str) -> str:
    return next(cell.source for cell in notebook(CHAPTER).cells if cell.id == name)


def definitions(source: str) -> str:
    """A cell without the calls at its end that say how a network does."""
    return source.partition("\n\n\nexamine(")[0]


def cures(case: int) -> str:
    """The cell with the cures of a group of cases, this one among them."""
    cells = [cell.source for cell in notebook(CHAPTER).cells if "cures" in tags(cell)]
    return next(source for source in cells if f"examine(check_{case}, " in source)


def part_of(case: int, part: str) -> str:
    return definitions(cures(case) if part == "fixed" else tagged(f"{part}-{case}"))


def patient(case: int, *parts: str) -> tuple[str, dict[str, Any]]:
    """What the chapter's imports, its helpers and these parts of a case print and define."""
    helpers = [with_id(name) for name in ("imports", "examine", "copy-weights")]
    code = [*helpers, *(part_of(case, part) for part in parts)]
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for source in code:
            exec(source, names)
    return printed.getvalue(), names


def named(names: dict[str, Any], kind: str, case: int) -> Callable:
    """`Broken3` or `broken_7`: a class or a function."""
    return names.get(f"{kind.capitalize()}{case}") or names[f"{kind}_{case}"]


def check_of(case: int) -> Callable[[Callable], None]:
    return patient(case, "check")[1][f"check_{case}"]


# ------------------------------------------------------------------------ the thirteen cases


def test_there_are_as_many_cases_as_the_title_says():
    headings = [cell.source for cell in notebook(CHAPTER).cells if cell.cell_type == "markdown"]
    cases = re.findall(r"^### Case (\d+): ", "\n".join(headings), re.MULTILINE)
    assert [int(case) for case in cases] == list(CASES)
    assert notebook(CHAPTER).cells[0].source.startswith("# Debugging clinic: thirteen ")


# What the message says: the wrong number that was found, and the right one.
MESSAGES = {
    1: ("(8, 10, 8, 8)", "(4, 20, 8, 8)"),
    2: ("[3, 3]", "[3, 13]"),
    3: ("13", "23"),
    4: ("34", "35"),
    5: ("0", "1,472"),
    6: ("300", "290"),
    7: ("16 → 48 → 24 → 56 → 40 → 72", "16 → 48 → 24 → 56 → 28 → 60"),
    8: ("7,680", "15,872"),
    9: ("1.0", "0.0"),
    10: ("64 of 128", "0"),
    11: ("0.46", "0.0"),
    12: ("0.190", "0.100"),
    13: ("1.46", "0.00"),
}


@every_case
def test_a_broken_network_fails_with_a_message_that_says_what_is_wrong_and_what_is_right(case):
    _, names = patient(case, "broken", "check")
    with pytest.raises(AssertionError) as failure:
        names[f"check_{case}"](named(names, "broken", case))
    wrong, right = MESSAGES[case]
    message = str(failure.value)
    assert re.search(rf"got {re.escape(wrong)}(?![\d.]\d)", message), message
    assert "expected" in message and right in message.partition("got ")[0], message
    assert message.endswith("?"), "a message ends with a question that helps"


@every_case
def test_the_fixed_network_passes_and_says_so(case):
    _, names = patient(case, "broken", "check", "fixed")
    fixed = named(names, "fixed", case)
    names[f"check_{case}"](fixed)
    (told,) = [c.outputs[0].text for c in notebook(CHAPTER).cells if c.source == cures(case)]
    assert f"{fixed.__name__} passes." in told.splitlines()


@every_case
def test_a_case_has_its_parts_in_order_and_the_answer_is_folded(case):
    cells = notebook(CHAPTER).cells
    order = ["case", "broken", "symptom", "hint", "check", "diagnosis"]
    places = [[cell.id for cell in cells].index(f"{part}-{case}") for part in order]
    assert places == sorted(places)
    story, broken, symptom, hint, check, diagnosis = (cells[i] for i in places)
    folds = [
        re.match(r"<details>\n<summary>(.+)</summary>", text.source)[1]
        for text in (hint, diagnosis)
    ]
    folds.append(check.metadata.mystnb.code_prompt_show)
    assert len(set(folds)) == 3 and all(re.search(rf"\bcase {case}$", name) for name in folds)
    assert "hide-cell" in tags(check) and check.metadata.jupyter.source_hidden
    assert check.metadata.jupyter.outputs_hidden  # its message says what is wrong
    assert re.search(r"```python\n.+\n```\n.*</details>$", diagnosis.source, re.DOTALL)  # the cure
    assert not [cell.id for cell in (story, broken, symptom) if "hide" in str(cell)]
    assert symptom.outputs, "the symptom shows"
    assert f"{case} fails:\nexpected" in check.outputs[0].text


def test_the_cures_are_folded_until_all_cases_are_over():
    cells = notebook(CHAPTER).cells
    places = [i for i, cell in enumerate(cells) if "cures" in tags(cell)]
    assert min(places) > [cell.id for cell in cells].index("diagnosis-13") and len(places) == 3
    for cell in (cells[place] for place in places):
        assert "hide-cell" in tags(cell) and cell.metadata.jupyter.source_hidden
        assert cell.metadata.jupyter.outputs_hidden


# ------------------------------------------------------------------ which question finds what


def test_the_four_questions_find_nothing_between_a_cure_and_itself():
    names = {}
    helpers = [with_id(name) for name in ("imports", "examine")]
    for source in (*helpers, with_id("row").partition("\n\n\nclass Sideways")[0]):
        exec(source, names)
    names |= patient(6, "fixed")[1] | patient(12, "fixed")[1] | {"torch": torch}
    for case, x in ((6, torch.rand(4, 3, 8, 8)), (12, torch.rand(4, 3, 8, 8))):
        fixed = named(names, "fixed", case)
        assert names["ask"](fixed, fixed, (3, 10), x) == ["same", "same", "all", "same", "same"]


def test_every_patient_has_a_field_that_tells_and_case_12_only_the_last():
    (picture,) = [cell for cell in notebook(CHAPTER).cells if cell.id == "all"]
    rows = re.findall(r"case (\d+): ([^.]+)\.", picture.metadata.mystnb.image.alt)
    words = {int(case): answers.split(", ") for case, answers in rows}
    assert list(words) == list(CASES)
    assert all({"differs", "not all", "stops"} & set(answers) for answers in words.values())
    assert words[12] == ["same", "same", "all", "same", "differs"]


# ------------------------------------------------------------------ networks that we did not write


def torchvision_block(num_layers: int, in_channels: int, growth_rate: int) -> nn.Module:
    return _DenseBlock(num_layers, in_channels, bn_size=4, growth_rate=growth_rate, drop_rate=0)


def torchvision_layer(memory_efficient: bool) -> Callable[[int, int], nn.Module]:
    def build(in_channels, growth_rate):
        block = _DenseBlock(1, in_channels, 4, growth_rate, 0, memory_efficient)
        return block.denselayer1

    return build


def torchvision_branch(name: str) -> Callable[..., nn.Module]:
    return lambda *_: getattr(Inception(192, 64, 96, 128, 16, 32, 32), name)


@pytest.mark.parametrize(
    ("case", "network"),
    [
        (1, densenet_lesson.DenseBlock),
        (1, torchvision_block),
        (2, densenet_lesson.DenseBlock),
        (3, densenet_lesson.DenseBlock),
        (3, torchvision_block),
        (5, densenet_lesson.DenseBlock),
        (6, Conv2dNormActivation),
        (9, densenet_lesson.conv_block),
        (12, densenet_lesson.conv_block),
        (12, torchvision_layer(memory_efficient=False)),
    ],
)
def test_a_check_passes_the_package_s_and_torchvision_s_own_modules(case, network):
    check_of(case)(network)


def test_the_check_of_channels_passes_the_package_s_networks():
    def build(block_config, growth_rate, channels):
        network = densenet_lesson.DenseNet(
            block_config=block_config,
            growth_rate=growth_rate,
            num_init_features=channels,
            stem="cifar",
        )
        kinds = (densenet_lesson.DenseBlock, densenet_lesson.Transition)
        return nn.Sequential(*[part for part in network.features if isinstance(part, kinds)])

    check_of(7)(build)


def test_the_check_of_answers_passes_the_package_s_way_to_evaluate():
    def answer(network, images):
        with evaluation_mode(network), torch.no_grad():
            return network(images)

    check_of(11)(answer)


def course_head(channels: int, num_classes: int) -> nn.Module:
    options = {"block_config": (1,), "growth_rate": 2, "num_init_features": channels - 2}
    network = densenet_lesson.DenseNet(
        in_channels=channels, num_classes=num_classes, stem="cifar", **options
    )
    network.features = nn.Identity()
    return network


def torchvision_head(channels: int, num_classes: int) -> nn.Module:
    network = torchvision.models.DenseNet(2, (1,), channels - 2, num_classes=num_classes)
    network.features = nn.Identity()
    return network


@pytest.mark.parametrize("head", [course_head, torchvision_head])
def test_the_check_of_losses_passes_networks_that_give_scores(head):
    check_of(13)(head)


@pytest.mark.parametrize(
    ("case", "network", "found"),
    [
        (8, torchvision_branch("branch3"), "7,680"),  # known: 3×3 where the paper has 5×5
        (10, lambda c: densenet_lesson.Residual(c, c), r"\d\.\d+: what goes around g"),
        (10, lambda c: densenet_lesson.conv_block(c, c), r"\d\.\d+: what goes around g"),
        (10, lambda c: torchvision.models.resnet.BasicBlock(c, c), r"\d\.\d+: what goes around g"),
        (12, torchvision_layer(memory_efficient=True), "0.190"),
    ],
)
def test_a_check_fails_the_package_s_and_torchvision_s_modules_that_are_something_else(
    case, network, found
):
    with pytest.raises(AssertionError, match=f"got {found}"):
        check_of(case)(network)


def test_the_repaired_recomputation_is_the_plain_layer_in_outputs_gradients_and_state():
    _, names = patient(12, "broken", "check", "fixed")
    torch.manual_seed(0)
    plain, saving = densenet_lesson.conv_block(3, 10), names["Fixed12"](3, 10)
    saving.layer.load_state_dict(plain.state_dict())
    x = torch.randn(4, 3, 8, 8)
    for _ in range(2):
        for layer in (plain, saving):
            layer(x).square().sum().backward()
    assert torch.equal(saving.layer.conv.weight.grad, plain.conv.weight.grad)
    for name, value in plain.state_dict().items():
        assert torch.equal(saving.layer.state_dict()[name], value), name
    assert saving.layer.norm.momentum == plain.norm.momentum == 0.1
    assert torch.equal(saving.eval()(x), plain.eval()(x))


# ------------------------------------------------------------------------ a learner's own cures


def cured(cure: Cure) -> tuple[Callable, Callable]:
    """The check of a case, and its broken network as the learner has edited it."""
    source, names = tagged(f"broken-{cure.case}"), patient(cure.case, "check")[1]
    for old, new in cure.edits:
        assert old in source, f"the broken cell has no {old!r} to edit"
        source = source.replace(old, new)
    exec(source, names)
    return names[f"check_{cure.case}"], named(names, "broken", cure.case)


def test_every_case_has_a_right_and_a_wrong_cure():
    assert {cure.case for cure in RIGHT} == {cure.case for cure in WRONG} == set(CASES)


@pytest.mark.parametrize("cure", RIGHT, ids=str)
def test_a_check_passes_another_right_cure(cure):
    check, network = cured(cure)
    check(network)


@pytest.mark.parametrize("cure", WRONG, ids=str)
def test_a_check_fails_a_wrong_cure_and_says_what_it_found(cure):
    check, network = cured(cure)
    with pytest.raises(AssertionError) as failure:
        check(network)
    expected, _, found = str(failure.value).partition("\ngot ")
    assert expected.startswith("expected ") and re.match(cure.found, found), str(failure.value)


def verdicts(error: Exception) -> tuple[str, str]:
    """What `examine` prints and `verdict` says when a learner's network raises this."""

    def network():
        raise error

    _, names = patient(1, "check")
    exec(with_id("verdict"), names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        names["examine"](lambda block: block(), network)
    return printed.getvalue(), names["verdict"](lambda block: block(), network)


@pytest.mark.parametrize("kind", [RuntimeError, TypeError, AttributeError, StopIteration])
def test_any_other_error_ends_in_one_line_and_not_the_summary(kind):
    printed, word = verdicts(kind("sizes differ\nand much more"))
    assert printed == f"network stops:\n{kind.__name__}: sizes differ\n"
    assert word == "stops"


@pytest.mark.parametrize("case", [1, 2, 4, 5, 6, 10, 11, 13])
def test_a_symptom_is_gone_after_the_cure_and_its_cell_still_runs(case):
    names = patient(case, "check", "fixed")[1]
    fixed = named(names, "fixed", case)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(with_id(f"symptom-{case}"), names | {f"Broken{case}": fixed, f"broken_{case}": fixed})
    gone = {4: "influence: []", 6: "yours: 290", 10: "out: from -2.0 to +2.0"}
    gone |= {11: "users ask: more than 45", 13: "0.00 at the last"}
    assert gone.get(case, "no error") in printed.getvalue()


@every_case
def test_a_solution_does_not_need_the_cell_that_the_learner_edits(case):
    _, names = patient(case, "check", "fixed")
    names[f"check_{case}"](named(names, "fixed", case))
