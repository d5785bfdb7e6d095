"""The report for a person: tables of verdicts, then each finding, then what it all comes to."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backproof.checking.findings import Finding, Judgement, Report, UnitFinding, Verdict
from backproof.checking.report import evidence
from backproof.checking.report.characters import showable
from backproof.checking.report.summary import complaints, summary
from backproof.diagnoses import Severity

__all__ = [
    "as_text",
    "findings_as_text",
    "judged_as",
    "place_of",
    "position_of",
    "render",
    "telling",
    "units_as_text",
    "worst_first",
]

_VERDICTS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.UNSURE: "yellow",
    Verdict.SKIPPED: "dim",
}
_SEVERITIES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
#: Narrower than this, a table goes without its column ``kind``.
_WIDE = 96
#: A table is never narrower than this.
_NARROWEST = 72
#: Between two columns of a table: the padding and the place of a rule.
_GAP = 2
#: Evidence for programs; a message often says it already.
_IN_MESSAGES = ("exception", "type", "text")
_Located = TypeVar("_Located", Judgement, UnitFinding)


def render(report: Report, console: Console, *, seconds: float | None = None) -> None:
    """Print a report.

    ``seconds`` is how long the run took. Colour, width and the characters that can be shown are the
    console's.

    Examples
    --------
    >>> render(Report(seed=0), Console(width=200))
    error: No candidate was found, so nothing was checked. ...
    <BLANKLINE>
    0 candidates · no findings · seed 0
    """
    _Printer(console).report(report, seconds)


def as_text(report: Report, *, width: int = 100) -> str:
    """Give a report as plain text.

    Examples
    --------
    >>> print(as_text(Report(seed=0), width=200))
    error: No candidate was found, so nothing was checked. ...
    <BLANKLINE>
    0 candidates · no findings · seed 0
    """
    return _plain(lambda console: render(report, console), width)


def findings_as_text(judgement: Judgement, *, width: int = 100) -> str:
    """Give what there is to say of one candidate as plain text: the reason, then each finding.

    Examples
    --------
    >>> print(findings_as_text(Judgement("MyTanh", "activation", "numpy-class", Verdict.SKIPPED, "empty")))
    MyTanh  skipped
      empty
    """
    return _plain(lambda console: _Printer(console).judgement(judgement), width)


def units_as_text(units: Iterable[UnitFinding], *, width: int = 100) -> str:
    """Give what there is to say of failed cells as plain text."""

    def show(console: Console) -> None:
        for unit in units:
            _Printer(console).unit(unit)

    return _plain(show, width)


def _plain(show: Callable[[Console], None], width: int) -> str:
    stream = io.StringIO()
    show(Console(file=stream, width=width, color_system=None, force_jupyter=False, force_terminal=False))
    return stream.getvalue().rstrip("\n")


class _Printer:
    """Prints the parts of a report on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def report(self, report: Report, seconds: float | None) -> None:
        """Print it all: tables, findings, failed cells, problems, summary."""
        files = _by_file(report.candidates)
        for file, judgements in files.items():
            self.title(file)
            self.table(judgements)
        for file, judgements in files.items():
            told = [judgement for judgement in judgements if judgement.findings or judgement.reason]
            if told:
                self.title(file)
            for judgement in told:
                self.judgement(judgement)
        for file, units in _by_file(report.units).items():
            self.title(file)
            for unit in units:
                self.unit(unit)
            self.console.print()
        for complaint in complaints(report):
            self.line(Text.assemble(("error: ", _SEVERITIES[Severity.ERROR]), self.clean(complaint)))
            self.console.print()
        for line in _in_parts(self.clean(summary(report, seconds)), self.console.width):
            self.line(line)

    def table(self, judgements: Sequence[Judgement]) -> None:
        """Print the verdict on each candidate of a file."""
        place = "line" if all(judgement.cell is None for judgement in judgements) else "cell:line"
        names = [place, "name", "kind", "judged as", "verdict", "findings"]
        shown = names if self.console.width >= _WIDE else [name for name in names if name != "kind"]
        rows = [self.row(judgement) for judgement in judgements]
        columns = {name: [row[names.index(name)] for row in rows] for name in shown}
        widths = [max(len(name), *(cell.cell_len for cell in cells)) for name, cells in columns.items()]
        # The last column gets what the others leave, and in any case what its longest word needs.
        room = max(self.console.width, _NARROWEST)
        spare = room - sum(widths[:-1]) - _GAP * (len(widths) - 1)
        longest = max((len(f.diagnosis) + 1 for j in judgements for f in j.findings), default=0)
        last = min(widths[-1], max(spare, longest))

        table = Table(
            box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
        )
        for name in shown:
            table.add_column(
                name,
                justify="right" if name == place else "left",
                no_wrap=name in (place, "verdict"),
                overflow="fold",
                width=last if name == "findings" else None,
            )
        for cells in zip(*columns.values(), strict=True):
            table.add_row(*cells)
        for segments in self.console.render_lines(table, self.console.options.update(width=room), pad=False):
            self.print(Text.assemble(*((segment.text, segment.style or "") for segment in segments)))
        self.console.print()

    def row(self, judgement: Judgement) -> list[Text]:
        """Give the cells of a candidate's row in the table."""
        texts = [position_of(judgement), judgement.name, judgement.kind, judged_as(judgement)]
        verdict = Text(judgement.verdict, _VERDICTS[judgement.verdict])
        return [*(Text(self.clean(text)) for text in texts), verdict, _names(judgement.findings)]

    def judgement(self, judgement: Judgement) -> None:
        """Print why a candidate was not judged, then its findings, the worst first."""
        if judgement.reason:
            verdict = (judgement.verdict, _VERDICTS[judgement.verdict])
            self.heading(_headed(judgement.name, place_of(judgement, judgement.line)), verdict)
            self.line(judgement.reason, indent=2)
            self.console.print()
        for finding in worst_first(judgement.findings):
            method = _method(judgement, finding)
            place = place_of(judgement, finding.line or judgement.line)
            self.finding(
                _headed(f"{judgement.name}{method}", place), finding, said=("source",) if method else ()
            )

    def finding(self, subject: str, finding: Finding, said: Sequence[str] = ()) -> None:
        """Print a finding: its heading, its message and its evidence without what is ``said`` already."""
        self.heading(subject, (finding.severity, _SEVERITIES[finding.severity]), (finding.diagnosis, "bold"))
        self.line(finding.message, indent=2)
        lines = evidence.lay_out(telling(finding, said), self.console.width, self.clean)
        if lines:
            self.console.print()
        for line in lines:
            self.line(line)
        self.console.print()

    def unit(self, unit: UnitFinding) -> None:
        """Print why a cell failed, and the line that did."""
        finding = unit.finding
        where = [] if unit.cell is None else [f"cell {unit.cell}"]
        where += [] if finding.line is None else [f"line {finding.line}"]
        severity = (finding.severity, _SEVERITIES[finding.severity])
        self.heading(", ".join(where) or "the file", severity, (finding.diagnosis, "bold"))
        self.line(finding.message, indent=2)
        source = finding.evidence.get("source")
        # A failure that comes of another is not worth a look of its own.
        if isinstance(source, str) and "follows" not in finding.evidence:
            self.line(Text(self.clean(source), "dim"), indent=4)

    def title(self, file: str) -> None:
        """Print the name of a file, above what is said of it; nothing where there is no file."""
        if file:
            self.line(Text(self.clean(file), "bold underline"))

    def heading(self, subject: str, *parts: tuple[str, str]) -> None:
        """Print whom a paragraph is about, and what it is."""
        text = Text(self.clean(subject), "bold")
        for words, style in parts:
            text.append("  ").append(words, style)
        self.line(text)

    def line(self, text: str | Text, indent: int = 0) -> None:
        """Print a text, wrapped: a long word is folded, never cut off."""
        shown = Text(self.clean(text)) if isinstance(text, str) else text
        for part in shown.wrap(self.console, self.console.width - indent, overflow="fold"):
            self.print(Text(" " * indent).append(part))

    def print(self, line: Text) -> None:
        """Print a line as it stands, without the spaces at its end."""
        line.rstrip()
        self.console.print(line, soft_wrap=True, highlight=False)

    def clean(self, text: str) -> str:
        """Replace what the terminal cannot show."""
        return showable(text, self.console.encoding)


