"""A proof: what each line was found to be, and how it is shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from backproof.diagnoses import Diagnosis
from backproof.graphs.deriving.shown import Shown, in_latex
from backproof.graphs.deriving.verdict import Kind, Verdict

__all__ = ["Line", "Mistaken", "Proof"]


@dataclass(frozen=True)
class Mistaken:
    """What is wrong in a line: a diagnosis, where its numbers show one, and one sentence."""

    diagnosis: Diagnosis | None
    says: str

    def __str__(self) -> str:
        return f"{self.diagnosis.name}: {self.says}" if self.diagnosis else self.says


@dataclass(frozen=True)
class Line:
    """One line of a solution, which is claimed to be equal to the one before.

    Attributes
    ----------
    text
        As it was written.
    before
        What it is claimed to be equal to, as it was written.
    verdict
        What was found.
    mistakes
        What is wrong, where it is refuted and that could be found.
    shown
        The formula, of a single number.
    """

    text: str
    before: str
    verdict: Verdict
    mistakes: tuple[Mistaken, ...] = ()
    shown: Shown | None = None


@dataclass(frozen=True)
class Proof:
    """A solution, line by line.

    It shows itself as text (``str``), LaTeX, Markdown and HTML, and is true where no line is refuted or
    undecided.

    Attributes
    ----------
    first
        What the first line is claimed to be equal to.
    lines
        The lines.
    """

    first: str
    lines: tuple[Line, ...]
    begins: Shown | None = None

    @property
    def kind(self) -> Kind:
        """The least that is known of a line: ``refuted``, ``undecided``, ``holds`` or ``proven``."""
        kinds = {line.verdict.kind for line in self.lines}
        order: tuple[Kind, ...] = ("refuted", "undecided", "holds", "proven")
        return next(kind for kind in order if kind in kinds)

    @property
    def holds(self) -> bool:
        """Whether every line is equal to the one before: proven, or at all points that were tried."""
        return all(line.verdict.holds for line in self.lines)

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        found = [self.first]
        for line in self.lines:
            found += [f"  = {line.text}", f"      {line.verdict}"]
            found += [f"      {mistake}" for mistake in line.mistakes]
        return "\n".join(found)

    def to_text(self) -> str:
        """Give the proof as text."""
        return str(self)

    def to_latex(self) -> str:
        """Give the proof as LaTeX: an ``aligned`` environment, one line a line, below it what is wrong."""
        begins = self.begins.latex if self.begins else in_latex(self.first)
        lines: list[str] = []
        for line in self.lines:
            right = line.shown.latex if line.shown else in_latex(line.text)
            lines.append(f"{'' if lines else begins} &= {right} && {in_latex(str(line.verdict))}")
            lines += [f"& && {in_latex(str(mistake))}" for mistake in line.mistakes]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def to_markdown(self) -> str:
        """Give the proof as Markdown."""
        lines = [_code(self.first), ""]
        for line in self.lines:
            lines.append(f"1. = {_code(line.text)}: {line.verdict}")
            lines += [f"   - {mistake}" for mistake in line.mistakes]
        return "\n".join([*lines, ""])

    def to_html(self) -> str:
        """Give the proof as HTML with formulas in MathML."""
        rows = [f"<tr><td>{_cell(self.begins, self.first)}</td><td></td></tr>"]
        for line in self.lines:
            said = "<br>".join(html.escape(str(part)) for part in (line.verdict, *line.mistakes))
            rows.append(f"<tr><td>= {_cell(line.shown, line.text)}</td><td>{said}</td></tr>")
        return f'<div class="backproof-proof"><table>{"".join(rows)}</table></div>'

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"


def _cell(shown: Shown | None, text: str) -> str:
    if shown is None:
        return f"<code>{html.escape(text)}</code>"
    return f'<math display="inline">{shown.mathml}</math>'


def _code(text: str) -> str:
    """Write code in Markdown, between more backticks than there are in it."""
    line = " ".join(text.split())
    ticks = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{ticks}{line}{ticks}" if ticks == "`" else f"{ticks} {line} {ticks}"
