"""Tokens: a text in its smallest parts, each with its place, and the error that points at one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["ExpressionError", "Token", "short", "tokens"]

#: No expression that a person writes is longer.
_LONGEST = 100_000
#: How much of a long line is shown, and where in it the place then is.
_SHOWN, _BEFORE = 100, 50
_LONG = 40


class ExpressionError(ValueError):
    """An expression that is not understood, with the place.

    Attributes
    ----------
    message
        What is wrong.
    text
        The line in which it is.
    line
        Which line that is, from 1.
    column
        Where in the line, from 0.
    """

    def __init__(self, message: str, text: str, place: int) -> None:
        start = text.rfind("\n", 0, place) + 1
        end = text.find("\n", place)
        self.text = text[start : len(text) if end < 0 else end]
        self.column = place - start
        self.line = text.count("\n", 0, place) + 1
        self.message = message
        super().__init__(f"{message}\n  {self._shown()}")

    def _shown(self) -> str:
        """Show the line, of a long one what is around, and below it the place."""
        first = max(0, self.column - _BEFORE)
        part = self.text[first : first + _SHOWN]
        # What a terminal would obey, or show wider than a letter, would move the sign below.
        plain = "".join(letter if letter.isprintable() else " " for letter in part)
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in plain[: self.column - first])
        return f"{plain}\n  {' ' * (self.column - first + wide)}^"


@dataclass(frozen=True)
class Token:
    """A part of a text: its kind, how it is written, and where it begins."""

    kind: str
    text: str
    place: int


def short(text: str) -> str:
    """Give a text as an error quotes it.

    Examples
    --------
    >>> short("x" * 100)
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def tokens(text: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    """Give the parts of a text: each is a named group of the pattern; a space is none. The last is a stop.

    Names are in Unicode's normal form, as they are in Python: ``µ`` is ``μ``.

    Raises
    ------
    ExpressionError
        If the text is too long, or something in it matches nothing.

    Examples
    --------
    >>> pattern = re.compile(r"(?P<space> )|(?P<name>[a-z]+)|(?P<sign>[+])")
    >>> [token.text for token in tokens("x + y", pattern)]
    ['x', '+', 'y', '']
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"expected at most {_LONGEST} characters, got {len(text)}", text[:_SHOWN], 0)
    place = 0
    while place < len(text):
        found = pattern.match(text, place)
        if found is None:
            raise ExpressionError(f"{text[place]!r} means nothing here", text, place)
        kind, part = found.lastgroup or "", found[0]
        if kind == "name":
            _require_name(part, text, place)
            part = unicodedata.normalize("NFKC", part)
        if kind != "space":
            yield Token(kind, part, place)
        place = found.end()
    yield Token("stop", "", len(text))


def _require_name(part: str, text: str, place: int) -> None:
    """Refuse what looks like letters and is none: x² is no name."""
    if not part.isidentifier():
        wrong = next(at for at in range(1, len(part) + 1) if not part[:at].isidentifier()) - 1
        raise ExpressionError(f"{part[wrong]!r} means nothing here", text, place + wrong)
