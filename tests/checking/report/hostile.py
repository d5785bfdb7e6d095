"""A report whose every text tries to be more than text."""

from __future__ import annotations

from backproof.checking.findings import Curve, Finding, Problem, Report, UnitFinding, Verdict
from tests.checking.report import samples

MARKUP = "</td></pre><script>alert(1)</script>&amp;\"'><img src=//evil.example>]]>"
COMMAND = "x\n::error file=other.py::planted\r\n::set-output name=a::b%0A"
CONTROLS = "\x00\x1b[31m\x0b\u202e\udce9\ufffe"
ALL = f"{MARKUP} {COMMAND} {CONTROLS}"

CURVE = Curve(MARKUP, "backward", 2.0, (-1.0, 0.0, 1.0), (0.5, 2.0, 0.5), (0.25, float("nan"), float("inf")))


def report() -> Report:
    """Give a report with such texts in every place that has one."""
    finding = Finding(
        "raises", ALL, {MARKUP: MARKUP, "input": [1.0], "expected": [2.0], "got": [3.0], "also": ALL}
    )
    wrong = samples.judgement(finding, name=ALL, file=ALL, reference=MARKUP, reason=ALL)
    wrong.curve = CURVE
    skipped = samples.judgement(name=ALL, file=ALL, verdict=Verdict.SKIPPED, reason=ALL)
    unit = UnitFinding(ALL, Finding("cell-error", ALL, {"source": ALL}), 3)
    return Report(0, [wrong, skipped], [unit], [Problem(ALL, ALL)])
