"""NumPy's optimizers: made from every update rule, and used as PyTorch's are."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from backproof.updates import CATALOGUE
from tests.optim.parameters import Parameter, give_gradients, parameters, tensors
from tests.updates.test_against_torch import FURTHER

SHAPES = ((3, 2), (), (0,), (4,))
CASES = [(name, hyper) for name in CATALOGUE for hyper in ({}, *FURTHER[name])]
cases = pytest.mark.parametrize(("name", "hyper"), CASES, ids=[f"{name}-{hyper}" for name, hyper in CASES])
names = pytest.mark.parametrize("name", CATALOGUE)


@pytest.fixture(autouse=True)
def _torch_counts_in_double_precision() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def both(name: str, hyper: dict[str, Any], *shapes: Any) -> tuple[Any, Any, Any, Any]:
    ours = parameters(*(shapes or SHAPES))
    theirs = tensors(ours)
    mine = getattr(optim, name)(ours, **hyper)
    return ours, theirs, mine, getattr(torch.optim, name)(theirs, **hyper)


def step_both(ours: Any, theirs: Any, mine: Any, other: Any, steps: range) -> None:
    for step in steps:
        give_gradients(ours, theirs, f"step {step}")
        mine.step()
        other.step()


def assert_same(ours: list[Parameter], theirs: list[torch.nn.Parameter]) -> None:
    for parameter, tensor in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(parameter.data, tensor.detach().numpy(), rtol=1e-12, atol=1e-12)


@names
def test_made_from_its_rule(name: str) -> None:
    made = getattr(optim, name)
    assert name in optim.__all__
    assert issubclass(made, optim.Optimizer)
    assert (made.__name__, made.__module__) == (name, "backproof.optim")
    assert "←" in made.__doc__
    expected = {"params": inspect.Parameter.empty, **CATALOGUE[name].hyperparameters()}
    signature = inspect.signature(made)
    assert {n: p.default for n, p in signature.parameters.items()} == expected


@cases
def test_groups_and_a_parameter_without_gradient(name: str, hyper: dict[str, Any]) -> None:
    ours, theirs = parameters(*SHAPES, (2,)), []
    theirs = tensors(ours)

    def groups(given: list[Any]) -> list[dict[str, Any]]:
        return [{"params": given[:2], "lr": 0.2}, {"params": given[2]}, {"params": given[3:]}]

    mine = getattr(optim, name)(groups(ours), **hyper)
    other = getattr(torch.optim, name)(groups(theirs), **hyper)
    for step in range(4):
        give_gradients(ours, theirs, f"step {step}")
        ours[-1].grad = theirs[-1].grad = None
        for optimizer in (mine, other):
            optimizer.param_groups[0]["lr"] *= 0.5
            optimizer.step()
    assert_same(ours, theirs)
    assert ours[-1] not in mine.state


@names
def test_float32_stays_float32_also_at_a_rate_of_numpys(name: str) -> None:
    ours = parameters((3,), (), dtype=np.float32)
    optimizer = getattr(optim, name)(ours, lr=np.float64(0.1))
    optimizer.param_groups[0]["lr"] = np.float64(0.2)
    before = [parameter.data for parameter in ours]
    for parameter in ours:
        parameter.grad = np.ones_like(parameter.data)
    optimizer.step()
    for parameter, data in zip(ours, before, strict=True):
        assert parameter.data is data
        assert data.dtype == np.float32
        for key, value in optimizer.state[parameter].items():
            assert key in CATALOGUE[name].numbers or value.dtype == np.float32


@names
def test_a_group_that_is_removed_stays_as_it_is(name: str) -> None:
    ours = parameters(*SHAPES)
    theirs = tensors(ours)
    mine, other = (
        getattr(module, name)([{"params": given[:1], "lr": 0.3}, {"params": given[1:]}], lr=0.1)
        for module, given in ((optim, ours), (torch.optim, theirs))
    )
    step_both(ours, theirs, mine, other, range(2))
    for optimizer in (mine, other):
        optimizer.param_groups.pop(0)
    step_both(ours, theirs, mine, other, range(2, 4))
    assert_same(ours, theirs)
    assert list(mine.state_dict()["state"]) == [0, 1, 2]


@dataclass
class Unhashable:
    """A parameter that is equal to others, and has no hash."""

    data: Any
    grad: Any = None


@names
def test_parameters_are_told_apart_by_their_identity(name: str) -> None:
    given = [Unhashable(np.ones(2)), Unhashable(np.ones(2))]
    optimizer = getattr(optim, name)(given, lr=0.1)
    given[0].grad = np.array([1.0, -1.0])
    optimizer.step()
    assert list(optimizer.state) == [given[0]]
    assert given[1] not in optimizer.state
    copied = copy.deepcopy(optimizer)
    twin = copied.param_groups[0]["params"][0]
    assert copied.state.keys() != optimizer.state.keys()
    assert copied.state[twin].keys() == optimizer.state[given[0]].keys()
    del optimizer.state[given[0]]
    assert len(optimizer.state) == 0


@cases
def test_goes_on_in_torch(name: str, hyper: dict[str, Any]) -> None:
    """A few steps here and the others there are as all of them there."""
    ours, theirs, mine, other = both(name, hyper)
    mine.add_param_group({"params": parameters((2,)), "lr": 0.3})
    other.add_param_group({"params": tensors(parameters((2,))), "lr": 0.3})
    step_both(ours, theirs, mine, other, range(3))
    twins = tensors([*ours, *mine.param_groups[1]["params"]])
    on = mine.to_torch(twins)
    assert type(on) is getattr(torch.optim, name)
    step_both(ours, twins[: len(ours)], mine, on, range(3, 6))
    step_both(parameters(*SHAPES), theirs, mine, other, range(3, 6))
    for got, expected in zip(twins, theirs, strict=False):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
    for key, expected in other.state[theirs[0]].items():
        assert on.state[twins[0]][key].dtype == expected.dtype
    assert on.param_groups[1]["lr"] == 0.3


@names
@pytest.mark.parametrize("computing", ["foreach", "fused", "capturable", "differentiable"])
def test_how_torch_computes_may_only_be_left_off(name: str, computing: str) -> None:
    for off in (None, False):
        made = getattr(optim, name)(parameters((1,)), **{computing: off})
        assert computing not in made.defaults
    with pytest.raises(
        ValueError, match=f"{name} on NumPy needs {computing} None or False.*{computing}=True"
    ):
        getattr(optim, name)(parameters((1,)), **{computing: True})


@cases
def test_a_state_goes_on_from_either_library_in_the_other(name: str, hyper: dict[str, Any]) -> None:
    ours, theirs, mine, other = both(name, hyper)
    step_both(ours, theirs, mine, other, range(3))
    mine.load_state_dict(other.state_dict())
    saved = mine.state_dict()
    saved["state"] = {
        number: {key: torch.tensor(value) for key, value in state.items()}
        for number, state in saved["state"].items()
    }
    other.load_state_dict({**other.state_dict(), "state": saved["state"]})
    step_both(ours, theirs, mine, other, range(3, 6))
    assert_same(ours, theirs)


@names
@pytest.mark.parametrize("through", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])  # noqa: S301 - its own
def test_copies_go_on_alone(name: str, through: Callable[[Any], Any]) -> None:
    ours, theirs, mine, other = both(name, {})
    step_both(ours, theirs, mine, other, range(2))
    copied = through(mine)
    twins = [parameter for group in copied.param_groups for parameter in group["params"]]
    give_gradients(twins, theirs, "later")
    copied.step()
    other.step()
    assert_same(twins, theirs)


@names
def test_printed_as_torchs(name: str) -> None:
    _, _, mine, other = both(name, {})
    ours = repr(mine).splitlines()
    # Besides what says how to compute; and a zero here is 0.0 where PyTorch has 0.
    expected = repr(other).splitlines()
    assert set(ours) <= {*expected, *(line + ".0" for line in expected)}
    assert ours == [ours[0], ours[1], *sorted(ours[2:-1]), ")"]


def test_a_closure_comes_first_and_its_loss_is_returned() -> None:
    (parameter,) = ours = parameters((2,))

    def closure() -> float:
        parameter.grad = np.ones(2)
        return 4.5

    before = parameter.data.copy()
    assert optim.SGD(ours, lr=1.0).step(closure) == 4.5
    assert np.array_equal(parameter.data, before - 1)


def test_zero_grad() -> None:
    ours = parameters((2,), (3,))
    optimizer = optim.SGD(ours, 0.1)
    gradient = ours[0].grad = np.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert ours[0].grad is gradient
    assert not gradient.any()
    assert ours[1].grad is None
    optimizer.zero_grad()
    assert ours[0].grad is None


def test_hyperparameters_by_position_as_in_torch() -> None:
    assert optim.SGD(parameters((1,)), 0.5, 0.9).defaults["momentum"] == 0.9
    assert optim.Adam(parameters((1,)), 0.5, (0.5, 0.6), 1e-3).defaults["eps"] == 1e-3


def test_a_rate_may_end_a_rounding_below_zero() -> None:
    """As schedules may, in either library: only what is given at the start is refused."""
    (parameter,) = ours = parameters((1,))
    optimizer = optim.SGD(ours, lr=0.1)
    optimizer.param_groups[0]["lr"] = -1.0
    parameter.data[:], parameter.grad = 2.0, np.ones(1)
    optimizer.step()
    assert parameter.data == 3.0


ONE, TWO = parameters((1,), (2,))
MISUSE: dict[str, tuple[type[Exception], Callable[[], object], str]] = {
    "no parameters": (ValueError, lambda: optim.SGD([]), "SGD got an empty list of parameters"),
    "a parameter alone": (
        TypeError,
        lambda: optim.SGD(ONE),  # type: ignore[arg-type]
        "expected params, an iterable of parameters or of groups, e.g. model.parameters(); got Parameter",
    ),
    "a number": (TypeError, lambda: optim.SGD(3), "got int"),  # type: ignore[arg-type]
    "an array": (TypeError, lambda: optim.SGD([np.ones(2)]), "such as nn.Parameter; got ndarray"),  # type: ignore[arg-type]
    "twice in a group": (ValueError, lambda: optim.SGD([ONE, ONE]), "once; got one twice"),
    "twice in two": (
        ValueError,
        lambda: optim.SGD([{"params": [ONE]}, {"params": [ONE]}]),
        "once; got one twice",
    ),
    "a group without": (TypeError, lambda: optim.SGD([{"lr": 0.1}]), "a parameter group is a dictionary"),
    "a group, then a parameter": (
        TypeError,
        lambda: optim.SGD([{"params": [ONE]}, TWO]),  # type: ignore[arg-type]
        "Give either parameters or groups, not both",
    ),
    "a hyperparameter that it has not": (
        TypeError,
        lambda: optim.Rprop([ONE], momentum=0.9),
        "step_sizes=(1e-06, 50), *, maximize=False): got an unexpected keyword argument 'momentum'",
    ),
    "a default out of its range": (ValueError, lambda: optim.Adam([ONE], lr=-1), "Adam needs lr at least 0"),
    "a rate in quotes": (
        TypeError,
        lambda: optim.Adam([ONE], lr="0.1"),
        "Adam needs lr, a number; got lr='0.1'",
    ),
    "a group's in quotes": (
        TypeError,
        lambda: optim.Adam([{"params": ONE, "eps": "tiny"}]),
        "Adam needs eps, a number; got eps='tiny'",
    ),
    "whole numbers": (
        TypeError,
        lambda: optim.SGD([Parameter(np.arange(3))]),
        "SGD moves parameters of floats; got data.dtype=int64",
    ),
    "too few for torch": (
        ValueError,
        lambda: optim.SGD([ONE, TWO]).to_torch(tensors([ONE])),
        "expected as many parameters as here, 2; got 1",
    ),
    "a group's out of its range": (
        ValueError,
        lambda: optim.Adam([{"params": ONE, "eps": -1}]),
        "Adam needs eps at least 0; got eps=-1",
    ),
    "no optimizer of that name": (AttributeError, lambda: optim.Adamm, "'Adamm'; did you mean Adam?"),
    "nothing like it": (AttributeError, lambda: optim.Quux, "has no attribute 'Quux'; it has ASGD, "),
}


@pytest.mark.parametrize(("error", "use", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(error: type[Exception], use: Callable[[], object], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        use()


@names
def test_what_is_frozen_stays_even_with_a_gradient(name: str) -> None:
    frozen, moved = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))
    for parameter in (frozen, moved):
        parameter.add_grad(np.ones(2))
    frozen.requires_grad_(False)
    optimizer = getattr(optim, name)([frozen, moved], lr=0.1)
    optimizer.step()
    assert frozen.data.tolist() == [1.0, 1.0]
    assert frozen not in optimizer.state
    assert (moved.data != 1).all()


def test_a_gradient_of_another_shape() -> None:
    (parameter,) = ours = parameters((2, 3))
    parameter.grad = np.ones(3)
    with pytest.raises(ValueError, match=r"got grad.shape=\(3,\) for data.shape=\(2, 3\)"):
        optim.SGD(ours).step()


def test_a_state_of_other_groups() -> None:
    saved = optim.SGD(parameters((1,))).state_dict()
    with pytest.raises(ValueError, match=r"those here, \[2\]; got \[1\]"):
        optim.SGD(parameters((1,), (2,))).load_state_dict(saved)


def test_a_state_of_other_shapes() -> None:
    (one,), (other,) = parameters((3,)), parameters((1,))
    saving, optimizer = optim.Adam([other], lr=0.5), optim.Adam([one])
    other.grad = np.ones(1)
    saving.step()
    with pytest.raises(ValueError, match=r"needs its parameter's shape \(3,\); got \(1,\)"):
        optimizer.load_state_dict(saving.state_dict())
    # Nothing of it was taken over.
    assert optimizer.param_groups[0]["lr"] == 1e-3


def test_a_state_that_is_not_there_yet() -> None:
    """As PyTorch has written it for a velocity before the first step."""
    (parameter,) = ours = parameters((2,))
    optimizer = optim.SGD(ours, lr=1.0, momentum=0.9)
    saved = optimizer.state_dict()
    optimizer.load_state_dict({**saved, "state": {0: {"momentum_buffer": None}}})
    parameter.data[:], parameter.grad = 2.0, np.ones(2)
    optimizer.step()
    assert parameter.data.tolist() == [1, 1]


def test_by_position_only_what_torch_takes_by_position() -> None:
    for name in CATALOGUE:
        theirs = inspect.signature(getattr(torch.optim, name)).parameters
        by_position = inspect.Parameter.POSITIONAL_OR_KEYWORD
        ours = [
            n for n, p in inspect.signature(getattr(optim, name)).parameters.items() if p.kind is by_position
        ]
        assert ours == [n for n, p in theirs.items() if p.kind is by_position][: len(ours)]
