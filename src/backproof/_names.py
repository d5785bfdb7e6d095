"""What is said where a name is asked for that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["no_attribute"]


def no_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Give the error of a module that has no such name: with the name that was meant, or all there are.

    Examples
    --------
    >>> no_attribute("backproof.optim", "Adamm", ["Adam", "SGD"])
    AttributeError("module 'backproof.optim' has no attribute 'Adamm'; did you mean Adam?")
    """
    names = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), names, 1)
    hint = f"did you mean {names[close[0]]}?" if close else f"it has {', '.join(sorted(names.values()))}"
    return AttributeError(f"module {module!r} has no attribute {name!r}; {hint}")
