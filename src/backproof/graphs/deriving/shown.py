"""What is shown to people: a piece of mathematics as text, as LaTeX and as MathML."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.str import StrPrinter

from backproof.graphs.deriving.cases import choices, in_cases
from backproof.graphs.deriving.meant import decimals

__all__ = ["Shown", "as_written", "equation", "in_latex", "partial", "product", "same", "total"]


@dataclass(frozen=True)
class Shown:
    """A piece of mathematics.

    Attributes
    ----------
    text
        For a terminal; what stands for a formula can be read again as an expression.
    latex, mathml
        For pages.
    binds
        How strongly it holds together: 0 a sum, 1 a product, 2 a single thing.
    """

    text: str
    latex: str
    mathml: str
    binds: int = 2

    @classmethod
    def of(cls, formula: Any) -> Shown:
        """Show a formula of SymPy.

        Examples
        --------
        >>> x = sympy.Symbol("x_1", real=True)
        >>> Shown.of(1 - x**2).text, Shown.of(1 - x**2).latex
        ('1 - x_1**2', '1 - x_{1}^{2}')
        """
        formula = decimals(formula)
        binds = 0 if formula.is_Add or formula.could_extract_minus_sign() else 1 if formula.is_Mul else 2
        return cls(_Text().doprint(formula), _latex(formula), _MathML().doprint(formula), binds)

    @property
    def bracketed(self) -> Shown:
        """The same in brackets, where it is a sum."""
        if self.binds > 0:
            return self
        return Shown(
            f"({self.text})",
            rf"\left({self.latex}\right)",
            f"<mrow><mo>(</mo>{self.mathml}<mo>)</mo></mrow>",
        )


def _latex(formula: Any, **how: Any) -> str:
    """Write LaTeX; the index of x_t_minus_1 is t-1, as it is read."""
    words = {name: in_latex(name.name) for name in formula.free_symbols if not _PLAIN.match(name.name)}
    return str(sympy.latex(formula, symbol_names=words, **how)).replace(" minus ", "-").replace(" plus ", "+")


#: Names that mean nothing to LaTeX and HTML; Greek letters are written out by SymPy.
_PLAIN = re.compile(r"\w+\Z")
_MEANS = {
    **{letter: "\\" + letter for letter in "&%$#{}_"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "`": r"\textasciigrave{}",
    "\n": " ",
    "≠": "$\\neq$",
}


def in_latex(text: str) -> str:
    r"""Write words in LaTeX, with what has a meaning there, in Markdown or in HTML written out.

    Examples
    --------
    >>> print(in_latex("<b>$x"))
    \text{\textless{}b\textgreater{}\$x}
    """
    return rf"\text{{{''.join(_MEANS.get(letter, letter) for letter in text)}}}"


def partial(of: str, *wrt: str) -> Shown:
    r"""Write a derivative: ∂f/∂x, or of a higher order ∂²f/∂x∂y and ∂²f/∂x².

    Examples
    --------
    >>> print(partial("f", "x").text, partial("f", "x").latex)
    ∂f/∂x \frac{\partial f}{\partial x}
    >>> print(partial("f", "x", "x", "y").text)
    ∂³f/∂x²∂y
    """
    f, *names = (Shown.of(sympy.Symbol(name)) for name in (of, *wrt))
    top = _raised(Shown("∂", r"\partial", "<mo>∂</mo>"), len(names))
    counts = [len(list(same)) for _, same in itertools.groupby(wrt)]
    firsts = itertools.accumulate([0, *counts[:-1]])
    powers = [_raised(names[first], count) for first, count in zip(firsts, counts, strict=True)]
    below = r"\,".join(rf"\partial {one.latex}" for one in powers)
    return Shown(
        f"{top.text}{f.text}/{''.join('∂' + one.text for one in powers)}",
        rf"\frac{{{top.latex} {f.latex}}}{{{below}}}",
        f"<mfrac><mrow>{top.mathml}{f.mathml}</mrow>"
        f"<mrow>{''.join('<mo>∂</mo>' + one.mathml for one in powers)}</mrow></mfrac>",
    )


def _raised(shown: Shown, power: int) -> Shown:
    if power == 1:
        return shown
    digits = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
    mathml = f"<msup><mrow>{shown.mathml}</mrow><mn>{power}</mn></msup>"
    return Shown(f"{shown.text}{digits}", f"{shown.latex}^{{{power}}}", mathml)


def product(factors: Sequence[Shown]) -> Shown:
    """Write factors beside one another."""
    if len(factors) == 1:
        return factors[0]
    return _joined([factor.bracketed for factor in factors], (" · ", r" \cdot ", "<mo>·</mo>"), 1)


def total(parts: Sequence[Shown]) -> Shown:
    """Write the parts of a sum."""
    return _joined(parts, (" + ", " + ", "<mo>+</mo>"), 0) if parts[1:] else parts[0]


def equation(left: Shown, right: Shown) -> Shown:
    """Write two sides of an equation."""
    return _joined([left, right], (" = ", " = ", "<mo>=</mo>"), 0)


def _kept(part: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a formula of SymPy as it is written: x·x is no x²."""
    return lambda *parts: part(*parts, evaluate=False)


