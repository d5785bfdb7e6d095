"""What code says of itself: of a gradient that is on purpose not the derivative, of an attention."""

from __future__ import annotations

import inspect
import io
import linecache
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence

from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.words.names import split

__all__ = ["said_at", "says_intention", "says_reduction", "says_scaled", "tokens_at"]

#: What is said, and by which words. A name is read as its words: ``RoundSTE`` is "round ste".
_INTENTIONS: Mapping[str, re.Pattern[str]] = {
    "a straight-through estimator": re.compile(r"straight.?through|\bste\b"),
    "a surrogate gradient": re.compile(r"surrogate"),
    "gradient reversal": re.compile(r"grad\w*.?(layer )?revers|revers\w*.?(the )?grad|\brev grad\b|\bgrl\b"),
    "a gradient that is clipped": re.compile(
        r"\bgrad(ient)?s?(.?| is | are )(clip|clamp)|\b(clip|clamp)(s|ped|ping)?.?(the )?grad"
    ),
    "a gradient that is scaled": re.compile(r"\bgrad(ient)?s?.?(scaler?|scaling)\b|\bscal(e|es|ing).?grad"),
    "quantisation": re.compile(r"quanti[sz]|\bfake quant\b"),
}
#: A Function that is applied, by its name.
_APPLIED = re.compile(r"\b(\w+) \. apply \(")


#: What a comment says of many a gradient that is meant to be the derivative.
_ASIDE = "a gradient that is scaled"


def says_intention(name: str, texts: Iterable[str | None], asides: Iterable[str] = ()) -> str:
    """Say which gradient a candidate means to give in the place of the derivative, if it says so.

    ``asides`` are its comments: what they say of scaling is mostly of the right gradient.

    Examples
    --------
    >>> says_intention("RoundSTE", []), says_intention("Flip", ["Gradient reversal (Ganin)."])
    ('a straight-through estimator', 'gradient reversal')
    >>> says_intention("QuantileLoss", ["Steps."])
    ''
    """
    told = " \n".join([" ".join(split(name)), *(text or "" for text in texts)]).lower()
    beside = " \n".join(asides).lower()
    return next(
        (
            meant
            for meant, pattern in _INTENTIONS.items()
            if pattern.search(told) or (meant != _ASIDE and pattern.search(beside))
        ),
        "",
    )


def says_scaled(name: str, texts: Iterable[str | None]) -> bool:
    """Say whether name or docstrings tell which of the many attentions is meant, the scaled one.

    Examples
    --------
    >>> says_scaled("SDPA", []), says_scaled("Attention", ["Scaled dot product."]), says_scaled("Attend", [])
    (True, True, False)
    """
    told = " ".join([" ".join(split(name)), *(text or "" for text in texts)]).lower()
    return re.search(r"\bscaled.dot|\bsdpa\b", told) is not None


#: A reduction that is named as PyTorch names it.
_REDUCTION = re.compile(r"\breduction ?[=:]? ?[\"'`]?(mean|sum|none|batchmean)\b|\b(batchmean)\b")


def says_reduction(name: str, texts: Iterable[str | None]) -> str:
    """Say which reduction a loss declares by its name or in its docstrings, if it names one.

    Examples
    --------
    >>> says_reduction("kl_div_batchmean", []), says_reduction("Loss", ["L1 with reduction='sum'."])
    ('batchmean', 'sum')
    >>> says_reduction("SumLoss", ["reduction='mean' or reduction='sum'"])
    ''
    """
    told = " \n".join([" ".join(split(name)), *(text or "" for text in texts)]).lower()
    found = {first or second for first, second in _REDUCTION.findall(told)}
    return found.pop() if len(found) == 1 else ""


def said_at(origin: Origin) -> Sequence[str]:
    """Give the comments in a candidate's definition and above it, and the names of Functions it applies."""
    first, lines = _lines_of(origin)
    above = lines[first - 2].strip() if 1 < first <= len(lines) else ""
    tokens = tokens_at(origin)
    found = [t.string for t in tokens if t.type == tokenize.COMMENT and "backproof:" not in t.string]
    code = " ".join(token.string for token in tokens)
    applied = [" ".join(split(name)) for name in _APPLIED.findall(code)]
    return [*([above] if above.startswith("#") else []), *found, *applied]


def tokens_at(origin: Origin) -> Sequence[tokenize.TokenInfo]:
    """Give the tokens of a candidate's definition; none where its code is nowhere to be read."""
    first, lines = _lines_of(origin)
    if not lines[first - 1 :]:
        return ()
    try:
        block = inspect.getblock(lines[first - 1 :])
        return list(tokenize.generate_tokens(io.StringIO("".join(block)).readline))
    except (tokenize.TokenError, SyntaxError):  # a definition in the middle of a line, or made elsewhere
        return ()


def _lines_of(origin: Origin) -> tuple[int, Sequence[str]]:
    first = origin.lines.get("definition", origin.lines.get("forward"))
    return first or 1, linecache.getlines(origin.filename) if origin.filename and first else []
