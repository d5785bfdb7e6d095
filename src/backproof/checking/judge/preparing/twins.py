"""Losses that bear a loss's name too: of logits, probabilities or logarithms, or by another definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backproof.checking.mistakes.compositions import after
from backproof.checking.mistakes.variants import of_another_form
from backproof.ops import CATALOGUE, Op
from backproof.ops.domain import Argument, Domain

__all__ = ["Twin", "alone", "twins"]

#: What a loss takes, by the domain of its first argument.
_TAKES = {
    "real": "logits",
    "probability": "probabilities",
    "log probability": "log-probabilities",
}
#: What an argument holds where an option says that its logarithm is meant, and where not.
_LOGARITHM: Mapping[Domain, Domain] = {"probability": "log probability", "positive": "real"}


@dataclass(frozen=True)
class Twin:
    """A loss that may be meant by another's name.

    Attributes
    ----------
    says
        What tells it from the other.
    options
        The options by which it is that.
    rules
        Whether its gradient rules are those of its forward.
    """

    op: Op
    says: str
    options: Mapping[str, object] = field(default_factory=dict)
    rules: bool = True


def twins(op: Op, name: str) -> Iterator[Twin]:
    """Give the losses that are the same but for what they take, and those of another definition.

    Probabilities, where the op takes logarithms or logits of several classes, may be meant by any name;
    other logits than PyTorch's, and another definition, are not by PyTorch's own.
    """
    whole = CATALOGUE[op.name].main if op.name in CATALOGUE else op
    if op.arguments[op.first].axes != whole.arguments[whole.first].axes:
        yield from (replace(twin, op=alone(twin.op)) for twin in twins(whole, name))
        return
    for other in _of_other_probabilities(op, name):
        takes, usual = (_TAKES[one.arguments[one.first].domain] for one in (other, op))
        yield Twin(other, f"it takes {takes}, {op.name} takes {usual}")
    yield from _of_logarithms(op)
    for words, other in of_another_form(op) if name != op.name else ():
        yield Twin(other, f"its forward is that of another definition of {op.name}: {words}", rules=False)


def _of_other_probabilities(op: Op, name: str) -> Iterator[Op]:
    for other in [op, *_of_the_same_target(op)]:
        if other is not op and name != op.name:
            yield other
        if other.arguments[other.first].domain == "log probability":
            arguments = {**other.arguments, other.first: _of(other, other.first, "probability")}
            yield after(other, CATALOGUE["log"]).replace(name=op.name, arguments=arguments)


def _of_logarithms(op: Op) -> Iterator[Twin]:
    """Give the op of an argument's logarithm, or of what an argument is usually the logarithm of."""
    for name, argument in op.arguments.items():
        option, is_log = f"log_{name}", op.options.get(f"log_{name}")
        other = {v: k for k, v in _LOGARITHM.items()} if is_log else _LOGARITHM
        if isinstance(is_log, bool) and argument.domain in other:
            arguments = {**op.arguments, name: _of(op, name, other[argument.domain])}
            says = f"it is {op.name} with {option}={not is_log}"
            yield Twin(op.replace(arguments=arguments), says, {option: not is_log})
        elif argument.domain == "positive" and name != "target" and not argument.optional:
            arguments = {**op.arguments, name: _of(op, name, "real")}
            of_log = after(op, CATALOGUE["exp"], name).replace(arguments=arguments)
            yield Twin(of_log, f"it takes the logarithm of {name}, {op.name} takes {name} itself")


def _of(op: Op, name: str, domain: Domain) -> Argument:
    return replace(op.arguments[name], domain=domain)


def alone(op: Op) -> Op:
    """Give an op of one sample: its arguments have no axis for the batch."""
    arguments = {
        name: replace(argument, axes=" ".join(axis for axis in argument.axes.split() if axis != "N"))
        for name, argument in op.arguments.items()
    }
    return op.replace(arguments=arguments)


def _of_the_same_target(op: Op) -> Sequence[Op]:
    """Give the other likelihoods of the same target."""

    def target(one: Op) -> Sequence[object]:
        given = [(n, a) for n, a in one.arguments.items() if not a.optional and n != one.first]
        return [(n, a.domain, a.axes) for n, a in given]

    same = [o.main for o in CATALOGUE.values() if o.kind == "loss" and o.likelihood and o.name != op.name]
    return [o for o in same if op.likelihood and target(o) == target(op)]
