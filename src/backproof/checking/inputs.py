"""The inputs that a comment asks for: arrays of the shapes that it gives, and values as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Description
from backproof.checking.cases import draw
from backproof.checking.judge import GUESS
from backproof.checking.references import OpReference, guess

__all__ = ["drawn"]


def drawn(
    given: Sequence[tuple[str, object]], description: Description, like: object, seed: int
) -> dict[str, NDArray[np.generic]]:
    """Draw an array for each shape that is given, by the name of the argument whose turn it is.

    The arguments are those of the reference, where there is one that takes as many, else the forward's own.
    """
    reference = guess(description.name) if like is GUESS else like
    known = tuple(reference.op.arguments) if isinstance(reference, OpReference) else ()
    in_order = iter(known if len(known) >= len(given) else description.arguments)
    rng = np.random.default_rng([seed, 23])
    inputs = {}
    for index, (said, value) in enumerate(given):
        name = said or next(in_order, f"argument {index + 1}")
        inputs[name] = draw(rng, "real", value, {}) if isinstance(value, tuple) else np.asarray(value)
    return inputs
