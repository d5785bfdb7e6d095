"""What a reference computes, in the words of its own docstring."""

from __future__ import annotations

import inspect
import re

__all__ = ["formula"]

#: What opens a paragraph that is no mathematics any more.
_AFTER = re.compile(r"Shapes:|Source:|Raises:|>>>|Parameters\n|Attributes\n|Examples\n")


def formula(reference: str | None) -> str:
    """Give the mathematics of a reference with the derivation of its gradient; nothing for no reference.

    Examples
    --------
    >>> print(formula("torch.nn.Softsign()"))
    Softsign(x) = x / (1 + |x|). ...
    """
    from backproof.checking.references import OpReference, UnknownReference, parse
    from backproof.ops import CATALOGUE

    try:
        found = parse(reference) if reference else None
    except UnknownReference:  # an object of the user's own, or options that only its text has
        return ""
    if found is None:
        return ""
    told = CATALOGUE[found.op.name].forward if isinstance(found, OpReference) else found.rule
    _, *paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(told.__doc__ or ""))
    kept = []
    for paragraph in paragraphs:
        if _AFTER.match(paragraph):
            break
        kept.append(paragraph)
    return "\n\n".join(kept)
