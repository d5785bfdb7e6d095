"""Tensors: what PyTorch keeps is shown as it is, with PyTorch's own gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import backproof.torch.nn as ours
from backproof.graphs.graph import Graph, graph
from backproof.graphs.inputs.backward import _NODES
from backproof.graphs.symbols import NotSymbolic

torch.manual_seed(0)
A, B = torch.rand(4, 3, dtype=torch.float64) * 0.8 + 0.1, torch.rand(4, 3, dtype=torch.float64) * 0.8 + 0.1
CLASSES = torch.tensor([0, 2, 1, 1])

SAME: tuple[str, ...] = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan")
SAME += ("sinh", "cosh", "tanh", "abs")


def of_first(name: str) -> Callable[[Any, Any], Any]:
    return lambda a, b: getattr(torch, name)(a)


#: For each node of PyTorch what is computed with it, and the name of the op.
COMPUTED: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    **{name: (of_first(name), name) for name in SAME},
    "sigmoid": (lambda a, b: torch.sigmoid(a), "Sigmoid"),
    "mish": (lambda a, b: functional.mish(a), "Mish"),
    "neg": (lambda a, b: -a, "negative"),
    "add": (lambda a, b: a + b, "add"),
    "add a factor": (lambda a, b: torch.add(a, b, alpha=2), "add"),
    "sub": (lambda a, b: a - b, "subtract"),
    "mul": (lambda a, b: a * b, "multiply"),
    "mul a number": (lambda a, b: 3 * a, "multiply"),
    "div": (lambda a, b: a / b, "divide"),
    "pow": (lambda a, b: a**3, "power"),
    "pow of both": (lambda a, b: a**b, "power"),
    "pow of a number": (lambda a, b: 2**a, "pow"),
    "maximum": (torch.maximum, "maximum"),
    "minimum": (torch.minimum, "minimum"),
    "mm": (lambda a, b: a @ b.T, "matmul"),
    "addmm": (lambda a, b: functional.linear(a, b, b[:, 0]), "addmm"),
    "bmm": (lambda a, b: torch.bmm(a[None], b.T[None]), "matmul"),
    "mv": (lambda a, b: a @ b[0], "matmul"),
    "dot": (lambda a, b: a[1] @ b[0], "matmul"),
    "sum": (lambda a, b: a.sum(), "sum"),
    "sum of an axis": (lambda a, b: a.sum(-1, keepdim=True), "sum"),
    "mean": (lambda a, b: a.mean(0), "mean"),
    "t": (lambda a, b: a.t(), "transpose"),
    "transpose": (lambda a, b: a.transpose(0, -1), "transpose"),
    "view": (lambda a, b: a.view(2, 6), "reshape"),
    "unsafe view": (lambda a, b: a.transpose(0, 1).reshape(-1), "reshape"),
    "unsqueeze": (lambda a, b: a.unsqueeze(1), "reshape"),
    "squeeze": (lambda a, b: a[:1].squeeze(), "reshape"),
    "expand": (lambda a, b: a.expand(2, 4, 3), "broadcast_to"),
    "select": (lambda a, b: a[:, -1], "indexing"),
    "slice": (lambda a, b: a[1:3], "indexing"),
    "relu": (lambda a, b: torch.relu(a), "ReLU"),
    "silu": (lambda a, b: functional.silu(a), "SiLU"),
    "gelu": (lambda a, b: functional.gelu(a, approximate="tanh"), "GELU"),
    "leaky relu": (lambda a, b: functional.leaky_relu(-a, 0.3), "LeakyReLU"),
    "softplus": (lambda a, b: functional.softplus(a, 2.0), "Softplus"),
    "log sigmoid": (lambda a, b: functional.logsigmoid(a), "LogSigmoid"),
    "softmax": (lambda a, b: a.softmax(-1), "Softmax"),
    "log softmax": (lambda a, b: a.log_softmax(0), "LogSoftmax"),
    "mse": (lambda a, b: functional.mse_loss(a, b, reduction="sum"), "MSELoss"),
    "bce": (lambda a, b: functional.binary_cross_entropy(a, b.detach()), "BCELoss"),
    "bce with logits": (
        lambda a, b: functional.binary_cross_entropy_with_logits(a, b.detach(), pos_weight=b.detach()),
        "BCEWithLogitsLoss",
    ),
    "cross entropy": (lambda a, b: functional.cross_entropy(a, CLASSES), "NLLLoss"),
    "cumsum": (lambda a, b: a.cumsum(0), "cumsum"),
    "unbind": (lambda a, b: a.unbind(0)[1], "unbind"),
    "layer norm": (lambda a, b: functional.layer_norm(a, (3,)), "native_layer_norm"),
    "rsub": (lambda a, b: 1 - a, "rsub"),
    "a Function of ours": (lambda a, b: ours.Tanh()(a), "tanh"),
}


#: What is computed of both leaves.
BOTH: tuple[str, ...] = (
    "add",
    "add a factor",
    "sub",
    "mul",
    "div",
    "pow of both",
    "maximum",
    "minimum",
    "mm",
    "bmm",
    "mv",
    "dot",
)
BOTH += ("mse",)


def leaves() -> tuple[torch.Tensor, torch.Tensor]:
    return A.clone().requires_grad_(), B.clone().requires_grad_()


@pytest.mark.parametrize("name", COMPUTED)
def test_a_node_is_that_of_pytorch(name: str) -> None:
    compute, called = COMPUTED[name]
    a, b = leaves()
    output = compute(a * 1, b * 1)
    made = graph(output, a=a, b=b) if name in BOTH else graph(output, a=a)
    op = made.tape.ops[made.outputs[-1]]
    assert op is not None
    assert op.name == called
    np.testing.assert_array_equal(made.value, output.detach().numpy())
    output.sum().backward()
    for leaf, tensor in (("a", a), ("b", b)):
        if leaf in made.inputs:
            assert tensor.grad is not None
            np.testing.assert_allclose(made[leaf].grad, tensor.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", COMPUTED)
def test_the_op_has_the_rule_of_the_node(name: str) -> None:
    """What flows along each edge by the op's own rule is what the node of PyTorch gives."""
    a, b = leaves()
    made = graph(COMPUTED[name][0](a * 1, b * 1))
    output = made.outputs[-1]
    op = made.tape.ops[output]
    assert op is not None
    upstream = np.cos(np.arange(np.size(made.value))).reshape(np.shape(made.value))
    given = [made.values[parent] for parent in made.tape.parents[output]]
    inputs: list[Any] = [None if value is None else np.asarray(value) for value in given]
    if any(value is not None and value.dtype.kind == "f" and np.isnan(value).any() for value in inputs):
        return  # not kept
    kept = None if op.reduction else np.asarray(made.values[output])
    options = made.tape.options.get(output, {})
    gradients = op.gradients(np, upstream, inputs, kept, None, **options)
    assert made._plan is not None
    flows = made._plan.backward(made.values, {output: upstream})
    for argument, parent in zip(op.arguments, made.tape.parents[output], strict=False):
        if argument in gradients and not made.tape.is_constant(parent):
            np.testing.assert_allclose(gradients[argument], flows[parent], rtol=1e-9, atol=1e-12)


