"""The mathematics of a reference: its own docstring's, and no more."""

from __future__ import annotations

import pytest

from backproof import ops, updates
from backproof.checking.references import OpReference
from backproof.checking.report.formula import formula


@pytest.mark.parametrize(
    "op", [op for op in ops.CATALOGUE.values() if op.kind != "elementary"], ids=lambda op: op.name
)
def test_every_op_has_its_mathematics(op: ops.Op) -> None:
    text = formula(str(OpReference(op, {})))
    assert text
    assert text in " ".join((op.forward.__doc__ or "").split()) or "\n" in text
    assert ">>>" not in text
    assert "Source:" not in text
    assert "Shapes:" not in text


@pytest.mark.parametrize("name", updates.CATALOGUE)
def test_every_update_rule_has_its_mathematics(name: str) -> None:
    assert formula(f"torch.optim.{updates.CATALOGUE[name].__name__}()")


@pytest.mark.parametrize("reference", [None, "", "none", "something else"])
def test_what_is_no_reference_has_none(reference: str | None) -> None:
    assert formula(reference) == ""
