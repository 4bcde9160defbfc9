"""What the problem sets' test cells check with: it finds mistakes, and says them well."""

from collections import defaultdict
from unittest import mock

import numpy as np
import pytest
import torch
from torch import nn

from densenet_lesson import checks


def layers(names: list[str]) -> nn.Module:
    module = nn.Module()
    for name, layer in zip(names, (nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)), strict=True):
        module.add_module(name, layer)
    return module


def test_modules_with_other_names_inside_are_filled_with_the_same_numbers():
    one, other = checks.fill_(layers(["conv", "norm"])), checks.fill_(layers(["a", "b"]))
    for left, right in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(left, right)
    third = checks.fill_(layers(["conv", "norm"]), seed=1)
    assert not torch.equal(one.conv.weight, third.conv.weight)


def test_filled_numbers_differ_between_equal_shapes_and_variances_are_positive():
    module = checks.fill_(nn.Sequential(nn.BatchNorm2d(50), nn.Linear(50, 50), nn.Linear(50, 50)))
    norm, first, second = module
    assert not torch.equal(norm.weight, norm.bias) and not torch.equal(first.weight, second.weight)
    assert norm.running_var.min() >= 0.5 and norm.num_batches_tracked == 0
    x = torch.randn(1000, 50, generator=torch.Generator().manual_seed(0))
    assert 0.5 < (x @ first.weight.T).std() < 2  # a signal keeps its size


def test_a_shared_layer_is_told_from_two_layers():
    shared = nn.Linear(3, 3)
    one, two = nn.Sequential(shared, shared), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    x = torch.ones(1, 3)
    assert not torch.allclose(checks.fill_(one)(x), checks.fill_(two)(x))


class Claims(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def test_plain_numbers_and_lists_come_back_and_libraries_numbers_become_plain():
    got = [1, 2.5, True, "a", None, (torch.tensor(3), np.float64(4)), {"b": [5]}, torch.Size([6])]
    plain = checks.plain(got)
    assert plain == [1, 2.5, True, "a", None, (3, 4.0), {"b": [5]}, (6,)]
    assert [type(one) for one in plain[5]] == [int, float] and type(plain[7]) is tuple
    assert checks.plain(defaultdict(list, {"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize("got", [mock.ANY, Claims(3), [Claims(3)], {"a": mock.ANY}, torch.ones(2)])
def test_what_is_no_plain_number_is_refused(got):
    with pytest.raises(AssertionError, match="expected a number, a text, or a list"):
        checks.plain(got)


def test_what_is_the_same_but_for_rounding_passes():
    ones = torch.ones(2, 3)
    checks.same(ones.double() + 1e-6, ones, "hint")
    checks.same(ones.requires_grad_(), torch.ones(2, 3))
    checks.shape(ones, torch.Size([2, 3]))


def test_numbers_that_are_off_by_more_than_rounding_are_not_the_same():
    for off in (1e-3, 0.05):
        with pytest.raises(AssertionError, match="the numbers are not"):
            checks.same(torch.ones(2, 3) + off, torch.ones(2, 3))


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (torch.ones(3), "expected shape (2,), got (3,): did you concatenate?"),
        ([1, 2], "expected a tensor, got list: did you concatenate?"),
        (torch.tensor([1.0, 1.5]), "numbers are not: they are off by up to 0.5: did you concat"),
        (torch.tensor([1.0, torch.nan]), "the shape is right, the numbers are not"),
    ],
)
def test_what_differs_is_said_with_the_hint(got, message):
    with pytest.raises(AssertionError) as caught:
        checks.same(got, torch.ones(2), "did you concatenate?")
    assert message in str(caught.value)


def grow(growth_rate):
    if growth_rate < 0:
        raise ValueError(f"growth_rate={growth_rate} must be positive")
    if growth_rate == 0:
        raise KeyError("growth_rate")


def test_an_error_that_names_the_argument_passes():
    checks.raises(grow, -1, naming="growth_rate")
    checks.raises(grow, naming="growth_rate", growth_rate=-1)


@pytest.mark.parametrize(
    ("value", "naming", "message"),
    [
        (1, "growth_rate", "grow(1,): expected ValueError, got no error"),
        (0, "growth_rate", "grow(0,): expected ValueError, got KeyError"),
        (-1, "num_layers", "the message should name num_layers, and is 'growth_rate=-1 must"),
    ],
)
def test_no_error_another_error_or_another_name_is_said(value, naming, message):
    with pytest.raises(AssertionError) as caught:
        checks.raises(grow, value, naming=naming)
    assert message in str(caught.value)
