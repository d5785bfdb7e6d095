"""PyTorch's tensors: the graph that PyTorch keeps of a computation, with the values that it kept.

It is there to be looked at: every gradient is PyTorch's own, from the very nodes of its backward. What
PyTorch did not keep, such as the 1 in ``1 + x``, is unknown and shown as NaN, unless it follows from what
it kept; so the graph cannot be evaluated again for other inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from backproof.graphs.inputs.backward import Known, known, title
from backproof.graphs.plan import Values
from backproof.graphs.tape import Tape, exact
from backproof.ops import CATALOGUE
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import Op

if TYPE_CHECKING:
    import torch

__all__ = ["Kept", "of_tensor"]

_ADD = CATALOGUE["add"]
_LET_GO = (
    "PyTorch has let go of what it kept: make the graph before backward(), or say backward(retain_graph=True)"
)


class _Output(NamedTuple):
    """One of the outputs of a node of PyTorch's backward."""

    node: Any
    number: int


class Kept:
    """What PyTorch kept, as a plan: values that stand, and gradients by PyTorch's nodes."""

    again = False

    def __init__(self, outputs: Sequence[_Output | None], tape: Tape, values: list[Any]) -> None:
        self._outputs, self._parents, self._values = outputs, tape.parents, values

    def fits(self, given: Mapping[int, Any]) -> bool:
        """Say that there is no other plan."""
        return True

    def forward(self, given: Mapping[int, Any]) -> Values:
        """Give the values."""
        return self._values

    def backward(self, values: Values, upstream: Mapping[int, Any]) -> list[Any]:
        """Compute the gradient for each node."""
        gradients: list[Any] = [None] * len(self._parents)
        for place, gradient in upstream.items():
            gradients[place] = gradient
        for place in range(len(self._parents) - 1, -1, -1):
            output, here = self._outputs[place], gradients[place]
            if output is not None and here is not None:
                for parent, gradient in zip(self._parents[place], _back(output, here), strict=False):
                    if gradient is not None:
                        here, before = self._summed(gradient, parent), gradients[parent]
                        gradients[parent] = here if before is None else before + here
        return gradients

    def _summed(self, gradient: NDArray[Any], parent: int) -> Any:
        """Sum over the axes along which a node repeated a parent, which it leaves to autograd."""
        shape = np.shape(self._values[parent])
        return gradient if gradient.shape == shape else _ADD.broadcasting.gradient(np, gradient, shape)


def _back(output: _Output, upstream: Any) -> list[NDArray[Any] | None]:
    """Call a node of PyTorch's backward: the gradients for what it was computed from."""
    import torch

    kinds = output.node._input_metadata
    grads: list[Any] = [None] * len(kinds)
    grads[output.number] = torch.as_tensor(np.asarray(upstream), dtype=kinds[output.number].dtype)
    call = output.node if callable(output.node) else output.node.apply  # that of a Function of Python
    try:
        with torch.no_grad():
            result = call(*grads)
    except RuntimeError as error:
        raise ValueError(f"{_LET_GO} ({error})") from None
    results = iter(result if isinstance(result, tuple) else (result,))
    if not callable(output.node):  # it gives one for each argument, also for those that are no tensors
        results = itertools.compress(results, output.node.needs_input_grad)
        results = iter([None if above is None else next(results) for above, _ in output.node.next_functions])
    return [None if one is None else _numbers(one) for one in results]


def of_tensor(tensor: torch.Tensor, named: Mapping[str, Any]) -> tuple[Tape, int, dict[str, Any], Kept]:
    """Write down what a tensor was computed from; give the tape, its place, the inputs' values, and a plan.

    Parameters
    ----------
    tensor
        The tensor, before a ``backward`` that lets go of what was kept.
    named
        Leaves by the names that they shall have; others are x1, x2 …

    Raises
    ------
    ValueError
        If PyTorch kept nothing, or has let go of it.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> tape, output, values, plan = of_tensor(torch.exp(x) * x, {"x": x})
    >>> [op.name for op in tape.ops if op], values["x"].item()
    (['exp', 'multiply'], 2.0)
    >>> gradients = plan.backward(plan.forward({}), {output: np.float32(1)})
    >>> round(gradients[tape.parents[output][1]].item(), 3)  # 3 e²
    22.167
    """
    if tensor.grad_fn is None:
        raise ValueError(
            "expected a tensor that was computed from others that require a gradient; got one of which "
            f"PyTorch keeps no graph (requires_grad={tensor.requires_grad})"
        )
    _require_leaves(named)
    written = _Written(named)
    last = _Output(tensor.grad_fn, tensor.output_nr)
    try:
        for output in _ordered(last):
            written.add(output)
        place = written.places[last]
        written.values[place] = _numbers(tensor)
        values = written.filled()
    except RuntimeError as error:
        raise ValueError(f"{_LET_GO} ({error})") from None
    inputs = {name: values[leaf] for leaf, name in written.tape.names.items()}
    unknown = [name for name in named if name not in inputs]
    if unknown:
        raise ValueError(
            f"expected leaves that the tensor was computed from; got {', '.join(unknown)} as well"
        )
    return written.tape, place, inputs, Kept(written.outputs, written.tape, values)


def _require_leaves(named: Mapping[str, Any]) -> None:
    """Refuse two names for one leaf."""
    seen: dict[int, str] = {}
    for name, leaf in named.items():
        if seen.setdefault(id(leaf), name) != name:
            raise ValueError(f"expected one name for each leaf; got {seen[id(leaf)]} and {name} for the same")


