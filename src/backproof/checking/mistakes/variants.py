"""Other definitions that bear a component's name elsewhere: conventions, not mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["VARIANTS", "of_another_form", "other_forms"]


def _squared_triplet(anchor: Any, positive: Any, negative: Any, margin: float = 1.0, **_: object) -> Any:
    near, far = (np.sum((anchor - other) ** 2, axis=-1) for other in (positive, negative))
    return np.maximum(margin + near - far, 0)


#: For an op, what else is called so: in words, and its formula.
VARIANTS: Mapping[str, tuple[tuple[str, Callable[..., Any]], ...]] = {
    "Hardsigmoid": (
        (
            "the older one of Keras, 0.2 x + 0.5 held between 0 and 1",
            lambda x, **_: np.clip(0.2 * x + 0.5, 0, 1),
        ),
        ("(x + 1)/2 held between 0 and 1", lambda x, **_: np.clip((x + 1) / 2, 0, 1)),
    ),
    "GELU": (("the approximation x σ(1.702 x)", lambda x, **_: x / (1 + np.exp(-1.702 * x))),),
    "Softsign": (("x / √(1 + x²)", lambda x, **_: x / np.sqrt(1 + x * x)),),
    "Tanh": (("LeCun's, 1.7159 tanh(2x/3)", lambda x, **_: 1.7159 * np.tanh(2 * x / 3)),),
    "TripletMarginLoss": (("FaceNet's, of squared distances", _squared_triplet),),
}


def of_another_form(op: Op) -> Iterator[tuple[str, Op]]:
    """Give the other definitions of an op's name, in words and as ops. The rules are not theirs."""
    for words, formula in VARIANTS.get(op.name, ()):

        def forward(xp: Any, *inputs: Any, formula: Callable[..., Any] = formula, **options: object) -> Any:
            return formula(*inputs, **options)

        yield words, op.replace(forward=forward)


def other_forms(op: Op, options: Mapping[str, object], seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant another definition of the same name; its gradient is judged by the candidate's own forward.

    That of a loss has reductions and options of its own: it is looked for before.
    """
    for words, other in of_another_form(op) if op.kind != "loss" else ():
        yield Planted(
            "forward-value",
            other,
            f"is that of another definition of the name: {words}",
            {"form": words},
            convention=Severity.NOTE,
            option="definition",
            rules=False,
        )
