"""The report as the user sees it: a snapshot of each diagnosis and each verdict, and what never happens."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from backproof.checking.findings import Finding, Problem, Report, Verdict
from backproof.checking.report.text import as_text, render
from backproof.diagnoses import DIAGNOSES, Severity
from tests.checking.report import samples

#: The diagnoses that the checker can give already; each is to be seen in a snapshot.
NAMED = {
    "forward-value", "forward-shape", "gradient-value", "gradient-scale", "gradient-sign", "upstream-ignored",
    "upstream-as-input", "missing-gradient", "not-finite", "epsilon-bias", "reduction", "gradient-at-kink",
    "detached", "mutates-input", "update-value", "velocity-holds-lr", "bias-correction-missing",
    "epsilon-placement", "backward-never-called", "raises", "time-out", "cell-error",
}  # fmt: skip


def shown(report: Report, width: int = 100, *, terminal: bool = False, encoding: str = "utf-8") -> str:
    """Render a report to a stream of the given encoding."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    console = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        legacy_windows=False,
        _environ={},
    )
    render(report, console, seconds=2.1)
    return raw.getvalue().decode(encoding)


def one(*findings: Finding, **changes: Any) -> Report:
    return Report(seed=0, candidates=[samples.judgement(*findings, **changes)])


def test_there_is_a_sample_of_each_diagnosis_that_the_checker_names() -> None:
    assert {finding.diagnosis for finding in [*samples.FINDINGS, samples.CELL.finding]} == NAMED


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
@pytest.mark.parametrize(
    "finding", samples.FINDINGS, ids=lambda finding: f"{finding.diagnosis}-{finding.severity}"
)
def test_diagnosis(finding: Finding, terminal: bool, snapshot: SnapshotAssertion) -> None:
    assert shown(one(finding), terminal=terminal) == snapshot


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
def test_failed_cell(terminal: bool, snapshot: SnapshotAssertion) -> None:
    report = one()
    report.units += [samples.CELL, samples.FOLLOWER]
    assert shown(report, terminal=terminal) == snapshot


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
@pytest.mark.parametrize("verdict", Verdict)
def test_verdict(verdict: Verdict, terminal: bool, snapshot: SnapshotAssertion) -> None:
    reason = "" if verdict in (Verdict.PASS, Verdict.FAIL) else "two oracles do not agree"
    assert shown(one(verdict=verdict, reason=reason), terminal=terminal) == snapshot


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_whole_report(width: int, terminal: bool, snapshot: SnapshotAssertion) -> None:
    assert shown(samples.whole(), width, terminal=terminal) == snapshot


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_whole_report_where_the_encoding_lacks_signs(encoding: str, snapshot: SnapshotAssertion) -> None:
    assert shown(samples.whole(), 80, encoding=encoding) == snapshot


def test_no_candidate_found(snapshot: SnapshotAssertion) -> None:
    assert shown(Report(seed=0)) == snapshot


def test_no_candidate_judged(snapshot: SnapshotAssertion) -> None:
    assert shown(one(verdict=Verdict.SKIPPED, reason="it takes no array")) == snapshot


def test_only_a_problem_says_the_problem_alone() -> None:
    text = shown(Report(seed=0, errors=[Problem("a.py", "no such file")]))
    assert text == "error: a.py: no such file\n\n0 candidates · no findings · 1 problem · seed 0 · 2.1 s\n"


@pytest.mark.parametrize("width", [30, 60, 80, 96, 120, 200])
def test_nothing_is_cut_off(width: int) -> None:
    report = samples.whole()
    folded = "".join(shown(report, width).split())
    for judgement in report.candidates:
        assert judgement.reason.replace(" ", "") in folded
        for finding in judgement.findings:
            assert finding.diagnosis in folded
            assert finding.message.replace(" ", "") in folded
    assert "…" not in folded


@pytest.mark.parametrize("width", [80, 96, 120])
def test_lines_keep_within_the_width_and_end_without_spaces(width: int) -> None:
    everything = one(*samples.FINDINGS)
    for line in [*shown(samples.whole(), width).splitlines(), *shown(everything, width).splitlines()]:
        assert len(line) <= width
        assert line == line.rstrip()


def test_as_text_is_what_is_printed_where_there_is_no_terminal() -> None:
    assert f"{as_text(samples.whole())} · 2.1 s\n" == shown(samples.whole())


def test_plain_text_has_no_escape_codes() -> None:
    assert "\x1b" not in shown(samples.whole())


def test_errors_stand_before_warnings_and_notes_of_a_candidate() -> None:
    order = ["note", "warning", "error", "warning", "error"]
    by_severity = {diagnosis.severity: name for name, diagnosis in DIAGNOSES.items()}
    findings = [Finding(by_severity[Severity(severity)], f"number {i}") for i, severity in enumerate(order)]
    text = shown(one(*findings))
    assert [int(line.split()[-1]) for line in text.splitlines() if "number" in line] == [2, 4, 1, 3, 0]


def test_hostile_texts_are_shown_as_they_are_written() -> None:
    message = "[red]not markup[/red] :smile: \x1b[31m\a\r\u202e"
    text = shown(one(Finding("raises", message), name="[bold]Name", file="a\x1b[2Jb.py"))
    assert "\x1b" not in text
    assert "[red]not markup[/red] :smile: \\x1b[31m\\x07\\r\\u202e" in text
    assert "[bold]Name" in text
    assert "a\\x1b[2Jb.py" in text


def test_a_name_outside_the_encoding_is_escaped() -> None:
    text = shown(one(name="Потеря"), encoding="cp1252")
    assert "\\u041f" in text


def test_a_file_name_that_is_no_text_is_shown() -> None:
    text = shown(one(file=b"caf\xe9.py".decode("utf-8", "surrogateescape")))
    assert "caf\\udce9.py" in text


def test_summary_counts() -> None:
    last = shown(samples.whole(), 200).splitlines()[-1]
    assert last == (
        "6 candidates: 2 pass, 2 fail, 1 unsure, 1 skipped · 2 errors, 2 warnings, 3 notes · "
        "1 problem · seed 0 · 2.1 s"
    )
