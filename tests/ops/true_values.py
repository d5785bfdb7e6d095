"""The true values of all ops, at 80 digits."""

from __future__ import annotations

from backproof.ops import CATALOGUE, Op
from tests.ops.activations.truths import TRUTHS as ACTIVATIONS
from tests.ops.elementary.truths import TRUTHS as ELEMENTARY
from tests.ops.elementary.truths import WITHOUT as MOVED
from tests.ops.layers.truths import TRUTHS as LAYERS
from tests.ops.layers.truths import WITHOUT as LINEAR_OR_MOVED
from tests.ops.losses.truths import TRUTHS as LOSSES
from tests.ops.truth import Truth

TRUTHS: dict[str, Truth] = {**ACTIVATIONS, **LOSSES, **LAYERS, **ELEMENTARY}
#: Ops that have no row, and why.
WITHOUT: dict[str, str] = {**MOVED, **LINEAR_OR_MOVED}


def op_of(name: str) -> Op:
    """Give the op of a row; one of further options is named by the op and a word, as ``GELU tanh``."""
    return CATALOGUE[name.split(maxsplit=1)[0]]
