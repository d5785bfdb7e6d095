"""The way in which a candidate is called: the first that gives the reference's output."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import is_single
from backproof.checking.candidate import Candidate, Case, Convention, Raised, Signature
from backproof.checking.cases import upstream
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.preparing.unknown import Skipped
from backproof.checking.mistakes.search import output_of
from backproof.ops import Op

__all__ = ["choose", "conventions_of", "own_options", "present", "signature_of", "with_upstream"]

#: Values that people choose for an option where PyTorch's default is another.
_USUAL = {"negative_slope": (0.1, 0.2, 0.3, 0.05, 0.02, 0.001, 0.25, 0.5)}


def signature_of(op: Op, options: Mapping[str, object], case: Case) -> Signature:
    """Say what is going to be asked for with a case of a reference."""
    shapes = {name: value.shape for name, value in case.inputs.items()}
    return Signature(op.kind, shapes, {**op.options, **options}, op.name)


def present(exam: Examination, case: Case, convention: Convention) -> Case:
    """Bring a case to what a candidate has: no bias, one slope for all, the mask that it draws itself."""
    absent, cut = convention.get("absent", ()), convention.get("cut", {})
    inputs = {name: a for name, a in case.inputs.items() if name not in absent}
    for name, shape in cut.items():
        inputs[name] = inputs[name][tuple(slice(size) for size in shape)]
    for name in convention.get("drawn", ()):
        ones = replace(case, inputs={**inputs, exam.op.first: np.ones_like(inputs[exam.op.first])})
        output = exam.candidate.call(replace(ones, grad_output=None), convention).output
        if output is not None and output.shape == inputs[name].shape:
            inputs[name] = output != 0
    return replace(case, inputs=inputs)


def with_upstream(exam: Examination, case: Case) -> Case:
    """Give the case an upstream gradient of the shape that the candidate's output has."""
    output = exam.call(replace(case, grad_output=None)).output
    if output is None or case.grad_output is None or output.shape == case.grad_output.shape:
        return case
    grad_output = upstream(np.random.default_rng([exam.seed, 19]), output.shape)
    return replace(case, grad_output=grad_output.astype(exam.dtype))


def conventions_of(candidate: Candidate, signature: Signature) -> list[dict[str, Any]]:
    """Give the ways to call a candidate; `Skipped` if there is none."""
    conventions = candidate.conventions(signature)
    if not conventions:
        raise Skipped(f"no way was found to construct and call it: {candidate.obstacle or 'none fits'}")
    return conventions


def choose(exam: Examination, conventions: list[dict[str, Any]], case: Case) -> bool:
    """Choose precision, options and the way of calling: the first that gives the reference's output.

    Where none does, the first that works: with finite outputs, if there is one, and in a layout of the data
    other than PyTorch's if the output then has its shape. Say whether any works.
    """
    working: tuple[str, Convention] | None = None
    raised: list[Raised | None] = []
    best = False, False
    for dtype, convention in itertools.product(("float64", "float32"), conventions):
        exam.dtype, exam.convention = dtype, convention
        fitting = present(exam, case.astype(dtype), convention)
        answer = exam.call(replace(fitting, grad_output=None))
        exam.cases += 1
        if answer.output is None:
            raised.append(answer.raised)
            continue
        if dtype == "float64" and is_single(answer.output):
            continue
        quality = bool(np.all(np.isfinite(answer.output))), _is_laid_out(exam, fitting, answer.output)
        if working is None or (dtype == working[0] and quality > best):
            working, best = (dtype, convention), quality
        if dtype == working[0]:
            for options in _options(exam, convention):
                if _agrees_with(exam, options, fitting, answer.output):
                    exam.options = options
                    return True
        if dtype != working[0]:
            break
    if working is None:
        _refuse(raised)
    exam.dtype, exam.convention = working or ("float64", conventions[0])
    return working is not None


def _is_laid_out(exam: Examination, case: Case, output: NDArray[Any]) -> bool:
    """Say whether an output has the reference's shape because the data are laid out as they are."""
    if "output" not in exam.convention.get("layouts", {}):
        return False
    try:
        return output.shape == output_of(exam.op, case, exam.options).shape
    except (ValueError, TypeError):
        return False  # no case for the op


def _refuse(raised: list[Raised | None]) -> None:
    """Skip what was never written or could not be constructed; what raises is a finding."""
    first = next((r for r in raised if r is not None), None)
    if first is not None and first.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {first.phase}")


def _agrees_with(exam: Examination, options: Mapping[str, object], case: Case, output: Any) -> bool:
    try:
        return forward_agrees(exam, exam.op, options, case, output)
    except (ValueError, TypeError):
        if options == exam.options:
            raise
        return False  # a default of the candidate's own that the op knows nothing of


def _options(exam: Examination, convention: Convention) -> Iterator[dict[str, object]]:
    """Give the options to hold a candidate against: those asked for, its own defaults, the usual ones."""
    given = dict(exam.options)
    yield given
    own = own_options(convention)
    unset = {name: v for name, v in own.items() if v is not None and exam.op.options.get(name) is None}
    for some in (unset, own):
        if some:
            yield {**given, **some}
    for name, values in _USUAL.items():
        if name in exam.op.options and name not in given:
            yield from ({**given, name: value} for value in values)


def own_options(convention: Convention) -> dict[str, object]:
    """Give the values that a candidate itself gives the options which it is not handed."""
    handed = convention.get("options", {})
    return {name: plain(v) for name, v in convention.get("defaults", {}).items() if name not in handed}


def plain(value: object) -> object:
    """Give a value as Python code would write it: what JSON made a list was a tuple."""
    return tuple(value) if isinstance(value, list) else value