_sum, _product, _power = map(_kept, (sympy.Add, sympy.Mul, sympy.Pow))
_SIGNS: dict[str, Callable[..., Any]] = {
    "add": _sum,
    "subtract": lambda one, other: _sum(one, _product(-1, other)),
    "multiply": _product,
    "divide": lambda one, other: _product(one, _power(other, -1)),
    "power": _power,
    "negative": lambda one: _product(-1, one),
}


def as_written(op: str, parts: Sequence[Any], text: str) -> Shown:
    r"""Show a sum, product, quotient or power of formulas as it was written, with nothing collected.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> as_written("multiply", [x, x], "x*x").latex, as_written("add", [x, x], "x + x").latex
    ('x x', 'x + x')
    """
    formula = _SIGNS[op](*map(decimals, parts))
    return Shown(text, _latex(formula, order="none"), _MathML({"order": "none"}).doprint(formula))


def same(text: str, formula: Any, *, alone: bool) -> Shown:
    """Show what was written in words of an expression, and the formula that it means unless ``alone``.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> same("relu(x)", sympy.Max(0, x), alone=False).text
    'relu(x) = max(0, x)'
    """
    shown = Shown.of(formula)
    if alone or text == shown.text:
        return Shown(text, shown.latex, shown.mathml)
    return equation(Shown(text, in_latex(text), f"<mtext>{html.escape(text)}</mtext>"), shown)


def _joined(parts: Sequence[Shown], signs: tuple[str, str, str], binds: int) -> Shown:
    text, latex, mathml = signs
    return Shown(
        text.join(part.text for part in parts),
        latex.join(part.latex for part in parts),
        f"<mrow>{mathml.join(part.mathml for part in parts)}</mrow>",
        binds,
    )


class _Text(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Writes as expressions are read: ``where(x > 0, x, 0)``, ``max(x, y)``."""

    def _print_Piecewise(self, expr: Any) -> str:  # noqa: N802 - SymPy's name
        def where(by: Any, one: str, other: str) -> str:
            return f"where({self._print(by)}, {one}, {other})"

        return str(choices(expr, self._print, where))

    def _print_sign(self, expr: Any) -> str:
        return str(self._print(in_cases(expr)))

    def _print_Max(self, expr: Any) -> str:  # noqa: N802 - SymPy's name
        return f"max({', '.join(map(self._print, expr.args))})"

    def _print_Min(self, expr: Any) -> str:  # noqa: N802 - SymPy's name
        return f"min({', '.join(map(self._print, expr.args))})"

    def _print_Abs(self, expr: Any) -> str:  # noqa: N802 - SymPy's name
        return f"abs({self._print(expr.args[0])})"


class _MathML(MathMLPresentationPrinter):  # type: ignore[misc]  # SymPy brings no types
    """SymPy's, with cases one below the other."""

    def _print_Piecewise(self, formula: Any) -> Any:  # noqa: N802 - SymPy's name
        table = self.dom.createElement("mtable")
        for value, condition in formula.args:
            row = self.dom.createElement("mtr")
            for part in (value, condition):
                cell = self.dom.createElement("mtd")
                cell.appendChild(self._print(part) if part != sympy.true else self._word("otherwise"))
                row.appendChild(cell)
            table.appendChild(row)
        cases = self.dom.createElement("mrow")
        brace = self.dom.createElement("mo")
        brace.appendChild(self.dom.createTextNode("{"))
        cases.appendChild(brace)
        cases.appendChild(table)
        return cases

    def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:  # noqa: N802 - SymPy's name
        if _PLAIN.match(sym.name):
            return super()._print_Symbol(sym, style)
        found = self.dom.createElement("mi")
        found.appendChild(self.dom.createTextNode(html.escape(sym.name)))
        return found

    def _word(self, word: str) -> Any:
        found = self.dom.createElement("mtext")
        found.appendChild(self.dom.createTextNode(word))
        return found

    def doprint(self, formula: Any) -> str:
        written = str(super().doprint(formula)).replace("<mo><</mo>", "<mo>&lt;</mo>")
        for sign, word in (("-", "minus"), ("+", "plus")):
            written = written.replace(f"<mo> </mo><mi>{word}</mi><mo> </mo>", f"<mo>{sign}</mo>")
        return written
