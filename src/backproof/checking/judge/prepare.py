"""Preparation: how a candidate is called, in which precision, and on which cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Convention, Description, Raised, Signature
from backproof.checking.cases import SIZES, draw, ordinary_cases, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.own import own_op
from backproof.checking.mistakes.search import output_of
from backproof.checking.references import OpReference, suggest, words
from backproof.ops import CATALOGUE, Op
from backproof.ops.domain import Argument, Domain

__all__ = ["Skipped", "own_arguments", "prepare"]

#: Values that people choose for an option where PyTorch's default is another.
_USUAL = {"negative_slope": (0.1, 0.2, 0.3, 0.05, 0.02, 0.001, 0.25, 0.5)}


class Skipped(Exception):
    """There was nothing to judge, or no way to; the message says why."""


def prepare(
    candidate: Candidate,
    reference: OpReference | None,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
) -> Examination:
    """Find a way to call a candidate, and put the ordinary cases, or the user's inputs, to it.

    Raises
    ------
    Skipped
        If there is no such way.
    """
    if reference is None:
        return _prepare_own(candidate, seed, inputs, own_arguments(candidate.description))
    op, options = reference.op, dict(reference.options)
    if inputs is None:
        cases = list(ordinary_cases(op, seed, options))
        sizes = [{a: s[a] for argument in op.arguments.values() for a in argument.letters} for s in SIZES]
    else:
        cases, sizes = [_users_case(op, inputs, options, seed)], [{}]
    signature = Signature(
        op.kind,
        {name: value.shape for name, value in cases[0].inputs.items()},
        {**op.options, **options},
        op.name,
    )
    conventions = _conventions(candidate, signature)
    exam = Examination(
        candidate=candidate,
        seed=seed,
        op=op,
        options=options,
        promised=_promised(candidate, op, asked),
        exact=reference.exact,
    )
    _choose(exam, conventions, cases[0])
    if not asked and _takes_probabilities(exam, cases[0]):
        return _prepare_probabilities(candidate, op, seed)
    cases = [_present(case.astype(exam.dtype), exam.convention) for case in cases]
    examine_state(exam, _with_upstream(exam, cases[0]))
    for case, size in zip(cases, sizes, strict=True):
        fitting = _with_upstream(exam, case)
        exam.trials.append(Trial(fitting, exam.call(fitting), size))
    exam.cases += len(cases)
    return exam


def _present(case: Case, convention: Convention) -> Case:
    """Leave out the arguments that a candidate does not have, such as the bias of a layer without."""
    absent = convention.get("absent", ())
    return replace(case, inputs={name: a for name, a in case.inputs.items() if name not in absent})


def _with_upstream(exam: Examination, case: Case) -> Case:
    """Give the case an upstream gradient of the shape that the candidate's output has."""
    output = exam.call(replace(case, grad_output=None)).output
    if output is None or case.grad_output is None or output.shape == case.grad_output.shape:
        return case
    grad_output = upstream(np.random.default_rng([exam.seed, 19]), output.shape)
    return replace(case, grad_output=grad_output.astype(exam.dtype))


def _conventions(candidate: Candidate, signature: Signature) -> list[dict[str, Any]]:
    conventions = candidate.conventions(signature)
    if not conventions:
        raise Skipped(f"no way was found to construct and call it: {candidate.obstacle or 'none fits'}")
    return conventions


