"""A derivation: what it consists of, and how it is shown."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backproof.graphs.deriving.shown import Shown, equation, in_latex
from backproof.graphs.deriving.verdict import Verdict

__all__ = ["Derivation", "Note", "Step"]


@dataclass(frozen=True)
class Note:
    """What is said beside a step: a local derivative with its rule, or what stands for a name."""

    left: Shown
    right: Shown
    rule: str = ""

    @property
    def shown(self) -> Shown:
        """Both sides."""
        return equation(self.left, self.right)


@dataclass(frozen=True)
class Step:
    """One step of a derivation: an expression, equal to that of the step before.

    Attributes
    ----------
    left
        What is derived, as ∂f/∂x.
    right
        The expression.
    rule
        The name of the rule that leads to it.
    formula
        The same as a formula of the inputs, one of SymPy.
    verdict
        Whether it is equal to the step before, and how that is known.
    notes
        What was put in.
    given
        Of the first step: the nodes between, their names and what they are.
    """

    left: Shown
    right: Shown
    rule: str
    formula: Any
    verdict: Verdict
    notes: tuple[Note, ...] = ()
    given: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """The derivation of a derivative, step by step.

    It shows itself as text (``str``), LaTeX, Markdown and HTML.

    Attributes
    ----------
    steps
        The steps.
    formula
        The result, a formula of the inputs, one of SymPy.
    value
        Its number, at the values of the graph's inputs; ``None`` where these have none.
    """

    steps: tuple[Step, ...]
    formula: Any
    value: float | None

    @property
    def given(self) -> tuple[Note, ...]:
        """The nodes between: their names and what they are."""
        return tuple(note for step in self.steps for note in step.given)

    @property
    def holds(self) -> bool:
        """Whether each step is equal to the one before: proven, or at all points that were tried."""
        return all(step.verdict.holds for step in self.steps)

    def __bool__(self) -> bool:
        return self.holds

    def _lines(self) -> Iterator[tuple[Shown | None, Step]]:
        """Give the steps, with the left side where it is another than before."""
        left = None
        for step in self.steps:
            yield (None if step.left == left else step.left), step
            left = step.left

    def _valued(self, pattern: str) -> list[str]:
        """Give the line with the number, where there is one."""
        return [] if self.value is None else [pattern.format(self.value)]

    def __str__(self) -> str:
        lines: list[str] = []
        for left, step in self._lines():
            if left is not None:
                lines += [""] * bool(lines)
                lines += [note.shown.text for note in step.given]
                lines += [left.text]
            lines.append(f"  = {step.right.text}")
            lines.append(f"      {step.rule}: {step.verdict}")
            lines += [f"        {note.shown.text}  ({note.rule})" for note in step.notes]
        return "\n".join([*lines, *self._valued("  = {:.12g}")])

    def to_text(self) -> str:
        """Give the derivation as text."""
        return str(self)

    def to_latex(self) -> str:
        """Give the derivation as LaTeX: an ``aligned`` environment, one line a step, then what was put in."""
        lines: list[str] = []
        for left, step in self._lines():
            lines += [f"{note.left.latex} &= {note.right.latex}" for note in step.given]
            start = left.latex if left is not None else ""
            lines.append(f"{start} &= {step.right.latex} && {in_latex(f'{step.rule}: {step.verdict}')}")
            lines += [f"& && {note.shown.latex} {in_latex(f' ({note.rule})')}" for note in step.notes]
        lines += self._valued(r"&\approx {:.6g}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def to_markdown(self) -> str:
        """Give the derivation as Markdown with formulas in LaTeX."""
        lines: list[str] = []
        for left, step in self._lines():
            if step.given:
                lines += ["With " + ", ".join(f"${note.shown.latex}$" for note in step.given) + ":", ""]
            start = f"{left.latex} = " if left is not None else "= "
            said = str(step.verdict).replace("<", "&lt;")
            lines += [f"1. **{step.rule}** ({said})", "", f"   $${start}{step.right.latex}$$", ""]
            lines += [f"   - ${note.shown.latex}$ ({note.rule})" for note in step.notes]
            lines += [""] * bool(step.notes)
        return "\n".join([*lines, *self._valued("At the values of the inputs: {:.12g}"), ""])

    def to_html(self) -> str:
        """Give the derivation as HTML with formulas in MathML, which browsers show by themselves."""
        rows = "".join(_row(left, step) for left, step in self._lines())
        last = "".join(self._valued("<tr><td></td><td>= {:.12g}</td><td>value</td><td></td></tr>"))
        return f'<div class="backproof-derivation"><table>{rows}{last}</table></div>'

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"


def _math(shown: Shown) -> str:
    return f'<math display="inline">{shown.mathml}</math>'


def _row(left: Shown | None, step: Step) -> str:
    notes = "".join(
        f"<br><small>{_math(note.shown)} {html.escape(f'({note.rule})')}</small>" for note in step.notes
    )
    given = "".join(
        f"<tr><td></td><td>{_math(note.shown)}</td><td></td><td></td></tr>" for note in step.given
    )
    return (
        f"{given}<tr><td>{_math(left) if left is not None else ''}</td>"
        f'<td style="text-align: left">{_math(equation(_NOTHING, step.right))}{notes}</td>'
        f"<td>{html.escape(step.rule)}</td><td>{html.escape(str(step.verdict))}</td></tr>"
    )


_NOTHING = Shown("", "", "")
