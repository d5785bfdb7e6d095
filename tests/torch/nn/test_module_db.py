"""Every module on the table that PyTorch tests its own modules with: what its test/test_modules.py asks."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch

from tests.torch.nn.tables import Case, cases, flat

CASES = list(cases())
#: The first rows of each class: of attention there are two hundred.
FEW = [case for case in CASES if case.index < 8 and case.training]
ONE = [case for case in FEW if case.index == 0]

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*size that is different:UserWarning",  # PyTorch warns of what broadcasts, and so do we
    "ignore:reduction. 'mean' divides:UserWarning",
    "ignore:Using padding='same' with even kernel:UserWarning",
)


def run(case: Case, cls: type[torch.nn.Module], dtype: torch.dtype, change: Any = None) -> Any:
    """Give a module, its outputs, and the gradients for inputs and parameters, with their graph."""
    row = case.row(dtype)
    module = case.make(cls, dtype, row)
    output, inputs = case.call(module, row, change)
    outputs = [tensor for tensor in flat(output) if tensor.requires_grad]
    leaves = [leaf for leaf in (*inputs, *module.parameters()) if leaf.requires_grad]
    torch.default_generator.manual_seed(2)
    upstreams = [torch.randn_like(tensor) for tensor in outputs]
    found = (
        torch.autograd.grad(
            outputs, leaves, upstreams, create_graph=True, materialize_grads=True, allow_unused=True
        )
        if outputs
        else ()
    )
    return module, flat(output), leaves, found


def assert_close(got: Any, expected: Any, dtype: torch.dtype) -> None:
    assert len(got) == len(expected)
    tolerance = 1e-9 if dtype == torch.float64 else 2e-5
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)


WITH_DTYPES = [(case, torch.float64) for case in CASES] + [(case, torch.float32) for case in FEW]


@pytest.mark.parametrize(("case", "dtype"), WITH_DTYPES, ids=str)
def test_output_gradients_and_buffers(case: Case, dtype: torch.dtype) -> None:
    (ours, outputs, _, found), (theirs, expected, _, gradients) = (
        run(case, cls, dtype) for cls in case.classes
    )
    assert_close(outputs, expected, dtype)
    # PyTorch's derivative of Hardsigmoid is 1/6 in float32, also for float64.
    assert_close(found, gradients, torch.float32 if case.name == "Hardsigmoid" else dtype)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert_close(list(ours.state_dict().values()), list(theirs.state_dict().values()), dtype)


#: PyTorch has no second derivative of it.
NO_SECOND = {"Hardsigmoid", "MultiMarginLoss"}


@pytest.mark.parametrize("case", [case for case in FEW if case.name not in NO_SECOND], ids=str)
def test_second_derivatives(case: Case) -> None:
    results = []
    for cls in case.classes:
        _, _, leaves, found = run(case, cls, torch.float64)
        torch.default_generator.manual_seed(3)
        probes = [
            (torch.randn_like(gradient) * gradient).sum() for gradient in found if gradient.requires_grad
        ]
        results.append(
            torch.autograd.grad(sum(probes), leaves, allow_unused=True, materialize_grads=True)
            if probes
            else None
        )
    if results[0] is not None and results[1] is not None:
        assert_close(results[0], results[1], torch.float64)


def strided(tensor: torch.Tensor) -> torch.Tensor:
    """Give the same values as every second element of a larger tensor."""
    if not tensor.ndim:
        return tensor
    wide = torch.zeros((*tensor.shape[:-1], 2 * tensor.shape[-1]), dtype=tensor.dtype)
    wide[..., ::2] = tensor
    return wide[..., ::2]


@pytest.mark.parametrize("case", ONE, ids=str)
def test_layout_in_memory_makes_no_difference(case: Case) -> None:
    ours, _ = case.classes
    (_, outputs, _, found), (_, expected, _, gradients) = (
        run(case, ours, torch.float64, change) for change in (strided, None)
    )
    assert_close(outputs, expected, torch.float64)
    assert_close(found, gradients, torch.float64)


#: Where an output of PyTorch's lies otherwise in memory, and why.
LAID_OUT: dict[str, str] = {}


def turned(tensor: torch.Tensor) -> torch.Tensor:
    """Give the same values with the first axis lying innermost in memory."""
    return tensor.movedim(0, -1).contiguous().movedim(-1, 0) if tensor.ndim else tensor


def channels_last(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


@pytest.mark.parametrize("case", [case for case in FEW if case.index < 4], ids=str)
@pytest.mark.parametrize("change", [turned, channels_last, strided])
def test_what_can_be_viewed_of_pytorchs_can_be_viewed(case: Case, change: Any) -> None:
    found = []
    for cls in case.classes:
        output, _ = case.call(
            case.make(cls, torch.float32, case.row(torch.float32)), case.row(torch.float32), change
        )
        found.append(flat(output))
    for ours, theirs in zip(*found, strict=True):
        if theirs.is_contiguous():
            assert ours.is_contiguous() or case.name in LAID_OUT
        elif theirs.ndim == 4 and theirs.is_contiguous(memory_format=torch.channels_last):
            assert ours.is_contiguous(memory_format=torch.channels_last) or case.name in LAID_OUT


@pytest.mark.parametrize("case", ONE, ids=str)
def test_repr_pickle_and_state(case: Case) -> None:
    row = case.row(torch.float32)
    ours, theirs = (case.make(cls, torch.float32, row) for cls in case.classes)
    assert repr(ours) == repr(theirs)
    assert isinstance(ours, type(theirs))
    again = pickle.loads(pickle.dumps(ours))  # noqa: S301 - our own
    assert type(again) is type(ours)
    assert_close(flat(case.call(again, row)[0]), flat(case.call(ours, row)[0]), torch.float32)
    for source, target in ((ours, theirs), (theirs, ours)):
        assert target.load_state_dict(source.state_dict()) == torch.nn.modules.module._IncompatibleKeys(
            [], []
        )


@pytest.mark.parametrize("case", ONE, ids=str)
def test_any_device(case: Case) -> None:
    """The device ``meta`` has no numbers, so a module that made its own on the CPU would raise."""
    if case.name == "GaussianNLLLoss":
        pytest.skip("PyTorch's, too, looks at the values of var")
    row = case.row(torch.float32)
    shapes = []
    for cls in case.classes:
        module = case.make(cls, torch.float32, row).to("meta")
        output, _ = case.call(module, row, lambda tensor: tensor.to("meta"))
        shapes.append([(tensor.shape, tensor.dtype, tensor.device.type) for tensor in flat(output)])
    assert shapes[0] == shapes[1]


#: How far a narrow result may be from the exact one: so many units in the last place of the largest value.
#: Several matrix products in a row round several times.
UNITS = {"MultiheadAttention": 16.0}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", ONE, ids=str)
def test_narrow_dtypes(case: Case, dtype: torch.dtype) -> None:
    """Outputs and gradients have the dtype, and are PyTorch's in float64 of the same numbers, rounded."""
    row, (ours, theirs) = case.row(dtype), case.classes

    def results(cls: type[torch.nn.Module], within: torch.dtype) -> list[torch.Tensor]:
        module = case.make(cls, dtype, row).to(within)
        output, inputs = case.call(module, row, lambda t: t.to(within) if t.is_floating_point() else t)
        outputs = [tensor for tensor in flat(output) if tensor.requires_grad]
        leaves = [leaf for leaf in (*inputs, *module.parameters()) if leaf.requires_grad]
        torch.default_generator.manual_seed(2)
        upstreams = [torch.randn(tensor.shape, dtype=dtype).to(within) for tensor in outputs]
        found = torch.autograd.grad(outputs, leaves, upstreams, materialize_grads=True, allow_unused=True)
        return [*flat(output), *found]

    units = UNITS.get(case.name, 4.0) * torch.finfo(dtype).eps
    for narrow, wide in zip(results(ours, dtype), results(theirs, torch.float64), strict=True):
        assert narrow.dtype == (dtype if wide.is_floating_point() else wide.dtype)
        finite = wide[wide.isfinite()]
        scale = finite.abs().max().item() if finite.numel() else 1.0
        torch.testing.assert_close(narrow.double(), wide.double(), rtol=0, atol=units * scale, equal_nan=True)
