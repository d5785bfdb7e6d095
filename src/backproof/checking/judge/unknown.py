"""Preparation of what has no reference: inputs that it takes, and its own forward as the op."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Convention, Description, Signature
from backproof.checking.cases import SIZES, draw, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.own import own_op
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
        if not reason:
            _remark(exam, convention, meant)
            return exam
        reasons.append(reason)
    taken = ", ".join(description.arguments)
    raise Skipped(
        f"no reference of that name is known, and no way was found to call its forward({taken}): "
        f"{_said(reasons)}; say what it is with --like {description.name}=REF, or a comment "
        "'# backproof: like=REF'"
    )


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
        yield from ((arguments, way) for way in candidate.conventions(Signature(kind, shapes, {}, meant)))
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
        roles = {role: _like(shape, "real") for role, shape in way["shapes"].items() if role not in held}
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
    held = convention.get("held", ())
    if description.kind in ("layer", "model") and len(exam.op.arguments) == 1:
        exam.remarks.append("no reference is known: judged for its input, not for its parameters")
    elif held:
        exam.remarks.append(f"no reference is known: judged for its input and for {', '.join(held)}")
    hint = "" if meant else suggest(description.name)
    if hint:
        exam.remarks.append(f"if it is meant to be {hint}, say --like {description.name}={hint}")


def own_arguments(description: Description) -> Iterator[dict[str, Argument]]:
    """Give the arguments that a candidate without a reference may take."""
    two = description.kind == "loss" or len(description.arguments) == len(("input", "target"))
    if two and description.kind not in ("loss", "model"):
        # Two arguments of which neither is a target: the second keeps its own name.
        second = description.arguments[-1]
        yield {name: Argument("real", "N D") for name in ("input", "other" if second == "input" else second)}
    for domain, axes in _INPUTS:
        for target in _TARGETS if two else (None,):
            arguments = {"input": Argument(domain, axes)}
            if target is not None:
                arguments["target"] = Argument(target, "N" if target == "class" else axes)
            yield arguments
    if two:
        yield {"input": Argument("real", "N D"), "target": Argument("real", "N")}


def _try(exam: Examination, convention: Convention, inputs: Mapping[str, NDArray[Any]] | None) -> str:
    """Run the ordinary cases; give the reason if it cannot be called so."""
    for index, (sizes, reach) in enumerate(zip(SIZES, (1.0, 2.0, 3.0), strict=True)):
        rng = np.random.default_rng([exam.seed, index])
        values = dict(inputs or {}) or _drawn(exam, convention, rng, sizes, reach)
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


def _drawn(
    exam: Examination,
    convention: Convention,
    rng: np.random.Generator,
    sizes: Mapping[str, int],
    reach: float,
) -> dict[str, NDArray[Any]]:
    suggested = convention.get("shapes", {})
    values = {}
    for name, a in exam.op.arguments.items():
        counts = {**sizes, "C": _CLASSES} if suggested else sizes
        values[name] = draw(rng, a.domain, tuple(suggested.get(name, a.shape(sizes))), counts, reach)
    if exam.domain:
        first = exam.op.first
        values[first] = rng.uniform(*exam.domain, values[first].shape)
    return values
