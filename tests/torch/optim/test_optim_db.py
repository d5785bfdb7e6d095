"""The table that PyTorch tests its own optimizers with, run through ours, class by class."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

from backproof.torch import optim
from backproof.updates import CATALOGUE

STEPS = 6
INFOS = {info.name: info for info in optim_db}
infos = pytest.mark.parametrize("info", [INFOS[name] for name in CATALOGUE], ids=CATALOGUE)
#: Optimizers of the table that are PyTorch's own here: `backproof.torch.optim` gives those.
NOT_OURS = {
    "Adafactor": "goes by rows and columns, not element by element",
    "LBFGS": "calls the closure several times in a step",
    "Muon": "multiplies matrices, and does not go element by element",
    "SparseAdam": "is for sparse gradients only",
}
#: What the table says of a class that does not hold for ours, with the reason.
EXCEPTIONS = {
    ("SGD", "supports_sparse"): "a step is over dense arrays; a sparse gradient is refused with a way out",
    (
        "Adagrad",
        "supports_sparse",
    ): "a step is over dense arrays; a sparse gradient is refused with a way out",
}


def rows() -> Iterator[Any]:
    for name in CATALOGUE:
        for row in INFOS[name].optim_inputs_func(device="cpu"):
            yield pytest.param(name, row.kwargs, id=f"{name}-{row.desc}")


every_row = pytest.mark.parametrize(("name", "options"), list(rows()))


def test_every_class_of_the_table_is_ours_or_listed() -> None:
    assert set(INFOS) == {*CATALOGUE, *NOT_OURS}
    for name in NOT_OURS:
        assert getattr(optim, name) is getattr(torch.optim, name)
    assert {(n, "supports_sparse") for n in CATALOGUE if INFOS[n].supports_sparse} == set(EXCEPTIONS)


def made(dtype: torch.dtype) -> list[torch.nn.Parameter]:
    """Make parameters of many layouts, with values that depend on the dtype only."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    tensors = [
        normal(5, 3),
        normal(),
        normal(0),
        normal(6, 4).t(),
        normal(3, 8)[:, ::2],
        normal(2, 3, 4, 5).to(memory_format=torch.channels_last),
    ]
    return [torch.nn.Parameter(tensor) for tensor in tensors]


def gradients(parameters: list[torch.nn.Parameter], step: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(step)
    dtype = torch.complex128 if parameters[0].is_complex() else torch.float64
    return [torch.randn(p.shape, generator=generator, dtype=dtype).to(p.dtype) for p in parameters]


def run(pairs: list[tuple[Any, list[torch.nn.Parameter]]], steps: range) -> None:
    """Step optimizers with the same gradients, and compare the parameters after each."""
    for step in steps:
        for optimizer, parameters in pairs:
            for parameter, gradient in zip(parameters, gradients(parameters, step), strict=True):
                parameter.grad = gradient
            optimizer.step()
        compare(pairs[0][1], pairs[1][1])


def compare(ours: list[Any], theirs: list[Any]) -> None:
    for got, expected in zip(ours, theirs, strict=True):
        # A few roundings of each step; a half-precision state is rounded in every operation.
        units = torch.finfo(expected.dtype).eps * (8 if expected.dtype.itemsize == 2 else 64)
        torch.testing.assert_close(got, expected, rtol=units, atol=units)


def both(name: str, options: dict[str, Any], dtype: torch.dtype) -> list[tuple[Any, Any]]:
    ours, theirs = made(dtype), made(dtype)
    other = getattr(torch.optim, name)(theirs, **options, foreach=False)
    return [(getattr(optim, name)(ours, **options), ours), (other, theirs)]


@every_row
def test_every_step(name: str, options: dict[str, Any]) -> None:
    follow(both(name, options, torch.float64))


@infos
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.complex128], ids=str)
def test_every_step_in_other_dtypes(info: Any, dtype: torch.dtype) -> None:
    follow(both(info.name, {"maximize": True}, dtype))


