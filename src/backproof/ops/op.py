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

An op with several outputs gives a tuple and names them (``outputs``); its rules then see a tuple of
upstream gradients and one of outputs. Of a loss the first is what is reduced; others are there for its
rules alone. A rule that serves several arguments, because they share work, is registered for all of
them and gives a tuple. A rule that does not look at all inputs and outputs may say which (``needs``), so
that no others are kept for it. A forward or a rule that can write into a result buffer takes ``out``
besides.

Two things stand outside the rules, once for all ops: the reduction of a loss
(`backproof.ops.reduction`) and the sum over broadcast axes (`backproof.ops.broadcasting`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from backproof._typing import Array, Namespace
from backproof.ops.broadcasting import BROADCASTING, Broadcasting
from backproof.ops.domain import Argument
from backproof.ops.reduction import Reduction, samples
from backproof.ops.rule import BUFFER, Rule, Share, signature, take, written

__all__ = ["Autocast", "Evaluation", "Kind", "Op"]

Kind = Literal["activation", "loss", "layer", "elementary"]
Autocast = Literal[
    "inputs", "product", "sum", "loss", "probability", "widest", "state", "normalization", "batch statistics"
]


class Evaluation(NamedTuple):
    """What comes of a forward: the output, and all that the rules see of it.

    ``values`` is what the forward gave, of an op with several outputs the tuple of them. ``output`` is the
    same, except of a loss: there it is the first, reduced.
    """

    output: Array
    values: Array


@dataclass(frozen=True, eq=False)  # one definition each: no two are the same
class Op:
    """A pure forward with a hand-derived gradient rule for each differentiable argument.

    Attributes
    ----------
    name
        PyTorch's name: capitalized, as in ``torch.nn``, where it is a module, else that of its function.
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
    needs
        For an argument, those inputs and outputs, by name, that its rule looks at; for one that is not
        in it these are all.
    aliases
        Other words for the op, lower case, with the options that they mean: ``{"l2": {}}`` for the
        mean squared error.
    kinks
        For an argument, the values at which the op has no derivative: a number, or the name of the
        argument or option that it then equals, with a ``-`` before it where it is the negative.
    likelihood
        The factor that makes the forward's value a log-likelihood: ``-1`` for a cross-entropy,
        ``1`` for a log-softmax, ``0`` for what is none. ``exp(likelihood * value)`` is then a
        probability.
    elementwise
        Whether an element of the output depends on the inputs' elements at its place alone. Then a
        rule, fed a tangent in place of the upstream gradient, gives the forward-mode derivative.
    outputs
        The names of the outputs; the forward gives a tuple where there are several. Of a loss the
        further ones are not part of the result: what was computed on the way, for the rules.
    constant
        Those of the outputs that have no gradient: indices, statistics.
    counts
        For a loss, ``counts(xp, *inputs, **options)`` says what each value counts in the mean, where
        that is not one each; it gives ``None`` where it is.
    autocast
        What decides the dtype that PyTorch's automatic mixed precision computes the op in: a word of
        the table in `backproof.torch.nn.autocast`.
    """

    name: str
    kind: Kind
    forward: Callable[..., Array]
    arguments: Mapping[str, Argument]
    options: Mapping[str, object]
    rules: dict[str, Rule] = field(default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    kinks: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    likelihood: int = 0
    elementwise: bool = False
    outputs: tuple[str, ...] = ("output",)
    constant: tuple[str, ...] = ()
    counts: Callable[..., Array | None] | None = None
    autocast: Autocast = "inputs"
    reduction: Reduction | None = None
    broadcasting: Broadcasting = BROADCASTING

    @property
    def room(self) -> str:
        """Where PyTorch has what bears the name: modules are in ``torch.nn``, functions elsewhere.

        Of what has no module there, and is neither activation nor loss, none is made.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> [CATALOGUE[name].room for name in ("Linear", "scaled_dot_product_attention", "matmul")]
        ['torch.nn', 'torch.nn.functional', 'torch']
        """
        if self.kind == "elementary":
            return "torch"
        return "torch.nn" if self.name[0].isupper() else "torch.nn.functional"

    @property
    def first(self) -> str:
        """The name of the first argument, which mostly is ``input``."""
        return next(iter(self.arguments))

    def roles(self, inputs: Mapping[str, Array]) -> tuple[Array | None, ...]:
        """Bring inputs into the order of the arguments; ``None`` stands for what is left out.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> CATALOGUE["Linear"].roles({"weight": 2.0, "input": 1.0})
        (1.0, 2.0, None)
        """
        return tuple(inputs.get(name) for name in self.arguments)

    @property
    def kept(self) -> frozenset[str]:
        """Which inputs and outputs some rule looks at: what is kept from the forward to the backward.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> sorted(CATALOGUE["Linear"].kept)
        ['input', 'weight']
        """
        everything = (*self.arguments, *self.outputs)
        return frozenset(name for argument in self.rules for name in self.needs.get(argument, everything))

    def rule(self, *arguments: str, needs: Sequence[str] | None = None) -> Callable[[Rule], Rule]:
        """Register the decorated function as the gradient rule for the arguments.

        A rule for one argument gives its gradient, a rule for several a tuple in their order. ``needs``
        names the inputs and outputs that it looks at, by default all; where it is called in a backward
        pass, ``None`` stands in the place of any other.

        Raises
        ------
        TypeError
            If the op has no such argument, input or output, an argument has a rule already, or the rule
            does not take the roles ``(xp, grad_output, *arguments, output, *, **options)``.
        """
        for name in needs or ():
            self._require("needs", name, (*self.arguments, *self.outputs))
        for argument in arguments:
            self._require("argument", argument, self.arguments)
            if argument in self.rules:
                raise TypeError(
                    f"{self.name} takes one gradient rule an argument; got a second for argument={argument!r}"
                )

        def register(rule: Rule) -> Rule:
            roles = ["xp", "grad_output", *self.arguments, "output"]
            options = [name for name in self.options if name != "reduction"]
            positional, keyword = signature(rule)
            if (positional, [name for name in keyword if name != BUFFER]) != (roles, options):
                raise TypeError(
                    f"the gradient rule of {self.name} for {', '.join(map(repr, arguments))} takes "
                    f"{written(roles, options)}; got rule={written(positional, keyword)}"
                )
            shares = [Share(rule, index) for index in range(len(arguments))] if arguments[1:] else [rule]
            self.rules.update(zip(arguments, shares, strict=True))
            if needs is not None:
                self.needs.update(dict.fromkeys(arguments, tuple(needs)))
            return rule

        return register

    def calls(self, wanted: Iterable[str]) -> Iterator[tuple[Rule, tuple[str, ...], tuple[int, ...] | None]]:
        """Give the rules to call for the arguments, each once, with the arguments that it serves.

        The last part says which elements of the tuple a shared rule gives belong to them; it is
        ``None`` for a rule that serves one argument.
        """
        shared: dict[Callable[..., tuple[Array, ...]], list[tuple[str, int]]] = {}
        for name in wanted:
            rule = self.rules[name]
            if isinstance(rule, Share):
                shared.setdefault(rule.rule, []).append((name, rule.index))
            else:
                yield rule, (name,), None
        for joint, parts in shared.items():
            yield joint, tuple(name for name, _ in parts), tuple(index for _, index in parts)

    def evaluate(self, xp: Namespace, inputs: Sequence[Array], **options: object) -> Evaluation:
        """Compute the output, and what it was reduced from.

        Raises
        ------
        TypeError
            If the op has no such option.
        ValueError
            If the loss has no such reduction.

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
        if self.reduction is None:
            return Evaluation(values, values)
        count = self.counting(how)
        counts = count(xp, *inputs, **known) if count else None
        return Evaluation(self.reduction.forward(xp, self._reduced(values), how, counts), values)

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
        integers has none. Of an op with several outputs, but for a loss, ``grad_output`` is a tuple of an
        upstream gradient for each; ``None`` stands for zeros.

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
            count = self.counting(how)
            counts = count(xp, *inputs, **known) if count else None
            grad_output = self.reduction.gradient(xp, grad_output, self._reduced(values), how, counts)
            if self.outputs[1:]:
                grad_output = (grad_output, *[None] * len(self.outputs[1:]))
        elif len(self.outputs) > 1:
            grad_output = tuple(
                xp.zeros_like(value) if upstream is None and name not in self.constant else upstream
                for name, upstream, value in zip(self.outputs, grad_output, values, strict=True)
            )
        wanted = tuple(self.arguments if wrt is None else wrt)
        for name in wanted:
            self._require("wrt", name, self.arguments)
        # An optional argument that was left out is None, so that the roles after it keep their places.
        roles = (*inputs, *[None] * (len(self.arguments) - len(inputs)))
        given = {
            name: argument
            for name, argument in zip(self.arguments, roles, strict=True)
            if name in wanted and name in self.rules and argument is not None
            if xp.isdtype(argument.dtype, "real floating")
        }
        found = {}
        for rule, names, shares in self.calls(given):
            result = rule(xp, grad_output, *roles, values, **known)
            for name, gradient in zip(names, take(result, shares), strict=True):
                found[name] = self.broadcasting.gradient(xp, gradient, given[name].shape)
        return {name: found[name] for name in given}

    def place(self, kink: float | str, inputs: Mapping[str, Array], options: Mapping[str, object]) -> Any:
        """Give the value that a kink stands for.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> CATALOGUE["L1Loss"].place("target", {"target": 3.0}, {})
        3.0
        """
        if not isinstance(kink, str):
            return kink
        name = kink.removeprefix("-")
        value: Any = {**self.options, **options, **inputs}[name]
        return value if name == kink else -value

    @functools.cached_property
    def main(self) -> Op:
        """The op of the first output alone; an op with one output is that itself.

        Examples
        --------
        >>> from backproof.ops import CATALOGUE
        >>> CATALOGUE["Tanh"].main is CATALOGUE["Tanh"]
        True
        """
        if not self.outputs[1:]:
            return self

        def forward(xp: Namespace, *inputs: Array, **options: object) -> Array:
            return self.forward(xp, *inputs, **options)[0]

        def alone(rule: Rule) -> Rule:
            def of_main(xp: Namespace, grad_output: Array, *roles: Array, **options: object) -> Array:
                *inputs, _ = roles
                outputs = self.forward(xp, *inputs, **options)
                upstreams = (grad_output, *(xp.zeros_like(output) for output in outputs[1:]))
                return rule(xp, upstreams, *inputs, outputs, **options)

            return of_main

        rules = {name: alone(rule) for name, rule in self.rules.items()}
        return self.replace(forward=forward, rules=rules, outputs=self.outputs[:1], constant=())

    def counting(self, how: str) -> Callable[..., Any] | None:
        """Give the function of the inputs that the reduction gets as ``counts``; ``None`` if there is none.

        Examples
        --------
        >>> import numpy as np
        >>> from backproof.ops import CATALOGUE
        >>> CATALOGUE["KLDivLoss"].counting("batchmean")(np, np.zeros((1, 3)), np.ones((4, 3)))
        array([1.])
        >>> CATALOGUE["MSELoss"].counting("mean") is None
        True
        """
        return samples if how == "batchmean" else self.counts if how == "mean" else None

    def _reduced(self, values: Any) -> Array:
        """Give what the reduction of a loss is of."""
        return values[0] if self.outputs[1:] else values

    def _split(self, options: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        """Take the reduction, which is the op's, from the options of the forward and the rules."""
        for name in options:
            self._require("option", name, self.options)
        known: dict[str, Any] = {**self.options, **options}
        how = known.pop("reduction", "none")
        if self.reduction:
            self.reduction.require(how)
        return how, known

    def _require(self, what: str, name: str, names: Iterable[str]) -> None:
        if name not in names:
            of = {"option": "options", "needs": "arguments and outputs"}.get(what, "arguments")
            raise TypeError(f"{self.name} has the {of} {', '.join(names) or 'none'}; got {what}={name!r}")

    def replace(self, **changes: Any) -> Op:
        """Copy the op with some of its parts exchanged: how a mistake is planted.

        A rule that is exchanged for another may look at everything.
        """
        if "rules" in changes:
            same = [name for name in self.needs if changes["rules"].get(name) is self.rules[name]]
            changes.setdefault("needs", {name: self.needs[name] for name in same})
        return dataclasses.replace(self, **changes)
