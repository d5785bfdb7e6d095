"""What is said of names that there are not, and of things that are not what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

__all__ = ["meant", "no_attribute", "said"]

#: So many characters of a thing are shown.
_SHOWN = 80


def no_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Give the error of a module that has no such name: with the name that was meant, or all there are.

    Examples
    --------
    >>> no_attribute("backproof.optim", "Adamm", ["Adam", "SGD"])
    AttributeError("module 'backproof.optim' has no attribute 'Adamm'; did you mean Adam?")
    """
    hint = meant(name, known := sorted(known), f"it has {', '.join(known)}")
    return AttributeError(f"module {module!r} has no attribute {name!r}; {hint}")


def meant(name: str, known: Iterable[str] | Mapping[str, str], otherwise: str = "") -> str:
    """Say which name was probably meant, in capitals or not; something else if none is near.

    Parameters
    ----------
    name
        What was asked for.
    known
        The names that there are, or also what stands for each.
    otherwise
        What is said if none is near.

    Examples
    --------
    >>> meant("adamm", ["Adam", "SGD"]), meant("q", ["Adam", "SGD"], "there are Adam, SGD")
    ('did you mean Adam?', 'there are Adam, SGD')
    """
    stands = known if isinstance(known, Mapping) else {each: each for each in known}
    plain = {each.casefold(): stand for each, stand in stands.items()}
    close = difflib.get_close_matches(name.casefold(), plain, 1)
    return f"did you mean {plain[close[0]]}?" if close else otherwise


def said(thing: object) -> str:
    """Say what was given, in a line that is not long: how it is written, and its type.

    Examples
    --------
    >>> said("adam"), len(said("adam" * 1000))
    ("'adam' (str)", 86)
    """
    text = " ".join(repr(thing).split())
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return f"{shown} ({type(thing).__name__})"
