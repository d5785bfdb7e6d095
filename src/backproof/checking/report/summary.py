"""What a run comes to, in a line or two."""

from __future__ import annotations

from collections import Counter

from backproof.checking.findings import Report, Verdict
from backproof.diagnoses import Severity

__all__ = ["complaints", "summary"]


def summary(report: Report, seconds: float | None = None) -> str:
    """Count verdicts and findings, in one line.

    Examples
    --------
    >>> summary(Report(seed=7), seconds=0.12)
    '0 candidates · no findings · seed 7 · 0.1 s'
    """
    verdicts = Counter(judgement.verdict for judgement in report.candidates)
    findings = [finding for judgement in report.candidates for finding in judgement.findings]
    severities = Counter(f.severity for f in (*findings, *(unit.finding for unit in report.units)))
    count = f"{_counted(len(report.candidates), 'candidate')}"
    each = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    found = ", ".join(_counted(severities[s], s) for s in Severity if severities[s]) or "no findings"
    parts = [f"{count}: {each}" if each else count, found]
    if report.errors:
        parts.append(_counted(len(report.errors), "problem"))
    parts.append(f"seed {report.seed}")
    if seconds is not None:
        parts.append(f"{seconds:.1f} s")
    return " · ".join(parts)


def complaints(report: Report) -> list[str]:
    """Say, a line each, why a run could not do its work; nothing where it could.

    Examples
    --------
    >>> from backproof.checking.findings import Problem
    >>> complaints(Report(seed=0, errors=[Problem("a.py", "it is empty")]))
    ['a.py: it is empty']
    >>> complaints(Report(seed=0))
    ['No candidate was found, so nothing was checked. ...']
    """
    lines = [p.message if p.file in p.message else f"{p.file}: {p.message}" for p in report.errors]
    nothing = _nothing_judged(report)
    return [*lines, nothing] if nothing else lines


def _nothing_judged(report: Report) -> str | None:
    """Say that no candidate was judged; ``None`` where one was, or where problems say it already."""
    judged = any(judgement.verdict in (Verdict.PASS, Verdict.FAIL) for judgement in report.candidates)
    if judged or report.may_be_empty:
        return None
    if report.candidates:
        return (
            "No candidate was judged, so nothing is known to be right. Each has its reason; where it is "
            "not clear what a candidate is meant to be, say it with --like NAME=REFERENCE."
        )
    if report.errors:
        return None
    return (
        "No candidate was found, so nothing was checked. Candidates are PyTorch modules and autograd "
        "functions, NumPy classes with a forward and a backward, pairs of such functions, and optimizers: "
        "give a file that defines one."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
