"""What code says of itself without being called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from backproof.checking.adapt.components.backwards import Situation, fill_backward
from backproof.checking.adapt.execution import Failure, Origin, attempt
from backproof.checking.adapt.words.signatures import (
    Parameter,
    is_stub,
    libraries_used,
    method,
    modules_made,
    parameters,
    returns_nothing,
    stored_attributes,
)
from tests.checking.adapt.asking import HEAD, run


def _of(text: str, name: str = "f") -> Any:
    return getattr(run(HEAD + text)[0], name)


def test_arguments_of_any_sort() -> None:
    found = parameters(_of("def f(a, /, b, c=2, *rest, d, e=None, **more): ..."))
    assert [(p.name, p.required, p.keyword, p.variadic) for p in found] == [
        ("a", True, False, False),
        ("b", True, False, False),
        ("c", False, False, False),
        ("rest", False, False, True),
        ("d", True, True, False),
        ("e", False, True, False),
    ]
    assert parameters(np.tanh)[0].name == "x"


@pytest.mark.parametrize(
    ("signature", "bound", "arguments"),
    [
        ("(self, grad_output)", True, ["grad_output"]),
        ("(this, x)", True, ["x"]),
        ("(grad_output)", False, ["grad_output"]),
        ("(x, grad)", False, ["x", "grad"]),
        ("(s, x)", True, ["x"]),
        ("()", True, []),
    ],
)
def test_a_missing_self_is_noticed(signature: str, bound: bool, arguments: list[str]) -> None:
    found = method(_of(f"class C:\n def backward{signature}: ...", "C"), "backward")
    assert found is not None
    assert (found.bound, [p.name for p in found.parameters]) == (bound, arguments)


def test_static_and_class_methods_and_what_is_none() -> None:
    cls = _of("class C:\n f = staticmethod(lambda g: g)\n h = classmethod(lambda cls, x: x)\n grad = 3", "C")
    static, of_class = method(cls, "f"), method(cls, "h")
    assert static is not None
    assert of_class is not None
    assert (static.bound, of_class.bound) == (False, True)
    assert of_class.of(cls())(5) == 5
    assert method(cls, "grad") is None
    assert method(cls, "missing") is None


def test_what_a_library_defines_is_not_the_users() -> None:
    class Mine(nn.Tanh):
        pass

    assert method(Mine, "forward") is None
    assert method(Mine, "forward", foreign=True) is not None


@pytest.mark.parametrize(
    ("body", "stub"),
    [
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('write it')", True),
        ("'words'", True),
        ("pass", True),
        ("...", True),
        ("return x", False),
        ("raise ValueError(x)", False),
        ("return 0.5", False),
        ("y = x\n if y is None: raise NotImplementedError\n return y", False),
    ],
)
def test_stubs(body: str, stub: bool) -> None:
    assert is_stub(_of(f"def f(self, x):\n {body}")) is stub


@pytest.mark.parametrize(
    ("body", "nothing"),
    [
        ("self.y = x", True),
        ("if x: return\n self.y = x", True),
        ("for v in x: self.y = v\n return None", True),
        ("return x", False),
        ("return 0.0", False),
        ("if x: return x", False),
    ],
)
def test_functions_without_a_value(body: str, nothing: bool) -> None:
    assert returns_nothing(_of(f"def f(self, x):\n {body}")) is nothing


LIBRARIES = [
    ("def f(x): return np.exp(x)", {"numpy"}),
    ("def f(x): return torch.exp(x)", {"torch"}),
    ("def f(x): return nn.functional.relu(x)", {"torch"}),
    ("from torch import exp\ndef f(x): return exp(x)", {"torch"}),
    ("from numpy import exp\ndef f(x): return exp(x)", {"numpy"}),
    ("def g(x): return np.exp(x)\ndef f(x): return g(x) + 1", {"numpy"}),
    ("def f(x): return torch.tensor(np.exp(x))", {"numpy", "torch"}),
    ("def f(x): return [np.exp(v) for v in x]", {"numpy"}),
    ("@torch.no_grad()\ndef f(x): return x", {"torch"}),
    ("def f(x): return f(x - 1)", set()),
    ("def f(x): return x.exp()", set()),
]


@pytest.mark.parametrize(("text", "used"), LIBRARIES)
def test_libraries_are_seen_in_the_code(text: str, used: set[str]) -> None:
    assert libraries_used([_of(text)]) == used


def test_what_a_constructor_makes_and_keeps() -> None:
    cls = _of(
        "class Inner(nn.Module): ...\n"
        "class C(nn.Module):\n"
        " def __init__(self):\n"
        "  self.first, self.second = nn.Linear(3, 2), Inner()\n"
        "  self.scale = nn.Parameter(torch.ones(1))\n",
        "C",
    )
    assert modules_made(cls.__init__, nn.Module) == ["Linear", "Inner"]
    assert stored_attributes(cls.__init__) == ["first", "second", "scale"]
    assert modules_made(object.__init__, nn.Module) == []
    assert stored_attributes(np.tanh) == []


# --- Readings of a backward ----------------------------------------------------------------------

#: What a backward is called, its arguments, whether the forward saves, and the readings.
READINGS: list[tuple[str, str, bool, list[dict[str, str]]]] = [
    ("backward", "grad_output", True, [{"grad_output": "grad_output"}]),
    ("backward", "anything", True, [{"anything": "grad_output"}]),
    ("backward", "x grad", False, [{"x": "input", "grad": "grad_output"}]),
    ("backward", "dA cache", False, [{"dA": "grad_output", "cache": "cache"}]),
    ("backward", "g p", False, [{"g": "grad_output", "p": "cache"}, {"g": "grad_output", "p": "input"}]),
    (
        "backward",
        "dout a",
        False,
        [{"dout": "grad_output", "a": "output"}, {"dout": "grad_output", "a": "input"}],
    ),
    ("backward", "dout y", False, [{"dout": "grad_output", "y": "output"}]),
    ("derivative", "z", False, [{"z": "input"}, {"z": "output"}]),
    ("prime", "y", False, [{"y": "output"}, {"y": "input"}]),
    ("backward", "x", True, [{"x": "grad_output"}, {"x": "input"}, {"x": "output"}]),
    ("grad", "x", True, [{"x": "input"}, {"x": "output"}, {"x": "grad_output"}]),
    ("grad", "", True, [{}]),
]


@pytest.mark.parametrize(("name", "arguments", "saves", "readings"), READINGS)
def test_readings_of_an_activations_backward(
    name: str, arguments: str, saves: bool, readings: list[dict[str, str]]
) -> None:
    situation = Situation(name, "activation", {"x": "input"}, ["input"], saves)
    found = fill_backward([Parameter(a) for a in arguments.split()], situation)
    assert [reading.filled for reading in found] == readings
    for reading in found:
        noted = {name for name in reading.notes if name != "as_output"}
        assert noted == (set() if "grad_output" in reading.filled.values() else {"derivative"})


LOSS_READINGS: list[tuple[str, bool, list[tuple[dict[str, str], bool]]]] = [
    ("", True, [({}, False)]),
    ("grad_output", True, [({"grad_output": "grad_output"}, True)]),
    ("upstream_loss", True, [({"upstream_loss": "grad_output"}, True)]),
    ("pred gt", False, [({"pred": "input", "gt": "target"}, False)]),
    ("gt pred dout", False, [({"gt": "target", "pred": "input", "dout": "grad_output"}, True)]),
    ("a b", False, [({"a": "input", "b": "target"}, False)]),
    ("p first", True, [({"p": "input", "first": "target"}, False)]),
    (
        "dvalues y_true",
        False,
        [
            ({"dvalues": "input", "y_true": "target"}, False),
            ({"dvalues": "grad_output", "y_true": "target"}, True),
        ],
    ),
]


@pytest.mark.parametrize(("arguments", "saves", "readings"), LOSS_READINGS)
def test_readings_of_a_losss_backward(
    arguments: str, saves: bool, readings: list[tuple[dict[str, str], bool]]
) -> None:
    forward = {"a": "input", "b": "target"}
    situation = Situation("backward", "loss", forward, ["input", "target"], saves)
    found = fill_backward([Parameter(a) for a in arguments.split()], situation)
    assert [(r.filled, r.notes.get("upstream", True)) for r in found] == readings


# --- Exceptions ----------------------------------------------------------------------------------


class _Silent(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def _raise(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("so"), "ValueError", "so"),
        (SystemExit(2), "SystemExit", "2"),
        (GeneratorExit(), "GeneratorExit", ""),
        (RecursionError("deep"), "RecursionError", "deep"),
        (_Silent(), "_Silent", "(its message cannot be shown: ValueError)"),
        (ValueError("x" * 9000), "ValueError", "x" * 2000),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_whatever_is_raised_is_told(error: BaseException, kind: str, message: str) -> None:
    with pytest.raises(Failure) as caught:
        attempt(Origin(__file__), "forward", _raise(error))
    assert (caught.value.raised.type, caught.value.raised.message) == (kind, message)
    assert caught.value.raised.line is not None


def test_a_keyboard_interrupt_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        attempt(Origin(), "forward", _raise(KeyboardInterrupt()))


def test_without_a_frame_of_the_users_the_parts_own_line_is_given() -> None:
    origin = Origin("/nowhere.py", {"definition": 3, "forward": 5})
    for phase, line in (("forward", 5), ("autograd", 5), ("construct", 3), ("backward", 3)):
        with pytest.raises(Failure) as caught:
            attempt(origin, phase, functools.partial(torch.ones(2).reshape, 3))
        assert caught.value.raised.line == line
