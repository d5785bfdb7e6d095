"""Structural probes: what can be proven of a backward without knowing what it should be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import agrees
from backproof.checking.candidate import Case
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination
from backproof.checking.mistakes.search import gradient_bound
from backproof.ops import Op

__all__ = ["name_by_probe"]


def name_by_probe(
    exam: Examination, op: Op, argument: str, source: str, part: str, evidence: dict[str, Any]
) -> bool:
    """Name a wrong gradient by what it does when only one of its roles changes.

    A backward is linear in the upstream gradient whatever the forward. One that is not, and does not
    change with the input, has taken its derivative from the upstream gradient; one that does not
    change with the upstream gradient ignores it. What the probes saw is added to the evidence.
    """
    case = exam.trials[0].case
    rng = np.random.default_rng([exam.seed, 13])
    other = upstream(rng, case.upstream.shape)

    def gradient(grad_output: Any, inputs: Any = None) -> NDArray[Any] | None:
        answer = exam.call(Case(inputs or case.inputs, np.asarray(grad_output)))
        exam.cases += 1
        return answer.gradients.get(source, {}).get(argument)

    bound = 4 * gradient_bound(op, case, argument, exam.options, exam.yardstick)
    found = [gradient(g) for g in (case.upstream, other, case.upstream + other)]
    if any(g is None or g.shape != bound.shape or not np.all(np.isfinite(g)) for g in found):
        return False
    first, second, both = (np.asarray(g) for g in found)
    if agrees(first, second, bound) and not agrees(first, np.zeros_like(first), bound):
        exam.add(
            "upstream-ignored",
            f"The gradient for {argument} does not change when the incoming gradient does: it is not "
            "multiplied in. Multiply the local derivative by it.",
            part,
            **evidence,
        )
        return True
    if agrees(both, first + second, bound):
        return False
    moved = {**case.inputs, argument: np.flip(case.inputs[argument]).copy()}
    still = gradient(case.grad_output, moved)
    evidence["linear"] = False
    evidence["follows_input"] = still is None or not agrees(still, first, bound)
    if evidence["follows_input"]:
        return False
    exam.add(
        "upstream-as-input",
        f"The gradient for {argument} is not linear in the incoming gradient, and does not change when only "
        "the input does: the derivative, or its mask, is computed from the incoming gradient. Save the input "
        "in the forward and use it.",
        part,
        **evidence,
    )
    return True
