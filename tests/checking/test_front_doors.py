"""The modules that the package offers, NumPy's and PyTorch's, pass the checker: each against its own op."""

from __future__ import annotations

from typing import Any

import pytest

import backproof as bp
import backproof.torch.nn
import backproof.torch.optim
from backproof import nn, optim
from backproof.checking.findings import Verdict
from backproof.ops import CATALOGUE
from backproof.ops.op import Op
from backproof.updates import CATALOGUE as UPDATES

DOORS: dict[str, Any] = {"numpy": nn, "torch": backproof.torch.nn}
OPTIMIZERS: dict[str, Any] = {"numpy": optim, "torch": backproof.torch.optim}
MODULES = [op for op in CATALOGUE.values() if op.room == "torch.nn"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("op", MODULES, ids=lambda op: op.name)
def test_a_module_passes(op: Op, door: str) -> None:
    judgement = bp.check(getattr(DOORS[door], op.name))
    assert judgement.reference is not None
    assert judgement.reference.startswith(f"torch.nn.{op.name}(")
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert judgement.findings == []


@pytest.mark.parametrize("door", OPTIMIZERS)
@pytest.mark.parametrize("name", UPDATES)
def test_an_optimizer_passes(name: str, door: str) -> None:
    judgement = bp.check(getattr(OPTIMIZERS[door], name))
    assert judgement.reference == f"torch.optim.{name}()"
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert judgement.findings == []


def test_a_module_that_is_wrong_does_not() -> None:
    class LayerNorm(nn.LayerNorm):
        def backward(self, grad_output: Any) -> Any:
            return 2 * super().backward(grad_output)

    judgement = bp.check(LayerNorm)
    assert judgement.verdict is Verdict.FAIL
    assert [finding.diagnosis for finding in judgement.findings] == ["gradient-scale"]
