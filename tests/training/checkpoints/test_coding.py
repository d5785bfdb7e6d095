"""A state goes into text and arrays and comes back the same, to the bit."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from backproof.training.checkpoints.coding import packed, unpacked

STRIDED = np.arange(12.0).reshape(3, 4)[::2, ::-1]
READ_ONLY = np.arange(3.0)
READ_ONLY.flags.writeable = False
STATES: dict[str, Any] = {
    "nothing": {},
    "plain": {"a": None, "b": True, "c": -7, "d": "ä\n$", "e": [1, [2.5, "x"], []]},
    "odd numbers": [0.1 + 0.2, float("inf"), -float("inf"), -0.0, 5e-324, 2**200, -(2**127)],
    "tuples": {"betas": (0.9, (1, "x")), "none": ()},
    "keys": {0: {1: "a"}, None: 2, (1, 2): 3, "$array": 4},
    "ordered": OrderedDict(b=1, a=2),
    "scalars": [np.float64(0.1), np.float32(0.1), np.int64(-3), np.bool_(True), np.longdouble(0.1)],
    "arrays": [np.arange(6).astype(kind).reshape(2, 3) for kind in "bBhHiIlLqQefd?"],
    "odd arrays": [np.zeros((0, 3)), np.array(2.5), STRIDED, np.asfortranarray(np.eye(3)), READ_ONLY],
    "rare arrays": [
        np.arange(3, dtype=">f8"),
        np.arange(3, dtype="g"),
        np.array([1 + 2j]),
        np.array(["ä", "b"]),
    ],
    "special numbers": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
    "names with dots": {"a.b": np.zeros(1), "a": {"b": np.ones(1)}},
    "random": np.random.default_rng(0).bit_generator.state,
    "random, older": np.random.RandomState(0).get_state(legacy=False),
    "tensors": [torch.arange(6.0).reshape(2, 3).T, torch.tensor(3), torch.zeros(0, 2), torch.tensor([True])],
    "rare tensors": [torch.tensor([1.5], dtype=torch.bfloat16), torch.tensor([1j]), torch.eye(2).half()],
}


def same(one: Any, other: Any) -> bool:
    """Say whether two are the same: kinds, shapes, and bits."""
    if type(one) is not type(other) and not isinstance(one, OrderedDict):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray | np.generic) and one.dtype.char != "g":  # which has bytes that nobody uses
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return repr(one) == repr(other)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_it_comes_back(state: Any) -> None:
    text, arrays = packed(state)
    assert same(state, unpacked(json.loads(json.dumps(text)), arrays))


def test_another_is_seen() -> None:
    assert not same([0.0], [-0.0])
    assert not same({"a": (1,)}, {"a": [1]})
    assert not same(np.zeros(2), np.zeros(2, np.float32))


REFUSED = {
    "an object": ({"a": [object()]}, "in state.a.0; got object"),
    "a function": ({"f": len}, "in state.f; got builtin_function_or_method"),
    "a set": ({"a": {1}}, "in state.a; got set"),
    "an array of objects": ({"a": np.array([None])}, "in state.a; got ndarray"),
    "a class": (int, "in state; got type"),
    "a key": ({frozenset(): 1}, "in state; got frozenset"),
    "a tuple with names": (torch.max(torch.eye(2), dim=0), "got max"),
}


@pytest.mark.parametrize(("state", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_something_else_is_refused(state: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        packed(state)
