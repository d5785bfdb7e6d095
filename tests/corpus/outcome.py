"""Holds what the checker says of a component against what its label says."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backproof.checking.findings import Finding, Judgement, Verdict
from backproof.diagnoses import Severity
from tests.corpus.labels import CORPUS, Label

__all__ = ["Outcome", "Scored", "hold"]

#: Of how many findings, the gravest first, one has to have the right name.
_FIRST = 2
_GRAVITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


class Outcome(enum.StrEnum):
    """What came of a component. The first is as it should be, of wrong code and of right."""

    NAMED = "named"
    MISNAMED = "caught under another name"
    MISSED = "missed"
    PASSED = "passed"
    ACCUSED = "accused"
    UNJUDGED = "not judged"
    UNFOUND = "not found"


@dataclass(frozen=True)
class Scored:
    """A component, what came of it, and the judgement, if there is one.

    ``rivals`` says for each rival that applies whether it found something wrong.
    """

    label: Label
    outcome: Outcome
    judgement: Judgement | None = None
    rivals: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_caught(self) -> bool:
        """Whether a mistake was seen, under whatever name."""
        return self.outcome in (Outcome.NAMED, Outcome.MISNAMED)

    @property
    def is_as_labelled(self) -> bool:
        """Whether a mistake was named, or right code passed."""
        return self.outcome in (Outcome.NAMED, Outcome.PASSED)

    @property
    def unexpected(self) -> tuple[str, ...]:
        """The warnings about right code that its label knows nothing of."""
        if self.judgement is None or self.outcome is not Outcome.PASSED:
            return ()
        warned = {f.diagnosis for f in self.judgement.findings if f.severity is Severity.WARNING}
        return tuple(sorted(warned - {*self.label.notes}))


def hold(labels: Iterable[Label], judgements: Iterable[Judgement]) -> list[Scored]:
    """Hold judgements against labels; of a name that is defined twice in a file the last counts."""
    by_place = {(_inside(j.file), j.name): j for j in judgements}
    scored = []
    for label in labels:
        found = [by_place.get((label.file, name)) for name in (label.name, label.forward) if name]
        judged = next((j for j in found if j is not None), None)  # a judgement is true only if it says pass
        scored.append(Scored(label, _outcome(label, judged), judged))
    return scored


def _inside(file: str) -> str:
    return Path(file).resolve().relative_to(CORPUS).as_posix()


def _outcome(label: Label, judgement: Judgement | None) -> Outcome:
    if judgement is None:
        return Outcome.UNFOUND
    if not label.is_wrong:
        return {Verdict.PASS: Outcome.PASSED, Verdict.FAIL: Outcome.ACCUSED}.get(
            judgement.verdict, Outcome.UNJUDGED
        )
    if _is_named(label, judgement.findings):
        return Outcome.NAMED
    if judgement.verdict is Verdict.FAIL or any(f.diagnosis in label.expect for f in judgement.findings):
        return Outcome.MISNAMED
    return Outcome.MISSED if judgement.verdict is Verdict.PASS else Outcome.UNJUDGED


def _is_named(label: Label, findings: Sequence[Finding]) -> bool:
    """Say whether a label's diagnosis is the first or the second that is said, or fits as well as they do."""
    first = sorted(findings, key=lambda f: _GRAVITY[f.severity])[:_FIRST]
    said = {f.diagnosis for f in first}
    for finding in first:
        also = finding.evidence.get("also")
        said |= {str(name) for name in also} if isinstance(also, list | tuple) else set()
    known = [name in said for name in label.expect]
    return all(known) if label.both else any(known)
