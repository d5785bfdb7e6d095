"""Mistakes that make another function of an op: a softmax before it, other axes, another op's formula."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.options import with_options
from backproof.checking.mistakes.substitutions import takes_statistics
from backproof.ops import CATALOGUE, Op

__all__ = ["after", "other_axes", "other_functions", "softmax_before", "swapped"]

_Options = Mapping[str, object]
#: What reduces an axis, in the namespace.
_REDUCES = frozenset({"sum", "mean", "max", "min"})


def softmax_before(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Let the op see probabilities where it makes its own: the softmax, or the sigmoid, twice."""
    for before, what in _further_probabilities(op):
        taken = _TAKEN[op.arguments[op.first].domain]
        yield Planted(
            "softmax-twice",
            after(op, before),
            f"is what comes out where the {what} has been applied before: {op.name} {taken}, or leave one "
            f"{what} out",
        )


#: What a likelihood takes, by the domain of its first argument.
_TAKEN = {
    "real": "takes logits and applies it itself. Hand the logits over",
    "probability": "takes probabilities. Hand them over as they are",
    "log probability": "takes logarithms of probabilities. Hand them over as they are",
}


def _further_probabilities(op: Op) -> Iterator[tuple[Op, str]]:
    """Give what may wrongly stand before an op that takes logits, probabilities or their logarithms."""
    domain = op.arguments[op.first].domain
    if op.kind not in ("activation", "loss") or domain not in _TAKEN:
        return
    makes = _makes_probabilities(op)
    if domain == "log probability" and makes == "Softmax":
        yield after(with_options(CATALOGUE["LogSoftmax"], {"dim": -1}), CATALOGUE["exp"]), "softmax"
    elif makes == "Sigmoid":
        yield CATALOGUE["Sigmoid"], "sigmoid"
    elif makes == "Softmax":
        yield from ((with_options(CATALOGUE["Softmax"], {"dim": axis}), "softmax") for axis in (-1, 0))


def _makes_probabilities(op: Op) -> str | None:
    """Name the function by which an op makes probabilities of its input."""
    if "C" in op.arguments[op.first].letters:
        return "Softmax" if op.likelihood or op.kind == "activation" else None
    # Of numbers that stand for themselves: the logits of the binary cross-entropy.
    return "Sigmoid" if op.likelihood and op.kind == "loss" else None


