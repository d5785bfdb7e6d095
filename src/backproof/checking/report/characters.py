"""Text that a terminal can show, whatever the candidate's name or message holds."""

from __future__ import annotations

import unicodedata

from rich.console import Console

__all__ = ["showable", "terminal"]

#: Narrower is no terminal: somebody has set COLUMNS to 0.
_LEAST, _USUAL = 20, 80

_CONTROLS = ("Cc", "Cf")  # control characters, and marks that turn the direction of the text
_SUBSTITUTES = {
    "·": "*", "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "→": "->", "←": "<-", "↔": "<->",
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "√": "sqrt", "∞": "inf", "½": "1/2", "∂": "d", "Σ": "sum",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta",
    "λ": "lambda", "μ": "mu", "σ": "sigma", "Δ": "Delta", "ℓ": "l", "∘": "o", "⌊": "floor(", "⌋": ")",
    "′": "'", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip


def terminal() -> Console:
    """Give the terminal, or what stands for it where there is none."""
    console = Console()
    if console.width < _LEAST:
        console.width = _USUAL
    return console


def showable(text: str, encoding: str) -> str:
    r"""Replace what would disturb a terminal, and what its encoding does not have.

    Control characters, a colour code among them, are written as Python escapes them; a line break
    stays. A sign that the encoding lacks is spelt out.

    Examples
    --------
    >>> showable("ε ≥ 1 \x1b[31m", "utf-8"), showable("ε² ≥ xᵢ, Ω", "ascii")
    ('ε ≥ 1 \\x1b[31m', 'epsilon^2 >= x_i, \\u03a9')
    """
    text = "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf") else _escaped(c) for c in text
    )
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_substitute(c, encoding) for c in text.replace(" · ", " | "))
    return text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _substitute(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return (
            _SUBSTITUTES.get(character)
            or _raised(character)
            or character.encode("ascii", "backslashreplace").decode("ascii")
        )
    return character


def _raised(character: str) -> str:
    """Spell out an exponent or an index: ^2 for ², _i for ᵢ; nothing for other characters."""
    form, *codes = unicodedata.decomposition(character).split() or [""]
    plain = "".join(chr(int(code, 16)) for code in codes)
    mark = {"<super>": "^", "<sub>": "_"}.get(form, "")
    return mark + plain if mark and plain.isascii() else ""
