"""Reading expressions onto a tape: in words of Python or in LaTeX, each text in its own notation."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Sequence

from backproof.graphs.inputs.grammar import Program, Reader
from backproof.graphs.inputs.latex import LatexReader
from backproof.graphs.inputs.tokens import ExpressionError

__all__ = ["ExpressionError", "Program", "is_empty", "read", "symbol"]

_COMMENT = re.compile(r"#[^\n]*")
_CALL = re.compile(r"[^\W\d_]{2,}\s*\(")
#: Signs of LaTeX, which mean nothing elsewhere.
_LATEX = ("\\", "{", "$")


def read(*texts: str) -> Program:
    r"""Read an expression, or several steps of which later ones use those before; of several texts each.

    A text that holds a sign of LaTeX (a backslash, a brace, a dollar) is read as that. One without, beside
    one that is LaTeX, could be either unless it calls a function: it is read with the fewest names that
    are in none of the others. A name that could be a product of theirs is refused: ``wx`` beside w and x.

    Raises
    ------
    ExpressionError
        If one is not of the grammar: with the place.

    Examples
    --------
    >>> program = read("a = 2*x; f = tanh(a)")
    >>> sorted(program.names), program.tape.ops[program.output].name
    (['a', 'f', 'x'], 'tanh')
    >>> sorted(read("y = sigmoid(x)", r"\frac{y}{2}", "2y/4").names)
    ['x', 'y']
    """
    texts = tuple(text.removeprefix("\ufeff") for text in texts)  # which some editors write before everything
    program, certain = Program(), [text for text in texts if _is_latex(text)]
    letters = _letters(certain) if 0 < len(certain) < len(texts) else set()
    for text in texts:
        either = letters and not _is_latex(text) and not _CALL.search(text)
        program = _read(text, program, (False, True) if either else (_is_latex(text),), letters)
    try:
        program.tape.settle()
    except ValueError as error:
        raise ExpressionError(str(error), texts[-1], 0) from None
    return program


def is_empty(text: str) -> bool:
    """Say whether there is no step in a text.

    Examples
    --------
    >>> is_empty("; # nothing"), is_empty("x")
    (True, False)
    """
    return not _COMMENT.sub("", text).strip(" ;\n\t\r")


def _is_latex(text: str) -> bool:
    return any(sign in _COMMENT.sub("", text) for sign in _LATEX)


def _reader(text: str, onto: Program, *, latex: bool) -> Reader:
    return LatexReader(text, onto) if latex else Reader(text, onto)


def symbol(text: str) -> str:
    r"""Give the name that a single letter of LaTeX is; what is none stays as it is.

    Examples
    --------
    >>> symbol(r"\theta"), symbol("w_{12}"), symbol("rate")
    ('theta', 'w_12', 'rate')
    """
    if _is_latex(text):
        with contextlib.suppress(ExpressionError):
            reader = LatexReader(text, Program())
            name = reader.letter()
            if name is not None and reader.token.kind == "stop":
                return name
    return text


def _letters(texts: Sequence[str]) -> set[str]:
    """Give the names in texts that are LaTeX; what is wrong in one is said when it is read."""
    found: set[str] = set()
    for text in texts:
        program = Program()
        with contextlib.suppress(ExpressionError):
            LatexReader(text, program).program()
        found |= set(program.names)
    return found


def _read(text: str, before: Program, grammars: Sequence[bool], letters: set[str]) -> Program:
    """Read a text, as LaTeX or not, in the grammar that has fewer names for it beside some letters."""
    found, errors, known = [], [], letters | set(before.names)
    for latex in grammars:
        onto = copy.deepcopy(before) if grammars[1:] else before
        try:
            found.append(_reader(text, onto, latex=latex).program())
        except ExpressionError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    program = min(found, key=lambda program: len(set(program.inputs) - known))
    if letters and not _is_latex(text):
        for name in program.inputs.keys() - known:
            if name[1:].isalpha() and set(name) <= letters:
                product = "*".join(name)
                raise ExpressionError(
                    f"{name}: a name, or {product}? write {product}, or another name", text, text.find(name)
                )
    return program
