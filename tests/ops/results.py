"""What an op gives on an example, and when two results are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backproof.ops import Op
from tests.ops.examples import Example, row_of

#: Other libraries round each operation too, and add in another order: a few dozen units is the most seen.
UNITS = 32


@dataclass(frozen=True)
class Result:
    """The outputs and the gradient for each argument that has one."""

    outputs: tuple[NDArray[Any], ...]
    gradients: dict[str, NDArray[Any]]
    #: Whether it is of a layer, whose results are sums of products.
    summed: bool = False

    @property
    def output(self) -> NDArray[Any]:
        """The first output, which mostly is the only one."""
        return self.outputs[0]


@dataclass(frozen=True)
class Library:
    """A namespace, and how its arrays are made of NumPy's and turned back."""

    xp: Any
    to: Callable[[NDArray[Any]], Any]
    back: Callable[[Any], NDArray[Any]]


NUMPY = Library(np, lambda array: array, lambda array: array)


def of_op(
    example: Example,
    upstream: NDArray[Any] | None = None,
    library: Library = NUMPY,
    change: Callable[[Any], Any] = lambda array: array,
) -> Result:
    """Run the op as a caller does who has kept the values of the forward.

    ``upstream`` is that of the first output, with none for others; ``change`` is applied to every
    array that the op is given.
    """
    op, xp = example.op, library.xp
    inputs = [None if array is None else library.to(change(array)) for array in example.inputs]
    # The edges of the range are among the examples: what they give is compared, not warned of.
    with np.errstate(all="ignore"):
        output, values = op.evaluate(xp, inputs, **example.options)
        outputs = output if isinstance(output, tuple) else (output,)
        drawn: list[NDArray[Any] | None] = [upstream, *[None] * (len(outputs) - 1)]
        if upstream is None:
            drawn = [*example.upstreams(tuple(o.shape) for o in outputs)]
        upstreams = tuple(
            None if given is None or name in op.constant else library.to(change(given))
            for name, given in zip(op.outputs, drawn, strict=False)
        )
        grad_output = upstreams if len(outputs) > 1 else upstreams[0]
        gradients = op.gradients(xp, grad_output, inputs, values, **example.options)
    return Result(
        tuple(library.back(array) for array in outputs),
        {name: library.back(array) for name, array in gradients.items()},
        op.kind == "layer",
    )


def of_torch(example: Example, upstream: NDArray[Any] | None = None) -> Result:
    """Run PyTorch's twin of the op, and its autograd."""
    op, leaves = example.op, leaves_of(example)
    outputs = call_torch(example, leaves)
    upstreams = [upstream] if upstream is not None else example.upstreams(o.shape for o in outputs)
    differentiable = [
        (output, torch.from_numpy(np.array(given)))
        for name, output, given in zip(op.outputs, outputs, upstreams, strict=False)
        if name not in op.constant and output.requires_grad
    ]
    torch.autograd.backward([o for o, _ in differentiable], [g for _, g in differentiable])
    gradients = {
        name: leaf.grad.numpy()
        for name, leaf in zip(op.arguments, leaves, strict=True)
        if leaf is not None and leaf.grad is not None
    }
    return Result(tuple(output.detach().numpy() for output in outputs), gradients, example.op.kind == "layer")


def leaves_of(example: Example) -> list[torch.Tensor | None]:
    """Give an example's inputs as tensors, those that float as leaves that require a gradient."""
    leaves = [None if array is None else torch.from_numpy(array.copy()) for array in example.inputs]
    for leaf in leaves:
        if leaf is not None and leaf.is_floating_point():
            leaf.requires_grad_()
    return leaves


def call_torch(example: Example, leaves: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor, ...]:
    """Call PyTorch's twin of an example's op, and give its outputs."""
    op, options = example.op, {**example.op.options, **example.options}
    twin = row_of(op).twin
    if twin:
        outputs = twin(*leaves, **options)
    else:
        given = [leaf for leaf in leaves if leaf is not None]
        # PyTorch warns of a target that broadcasts, or refuses it; the expansion is the same function.
        broadcasts = op.kind == "loss" and not _has_classes(op)
        roles = torch.broadcast_tensors(*given) if broadcasts else given  # type: ignore[no-untyped-call]  # torch's
        outputs = getattr(torch.nn, op.name)(**options)(*roles)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _has_classes(op: Op) -> bool:
    return any(argument.domain == "class" for argument in op.arguments.values())


def assert_close(got: NDArray[Any], expected: NDArray[Any], what: str, *, summed: bool = False) -> None:
    """Assert equal shapes and dtypes, and values that differ by rounding.

    Sums of products (``summed``) are as accurate as their terms, whose size that of all results tells:
    where terms cancel to a small result among large ones, its error is theirs.
    """
    assert got.shape == expected.shape, what
    assert got.dtype == expected.dtype, what
    eps = np.finfo(got.dtype).eps
    finite = expected[np.isfinite(expected)].astype(np.float64)
    size = max(1.0, float(np.sqrt(np.mean(finite**2)))) if summed and finite.size else 1.0
    np.testing.assert_allclose(got, expected, rtol=UNITS * eps, atol=UNITS * eps * size, err_msg=what)


def assert_same(got: Result, expected: Result) -> None:
    """Assert that outputs and gradients are the same, and are there for the same arguments."""
    for ours, theirs in zip(got.outputs, expected.outputs, strict=True):
        assert_close(ours, theirs, "output", summed=got.summed)
    assert got.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        assert_close(got.gradients[name], gradient, f"gradient of {name}", summed=got.summed)
