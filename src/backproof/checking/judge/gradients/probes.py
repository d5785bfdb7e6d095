"""Structural probes: what can be proven of a backward without knowing what it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees, unit
from backproof.checking.candidate import Case
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.search import gradient_bound, gradient_of
from backproof.ops import Op

__all__ = ["name_by_probe"]

#: So many roundings may tell apart what is the same.
_ROUNDINGS = 16
#: A change of the incoming gradient that takes it into no other branch.
_NEARBY = 1 + 2.0**-20
#: An element of a derivative that is no less of the largest is there.
_FELT = 1e-3
#: What holds along so many random directions holds.
_DIRECTIONS = 3


def name_by_probe(
    exam: Examination, op: Op, argument: str, source: str, part: str, evidence: dict[str, Any]
) -> bool:
    """Name a wrong gradient by what it does when only one of its roles changes.

    A backward is linear in the upstream gradient whatever the forward. One that is not, and does not
    change with the input, or is linear as long as it stays in one branch, has taken its derivative from the
    upstream gradient; one that does not change with the upstream gradient ignores it. Where an element of the
    gradient follows one element of the upstream gradient alone, and the derivative does not, the Jacobian was
    taken to be diagonal; where it is the Jacobian times the upstream gradient, its transpose was forgotten.
    What the probes saw is added to the evidence.
    """
    case = exam.trials[0].case
    other = upstream(np.random.default_rng([exam.seed, 13]), case.upstream.shape)

    def gradient(grad_output: Any, inputs: Any = None) -> NDArray[Any] | None:
        answer = exam.call(Case(inputs or case.inputs, np.asarray(grad_output)))
        exam.cases += 1
        return answer.gradients.get(source, {}).get(argument)

    bound = 4 * gradient_bound(op, case, argument, exam.options, exam.yardstick)
    found = [gradient(g) for g in (case.upstream, other, case.upstream + other)]
    if any(g is None or g.shape != bound.shape or not np.all(np.isfinite(g)) for g in found):
        return False
    first, second, both = (np.asarray(g) for g in found)
    bound = bound + _ROUNDINGS * unit(exam.dtype) * (np.abs(first) + np.abs(second))
    name = ""
    if agrees(first, second, bound) and not agrees(first, np.zeros_like(first), bound):
        name = "upstream-ignored"
    elif not agrees(both, first + second, bound):
        moved = {**case.inputs, argument: np.flip(case.inputs[argument]).copy()}
        still = gradient(case.grad_output, moved)
        evidence["linear"] = False
        evidence["follows_input"] = still is None or not agrees(still, first, bound)
        near = gradient(_NEARBY * case.upstream) if evidence["follows_input"] else None
        if not evidence["follows_input"]:
            name = "upstream-as-input"
        elif near is not None and _is_same(near, _NEARBY * first) and not _is_same(near, first):
            name = "branch"
    elif first.shape == case.upstream.shape and _is_diagonal(exam, op, case, argument, first, gradient):
        name = "diagonal-jacobian"
    elif first.shape == case.upstream.shape and _is_transposed(exam, op, case, argument, first, bound):
        name = "transposed-gradient"
    if name:
        diagnosis = "upstream-as-input" if name == "branch" else name
        exam.add(diagnosis, f"The gradient for {argument} {_SAID[name]}", part, **evidence)
    return bool(name)


#: What completes "The gradient for x …".
_SAID = {
    "upstream-ignored": "does not change when the incoming gradient does: it is not multiplied in. Multiply "
    "the local derivative by it.",
    "upstream-as-input": "is not linear in the incoming gradient, and does not change when only the input "
    "does: the derivative, or its mask, is computed from the incoming gradient. Save the input in the "
    "forward and use it.",
    "branch": "is linear in the incoming gradient only as long as its elements keep on their side of some "
    "value: the incoming gradient decides which branch of the derivative is taken. Save the input in the "
    "forward and decide by it.",
    "diagonal-jacobian": "follows, in each element, one element of the incoming gradient alone; but each "
    "output depends on several elements. Multiply by the whole Jacobian, not by its diagonal.",
    "transposed-gradient": "is the Jacobian times the incoming gradient, where its transpose belongs. Each "
    "input collects from the outputs that it has gone into: what the forward sums from the left is summed "
    "from the right, what it moves one way is moved the other way, and a matrix is transposed.",
}


def _is_same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return bool(np.allclose(one, other, 1e-9, 1e-12))


def _is_diagonal(
    exam: Examination,
    op: Op,
    case: Case,
    argument: str,
    first: NDArray[Any],
    gradient: Callable[[NDArray[Any]], NDArray[Any] | None],
) -> bool:
    """Say whether one upstream element moves one element of the gradient, and more of the derivative.

    Of a sum of all that came before, the last element moves itself alone: others are looked at as well.
    """
    if first.size <= 1:
        return False
    places = dict.fromkeys([int(np.argmax(np.abs(first))), 0, first.size - 1])
    ones = [np.where(np.arange(first.size) == place, 1.0, 0.0).reshape(first.shape) for place in places]
    came = [gradient(alone) for alone in ones]
    if any(got is None or np.any(got[alone == 0]) for got, alone in zip(came, ones, strict=True)):
        return False
    return bool(np.any(came[0])) and any(
        _is_felt_elsewhere(exam, op, case, argument, alone) for alone in ones
    )


def _is_felt_elsewhere(
    exam: Examination, op: Op, case: Case, argument: str, alone: NDArray[np.float64]
) -> bool:
    """Say whether the derivative, too, of one upstream element has others besides that."""
    true = np.abs(gradient_of(op, Case(case.inputs, alone), argument, exam.options))
    return bool(np.all(np.isfinite(true)) and np.any(true[alone == 0] > _FELT * true.max()))


def _is_transposed(
    exam: Examination, op: Op, case: Case, argument: str, first: NDArray[Any], bound: NDArray[Any]
) -> bool:
    """Say whether the gradient is J g, of the Jacobian itself: u · J g is Jᵀu · g for any u."""
    if agrees(first, gradient_of(op, case, argument, exam.options), bound):
        return False  # it goes wrong on another case only
    rng = np.random.default_rng([exam.seed, 19])
    for _ in range(_DIRECTIONS):
        one = upstream(rng, first.shape)
        true = gradient_of(op, Case(case.inputs, one), argument, exam.options)
        slack = float((bound * (np.abs(one) + np.abs(case.upstream))).sum())
        size = float(np.abs(one * first).sum())
        if not slack <= _FELT * size or abs(float((one * first - true * case.upstream).sum())) > slack:
            return False
    return True
