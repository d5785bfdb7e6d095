"""Other definitions that bear a component's name elsewhere: conventions, not mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["VARIANTS", "other_forms"]

#: For an op, what else is called so: in words, and its formula.
VARIANTS: Mapping[str, tuple[tuple[str, Callable[[Any], Any]], ...]] = {
    "Hardsigmoid": (
        ("the older one of Keras, 0.2 x + 0.5 held between 0 and 1", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        ("(x + 1)/2 held between 0 and 1", lambda x: np.clip((x + 1) / 2, 0, 1)),
    ),
    "GELU": (("the approximation x σ(1.702 x)", lambda x: x / (1 + np.exp(-1.702 * x))),),
    "Softsign": (("x / √(1 + x²)", lambda x: x / np.sqrt(1 + x * x)),),
    "Tanh": (("LeCun's, 1.7159 tanh(2x/3)", lambda x: 1.7159 * np.tanh(2 * x / 3)),),
}


def other_forms(op: Op, options: Mapping[str, object], seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant another definition of the same name; its gradient is judged by the candidate's own forward."""
    for words, formula in VARIANTS.get(op.name, ()):

        def forward(xp: Any, *inputs: Any, formula: Callable[[Any], Any] = formula, **_: object) -> Any:
            return formula(inputs[0])

        yield Planted(
            "forward-value",
            op.replace(forward=forward),
            f"is that of another definition of the name: {words}",
            {"form": words},
            convention=Severity.NOTE,
            option="definition",
            rules=False,
        )
