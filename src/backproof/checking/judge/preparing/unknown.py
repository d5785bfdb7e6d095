"""Preparation of what has no reference: inputs that it takes, and its own forward as the op."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Convention, Description, Signature
from backproof.checking.cases import SIZES, draw, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.own import own_op
from backproof.checking.judge.preparing.roles import is_mask, is_of_features, with_single_numbers
from backproof.checking.references import suggest
from backproof.ops.domain import Argument, Domain

__all__ = ["Skipped", "own_arguments", "prepare_own"]


class Skipped(Exception):
    """There was nothing to judge, or no way to; the message says why."""


#: What a candidate without a reference may take, in turn: the first that gives finite outputs.
_INPUTS: tuple[tuple[Domain, str], ...] = (("real", "N D"), ("probability", "N D"), ("real", "N"))
_TARGETS: tuple[Domain, ...] = ("real", "binary", "class")
#: How many classes there are where nothing says so: any network has two.
_CLASSES = 2
_TWO = 2
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
        _remark(exam, convention, meant)
        certain = not _is_doubtful(exam)
        found = exam if certain else found or exam
        if certain:
            break
    if found is not None:
        if attempts is not None or inputs or kind == "loss":
            return found

        def otherwise(arguments: dict[str, Argument]) -> Examination | None:
            with contextlib.suppress(Skipped):
                return prepare_own(candidate, seed, None, iter([arguments]), meant, domain=domain)
            return None

        return with_single_numbers(found, otherwise)
    for exam in filter(_asks_for_nothing, failed):
        return exam
    taken = ", ".join(description.arguments)
    raise Skipped(
        f"no reference of that name is known, and no way was found to call its forward({taken}): "
        f"{_said(reasons)}; say what it is with --like {description.name}=REF, or a comment "
        "'# backproof: like=REF'"
    )


def _asks_for_nothing(exam: Examination) -> bool:
    """Say whether a candidate fails by a name that its library does not have: no other call can mend that."""
    raised = exam.trials[0].answer.raised if exam.trials else None
    return raised is not None and raised.type == "AttributeError" and raised.message.startswith("module ")


def _is_doubtful(exam: Examination) -> bool:
    """Say whether other shapes may be meant of a function's arrays: those of its gradients are not these."""
    description = exam.candidate.description
    if description.style not in _FUNCTIONS or description.kind == "loss" or len(description.arguments) < _TWO:
        return False
    answers = [(trial.case.inputs, trial.answer) for trial in exam.trials]
    pairs = [
        (inputs[name], gradient)
        for inputs, answer in answers
        for given in answer.gradients.values()
        for name, gradient in given.items()
        if not is_of_features(name)  # of that the shape is known
    ]
    misshapen = any(gradient is not None and gradient.shape != value.shape for value, gradient in pairs)
    indices = any(value.dtype.kind != "f" for inputs, _ in answers for value in inputs.values())
    return misshapen or indices or any(answer.raised for _, answer in answers)


def _said(reasons: list[str]) -> str:
    """Say the first and the last of what stood in the way: the nearest try, and the furthest."""
    different = list(dict.fromkeys(reasons)) or ["nothing that fits was found"]
    return "; ".join(different if len(different) <= len("ab") else (different[0], different[-1]))


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
        yield from ((_with_held(arguments, way), way) for way in conventions)
        reasons += [candidate.obstacle] if candidate.obstacle else []
        return
    several = attempts is None and kind != "loss" and len(candidate.description.arguments) > _TWO
    if several:  # arrays, before some of them are taken for coefficients
        yield from _suggested(candidate, kind, reasons)
    for arguments in attempts or own_arguments(candidate.description):
        shapes = {name: a.shape(SIZES[0]) for name, a in arguments.items()}
        conventions = candidate.conventions(Signature(kind, shapes, {}, meant))
        yield from ((_with_held(arguments, way), way) for way in conventions)
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
        yield _with_held(roles, way), way
    reasons += [candidate.obstacle] if candidate.obstacle else []


def _argument(value: NDArray[Any]) -> Argument:
    return _like(value.shape, "real" if value.dtype.kind == "f" else "class")


def _like(shape: Any, domain: Domain) -> Argument:
    """Make an argument of so many axes; the sizes are those of the convention."""
    return Argument(domain, " ".join(_LETTERS[: len(shape)]))


def _with_held(arguments: dict[str, Argument], way: Convention) -> dict[str, Argument]:
    """Add the parameters that a candidate holds itself."""
    return {**arguments, **{role: _like(way["shapes"][role], "small") for role in way.get("held", ())}}


def _remark(exam: Examination, convention: Convention, meant: str | None) -> None:
    description = exam.candidate.description
    held, left = convention.get("held", ()), convention.get("unjudged", {})
    unjudged = [
        f"{', '.join(r for r in left if left[r] == why)} ({why})" for why in dict.fromkeys(left.values())
    ]
    if held or unjudged:
        judged = f" and for {', '.join(held)}" if held else ""
        rest = f", not for {' nor for '.join(unjudged)}" if unjudged else ""
        exam.remarks.append(f"no reference is known: judged for its input{judged}{rest}")
    hint = "" if meant or "domains" in convention else suggest(description.name)
    if hint:
        exam.remarks.append(f"if it is meant to be {hint}, say --like {description.name}={hint}")


def own_arguments(description: Description) -> Iterator[dict[str, Argument]]:
    """Give the arguments that a candidate without a reference may take."""
    two = description.kind == "loss" or len(description.arguments) == len(("input", "target"))
    if two and description.kind not in ("loss", "model"):
        # Two arguments of which neither is a target: the second keeps its own name.
        second = description.arguments[-1]
        if is_mask(second):
            yield {"input": Argument("real", "N D"), second: Argument("mask", "N D")}
        if is_of_features(second):
            yield {"input": Argument("real", "N D"), second: Argument("real", "D")}
        yield {name: Argument("real", "N D") for name in ("input", "other" if second == "input" else second)}
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
        if answer.output.dtype == np.float32:
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
    values = {}
    for name, a in exam.op.arguments.items():
        counts = {**sizes, "C": _CLASSES} if suggested else sizes
        shape = tuple(suggested.get(name, a.shape(sizes)))
        if name in spread:
            centre, width = spread[name]
            values[name] = np.asarray(centre + width * draw(rng, "unit", shape, counts, reach))
        else:
            values[name] = draw(rng, a.domain, shape, counts, reach)
    if exam.domain:
        first = exam.op.first
        values[first] = rng.uniform(*exam.domain, values[first].shape)
    return values
