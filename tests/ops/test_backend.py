"""The namespace of an array, and what the standard lacks."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch

from backproof.ops.backend import (
    check_classes,
    check_not_negative,
    device,
    namespace,
    one_hot,
    pad,
    power_of_two,
    scatter_add,
    sliding_windows,
    zeros,
)

NAMESPACES: dict[str, tuple[Any, Any]] = {
    "array": (np.ones(3), np),
    "scalar": (np.float32(3), np),
    "tensor": (torch.ones(3), array_api_compat.torch),
    "strict array": (array_api_strict.ones(3), array_api_strict),
}


@pytest.mark.parametrize(("array", "xp"), NAMESPACES.values(), ids=NAMESPACES)
def test_namespace_of(array: Any, xp: Any) -> None:
    assert namespace(array) is xp


def test_namespace_of_no_array() -> None:
    with pytest.raises(TypeError, match="list"):
        namespace([1.0])


def test_numpy_needs_no_other_library() -> None:
    program = (
        "import sys, numpy as np; from backproof.ops.backend import namespace; namespace(np.ones(3)); "
        "assert not {'array_api_compat', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_hot_has_the_dtype_asked_for() -> None:
    rows = one_hot(np, np.array([[2, 0], [1, 1]]), 3, np.float32)
    assert rows.dtype == np.float32
    assert (rows == np.eye(3)[[[2, 0], [1, 1]]]).all()


def test_classes_are_checked_on_numpy_alone() -> None:
    check_classes(np, np.array([2, 0, -100]), 3, ignored=-100)
    check_classes(np, np.array([], dtype=int), 3)
    for wrong in (3, -1):
        with pytest.raises(IndexError, match=f"a class is an index from 0 to 2; got {wrong}"):
            check_classes(np, np.array([0, wrong]), 3)
    check_classes(array_api_compat.torch, torch.tensor([0, 7]), 3)


def test_negative_numbers_are_refused_on_numpy_alone() -> None:
    check_not_negative(np, "var", np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=r"var is nowhere negative; got -2.0 in it"):
        check_not_negative(np, "var", np.array([1.0, -2.0]))
    check_not_negative(array_api_compat.torch, "var", torch.tensor([-1.0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_power_of_two_is_near_and_exact_to_the_ends_of_the_range(dtype: Any) -> None:
    limits = np.finfo(dtype)
    least = float(limits.smallest_normal)
    for largest in (limits.max, limits.max / 3, 1.0, 1e-30, 8 * limits.smallest_normal):
        scale = power_of_two(np, np.array([[dtype(0), -largest]], dtype), axis=-1, least=least)
        assert scale.dtype == dtype
        assert largest / 4 <= scale[0, 0] <= largest
        assert np.frexp(scale)[0] == 0.5
    assert power_of_two(np, np.array([np.inf], dtype), axis=-1, least=least) <= limits.max


#: The namespaces, and how an array of theirs is made of NumPy's.
LIBRARIES: dict[str, tuple[Any, Any]] = {
    "numpy": (np, np.asarray),
    "strict": (array_api_strict, array_api_strict.asarray),
    "torch": (array_api_compat.torch, torch.from_numpy),
}
EACH = pytest.mark.parametrize(("xp", "to"), LIBRARIES.values(), ids=LIBRARIES)


@EACH
def test_pad_is_numpys(xp: Any, to: Any) -> None:
    array = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    got = pad(xp, to(array), [(1, 0), (2, 3)], -np.inf)
    assert namespace(got) is xp
    expected = np.pad(array, [(0, 0), (1, 0), (2, 3)], constant_values=-np.inf)
    np.testing.assert_array_equal(np.asarray(got), expected, strict=True)


@EACH
def test_scatter_add_is_the_transpose_of_take(xp: Any, to: Any) -> None:
    rows, indices = np.arange(8, dtype=np.float32).reshape(4, 2), np.array([2, 0, 2, 4])
    got = scatter_add(xp, to(rows), to(indices), 5)
    expected = np.array([[2, 3], [0, 0], [4, 6], [0, 0], [6, 7]], dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(got), expected, strict=True)


@EACH
def test_sliding_windows_along_a_middle_axis(xp: Any, to: Any) -> None:
    array = np.arange(42.0).reshape(2, 7, 3)
    got = np.asarray(sliding_windows(xp, to(array), 1, 3, 2, 2))
    assert got.shape == (2, 2, 3, 3)
    for window in range(2):
        expected = np.moveaxis(array[:, 2 * window : 2 * window + 5 : 2], 1, -1)
        np.testing.assert_array_equal(got[:, window], expected)


@EACH
def test_zeros_are_like_the_array(xp: Any, to: Any) -> None:
    like = to(np.ones(2, dtype=np.float32))
    got = zeros(xp, (3, 1), like)
    assert (got.shape, got.dtype) == ((3, 1), like.dtype)
    assert device(got) == device(like)


def test_zeros_are_a_batch_where_the_array_is() -> None:
    """Otherwise nothing could be written into them inside ``vmap``."""

    def filled(row: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = zeros(array_api_compat.torch, (3,), row)
        found[1:] += row
        return found

    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.func.vmap(filled)(rows).tolist() == [[0.0, 1.0, 2.0], [0.0, 3.0, 4.0]]
