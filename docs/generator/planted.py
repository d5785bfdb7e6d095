"""The tables of planted mistakes: each in every component that can have it, caught or not, named or not.

``python -m docs.generator.planted`` writes ``docs/planted.md``; it takes some minutes.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from backproof.checking.candidate import Candidate, Case
from backproof.checking.cases import ordinary_cases
from backproof.checking.findings import Finding
from backproof.checking.judge import judge
from backproof.checking.judge.optimizers.courses import courses
from backproof.checking.judge.optimizers.paths import agrees_somewhere
from backproof.checking.mistakes.forwards import FORMULA, FORWARD_MISTAKES, with_epsilon
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import GENERIC, Planted
from backproof.checking.mistakes.updates import UPDATE_MISTAKES
from backproof.checking.references import OpReference, Reference, RuleReference
from backproof.ops import CATALOGUE, Op
from backproof.updates import CATALOGUE as RULES
from backproof.updates import UpdateRule
from tests.checking.planted import (
    OpCandidate,
    RuleCandidate,
    changes_gradient,
    changes_output,
    scaled,
    some,
)

__all__ = ["planted_tables"]

PAGE = Path(__file__).resolve().parents[1] / "planted.md"
#: Of one mistake in one op, so many forms are looked at, and the first that makes a difference is planted.
_FORMS = 2
#: Whose mask is drawn: it is judged with its own.
_DRAWN = ("Dropout",)
_DTYPES = ("float64", "float32")
_EPSILON = 1e-7
_HEAD = """# Planted mistakes

Each mistake that the checker knows is planted in every component of the catalogue that can have it, and the
component is judged as if somebody had written it, in float64 and, as one that knows float32 alone, in
float32. *Caught*: there is a finding. *Named*: it has the mistake's name, as the first or as one that fits as
well; where the mistake has no name of its own, that it is caught is enough. Made by
`python -m docs.generator.planted`.
"""
_COLUMNS = "planted | caught in float64 | named | caught in float32 | named"


@dataclass(frozen=True)
class _Row:
    """A mistake in a component: who has it, its name, what it is held against, and it in a precision."""

    component: str
    diagnosis: str
    reference: Reference
    candidate: Callable[[bool], Candidate]


def _rows() -> Iterator[_Row]:
    for op in (found.main for found in CATALOGUE.values() if found.name not in _DRAWN):
        yield from _in_op(op)
    for rule in RULES.values():
        yield from _in_rule(rule)


def _in_op(op: Op) -> Iterator[_Row]:
    """Plant in an op: each mistake in the first form that makes a difference."""
    reference = OpReference(op, {})
    cases = list(ordinary_cases(op, 0, {}))
    for mistake in GRADIENT_MISTAKES:
        forms = some(list(mistake.plant(op, {}, [])), _FORMS)
        yield from (_planted(op, p) for p in _first(forms, lambda p: _changes(op, p.op, cases)))
    yield from (_planted(op, p) for p in scaled(op) if _changes(op, p.op, cases))
    for mistake in FORWARD_MISTAKES:
        if mistake.name != FORMULA:
            forms = list(mistake.plant(op, {}, []))
            yield from (_planted(op, p) for p in _first(forms, lambda p: changes_output(op, p.op)))
    if op.likelihood and op.kind == "loss":
        yield _planted(op, with_epsilon(op, _EPSILON, "add"))
    for argument in op.rules:
        if not (op.kind == "loss" and argument in ("target", "var")) and not op.arguments[argument].optional:
            yield _Row(op.name, "missing-gradient", reference, partial(_without, op, argument))


def _without(op: Op, argument: str, single: bool) -> Candidate:
    return OpCandidate(op, single=single, without=argument)


def _first(forms: Sequence[Planted], differs: Callable[[Planted], bool]) -> Iterator[Planted]:
    yield from itertools.islice(filter(differs, forms), 1)


def _changes(op: Op, wrong: Op, cases: Sequence[Case]) -> bool:
    return any(changes_gradient(op, wrong, case) for case in cases)


def _planted(op: Op, planted: Planted) -> _Row:
    sources = ("backward",) if planted.rules else ()
    return _Row(
        op.name,
        planted.diagnosis,
        OpReference(op, {}),
        lambda single: OpCandidate(planted.op, sources=sources, single=single),
    )


def _in_rule(rule: type[UpdateRule]) -> Iterator[_Row]:
    """Plant in an update rule every mistake that changes its path."""
    reference = RuleReference(rule, {})
    taken = tuple(rule.hyperparameters())
    every = list(courses(rule, {}, 0))
    for mistake in UPDATE_MISTAKES:
        for planted in mistake.plant(rule):

            def candidate(single: bool, wrong: type[UpdateRule] = planted.rule) -> Candidate:
                return RuleCandidate(wrong, rule.__name__, taken, single=single)

            if not agrees_somewhere(rule, [(course, candidate(False).train(course, {})) for course in every]):
                yield _Row(rule.__name__, planted.diagnosis, reference, candidate)


def _judged(row: _Row, *, single: bool) -> tuple[bool, bool]:
    judgement = judge(row.candidate(single), like=row.reference)
    names: set[object] = {name for finding in judgement.findings for name in _names(finding)}
    caught = bool(judgement.findings)
    return caught, row.diagnosis in names or (caught and row.diagnosis in {*GENERIC, "update-value"})


def _names(finding: Finding) -> list[object]:
    also = finding.evidence.get("also") or []
    return [finding.diagnosis, *(also if isinstance(also, list) else [])]


def planted_tables() -> str:
    """Plant everything, and give the page."""
    components: dict[str, set[str]] = {}
    diagnoses: dict[str, set[str]] = {}
    count: Counter[tuple[str, str]] = Counter()
    for row in _rows():
        diagnoses.setdefault(row.diagnosis, set()).add(row.component)
        components.setdefault(row.component, set()).add(row.diagnosis)
        with np.errstate(all="ignore"):
            seen = [found for dtype in _DTYPES for found in _judged(row, single=dtype == "float32")]
        for key in (row.diagnosis, row.component):
            count[key, "planted"] += 1
            for place, found in enumerate(seen):
                count[key, str(place)] += found

    def lines(keys: dict[str, set[str]], mark: str) -> str:
        places = ("planted", *map(str, range(2 * len(_DTYPES))))
        return "\n".join(
            f"| {mark}{key}{mark} | {len(keys[key])} | {' | '.join(str(count[key, p]) for p in places)} |"
            for key in (sorted(keys) if mark else keys)
        )

    rule = f"|---|{'--:|' * (2 + 2 * len(_DTYPES))}"
    return "\n".join(
        [
            _HEAD,
            f"| diagnosis | components | {_COLUMNS} |",
            rule,
            lines(diagnoses, "`"),
            f"\n| component | diagnoses | {_COLUMNS} |",
            rule,
            lines(components, ""),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(planted_tables(), encoding="utf-8")
