"""Narrower precision inside a candidate: lifted while it is judged, for its rounding hides every derivative.

A cast to ``bfloat16`` keeps 8 bits: differences of the forward are then 0 almost everywhere, and large at
the steps. So are, on a smaller scale, those of what takes float64, computes in float32 and gives float64
again. Where the user's file names such a dtype, its casts are made to the precision of the case instead.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.adapt.words.signatures import code_of, written
from backproof.checking.candidate import Answer

__all__ = ["Lift"]

_HALVES = re.compile(r"\b(b?float16|half)\b")
_SINGLE = re.compile(r"\bfloat32\b|\.float\b")


class Lift:
    """Lifts a candidate's casts to another precision, and remembers which there were.

    Attributes
    ----------
    met
        What has been lifted: ``half precision``, ``single precision``, or nothing yet.
    single
        Whether casts to float32 are lifted, too: where a float64 is given and a float64 comes back.
    narrowed
        Whether a float64 has been cast to float32.
    """

    def __init__(self) -> None:
        self.met, self.single, self.narrowed = "", False, False
        self._named: tuple[bool, bool] | None = None

    def run(
        self, function: Callable[..., Any], dtype: np.dtype[Any] | None, once: Callable[[], Answer]
    ) -> Answer:
        """Run a case of PyTorch's in a dtype ``once``, with the casts lifted in the function and its file."""
        halves, single = self._names(function)
        double = dtype == np.float64
        if dtype is None or not (halves or (single and double)):
            return once()
        answer = self._lifted(dtype, once)
        if self.single or not (double and self.narrowed) or not _is_double(answer):
            return answer
        self.single = True
        again = self._lifted(dtype, once)
        if again.raised is None:
            return again
        self.single = False
        return answer

    def _lifted(self, dtype: np.dtype[Any], once: Callable[[], Answer]) -> Answer:
        from backproof.checking.adapt.components.lifting import Lifting

        with Lifting(dtype.name, single=self.single) as lifting:
            answer = once()
        self.met = lifting.met or self.met
        self.narrowed |= lifting.narrowed
        return replace(answer, lifted=self.met)

    def _names(self, function: Callable[..., Any]) -> tuple[bool, bool]:
        """Say whether the file in which a function stands names half precision, and float32."""
        if self._named is None:
            code = code_of(written(function))
            text = "" if code is None else "".join(linecache.getlines(code.co_filename))
            self._named = _HALVES.search(text) is not None, _SINGLE.search(text) is not None
        return self._named


def _is_double(answer: Answer) -> bool:
    """Say whether all that came back is float64: a float32 that comes back is seen by whoever calls it."""
    gradients = [g for found in answer.gradients.values() for g in found.values() if g is not None]
    return answer.output is not None and all(a.dtype == np.float64 for a in (answer.output, *gradients))
