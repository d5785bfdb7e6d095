"""Preparation of what has no reference: inputs that it takes, and its own forward as the op."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.bounds import is_single
from backproof.checking.candidate import Answer, Candidate, Case, Convention, Description, Signature
from backproof.checking.cases import SIZES, draw, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.own import own_op
from backproof.checking.judge.preparing.bounded import bounded
from backproof.checking.judge.preparing.roles import (
    is_mask,
    is_of_features,
    with_one_logit,
    with_single_numbers,
)
from backproof.ops.domain import Argument, Domain

__all__ = ["Skipped", "drawn_held", "own_arguments", "prepare_own", "unjudged", "with_held"]


class Skipped(Exception):
    """There was nothing to judge, or no way to; the message says why."""


#: What a candidate without a reference may take, in turn: the first that gives finite outputs.
_INPUTS: tuple[tuple[Domain, str], ...] = (("real", "N D"), ("probability", "N D"), ("real", "N"))
_TARGETS: tuple[Domain, ...] = ("real", "binary", "class")
#: How many classes there are where nothing says so: any network has two.
_CLASSES = 2
#: So far a target is moved that may be one of classes.
_NUDGE = 1e-4
_LETTERS = "NDLHWK"
_KINDS = ("activation", "loss", "layer")
#: Styles whose arguments are all there is.
_FUNCTIONS = ("torch-autograd-function", "function-pair")


def prepare_own(
    candidate: Candidate,
    seed: int,
    inputs: Mapping[str, NDArray[Any]] | None,
    attempts: Iterator[dict[str, Argument]] | None = None,
    meant: str | None = None,
    *,
    domain: tuple[float, float] | None = None,
) -> Examination:
    """Prepare a candidate without a reference: find inputs it takes, make its own forward the op.

    Raises
    ------
    Skipped
        If no arguments were found with which it runs; the message says what was tried.
    """
    description = candidate.description
    kind = description.kind if description.kind in _KINDS else "elementary"
    reasons: list[str] = []
    found: Examination | None = None
    least = 0
    failed: list[Examination] = []
    for arguments, convention in _ways(candidate, kind, attempts, inputs, meant, reasons):
        op = own_op(candidate, convention, arguments, kind, description.name)
        exam = Examination(
            candidate=candidate,
            seed=seed,
            op=op,
            options={},
            own=True,
            convention=convention,
            domain=domain,
        )
        reason = _try(exam, convention, inputs)
        if reason:
            reasons.append(reason)
            failed.append(exam)
            continue
        _remark(exam, convention)
        doubt = _doubt(exam)
        if found is None or doubt < least:
            found, least = exam, doubt
        if not doubt:
            break
    if found is not None and inputs:
        return found
    if found is not None:

        def otherwise(arguments: dict[str, Argument]) -> Examination | None:
            with contextlib.suppress(Skipped):
                return prepare_own(candidate, seed, None, iter([arguments]), meant, domain=domain)
            return None

        return _refined(found, otherwise, alone=attempts is not None)
    for exam in filter(_asks_for_nothing, failed):
        return exam
    taken = ", ".join(description.arguments)
    raise Skipped(
        f"no reference of that name is known, and no way was found to call its forward({taken}): "
        f"{_said(reasons)}. A comment at it settles the shapes of its arguments, such as "
        "'# backproof: inputs=(2, 3, 8, 8), (4,)', or what it is: '# backproof: like=REF'"
    )


def _refined(
    exam: Examination, otherwise: Callable[[dict[str, Argument]], Examination | None], *, alone: bool
) -> Examination:
    """Prepare with other arguments, where the numbers say that they are meant, unless these are ``alone``."""
    if exam.domain is None:
        exam = _within_bounds(exam)
    if alone:
        return exam
    if exam.op.kind == "loss":
        exam = with_one_logit(exam, otherwise)
    return with_single_numbers(exam, otherwise)


def _within_bounds(exam: Examination) -> Examination:
    """Prepare again with probabilities, where the forward holds its arguments between the bounds of such."""
    if exam.trials[0].answer.raised is not None or exam.trials[0].case.grad_output is None:
        return exam
    held = {
        name: replace(exam.op.arguments[name], domain=domain)
        for name, domain in bounded(exam).items()
        if name not in exam.convention.get("spread", {})
    }
    if not held:
        return exam
    arguments = {**exam.op.arguments, **held}
    op = own_op(exam.candidate, exam.convention, arguments, exam.op.kind, exam.op.name)
    other = replace(exam, op=op, trials=[], findings=[])
    return exam if _try(other, exam.convention, None) else other


def _asks_for_nothing(exam: Examination) -> bool:
    """Say whether a candidate fails by a name that its library does not have: no other call can mend that."""
    raised = exam.trials[0].answer.raised if exam.trials else None
    return raised is not None and raised.type == "AttributeError" and raised.message.startswith("module ")


def _doubt(exam: Examination) -> int:
    """Say whether other shapes may be meant of several arrays: their gradients have not these, or it raises.

    Most is doubted that raises; of a class not where it works on two arrays of two axes element by element.
    """
    description = exam.candidate.description
    answers = [(trial.case.inputs, trial.answer) for trial in exam.trials]
    cut = any(_is_cut(exam, *pair) for pair in _pairs(answers))
    if len(description.arguments) < 2:
        return int(cut)
    function, loss = description.style in _FUNCTIONS, description.kind == "loss"
    flat = all(value.ndim < 2 for inputs, _ in answers for value in inputs.values())
    shapes = {array.shape for array in (*answers[0][0].values(), answers[0][1].output) if array is not None}
    elsewhere = flat or (not loss and (function or len(shapes) > 1))
    if elsewhere and any(answer.raised for _, answer in answers):
        return 2
    if loss:
        return int(cut or _is_of_classes(exam))
    known = exam.convention.get("features", ())  # of these the shape is known
    pairs = [
        pair
        for pair in _pairs(answers)
        if pair[0] not in known and not is_of_features(pair[0], description.name)
    ]
    misshapen = any(gradient.shape != value.shape for _, value, gradient in pairs)
    indices = any(value.dtype.kind != "f" for inputs, _ in answers for value in inputs.values())
    return int(cut or (function and (misshapen or indices)))


def _pairs(
    answers: Sequence[tuple[Mapping[str, NDArray[Any]], Answer]],
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Give each gradient that came, with the name and the value of what it belongs to."""
    for inputs, answer in answers:
        for given in answer.gradients.values():
            yield from ((name, inputs[name], g) for name, g in given.items() if g is not None)


