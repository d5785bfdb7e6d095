"""Whether a reference is what a candidate can be held against."""

from __future__ import annotations

import numpy as np

from backproof.checking.judge.examination import Examination
from backproof.checking.judge.forward import explained_by, forward_agrees
from backproof.checking.judge.preparing.bounded import bounded
from backproof.checking.references import OpReference

__all__ = ["is_understood"]

#: Components of which there are many kinds: their gates, parameters, scores and axes are laid out by no rule.
_MANIFOLD = frozenset(
    (
        *("LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention", "scaled_dot_product_attention"),
        *("Dropout", "Embedding", "reshape", "transpose", "indexing", "broadcast_to"),
    )
)
#: Exceptions that have nothing to do with how a candidate is called.
_ITS_OWN = frozenset({"NameError", "UnboundLocalError", "AttributeError", "ImportError", "RecursionError"})


def is_understood(exam: Examination, reference: OpReference, asked: bool) -> bool:
    """Say whether the reference is what a candidate can be held against: it runs, and is of its kind."""
    if asked or not exam.trials:
        return True
    first = exam.trials[0]
    raised = first.answer.raised
    if first.answer.output is None and raised is not None:
        product = reference.kind == "elementary" and len(first.case.inputs) > 1  # of numbers, or of matrices
        several = product or reference.op.name in _MANIFOLD
        certain = (reference.kind != "layer" and not several) or raised.type in _ITS_OWN
        return certain or raised.phase not in ("construct", "forward")
    if _takes_something_else(exam):
        return False
    if reference.op.name not in _MANIFOLD:
        return True
    if forward_agrees(exam, exam.op, exam.options, first.case, first.answer.output):
        return True
    whole = all(trial.answer.output is not None for trial in exam.trials)
    told = exam.convention.get("scaled") and not exam.convention.get("random")
    return bool(whole and (told or explained_by(exam, {"wrong-axis of what an op normalizes by"})))


def _takes_something_else(exam: Examination) -> bool:
    """Say whether a loss has no value for these inputs, or takes them for probabilities, each for itself."""
    op, trial = exam.op, exam.trials[0]
    output, first = trial.answer.output, op.arguments[op.first]
    if op.likelihood and output is not None and np.any(np.isnan(output)):
        return True
    of_logits = op.kind == "loss" and first.domain == "real" and "C" in first.letters
    shaped = output is not None and output.shape == trial.case.inputs[op.first].shape
    return of_logits and shaped and trial.answer.raised is None and op.first in bounded(exam)
