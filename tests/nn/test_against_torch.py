"""Every module gives PyTorch's outputs and gradients, with PyTorch's module made of it by conversion."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from backproof.nn.generated import ACTIVATIONS, LOSSES
from backproof.ops import CATALOGUE
from tests.nn.models import LAYERS, PLAIN, Array, Made, convnet
from tests.ops.examples import FLOATS, Example, generator, of
from tests.ops.results import of_op

TOLERANCE: dict[Any, Any] = {
    np.float64: {"rtol": 1e-10, "atol": 1e-12},
    np.float32: {"rtol": 1e-4, "atol": 1e-5},
}


def first(outputs: Any) -> Any:
    """Give the first output: the new state of a cell, what attention gives."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def flat(gradients: Any) -> list[Any]:
    """Give the gradients of inputs and states in a row."""
    if isinstance(gradients, tuple):
        return [inner for gradient in gradients for inner in flat(gradient)]
    return [gradients]


def assert_as_torch(module: nn.Module, inputs: list[Array], dtype: Any) -> None:
    """Compare outputs, gradients for inputs and parameters, and the state after two steps."""
    twin: Any = module.to_torch()
    rng = generator(repr(module))
    module.zero_grad()
    for _ in range(2):
        leaves = [torch.tensor(array, requires_grad=array.dtype.kind == "f") for array in inputs]
        output, expected = first(module(*inputs)), first(twin(*leaves))
        assert output.dtype == dtype
        np.testing.assert_allclose(output, expected.detach().numpy(), **TOLERANCE[dtype])
        upstream = rng.standard_normal(output.shape).astype(dtype)
        gradients = module.backward(upstream)
        expected.backward(torch.tensor(upstream))
        for got, leaf in zip(flat(gradients), leaves, strict=False):  # no leaf for a state of zeros
            if leaf.grad is None:
                assert got is None
            else:
                assert got.dtype == dtype
                np.testing.assert_allclose(got, leaf.grad.numpy(), **TOLERANCE[dtype])
    # They add up, over both rounds.
    expected_grads = {name: p.grad.numpy() for name, p in twin.named_parameters()}
    assert list(module.grads) == list(expected_grads)
    for name, gradient in module.grads.items():
        assert gradient is not None
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, expected_grads[name], **TOLERANCE[dtype])
    state = twin.state_dict()
    assert list(module.state_dict()) == list(state)
    for name, array in module.state_dict().items():
        np.testing.assert_allclose(array, state[name].numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("made", LAYERS, ids=str)
def test_layer(made: Made, dtype: Any) -> None:
    module = made.make(dtype=dtype)
    for parameter in module.parameters():  # no weight of a norm is left at 1
        parameter.data += 0.3 * generator(made.what).standard_normal(parameter.data.shape).astype(dtype)
    assert_as_torch(module, made.draw(dtype), dtype)
    assert_as_torch(module.eval(), made.draw(dtype), dtype)


@pytest.mark.parametrize("made", [made for made in LAYERS if list(made.make().parameters())], ids=str)
def test_a_frozen_parameter_gets_no_gradient(made: Made) -> None:
    """Each in turn; the others get what they get without it, as in PyTorch."""
    module, inputs = made.make(dtype=np.float64), made.draw(np.float64)
    upstream = generator(made.what).standard_normal(first(module(*inputs)).shape)
    module.backward(upstream)
    whole = {name: gradient.copy() for name, gradient in module.grads.items() if gradient is not None}
    for name, parameter in module.named_parameters():
        parameter.requires_grad = False
        twin: Any = module.to_torch()
        output = first(twin(*map(torch.tensor, inputs)))
        if output.requires_grad:
            output.backward(torch.tensor(upstream))
        expected = [other for other, tensor in twin.named_parameters() if tensor.grad is not None]
        for go in (module.backward, module.accumulate):
            module.zero_grad()
            module(*inputs)
            go(upstream)
            got = {other: gradient for other, gradient in module.grads.items() if gradient is not None}
            assert list(got) == expected == [other for other in whole if other != name]
            for other, gradient in got.items():
                np.testing.assert_array_equal(gradient, whole[other])
        parameter.requires_grad = True


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("made", PLAIN, ids=str)
def test_layer_without_parameters(made: Made, dtype: Any) -> None:
    assert_as_torch(made.make(), made.draw(dtype), dtype)


def test_a_model() -> None:
    x = generator("a model").standard_normal((5, 1, 8, 8)).astype(np.float32)
    assert_as_torch(convnet(), [x], np.float32)


#: Every example of the ops that are modules without parameters.
EXAMPLES = [
    example
    for name in (*ACTIVATIONS, *LOSSES)
    for example in of(CATALOGUE[name])
    if all(
        array is not None or name in ("weight", "pos_weight")
        for name, array in zip(CATALOGUE[name].arguments, example.inputs, strict=True)
    )
]


@pytest.mark.filterwarnings("ignore:.*which are broadcast")  # some examples are
@pytest.mark.filterwarnings("ignore:Mean of empty slice")  # it is NaN, as in PyTorch
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_activation_or_loss_is_its_op(example: Example) -> None:
    kind: Any = getattr(nn, example.op.name)
    arrays = dict(zip(example.op.arguments, example.inputs, strict=True))
    held = {name: arrays.pop(name) for name in kind.held}
    module = kind(**held, **{**example.op.options, **example.options})
    expected = of_op(example)
    with np.errstate(all="ignore"):
        output = module(*arrays.values())
        upstream = example.upstream(np.shape(output))
        gradient = module.backward(upstream)
    np.testing.assert_allclose(output, expected.output, rtol=1e-13, atol=1e-14)
    gradients = gradient if isinstance(gradient, tuple) else (gradient,)
    for name, got in zip(kind.wrt, gradients, strict=True):
        np.testing.assert_allclose(got, expected.gradients[name], rtol=1e-11, atol=1e-13)


#: Every module with an op; PyTorch's hidden arguments, those that mean nothing, and ours are left out.
NAMES = sorted(name for name in nn.__all__ if hasattr(getattr(nn, name), "op"))
LEFT_OUT = {"args", "kwargs", "_weight", "_freeze", "rng"}


@pytest.mark.parametrize("name", NAMES)
def test_the_constructor_takes_what_that_of_torch_takes(name: str) -> None:
    """The same arguments, in the same order, by position or by keyword, with the same defaults."""
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (nn, torch.nn))
    own = [argument for argument in ours.values() if argument.name not in LEFT_OUT]
    others = [argument for argument in theirs.values() if argument.name not in LEFT_OUT]
    if name == "Embedding":  # PyTorch's hidden arguments stand before the last two, which are keywords here
        own[-2:] = [argument.replace(kind=argument.POSITIONAL_OR_KEYWORD) for argument in own[-2:]]
    said = [[(argument.name, argument.kind, argument.default) for argument in each] for each in (own, others)]
    assert said[0] == said[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_forward_takes_what_that_of_torch_takes(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name).forward) for module in (nn, torch.nn))
    expected = {"PoissonNLLLoss": ["self", "input", "target"], "RMSNorm": ["self", "input"]}
    assert [*ours.parameters] == expected.get(name, [*theirs.parameters])


@pytest.mark.parametrize("made", [*LAYERS, *PLAIN], ids=str)
def test_the_repr_is_that_of_torch(made: Made) -> None:
    module = made.make()
    twin = repr(module.to_torch())
    assert repr(module) == twin.replace("NonDynamicallyQuantizableLinear", "Linear")
