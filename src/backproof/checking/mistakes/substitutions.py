"""Mistakes inside a rule or a forward, of every op: a factor or a term is left out, a sign turned around.

They are not written down op by op. The rule is run on arrays that note its operations
(`backproof.checking.mistakes.tracing`), and each operation done in another way is a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from backproof.checking.candidate import Case
from backproof.checking.cases import ordinary_cases
from backproof.checking.mistakes.mistake import Observation, Planted
from backproof.checking.mistakes.quantities import equals
from backproof.checking.mistakes.tracing import Change, Operation, Recorder, changes, plain
from backproof.ops import Op

__all__ = ["forward_changes", "operation_names", "rule_changes", "single_exchanges", "takes_statistics"]

_Options = Mapping[str, object]

#: How operations are called for people.
_WORDS = {
    "negative": "minus",
    "square": "square",
    "sqrt": "root",
    "minimum": "minimum",
    "maximum": "maximum",
    "clip": "clamp",
}


def rule_changes(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant every change in the gradient rule of the argument that was seen, or of all."""
    arguments = [o.argument for o in seen[:1] if o.argument] or list(op.rules)
    case = seen[0].case if seen else next(ordinary_cases(op, 0, options))
    known = {**op.options, **options}
    known.pop("reduction", None)
    for argument in arguments:
        if argument not in case.inputs or case.inputs[argument].dtype.kind != "f":
            continue
        rule = op.rules[argument]
        recorder = Recorder()
        with np.errstate(all="ignore"):
            roles = op.roles(case.inputs)
            values = op.evaluate(np, roles, **options).values
            upstream = case.upstream if op.reduction is None else np.ones_like(values)
            right = _traced(rule, recorder, upstream, (*roles, values), known)
        unsummed: list[Any] = []
        for change in changes(recorder.operations):
            changed = _changed_rule(rule, change)
            with np.errstate(all="ignore"):
                result = changed(np, upstream, *roles, values, **known)
            if any(np.allclose(result, other, 1e-9, 1e-12) for other in unsummed):
                continue  # a factor inside a sum, without which the sum is 0
            unsummed += [result] if change.form == "zero" else []
            outer = _is_factor(right, result, change)
            diagnosis, says = _named(op, options, case, argument, change, outer=outer)
            yield Planted(diagnosis, op.replace(rules={**op.rules, argument: changed}), says)
            if outer:
                # A factor that is lost takes the minus with it that may stand before it.
                negative = {**op.rules, argument: _negated(changed)}
                minus = says.replace("the chain rule: ", "the chain rule: −", 1)
                yield Planted(diagnosis, op.replace(rules=negative), minus)


