"""The PyTorch function of every op against PyTorch: outputs, gradients, second derivatives, transforms."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch import nn
from backproof.torch.nn.function import functional
from tests.ops.examples import FLOATS, Example, examples, of
from tests.ops.results import Result, assert_same, call_torch, leaves_of

Tensors = tuple[torch.Tensor, ...]
#: In float32 the plain examples: the formulas are those of float64. Ops that are no module have few.
EXAMPLES = [
    example
    for dtype in FLOATS
    for example in examples(dtype)
    if example.what.startswith("plain") or (dtype == np.float64 and example.op.kind != "elementary")
]
DOUBLE = [example for example in EXAMPLES if example.dtype == np.float64]
PLAIN = [example for example in DOUBLE if example.what.startswith("plain")]


def name(example: Example) -> str:
    return f"{example}-{example.dtype}"


def call_ours(example: Example, leaves: Sequence[torch.Tensor | None]) -> Tensors:
    outputs = functional(example.op, *leaves, **example.options)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def ruled(example: Example, leaves: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """Detach the leaves for which the op has no rule: PyTorch has no gradient for most of them either."""
    return [
        leaf if leaf is None or argument in example.op.rules else leaf.detach()
        for argument, leaf in zip(example.op.arguments, leaves, strict=True)
    ]


def moving(example: Example, outputs: Tensors) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Give the outputs that have a gradient, each with an upstream gradient."""
    upstreams = example.upstreams(tuple(output.shape) for output in outputs)
    return [
        (output, torch.from_numpy(upstream.copy()).requires_grad_())
        for output, upstream in zip(outputs, upstreams, strict=True)
        if output.requires_grad
    ]


def wanted(example: Example, leaves: Sequence[torch.Tensor | None]) -> dict[str, torch.Tensor]:
    return {
        argument: leaf
        for argument, leaf in zip(example.op.arguments, leaves, strict=True)
        if leaf is not None and leaf.requires_grad
    }


def gradients(example: Example, call: Callable[..., Tensors], create_graph: bool = False) -> Any:
    leaves = ruled(example, leaves_of(example))
    outputs = call(example, leaves)
    pairs, given = moving(example, outputs), wanted(example, leaves)
    found = torch.autograd.grad(
        [output for output, _ in pairs],
        list(given.values()),
        [upstream for _, upstream in pairs],
        create_graph=create_graph,
        allow_unused=True,
    )
    return outputs, [upstream for _, upstream in pairs], given, found


def first(example: Example, call: Callable[..., Tensors]) -> Result:
    outputs, _, given, found = gradients(example, call)
    return Result(
        tuple(output.detach().numpy() for output in outputs),
        {
            argument: gradient.numpy(force=True)
            for argument, gradient in zip(given, found, strict=True)
            if gradient is not None
        },
        example.op.kind == "layer",
    )


def second(example: Example, call: Callable[..., Tensors]) -> Result:
    """Give the gradients of a random functional of the gradients, for inputs and upstream gradients."""
    _, upstreams, given, found = gradients(example, call, create_graph=True)
    rng = example.rng
    probe = sum(
        (torch.from_numpy(rng.normal(size=gradient.shape)) * gradient).sum()
        for gradient in found
        if gradient is not None
    )
    leaves = {**given, **{f"upstream {index}": upstream for index, upstream in enumerate(upstreams)}}
    again = torch.autograd.grad(probe, list(leaves.values()), allow_unused=True, materialize_grads=True)
    second = {argument: gradient.numpy(force=True) for argument, gradient in zip(leaves, again, strict=True)}
    return Result((), second, example.op.kind == "layer")


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_output_and_gradients(example: Example) -> None:
    assert_same(first(example, call_ours), first(example, call_torch))


#: Where second derivatives are not PyTorch's, and why.
UNLIKE = {
    "MultiMarginLoss": "PyTorch has no second derivative",
    "Embedding-no rows": "PyTorch cannot reshape what is empty",
    "KLDivLoss-no rows-reduction=batchmean": "PyTorch divides nothing by a batch of nothing: NaN",
}


def assert_near(got: Result, expected: Result) -> None:
    """Assert that second derivatives are equal: sums of products of sums, whose terms cancel.

    PyTorch's of the binary cross-entropy is off by up to 1e-9, for the 1e-12 it adds to a denominator.
    """
    for argument, value in expected.gradients.items():
        np.testing.assert_allclose(got.gradients[argument], value, rtol=1e-9, atol=1e-12, err_msg=argument)