def telling(finding: Finding, said: Sequence[str] = ()) -> dict[str, object]:
    """Give the evidence of a finding without what is ``said`` already, in its message for one."""
    return {
        key: value
        for key, value in finding.evidence.items()
        if key not in said and not (key in _IN_MESSAGES and str(value) in finding.message)
    }


def _in_parts(text: str, width: int) -> list[str]:
    """Break a summary between its parts where it is too long for one line."""
    lines: list[str] = []
    for part in re.split(r"(?<= [·|]) ", text):
        if lines and len(lines[-1]) + len(part) < width:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def _by_file(parts: Iterable[_Located]) -> dict[str, list[_Located]]:
    """Give the parts by their files, in the order in which the files first come."""
    files: dict[str, list[_Located]] = {}
    for part in parts:
        files.setdefault(part.file, []).append(part)
    return files


def position_of(judgement: Judgement) -> str:
    """Give the line of a candidate's definition; in a notebook its cell, and the line in that."""
    line = "" if judgement.line is None else str(judgement.line)
    return line if judgement.cell is None else f"{judgement.cell}:{line}"


def _headed(name: str, place: str) -> str:
    return f"{name} ({place})" if place else name


def place_of(judgement: Judgement, line: int | None) -> str:
    """Word a place in the code of a candidate."""
    cell = [] if judgement.cell is None else [f"cell {judgement.cell}"]
    return ", ".join(cell + ([] if line is None else [f"line {line}"])) or judgement.file


def _method(judgement: Judgement, finding: Finding) -> str:
    """Name the method that a gradient comes from, where its name is PyTorch's."""
    wrote = {"torch-module-manual-backward": "backward", "torch-autograd-function": "autograd"}
    source = finding.evidence.get("source")
    return ".backward" if source is not None and wrote.get(judgement.style) == source else ""


def judged_as(judgement: Judgement) -> str:
    """Give the reference, without what every reader knows of it: ReLU for torch.nn.ReLU()."""
    if judgement.reference is None:
        return "" if judgement.verdict is Verdict.SKIPPED else "its own forward"
    return re.sub(r"^torch\.(nn|optim)\.|\(\)$", "", judgement.reference)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Order findings by their severity."""
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def _names(findings: Iterable[Finding]) -> Text:
    """Name the diagnoses, each once, in the colour of its severity."""
    styles = {finding.diagnosis: _SEVERITIES[finding.severity] for finding in worst_first(findings)[::-1]}
    return Text(", ").join(Text(name, style) for name, style in reversed(styles.items()))
