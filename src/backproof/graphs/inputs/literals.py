"""What stands in an expression and is no node: the values of options, indices, and arrays of numbers."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from backproof.graphs.inputs.tokens import ExpressionError, Token, short, tokens

__all__ = ["WORDS", "Literals"]

WORDS = {"True": True, "False": False, "None": None}
#: How deep brackets, signs and powers may be nested: each level is a few frames of the interpreter.
_DEEPEST = 64
#: An array of more numbers is a mistake, or meant to harm.
_LARGEST = 10_000_000
#: A slice has a start, a stop and a step.
_ENDS = 3
_SAID = {"stop": "the end", "end": "the end of the step"}
#: A number of more digits is written by nobody.
_MOST_DIGITS = 1000


class Literals:
    """A text that is read token by token."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self.text = text
        self.tokens = list(tokens(text, pattern))
        self.at = 0
        self.depth = 0

    # --- tokens

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.at]

    @property
    def following(self) -> Token:
        """The token behind."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Go on to the next token, and give this one."""
        found = self.token
        self.at += found.kind != "stop"
        return found

    def accept(self, *signs: str) -> Token | None:
        """Take the next token if it is one of these signs."""
        if self.token.kind in ("sign", "end") and self.token.text in signs:
            return self.take()
        return None

    def expect(self, sign: str, why: str) -> None:
        """Take a sign that must be next."""
        if self.accept(sign) is None:
            self.fail(f"expected {sign!r} {why}, got {self.said()}")

    def said(self) -> str:
        """Say what is next."""
        return _SAID.get(self.token.kind, repr(short(self.token.text)))

    def fail(self, message: str, place: int | None = None) -> NoReturn:
        """Refuse the text, and point at a place: by default at the next token."""
        raise ExpressionError(message, self.text, self.token.place if place is None else place)

    def nested(self) -> None:
        """Go one level down."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"nested more than {_DEEPEST} deep: name some of the steps")

    # --- values

    def number(self, token: Token) -> np.float64:
        """Give the number that a token is."""
        if len(token.text) > _MOST_DIGITS:
            self.fail(f"a number has at most {_MOST_DIGITS} digits; got {len(token.text)}", token.place)
        value = np.float64(token.text)
        if not np.isfinite(value) or (value == 0 and re.match(r"[0.]*[1-9]", token.text)):
            what = "small" if value == 0 else "large"
            self.fail(f"{short(token.text)} is too {what} a number", token.place)
        return value

    def rounded(self, token: Token) -> np.float64:
        """Give the number that a token is, where only float64 will be known of it."""
        value = self.number(token)
        if Fraction(token.text) != Fraction(repr(float(value))):
            self.fail(f"float64 has not so many digits: write {float(value)!r}", token.place)
        return value

    def literal(self) -> object:
        """Read a value of an option."""
        token = self.token
        if token.text in ("(", "["):
            return self.sequence()
        self.take()
        if token.kind == "text":
            return token.text[1:-1]
        if token.kind == "name" and token.text in WORDS:
            return WORDS[token.text]
        negative = token.text == "-"
        if negative:
            token = self.take()
        if token.kind != "number":
            self.fail("an option is a number, a text, True, False, None, or several in brackets", token.place)
        value = self.rounded(token)
        whole = "." not in token.text and "e" not in token.text.lower()
        return (int(value) if whole else float(value)) * (-1 if negative else 1)

    def option(self) -> object:
        """Read the value of an option; one that is a shape is of no more numbers than fit into memory."""
        place, value = self.token.place, self.literal()
        given = value if isinstance(value, tuple) else (value,)
        count = math.prod(abs(one) for one in given if isinstance(one, int))
        if count > _LARGEST:
            self.fail(f"an option is of at most {_LARGEST} numbers; got {float(count):.4g}", place)
        return value

    def sequence(self) -> tuple[object, ...]:
        """Read values in brackets."""
        close = ")" if self.take().text == "(" else "]"
        self.nested()
        found: list[object] = []
        while not self.accept(close):
            if found:
                self.expect(",", "between them")
                if self.accept(close):
                    break
            found.append(self.literal())
        self.depth -= 1
        return tuple(found)

    def array(self) -> Any:
        """Read an array of numbers: whole ones stay so until it is known what takes them."""
        place = self.token.place
        rows = self.sequence()
        try:
            found = np.array(rows)
            return found if found.dtype.kind in "iub" else np.array(rows, dtype=float)
        except (TypeError, ValueError):
            self.fail("an array holds numbers, and its rows are of one length", place)

    def index(self) -> Any:
        """Read what stands between brackets, up to the closing one."""
        parts: list[Any] = []
        while not self.accept("]"):
            if parts:
                self.expect(",", "between the parts of an index")
            parts.append(self._part())
        if not parts:
            self.fail("an index is missing")
        return tuple(parts) if parts[1:] else parts[0]

    def _part(self) -> Any:
        """Read one part of an index: a number, or a slice of numbers."""
        ends: list[int | None] = [None]
        while self.token.text not in ("]", ","):
            if self.accept(":"):
                ends.append(None)
                continue
            place, value = self.token.place, self.literal()
            if not isinstance(value, int) or ends[-1] is not None or len(ends) > _ENDS:
                self.fail("an index is a whole number, or a slice start:stop:step of whole numbers", place)
            ends[-1] = value
        if len(ends) == 1:
            if ends[0] is None:
                self.fail("an index is missing")
            return ends[0]
        return slice(*ends)
