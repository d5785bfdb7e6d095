"""The report as annotations of a GitHub workflow: each finding at its line of the changed file."""

from __future__ import annotations

from collections.abc import Iterator

from backproof.checking.findings import Finding, Judgement, Report, UnitFinding, Verdict
from backproof.checking.report.characters import showable
from backproof.checking.report.summary import complaints, summary
from backproof.diagnoses import Severity

__all__ = ["to_github"]

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def to_github(report: Report) -> str:
    """Give a report as workflow commands, one line each, and a line of what it all comes to.

    A line of a notebook's cell is no line of its file: there the message says the place.

    Examples
    --------
    >>> from backproof.checking.findings import Problem
    >>> print(to_github(Report(seed=0, errors=[Problem("a,b.py", "is empty: 0 %")])), end="")
    ::error file=a%2Cb.py,title=backproof::is empty: 0 %25
    0 candidates · no findings · 1 problem · seed 0
    """
    lines = [_unit(unit) for unit in report.units]
    for judgement in report.candidates:
        lines += _judgement(judgement)
    lines += [
        _command("error", problem.file, None, None, "backproof", problem.message) for problem in report.errors
    ]
    if not report.errors:  # they say by themselves why nothing was judged
        lines += [f"::error title=backproof::{_data(complaint)}" for complaint in complaints(report)]
    return "\n".join([*lines, summary(report), ""])


def _judgement(judgement: Judgement) -> Iterator[str]:
    if judgement.verdict in (Verdict.UNSURE, Verdict.SKIPPED):
        command = "warning" if judgement.verdict is Verdict.UNSURE else "notice"
        place = judgement.file, judgement.cell, judgement.line
        yield _command(command, *place, f"{judgement.name}: {judgement.verdict}", judgement.reason)
    for finding in judgement.findings:
        line = finding.line or judgement.line
        yield _finding(judgement.file, judgement.cell, line, judgement.name, finding)


def _unit(unit: UnitFinding) -> str:
    return _finding(unit.file, unit.cell, unit.finding.line, "", unit.finding)


def _finding(file: str, cell: int | None, line: int | None, name: str, finding: Finding) -> str:
    title = f"{name}: {finding.diagnosis}" if name else finding.diagnosis
    return _command(_COMMANDS[finding.severity], file, cell, line, title, finding.message)


def _command(command: str, file: str, cell: int | None, line: int | None, title: str, message: str) -> str:
    parts = [f"file={_property(file)}"] if file else []
    if cell is None:
        parts += [] if line is None else [f"line={line}"]
    else:
        message = f"cell {cell}{'' if line is None else f', line {line}'}: {message}"
    return f"::{command} {','.join([*parts, f'title={_property(title)}'])}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message: a line break would end the command, and begin one of the message's own."""
    return showable(text, "utf-8").replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
