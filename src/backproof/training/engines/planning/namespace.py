"""The namespace that a computation is noted with: NumPy's, but for what makes arrays of nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from backproof.nn.thin import THIN
from backproof.training.engines.planning.recorded import NotPlanned, Recorded
from backproof.training.engines.planning.recorder import Recorder

__all__ = ["Recording"]


def _erfc(x: Recorded) -> Any:
    """Compute the complementary error function, which SciPy has for two dtypes."""
    from scipy.special import erfc

    if x.dtype not in (np.float32, np.float64):
        raise NotPlanned(f"erfc is computed for float32 and float64; got dtype={x.dtype}")
    return erfc(x)


class Recording:
    """The namespace that the modules compute with, for arrays that tell a recorder.

    So the ops take the same ways as in the modules, and round the same.

    Examples
    --------
    >>> recorder = Recorder()
    >>> xp = Recording(recorder)
    >>> x = recorder.watch(np.array([1.0, 3.0]))
    >>> xp.sum(xp.expand_dims(x, axis=0) * xp.zeros(2)).array.tolist(), len(recorder.instructions)
    (0.0, 3)
    """

    __name__ = THIN.__name__
    special = SimpleNamespace(erfc=_erfc)

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(THIN, name)

    def zeros(self, shape: Any, dtype: Any = float, **how: Any) -> Recorded:
        """Give zeros that may be written to."""
        return self._recorder.filled(np.zeros(shape, dtype))

    def asarray(self, given: Any, dtype: Any = None, **how: Any) -> Any:
        """Give an array of the dtype, the same where it can be."""
        if isinstance(given, Recorded):
            return given if dtype in (None, given.dtype) else given.astype(dtype)
        return np.asarray(given, dtype, **how)

    def broadcast_to(self, given: Any, shape: tuple[int, ...]) -> Any:
        """Repeat an array, as a view."""
        if isinstance(given, Recorded):
            return self._recorder.call(np.broadcast_to, given, shape)
        return THIN.broadcast_to(given, shape)

    def take(self, given: Any, indices: Any, **how: Any) -> Any:
        """Take what indices name; NumPy's own does not ask them who they are."""
        return self._recorder.call(np.take, given, indices, **how)