def _users_case(op: Op, inputs: Mapping[str, NDArray[Any]], options: Mapping[str, object], seed: int) -> Case:
    """Make a case of the user's inputs; what is left out is drawn, its sizes taken from them."""
    unknown = [name for name in inputs if name not in op.arguments]
    if unknown:
        raise Skipped(f"{op.name} takes {', '.join(op.arguments)}; inputs has {', '.join(unknown)} besides")
    rng = np.random.default_rng([seed, 3])
    sizes = dict(SIZES[0])
    for name, value in inputs.items():
        axes = op.arguments[name].letters
        if len(axes) == value.ndim:
            sizes |= dict(zip(axes, value.shape, strict=True))
    like = inputs.get(op.first)
    values = {}
    for name, argument in op.arguments.items():
        elementwise = like is not None and argument.axes == op.arguments[op.first].axes
        shape = like.shape if like is not None and elementwise else argument.shape(sizes)
        values[name] = (
            _as_domain(inputs[name], argument.domain)
            if name in inputs
            else draw(rng, argument.domain, shape, sizes)
        )
    case = Case(values)
    return replace(case, grad_output=upstream(rng, output_of(op, case, options).shape))


def _as_domain(value: NDArray[Any], domain: Domain) -> NDArray[Any]:
    """Make integers floating, except class indices."""
    return value if domain == "class" or value.dtype.kind == "f" else value.astype(float)


def _promised(candidate: Candidate, op: Op, asked: bool) -> bool:
    """Say whether the reference's reduction is promised: by ``like``, an argument, or the name."""
    description = candidate.description
    name = set(words(description.name)) & {"mse", "mae", "mean", "average", "avg"}
    return asked or bool(description.promised) or bool(name) or description.name == op.name


def _choose(exam: Examination, conventions: list[dict[str, Any]], case: Case) -> None:
    """Choose precision, options and the way of calling: the first that gives the reference's output.

    Where none does, the first that works, then the first at all.
    """
    working: tuple[str, Convention] | None = None
    raised: list[Raised | None] = []
    for dtype, convention in itertools.product(("float64", "float32"), conventions):
        exam.dtype, exam.convention = dtype, convention
        fitting = _present(case.astype(dtype), convention)
        answer = exam.call(replace(fitting, grad_output=None))
        exam.cases += 1
        if answer.output is None:
            raised.append(answer.raised)
            continue
        if dtype == "float64" and answer.output.dtype == np.float32:
            continue
        if working is None:
            working = (dtype, convention)
        if dtype == working[0]:
            for options in _options(exam):
                if forward_agrees(exam, exam.op, options, fitting, answer.output):
                    exam.options = options
                    return
        if dtype != working[0]:
            break
    if working is None:
        working = ("float64", conventions[0])
        _refuse(raised)
    exam.dtype, exam.convention = working


def _refuse(raised: list[Raised | None]) -> None:
    """Skip what was never written or could not be constructed; what raises is a finding."""
    first = next((r for r in raised if r is not None), None)
    if first is not None and first.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {first.phase}")


def _options(exam: Examination) -> Iterator[dict[str, object]]:
    given = dict(exam.options)
    yield given
    for name, values in _USUAL.items():
        if name in exam.op.options and name not in given:
            yield from ({**given, name: value} for value in values)


#: What a candidate without a reference may take, in turn: the first that gives finite outputs.
_INPUTS: tuple[tuple[Domain, str], ...] = (
    ("real", "N D"),
    ("probability", "N D"),
    ("real", "N"),
    ("real", "N D C O"),
)
_TARGETS: tuple[Domain, ...] = ("real", "binary", "class")


def _takes_probabilities(exam: Examination, case: Case) -> bool:
    """Say whether a cross-entropy wants the probabilities that the reference makes of logits."""
    first = exam.op.arguments[exam.op.first]
    if (
        exam.op.kind != "loss"
        or exam.op.likelihood == 0
        or first.domain != "real"
        or "C" not in first.letters
    ):
        return False
    expected = output_of(exam.op, case, exam.options)
    probabilities = output_of(CATALOGUE["Softmax"], Case({"input": case.inputs["input"]}), {})
    given = replace(case, inputs={**case.inputs, "input": probabilities}, grad_output=None)
    got = [exam.call(c.astype(exam.dtype)).output for c in (given, replace(case, grad_output=None))]
    exam.cases += len(got)
    near = [g is not None and g.shape == expected.shape and np.allclose(g, expected, 1e-3) for g in got]
    return near == [True, False]


