"""Our optimizers in PyTorch's place: whatever else is done with one."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from backproof.torch import optim
from backproof.torch.optim.optimizer import _BLOCK
from backproof.updates import CATALOGUE
from tests.torch.optim.test_optim_db import both, made, run

names = pytest.mark.parametrize("name", CATALOGUE)


@names
def test_stands_for_torchs(name: str) -> None:
    ours, theirs = getattr(optim, name), getattr(torch.optim, name)
    assert issubclass(ours, theirs)
    assert (ours.__name__, ours.__module__) == (name, "backproof.torch.optim")
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert "←" in ours.__doc__
    assert ">>>" not in ours.__doc__
    mine, other = (kind(made(torch.float32)) for kind in (ours, theirs))
    assert repr(mine) == repr(other)
    assert mine.defaults == other.defaults


def test_ours_derive_from_ours_where_torchs_do() -> None:
    assert isinstance(optim.AdamW(made(torch.float32)), optim.Adam)
    assert not issubclass(optim.NAdam, optim.Adam)


def test_rprop_passes_over_a_gradient_that_is_no_number() -> None:
    """The sign of NaN is 0 for PyTorch, and for ours on tensors."""
    moved = []
    for source in (optim, torch.optim):
        parameter = torch.ones(2, requires_grad=True)
        optimizer = source.Rprop([parameter])
        for gradient in ([1.0, float("nan")], [1.0, 1.0]):
            parameter.grad = torch.tensor(gradient)
            optimizer.step()
        moved.append(parameter.detach())
    torch.testing.assert_close(*moved)
    assert moved[0].isfinite().all()


def test_other_names_are_torchs() -> None:
    assert optim.lr_scheduler is torch.optim.lr_scheduler
    assert optim.swa_utils is torch.optim.swa_utils
    assert optim.Optimizer is torch.optim.Optimizer
    public = {name for name in dir(torch.optim) if not name.startswith("_")}
    assert set(dir(optim)) == set(optim.__all__) == public
    with pytest.raises(AttributeError, match="Adamm"):
        _ = optim.Adamm


@names
@pytest.mark.parametrize("through", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])  # noqa: S301 - its own
def test_copies_go_on_alone(name: str, through: Callable[[Any], Any]) -> None:
    (mine, ours), (other, theirs) = both(name, {}, torch.float64)
    run([(mine, ours), (other, theirs)], range(2))
    copied, twins = through((mine, ours))
    run([(copied, twins), (other, theirs)], range(2, 4))


@names
def test_a_parameter_without_gradient_and_one_that_is_late(name: str) -> None:
    pairs = both(name, {}, torch.float64)
    for optimizer, parameters in pairs:
        for step in range(4):
            for index, parameter in enumerate(parameters):
                parameter.grad = (
                    None if index == 1 or (index == 0 and step < 2) else torch.ones_like(parameter)
                )
            optimizer.step()
            optimizer.zero_grad(set_to_none=step != 2)
    for got, expected in zip(pairs[0][1], pairs[1][1], strict=True):
        torch.testing.assert_close(got, expected)


@names
def test_numbers_of_the_state_are_kept_as_torch_keeps_them(name: str) -> None:
    torch.set_default_dtype(torch.float32)
    (mine, ours), (other, theirs) = both(name, {}, torch.float64)
    for optimizer, parameters in ((mine, ours), (other, theirs)):
        parameters[0].grad = torch.ones_like(parameters[0])
        optimizer.step()
    for key, expected in other.state[theirs[0]].items():
        got = mine.state[ours[0]][key]
        assert (got.dtype, got.device, got.shape) == (expected.dtype, expected.device, expected.shape)
        torch.testing.assert_close(got, expected)


@names
def test_a_group_that_is_removed_stays_as_it_is(name: str) -> None:
    pairs = both(name, {}, torch.float64)
    for optimizer, parameters in pairs:
        optimizer.add_param_group({"params": made(torch.float64)[:1], "lr": 0.3})
        optimizer.step()
        removed = optimizer.param_groups.pop(0)
        optimizer.param_groups.append({**removed, "params": parameters[:2]})
    run(pairs, range(3))


@names
def test_a_step_does_not_wait_for_a_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of the state are read again only where somebody else has written to them."""
    monkeypatch.setattr("backproof.torch.optim.optimizer._is_at_hand", lambda tensor: False)
    pairs = both(name, {"lr": 0.1}, torch.float64)
    run(pairs, range(2))
    for optimizer, _ in pairs:
        for state in optimizer.state.values():
            if "step" in state:
                state["step"].fill_(7)
    run(pairs, range(2, 4))
    read, item = set(), torch.Tensor.item

    def watched(tensor: torch.Tensor) -> Any:
        read.add(id(tensor))
        return item(tensor)

    monkeypatch.setattr(torch.Tensor, "item", watched)
    pairs[0][0].step()
    assert not read & {id(value) for state in pairs[0][0].state.values() for value in state.values()}


