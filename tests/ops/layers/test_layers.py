"""What holds for single layers: what they refuse, and what no table of all ops says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.ops import CATALOGUE

X = np.arange(24.0).reshape(2, 3, 4)
IMAGE = X[:, :, :, None] * np.ones(4)
REFUSED: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str]] = {
    "no such row": ("Embedding", (np.array([0, 5]), X[0]), {}, "from 0 to 2; got 5"),
    "a negative row": ("Embedding", (np.array([-1]), X[0]), {}, "got -1"),
    "no probability": ("Dropout", (X, X > 3), {"p": 1.5}, "got p=1.5"),
    "no such axis": ("Flatten", (X,), {"start_dim": 3}, "from -3 to 2; got start_dim=3"),
    "axes in reverse": ("Flatten", (X,), {"start_dim": 2, "end_dim": 1}, "start_dim=2 and end_dim=1"),
    "one running statistic": ("BatchNorm1d", (X, None, None, X[0, :, 0]), {}, "got running_mean alone"),
    "another shape": ("LayerNorm", (X, X[0, 0, :3]), {}, r"normalized_shape=\(3,\) .* \(2, 3, 4\)"),
    "no shape": ("RMSNorm", (X,), {"normalized_shape": ()}, r"got normalized_shape=\(\)"),
    "groups of no size": ("GroupNorm", (X,), {"num_groups": 2}, "num_groups=2 .* 3 channels"),
    "kernel too large": ("MaxPool2d", (IMAGE,), {"kernel_size": 5}, "a window of 5 for an axis of 4"),
    "padding too large": ("AvgPool2d", (IMAGE,), {"padding": 2}, "got padding=2 with kernel_size=2"),
    "three strides": ("Conv2d", (IMAGE, IMAGE), {"stride": (1, 2, 3)}, r"got stride=\(1, 2, 3\)"),
    "channels": ("Conv1d", (X, X[:, :2]), {}, r"groups=1, .* \(2, 3, 4\) and .* \(2, 2, 4\)"),
    "axes": ("Conv1d", (IMAGE, X), {}, r"has 2 or 3 axes .* \(2, 3, 4, 4\)"),
    "no padding": ("Conv1d", (X, X), {"padding": "full"}, "got padding='full'"),
    "same with a stride": ("Conv1d", (X, X), {"padding": "same", "stride": 2}, r"a stride of \(2,\)"),
    "nonlinearity": ("RNNCell", (X[0], X[0, :, :3], X[0], X[0, :, :3]), {"nonlinearity": "gelu"}, "'gelu'"),
    "heads": (
        "MultiheadAttention",
        (X, X, X, np.ones((12, 4)), None, np.eye(4)),
        {"num_heads": 3},
        "a size of 4",
    ),
    "a mask and causal": (
        "scaled_dot_product_attention",
        (X, X, X, X[0, :, :3]),
        {"is_causal": True},
        "got both",
    ),
    "no projection": ("MultiheadAttention", (X, X, X, None, None, np.eye(4)), {}, "got neither"),
}


@pytest.mark.parametrize(("name", "inputs", "options", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(name: str, inputs: tuple[Any, ...], options: dict[str, Any], says: str) -> None:
    with pytest.raises((ValueError, IndexError), match=says):
        CATALOGUE[name].evaluate(np, inputs, **options)


def test_one_row_is_normalized_to_the_bias() -> None:
    """A batch of one has the variance 0; PyTorch refuses it."""
    row, bias = np.array([[1e3, -2.0, 5.0]]), np.array([1.0, 2.0, 3.0])
    output, mean, var = CATALOGUE["BatchNorm1d"].evaluate(np, (row, 2 * bias, bias)).output
    assert (output == bias).all()
    assert (mean == row[0]).all()
    assert (var == 0).all()


def test_an_index_that_occurs_twice_counts_twice() -> None:
    upstream = np.array([[1.0], [10.0], [100.0]])
    given = (np.array([2, 0, 2]), np.zeros((3, 1)))
    gradient = CATALOGUE["Embedding"].gradients(np, upstream, given)["weight"]
    assert gradient.tolist() == [[10.0], [0.0], [101.0]]


def test_of_equal_values_the_first_has_the_gradient() -> None:
    upstream = np.array([[5.0, 7.0]])
    gradient = CATALOGUE["MaxPool2d"].gradients(np, upstream[None], (np.ones((1, 2, 4)),))["input"][0]
    assert gradient.tolist() == [[5.0, 0.0, 7.0, 0.0], [0.0] * 4]


def test_a_number_is_flattened_to_an_axis() -> None:
    op, number = CATALOGUE["Flatten"], np.array(3.0)
    assert op.evaluate(np, (number,), start_dim=0).output.shape == (1,)
    assert op.gradients(np, np.array([2.0]), (number,), start_dim=0)["input"].shape == ()


@pytest.mark.parametrize(
    "mask", [np.array([[True, True], [False, True]]), np.array([[-np.inf] * 2, [0, -np.inf]])]
)
def test_where_no_place_counts_nothing_is_attended_to(mask: Any) -> None:
    """The row is 0, and so is its gradient; nothing is NaN and nothing warns."""
    op, x, eye = CATALOGUE["MultiheadAttention"], np.eye(2), np.eye(2)
    given = (x, x, x, np.concatenate([eye] * 3), None, eye, *[None] * 6, mask)
    output, weights = op.evaluate(np, given).output
    assert weights.tolist() == [[[0.0, 0.0], [1.0, 0.0]]]
    assert output.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    gradients = op.gradients(np, (np.ones((2, 2)), None), given)
    assert gradients["query"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gradients["value"].tolist() == [[1.0, 1.0], [0.0, 0.0]]
