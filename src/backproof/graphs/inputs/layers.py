"""Models: a `Sequential` with an input, its parameters as inputs besides, and a loss if there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof import nn
from backproof.graphs.tape import Tape
from backproof.nn.component import Component
from backproof.nn.convert import class_of
from backproof.nn.losses import Loss
from backproof.ops.op import Op

__all__ = ["of_model"]


def of_model(
    model: Any, input: Any, target: Any = None, loss: Any = None
) -> tuple[Tape, int, dict[str, Any]]:
    """Write down what a model computes; give the tape, the place of the output, and the inputs' values.

    Parameters
    ----------
    model
        A module of ``backproof.nn`` that is one op, or a `Sequential` of them; PyTorch's is converted.
    input
        What it is called with. On the tape it is named ``input``, a parameter by its path: ``0.weight``.
    target, loss
        With a loss, such as ``nn.MSELoss()``, that of the output and the target is the output.

    Raises
    ------
    TypeError
        If a module computes something that is no op, or has a method of its own, or computes something
        else at every call.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU())
    >>> tape, output, values = of_model(model, [[1.0, 2.0]])
    >>> list(values), [op.name for op in tape.ops if op]
    (['input', '0.weight', '0.bias'], ['Linear', 'ReLU'])
    """
    if (loss is None) != (target is None):
        lacking = "loss, such as loss=nn.MSELoss()" if loss is None else "target"
        raise TypeError(f"expected loss and target together, or neither; got no {lacking}")
    written = _Written()
    output = written.module(_ours(model), "", written.input("input", input))
    if loss is not None:
        module = _ours(loss)
        if not isinstance(module, Loss):
            raise TypeError(f"expected a loss of backproof.nn; got loss={loss!r}")
        places = [output, written.input("target", target)]
        output = written.component(module, class_of(module), "loss", places)
    return written.tape, output, written.values


def _ours(module: Any) -> Any:
    """Give the module of ``backproof.nn`` that computes the same."""
    return module if isinstance(module, nn.Module) else nn.from_torch(module)


class _Written:
    """A tape, and what modules are put on it."""

    def __init__(self) -> None:
        self.tape = Tape()
        self.values: dict[str, Any] = {}
        self._parameters: dict[int, int] = {}

    def input(self, name: str, value: Any) -> int:
        self.values[name] = value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)
        return self.tape.variable(name)

    def module(self, module: Any, path: str, place: int) -> int:
        """Put a module on the tape, applied to a node, and give its place."""
        kind = class_of(module)
        if kind is nn.Sequential:
            for name, child in module.named_children():
                place = self.module(child, f"{path}.{name}" if path else name, place)
            return place
        if kind is nn.Dropout and module.training and module.p > 0:
            raise TypeError(
                f"{_said(module, path)} drops other elements at every call; say model.eval() before"
            )
        if kind in (nn.Identity, nn.Dropout):
            return place
        return self.component(module, kind, path, [place])

    def component(self, module: Any, kind: type | None, path: str, places: list[int]) -> int:
        """Put a module that is one op on the tape."""
        name = type(module).__name__
        if not isinstance(module, Component) or kind is not type(module):
            own = ", with methods of its own" if getattr(nn, name, None) is type(module) else ""
            raise TypeError(
                f"expected modules of backproof.nn that are one op each; got {_said(module, path)}{own}"
            )
        op = module.op if module.op.reduction else module.op.main
        inputs = [name for name in op.arguments if name not in module.held]
        given = dict(zip(inputs, places, strict=False))
        needed = [name for name in inputs if not op.arguments[name].optional]
        if len(needed) != len(places):
            raise TypeError(f"{_said(module, path)} takes {', '.join(needed)}; got {len(places)} of them")
        given |= self._held(module, op, path)
        options = {name: getattr(module, name) for name in op.options}
        if options.get("dim", 0) is None:  # it takes an axis by the shape of what it is given, and warns
            raise TypeError(
                f"{_said(module, path)} was made without dim; say which axis is meant: {name}(dim=…)"
            )
        chosen = {name: value for name, value in options.items() if value != op.options[name]}
        return self.tape.apply(op, self.tape.arranged(op, given), chosen)

    def _held(self, module: Component, op: Op, path: str) -> dict[str, int]:
        """Give the places of the parameters, which are inputs, and of the buffers, which are constants."""
        found = {}
        own = module.named_parameters(recurse=False)
        for name, parameter in [(name, each) for name, each in own if name in op.arguments]:
            if id(parameter) not in self._parameters:
                full = f"{path}.{name}" if path else name
                self._parameters[id(parameter)] = self.tape.variable(full)
                self.values[full] = parameter.data
            found[name] = self._parameters[id(parameter)]
        for name, array in module.named_buffers(recurse=False):
            # In training a normalisation takes the statistics of the batch.
            if name in op.arguments and not (module.training and name.startswith("running_")):
                found[name] = self.tape.constant(np.array(array))  # which training writes to
        return found


def _said(module: Any, path: str) -> str:
    return f"{type(module).__name__} at {path!r}" if path else type(module).__name__