def test_a_graph_of_kernels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
    with pytest.raises(RuntimeError, match=r"Adam counts its steps in Python.*use torch.optim.Adam"):
        optim.Adam(made(torch.float32), capturable=True).step()


def test_the_compiler_leaves_a_step_as_it_is() -> None:
    pairs = both("Adam", {}, torch.float64)
    compiled = CompileCounter()
    pairs[0][0].step = torch.compile(pairs[0][0].step, backend=compiled)
    run(pairs, range(4))
    assert compiled.frame_count == 0


def test_a_closure_is_called_with_gradients_on() -> None:
    parameter = torch.nn.Parameter(torch.tensor([3.0]))
    optimizer = optim.SGD([parameter], lr=0.5)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        torch.autograd.backward(loss)
        return loss

    assert optimizer.step(closure) == 9
    assert parameter.tolist() == [0.0]


def test_hooks() -> None:
    seen = []
    optimizer = optim.Adam(made(torch.float32))
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    optimizer.step()
    assert seen == ["before", "after"]


@names
def test_a_sparse_gradient_is_refused(name: str) -> None:
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    parameter.grad = torch.eye(2).to_sparse()
    with pytest.raises(RuntimeError, match=f"{name} does not support sparse gradients"):
        getattr(optim, name)([parameter]).step()


def test_a_rate_that_is_a_tensor_is_followed_when_it_changes_in_place() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.ones(1)
    rate = torch.tensor(0.5)
    optimizer = optim.SGD([parameter], lr=rate)
    optimizer.step()
    rate.fill_(0.25)
    optimizer.step()
    assert parameter.item() == -0.75


def test_a_gradient_for_a_hyperparameter_is_refused() -> None:
    rate = torch.tensor(0.5, requires_grad=True)
    parameter = torch.nn.Parameter(torch.zeros(1)).clone()
    parameter.grad = torch.ones(1)
    optimizer = optim.SGD([parameter], lr=rate, differentiable=True)
    with pytest.raises(RuntimeError, match=re.escape("lr requires a gradient; use torch.optim.SGD")):
        optimizer.step()


def test_a_gradient_scaler_unscales_for_a_fused_one_too() -> None:
    values = []
    for kind in (optim.Adam, torch.optim.Adam):
        parameter = torch.nn.Parameter(torch.ones(3))
        optimizer = kind([parameter], lr=0.1, eps=1.0, fused=True)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        torch.autograd.backward(scaler.scale((parameter**2).sum()))
        scaler.step(optimizer)
        values.append(parameter.detach())
    torch.testing.assert_close(*values)


@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_large_parameters_go_in_blocks(name: str, layout: torch.memory_format) -> None:
    """A few blocks and a remainder; the version tells autograd that the parameter changed."""
    ends = []
    for module in (optim, torch.optim):
        torch.manual_seed(0)
        parameter = torch.nn.Parameter(torch.randn(3, _BLOCK // 64, 5, 7).to(memory_format=layout))
        optimizer, version = getattr(module, name)([parameter], lr=0.1), parameter._version
        for _ in range(2):
            parameter.grad = torch.randn(parameter.shape)
            optimizer.step()
        assert parameter._version > version
        ends.append(parameter)
    torch.testing.assert_close(*ends)