def follow(pairs: list[tuple[Any, list[torch.nn.Parameter]]]) -> None:
    """Step optimizers, and compare the states they come to as well."""
    run(pairs, range(STEPS))
    for parameter, other in zip(*(parameters for _, parameters in pairs), strict=True):
        state, expected = pairs[0][0].state[parameter], pairs[1][0].state[other]
        assert state.keys() == expected.keys()
        compare([state[key] for key in expected], list(expected.values()))


@infos
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision(info: Any, dtype: torch.dtype) -> None:
    run(both(info.name, {"lr": 0.25}, dtype), range(3))


@every_row
def test_a_state_goes_on_in_either(name: str, options: dict[str, Any]) -> None:
    pairs = both(name, options, torch.float32)
    run(pairs, range(3))
    (mine, ours), (other, theirs) = pairs
    saved = copy.deepcopy(other.state_dict())
    other.load_state_dict(copy.deepcopy(mine.state_dict()))
    mine.load_state_dict(saved)
    run([(mine, ours), (other, theirs)], range(3, 6))


@every_row
def test_groups_that_are_added(name: str, options: dict[str, Any]) -> None:
    pairs = []
    for module in (optim, torch.optim):
        parameters = made(torch.float64)
        optimizer = getattr(module, name)(parameters[:1], **options)
        optimizer.add_param_group({"params": parameters[1:3], "lr": 0.3})
        pairs.append((optimizer, parameters))
    run(pairs, range(3))
    for optimizer, parameters in pairs:
        optimizer.add_param_group({"params": parameters[3:]})
        optimizer.param_groups[0]["lr"] = 0.05
    run(pairs, range(3, 6))


@infos
def test_wrong_arguments(info: Any) -> None:
    for row in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        wrong = row.optimizer_error_input
        assert row.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR
        params = wrong.params if wrong.params is not None else made(torch.float32)
        # One of the errors is a warning, which is an error here.
        with pytest.raises(row.error_type, match=row.error_regex):
            getattr(optim, info.name)(params, **wrong.kwargs)


@infos
@pytest.mark.parametrize("implementation", ["foreach", "fused", "capturable"])
def test_how_to_compute_has_no_effect(info: Any, implementation: str) -> None:
    offered = {*info.supported_impls, *(["capturable"] if info.has_capturable_arg else [])}
    if implementation not in offered:
        with pytest.raises(TypeError):
            getattr(optim, info.name)(made(torch.float32), **{implementation: True})
        return
    ours, theirs = made(torch.float32), made(torch.float32)
    mine = getattr(optim, info.name)(ours, **{implementation: True})
    run([(mine, ours), (getattr(torch.optim, info.name)(theirs, foreach=False), theirs)], range(2))


@infos
def test_torchs_schedules_change_the_rate(info: Any) -> None:
    for makers in info.scheduler_inputs:
        pairs = both(info.name, {"lr": 0.1}, torch.float64)
        schedules = [make(optimizer) for optimizer, _ in pairs for make in makers]
        for epoch in range(4):
            run(pairs, range(epoch, epoch + 1))
            for schedule in schedules:
                figure = (1.0,) if "Plateau" in type(schedule).__name__ else ()
                schedule.step(*figure)
        assert pairs[0][0].param_groups[0]["lr"] == pairs[1][0].param_groups[0]["lr"]


@infos
def test_differentiable(info: Any) -> None:
    """The derivative of two steps for the parameter and both gradients, against finite differences."""
    options = {"weight_decay": 0.1} if "weight_decay" in CATALOGUE[info.name].hyperparameters() else {}

    def two_steps(start: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        parameter = start.clone()
        optimizer = getattr(optim, info.name)([parameter], lr=0.1, differentiable=True, **options)
        for gradient in given:
            parameter.grad = gradient.clone()
            optimizer.step()
        return parameter

    arguments = [
        torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for values in ([0.5, -1.0, 2.0], [0.3, -0.7, 1.1], [0.2, -0.4, -0.6])
    ]
    assert torch.autograd.gradcheck(two_steps, arguments)
