"""What the test cells of the problem sets check with.

Each check is quiet when all is well. Otherwise it raises an `AssertionError` that says what was
expected, what came instead, and where to look.
"""

import math
import zlib
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def fill_(module: nn.Module, seed: int = 0) -> nn.Module:
    """Fill every parameter and buffer of `module`, in place, with numbers that anyone can repeat.

    The numbers depend on a tensor's shape and on how many of that shape came before it, not on its
    name: two modules that define the same layers in the same order get the same numbers, whatever
    the layers are called. Whole-number buffers (batch norm's counter) stay as they are.

    Args:
        module: any module.
        seed: another seed gives other numbers.

    Returns:
        The module.
    """
    seen: Counter = Counter()
    for kind, tensors in (("parameter", module.parameters()), ("buffer", module.buffers())):
        for tensor in tensors:
            if tensor.is_floating_point():
                key = (kind, tuple(tensor.shape))
                tensor.data.copy_(_numbers(*key, seed=seed + 1000 * seen[key]))
                seen[key] += 1
    return module


def _numbers(kind: str, shape: tuple[int, ...], seed: int) -> Tensor:
    """Weights that keep a signal at its size; buffers in [0.5, 1.5), for variances are positive."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{kind} {shape}".encode()) + seed)
    if kind == "buffer":
        return torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
    fan_in = max(1, math.prod(shape[1:])) if len(shape) > 1 else 1
    return torch.randn(shape, generator=generator, dtype=torch.float64) / fan_in**0.5


def shape(got: Tensor, expected_shape: tuple[int, ...], hint: str = "") -> None:
    """Check that `got` is a tensor of the shape `expected_shape`.

    Raises:
        AssertionError: says both shapes, and the hint.
    """
    kind = type(got).__name__
    assert isinstance(got, Tensor), f"expected a tensor, got {kind}{_because(hint)}"
    expected, shape = tuple(expected_shape), tuple(got.shape)
    assert shape == expected, f"expected shape {expected}, got {shape}{_because(hint)}"


def same(got: Tensor, expected: Tensor, hint: str = "") -> None:
    """Check that `got` has the shape and, but for rounding, the numbers of `expected`.

    Raises:
        AssertionError: says whether the shape or the numbers differ, by how much, and the hint.
    """
    shape(got, expected.shape, hint)
    got, expected = (t.detach().to("cpu", torch.float64) for t in (got, expected))
    if not torch.allclose(got, expected, rtol=1e-4, atol=1e-5):
        worst = (got - expected).abs().max().item()
        raise AssertionError(
            "the shape is right, the numbers are not: "
            f"they are off by up to {worst:.3g}{_because(hint)}"
        )


def plain(got: Any) -> Any:
    """Return `got`, a number, a text, or a list, tuple or dict of such, in Python's own types.

    So a comparison with it is a comparison of numbers: an object of a class of somebody's own could
    claim to equal everything. Numbers of PyTorch and NumPy become Python's.

    Raises:
        AssertionError: it is, or holds, anything else.
    """
    if isinstance(got, Tensor | np.generic) and got.ndim == 0:
        return got.item()
    kind = type(got)
    if kind in (list, tuple, set, torch.Size):
        return (tuple if kind is torch.Size else kind)(map(plain, got))
    if kind in (dict, defaultdict, OrderedDict, Counter):
        return {plain(key): plain(value) for key, value in got.items()}
    assert kind in (int, float, bool, str, type(None)), (
        f"expected a number, a text, or a list, tuple or dict of such, got a {kind.__name__}"
    )
    return got


def raises(function: Callable, *args, naming: str, error: type = ValueError, **options) -> None:
    """Check that `function(*args, **options)` raises `error`, with a message that names `naming`.

    Raises:
        AssertionError: says what happened instead.
    """
    call = f"{getattr(function, '__name__', function)}{args}"
    try:
        function(*args, **options)
    except error as raised:
        message = str(raised)
    except Exception as other:
        raise AssertionError(f"{call}: expected {error.__name__}, got {other!r}") from other
    else:
        raise AssertionError(f"{call}: expected {error.__name__}, got no error")
    assert naming in message, f"{call}: the message should name {naming}, and is {message!r}"


def _because(hint: str) -> str:
    return f": {hint}" if hint else ""
