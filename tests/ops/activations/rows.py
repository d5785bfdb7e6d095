"""What to try of each activation, and what is peculiar to it."""

from __future__ import annotations

from tests.ops.row import ANY_RANK, Row

_GUESSED = "PyTorch has none: it guesses an axis, and warns. Ours is the last axis"
_AXES = Row(
    shapes={"(5)": ((5,),), "(2, 3, 5)": ((2, 3, 5),), "(0, 5)": ((0, 5),), "(5, 1)": ((5, 1),)},
    options=({}, {"dim": 0}, {"dim": 1}, {"dim": -1}, {"dim": 2}),
    defaults={"dim": _GUESSED},
)

ROWS: dict[str, Row] = {
    "ReLU": ANY_RANK,
    "LeakyReLU": Row(ranks=True, options=({}, {"negative_slope": 0.2}, {"negative_slope": 0.0})),
    "Sigmoid": ANY_RANK,
    "Tanh": ANY_RANK,
    "Softmax": _AXES,
    "LogSoftmax": _AXES,
}