@pytest.mark.parametrize("example", DOUBLE, ids=name)
def test_second_derivatives(example: Example) -> None:
    got = second(example, call_ours)
    if not any(str(example).startswith(row) for row in UNLIKE):
        assert_near(got, second(example, call_torch))
    else:  # a row that is no longer needed fails
        with pytest.raises((AssertionError, RuntimeError)):
            assert_near(got, second(example, call_torch))


def reached(example: Example, call: Callable[..., Tensors]) -> dict[str, set[str]]:
    """Give for each gradient what it has a gradient for, be it 0."""
    _, upstreams, given, found = gradients(example, call, create_graph=True)
    leaves = {**given, **{f"upstream {index}": upstream for index, upstream in enumerate(upstreams)}}
    seen: dict[str, set[str]] = {}
    for argument, gradient in zip(given, found, strict=True):
        if gradient is not None and gradient.requires_grad:
            again = torch.autograd.grad(
                gradient.sum(), list(leaves.values()), allow_unused=True, retain_graph=True
            )
            missing = [each is None for each in again]
            seen[argument] = {name for name, none in zip(leaves, missing, strict=True) if not none}
    return seen


@pytest.mark.parametrize("example", [each for each in PLAIN if each.op.name != "MultiMarginLoss"], ids=name)
def test_no_second_derivative_is_missing_that_pytorch_has(example: Example) -> None:
    """Of a choice between slopes it is 0, which an optimizer takes for another thing than none."""
    ours = reached(example, call_ours)
    for argument, expected in reached(example, call_torch).items():
        assert expected <= ours[argument]


