"""Half precision inside a candidate: lifted while it is judged, for its rounding hides every derivative.

A cast to ``bfloat16`` keeps 8 bits: differences of the forward are then 0 almost everywhere, and large at
the steps. Where the user's file names such a dtype, its casts are made to the precision of the case instead.
"""

from __future__ import annotations

import contextlib
import linecache
import re
from collections.abc import Callable
from typing import Any

from backproof.checking.adapt.words.signatures import code_of, written

__all__ = ["Lift"]

_NAMED = re.compile(r"\b(b?float16|half)\b")


class Lift:
    """Lifts a candidate's casts to half precision, and remembers whether there were any.

    Attributes
    ----------
    met
        Whether a cast to half precision has been lifted.
    """

    def __init__(self) -> None:
        self.met = False
        self._named: bool | None = None

    def lifting(self, function: Callable[..., Any], dtype: Any) -> contextlib.AbstractContextManager[object]:
        """Lift, as long as this lasts, the casts in a function and in the file that it stands in.

        ``dtype`` is PyTorch's, of the case; ``None`` lifts nothing.
        """
        if self._named is None:
            code = code_of(written(function))
            text = "" if code is None else "".join(linecache.getlines(code.co_filename))
            self._named = _NAMED.search(text) is not None
        if not self._named or dtype is None:
            return contextlib.nullcontext()
        from backproof.checking.adapt.components.lifting import Lifting

        return Lifting(self, dtype)
