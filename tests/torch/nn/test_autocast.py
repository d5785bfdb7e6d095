"""Under autocast our modules give PyTorch's dtypes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.autocast import POLICIES
from tests.torch.nn.tables import Case, cases, flat

CASES = [case for case in cases() if case.index == 0 and case.training]


def narrow(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.bfloat16() if tensor.is_floating_point() else tensor


def dtypes(case: Case, cls: type[torch.nn.Module], change: Any) -> Any:
    """Give the dtypes of outputs and gradients, or the kind of exception."""
    row = case.row(torch.float32)
    module = case.make(cls, torch.float32, row)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output, inputs = case.call(module, row, change)
    except RuntimeError as refused:
        return type(refused)
    outputs = [tensor for tensor in flat(output) if tensor.requires_grad]
    torch.autograd.backward(outputs, [torch.ones_like(tensor) for tensor in outputs])
    leaves = [leaf for leaf in (*inputs, *module.parameters()) if leaf.grad is not None]
    return [tensor.dtype for tensor in (*flat(output), *(leaf.grad for leaf in leaves)) if tensor is not None]


#: What PyTorch refuses under autocast on the CPU: weights of another dtype than the inputs.
REFUSED = {("Bilinear", narrow)}


@pytest.mark.filterwarnings(
    "ignore:reduction. 'mean' divides:UserWarning", "ignore:Mismatch dtype:UserWarning"
)
@pytest.mark.parametrize("change", [None, narrow], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dtypes_are_pytorchs(case: Case, change: Any) -> None:
    ours, theirs = (dtypes(case, cls, change) for cls in case.classes)
    assert ours == theirs
    assert (theirs is RuntimeError) == ((case.name, change) in REFUSED)


#: What cannot be asked without the device: there it slices, or looks at values.
NEEDS_A_DEVICE = {
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Bilinear",
    "GLU",
    "GRUCell",
    "GaussianNLLLoss",
    "LSTMCell",
    "MultiMarginLoss",
    "MultiheadAttention",
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch finds no device
@pytest.mark.parametrize("change", [None, narrow], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("case", [case for case in CASES if case.name not in NEEDS_A_DEVICE], ids=str)
def test_dtypes_on_an_accelerator_are_pytorchs(case: Case, change: Any) -> None:
    """Of tensors that say that they are on one, and have no numbers, PyTorch knows the dtypes."""

    def moved(part: Any) -> Any:
        if isinstance(part, torch.Tensor):
            dtype = part.dtype if change is None else change(part.detach()).dtype
            return torch.empty(part.shape, dtype=dtype, device="cuda")
        if isinstance(part, tuple | list):
            return type(part)(map(moved, part))
        return {name: moved(each) for name, each in part.items()} if isinstance(part, dict) else part

    found: list[Any] = []
    row = case.row(torch.float32)
    for cls in case.classes:
        module = case.make(cls, torch.float32, row).requires_grad_(False)
        with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
            module._apply(lambda tensor: torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda"))  # type: ignore[no-untyped-call]  # PyTorch's
            torch.set_autocast_enabled("cuda", True)
            torch.set_autocast_dtype("cuda", torch.bfloat16)
            try:
                output = module(*moved(row.forward_input.args), **moved(row.forward_input.kwargs))
                found.append([tensor.dtype for tensor in flat(output)])
            except RuntimeError as refused:
                found.append(type(refused))
            finally:
                torch.set_autocast_enabled("cuda", False)
    assert found[0] == found[1]
    assert (found[0] is RuntimeError) == (case.name == "BCELoss")  # which is not safe in a narrow dtype


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


def test_the_table_has_what_ops_say_of_themselves() -> None:
    assert {op.autocast for op in CATALOGUE.values()} == POLICIES.keys()
    assert all(op.autocast != "inputs" for op in CATALOGUE.values() if op.kind == "loss")
