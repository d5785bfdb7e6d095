"""Formulas as they are written: they can be read again."""

from __future__ import annotations

import pytest

from backproof.graphs.drawing.view import seen
from backproof.graphs.functions import COMPARISONS
from backproof.graphs.graph import graph


@pytest.mark.parametrize("sign", COMPARISONS)
def test_a_comparison_is_written_with_its_sign(sign: str) -> None:
    nodes = seen(graph(f"where(x {sign} 0, x, 1)", x=2.0)).nodes
    written = {node.formula for node in nodes}
    assert f"x {sign} 0" in written
    assert graph(f"where({f'x {sign} 0'}, 3, 4)", x=2.0).value == (3.0 if ">" in sign else 4.0)
