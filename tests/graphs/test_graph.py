"""Graphs: inputs that nothing is computed from, several outputs, values that are one's own, and copies."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.graphs.graph import Graph, graph


def two(x: Any) -> Any:
    return x**2, 5 * x


# --- inputs that nothing is computed from

UNUSED: dict[str, Callable[[], Graph]] = {
    "a step that nothing uses": lambda: graph("a = x*2; f = y*2", x=1.0, y=2.0),
    "a number": lambda: graph(lambda x, y: 2 * y + 0 * 3, x=1.0, y=2.0),
    "arrays": lambda: graph("a = x*2; f = sum(y*2)", x=np.ones((2, 3)), y=np.ones(2)),
}


@pytest.mark.parametrize("name", UNUSED)
def test_an_input_that_is_not_used_has_the_gradient_zero(name: str) -> None:
    made = UNUSED[name]()
    zeros = np.zeros(np.shape(made["x"].value))
    np.testing.assert_array_equal(made.grad()["x"], zeros)
    np.testing.assert_array_equal(made.jacobian("x"), zeros)
    assert not made.paths("x")
    assert "x" in str(made)


def test_a_function_of_nothing_has_a_value_and_no_gradient() -> None:
    made = graph(lambda x: 3, x=2.0)
    assert (made.value, made.grad()) == (3, {"x": 0})


# --- values


def test_values_are_copies_that_nobody_writes_to() -> None:
    array = np.ones(2)
    made = graph("f = 2*x", x=array)
    array[:] = 7
    assert made.value.tolist() == [2, 2]
    assert made.at(x=array).value.tolist() == [14, 14]
    handed = [made.value, made["x"].value, made["f"].grad, made.grad()["x"], made.local("f", "x")]
    handed += [made.inputs["x"], made.jacobian("x"), made.paths("x")[0].product]
    for one in handed:
        with pytest.raises(ValueError, match="read-only"):
            one[...] = 0


def test_what_a_tensor_or_a_model_was_stays() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    kept = graph(torch.exp(x) * x, x=x)
    x.data.add_(5)
    assert kept["x"].value.tolist() == [1, 2]
    assert kept.at().value.tolist() == kept.value.tolist()
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.BatchNorm1d(2)).eval()
    made = graph(model, np.ones((3, 2)))
    before = made.value.tolist()
    for parameter in model.parameters():
        parameter.data[...] = 7
    for _, buffer in model.named_buffers():
        buffer[...] = 7
    assert made.at().value.tolist() == before


def test_a_tensor_is_a_value() -> None:
    made = graph("2*x", x=torch.ones(2, requires_grad=True))
    assert (made.value.tolist(), made.value.dtype) == ([2, 2], np.float32)
    with pytest.raises(ValueError, match="expected numbers, got x=tensor"):
        graph("2*x", x=torch.ones(2, dtype=torch.bfloat16))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [(), (3,)])
def test_numbers_of_the_formula_take_the_type_of_the_inputs(dtype: Any, size: tuple[int, ...]) -> None:
    made = graph("sin(x)*2 + 0.1*x**3 - log(1 + x)/y + mean(x)", x=np.ones(size, dtype), y=dtype(2))
    values = [made.values[made.outputs[-1]], *(made.gradients[made.place(name)] for name in "xy")]
    assert {value.dtype for value in values} == {np.dtype(dtype)}
    wider = made.at(y=2.0)
    assert wider.values[wider.outputs[-1]].dtype == np.float64


def test_an_input_may_have_any_name() -> None:
    made = graph("self*source", self=2.0, source=3.0)
    assert made.at(self=5.0).value == 15


# --- errors

#: What cannot be computed: a text, the inputs, and what is said.
ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "f = x @ y": (
        {"x": np.ones(2), "y": np.ones(3)},
        r"^f = x @ y cannot be computed from x of shape \(2,\), y of shape \(3,\): matmul: ",
    ),
    "x[0]": ({"x": 1.0}, r"^a = x\[0\] cannot be computed from x a number: invalid index"),
    "transpose(x)": ({"x": 1.0}, r"^a = transpose\(x\) cannot"),
    "sum(x, dim=0.5)": ({"x": np.ones(2)}, r"^a = sum\(x, dim=0.5\) cannot be computed from x of shape"),
    "embedding(x, y)": ({"x": [5], "y": np.ones((3, 2))}, "from 0 to 2; got 5"),
    "gelu(x, approximate='no')": ({"x": 1.0}, "approximate='no'.* cannot be computed from x a number: GELU"),
    "b = x*2; c = b + y; c*2": ({"x": np.ones(2), "y": np.ones(3)}, r"^c = b \+ y cannot be computed from b"),
    "bce_with_logits(x, t, pos_weight=w)": (
        {"x": np.ones(2), "t": np.ones(2), "w": np.ones(3)},
        r"with_logits\(input=x, target=t, pos_weight=w\) cannot",
    ),
    "; ".join([*(f"a{i} = {i}*x" for i in range(99)), "gelu(x, approximate='no')"]): (
        {"x": 1.0},
        "^a = gelu",
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_what_cannot_be_computed_is_named(text: str) -> None:
    inputs, said = ERRORS[text]
    made = graph(text, **inputs)
    with pytest.raises(ValueError, match=said) as caught:
        made.grad()
    assert caught.value.__cause__ is not None


@pytest.mark.usefixtures("not_enforced")  # which refuses it before
def test_a_gradient_that_cannot_be_computed_is_named() -> None:
    made = graph("f = linear(x, w, b)", x=np.ones(2), w=np.ones(2), b=np.ones(2))
    with pytest.raises(ValueError, match=r"^the gradient of f = linear\(x, w, b\) cannot be computed from x"):
        made.grad()


# --- several outputs


@pytest.mark.parametrize("to", [0, -2, "a"])
def test_an_output_is_chosen(to: str | int) -> None:
    made = graph(two, x=3.0)
    assert made.grad() == made.grad(to=1) == {"x": 5}
    assert made.grad(to=to) == {"x": 6}
    assert made.jacobian("x", to=to) == 6
    assert made.hessian(to=to)["x", "x"] == 2
    assert [path.product for path in made.paths("x", to=to)] == [6]
    assert str(made.derive("x", to=to).formula) == "2*x"


def test_an_output_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError, match="numbered from 0 to 1; got to=2"):
        graph(two, x=3.0).grad(to=2)


# --- paths


def chain(count: int) -> Graph:
    def function(x: Any) -> Any:
        for _ in range(count):
            x = np.sin(x)
        return x

    return graph(function, x=0.3)


@pytest.mark.usefixtures("not_enforced")  # which takes a hundred times as long
def test_a_long_path_and_too_many_are_soon_there() -> None:
    long = chain(20_000)
    (path,) = long.paths("x")
    assert len(path.factors) == 20_000
    assert path.product == pytest.approx(long["x"].grad, rel=1e-9)
    doubled = "; ".join(["a0 = x*x", *(f"a{i} = a{i - 1}*a{i - 1}" for i in range(1, 3000))])
    with pytest.raises(ValueError, match="more than 1000 paths from x to a2999"):
        graph(doubled, x=1.0).paths("x")


def test_factors_on_all_paths_are_not_too_many() -> None:
    steps = ["a0 = x", *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 10))]
    steps += [f"a{i} = sin(a{i - 1})" for i in range(10, 300)]
    with pytest.raises(ValueError, match="more than 100000 factors"):
        graph("; ".join(steps), x=1.0).paths("x")


@pytest.mark.parametrize("x", [2.0, np.array([[1.0, 2.0], [3.0, 5.0]])])
def test_the_paths_add_up_to_the_gradient(x: Any) -> None:
    product = "@" if np.ndim(x) else "*"
    made = graph(f"a = x{product}x; b = a{product}x + tanh(a); f = b - 2*a{product}b", x=x)
    paths = made.paths("x")
    assert len(paths) == 12
    assert len({path.nodes for path in paths}) < 12
    assert all(path.nodes[0] == "f" and path.nodes[-1] == "x" for path in paths)
    np.testing.assert_allclose(sum(path.product for path in paths), made["x"].grad)


# --- copies

COPIES: dict[str, Callable[[Graph], Graph]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda made: pickle.loads(pickle.dumps(made)),  # noqa: S301 - our own
}


@pytest.mark.parametrize("name", COPIES)
def test_a_graph_is_copied(name: str) -> None:
    text = "h = where(x > 0, x, y)[0] + 2*bce_with_logits(x, y, pos_weight=2); f = tanh(h)"
    made = graph(text, x=np.array([1.0, -2.0]), y=np.array([0.5, 0.25]))
    before = made.grad()
    other = COPIES[name](made)
    np.testing.assert_equal(other.grad(), before)
    np.testing.assert_equal(other.at(x=np.zeros(2)).grad(), made.at(x=np.zeros(2)).grad())
    other.inputs.clear()
    assert list(made.inputs) == ["x", "y"]


def test_what_pytorch_keeps_is_copied_but_not_pickled() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    made = graph(torch.lgamma(x) * x, x=x)
    assert copy.deepcopy(made).grad() == made.grad()
    with pytest.raises(TypeError, match="kept by their names; got op=lgamma"):
        pickle.dumps(made)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (3, "got 3 (int)"),
        (None, "got None (NoneType)"),
        (nn.Linear(2, 1), "graph(model, x); got 0 inputs"),
    ],
    ids=["number", "nothing", "model alone"],
)
def test_what_is_no_source_is_refused(source: object, said: str) -> None:
    with pytest.raises(TypeError, match=re.escape(said)):
        graph(source)


@pytest.mark.parametrize("ask", ["local", "paths"])
def test_outside_of_a_domain_nothing_warns(ask: str) -> None:
    g = graph("acos(x)", x=3.0)
    found = g.local("a", "x") if ask == "local" else g.paths("x")[0].product
    assert np.isnan(found)


@pytest.mark.parametrize("value", [2**70, Fraction(1, 4), Decimal("0.25"), [Fraction(1, 2), 1]], ids=repr)
def test_numbers_of_python_are_numbers(value: Any) -> None:
    assert np.array_equal(graph("2*x", x=value).value, 2 * np.asarray(value, dtype=float))


def test_the_paths_come_in_the_order_of_the_arguments_with_their_sum() -> None:
    found = graph("f = x*y + x", x=2.0, y=3.0).paths("x")
    assert [path.nodes for path in found] == [("f", "a", "x"), ("f", "x")]
    assert (found.sum, found[0].factors[1].formula, found[1].product) == (4.0, "y", 1.0)
    assert str(found).splitlines()[2] == "    = 1 · y = 1 · 3 = 3"


def test_logaddexp_is_differentiated_twice_where_both_are_equal() -> None:
    g = graph(lambda x, y: np.logaddexp(x, y), x=1.0, y=1.0)  # noqa: PLW0108 - a ufunc has no signature
    assert g.hessian()["x", "x"] == pytest.approx(0.25)
    for x, y in ((800.0, -800.0), (-800.0, 800.0), (0.5, 3.0)):
        assert g.at(x=x, y=y).value == pytest.approx(np.logaddexp(x, y), rel=1e-15)


@pytest.mark.parametrize(("text", "x"), [("relu(x)*y", 0.0), ("hardtanh(x)*y", 1.0), ("abs(x)*y", 0.0)])
def test_a_hessian_at_a_kink_is_what_the_rules_say_and_symmetric(text: str, x: float) -> None:
    found = graph(text, x=x, y=1.0)
    second = found.hessian()
    assert second["x", "y"] == second["y", "x"] == found.local("a", "x")


@pytest.mark.parametrize("to", [True, 1.0])
def test_an_output_is_asked_for_by_name_or_number(to: Any) -> None:
    with pytest.raises(TypeError, match="the number or the name of an output; got to="):
        graph("x*2", x=1.0).grad(to=to)


def test_paths_of_a_node_to_itself_and_of_what_is_infinite() -> None:
    found = graph("f = log(x)*0", x=0.0)
    assert str(found.paths("f")).splitlines() == ["∂f/∂f, along 1 path", "  1", "  sum: 1"]
    assert np.isnan(found.paths("x").sum) or found.paths("x")[0].product is not None
    w = graph("sum(x*w)", x=np.ones(2), w=np.ones(2))
    assert w.paths("w")[0] == w.paths("w")[0]
