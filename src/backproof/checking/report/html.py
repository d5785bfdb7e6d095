"""The report as HTML: one page that needs nothing else, or a part of a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from importlib import resources
from textwrap import dedent

from rich.text import Text

from backproof import __version__
from backproof.checking.findings import Finding, Judgement, Report, UnitFinding, Verdict
from backproof.checking.report import evidence
from backproof.checking.report.characters import showable
from backproof.checking.report.formula import formula
from backproof.checking.report.plot import picture
from backproof.checking.report.summary import complaints, summary
from backproof.checking.report.text import judged_as, place_of, position_of, telling, worst_first
from backproof.diagnoses import read_page

__all__ = ["fragment", "to_html"]

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
#: The width of evidence, in characters.
_WIDTH = 100


def to_html(report: Report, *, seconds: float | None = None) -> str:
    """Give a report as one HTML page: no other file, no script, nothing from the network.

    Examples
    --------
    >>> to_html(Report(seed=0)).splitlines()[0]
    '<!DOCTYPE html>'
    """
    line = summary(report, seconds)
    body = f'{_body(report, line)}\n<footer class="backproof">backproof {escape(__version__)}</footer>'
    return _PAGE.format(title=_clean(f"backproof: {line}"), body=body)


def fragment(report: Report) -> str:
    """Give a report as a part of a page, in the colours of the page: for a notebook."""
    return _body(report, summary(report))


def _body(report: Report, line: str) -> str:
    style = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    parts = [f"<style>{style}</style>", '<div class="backproof">', f"<p><b>{_clean(line)}</b></p>"]
    parts += [f"<p>{_badge('error')} {_clean(complaint)}</p>" for complaint in complaints(report)]
    files = [*(judgement.file for judgement in report.candidates), *(unit.file for unit in report.units)]
    for file in dict.fromkeys(files):
        judgements = [judgement for judgement in report.candidates if judgement.file == file]
        parts += [f"<h2>{_clean(file)}</h2>"] if file else []
        parts += [_table(judgements)] if judgements else []
        parts += [_candidate(judgement) for judgement in judgements]
        parts += [_unit(unit) for unit in report.units if unit.file == file]
    return "\n".join([*parts, "</div>"])


def _table(judgements: Iterable[Judgement]) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("line", "name", "kind", "judged as", "verdict", "findings")
    )
    rows = []
    for judgement in judgements:
        texts = (position_of(judgement), judgement.name, judgement.kind, judged_as(judgement))
        found = dict.fromkeys((f.diagnosis, f.severity) for f in worst_first(judgement.findings))
        cells = [
            *(_clean(text) for text in texts),
            _badge(judgement.verdict),
            " ".join(_badge(severity, name) for name, severity in found),
        ]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _candidate(judgement: Judgement) -> str:
    """Tell of a candidate: open where it is not right, folded where it is."""
    heading = f"<b>{_clean(judgement.name)}</b> {_badge(judgement.verdict)}"
    parts = [f"<p>{_clean(judgement.reason)}</p>"] if judgement.reason else []
    parts += [_finding(judgement, finding) for finding in worst_first(judgement.findings)]
    parts += [picture(judgement.curve)] if judgement.curve else []
    mathematics = formula(judgement.reference)
    if mathematics:
        parts.append(_folded(f"the mathematics of {judgement.reference}", _prose(mathematics)))
    if not parts:
        return ""
    opened = "" if judgement.verdict is Verdict.PASS else " open"
    return f"<details{opened}><summary>{heading}</summary>{''.join(parts)}</details>"


def _finding(judgement: Judgement, finding: Finding) -> str:
    place = place_of(judgement, finding.line or judgement.line)
    lines = evidence.lay_out(telling(finding), _WIDTH, lambda text: showable(text, "utf-8"))
    shown = dedent("\n".join(_marked(line) for line in lines))
    page = read_page(finding.diagnosis)
    folded = _folded("the numbers", f"<pre>{shown}</pre>") if lines else ""
    folded += _folded("what it means", _prose(_unwrapped(page.meaning, page.mending)))
    return (
        f"<section>{_badge(finding.severity, finding.diagnosis)} <small>{_clean(place)}</small>"
        f"<p>{_clean(finding.message)}</p>{folded}</section>"
    )


def _unwrapped(*texts: str) -> str:
    """Give prose without the ends of lines that its source has."""
    return "\n\n".join(re.sub(r"(?<!\n)\n(?!\n)", " ", text) for text in texts)


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{_clean(summary)}</summary>{content}</details>"


def _unit(unit: UnitFinding) -> str:
    finding = unit.finding
    where = "the file" if unit.cell is None else f"cell {unit.cell}"
    where += "" if finding.line is None else f", line {finding.line}"
    source = finding.evidence.get("source")
    code = f"<pre>{_clean(source)}</pre>" if isinstance(source, str) else ""
    badge = _badge(finding.severity, finding.diagnosis)
    return f"<section>{badge} <small>{where}</small><p>{_clean(finding.message)}</p>{code}</section>"


def _badge(kind: str, text: str = "") -> str:
    return f'<span class="badge {kind}">{escape(text or kind)}</span>'


def _marked(line: Text) -> str:
    """Give a line of evidence; what is not as expected is marked."""
    text = line.plain
    parts, end = [], 0
    for span in sorted(line.spans, key=lambda span: span.start):
        if span.style:
            parts += [escape(text[end : span.start]), f"<mark>{escape(text[span.start : span.end])}</mark>"]
            end = span.end
    return "".join([*parts, escape(text[end:])])


def _prose(text: str) -> str:
    """Give the text of a docstring: its paragraphs, and what it marks as code."""
    paragraphs = (_clean(part) for part in text.split("\n\n"))
    marked = (
        re.sub(r"``(.+?)``|`(.+?)`", r"<code>\1\2</code>", part, flags=re.DOTALL) for part in paragraphs
    )
    return "".join(f'<p class="formula">{part}</p>' for part in marked)


def _clean(text: str) -> str:
    """Make any text safe to stand in a page, as text or in quotes."""
    return escape(showable(text, "utf-8"))
