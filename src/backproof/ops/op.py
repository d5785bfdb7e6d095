"""What an op is: a pure forward and, beside it, one gradient rule for each argument.

An op is written as a function of arrays with a decorator, its gradient rules below it::

    @op("Tanh", kind="activation", arguments={"input": Argument(REAL, "N D")})
    def tanh(xp, input):
        return xp.tanh(input)

    @tanh.rule("input")
    def _(xp, grad_output, input, output):
        return grad_output * (1 - output * output)

A gradient rule sees its *roles* and nothing else: the namespace ``xp``, the upstream gradient
``grad_output``, then the inputs, the output and the options. Because the roles are explicit, a
mistake is a substitution in a rule, and the checker can plant it in any op.

Two things stand outside the rules, once for all ops: the reduction of a loss
(`backproof.ops.reduction`) and the sum over broadcast axes (`backproof.ops.broadcasting`).
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from backproof._typing import Array, Namespace
from backproof.ops.broadcasting import BROADCASTING, Broadcasting
from backproof.ops.domain import Argument
from backproof.ops.reduction import REDUCTION, Reduction

__all__ = ["CATALOGUE", "Evaluation", "Kind", "Op", "Rule", "op"]

Kind = Literal["activation", "loss", "layer", "elementary"]
#: ``rule(xp, grad_output, *inputs, output, **options)`` is the gradient for one of the inputs.
Rule = Callable[..., Array]


class Evaluation(NamedTuple):
    """What a forward gives: the output, and the values before a loss was reduced."""

    output: Array
    values: Array


@dataclass(frozen=True)
class Op:
    """A pure forward with a hand-derived gradient rule for each differentiable argument.

    Attributes
    ----------
    name
        PyTorch's name, as in ``torch.nn``.
    kind
        ``activation``, ``loss``, ``layer`` or ``elementary``.
    forward
        ``forward(xp, *inputs, **options)``; for a loss the value of each element, not reduced.
    arguments
        What each input may be, in the order of the forward.
    options
        The forward's keyword options with PyTorch's defaults; a loss has ``reduction`` besides.
    rules
        For each differentiable argument its gradient rule.
    aliases
        Other words for the op, lower case, with the options that they mean: ``{"l2": {}}`` for the
        mean squared error.
    kinks
        For an argument, the values at which the op has no derivative: a number, or the name of the
        argument that it then equals.
    likelihood
        The factor that makes the forward's value a log-likelihood: ``-1`` for a cross-entropy,
        ``1`` for a log-softmax, ``0`` for what is none. ``exp(likelihood * value)`` is then a
        probability.
    """

    name: str
    kind: Kind
    forward: Callable[..., Array]
    arguments: Mapping[str, Argument]
    options: Mapping[str, object]
    rules: dict[str, Rule] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    kinks: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    likelihood: int = 0
    reduction: Reduction | None = None
    broadcasting: Broadcasting = BROADCASTING

    def rule(self, argument: str) -> Callable[[Rule], Rule]:
        """Register the decorated function as the gradient rule for ``argument``.

        Raises
        ------
        TypeError
            If the op has no such argument, the argument has a rule already, or the rule does not take
            the roles ``(xp, grad_output, *arguments, output, *, **options)``.
        """
        self._require("argument", argument, self.arguments)
        if argument in self.rules:
            raise TypeError(
                f"{self.name} takes one gradient rule an argument; got a second for argument={argument!r}"
            )

        def register(rule: Rule) -> Rule:
            roles = ["xp", "grad_output", *self.arguments, "output"]
            options = [name for name in self.options if name != "reduction"]
            if _signature(rule) != (roles, options):
                raise TypeError(
                    f"the gradient rule of {self.name} for {argument!r} takes {_written(roles, options)}; "
                    f"got rule={_written(*_signature(rule))}"
                )
            self.rules[argument] = rule
            return rule

        return register

    def evaluate(self, xp: Namespace, inputs: Sequence[Array], **options: object) -> Evaluation:
        """Compute the output, and the values that it was reduced from.

        Raises
        ------
        TypeError
            If the op has no such option.

        Examples
        --------
        >>> import numpy as np
        >>> from backproof.ops import CATALOGUE
        >>> evaluation = CATALOGUE["MSELoss"].evaluate(np, (np.array([1.0, 2.0]), np.array([3.0, 5.0])))
        >>> float(evaluation.output), evaluation.values.tolist()
        (6.5, [4.0, 9.0])
        """
        how, known = self._split(options)
        values = self.forward(xp, *inputs, **known)
        output = self.reduction.forward(xp, values, how) if self.reduction else values
        return Evaluation(output, values)

    def gradients(
        self,
        xp: Namespace,
        grad_output: Array,
        inputs: Sequence[Array],
        values: Array | None = None,
        wrt: Iterable[str] | None = None,
        **options: object,
    ) -> dict[str, Array]:
        """Compute the gradient for each argument in ``wrt`` (default: all that have a rule).

        ``values`` are those of `evaluate`, computed again where they are not given. Each gradient
        has the shape of its argument. An argument that is ``None``, left out at the end or holds
        integers has none.

        Raises
        ------
        TypeError
            If the op has no such option or argument.

        Examples
        --------
        >>> import numpy as np
        >>> from backproof.ops import CATALOGUE
        >>> CATALOGUE["ReLU"].gradients(np, np.array([5.0, 7.0]), (np.array([-1.0, 2.0]),))
        {'input': array([0., 7.])}
        """
        if values is None:
            values = self.evaluate(xp, inputs, **options).values
        how, known = self._split(options)
        if self.reduction:
            grad_output = self.reduction.gradient(xp, grad_output, values, how)
        wanted = tuple(self.arguments if wrt is None else wrt)
        for name in wanted:
            self._require("wrt", name, self.arguments)
        # An optional argument that was left out is None, so that the roles after it keep their places.
        roles = (*inputs, *[None] * (len(self.arguments) - len(inputs)))
        gradients = {}
        for name, argument in zip(self.arguments, roles, strict=True):
            if name not in wanted or name not in self.rules or argument is None:
                continue
            if xp.isdtype(argument.dtype, "real floating"):
                gradient = self.rules[name](xp, grad_output, *roles, values, **known)
                gradients[name] = self.broadcasting.gradient(xp, gradient, argument.shape)
        return gradients

    def _split(self, options: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        """Take the reduction, which is the op's, from the options of the forward and the rules."""
        for name in options:
            self._require("option", name, self.options)
        known: dict[str, Any] = {**self.options, **options}
        return known.pop("reduction", "none"), known

    def _require(self, what: str, name: str, names: Iterable[str]) -> None:
        if name not in names:
            of = "options" if what == "option" else "arguments"
            raise TypeError(f"{self.name} has the {of} {', '.join(names) or 'none'}; got {what}={name!r}")

    def replace(self, **changes: object) -> Op:
        """Copy the op with some of its parts exchanged: how a mistake is planted."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]  # names are checked by dataclasses


def _signature(function: Callable[..., Array]) -> tuple[list[str], list[str]]:
    """Give the names of a function's positional parameters, and of those that go by keyword only."""
    parameters = inspect.signature(function).parameters
    keyword = [name for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return [name for name in parameters if name not in keyword], keyword


def _written(positional: Sequence[str], keyword: Sequence[str]) -> str:
    return f"({', '.join([*positional, *(['*', *keyword] if keyword else [])])})"


#: Every op by its name.
CATALOGUE: dict[str, Op] = {}


def op(
    name: str,
    *,
    kind: Kind,
    arguments: Mapping[str, Argument],
    aliases: Mapping[str, Mapping[str, object]] | None = None,
    kinks: Mapping[str, tuple[float | str, ...]] | None = None,
    likelihood: int = 0,
) -> Callable[[Callable[..., Array]], Op]:
    """Make an op of a forward and put it into the catalogue.

    Raises
    ------
    TypeError
        If the name is taken, or the forward's signature is not ``(xp, *arguments, *, **options)``.
    """
    if name in CATALOGUE:
        raise TypeError(f"an op's name is its own in the catalogue; got name={name!r}, which is taken")

    def make(forward: Callable[..., Array]) -> Op:
        positional, keyword = _signature(forward)
        if positional != ["xp", *arguments]:
            raise TypeError(
                f"the forward of {name} takes {_written(['xp', *arguments], keyword)}; "
                f"got forward={_written(positional, keyword)}"
            )
        parameters = inspect.signature(forward).parameters
        options: dict[str, object] = {option: parameters[option].default for option in keyword}
        if kind == "loss":
            options["reduction"] = "mean"
        made = Op(
            name=name,
            kind=kind,
            forward=forward,
            arguments=arguments,
            options=options,
            aliases=aliases or {},
            kinks=kinks or {},
            likelihood=likelihood,
            reduction=REDUCTION if kind == "loss" else None,
        )
        object.__setattr__(made, "__doc__", forward.__doc__)
        CATALOGUE[name] = made
        return made

    return make