def test_a_penalty_on_the_gradient_reaches_the_parameters_that_it_does_in_pytorch() -> None:
    x = torch.randn(5, 2, requires_grad=True)
    missing = []
    for source in (nn, torch.nn):
        model = source.Sequential(source.Linear(2, 8), source.LeakyReLU(0.2), source.Linear(8, 1))
        (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
        slope.norm().backward()
        missing.append([parameter.grad is None for parameter in model.parameters()])
    assert missing[0] == missing[1] == [False, False, False, True]


def test_a_second_derivative_of_zero_changes_no_first_one() -> None:
    x = torch.tensor([-1.0, -0.0, 1.0, float("nan"), float("inf")], requires_grad=True)
    upstream = torch.tensor([1.0, -0.0, -0.0, float("inf"), float("nan")])
    (first,) = torch.autograd.grad(nn.LeakyReLU(0.0)(x), x, upstream)
    (slope,) = torch.autograd.grad(nn.LeakyReLU(0.0)(x), x, upstream, create_graph=True)
    torch.testing.assert_close(slope, first, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(torch.signbit(slope), torch.signbit(first))
    assert torch.signbit(first).any()
    assert not torch.autograd.grad(slope[:3].sum(), x)[0].any()


#: Forward mode is PyTorch's own first use of it.
JIT = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


# --- Transforms ----------------------------------------------------------------------------------


def moved(example: Example, given: Sequence[torch.Tensor | None]) -> list[int]:
    """Give the places of the inputs that have a gradient."""
    return [
        place
        for place, (argument, tensor) in enumerate(zip(example.op.arguments, given, strict=True))
        if tensor is not None and tensor.is_floating_point() and argument in example.op.rules
    ]


def pulled(example: Example, *inputs: torch.Tensor) -> Tensors:
    """Give the outputs that are no indices, and the gradients of their sum of squares."""
    roles = iter(inputs)
    given = [None if array is None else next(roles) for array in example.inputs]
    places = moved(example, given)

    def value(*chosen: torch.Tensor) -> tuple[torch.Tensor, Tensors]:
        filled = list(given)
        for place, tensor in zip(places, chosen, strict=True):
            filled[place] = tensor
        outputs = call_ours(example, filled)
        floating = tuple(output for output in outputs if output.is_floating_point())
        return torch.stack([(output**2).sum() for output in floating]).sum(), floating

    chosen = [tensor for place, tensor in enumerate(given) if place in places and tensor is not None]
    found, outputs = torch.func.grad(value, argnums=tuple(range(len(places))), has_aux=True)(*chosen)
    return (*outputs, *found)


def batch_of(example: Example) -> list[torch.Tensor]:
    """Give three sets of an example's inputs, stacked: the rows of each in another order."""
    given = [torch.from_numpy(array.copy()) for array in example.inputs if array is not None]
    return [
        torch.stack([tensor.roll(by, 0) if tensor.ndim else tensor for by in range(3)]) for tensor in given
    ]


@pytest.mark.parametrize("example", PLAIN, ids=name)
def test_vmap_of_grad_is_one_at_a_time(example: Example) -> None:
    batch = batch_of(example)
    got = torch.func.vmap(lambda *inputs: pulled(example, *inputs))(*batch)
    for index in range(3):
        one = pulled(example, *[tensor[index] for tensor in batch])
        for ours, expected in zip(got, one, strict=True):
            torch.testing.assert_close(ours[index], expected, rtol=1e-12, atol=1e-12)


@JIT
@pytest.mark.parametrize("example", PLAIN, ids=name)
def test_forward_mode_is_the_transpose_of_reverse_mode(example: Example) -> None:
    leaves = [None if leaf is None else leaf.detach() for leaf in leaves_of(example)]
    places = moved(example, leaves)

    def of(*chosen: torch.Tensor) -> Tensors:
        filled = list(leaves)
        for place, tensor in zip(places, chosen, strict=True):
            filled[place] = tensor
        return tuple(output for output in call_ours(example, filled) if output.is_floating_point())

    point = tuple(leaf for place, leaf in enumerate(leaves) if leaf is not None and place in places)
    tangents = tuple(torch.from_numpy(example.rng.normal(size=tuple(leaf.shape))) for leaf in point)
    outputs, pushed = torch.func.jvp(of, point, tangents)[:2]
    upstreams = tuple(torch.from_numpy(u.copy()) for u in example.upstreams(tuple(o.shape) for o in outputs))
    pull: Any = torch.func.vjp(of, *point)[1]
    forward = sum((u * t).sum() for u, t in zip(upstreams, pushed, strict=True))
    reverse = sum((g * t).sum() for g, t in zip(pull(upstreams), tangents, strict=True))
    torch.testing.assert_close(forward, reverse, rtol=1e-10, atol=1e-10)


@JIT
def test_hessian() -> None:
    """`torch.func.hessian` is forward mode over reverse mode."""
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    got = torch.func.hessian(lambda x: (functional(CATALOGUE["Softmax"], x) ** 2).sum())(x)
    expected = torch.func.hessian(lambda x: (torch.softmax(x, -1) ** 2).sum())(x)
    torch.testing.assert_close(got, expected)


#: An activation, a normalization with several outputs, a layer, and a loss that counts its values. The
#: shapes that the tests enforce cannot be compiled, so this is a process as a user's.
COMPILED = """
import torch
import backproof.torch.nn as nn

x, target = torch.randn(7, 5), torch.tensor([0, 1, 2, 3, 4, 0, -100])
for made, roles in (
    (lambda nn: nn.GELU(), lambda x: [x]),
    (lambda nn: nn.BatchNorm1d(5), lambda x: [x]),
    (lambda nn: nn.Linear(5, 3), lambda x: [x]),
    (lambda nn: nn.CrossEntropyLoss(torch.rand(5)), lambda x: [x, target]),
    (lambda nn: nn.KLDivLoss(reduction="batchmean"), lambda x: [x[:1], x.detach().exp()]),
    (lambda nn: nn.Sequential(nn.Linear(5, 3), nn.ReLU(inplace=True)), lambda x: [x]),
    (lambda nn: nn.LSTMCell(5, 3), lambda x: [x]),
    (lambda nn: nn.MultiheadAttention(5, 1), lambda x: [x, x, x]),
):
    found = []
    for source in (nn, torch.nn):
        torch.default_generator.manual_seed(0)
        module, given = made(source), x.clone().requires_grad_()
        how = {"fullgraph": True, "backend": "aot_eager", "dynamic": isinstance(module, torch.nn.KLDivLoss)}
        output = (torch.compile(module, **how) if source is nn else module)(*roles(given))
        output = output[0] if isinstance(output, tuple) else output
        found.append((output, torch.autograd.grad(output.sum(), [given, *module.parameters()])))
    torch.testing.assert_close(*found)
    print(type(module).__name__)
"""


def test_compiles_whole() -> None:
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "GELU",
        "BatchNorm1d",
        "Linear",
        "CrossEntropyLoss",
        "KLDivLoss",
        "Sequential",
        "LSTMCell",
        "MultiheadAttention",
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_traced_and_exported() -> None:
    """A trace records PyTorch's operations; a script cannot be made."""
    model, x = nn.Sequential(nn.Linear(5, 3), nn.ReLU(inplace=True), nn.LogSoftmax(-1)), torch.randn(7, 5)
    jit: Any = torch.jit
    torch.testing.assert_close(jit.trace(model, (x,))(x), model(x))
    loss, pair = nn.NLLLoss(), (model(x).detach(), torch.tensor([0, 1, 2, 0, 1, 2, 0]))
    torch.testing.assert_close(jit.trace(loss, pair)(*pair), loss(*pair))
    torch.testing.assert_close(torch.export.export(model, (x,)).module()(x), model(x))
    with pytest.raises(jit.frontend.NotSupportedError, match="variable number of arguments"):
        jit.script(model)


# --- What is kept, and what is refused -----------------------------------------------------------


def saved(output: torch.Tensor) -> set[int]:
    """Give the storages that an autograd node keeps."""
    node: Any = output.grad_fn
    return {tensor.data_ptr() for tensor in node.saved_tensors if tensor is not None}


@pytest.mark.parametrize(("name", "keeps"), [("ReLU", "output"), ("Softplus", "input"), ("Tanh", "output")])
def test_only_what_a_rule_looks_at_is_kept(name: str, keeps: str) -> None:
    x = torch.linspace(-2, 2, 5, requires_grad=True)
    output = functional(CATALOGUE[name], x)
    assert saved(output) == {(output if keeps == "output" else x).data_ptr()}


@pytest.mark.parametrize("name", ["ReLU", "Tanh"])
def test_what_is_not_kept_is_freed(name: str) -> None:
    x = torch.linspace(-2, 2, 5, requires_grad=True)
    doubled = 2 * x
    seen, output = weakref.ref(doubled), functional(CATALOGUE[name], doubled)
    del doubled
    assert seen() is None
    seen = weakref.ref(output)
    del output
    assert seen() is None


def wrapped(rule: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(rule)
    def doubled(*roles: Any, **options: Any) -> Any:
        return 2 * rule(*roles, **options)

    return doubled


@pytest.mark.parametrize("change", [wrapped, functools.partial], ids=["wrapped", "partial"])
def test_a_rule_need_be_no_plain_function(change: Callable[..., Any]) -> None:
    linear, given = CATALOGUE["Linear"], [torch.randn(7, 5), torch.randn(3, 5, requires_grad=True)]
    changed = linear.replace(rules={name: change(rule) for name, rule in linear.rules.items()})
    functional(changed, *given).sum().backward()
    expected = (1 + (change is wrapped)) * given[0].sum(0).expand(3, 5)
    torch.testing.assert_close(given[1].grad, expected)


@pytest.mark.parametrize("name", [name for name, op in CATALOGUE.items() if op.outputs[1:]])
def test_the_op_of_the_first_output(name: str) -> None:
    example = next(of(CATALOGUE[name]))
    found = []
    for op in (example.op, example.op.main):
        leaves = ruled(example, leaves_of(example))
        output = functional(op, *leaves, **example.options)
        (output[0] if isinstance(output, tuple) else output).sum().backward()
        found.append([leaf.grad for leaf in leaves if leaf is not None])
    torch.testing.assert_close(*found)


def test_the_output_may_be_written_over_where_no_rule_looks_at_it() -> None:
    x, weight = torch.randn(7, 5, requires_grad=True), torch.randn(3, 5, requires_grad=True)
    functional(CATALOGUE["Linear"], x, weight).relu_().sum().backward()
    assert weight.grad is not None
    functional(CATALOGUE["BatchNorm1d"], x)[0].relu_().sum().backward()


def test_a_gradient_that_no_rule_gives_is_refused() -> None:
    target = torch.tensor([0, 1])
    logits, weight = torch.randn(2, 3), torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=re.escape("give it detached: weight.detach()")):
        functional(CATALOGUE["CrossEntropyLoss"], logits, target, weight)
    with torch.no_grad():
        functional(CATALOGUE["CrossEntropyLoss"], logits, target, weight)


def test_wrong_calls_are_refused() -> None:
    x = torch.ones(2)
    with pytest.raises(TypeError, match="Tanh has the options none; got option='dim'"):
        functional(CATALOGUE["Tanh"], x, dim=1)
    with pytest.raises(TypeError, match="Tanh takes the arguments input; got 2 inputs"):
        functional(CATALOGUE["Tanh"], x, x)
    with pytest.raises(ValueError, match="got reduction='average'"):
        functional(CATALOGUE["MSELoss"], x, x, reduction="average")
