"""Sources: whatever a graph is made of, brought onto a tape with the values of its inputs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from backproof.graphs.plan import Plan
from backproof.graphs.reading import read
from backproof.graphs.tape import Tape
from backproof.graphs.tracing import trace

__all__ = ["Source", "needed", "number", "taken"]


class Source(NamedTuple):
    """What a graph is made of: its tape, the places of the outputs, the inputs, and a plan if it has one."""

    tape: Tape
    outputs: Sequence[int]
    inputs: Mapping[str, Any]
    plan: Plan | None = None


def taken(source: Any, called_with: Sequence[Any], inputs: Mapping[str, Any]) -> Source:
    """Take a text or several, a function, a tensor or a model.

    Raises
    ------
    ExpressionError
        If an expression is not understood.
    TracingError
        If a function does something that cannot be written down.
    TypeError
        If inputs are given that such a source does not take.
    ValueError
        If the value of an input is none.

    Examples
    --------
    >>> tape, outputs, inputs, _ = taken("2*x", (), {"x": 3})
    >>> len(tape), outputs, inputs
    (3, [2], {'x': np.int64(3)})
    """
    if _is_kept(source):
        from backproof.graphs.inputs.autograd import of_tensor

        kept, place, leaves, plan = of_tensor(source, inputs)
        return Source(kept, [place], leaves, plan)
    if _is_model(source):
        from backproof.graphs.inputs.layers import of_model

        if len(called_with) != 1:
            raise TypeError(
                f"expected a model and its input, as graph(model, x); got {len(called_with)} inputs"
            )
        layers, place, arrays = of_model(source, *called_with, **inputs)
        return Source(layers, [place], arrays)
    if called_with:
        raise TypeError(f"expected the inputs by their names, x=…; got {len(called_with)} without a name")
    values = {name: number(name, value) for name, value in inputs.items()}
    if isinstance(source, str | list | tuple):
        program = read(*_texts(source))
        return Source(program.tape, [program.output], values)
    if not callable(source):
        raise TypeError(
            "expected an expression, such as 'tanh(w*x)', a function, a tensor of PyTorch or a model; "
            f"got {source!r} ({type(source).__name__})"
        )
    tape, _, places = trace(source, values)
    return Source(tape, places, values)


def needed(source: Any) -> list[str]:
    """Give the names of the inputs that a text or a function must have values for.

    Examples
    --------
    >>> needed("a = 2*x; a + y"), needed(lambda w, x=1.0: w * x)
    (['x', 'y'], ['w'])
    """
    if isinstance(source, str | list | tuple):
        return list(read(*_texts(source)).inputs)
    if _is_kept(source) or _is_model(source) or not callable(source):
        return []
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(source).parameters.values()
    return [each.name for each in parameters if each.default is each.empty and each.kind not in several]


def _texts(source: str | Sequence[Any]) -> Sequence[str]:
    """Give the texts that steps are written in, one or several."""
    texts = [source] if isinstance(source, str) else source
    if not texts or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"expected an expression, or several, each as a text; got {source!r}")
    return texts


def _is_kept(source: object) -> bool:
    return _is(source, "torch", "Tensor")


def _is_model(source: object) -> bool:
    return _is(source, "backproof.nn", "Module") or _is(source, "torch.nn", "Module")


def _is(source: object, module: str, name: str) -> bool:
    """Say whether something is of a class of a module, which need not have been imported."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(source, kind)


def number(name: str, value: Any) -> Any:
    """Give a value as an array of numbers, a copy; one without axes as a number.

    Raises
    ------
    ValueError
        If it is none.
    """
    if type(value) is float:
        return np.float64(value)
    try:
        array = np.array(value.detach().cpu().numpy() if _is_kept(value) else value)
    except (TypeError, ValueError):  # rows of different lengths, or a type that NumPy does not have
        array = np.array(None)
    if array.dtype.kind == "O" and array.size and all(isinstance(one, Real | Decimal) for one in array.flat):
        array = array.astype(float)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"expected numbers, got {name}={value!r}")
    array.flags.writeable = False
    return array[()]  # of one without axes NumPy's number
