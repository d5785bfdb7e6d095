"""The report as annotations of a GitHub workflow."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from backproof.checking.findings import Finding, Report, Verdict
from backproof.checking.report.github import to_github
from tests.checking.report import hostile, samples


def test_whole_report(snapshot: SnapshotAssertion) -> None:
    assert to_github(samples.whole()) == snapshot


def test_a_finding_stands_at_its_line() -> None:
    judgement = samples.judgement(
        Finding("raises", "It raised.", line=7), name="MyTanh", file="a.py", cell=None, line=5
    )
    first, *_ = to_github(Report(0, [judgement])).splitlines()
    assert first == "::error file=a.py,line=7,title=MyTanh%3A raises::It raised."


def test_a_line_of_a_cell_is_told_in_the_message() -> None:
    judgement = samples.judgement(
        Finding("not-finite", "It is not.", line=7), name="MyTanh", file="a.ipynb", cell=2, line=5
    )
    first, *_ = to_github(Report(0, [judgement])).splitlines()
    assert first == "::warning file=a.ipynb,title=MyTanh%3A not-finite::cell 2, line 7: It is not."


def test_each_finding_and_problem_is_one_line_and_the_last_sums_up() -> None:
    report = samples.whole()
    *commands, last = to_github(report).splitlines()
    unjudged = [j for j in report.candidates if j.verdict in (Verdict.UNSURE, Verdict.SKIPPED)]
    findings = [finding for judgement in report.candidates for finding in judgement.findings]
    assert len(commands) == len([*findings, *unjudged, *report.units, *report.errors])
    assert last.startswith("6 candidates: ")


def test_hostile_texts_make_no_commands_of_their_own() -> None:
    report = hostile.report()
    *commands, last = to_github(report).splitlines()
    assert len(commands) == 4  # a finding, one skipped, a cell, a problem
    assert all(command.startswith(("::error file=", "::notice file=")) for command in commands)
    for command in commands:
        properties, _, _ = command[2:].partition("::")
        assert properties.count("file=") - properties.count("file%3D") >= 1
        assert set(properties) & set("\r\n") == set()
    assert not last.startswith("::")
    assert to_github(report).encode("utf-8")


def test_nothing_judged_is_told() -> None:
    assert to_github(Report(0)).startswith("::error title=backproof::No candidate was found")
