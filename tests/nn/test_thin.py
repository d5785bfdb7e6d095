"""The namespace that modules hand to ops is NumPy, only quicker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.nn.thin import THIN
from backproof.ops.backend import is_numpy
from tests.ops.examples import generator

X = generator("thin").standard_normal((7, 5, 3))
#: So many that their bits are looked at, with what is no number among them.
WIDE = np.concatenate([generator("wide").standard_normal(5000), [np.inf, -np.inf, np.nan, -0.0]])
CALLS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    **{
        name: [
            ((X,), {}),
            ((X,), {"axis": 1, "keepdims": True}),
            ((X,), {"axis": (0, 2)}),
            ((X.astype(np.float16),), {}),
        ]
        for name in ("sum", "max", "min", "mean")
    },
    "expand_dims": [((X,), {"axis": axis}) for axis in (0, 1, 3, -1, -2)],
    "squeeze": [((X[:, :1],), {"axis": 1})],
    "reshape": [((X, (5, -1)), {})],
    "permute_dims": [((X, (2, 0, 1)), {})],
    "moveaxis": [((X, *pair), {}) for pair in ((-1, 1), (0, -1), (2, 0), (1, 1), (-1, 2))],
    "broadcast_to": [((X[0, 0], (7, 3)), {}), ((np.float32(3), (2, 5)), {}), ((np.array(3.0), ()), {})],
    "where": [
        ((many > 0, *choices), {})
        for many in (X, WIDE, WIDE.astype(np.float32))
        for choices in ((many, 0), (0, many), (many, 0.0), (many, -many), (many, many.dtype.type(0)))
    ],
    "astype": [((X, np.float32), {}), ((X, np.float64), {"copy": False})],
    "take_along_axis": [
        ((X[:, :, 0], np.arange(7)[:, None] % 5), {"axis": 1}),
        ((X[:, :, 0], np.arange(14).reshape(7, 2) % 5), {"axis": -1}),
        ((X, np.arange(21).reshape(7, 1, 3) % 5), {"axis": 1}),
    ],
}


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [(name, *call) for name, calls in CALLS.items() for call in calls],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_gives_what_numpy_gives(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    ours, theirs = getattr(THIN, name)(*arguments, **options), getattr(np, name)(*arguments, **options)
    assert (np.shape(ours), ours.dtype) == (np.shape(theirs), theirs.dtype)
    np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_every_replacement_is_tried() -> None:
    replaced = {name for name, value in vars(THIN).items() if vars(np).get(name) is not value}
    assert {name for name in replaced if not name.startswith("__")} == set(CALLS)


def test_the_ops_take_it_for_numpy() -> None:
    assert is_numpy(THIN)