def _is_cut(exam: Examination, name: str, value: NDArray[Any], gradient: NDArray[Any]) -> bool:
    """Say whether a forward may have looked at a part of the last axis alone: at pairs, say."""
    alike = gradient.ndim == value.ndim > 0 and gradient.shape[:-1] == value.shape[:-1]
    return alike and gradient.shape != value.shape and name not in exam.convention.get("held", ())


def _is_of_classes(exam: Examination) -> bool:
    """Say whether a loss looks only at the order of its target's numbers: classes are meant."""
    case = exam.trials[0].case
    target = case.inputs.get("target")
    if target is None or target.dtype.kind != "f":
        return False
    moved = target + _NUDGE * (1 + target)  # what was as large as another stays so
    before, after = (exam.call(replace(case, inputs={**case.inputs, "target": t})) for t in (target, moved))
    exam.cases += 2
    return before.output is not None and np.array_equal(before.output, np.asarray(after.output))


def _said(reasons: list[str]) -> str:
    """Say what stood in the way last, which tells of the try that came furthest, or else the first, too."""
    different = list(dict.fromkeys(reasons)) or ["nothing that fits was found"]
    if "furthest came" in different[-1]:
        return different[-1]
    return "; ".join(different if len(different) <= 2 else (different[0], different[-1]))