def test_every_row_of_the_table_is_tried() -> None:
    seen = set()
    for compute, _ in COMPUTED.values():
        waiting = [compute(*(leaf * 1 for leaf in leaves())).grad_fn]
        while waiting:
            node = waiting.pop()
            seen.add(type(node).__name__.split("Backward")[0])
            waiting += [above for above, _ in node.next_functions if above is not None]
    assert set(_NODES) <= seen


def test_a_value_is_there_as_far_as_it_was_kept() -> None:
    x, y, z = (torch.tensor(value, requires_grad=True, dtype=torch.float64) for value in (1.0, 2.0, 3.0))
    made = graph(torch.tanh(torch.log(1 + z * 2 * x / torch.sin(y))), x=x, y=y, z=z)
    ours = graph("tanh(log(1 + z*2*x/sin(y)))", x=1.0, y=2.0, z=3.0)
    assert made.value == pytest.approx(ours.value)
    for name in "xyz":
        assert made[name].grad == pytest.approx(ours[name].grad)
        assert made[name].value == ours[name].value
    unknown = [node for node in made.nodes if np.isnan(node.value)]
    assert [(node.kind, node.name) for node in unknown] == [("constant", "?")]
    assert sum(path.product for path in made.paths("y")) == pytest.approx(ours["y"].grad)
    assert x.grad is None  # nothing of PyTorch's was touched


