"""The candidate's own forward as a function, and as an op to judge it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Convention
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.mistake import Observation
from backproof.checking.oracles import differentiate
from backproof.ops import Op
from backproof.ops.domain import Argument

__all__ = ["NoOutput", "own_op", "own_outputs", "within_budget"]

#: So many elements are differentiated in the search for what explains the gradients of a candidate.
_BUDGET = 500


class NoOutput(ValueError):
    """The candidate's forward gave nothing to differentiate."""


def own_outputs(exam: Examination, case: Case) -> Callable[[Sequence[NDArray[Any]]], NDArray[Any]]:
    """Give the candidate's forward as a function of the arrays of a case."""
    return _forward(exam.candidate, exam.convention, tuple(case.inputs))


def _forward(
    candidate: Candidate, convention: Convention, names: tuple[str, ...]
) -> Callable[[Sequence[NDArray[Any]]], NDArray[Any]]:
    def forward(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        answer = candidate.call(Case(dict(zip(names, arrays, strict=True))), convention)
        if answer.output is None:
            reason = (
                f"{answer.raised.type}: {answer.raised.message}" if answer.raised else "it returned nothing"
            )
            raise NoOutput(reason)
        return answer.output

    return forward


def own_op(
    candidate: Candidate, convention: Convention, arguments: Mapping[str, Argument], kind: Any, name: str
) -> Op:
    """Make an op of a candidate's forward; its gradient rules are finite differences.

    With it, what is known of no reference is judged by the same steps, and the same mistakes
    are planted.
    """
    names = tuple(arguments)
    forward = _forward(candidate, convention, names)
    # The same gradient is asked for by each mistake that is tried; it costs many forwards.
    known: dict[tuple[bytes, ...], NDArray[Any]] = {}

    def rule_for(index: int) -> Callable[..., Any]:
        def rule(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            arrays = [np.asarray(a) for a in roles[: len(names)]]
            key = (bytes([index]), *(a.tobytes() for a in (*arrays, np.asarray(grad_output))))
            if key not in known:
                dtype = str(arrays[index].dtype)
                known[key] = differentiate(forward, arrays, index, np.asarray(grad_output), dtype)
            return known[key]

        return rule

    return Op(
        name=name,
        kind=kind,
        forward=lambda xp, *inputs, **options: forward([np.asarray(i) for i in inputs]),
        arguments=arguments,
        options={},
        rules={n: rule_for(i) for i, n in enumerate(names) if arguments[n].domain not in ("class", "mask")},
    )


def within_budget(exam: Examination, op: Op, argument: str, seen: Sequence[Observation]) -> Op:
    """Give an own op that is differentiated anew, for each mistake in it, as long as there is time."""
    place = list(op.arguments).index(argument)
    known = {(place, _key(o.case.upstream, *o.case.inputs.values())) for o in seen}

    def limited(rule: Callable[..., Any], index: int) -> Callable[..., Any]:
        def counted(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            key = index, _key(grad_output, *roles[:-1])
            if key not in known:
                exam.differentiated += np.asarray(roles[index]).size
                if exam.differentiated > _BUDGET:
                    raise ValueError("no more mistakes are tried: it takes too long")
                known.add(key)
            return rule(xp, grad_output, *roles, **options)

        return counted

    return op.replace(rules={n: limited(rule, list(op.arguments).index(n)) for n, rule in op.rules.items()})


def _key(*arrays: Any) -> bytes:
    return b"".join(np.asarray(array).tobytes() for array in arrays)