def _prepare_probabilities(candidate: Candidate, op: Op, seed: int) -> Examination:
    """Prepare a cross-entropy of probabilities: its own forward is the judge."""
    given = {name: argument for name, argument in op.arguments.items() if not argument.optional}
    arguments = {**given, "input": Argument("probability", op.arguments["input"].axes)}
    exam = _prepare_own(candidate, seed, None, iter([arguments]), op.name)
    exam.remarks = [f"it takes probabilities, {op.name} takes logits: judged by its own forward"]
    return exam


def _prepare_own(
    candidate: Candidate,
    seed: int,
    inputs: Mapping[str, NDArray[Any]] | None,
    attempts: Iterator[dict[str, Argument]],
    meant: str | None = None,
) -> Examination:
    """Prepare a candidate without a reference: find inputs it takes, make its own forward the op."""
    description = candidate.description
    kind = description.kind if description.kind in ("activation", "loss", "layer") else "elementary"
    reasons = []
    for arguments in attempts:
        shapes = {name: a.shape(SIZES[0]) for name, a in arguments.items()}
        for convention in candidate.conventions(Signature(kind, shapes, {}, meant)):
            op = own_op(candidate, convention, arguments, kind, description.name)
            exam = Examination(
                candidate=candidate, seed=seed, op=op, options={}, own=True, convention=convention
            )
            if description.kind in ("layer", "model"):
                exam.remarks.append("no reference is known: judged for its input, not for its parameters")
            hint = "" if meant else suggest(description.name)
            if hint:
                exam.remarks.append(f"if it is meant to be {hint}, say --like {description.name}={hint}")
            reason = _try_own(exam, convention, inputs)
            if not reason:
                return exam
            reasons.append(reason)
        reasons += [candidate.obstacle] if not reasons and candidate.obstacle else []
        if inputs:
            break
    raise Skipped(
        f"no reference of that name is known, and its forward could not be called "
        f"({reasons[0] if reasons else 'no way was found'}); say what it is with --like NAME=REF"
    )


def own_arguments(description: Description) -> Iterator[dict[str, Argument]]:
    """Give the arguments that a candidate without a reference may take."""
    two = description.kind == "loss" or len(description.arguments) == len(("input", "target"))
    for domain, axes in _INPUTS:
        for target in _TARGETS if two else (None,):
            arguments = {"input": Argument(domain, axes)}
            if target is not None:
                arguments["target"] = Argument(target, "N" if target == "class" else axes)
            yield arguments


def _try_own(exam: Examination, convention: Convention, inputs: Mapping[str, NDArray[Any]] | None) -> str:
    """Run the ordinary cases; give the reason if it cannot be called so."""
    for index, (sizes, reach) in enumerate(zip(SIZES, (1.0, 2.0, 3.0), strict=True)):
        rng = np.random.default_rng([exam.seed, index])
        suggested = convention.get("shapes", {})
        values = dict(inputs or {})
        for name, a in () if inputs else exam.op.arguments.items():
            values[name] = draw(rng, a.domain, tuple(suggested.get(name, a.shape(sizes))), sizes, reach)
        answer = exam.call(Case(values).astype(exam.dtype))
        if answer.output is None and index == 0:
            exam.dtype = "float32"
            answer = exam.call(Case(values).astype(exam.dtype))
        if answer.output is None or not np.all(np.isfinite(answer.output)):
            exam.trials.clear()
            if answer.raised:
                return f"{answer.raised.type}: {answer.raised.message}"
            return "it returned nothing" if answer.output is None else "its output is not finite"
        if answer.output.dtype == np.float32:
            exam.dtype = "float32"
        case = Case(values, upstream(rng, answer.output.shape)).astype(exam.dtype)
        if index == 0:
            examine_state(exam, case)
        exam.trials.append(Trial(case, exam.call(case), {}))
        exam.cases += 1
        if inputs:
            break
    return ""