def _ordered(last: _Output) -> Iterator[_Output]:
    """Give all that an output is computed from, each behind what it is computed from itself."""
    seen: set[_Output] = set()
    waiting = [(last, False)]
    while waiting:
        output, ready = waiting.pop()
        if ready:
            yield output
        elif output not in seen:
            seen.add(output)
            waiting.append((output, True))
            waiting += [(above, False) for above in reversed(_above(output)) if above.node is not None]


def _above(output: _Output) -> list[_Output]:
    return [_Output(*pair) for pair in output.node.next_functions]


class _Written:
    """A tape that nodes of PyTorch's backward are put on, and the values that they kept."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self.tape = Tape()
        self.places: dict[_Output, int] = {}
        #: For each place the node of PyTorch, and the value if it is known.
        self.outputs: list[_Output | None] = []
        self.values: list[Any] = []
        self._named = {id(tensor): name for name, tensor in named.items()}
        self._shapes: dict[int, tuple[int, ...]] = {}

    def add(self, output: _Output) -> None:
        """Put an output of a node on the tape, behind those that it is computed from."""
        leaf = getattr(output.node, "variable", None)
        if leaf is not None:
            used = {*self.tape.names.values(), *self._named.values()}
            free = next(name for i in range(1, len(used) + 2) if (name := f"x{i}") not in used)
            self.places[output] = self._append(
                self.tape.variable(self._named.get(id(leaf), free)), None, _numbers(leaf)
            )
            return
        shape = tuple(output.node._input_metadata[output.number].shape)
        found = known(output.node, shape)
        parents = self._parents(output, found)
        op, options = (_standing_for(output, len(parents)), {}) if found is None else found[:2]
        result = getattr(output.node, "_saved_result", None)
        place = self.tape.apply(op, parents, options)
        self.places[output] = self._append(place, output, None if result is None else _numbers(result))
        self._shapes[place] = shape

    def _append(self, place: int, output: _Output | None, value: Any) -> int:
        self.outputs.append(output)
        self.values.append(value)
        return place

    def _parents(self, output: _Output, found: Known | None) -> tuple[int, ...]:
        """Give the places of the arguments; what has no node is a constant, of the value that was kept."""
        above = _above(output)
        if found is None:
            return tuple(self._constant(None) if one.node is None else self.places[one] for one in above)
        given = {}
        for index, (name, argument) in enumerate(found.op.arguments.items()):
            kept = getattr(output.node, f"_saved_{found.saved[index]}", None)
            value = None if kept is None else _numbers(kept)
            if index < len(above) and above[index].node is not None:
                given[name] = self.places[above[index]]
                if self.values[given[name]] is None:
                    self.values[given[name]] = value
            elif value is not None or not argument.optional:
                given[name] = self._constant(value, whole=index in exact(found.op))
        parents = self.tape.arranged(found.op, given)
        for _ in range(len(self.values), len(self.tape)):  # arguments that are left out between others
            self._append(len(self.values), None, None)
        return parents

    def _constant(self, value: Any, *, whole: bool = False) -> int:
        known = np.float64(np.nan) if value is None else value if whole else np.asarray(value, float)[()]
        return self._append(self.tape.constant(known), None, known)

    def filled(self) -> list[Any]:
        """Give all values: those kept, those that follow from them by the ops, and NaN for the others."""
        given = self.tape.given.items()
        unknown = {place for place, value in given if value is not None and np.any(np.isnan(value))}
        for place, op in enumerate(self.tape.ops):
            if op is None or self.values[place] is not None:
                continue
            parents = self.tape.parents[place]
            if op.rules and not isinstance(op, _Standing) and not unknown.intersection(parents):
                inputs = [self.values[parent] for parent in parents]
                self.values[place] = op.evaluate(np, inputs, **self.tape.options.get(place, {})).output
            else:
                unknown.add(place)
                self.values[place] = np.full(self._shapes[place], np.nan)[()]
        return self.values


class _Standing(Op):
    """An op that stands for a node of PyTorch that the catalogue does not have, or not with these options."""


def _standing_for(output: _Output, count: int) -> Op:
    name = title(output.node)

    def forward(xp: Any, *inputs: Any) -> NoReturn:
        raise ValueError(f"{name} is PyTorch's: the catalogue has no op for it that could be evaluated again")

    def rule(index: int) -> Any:
        def gradient(xp: Any, grad_output: Any, *roles: Any) -> Any:
            found = _back(output, grad_output)[index]
            return np.zeros(np.shape(roles[index])) if found is None else found

        return gradient

    arguments = {f"input{index + 1}": Argument(REAL, "N D") for index in range(count)}
    rules = {argument: rule(index) for index, argument in enumerate(arguments)}
    return _Standing(name, "elementary", forward, arguments, {}, rules)


def _numbers(value: Any) -> Any:
    """Give a tensor, or a number, as NumPy has it: a copy, as the tensor may be written to later."""
    if hasattr(value, "detach"):
        if value.is_complex():
            raise TypeError(f"expected tensors of real numbers; got one of dtype={value.dtype}")
        tensor = value.detach().cpu()  # NumPy has no bfloat16
        array = np.array((tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy())
    else:
        array = np.array(value, float)
    return array if array.ndim else array[()]
