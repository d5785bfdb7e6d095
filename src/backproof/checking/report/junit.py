"""The report as JUnit's XML, which continuous integration shows as tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from backproof.checking.findings import Judgement, Problem, Report, UnitFinding, Verdict
from backproof.checking.report.characters import showable
from backproof.checking.report.summary import complaints
from backproof.checking.report.text import findings_as_text, units_as_text
from backproof.diagnoses import Severity

__all__ = ["to_junit"]

#: What no XML 1.0 document may hold, not even escaped, and is no control character.
_NO_XML = re.compile("[\ufffe\uffff]")


def to_junit(report: Report, *, strict: bool = False) -> str:
    """Give a report as XML: a file is a suite of tests, a candidate a test.

    One with a finding of severity error fails; with ``strict`` one with a warning too. One that could
    not be judged is skipped, with the reason. A file that could not be checked is an error.

    Examples
    --------
    >>> print(to_junit(Report(seed=0)), end="")
    <?xml version='1.0' encoding='utf-8'?>
    <testsuites name="backproof" tests="1" failures="0" errors="1" skipped="0" time="0.000">
      <testsuite name="backproof" tests="1" failures="0" errors="1" skipped="0" time="0.000">
        <testcase name="check" classname="backproof">
          <error type="could not be checked" message="No candidate was found, so nothing was checked. ...
        </testcase>
      </testsuite>
    </testsuites>
    """
    root = Element("testsuites", name="backproof")
    wrong = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    files = [part.file for parts in (report.candidates, report.units, report.errors) for part in parts]
    for file in dict.fromkeys(files):
        suite = SubElement(root, "testsuite", name=_clean(file))
        for judgement in _of(file, report.candidates):
            _add_candidate(suite, judgement, wrong)
        for problem in _of(file, report.errors):
            _add_error(suite, problem.message)
        units = _of(file, report.units)
        if units:
            SubElement(suite, "system-out").text = _clean(units_as_text(units))
    if not report.errors:  # they say by themselves why nothing was judged
        for complaint in complaints(report):
            _add_error(SubElement(root, "testsuite", name="backproof"), complaint)
    for part in (*root, root):
        _count(part)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode("utf-8") + "\n"


_Located = TypeVar("_Located", Judgement, UnitFinding, Problem)


def _of(file: str, parts: Iterable[_Located]) -> list[_Located]:
    return [part for part in parts if part.file == file]


def _add_candidate(suite: Element, judgement: Judgement, wrong: set[Severity]) -> None:
    case = SubElement(suite, "testcase", name=_clean(judgement.name), classname=suite.get("name", ""))
    case.set("time", f"{judgement.seconds:.3f}")
    if judgement.cell is None:  # a line of a cell is no line of its file
        case.set("file", suite.get("name", ""))
        if judgement.line is not None:
            case.set("line", str(judgement.line))
    text = _clean(findings_as_text(judgement))
    failing = [finding for finding in judgement.findings if finding.severity in wrong]
    if failing:
        names = ", ".join(dict.fromkeys(finding.diagnosis for finding in failing))
        failure = SubElement(case, "failure", type=names, message=_clean(failing[0].message))
        failure.text = text
    elif judgement.verdict in (Verdict.UNSURE, Verdict.SKIPPED):
        SubElement(case, "skipped", message=_clean(f"{judgement.verdict}: {judgement.reason}"))
    elif text:
        SubElement(case, "system-out").text = text


def _add_error(suite: Element, message: str) -> None:
    case = SubElement(suite, "testcase", name="check", classname=suite.get("name", ""))
    SubElement(case, "error", type="could not be checked", message=_clean(message))


def _count(part: Element) -> None:
    """Note in a suite, or in all of them, how many tests there are and how they ended."""
    cases = part.findall(".//testcase")
    part.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        part.set(name, str(sum(case.find(tag) is not None for case in cases)))
    part.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")


def _clean(text: str) -> str:
    """Replace what XML cannot hold: control characters and halves of characters."""
    return _NO_XML.sub("\ufffd", showable(text, "utf-8"))