def test_it_is_not_evaluated_again() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    made = graph(torch.exp(x), x=x)
    with pytest.raises(ValueError, match="cannot be evaluated again"):
        made.at(x=2.0).value  # noqa: B018 - computed when it is asked for


def test_leaves_without_a_name_get_one() -> None:
    a, b = leaves()
    assert list(graph((a * b).sum()).inputs) == ["x1", "x2"]
    assert list(graph((a * b).sum(), x1=b).inputs) == ["x2", "x1"]


def test_a_model_of_pytorch_is_shown_after_its_backward_if_made_before() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    loss = functional.cross_entropy(model(A.float()), CLASSES % 2)
    made = graph(loss, **{name.replace(".", "_"): leaf for name, leaf in model.named_parameters()})
    loss.backward()  # type: ignore[no-untyped-call]  # torch's
    grad = next(model.parameters()).grad
    assert grad is not None
    np.testing.assert_allclose(made["0_weight"].grad, grad.numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match=r"make the graph before backward\(\)"):
        graph(loss)


def test_a_tensor_without_a_graph_is_refused() -> None:
    with pytest.raises(ValueError, match="keeps no graph"):
        graph(torch.ones(3))


def test_many_nodes_do_not_recurse() -> None:
    x = y = torch.tensor(0.5, requires_grad=True)
    for _ in range(3000):
        y = torch.sin(y)
    made = graph(y, x=x)
    y.backward()  # type: ignore[no-untyped-call]  # torch's
    assert x.grad is not None
    assert made["x"].grad == pytest.approx(x.grad.item())


def test_a_linear_layer_is_shown_with_its_values() -> None:
    layer, x = torch.nn.Linear(2, 3), torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    hidden = layer(x)
    g = graph(torch.tanh(hidden).sum(), w=layer.weight, b=layer.bias)
    node = next(node for node in g.nodes if node.op is not None and node.op.name == "addmm")
    np.testing.assert_allclose(node.value, hidden.detach().numpy(), rtol=1e-6)
    wanted = torch.autograd.grad(torch.tanh(hidden).sum(), [layer.weight, layer.bias])
    for name, gradient in zip("wb", wanted, strict=True):
        np.testing.assert_allclose(g[name].grad, gradient.numpy(), rtol=1e-6)
    above = [g.names[place] for place in g.tape.parents[g.place(node.name)] if place in g.names]
    assert g.local(node.name, "b").shape == (2, 3, 3)
    assert "b" in above


@pytest.mark.parametrize(
    "ask", [lambda g: g.check(), lambda g: g.hessian(), lambda g: g.at(x=1.0)], ids=["check", "hessian", "at"]
)
def test_what_asks_for_other_values_is_refused(ask: Callable[[Graph], object]) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(ValueError, match=r"cannot be evaluated again; make the graph of the function"):
        ask(graph(torch.tanh(1 + x * 3), x=x))


def test_a_number_that_is_unknown_is_in_no_formula() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    g = graph(torch.tanh(1 + x * 3), x=x)
    assert "a + ?" in str(g)
    with pytest.raises(NotSymbolic, match="unknown"):
        g.derive("x")


@pytest.mark.parametrize("names", [["w", "none"], ["w", "again"]], ids=["no leaf", "twice"])
def test_names_that_are_no_names_of_leaves_are_refused(names: list[str]) -> None:
    w, other = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    given = {"w": w, "none": other, "again": w}
    with pytest.raises(ValueError, match=r"none as well|w and again for the same"):
        graph((w * 2).sum(), **{name: given[name] for name in names})


def test_tensors_of_bfloat16_are_shown_and_complex_ones_refused() -> None:
    w = torch.tensor([1.5, 2.0], requires_grad=True)
    assert graph((w.bfloat16() * 2).sum(), w=w)["w"].grad.tolist() == [2, 2]
    z = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(TypeError, match=r"real numbers; got one of dtype=torch\.complex64"):
        graph((z * z.conj()).real.sum(), z=z)