def single_exchanges(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant x for f(x), and f(x) for x, in one place alone of a rule that has it in several."""
    if op.kind not in ("activation", "elementary") or op.first not in op.rules:
        return
    case = seen[0].case if seen else next(ordinary_cases(op, 0, options))
    rule, roles, known = op.rules[op.first], op.roles(case.inputs), {**op.options, **options}
    recorder = Recorder()
    with np.errstate(all="ignore"):
        values = op.evaluate(np, roles, **options).values
        _traced(rule, recorder, case.upstream, (*roles, values), known)
    for diagnosis, says, right in (
        (
            "input-for-output",
            "has x in one place of the derivative where f(x) belongs. Save the output too",
            -1,
        ),
        (
            "output-for-input",
            "has f(x) in one place of the derivative where x belongs. Save the input too",
            0,
        ),
    ):
        sought = (*roles, values)[right]
        places = [
            (place, index)
            for place, operation in enumerate(recorder.operations)
            for index, operand in enumerate(operation.operands)
            if isinstance(operand, np.ndarray) and np.array_equal(operand, sought)
        ]
        for place in places if len(places) > 1 else ():
            exchanged = _exchanged_rule(rule, place, -1 - right)
            yield Planted(diagnosis, op.replace(rules={**op.rules, op.first: exchanged}), says)


def _exchanged_rule(rule: Callable[..., Any], where: tuple[int, int], wrong: int) -> Callable[..., Any]:
    """Give a rule in which an operand of one operation is another role: the first input, or the output."""

    def changed(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
        def exchange(place: int, operands: tuple[Any, ...]) -> tuple[Any, ...]:
            if place != where[0]:
                return operands
            return (*operands[: where[1]], roles[wrong], *operands[where[1] + 1 :])

        with np.errstate(all="ignore"):
            return _traced(rule, Recorder(exchange=exchange), grad_output, roles, options)

    return changed


def _is_factor(right: Any, changed: Any, change: Change) -> bool:
    """Say whether what is left out is a factor of the whole gradient, wherever it stands in the rule."""
    if change.lost is None or change.operation.name != "multiply" or change.operation.carries[change.lost]:
        return False
    lost = np.asarray(change.operation.operands[change.lost])
    if lost.size > 1 and lost.shape != right.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(changed * lost, right, 1e-9, 1e-12) and not np.allclose(changed, right))


def _negated(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *roles, **options: -rule(*roles, **options)


def _traced(
    rule: Callable[..., Any], recorder: Recorder, upstream: Any, roles: Sequence[Any], options: _Options
) -> Any:
    given = recorder.give(upstream, upstream=True)
    return plain(rule(np, given, *(recorder.give(role) for role in roles), **options))


def _changed_rule(rule: Callable[..., Any], change: Change) -> Callable[..., Any]:
    def changed(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
        with np.errstate(all="ignore"):
            return _traced(rule, Recorder(change), grad_output, roles, options)

    return changed


def _named(
    op: Op, options: _Options, case: Case, argument: str, change: Change, *, outer: bool
) -> tuple[str, str]:
    """Name a change in a gradient rule, and say what it is; ``outer`` is a factor of all of it."""
    operation = change.operation
    if change.form == "zero":
        return _sum_left_out(op, options, argument, change)
    if operation.name in ("multiply", "divide", "true_divide") and change.lost is not None:
        kept = 1 - change.lost
        if operation.carries[change.lost] and not operation.carries[kept]:
            return "upstream-ignored", (
                "has a place where the incoming gradient is not multiplied in. Multiply it in"
            )
        what = "factor" if operation.name == "multiply" else "divisor"
        text = equals(operation.operands[change.lost], op, case, options)
        if outer or (operation.carries[kept] and not operation.carries[change.lost]):
            return "inner-derivative-missing", (
                f"lacks a {what} of the chain rule{': ' + text if text else ''}. "
                "Each step from the output back to the input multiplies its own derivative in"
            )
        return "gradient-value", f"is what comes out where {_of(what, text)} is left out of the derivative"
    return "gradient-value", _says(op, options, case, change, "derivative")


def _of(what: str, text: str) -> str:
    return f"the {what} {text}" if text else f"a {what}"


def _sum_left_out(op: Op, options: _Options, argument: str, change: Change) -> tuple[str, str]:
    if argument == op.first and takes_statistics(op, options):
        which = "the statistics are" if len(change.places) > 1 else "one of the statistics is"
        return "statistics-constant", (
            f"is what comes out where {which} held constant: they depend on every value that they are "
            "taken over, so that each of them moves all outputs. Add the terms of the chain rule that go "
            "through them"
        )
    if op.kind == "activation":
        return "diagonal-jacobian", (
            "lacks the sum over the outputs: each output also depends on the other inputs. "
            "Use the full vector-Jacobian product"
        )
    return "gradient-value", "lacks a sum that the derivative has"


def takes_statistics(op: Op, options: _Options) -> bool:
    """Say whether the forward divides by statistics: a mean and a root of values of its input."""
    return op.kind == "layer" and {"mean", "sqrt"} <= operation_names(op, options)


def operation_names(op: Op, options: _Options) -> Set[str]:
    """Give the names of what an op does in its forward."""
    return {o.name for o in _forward_operations(op, next(ordinary_cases(op, 0, options)), options)}


def _forward_operations(op: Op, case: Case, options: _Options) -> list[Operation]:
    recorder = Recorder()
    known = {**op.options, **options}
    known.pop("reduction", None)
    with np.errstate(all="ignore"):
        op.forward(np, *(recorder.give(role) for role in op.roles(case.inputs)), **known)
    return recorder.operations


def forward_changes(op: Op, options: _Options, seen: Sequence[Observation]) -> Iterator[Planted]:
    """Plant every change in the forward; nobody has derived what its gradient then is."""
    case = seen[0].case if seen else next(ordinary_cases(op, 0, options))
    for change in changes(_forward_operations(op, case, options)):
        wrong = op.replace(forward=_changed_forward(op.forward, change))
        says = _says(op, options, case, change, "formula")
        yield Planted("forward-value", wrong, says, rules=False)


def _changed_forward(forward: Callable[..., Any], change: Change) -> Callable[..., Any]:
    def changed(xp: Any, *inputs: Any, **options: object) -> Any:
        recorder = Recorder(change)
        with np.errstate(all="ignore"):
            return plain(forward(np, *(recorder.give(role) for role in inputs), **options))

    return changed


def _says(op: Op, options: _Options, case: Case, change: Change, of: str) -> str:
    """Say what is done in another way in a derivative or a formula."""
    name, begin = change.operation.name, "is what comes out where"
    if change.lost is not None:
        lost = equals(change.operation.operands[change.lost], op, case, options)
        what = {"multiply": "factor", "add": "term", "subtract": "term"}.get(name, "divisor")
        return f"{begin} {_of(what, lost)} is left out of the {of}"
    if change.form == "turned around":
        what = "a difference" if name == "subtract" else "a comparison"
        return f"{begin} {what} in the {of} is the wrong way round"
    if change.form in ("added", "subtracted"):
        right, wrong = ("+", "−") if name == "add" else ("−", "+")
        return f"{begin} a {wrong} stands in the {of} where a {right} belongs"
    return f"{begin} a {_WORDS.get(name, name)} is left out of the {of}"
