"""Under autocast our modules give PyTorch's dtypes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.autocast import ACCELERATOR, CPU
from tests.torch.nn.tables import Case, cases, flat

CASES = [case for case in cases() if case.index == 0 and case.training]


def narrow(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.bfloat16() if tensor.is_floating_point() else tensor


@pytest.mark.filterwarnings(
    "ignore:reduction. 'mean' divides:UserWarning", "ignore:Mismatch dtype:UserWarning"
)
@pytest.mark.parametrize("change", [None, narrow], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtypes_are_pytorchs(case: Case, change: Any) -> None:
    dtypes = []
    for cls in reversed(case.classes):
        row = case.row(torch.float32)
        module = case.make(cls, torch.float32, row)
        try:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output, inputs = case.call(module, row, change)
        except RuntimeError:
            assert case.name == "Bilinear"  # it takes no weights of another dtype than the inputs
            return
        outputs = [tensor for tensor in flat(output) if tensor.requires_grad]
        torch.autograd.backward(outputs, [torch.ones_like(tensor) for tensor in outputs])
        leaves = [leaf for leaf in (*inputs, *module.parameters()) if leaf.grad is not None]
        dtypes.append(
            [tensor.dtype for tensor in flat(output)]
            + [leaf.grad.dtype for leaf in leaves if leaf.grad is not None]
        )
    assert dtypes[0] == dtypes[1]


def test_the_backward_computes_as_the_forward_did() -> None:
    layer, x = nn.Linear(5, 3), torch.randn(7, 5, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(x).sum().backward()  # PyTorch advises against it, and it works
        inside = x.grad
    assert inside is not None
    x.grad = None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = layer(x)
    output.sum().backward()
    torch.testing.assert_close(x.grad, inside)


def test_float64_is_never_cast() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert nn.Linear(5, 3).double()(torch.randn(7, 5).double()).dtype == torch.float64


def test_the_lists_name_ops() -> None:
    assert (CPU.keys() | ACCELERATOR.keys()) <= CATALOGUE.keys()