def _ways(
    candidate: Candidate,
    kind: str,
    attempts: Iterator[dict[str, Argument]] | None,
    inputs: Mapping[str, NDArray[Any]] | None,
    meant: str | None,
    reasons: list[str],
) -> Iterator[tuple[dict[str, Argument], Convention]]:
    """Give arguments and conventions to try: those usual for its kind, then what the adapter suggests."""
    if inputs:
        shapes = {name: value.shape for name, value in inputs.items()}
        arguments = {name: _argument(value) for name, value in inputs.items()}
        conventions = candidate.conventions(Signature(kind, shapes, {}, meant))
        yield from ((with_held(arguments, way), way) for way in conventions)
        reasons += [candidate.obstacle] if candidate.obstacle else []
        return
    several = attempts is None and kind != "loss" and len(candidate.description.arguments) > 2
    if several:  # arrays, before some of them are taken for coefficients
        yield from _suggested(candidate, kind, reasons)
    for arguments in attempts or own_arguments(candidate.description):
        shapes = {name: a.shape(SIZES[0]) for name, a in arguments.items()}
        conventions = candidate.conventions(Signature(kind, shapes, {}, meant))
        yield from ((with_held(arguments, way), way) for way in conventions)
        reasons += [candidate.obstacle] if candidate.obstacle else []
    if attempts is None and not several:
        yield from _suggested(candidate, kind, reasons)


def _suggested(
    candidate: Candidate, kind: str, reasons: list[str]
) -> Iterator[tuple[dict[str, Argument], Convention]]:
    """Give the arguments that the adapter found it to run with."""
    for way in candidate.conventions(Signature(kind, {})):
        if "shapes" not in way:
            continue  # nothing in it says what to call it with
        held = way.get("held", ())
        said = {role: Argument(*form) for role, form in way.get("domains", {}).items()}
        like = {role: _like(shape, "real") for role, shape in way["shapes"].items() if role not in held}
        roles = {**like, **said}
        yield with_held(roles, way), way
    reasons += [candidate.obstacle] if candidate.obstacle else []


def _argument(value: NDArray[Any]) -> Argument:
    return _like(value.shape, "real" if value.dtype.kind == "f" else "class")


def _like(shape: Any, domain: Domain) -> Argument:
    """Make an argument of so many axes; the sizes are those of the convention."""
    return Argument(domain, " ".join(_LETTERS[: len(shape)]))


def with_held(arguments: dict[str, Argument], way: Convention) -> dict[str, Argument]:
    """Add the parameters that a candidate holds itself."""
    return {**arguments, **{role: _like(way["shapes"][role], "small") for role in way.get("held", ())}}


def unjudged(convention: Convention) -> list[str]:
    """Write the parameters that cannot be judged, each group with the reason."""
    left: Mapping[str, str] = convention.get("unjudged", {})
    reasons = dict.fromkeys(left.values())
    return [f"{', '.join(role for role in left if left[role] == why)} ({why})" for why in reasons]


def drawn_held(rng: np.random.Generator, convention: Convention) -> dict[str, NDArray[Any]]:
    """Draw values for the parameters that a candidate holds itself, as far around as each may lie."""
    held, shapes = convention.get("held", ()), convention.get("shapes", {})
    return {role: _around(rng, convention["spread"][role], shapes[role]) for role in held}


def _around(rng: np.random.Generator, spread: Sequence[float], shape: Sequence[int]) -> NDArray[Any]:
    centre, width = spread
    return np.asarray(centre + width * draw(rng, "unit", tuple(shape), {}))


def _remark(exam: Examination, convention: Convention) -> None:
    held, left = convention.get("held", ()), unjudged(convention)
    if held or left:
        judged = f" and for {', '.join(held)}" if held else ""
        rest = f", not for {' nor for '.join(left)}" if left else ""
        exam.remarks.append(f"no reference is known: judged for its input{judged}{rest}")
    if assumed := convention.get("assumed"):
        exam.remarks.append(f"no loss is written: its gradients are taken for those of {assumed}")


