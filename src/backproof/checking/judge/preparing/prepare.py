"""Preparation: how a candidate is called, in which precision, and on which cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case
from backproof.checking.cases import EVEN, SIZES, SQUARE, draw, ordinary_cases, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.preparing.columns import in_columns
from backproof.checking.judge.preparing.convention import (
    choose,
    conventions_of,
    present,
    signature_of,
    with_upstream,
)
from backproof.checking.judge.preparing.gates import in_other_order
from backproof.checking.judge.preparing.likeness import alike, is_close, is_meant, likely
from backproof.checking.judge.preparing.twins import Twin, alone, twins
from backproof.checking.judge.preparing.understanding import is_understood
from backproof.checking.judge.preparing.unknown import Skipped, own_arguments, prepare_own
from backproof.checking.mistakes.search import output_of
from backproof.checking.references import OpReference, words
from backproof.ops import Op
from backproof.ops.domain import Domain

__all__ = ["Skipped", "own_arguments", "prepare"]


def prepare(
    candidate: Candidate,
    reference: OpReference | None,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None = None,
) -> Examination:
    """Find a way to call a candidate, and put the ordinary cases, or the user's inputs, to it.

    Raises
    ------
    Skipped
        If there is no such way.
    """
    unreal = [name for name, value in (inputs or {}).items() if value.dtype.kind == "c"]
    if unreal:
        raise Skipped(
            f"inputs holds complex numbers ({', '.join(unreal)}): only real functions are judged; give real "
            "and imaginary parts as arrays of their own"
        )
    if reference is None:
        if asked or inputs is not None:
            return prepare_own(candidate, seed, inputs, domain=domain)
        return _prepare_unnamed(candidate, seed, domain)
    try:
        exam = _prepare_like(candidate, reference, seed, asked, inputs, domain)
    except Skipped as skipped:
        if asked or inputs or "not implemented" in str(skipped):
            raise
        return _instead(candidate, reference, seed, domain, skipped)
    if inputs is None:
        exam = in_columns(_of_one_sample(exam, reference, asked))
    if is_understood(exam, reference, asked or inputs is not None):
        return exam
    try:
        return _instead(candidate, reference, seed, domain, Skipped("it runs only in a way of its own"))
    except Skipped:
        raised = exam.trials[0].answer.raised
        if raised is None or reference.kind == "elementary":
            return in_other_order(exam) or exam
        raise Skipped(
            f"it was called as {reference.op.name} is, with inputs of the shapes "
            f"{_shapes(exam.trials[0].case)}, and raised {raised.type}: {raised.message}; say what it is "
            f"with --like {candidate.description.name}=REF, or a comment '# backproof: like=REF'"
        ) from None


def _of_one_sample(exam: Examination, reference: OpReference, asked: bool) -> Examination:
    """Prepare without a batch, where with one the candidate fails and without one never raises."""
    fails = any(t.answer.raised is not None or _is_outer(exam.op, t) for t in exam.trials)
    if not fails or exam.op.kind == "elementary" or "N" not in exam.op.arguments[exam.op.first].axes:
        return exam
    rows = [{**sizes, "N": 1} for sizes in SIZES]
    ways = (("without an axis for the batch", alone(reference.op), SIZES), ("in a row", reference.op, rows))
    for how, op, every in ways:
        try:
            single = replace(reference, op=op)
            other = _prepare_like(exam.candidate, single, exam.seed, asked, None, exam.domain, every)
        except (Skipped, ValueError):  # nor is there such a case: the op itself needs a batch
            continue
        if other.trials and all(t.answer.raised is None for t in other.trials):
            other.remarks.append(f"it takes one sample at a time: judged {how}")
            return other
    return exam


def _is_outer(op: Op, trial: Trial) -> bool:
    """Say whether a gradient is an outer product of whole batches: it has more than one for each sample."""
    samples = trial.case.inputs[op.first].shape[:1]
    return any(
        gradient is not None and gradient.size > np.prod(samples) * trial.case.inputs[name].size
        for gradients in trial.answer.gradients.values()
        for name, gradient in gradients.items()
    )


def _prepare_unnamed(candidate: Candidate, seed: int, domain: tuple[float, float] | None) -> Examination:
    """Prepare what no reference is known of by its name: with the one whose numbers it has, or by itself."""
    own, skipped = None, Skipped("")
    try:
        own = prepare_own(candidate, seed, None, domain=domain)
    except Skipped as error:
        skipped = error
    if own is not None and (own.findings or own.trials[0].answer.output is None):
        return own  # of what changes from call to call, or always fails, the numbers say nothing
    for reference, hinted in likely(candidate, own, seed):
        try:
            exam = _prepare_like(candidate, reference, seed, asked=False, inputs=None, domain=domain)
        except Skipped:
            continue
        if is_meant(exam, hinted=hinted):
            exam.recognised = True
            exam.remarks.append(
                f"its forward is that of {OpReference(exam.op, exam.options)}, and it was judged as that; if "
                f"it is meant to be another, say so with --like {candidate.description.name}=REF"
            )
            return exam
        if hinted and own is not None and is_close(exam):
            meant = exam.op.name
            own.remarks.append(
                f"if it is meant to be {meant}, say --like {candidate.description.name}={meant}"
            )
    if own is None:
        raise skipped
    return own


def _shapes(case: Case) -> str:
    return ", ".join(f"{name} {value.shape}" for name, value in case.inputs.items())


def _instead(
    candidate: Candidate,
    reference: OpReference,
    seed: int,
    domain: tuple[float, float] | None,
    why: Skipped,
) -> Examination:
    """Judge by its own forward what its name calls something else than it can be called as."""
    try:
        exam = prepare_own(candidate, seed, None, domain=domain)
    except Skipped as own:
        raise Skipped(f"{why}; nor by its own forward: {own}") from own
    said = (
        f"its name says {reference.op.name}, but {_plain(why)}: judged by its own forward; say what it is "
        f"with --like {candidate.description.name}=REF, or a comment '# backproof: like=REF'"
    )
    exam.remarks = [said, *(remark for remark in exam.remarks if "--like" not in remark)]
    return exam


def _plain(why: Skipped) -> str:
    return str(why).removeprefix("no way was found to construct and call it: ")


def _prepare_like(
    candidate: Candidate,
    reference: OpReference,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None,
    every: Sequence[Mapping[str, int]] = SIZES,
) -> Examination:
    """Prepare with a reference: with the first sizes, of ``every`` case, with which the candidate runs."""
    op, options = reference.op, {**_TELLING.get(reference.op.name, {}), **reference.options}
    exam = Examination(
        candidate=candidate,
        seed=seed,
        op=within(op, domain) if domain else op,
        options=options,
        promised=_promised(candidate, op, asked),
        exact=reference.exact,
        domain=domain,
    )
    sets = _sets(op, options, seed, inputs, domain, every)
    ways = conventions_of(candidate, signature_of(op, options, sets[0][0][0]))
    declared = None if asked or not op.reduction else ways[0].get("reduces")
    how = declared or ways[0].get("defaults", {}).get("reduction")
    if not asked and op.reduction and how in op.reduction.ways:
        # Its own default is what it promises, not PyTorch's; and what it says first of all.
        options["reduction"] = how
        exam.promised = exam.promised or bool(declared)
    fixed = _fixed(op, ways)
    if fixed and inputs is None:  # an instance that has its sizes already
        sets = _sets(op, options, seed, inputs, domain, [{**sizes, **fixed} for sizes in every])

    def runs(cases: Sequence[Case]) -> bool:
        return choose(exam, conventions_of(candidate, signature_of(op, options, cases[0])), cases[0])

    chosen = next((one for one in sets if runs(one[0])), None)
    cases, sizes = chosen or sets[0]
    if chosen is None:
        runs(cases)
    if not asked and inputs is None and chosen is not None:
        other = _as_twin(exam, cases[0])
        if other is not None:
            return other
    cases = [present(exam, case.astype(exam.dtype), exam.convention) for case in cases]
    examine_state(exam, with_upstream(exam, cases[0]))
    for case, size in zip(cases, sizes, strict=True):
        fitting = with_upstream(exam, case)
        exam.trials.append(Trial(fitting, exam.call(fitting), size))
    exam.cases += len(cases)
    return exam


#: Options under which a mistake shows that PyTorch's default would hide: 1/p is 1/(1-p) for one half.
_TELLING: Mapping[str, Mapping[str, object]] = {"Dropout": {"p": 0.25}}


def _fixed(op: Op, conventions: list[dict[str, Any]]) -> dict[str, int]:
    """Give the sizes, by their letters, that the vectors of an instance have."""
    own = conventions[0].get("own", {})
    return {op.arguments[role].letters[0]: shape[0] for role, shape in own.items()}


_Set: TypeAlias = tuple[list[Case], list[dict[str, int]]]


def _sets(
    op: Op,
    options: Mapping[str, object],
    seed: int,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None,
    first: Sequence[Mapping[str, int]],
) -> list[_Set]:
    """Give sets of cases with their sizes, the first of which is taken with which a candidate runs."""
    if inputs is not None:
        sets: list[_Set] = [([_users_case(op, inputs, options, seed)], [{}])]
    else:
        sets = [
            (list(ordinary_cases(one, seed, options, every)), [_lettered(one, s) for s in every])
            for one in (op, *_of_other_axes(op))
            for every in (first, EVEN, SQUARE)
        ]
    if domain is None:
        return sets
    return [([_moved(case, op.first, domain) for case in cases], sizes) for cases, sizes in sets]


#: What else the input of a layer is: a sequence, an image.
_OTHER_AXES: Mapping[str, Sequence[str]] = {
    "BatchNorm1d": ("N D L", "N D H W"),
    "GroupNorm": ("N D H W",),
    "LayerNorm": ("N L D",),
    "Linear": ("N L I", "I"),
    "RMSNorm": ("N L D",),
    "Embedding": ("N L",),
}


def _of_other_axes(op: Op) -> Iterator[Op]:
    """Give a layer with inputs of more axes, for those that take no others."""
    for axes in _OTHER_AXES.get(op.name, ()):
        first = replace(op.arguments[op.first], axes=axes)
        yield replace(op, arguments={**op.arguments, op.first: first})


def _lettered(op: Op, sizes: Mapping[str, int]) -> dict[str, int]:
    return {letter: sizes[letter] for argument in op.arguments.values() for letter in argument.letters}


def _moved(case: Case, first: str, domain: tuple[float, float]) -> Case:
    """Move the values of the first argument into a domain, each by its rank."""
    values = case.inputs[first]
    ranks = np.argsort(np.argsort(values, axis=None)).reshape(values.shape)
    low, high = domain
    places = (ranks + 0.5) / values.size
    return replace(case, inputs={**case.inputs, first: low + (high - low) * places})


def within(op: Op, domain: tuple[float, float]) -> Op:
    """Give an op without the kinks that lie outside of a domain."""
    low, high = domain
    kinks = {
        name: tuple(v for v in values if isinstance(v, str) or low < v < high)
        for name, values in op.kinks.items()
    }
    return replace(op, kinks={name: values for name, values in kinks.items() if values})


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


def _as_twin(exam: Examination, case: Case) -> Examination | None:
    """Prepare a loss with the one that is the same but takes something else, where that is what it computes.

    Where it makes more of probabilities than that (it may divide them by their sum), its own forward is the
    judge.
    """
    candidate, op = exam.candidate, exam.op
    if op.kind != "loss" or _is_near(exam, case):
        return None
    for twin in twins(op, candidate.description.name):
        found = alike(candidate, twin.op, exam.seed, twin.options)
        if found is not None:
            return _like_twin(exam, twin, found)
    return None


def _like_twin(exam: Examination, twin: Twin, found: OpReference) -> Examination:
    if twin.rules:
        other = _prepare_like(exam.candidate, found, exam.seed, True, None, exam.domain)
        if exam.promised:
            other.options = {**other.options, "reduction": exam.options.get("reduction", "mean")}
        other.promised = exam.promised
        other.remarks.append(twin.says)
        if is_meant(other, hinted=True):
            return other
    given = {name: argument for name, argument in twin.op.arguments.items() if not argument.optional}
    by_itself = prepare_own(exam.candidate, exam.seed, None, iter([given]), exam.op.name)
    by_itself.remarks = [f"{twin.says}: judged by its own forward"]
    return by_itself


def _is_near(exam: Examination, case: Case) -> bool:
    output = exam.call(replace(case.astype(exam.dtype), grad_output=None)).output
    exam.cases += 1
    expected = output_of(exam.op, case, exam.options)
    return output is not None and output.shape == expected.shape and np.allclose(output, expected, 1e-3, 1e-3)