def after(op: Op, before: Op, argument: str | None = None) -> Op:
    """Compose an op with an activation of one argument, the first if none is named."""
    chosen = argument or op.first
    index = list(op.arguments).index(chosen)

    def between(xp: Any, inputs: Sequence[Any]) -> list[Any]:
        return [_run(xp, before, value) if i == index else value for i, value in enumerate(inputs)]

    def forward(xp: Any, *inputs: Any, **options: object) -> Any:
        return op.forward(xp, *between(xp, inputs), **options)

    def through(rule: Callable[..., Any], name: str) -> Callable[..., Any]:
        def composed(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, output = roles
            seen = between(xp, inputs)
            gradient = rule(xp, grad_output, *seen, output, **options)
            if name != chosen:
                return gradient
            return before.gradients(xp, gradient, (inputs[index],), seen[index])[before.first]

        return composed

    return op.replace(forward=forward, rules={name: through(rule, name) for name, rule in op.rules.items()})


def _run(xp: Any, op: Op, value: Any) -> Any:
    return op.evaluate(xp, (value,)).values


class _OtherAxes:
    """A namespace whose reductions of one axis, those of some names, are of another."""

    def __init__(self, xp: Any, axis: int | None, names: Container[str]) -> None:
        self._xp, self._axis, self._names = xp, axis, names
        self.met: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._xp, name)
        self.met.add(name)
        if name not in self._names:
            return function

        def reduced(array: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
            if axis is None or not keepdims or array.ndim < 2:  # there is no other axis
                return function(array, axis=axis, keepdims=keepdims)
            return function(array, axis=self._axis, keepdims=True)

        return reduced


def other_axes(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Take what the op normalizes by over another axis, or over all elements together."""
    if op.kind == "elementary":
        return

    def moved(function: Callable[..., Any], axis: int | None, names: Container[str]) -> Callable[..., Any]:
        return lambda xp, *roles, **known: function(_OtherAxes(xp, axis, names), *roles, **known)

    both = {"max", "sum"} <= _reductions_of(op, options, seen)
    for names in (_REDUCES, frozenset({"sum"})) if both else (_REDUCES,):
        for axis in (None, 0, 1, -1, -2):
            where = "all elements together" if axis is None else f"axis {axis}"
            what = "is taken" if names is _REDUCES else "has its sum taken"
            rules = {name: moved(rule, axis, names) for name, rule in op.rules.items()}
            yield Planted(
                "wrong-axis",
                op.replace(forward=moved(op.forward, axis, names), rules=rules),
                f"{what} over {where}, where another axis is expected: check axis and keepdims of its sums "
                "and maxima",
                {"axis": axis},
                rules=op.kind == "activation" and names is _REDUCES,
            )


def _reductions_of(op: Op, options: _Options, seen: Sequence[Observation]) -> Set[str]:
    """Give the names of the reductions that an op's forward asks its namespace for."""
    if not seen:
        return frozenset()
    asked = _OtherAxes(np, None, frozenset())
    known = {**op.options, **options}
    known.pop("reduction", None)
    with np.errstate(all="ignore"):
        op.forward(asked, *op.roles(seen[0].case.inputs), **known)
    return asked.met & _REDUCES


def other_functions(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Let the op be another of the catalogue that takes the same arguments."""
    given = [name for name, a in op.arguments.items() if not a.optional]
    for other in (found.main for found in CATALOGUE.values()):
        taken = [name for name, a in other.arguments.items() if not a.optional]
        if other.name == op.name or other.kind != op.kind or taken != given:
            continue
        if any(len(other.arguments[n].letters) != len(op.arguments[n].letters) for n in taken):
            continue
        for meant in _settings(other):
            yield _confused(op, other, meant, len(taken), options)


def _settings(op: Op) -> Iterator[Mapping[str, object]]:
    """Give the options that an op is meant to have by one of its names, each once."""
    yielded: list[Mapping[str, object]] = []
    for known in ({}, *op.aliases.values()):
        plain = {name: value for name, value in known.items() if name != "reduction"}
        if plain not in yielded:
            yielded.append(plain)
    yield from yielded


def _confused(op: Op, other: Op, meant: Mapping[str, object], count: int, options: _Options) -> Planted:
    known = {**other.options, **meant}
    known.pop("reduction", None)
    between = len(op.arguments) - count

    def forward(xp: Any, *inputs: Any, **_: object) -> Any:
        return other.forward(xp, *inputs[:count], **known)

    def of(rule: Callable[..., Any]) -> Callable[..., Any]:
        def confused(xp: Any, grad_output: Any, *roles: Any, **_: object) -> Any:
            further = [None] * (len(other.arguments) - count)
            return rule(xp, grad_output, *roles[:count], *further, roles[count + between], **known)

        return confused

    rules = {name: of(rule) for name, rule in other.rules.items() if name in op.rules}
    statistics = takes_statistics(op, options) and takes_statistics(other, {})
    named = f" ({', '.join(f'{n}={v!r}' for n, v in meant.items())})" if meant else ""
    says = f"is that of {other.name}{named}, where that of {op.name} is expected"
    if statistics:
        says += ": the statistics are taken over other axes"
    return Planted(
        "wrong-axis" if statistics else "forward-value",
        op.replace(forward=forward, rules=rules, counts=other.counts),
        says,
        {"function": other.name},
    )


def swapped(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Exchange the gradients of two arguments, each as it comes after broadcasting's sum."""
    names = [n for n, a in op.arguments.items() if n in op.rules and not a.optional and a.domain != "class"]
    for one, other in itertools.combinations(names, 2):
        yield Planted(
            "gradients-swapped",
            _exchanged(op, one, other),
            f"is that of the other argument: those of {one} and {other} are exchanged",
            {"arguments": [one, other]},
        )


def _exchanged(op: Op, one: str, other: str) -> Op:
    right = op.broadcasting
    index = list(op.arguments).index

    def finished(name: str) -> Callable[..., Any]:
        rule = op.rules[name]

        def summed(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            gradient = rule(xp, grad_output, *roles, **options)
            return right.gradient(xp, gradient, roles[index(name)].shape)

        return summed

    exchange = {one: other, other: one}
    rules = {name: finished(exchange.get(name, name)) for name in op.rules}
    return op.replace(rules=rules, broadcasting=type(right)(lambda xp, gradient, shape: np.asarray(gradient)))
