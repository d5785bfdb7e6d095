"""What a check says: findings, the verdict on a candidate, and the report on a run."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from backproof.diagnoses import DIAGNOSES, Severity

__all__ = ["Curve", "Finding", "Judgement", "Problem", "Report", "UnitFinding", "Verdict"]


class Verdict(enum.StrEnum):
    """What a candidate is judged to be.

    ``unsure`` only where oracles of the same function disagree with one another; ``skipped`` where
    there was nothing to check or no way to check it. Both come with a reason.
    """

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNSURE = "unsure"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """A defect with its evidence.

    Attributes
    ----------
    diagnosis
        A name of `backproof.diagnoses`.
    message
        What is wrong in one or two sentences, and how to mend it.
    evidence
        What shows it, ready for JSON: the input, what was expected, what came, the factor, the
        index, the threshold.
    line
        The line of the candidate's source that it is about (in its cell, for a notebook).
    severity
        The diagnosis's own, unless a case makes it another.
    """

    diagnosis: str
    message: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    line: int | None = None
    severity: Severity = field(default=None)  # type: ignore[assignment]  # filled in below

    def __post_init__(self) -> None:
        if self.diagnosis not in DIAGNOSES:
            raise ValueError(f"no diagnosis has the name {self.diagnosis!r}")
        if not self.severity:
            object.__setattr__(self, "severity", DIAGNOSES[self.diagnosis].severity)


@dataclass(frozen=True)
class Curve:
    """The gradient of an elementwise component along its input, expected and got.

    Attributes
    ----------
    argument
        What the gradient is for.
    source
        ``autograd`` or ``backward``.
    upstream
        The upstream gradient, the same at every point.
    x, expected, got
        A number for each point, in ascending order of ``x``.
    """

    argument: str
    source: str
    upstream: float
    x: tuple[float, ...]
    expected: tuple[float, ...]
    got: tuple[float, ...]


@dataclass
class Judgement:
    """The verdict on one candidate, with what it rests on.

    ``kind`` is activation, loss, layer, optimizer, model or function; ``style`` is torch-module,
    torch-module-manual-backward, torch-autograd-function, numpy-class, function-pair,
    torch-optimizer or numpy-optimizer. ``cell`` counts a notebook's cells from 0; ``cases`` counts
    the sets of inputs it was judged on. ``curve`` is for a picture; nothing was judged by it.
    ``is_problem`` says that the checker could not do its work, for the reason given: it failed, or its
    settings do not fit.
    """

    name: str
    kind: str
    style: str
    verdict: Verdict
    reason: str = ""
    reference: str | None = None
    findings: list[Finding] = field(default_factory=list)
    cases: int = 0
    seconds: float = 0.0
    file: str = ""
    cell: int | None = None
    line: int | None = None
    seed: int = 0
    curve: Curve | None = field(default=None, repr=False)
    is_problem: bool = field(default=False, repr=False)

    def __str__(self) -> str:
        from backproof.checking.report.text import as_text

        return as_text(self._alone())

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return self._alone()._repr_html_()

    def _alone(self) -> Report:
        """Give a report on nothing else, which need not say that nothing else was judged."""
        return Report(self.seed, [self], may_be_empty=True)

    def __bool__(self) -> bool:
        """Give True only for the verdict ``pass``."""
        return self.verdict is Verdict.PASS


@dataclass(frozen=True)
class UnitFinding:
    """A finding about a piece of a file that is no candidate: a cell or statement that failed."""

    file: str
    finding: Finding
    cell: int | None = None


@dataclass(frozen=True)
class Problem:
    """Why a file could not be checked at all."""

    file: str
    message: str


@dataclass
class Report:
    """Everything that a run of the checker found.

    ``may_be_empty`` says that it is no failure if nothing was judged.
    """

    seed: int
    candidates: list[Judgement] = field(default_factory=list)
    units: list[UnitFinding] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    may_be_empty: bool = False

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from backproof.checking.report.html import fragment

        return fragment(self)

    def exit_status(self, *, strict: bool = False) -> int:
        """Give 0, 1 or 2: nothing wrong, findings, or could not do its work.

        2 also where a candidate's settings do not fit or the checker failed, and where no candidate was
        found or none was judged, unless that may be; with ``strict`` warnings count as errors do.
        """
        judged = any(j.verdict in (Verdict.PASS, Verdict.FAIL) for j in self.candidates)
        failed = self.errors or any(j.is_problem for j in self.candidates)
        if failed or not (judged or self.may_be_empty):
            return 2
        wrong = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        return int(any(f.severity in wrong for j in self.candidates for f in j.findings))
