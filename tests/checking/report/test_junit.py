"""The report as JUnit's XML: what continuous integration reads."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from syrupy.assertion import SnapshotAssertion

from backproof.checking.findings import Finding, Report
from backproof.checking.report.junit import to_junit
from tests.checking.report import hostile, samples


def parsed(report: Report, *, strict: bool = False) -> ET.Element:
    return ET.fromstring(to_junit(report, strict=strict).encode())  # noqa: S314 - it is our own


def test_whole_report(snapshot: SnapshotAssertion) -> None:
    assert to_junit(samples.whole()) == snapshot


def test_a_suite_for_each_file_and_a_test_for_each_candidate() -> None:
    report = samples.whole()
    root = parsed(report)
    files = {judgement.file for judgement in report.candidates} | {problem.file for problem in report.errors}
    assert {suite.get("name") for suite in root} == files
    names = [str(case.get("name")) for case in root.iter("testcase")]
    assert sorted(names) == sorted([*(j.name for j in report.candidates), *["check" for _ in report.errors]])


def test_the_counts_are_those_of_the_tests() -> None:
    root = parsed(samples.whole())
    for part in (root, *root):
        cases = list(part.iter("testcase"))
        assert part.get("tests") == str(len(cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert part.get(name) == str(len(list(part.iter(tag))))
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("2", "1", "2")


@pytest.mark.parametrize(
    ("diagnosis", "strict", "fails"),
    [
        ("upstream-ignored", False, 1),
        ("not-finite", False, 0),
        ("not-finite", True, 1),
        ("double-backward", True, 1),
    ],
)
def test_warnings_fail_only_with_strict(diagnosis: str, strict: bool, fails: int) -> None:
    report = Report(0, [samples.judgement(Finding(diagnosis, "It is so."))])
    assert len(list(parsed(report, strict=strict).iter("failure"))) == fails
    assert "It is so." in to_junit(report, strict=strict)  # said in either case


def test_nothing_judged_is_an_error_unless_it_may_be() -> None:
    assert len(list(parsed(Report(0)).iter("error"))) == 1
    assert not list(parsed(Report(0, may_be_empty=True)).iter("error"))


def test_hostile_texts_stay_texts() -> None:
    text = to_junit(hostile.report())
    root = parsed(hostile.report())
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
    (failure,) = root.iter("failure")
    assert hostile.MARKUP in str(failure.get("message"))
    assert text.encode("utf-8")
