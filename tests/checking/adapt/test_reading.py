"""Reading back: what a backward returned or left, what an instance holds, and how it is laid out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backproof.checking.adapt.components.returned import Reader, Wanted
from backproof.checking.adapt.filling.layouts import LAYOUTS, lay_out, layouts_for, straighten
from backproof.checking.adapt.filling.slots import cast, find_parameters, slots, store, value_at
from backproof.checking.adapt.libraries import NUMPY, first_array, library, take, unchanged

X, W, B = np.zeros((7, 5)), np.zeros((3, 5)), np.zeros(3)
SHAPES = {"input": (7, 5), "weight": (3, 5), "bias": (3,)}
READER = Reader([Wanted("input", "x"), Wanted("weight", "W", ("W",)), Wanted("bias", "b", ("b",))], NUMPY)

RETURNED: dict[str, tuple[Any, dict[str, Any]]] = {
    "in order": ((X, W, B), {"input": X, "weight": W, "bias": B}),
    "in any order": ((B, X, W), {"input": X, "weight": W, "bias": B}),
    "a list": ([W, X], {"weight": W, "input": X}),
    "by name": ({"dW": W, "db": B, "dx": X}, {"input": X, "weight": W, "bias": B}),
    "by the argument's name": ({"weight": W, "b": B, "x": X}, {"input": X, "weight": W, "bias": B}),
    "one array": (X, {"input": X}),
    "one array, a transposed one": (X.T, {"input": X.T}),
    "one array that is the weight's": (W, {"input": None, "weight": W}),
    "a transposed weight": ((X, W.T, B), {"input": X, "weight": W.T, "bias": B}),
    "a bias not summed": ((X, W, np.zeros((7, 3))), {"input": X, "weight": W, "bias": np.zeros((7, 3))}),
    "none for one": ((None, W, B), {"input": None, "weight": W, "bias": B}),
    "nothing": (None, {"input": None}),
    "a number": (1.5, {"input": 1.5}),
    "no gradient at all": ("done", {"input": "done"}),
}


@pytest.mark.parametrize(("returned", "wanted"), RETURNED.values(), ids=RETURNED)
def test_what_is_returned_goes_to_its_argument(returned: Any, wanted: dict[str, Any]) -> None:
    found: dict[str, Any] = READER.read(returned, SHAPES)
    assert found.keys() == wanted.keys()
    for role, value in wanted.items():
        assert np.shape(found[role]) == np.shape(value)
        assert (found[role] is None) == (value is None)


LEFT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "attributes": ({"dW": W, "db": B, "dx": X}, {"input": X, "weight": W, "bias": B}),
    "long names": ({"grad_weight": W, "bias_grad": B}, {"input": None, "weight": W, "bias": B}),
    "a store": ({"grads": {"W": W, "b": B}}, {"input": None, "weight": W, "bias": B}),
    "new attributes of the right shape": ({"p": 2 * X, "q": W}, {"input": 2 * X, "weight": W}),
    "a place that is empty": ({"dW": None, "dx": X}, {"input": X, "weight": None}),
    "nothing of the kind": ({"loss": 3.0, "mask": np.ones(2)}, {"input": None}),
}


@pytest.mark.parametrize(("attributes", "wanted"), LEFT.values(), ids=LEFT)
def test_what_is_left_on_the_object_is_found(attributes: dict[str, Any], wanted: dict[str, Any]) -> None:
    instance = SimpleNamespace(W=W, b=B, x=X)
    before = dict(vars(instance))
    vars(instance).update(attributes)
    found: dict[str, Any] = READER.read(None, SHAPES, instance, before, [X])
    assert found.keys() == wanted.keys()
    assert all(np.shape(found[role]) == np.shape(value) for role, value in wanted.items())
    assert all((found[role] is None) == (value is None) for role, value in wanted.items())


def test_what_was_there_before_or_was_given_is_no_gradient() -> None:
    grad_output = np.ones((7, 5))
    instance = SimpleNamespace(old=np.ones((7, 5)), W=W, b=B)
    before = dict(vars(instance))
    instance.kept = grad_output
    assert READER.read(None, SHAPES, instance, before, [grad_output]) == {"input": None}


def test_gradients_beside_their_parameters_are_found() -> None:
    holder = SimpleNamespace(data=W, grad=2 * W)
    instance = SimpleNamespace(weight=holder, params=[B], grads=[3 * B])
    reader = Reader(
        [Wanted("weight", "weight", ("weight", "data")), Wanted("bias", "params", ("params", 0))], NUMPY
    )
    found = reader.read(None, SHAPES, instance)
    assert found["weight"] is holder.grad
    assert found["bias"] is instance.grads[0]


# --- Slots ---------------------------------------------------------------------------------------


def test_the_arrays_of_an_instance_are_found_wherever_they_are() -> None:
    instance = SimpleNamespace(
        W=W,
        params={"b": B},
        layers=[SimpleNamespace(weight=SimpleNamespace(data=W.copy()))],
        pair=(np.ones(2),),
        name="layer",
        function=np.tanh,
        size=3,
    )
    instance.myself = instance
    paths = [slot.path for slot in slots(instance, NUMPY)]
    assert paths == [("W",), ("params", "b"), ("pair", 0), ("layers", 0, "weight", "data")]
    assert [slot.name for slot in slots(instance, NUMPY)] == ["W", "b", "pair", "weight"]
    assert value_at(instance, ("layers", 0, "weight", "data")).shape == (3, 5)
    assert value_at(instance, ("layers", 7, "weight")) is None


def test_an_array_that_is_held_twice_stays_one_array() -> None:
    shared = np.zeros((5, 3))
    instance = SimpleNamespace(W=shared, params=[shared], pair=(shared, 1))
    store(instance, ("W",), np.ones((5, 3)), NUMPY)
    assert instance.W is shared
    store(instance, ("W",), np.ones((2, 4), np.float32), NUMPY)
    assert instance.W is instance.params[0] is instance.pair[0]
    assert instance.W.dtype == np.float32
    cast(instance, np.dtype(np.float64), NUMPY)
    assert instance.W is instance.params[0] is instance.pair[0]
    assert instance.W.dtype == np.float64


def test_a_tensor_stays_the_same_tensor() -> None:
    torch_library = library("torch")
    module = torch.nn.Linear(5, 3)
    weight = module.weight
    for array in (np.ones((3, 5)), np.full((4, 2), 2.0), np.full((4, 2), 3.0)):
        store(module, ("weight",), array, torch_library)
        assert module.weight is weight
        assert weight.dtype == torch.float64
        np.testing.assert_array_equal(weight.detach().numpy(), array)


FOUND: dict[str, tuple[dict[str, Any], list[dict[str, tuple[list[Any], str]]]]] = {
    "as torch has them": (
        {"weight": W, "bias": B},
        [{"weight": (["weight"], "same"), "bias": (["bias"], "same")}],
    ),
    "transposed, a row": (
        {"W": W.T, "b": B[None]},
        [{"weight": (["W"], "transposed"), "bias": (["b"], "row")}],
    ),
    "a column": ({"w": W, "b": B[:, None]}, [{"weight": (["w"], "same"), "bias": (["b"], "column")}]),
    "by shape": (
        {"first": W.T, "second": B},
        [{"weight": (["first"], "transposed"), "bias": (["second"], "same")}],
    ),
    "names over shapes": (
        {"scratch": W, "weights": W.T, "b": B},
        [{"weight": (["weights"], "transposed"), "bias": (["b"], "same")}],
    ),
    "sizes of its own": (
        {"W": np.zeros((4, 2)), "b": np.zeros((1, 2))},
        [
            {"weight": (["W"], "same"), "bias": (["b"], "row")},
            {"weight": (["W"], "transposed"), "bias": (["b"], "row")},
        ],
    ),
    "no bias": ({"W": W}, [{"weight": (["W"], "same")}]),
    "whole numbers are no parameters": ({"W": np.zeros((3, 5), int)}, [{}]),
}


@pytest.mark.parametrize(("held", "wanted"), FOUND.values(), ids=FOUND)
def test_parameters_are_found_by_name_and_shape(held: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    found = find_parameters(SimpleNamespace(**held), {"weight": (3, 5), "bias": (3,)}, NUMPY)
    assert [{r: (p["path"], p["layout"]) for r, p in way.items()} for way in found] == wanted


# --- Layouts and libraries -----------------------------------------------------------------------


@given(st.sampled_from(LAYOUTS), st.integers(1, 5), st.integers(1, 5))
def test_straightening_undoes_laying_out(layout: str, rows: int, columns: int) -> None:
    shape = (rows, columns) if layout in ("same", "transposed") else (rows,)
    array = np.random.default_rng(0).random(shape)
    laid = lay_out(array, layout)
    np.testing.assert_array_equal(straighten(laid, layout), array)
    assert layout in layouts_for(laid.shape, shape)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [((7, 3), "row"), ((3, 7), "column"), ((3,), "column"), ((3, 5), "transposed"), ((4,), "row")],
)
def test_another_shape_than_the_parameters_stays_another(shape: tuple[int, ...], layout: str) -> None:
    straight = (3, 5) if layout == "transposed" else (3,)
    assert straighten(np.zeros(shape), layout).shape != straight


TAKEN: dict[str, tuple[Any, Any]] = {
    "an array": (np.arange(3.0), [0.0, 1.0, 2.0]),
    "a scalar of NumPy's": (np.float32(2), 2.0),
    "a number": (3, 3),
    "a list": ([1.0, 2.0], [1.0, 2.0]),
    "a list of arrays": ([np.ones(2), np.zeros(2)], [[1, 1], [0, 0]]),
    "a tensor": (torch.ones(2, requires_grad=True), [1.0, 1.0]),
    "half of half precision": (torch.tensor([0.5], dtype=torch.bfloat16), [0.5]),
    "a sparse tensor": (torch.eye(2).to_sparse(), [[1, 0], [0, 1]]),
    "numbers as objects": (np.array([1, 2.5], dtype=object), [1.0, 2.5]),
    "nothing": (None, None),
    "a text": ("x", None),
    "texts": (np.array(["x"]), None),
    "objects": (np.array([None, {}], dtype=object), None),
    "an uneven list": ([[1.0], [1.0, 2.0]], None),
    "an empty list": ([], None),
    "a dictionary": ({}, None),
}


@pytest.mark.parametrize(("value", "wanted"), TAKEN.values(), ids=TAKEN)
def test_what_a_candidate_returns_becomes_an_array(value: Any, wanted: Any) -> None:
    got = take(value)
    if wanted is None:
        assert got is None
    else:
        assert isinstance(got, np.ndarray)
        np.testing.assert_array_equal(got, wanted)
        assert got is not value


def test_a_python_number_takes_the_dtype_of_the_case() -> None:
    got = take(0.1, np.dtype(np.float32))
    assert got is not None
    assert got.dtype == np.float32


def test_the_first_of_several_outputs_is_the_output() -> None:
    assert first_array((1, 2)) == 1
    assert first_array({"loss": 3, "logits": 4}) == 3
    assert first_array([1, 2]) == [1, 2]


def test_unchanged_compares_bit_by_bit() -> None:
    array = np.array([np.nan, 0.0])
    assert unchanged(array.copy(), array)
    assert unchanged(torch.from_numpy(array.copy()), array)
    assert not unchanged(np.array([np.nan, -0.0]), array)
    assert not unchanged(None, array)
