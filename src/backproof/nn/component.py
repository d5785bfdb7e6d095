"""Modules made from ops: what activations, losses and layers have in common."""

from __future__ import annotations

import functools
import inspect
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NoReturn, TypeAlias

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from backproof.nn.methods import own, own_forward
from backproof.nn.module import Module
from backproof.nn.parameter import Parameter
from backproof.nn.thin import THIN
from backproof.ops import Op

__all__ = ["LIMIT", "REFUSALS", "Component", "Roles", "refused"]

#: Calls of so many bytes may wait for their backward; then the oldest are let go, with a warning.
LIMIT = 2**30
#: What a call takes besides its arrays' elements, about.
_BESIDES = 1000
#: What NumPy and the ops raise when arrays do not fit.
REFUSALS = (ValueError, TypeError, IndexError)

#: The op's arguments in a call.
Roles: TypeAlias = tuple[Any, ...]
_Rule: TypeAlias = Callable[..., Any]
_DATA = operator.attrgetter("data")


def refused(error: Exception, text: str) -> Exception:
    """Give a refusal of the kind of an error, which may be of a class that says something else."""
    return next(kind for kind in REFUSALS if isinstance(error, kind))(text)


class _Calls(list[Any]):
    """The calls that no backward has answered, and whether one was asked for since the last of them."""

    answered = False


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

    #: The other arguments of the op, which a call gives.
    _inputs: ClassVar[tuple[str, ...]]
    #: Whether some of them are indices.
    _indexed: ClassVar[bool]
    _bound: ClassVar[tuple[str, ...]] = ("_compute", "_holders", "_single", "_learned", "_joint")
    _passing = (*Module._passing, "_calls", *_bound)
    #: For each call that no backward has answered, what its backward needs.
    _calls: _Calls
    #: The forward.
    _compute: Callable[..., Any]
    #: What has the arrays of ``held``.
    _holders: tuple[Parameter | _Held, ...]
    #: Of the inputs in ``wrt`` and of the parameters that have a gradient rule of their own: the rule.
    _single: list[tuple[int, _Rule]]
    _learned: list[tuple[Parameter, _Rule, bool]]
    #: The rules that serve several arguments, and for each of these where its gradient is and goes.
    _joint: list[tuple[_Rule, list[tuple[int, int | Parameter]]]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "op" in vars(cls):  # else it is derived from a class that has all this
            cls._inputs = tuple(name for name in cls.op.arguments if name not in cls.held)
            cls._indexed = any(cls.op.arguments[name].domain == "class" for name in cls._inputs)
            if "forward" not in vars(cls):
                forward = own_forward(cls.forward, cls.__qualname__, cls._inputs)
                cls.forward = forward  # type: ignore[method-assign]  # the same, under its own name
            if "__init__" not in vars(cls):
                cls.__init__ = own(cls.__init__, cls.__qualname__)  # type: ignore[method-assign]  # likewise

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """Compute the op."""
        if keywords or len(inputs) != len(self._inputs):
            inputs = self._named(inputs, keywords)
        for array in inputs:
            if self._indexed or type(array) is not ndarray or array.dtype.kind != "f":
                inputs = self._converted(inputs)
                break
        roles = (*inputs, *map(_DATA, self._holders))
        try:
            output = self._compute(*roles)
        except REFUSALS as error:
            self._refuse(roles, error)
        return self._save(roles, output)

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
        """Compute the op; `forward` has it written out, as a call takes time."""
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
            elif parameter.requires_grad:
                self._add(parameter, rule(grad_output, *roles, output))
        if self._joint or len(self.wrt) != 1:
            return self._answer_jointly(grad_output, call, wanted)
        if not wanted:
            return None
        place, rule = self._single[0]
        gradient, shape = rule(grad_output, *roles, output), roles[place].shape
        return gradient if gradient.shape == shape else self._summed(gradient, shape)

    def _answer_jointly(self, grad_output: Any, call: tuple[Roles, Any], wanted: bool) -> Any:
        """Go backward to several inputs or none, with the rules that serve several arguments."""
        roles, output = call
        found: dict[int, Any] = {}
        for rule, shares in self._joint:
            if not wanted and not any(isinstance(to, Parameter) and to.requires_grad for _, to in shares):
                continue
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
            vars(self)[name] = _Calls()
        elif name in self._bound:
            vars(self).update(zip(self._bound, self._bind(), strict=True))
        elif name in self.held and name not in vars(self)["_parameters"] | vars(self)["_buffers"]:
            return None  # what the op may be without
        else:
            return super().__getattr__(name)
        return vars(self)[name]

    def __setattr__(self, name: str, value: Any) -> None:
        lacking = name in self.held and name not in self._parameters and getattr(self, name) is None
        if lacking and value is not None and not isinstance(value, Parameter):
            self.register_buffer(name, value)
        else:
            super().__setattr__(name, value)
        if name in self.op.options or name in self.held:
            self._unbind()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._unbind()

    def _take_up(self, place: dict[str, Any], name: str, value: Any) -> None:
        super()._take_up(place, name, value)
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
        """Save what a backward needs, and give the output.

        Calls that no backward will answer are let go. In prediction that is all but the last. In training
        it is those that are left when a backward was asked for and then the module is called again:
        backwards answer the latest calls first.
        """
        calls = self._calls
        if calls:
            if calls.answered or not self.training:
                calls.clear()
            else:
                self._keep_small(calls, roles, output)
        calls.answered = False
        calls.append((roles, output))
        return output

    def _keep_small(self, calls: _Calls, roles: Roles, output: Any) -> None:
        """Let the oldest call go when those that wait take too much."""
        arrays = (*roles[:1], *(output if isinstance(output, tuple) else (output,)))
        size = _BESIDES + sum(getattr(array, "nbytes", 0) for array in arrays)
        if len(calls) * size > LIMIT:  # each call is about as large as this one
            self._let_go()

    def _let_go(self) -> None:
        """Let the oldest call go, which no backward has answered; say so the first time."""
        if "_warned" not in vars(self):
            vars(self)["_warned"] = True
            warnings.warn(
                f"{self._said} was called {len(self._calls)} times in training without a backward, which "
                f"keeps more than {LIMIT / 2**20:g} MiB; from now on the oldest call is let go for each new "
                "one. Say model.eval() before predictions",
                ResourceWarning,
                stacklevel=6,
            )
        del self._calls[0]

    def _last_call(self) -> Any:
        """Give the latest call that no backward has answered; it stays until the answer is there."""
        calls = self._calls
        calls.answered = True
        try:
            return calls[-1]
        except IndexError:
            once = (
                "call the module first, once for each backward. The first call after a backward lets go of "
                "those before it that had none: make all calls, and then their backwards, the latest first"
            )
            if not self.training:
                once = "in eval() only the last call is kept; say train() to go back through more than one"
            raise RuntimeError(
                f"{self._said} has no call to go back through: each backward answers one forward; {once}"
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
                f"{self._said} gave an output of shape {output.shape} in its latest call; expected an "
                f"upstream gradient of that shape, got grad_output of shape={array.shape}. A prediction "
                "between a forward and its backward counts as a call: make it after the backward, in eval()"
            )
        return array

    def _named(self, inputs: Roles, keywords: Mapping[str, Any]) -> Roles:
        """Give the inputs in their order where some came by name; refuse too many and too few."""
        names = self._inputs
        given = {**dict(zip(names, inputs, strict=False)), **keywords}
        if len(given) != len(inputs) + len(keywords) or given.keys() != set(names):
            came = f"{len(inputs)} array{'s' * (len(inputs) != 1)}"
            raise TypeError(
                f"{type(self).__name__} takes ({', '.join(names)}); got {' and '.join([came, *keywords])}"
            )
        return tuple(given[name] for name in names)

    def _converted(self, inputs: Iterable[Any]) -> Roles:
        """Make arrays of the inputs, and floats of integers: of the parameters' dtype, or else float64."""
        arrays = [np.asarray(value) for value in inputs]
        held = [holder.data for holder in self._holders if holder.data is not None]
        dtypes = [array.dtype for array in (*arrays, *held) if array.dtype.kind == "f"]
        dtype = dtypes[0] if dtypes else np.dtype(np.float64)
        return tuple(
            self._indices(name, array)
            if argument.domain == "class"
            else array
            if array.dtype.kind == "f"
            else self._floats(name, array, dtype)
            for (name, argument), array in zip(self.op.arguments.items(), arrays, strict=False)
        )

    def _indices(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype.kind not in "iub":
            raise TypeError(f"{self._said} expects whole numbers, indices; got {name} of dtype={array.dtype}")
        return array.astype(np.int64) if array.dtype.kind == "b" else array

    def _floats(self, name: str, array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self._said} expects real numbers; got {name} of dtype={array.dtype}")
        return array.astype(dtype)

    def _refuse(self, roles: Roles, error: Exception) -> NoReturn:
        """Say which arrays do not fit which module; what it has learned is as it was made."""
        learned = {n for n, h in zip(self.held, self._holders, strict=True) if isinstance(h, Parameter)}
        said = ", ".join(
            f"{name} of {role.dtype} {role.shape}"
            for name, role in zip(self.op.arguments, roles, strict=False)
            if role is not None and name not in learned
        )
        raise refused(error, f"{self._said} got {said}: {error}") from error

    @property
    def _said(self) -> str:
        """The module in an error message: its repr, unless that has several lines."""
        return type(self).__name__ if self._children else repr(self)

    def extra_repr(self) -> str:
        """Give the options that differ from call to call, as in PyTorch."""
        inplace = {"inplace": True} if vars(self).get("inplace") else {}
        return ", ".join(f"{name}={value!r}" for name, value in {**self._options(), **inplace}.items())
