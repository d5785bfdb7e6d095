"""Modules made from ops: what activations, losses and layers have in common."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, TypeAlias

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from backproof.nn.module import Module
from backproof.nn.parameter import Parameter
from backproof.nn.thin import THIN
from backproof.ops import Op

__all__ = ["LIMIT", "REFUSALS", "Component", "Roles"]

#: So many calls in training may wait for their backward; then the oldest are let go, with a warning.
LIMIT = 1000
#: What NumPy and the ops raise when arrays do not fit.
REFUSALS = (ValueError, TypeError, IndexError)

#: The op's arguments in a call.
Roles: TypeAlias = tuple[Any, ...]
_Rule: TypeAlias = Callable[..., Any]


class _Held:
    """An argument of the op that is neither an input nor learned: a buffer, or nothing."""

    __slots__ = ("data",)

    def __init__(self, data: NDArray[Any] | None) -> None:
        self.data = data


class Component(Module):
    """A module that is one op: its options are attributes, its parameters bear the arguments' names.

    The first arguments of the op are the module's inputs; the others, which are its parameters and
    buffers, are named by ``held``. What a call needs of all that is put together before the first call,
    and again when an attribute has changed.
    """

    op: ClassVar[Op]
    #: The arguments of the op that are no inputs, in their order; they are the last.
    held: ClassVar[tuple[str, ...]] = ()
    #: The inputs whose gradients `backward` gives.
    wrt: ClassVar[tuple[str, ...]] = ("input",)

    _bound = ("_compute", "_holders", "_single", "_learned", "_joint")
    _passing = (*Module._passing, "_calls", *_bound)
    #: For each call that no backward has answered, what its backward needs.
    _calls: list[Any]
    #: The forward.
    _compute: Callable[..., Any]
    #: What has the arrays of ``held``.
    _holders: tuple[Parameter | _Held, ...]
    #: Of the inputs in ``wrt`` and of the parameters that have a gradient rule of their own: the rule.
    _single: list[tuple[int, _Rule]]
    _learned: list[tuple[Parameter, _Rule, bool]]
    #: The rules that serve several arguments, and for each of these where its gradient is and goes.
    _joint: list[tuple[_Rule, list[tuple[int, int | Parameter]]]]

    def forward(self, *inputs: Any) -> Any:
        """Compute the op."""
        for array in inputs:
            if type(array) is not ndarray or array.dtype.kind != "f":
                inputs = self._converted(inputs)
                break
        roles = (*inputs, *[holder.data for holder in self._holders])
        return self._save(roles, self._value(roles))

    def backward(self, grad_output: Any) -> Any:
        """Add the parameters' gradients to them, and give the gradient for the input."""
        answer = self._answer(grad_output, self._last_call())
        del self._calls[-1]
        return answer

    def accumulate(self, grad_output: Any) -> None:
        """Go backward for the parameters alone."""
        self._answer(grad_output, self._last_call(), wanted=False)
        del self._calls[-1]

    def grad(self, *grad_output: Any) -> Any:
        """Go backward, under the name and with the result that it has in course notebooks.

        ``activation.grad(grad_output)`` and ``loss.grad()`` give the gradient for the input; a layer
        with a weight gives ``(grad_weight, grad_input)``, of this call alone.
        """
        weight = self._parameters.get("weight") if self.op.kind == "layer" else None
        if weight is None:
            return self.backward(*grad_output)
        before = weight.let_go()
        try:
            grad_input = self.backward(*grad_output)
        finally:
            grad_weight = weight.grad
            if before is not None:
                weight.grad = before if grad_weight is None else before + grad_weight
        return grad_weight, grad_input

    def _value(self, roles: Roles) -> Any:
        try:
            return self._compute(*roles)
        except REFUSALS as error:
            self._refuse(roles, error)

    def _answer(self, grad_output: Any, call: tuple[Roles, Any], wanted: bool = True) -> Any:
        """Go backward through a call; the gradient for the input is computed if it is wanted."""
        roles, output = call
        grad_output = self._upstream(grad_output, output)
        for parameter, rule, buffered in self._learned:
            if buffered:
                parameter.add_grad_of(rule, grad_output, *roles, output)
            else:
                self._add(parameter, rule(grad_output, *roles, output))
        if len(self.wrt) == 1 and not self._joint and self._single:  # as most are
            if not wanted:
                return None
            place, rule = self._single[0]
            return self._summed(rule(grad_output, *roles, output), roles[place].shape)
        found = {}
        for rule, shares in self._joint:
            gradients = rule(grad_output, *roles, output)
            for index, goes in shares:
                if isinstance(goes, Parameter):
                    self._add(goes, gradients[index])
                else:
                    found[goes] = self._summed(gradients[index], roles[goes].shape)
        if not wanted:
            return None
        for place, rule in self._single:
            found[place] = self._summed(rule(grad_output, *roles, output), roles[place].shape)
        return tuple(found[place] for place in sorted(found)) if len(self.wrt) > 1 else found.get(0)

    def _add(self, parameter: Parameter, gradient: Any) -> None:
        shape = parameter.data.shape
        if gradient.shape == shape:  # it may be the upstream gradient itself
            parameter.add_grad(gradient)
        else:
            parameter.take_grad(self.op.broadcasting.gradient(THIN, gradient, shape))

    def _summed(self, gradient: Any, shape: tuple[int, ...]) -> Any:
        """Sum a gradient over the axes along which its argument was repeated."""
        if gradient.shape == shape:
            return gradient
        return self.op.broadcasting.gradient(THIN, gradient, shape)

    # What is put together before the first call.

    def __getattr__(self, name: str) -> Any:
        if name == "_calls":
            vars(self)[name] = []
        elif name in self._bound:
            vars(self).update(zip(self._bound, self._bind(), strict=True))
        else:
            return super().__getattr__(name)
        return vars(self)[name]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in self.op.options or name in self.held:
            self._unbind()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._unbind()

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Have an array learned; ``None`` for one that this module does without."""
        super().register_parameter(name, parameter)
        self._unbind()

    def register_buffer(self, name: str, value: Any) -> None:
        """Keep an array that belongs to the state but is not learned."""
        super().register_buffer(name, value)
        self._unbind()

    def _unbind(self) -> None:
        for name in self._bound:
            vars(self).pop(name, None)

    def _options(self) -> dict[str, Any]:
        """Give the op's options: the attributes of their names."""
        return {name: getattr(self, name) for name in self.op.options if name != "reduction"}

    def _bind(self) -> tuple[Any, ...]:
        """Give the attributes that ``_bound`` names."""
        op, options = self.op, self._options()
        holders = {name: self._holder(name) for name in self.held}
        learned = {n: h for n, h in holders.items() if isinstance(h, Parameter) and n in op.rules}
        places = {name: list(op.arguments).index(name) for name in self.wrt}
        goes: dict[str, int | Parameter] = {**places, **learned}
        single, own, joint = [], [], []
        for rule, names, shares in op.calls(goes):
            bound = functools.partial(rule, THIN, **options)
            if shares is not None:
                joint.append((bound, [(i, goes[n]) for n, i in zip(names, shares, strict=True)]))
            elif names[0] in places:
                single.append((places[names[0]], bound))
            else:
                own.append((learned[names[0]], bound, "out" in inspect.signature(rule).parameters))
        compute = functools.partial(op.forward, THIN, **options)
        return compute, tuple(holders.values()), single, own, joint

    def _holder(self, name: str) -> Parameter | _Held:
        parameter = self._parameters.get(name)
        return _Held(self._buffers.get(name)) if parameter is None else parameter

    # What is saved of a call, and what it is checked for.

    def _save(self, roles: Roles, output: Any) -> Any:
        """Save what a backward needs, and give the output."""
        calls = self._calls
        if not self.training:
            calls.clear()
        elif len(calls) >= LIMIT:
            self._let_go()
        calls.append((roles, output))
        return output

    def _let_go(self) -> None:
        """Let the oldest call go, which no backward has answered; say so the first time."""
        if "_warned" not in vars(self):
            vars(self)["_warned"] = True
            warnings.warn(
                f"{self!r} was called {LIMIT} times in training without a backward; from now on the oldest "
                "call is let go for each new one. Say model.eval() before predictions",
                ResourceWarning,
                stacklevel=5,
            )
        del self._calls[0]

    def _last_call(self) -> Any:
        """Give the latest call that no backward has answered; it stays until the answer is there."""
        try:
            return self._calls[-1]
        except IndexError:
            raise RuntimeError(
                f"{self!r} has no call to go back through: each backward answers one forward; "
                "call the module first, once for each backward"
            ) from None

    def _upstream(self, grad_output: Any, output: Any) -> Any:
        """Give the upstream gradient as an array of the output's shape and dtype.

        Of several outputs there may be fewer, or ``None``, which stands for zeros.
        """
        if (
            type(grad_output) is ndarray
            and type(output) is ndarray
            and grad_output.dtype is output.dtype
            and grad_output.shape == output.shape
        ):
            return grad_output
        if isinstance(output, tuple):
            given = grad_output if isinstance(grad_output, tuple) else (grad_output,)
            given += (None,) * (len(output) - len(given))
            return tuple(
                THIN.zeros_like(value) if upstream is None else self._upstream(upstream, value)
                for upstream, value in zip(given, output, strict=True)
            )
        array = np.asarray(grad_output, dtype=output.dtype)
        if array.shape != output.shape:
            raise ValueError(
                f"{self!r} gave an output of shape {output.shape}; expected an upstream gradient of that "
                f"shape, got grad_output of shape={array.shape}"
            )
        return array

    def _converted(self, inputs: Iterable[Any]) -> Roles:
        """Make arrays of the inputs, and floats of integers: of the parameters' dtype, or else float64."""
        arrays = [np.asarray(value) for value in inputs]
        held = [holder.data for holder in self._holders if holder.data is not None]
        dtypes = [array.dtype for array in (*arrays, *held) if array.dtype.kind == "f"]
        dtype = dtypes[0] if dtypes else np.dtype(np.float64)
        return tuple(
            array
            if argument.domain == "class" or array.dtype.kind == "f"
            else self._floats(name, array, dtype)
            for (name, argument), array in zip(self.op.arguments.items(), arrays, strict=False)
        )

    def _floats(self, name: str, array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self!r} expects real numbers; got {name} of dtype={array.dtype}")
        return array.astype(dtype)

    def _refuse(self, roles: Roles, error: Exception) -> NoReturn:
        """Say which arrays do not fit which module."""
        said = ", ".join(
            f"{name} of {role.dtype} {role.shape}"
            for name, role in zip(self.op.arguments, roles, strict=False)
            if role is not None
        )
        raise type(error)(f"{self!r} got {said}: {error}") from error

    def extra_repr(self) -> str:
        """Give the options that differ from call to call, as in PyTorch."""
        return ", ".join(f"{name}={value!r}" for name, value in self._options().items())
