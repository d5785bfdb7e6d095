"""Discipline: inputs left alone, the same call the same result, nothing kept from an earlier call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.bounds import unit
from backproof.checking.candidate import Answer, Case
from backproof.checking.judge.examination import Examination, Trial

__all__ = ["examine_dtypes", "examine_interleaving", "examine_mutation", "examine_narrowing", "examine_state"]


def examine_mutation(exam: Examination) -> None:
    """Find arguments that a call changed in place, and outputs cut off from the graph."""
    changed = sorted({name for t in exam.trials for name in t.answer.mutated})
    if changed:
        part = "backward" if changed == ["grad_output"] else "forward"
        exam.add(
            "mutates-input",
            f"It changes {' and '.join(changed)} in place: the caller's array is not what it was. "
            "Work on a copy, or write the result into a new array.",
            part,
            arguments=changed,
        )
    if any(t.answer.detached for t in exam.trials) and not exam.stands_alone:
        exam.add(
            "detached",
            "The output is cut off from the graph, so that autograd reaches nothing behind it. Do not use "
            ".item(), .data, .detach(), .numpy() or torch.no_grad() on the way from input to output.",
        )


def examine_state(exam: Examination, case: Case) -> None:
    """Call a case, then another of the same shape, and compare with new instances.

    A candidate that fails is called on a new instance each time from then on.
    """
    other = replace(case, inputs=case.turned().inputs)
    exam.call(case, fresh=True)
    after, alone = exam.call(other), exam.call(other, fresh=True)
    exam.cases += 3
    if _same(after, alone):
        return
    exam.fresh = True
    if not _same(exam.call(other), alone):
        exam.add(
            "nondeterministic",
            "The same call on a new instance gives different results, with all seeds fixed.",
        )
        return
    exam.add(
        "stale-state",
        "A call's result depends on the call before it: something saved by an earlier forward is used again. "
        "Save anew in every forward.",
        "backward" if _same_output(after, alone) else "forward",
    )


def examine_interleaving(exam: Examination) -> None:
    """Run a forward on other inputs between forward and backward: what a call saved must still be there.

    A class of one's own saves on the instance, so there the other forward is that of another instance.
    """
    if exam.fresh or any(f.diagnosis == "stale-state" for f in exam.findings):
        return
    case = exam.trials[0].case
    between = exam.candidate.call(case, {**exam.convention, "between": True})
    exam.cases += 1
    if between.raised is not None or _same(between, exam.trials[0].answer):
        return
    exam.add(
        "stale-state",
        "Another forward between forward and backward changes the gradient: what the backward uses is saved "
        "in a place that all calls share. Save it in the context, in a cache that is handed over, or on the "
        "instance.",
        "backward",
    )


def _same_output(a: Answer, b: Answer) -> bool:
    return _equal(a.output, b.output)


def _same(a: Answer, b: Answer) -> bool:
    if not _same_output(a, b) or a.gradients.keys() != b.gradients.keys():
        return False
    return all(
        _equal(gradient, b.gradients[source].get(name))
        for source, gradients in a.gradients.items()
        for name, gradient in gradients.items()
    )


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    if a.shape != b.shape:
        return False
    # The order of a sum may change from call to call; nothing else may.
    slack = 16 * unit(a.dtype) if a.dtype.kind == "f" else 0.0
    return bool(np.allclose(a, b, rtol=slack, atol=slack, equal_nan=True))


def examine_narrowing(exam: Examination) -> None:
    """Find what gives float32 for float64, where it takes that."""
    first = exam.trials[0]
    case = first.case.astype(np.float64)
    answer = first.answer if exam.dtype == "float64" else exam.call(case)
    if answer.raised is None and answer.output is not None and not exam.has_errors():
        examine_dtypes(exam, Trial(case, answer, first.sizes))


def examine_dtypes(exam: Examination, trial: Trial) -> None:
    """Hold the dtypes of a trial against that of its input."""
    wanted = next((a.dtype for a in trial.case.inputs.values() if a.dtype.kind == "f"), None)
    output = trial.answer.output
    if wanted is None or output is None:
        return
    if output.ndim and output.dtype != wanted:
        exam.add(
            "forward-dtype",
            f"A {wanted} input gives a {output.dtype} output.",
            dtype=str(output.dtype),
        )
        return
    for source, gradients in trial.answer.gradients.items():
        for name, gradient in gradients.items():
            if gradient is not None and gradient.ndim and gradient.dtype != wanted:
                exam.add(
                    "gradient-dtype",
                    f"The gradient for {name} is {gradient.dtype} where {name} is {wanted}.",
                    exam.part_of(source),
                    argument=name,
                    source=source,
                    dtype=str(gradient.dtype),
                )
