"""The true values of all ops, at 80 digits."""

from __future__ import annotations

from tests.ops.activations.truths import TRUTHS as ACTIVATIONS
from tests.ops.elementary.truths import TRUTHS as ELEMENTARY
from tests.ops.layers.truths import TRUTHS as LAYERS
from tests.ops.losses.truths import TRUTHS as LOSSES
from tests.ops.truth import Truth

TRUTHS: dict[str, Truth] = {**ACTIVATIONS, **LOSSES, **LAYERS, **ELEMENTARY}
#: Ops that have no row, and why.
WITHOUT: dict[str, str] = {}
