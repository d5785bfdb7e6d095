"""Which op of the catalogue a candidate's numbers are, where its name does not say, or says it roughly."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Description
from backproof.checking.cases import ordinary_cases
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.forward import explained_by, forward_agrees
from backproof.checking.judge.preparing.convention import own_options, signature_of
from backproof.checking.mistakes.compositions import softmax_before
from backproof.checking.mistakes.search import output_of
from backproof.checking.references import OpReference, guess, suggest
from backproof.ops import CATALOGUE, Op

__all__ = ["alike", "is_close", "is_meant", "likely"]

#: How near two outputs are for which it pays to ask how near.
_NEAR = 1e-3
#: By how much of itself an output may be off that may be meant to be another.
_CLOSE = 0.1
#: How many times further from 0 they are compared besides.
_FAR = 16.0
#: Rows of the table that show what a forward is meant to be: the same function, but for these.
_UNMISTAKABLE = frozenset(
    (
        "reduction",
        "wrong-axis",
        "epsilon-bias",
        "softmax-twice",
        "another epsilon",
        "another option",
        "epsilon-bias besides",
    )
)
#: Those that show it of a loss by its numbers alone.
_NEARLY = _UNMISTAKABLE & {"epsilon-bias"}


def likely(candidate: Candidate, own: Examination | None, seed: int) -> Iterator[tuple[OpReference, bool]]:
    """Give the references whose numbers a candidate has, and first the one that its name hints at.

    With each whether it is that. ``own`` is the candidate judged by its own forward, if it can be.
    """
    description = candidate.description
    meant = guess(suggest(description.name)) if suggest(description.name) else None
    hinted = meant.op if isinstance(meant, OpReference) and meant.kind != "elementary" else None
    kinds = _kinds_of(description, own)
    if hinted is not None and _could_be(hinted, description, kinds):
        yield OpReference(hinted.main, {}), True
    for op in sorted((one.main for one in CATALOGUE.values()), key=lambda one: one.kind == "elementary"):
        if op is hinted or op.kind not in kinds or not _could_be(op, description, kinds):
            continue
        found = alike(candidate, op, seed) if op.kind == "loss" else _same(op, own)
        if found is not None:
            yield found, False
        elif op.kind == "loss" and (found := _of_probabilities_again(candidate, op, seed)) is not None:
            yield found, True


def _of_probabilities_again(candidate: Candidate, op: Op, seed: int) -> OpReference | None:
    """Find a loss that makes probabilities twice: there is no other loss that it could be."""
    for planted in softmax_before(op, {}, ()):
        found = alike(candidate, planted.op, seed)
        if found is not None:
            return OpReference(op, found.options)
    return None


#: Of which kinds an op may be for a candidate of a kind.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "activation": ("activation", "elementary"),
    "function": ("activation", "elementary"),
    "loss": ("loss",),
}


def _kinds_of(description: Description, own: Examination | None) -> Container[str]:
    """Give of which kinds an op may be: what makes one number of two arguments may be a loss."""
    kinds = _KINDS.get(description.kind, ())
    outputs = [] if own is None else [trial.answer.output for trial in own.trials]
    number = outputs and all(output is not None and not output.ndim for output in outputs)
    return (*kinds, "loss") if description.kind == "function" and number else kinds


def _could_be(op: Op, description: Description, kinds: Container[str]) -> bool:
    given = [name for name, argument in op.arguments.items() if not argument.optional]
    fits = op.kind in kinds or op.kind == description.kind
    return fits and (op.kind == "layer" or len(given) == len(description.arguments))


def _same(op: Op, own: Examination | None) -> OpReference | None:
    """Say whether an op of one array gives what the candidate gave for it."""
    required = [name for name, argument in op.arguments.items() if not argument.optional]
    if own is None or len(own.op.arguments) != 1 or required != [op.first]:
        return None
    trial = own.trials[0]
    case = Case({op.first: trial.case.inputs[own.op.first]})
    if _is_near(trial.answer.output, case.inputs[op.first]):
        return None  # of the identity there are many, and none is meant
    if op.arguments[op.first].axes == "2N 2D" or not _is_near(trial.answer.output, _evaluated(op, case, {})):
        return None
    return OpReference(op, {})


def alike(
    candidate: Candidate, op: Op, seed: int, options: Mapping[str, object] | None = None
) -> OpReference | None:
    """Find the reduction of an op whose output a candidate nearly gives on one case.

    Options have the values that the candidate gives them itself, where it has them.
    """
    case, fixed = next(ordinary_cases(op, seed, options or {})), dict(options or {})
    if op.arguments[op.first].domain == "probability":
        case = _distributed(op, case)
    for convention in candidate.conventions(signature_of(op, fixed, case)):
        got = candidate.call(replace(case, grad_output=None), convention).output
        for how in op.reduction.ways if op.reduction and got is not None else ():
            known = {**own_options(convention), **fixed, "reduction": how}
            if _is_near(got, _evaluated(op, case, known)):
                return OpReference(op, {**fixed, "reduction": how})
    return None


def _distributed(op: Op, case: Case) -> Case:
    """Make the probabilities of a row sum to one, as some losses do themselves."""
    shares = {
        name: value / value.sum(axis=-1, keepdims=True)
        for name, value in case.inputs.items()
        if op.arguments[name].domain == "probability"
    }
    return replace(case, inputs={**case.inputs, **shares})


def _evaluated(op: Op, case: Case, options: Mapping[str, object]) -> NDArray[Any] | None:
    try:
        return output_of(op, case, options)
    except (ValueError, IndexError, TypeError):
        return None  # it has no meaning for these shapes


def _is_near(got: NDArray[Any] | None, expected: NDArray[Any] | None) -> bool:
    if got is None or expected is None or got.shape != expected.shape:
        return False
    return bool(np.all(np.isfinite(expected)) and np.allclose(got, expected, _NEAR, _NEAR))


def is_meant(exam: Examination, *, hinted: bool) -> bool:
    """Say whether the reference's forward is the candidate's on every case.

    Of one that is ``hinted`` at it may be another form, which shows what it is meant to be; of a loss it may
    have an epsilon in it.
    """
    if exam.own or any(t.answer.output is None for t in exam.trials):
        return False
    if _agrees_throughout(exam):
        return hinted or _agrees_far(exam)
    rows = _UNMISTAKABLE if hinted else _NEARLY
    found = explained_by(exam, rows) if exam.op.kind == "loss" or (hinted and exam.op.kind != "layer") else []
    option = found[0].option if found else None
    if option in exam.op.options and found[0].diagnosis == "forward-value":
        exam.options = {**exam.options, str(option): found[0].evidence["value"]}
        return _agrees_throughout(exam)
    return bool(found)


def is_close(exam: Examination) -> bool:
    """Say whether the outputs are at least nearly the reference's: another function by a slip of the pen."""
    for trial in exam.trials:
        got, expected = trial.answer.output, _evaluated(exam.op, trial.case, exam.options)
        if got is None or expected is None or got.shape != expected.shape:
            return False
        if not np.linalg.norm(got - expected) <= _CLOSE * np.linalg.norm(expected):
            return False
    return bool(exam.trials)


def _agrees_throughout(exam: Examination) -> bool:
    return all(forward_agrees(exam, exam.op, exam.options, t.case, t.answer.output) for t in exam.trials)


def _agrees_far(exam: Examination) -> bool:
    """Say whether it is so far from 0, too, where a forward is finite: other functions part there."""
    case = exam.trials[0].case
    if exam.op.kind == "loss" or exam.domain is not None:
        return True
    far = Case({**case.inputs, exam.op.first: _FAR * case.inputs[exam.op.first]}).astype(exam.dtype)
    got, expected = exam.call(far).output, output_of(exam.op, far, exam.options)
    exam.cases += 1
    if got is None or got.shape != expected.shape:
        return True
    both = np.isfinite(got) & np.isfinite(expected)
    return bool(np.allclose(got[both], expected[both], _NEAR, _NEAR))
