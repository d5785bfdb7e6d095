"""Windows along the axes of an array, and the transpose that adds them back."""

from __future__ import annotations

from typing import Any

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch

from backproof.ops.windows import Windows, add_columns, columns, each_axis

LIBRARIES: dict[str, tuple[Any, Any]] = {
    "numpy": (np, np.asarray),
    "strict": (array_api_strict, array_api_strict.asarray),
    "torch": (array_api_compat.torch, torch.from_numpy),
}
#: Kernel, stride and dilation that overlap, leave gaps, and do both; padding of both ends and of one.
WINDOWS = {
    "overlapping": (Windows(7, 3), Windows(5, 2)),
    "apart": (Windows(7, 2, 3), Windows(5, 1, 2)),
    "dilated": (Windows(7, 3, 2, 2, 1, 1), Windows(5, 2, 1, 3, 0, 2)),
}


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize(("xp", "to"), LIBRARIES.values(), ids=LIBRARIES)
def test_columns_are_torchs(xp: Any, to: Any, windows: tuple[Windows, Windows]) -> None:
    array = np.random.default_rng(0).normal(size=(2, 3, 7, 5))
    rows, across = windows
    padded = torch.nn.functional.pad(
        torch.from_numpy(array), (across.before, across.after, rows.before, rows.after)
    )
    kernel, dilation, stride = [
        (getattr(rows, what), getattr(across, what)) for what in ("kernel", "dilation", "stride")
    ]
    expected = torch.nn.functional.unfold(padded, kernel, dilation, 0, stride)
    got = np.asarray(columns(xp, to(array), windows))
    assert got.shape == (2, 3, rows.kernel, across.kernel, rows.count, across.count)
    np.testing.assert_array_equal(got.reshape(expected.shape), expected.numpy())


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize(("xp", "to"), LIBRARIES.values(), ids=LIBRARIES)
def test_adding_back_is_the_transpose(xp: Any, to: Any, windows: tuple[Windows, Windows]) -> None:
    """⟨columns(x), y⟩ = ⟨x, add_columns(y)⟩ for every x and y."""
    rng = np.random.default_rng(1)
    array = rng.normal(size=(2, 7, 5))
    taken = columns(np, array, windows)
    other = rng.normal(size=taken.shape)
    back = np.asarray(add_columns(xp, to(other), windows))
    assert back.shape == array.shape
    assert np.sum(back * array) == pytest.approx(np.sum(taken * other), rel=1e-12)


def test_sizes() -> None:
    assert each_axis("padding", (0, 1), 2, least=0) == (0, 1)
    assert each_axis("kernel_size", [3], 2) == (3, 3)


@pytest.mark.parametrize("size", [0, (2, 0), (1, 2, 3), ()], ids=str)
def test_a_size_that_is_none(size: Any) -> None:
    with pytest.raises(ValueError, match=r"stride is a whole number from 1, or 2 of them; got stride="):
        each_axis("stride", size, 2)


def test_a_window_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="got a window of 5 for an axis of 4"):
        Windows(size=4, kernel=3, dilation=2)
