"""Inputs and parameters of layers that would broadcast to something nobody means are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from backproof.ops import CATALOGUE

#: A layer and its arguments, a part of what is said, and options.
REFUSED: tuple[tuple[str, Mapping[str, tuple[int, ...]], str, Mapping[str, Any]], ...] = (
    ("GroupNorm", {"input": (4, 1), "weight": (3,)}, "weight is one value for each of the 1 channels", {}),
    ("GroupNorm", {"input": (4, 3), "bias": (1,)}, "got a bias of shape (1,)", {}),
    ("GroupNorm", {"input": (4,)}, "got an input of shape (4,)", {}),
    ("BatchNorm1d", {"input": (4, 1), "weight": (3,)}, "got a weight of shape (3,)", {}),
    ("BatchNorm2d", {"input": (4, 3, 2, 2), "bias": (1,)}, "got a bias of shape (1,)", {}),
    (
        "BatchNorm1d",
        {"input": (4, 3), "running_mean": (1,), "running_var": (3,)},
        "got a running_mean of shape (1,)",
        {},
    ),
    ("LayerNorm", {"input": (4, 3), "bias": (1,)}, "got a bias of shape (1,)", {}),
    ("LayerNorm", {"input": (4, 3), "weight": (1,)}, "got a weight of shape (1,)", {"normalized_shape": 3}),
    ("RMSNorm", {"input": (4, 3), "weight": (1,)}, "got a weight of shape (1,)", {"normalized_shape": 3}),
    (
        "RNNCell",
        {"input": (4, 3), "hx": (1, 2), "weight_ih": (2, 3), "weight_hh": (2, 2)},
        "input and hx have the same batch; got input of shape (4, 3) and hx of shape (1, 2)",
        {},
    ),
    (
        "GRUCell",
        {"input": (3,), "hx": (1, 2), "weight_ih": (6, 3), "weight_hh": (6, 2)},
        "input and hx have the same batch",
        {},
    ),
    (
        "LSTMCell",
        {"input": (4, 3), "hx": (4, 2), "cx": (1, 2), "weight_ih": (8, 3), "weight_hh": (8, 2)},
        "input and cx have the same batch",
        {},
    ),
    ("Linear", {"input": (4, 5), "weight": (2, 3)}, "as long as those of the weight", {}),
    (
        "Bilinear",
        {"input1": (4, 3), "input2": (1, 2), "weight": (5, 3, 2)},
        "input1 and input2 have the same batch",
        {},
    ),
    (
        "scaled_dot_product_attention",
        {"query": (4, 2, 3), "key": (1, 2, 3), "value": (1, 2, 5)},
        "query and key have the same batch",
        {},
    ),
    (
        "scaled_dot_product_attention",
        {"query": (2, 3), "key": (2, 3), "value": (1, 5)},
        "key and value have the same batch",
        {},
    ),
    (
        "MultiheadAttention",
        {
            "query": (4, 2, 3),
            "key": (1, 2, 3),
            "value": (1, 2, 3),
            "in_proj_weight": (9, 3),
            "out_proj_weight": (3, 3),
        },
        "query and key have the same batch",
        {},
    ),
    (
        "MultiheadAttention",
        {
            "query": (2, 3),
            "key": (2, 3),
            "value": (1, 3),
            "in_proj_weight": (9, 3),
            "out_proj_weight": (3, 3),
        },
        "key and value have the same batch",
        {},
    ),
)


@pytest.mark.usefixtures("not_enforced")
@pytest.mark.parametrize(("name", "shapes", "said", "options"), REFUSED)
def test_shapes_that_do_not_go_together_are_refused(
    name: str, shapes: Mapping[str, tuple[int, ...]], said: str, options: Mapping[str, Any]
) -> None:
    op = CATALOGUE[name]
    inputs = op.roles({argument: np.ones(shape) for argument, shape in shapes.items()})
    with pytest.raises(ValueError, match=re.escape(said)):
        op.evaluate(np, inputs, **options)