def own_arguments(description: Description) -> Iterator[dict[str, Argument]]:
    """Give the arguments that a candidate without a reference may take."""
    two = description.kind == "loss" or len(description.arguments) == 2
    if two and description.kind not in ("loss", "model"):
        # Two arguments of which neither is a target: the second keeps its own name.
        second = description.arguments[-1]
        if is_mask(second):
            yield {"input": Argument("real", "N D"), second: Argument("mask", "N D")}
        if is_of_features(second, description.name):
            yield {"input": Argument("real", "N D"), second: Argument("real", "D")}
        second = "other" if second == "input" else second
        yield {name: Argument("real", "N D") for name in ("input", second)}
        yield {"input": Argument("real", "N I"), second: Argument("real", "I O")}  # a product of matrices
    for domain, axes in _INPUTS:
        likely = (*_TARGETS, domain) if domain == "probability" else _TARGETS
        for target in likely if two else (None,):
            arguments = {"input": Argument(domain, axes)}
            if target is not None:
                arguments["target"] = Argument(target, "N" if target == "class" else axes)
            yield arguments
    if two:
        yield {"input": Argument("real", "N D"), "target": Argument("real", "N")}
        for domain in ("real", "probability"):  # one sample and its class
            yield {"input": Argument(domain, "C"), "target": Argument("class", "")}


def _try(exam: Examination, convention: Convention, inputs: Mapping[str, NDArray[Any]] | None) -> str:
    """Run the ordinary cases; give the reason if it cannot be called so."""
    for index, (sizes, reach) in enumerate(zip(SIZES, (1.0, 2.0, 3.0), strict=True)):
        rng = np.random.default_rng([exam.seed, index])
        values = {**_drawn(exam, convention, rng, sizes, reach), **(inputs or {})}
        answer = exam.call(Case(values).astype(exam.dtype))
        if answer.output is None and index == 0:
            exam.dtype = "float32"
            answer = exam.call(Case(values).astype(exam.dtype))
        if answer.output is None or not np.all(np.isfinite(answer.output)):
            exam.trials.clear()
            if answer.raised:
                exam.trials.append(Trial(Case(values), answer, sizes))
                return f"{answer.raised.type}: {answer.raised.message}"
            return "it returned nothing" if answer.output is None else "its output is not finite"
        if is_single(answer.output):
            exam.dtype = "float32"
        case = Case(values, upstream(rng, answer.output.shape)).astype(exam.dtype)
        if index == 0:
            examine_state(exam, case)
        exam.trials.append(Trial(case, exam.call(case), _counts(exam, case)))
        exam.cases += 1
        if inputs:
            break
    return ""


def _counts(exam: Examination, case: Case) -> dict[str, int]:
    """Give the sizes of the axes of a case by their letters; the first argument's count."""
    sizes: dict[str, int] = {}
    for name, value in case.inputs.items():
        for letter, size in zip(exam.op.arguments[name].letters, value.shape, strict=False):
            sizes.setdefault(letter, size)
    return sizes


def _drawn(
    exam: Examination,
    convention: Convention,
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    reach: float,
) -> dict[str, NDArray[Any]]:
    suggested, spread = convention.get("shapes", {}), convention.get("spread", {})
    counts = {**sizes, "C": _CLASSES} if suggested else sizes
    values = {}
    for name, a in exam.op.arguments.items():
        shape = tuple(suggested.get(name, a.shape(sizes)))
        around = name in spread
        values[name] = (
            _around(rng, spread[name], shape) if around else draw(rng, a.domain, shape, counts, reach)
        )
    if exam.domain:
        first = exam.op.first
        values[first] = rng.uniform(*exam.domain, values[first].shape)
    return values
