"""The styles in which people write components, each made around an op, right or wrong.

What comes out is an object as a user would hand it to `backproof.check`, not one of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from backproof.ops import Op


def _due(op: Op) -> tuple[str, ...]:
    return tuple(op.rules) if op.kind == "layer" else ("input",)


def _gradients(op: Op, grad_output: Any, inputs: Any) -> Any:
    with np.errstate(all="ignore"):
        found = op.gradients(np, grad_output, inputs, wrt=_due(op))
    # As NumPy does it, a float32 input keeps its gradient in float32.
    typed = {name: np.asarray(g).astype(inputs[0].dtype) for name, g in found.items()}
    return typed["input"] if len(typed) == 1 else tuple(typed[name] for name in _due(op))


def _output(op: Op, inputs: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(op.evaluate(np, inputs).output).astype(inputs[0].dtype)


def numpy_class(op: Op) -> Any:
    """A class with ``__call__`` and ``backward``; a layer holds its parameters."""

    class Component:
        def __init__(self, in_features: int = 5, out_features: int = 3) -> None:
            self.weight = np.zeros((out_features, in_features))
            self.bias = np.zeros(out_features)

        def __call__(self, input: Any) -> Any:
            self.inputs = (input, self.weight, self.bias) if op.kind == "layer" else (input,)
            return _output(op, self.inputs)

        def backward(self, grad_output: Any) -> Any:
            return _gradients(op, grad_output, self.inputs)

    class Activation(Component):
        def __init__(self) -> None:
            pass

    class Loss:
        def __call__(self, input: Any, target: Any) -> Any:
            self.inputs = (input, target)
            return _output(op, self.inputs)

        def backward(self, grad_output: Any) -> Any:
            return _gradients(op, grad_output, self.inputs)

    made: Any = {"layer": Component, "loss": Loss}.get(op.kind, Activation)
    made.__name__ = made.__qualname__ = op.name
    return made


def function_pair(op: Op) -> Any:
    """Two functions: the forward, and the backward of the upstream gradient and the inputs."""

    def one(input: Any) -> Any:
        return _output(op, (input,))

    def one_backward(grad_output: Any, input: Any) -> Any:
        return _gradients(op, grad_output, (input,))

    def two(input: Any, target: Any) -> Any:
        return _output(op, (input, target))

    def two_backward(grad_output: Any, input: Any, target: Any) -> Any:
        return _gradients(op, grad_output, (input, target))

    def layer(input: Any, weight: Any, bias: Any) -> Any:
        return _output(op, (input, weight, bias))

    def layer_backward(grad_output: Any, input: Any, weight: Any, bias: Any) -> Any:
        return _gradients(op, grad_output, (input, weight, bias))

    pairs = {"loss": (two, two_backward), "layer": (layer, layer_backward)}
    forward, backward = pairs.get(op.kind, (one, one_backward))
    forward.__name__, backward.__name__ = op.name, f"{op.name}_backward"
    return forward, backward


def autograd_function(op: Op) -> Any:
    """A ``torch.autograd.Function``."""

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(*inputs)
            return torch.as_tensor(_output(op, [i.detach().numpy() for i in inputs]))

        @staticmethod
        @once_differentiable  # NumPy is outside the graph: there is no second derivative
        def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
            inputs = [i.detach().numpy() for i in ctx.saved_tensors]
            found = _gradients(op, grad_output.numpy(), inputs)
            first = found if isinstance(found, tuple) else (found,)
            tensors = [torch.as_tensor(np.ascontiguousarray(g)) for g in first]
            return (*tensors, *[None] * (len(inputs) - len(tensors)))

    Function.__name__ = Function.__qualname__ = op.name
    return Function


def module_with_backward(op: Op) -> Any:
    """A ``torch.nn.Module`` whose backward is a method, of an activation only."""
    function = autograd_function(op)

    class Module(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            self.saved = x.detach()
            return function.apply(x)

        def backward(self, grad_output: torch.Tensor) -> torch.Tensor:
            found = _gradients(op, grad_output.numpy(), (self.saved.numpy(),))
            return torch.as_tensor(np.ascontiguousarray(found))

    Module.__name__ = Module.__qualname__ = op.name
    return Module


def by_attribute(op: Op) -> Any:
    """A layer that returns the gradient of its input, and stores the others under their names."""
    base: Any = numpy_class(op)

    class Component(base):  # type: ignore[misc]  # a class that is made anew for each op
        def backward(self, grad_output: Any) -> Any:
            found, self.grad_weight, self.grad_bias = _gradients(op, grad_output, self.inputs)
            return found

    Component.__name__ = Component.__qualname__ = op.name
    return Component


def by_key(op: Op) -> Any:
    """A layer that returns all gradients, in a dictionary."""
    base: Any = numpy_class(op)

    class Component(base):  # type: ignore[misc]  # a class that is made anew for each op
        def backward(self, grad_output: Any) -> Any:
            return dict(zip(_due(op), _gradients(op, grad_output, self.inputs), strict=True))

    Component.__name__ = Component.__qualname__ = op.name
    return Component


STYLES: dict[str, Callable[[Op], Any]] = {
    "numpy-class": numpy_class,
    "function-pair": function_pair,
    "torch-autograd-function": autograd_function,
    "torch-module-manual-backward": module_with_backward,
}


#: The arguments that the moulds above have, by the op's kind.
_MOULDS: dict[str, tuple[str, ...]] = {
    "activation": ("input",),
    "loss": ("input", "target"),
    "layer": ("input", "weight", "bias"),
}


def styles_of(op: Op) -> list[str]:
    """The styles that an op can be written in; none for what takes other arguments."""
    taken = tuple(name for name, argument in op.arguments.items() if not argument.optional)
    # The mould of a layer is that of a linear one: its constructor takes two sizes.
    if _MOULDS.get(op.kind) != taken or (op.kind == "layer" and op.name != "Linear"):
        return []
    return [s for s in STYLES if op.kind == "activation" or s != "torch-module-manual-backward"]
