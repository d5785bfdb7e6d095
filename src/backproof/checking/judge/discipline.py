"""Discipline: inputs left alone, the same call the same result, nothing kept from an earlier call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.bounds import unit
from backproof.checking.candidate import Answer, Case
from backproof.checking.judge.examination import Examination, Trial

__all__ = ["examine_dtypes", "examine_mutation", "examine_state"]


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
    if any(t.answer.detached for t in exam.trials):
        exam.add(
            "detached",
            "The output is cut off from the graph, so that autograd reaches nothing behind it. Do not use "
            ".item(), .data, .detach(), .numpy() or torch.no_grad() on the way from input to output.",
        )


def examine_state(exam: Examination, case: Case) -> None:
    """Call a case, then another of the same shape, and compare with new instances.

    A candidate that fails is called on a new instance each time from then on.
    """
    flipped = {name: np.flip(a).copy() if a.dtype.kind == "f" else a for name, a in case.inputs.items()}
    other = replace(case, inputs=flipped)
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


def examine_dtypes(exam: Examination, trial: Trial) -> None:
    """Hold the dtypes of a float32 trial against float32."""
    wanted = np.dtype("float32")
    output = trial.answer.output
    if output is not None and output.ndim and output.dtype != wanted:
        exam.add(
            "forward-dtype",
            f"A float32 input gives a {output.dtype} output.",
            dtype=str(output.dtype),
        )
        return
    for source, gradients in trial.answer.gradients.items():
        for name, gradient in gradients.items():
            if gradient is not None and gradient.ndim and gradient.dtype != wanted:
                exam.add(
                    "gradient-dtype",
                    f"The gradient for {name} is {gradient.dtype} where {name} is float32.",
                    exam.part_of(source),
                    argument=name,
                    source=source,
                    dtype=str(gradient.dtype),
                )
