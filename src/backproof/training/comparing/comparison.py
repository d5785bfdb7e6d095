"""What came of a comparison: a verdict, the trajectories, a table and a plot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.comparing.judging import Parting
from backproof.training.comparing.side_by_side import Row, Run
from backproof.training.comparing.tables import markup, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison"]

#: So many of the first rows are shown, of those in between, and of the last.
_FIRST, _BETWEEN, _LAST = 3, 4, 2
_HEAD = ("step", "loss, ours", "loss, PyTorch", "apart", "of rounding")


class Comparison:
    """Two trainings side by side; true if they agree.

    ``comparison["difference"]`` is a column of the rows, an array.

    Attributes
    ----------
    runs
        The comparison in the dtype of the model and, if that is another, in float64.
    rows
        For each step, or many of them: the step, the losses of ours and of PyTorch, how far the parameters
        of the two are apart, and the largest difference that this step alone has made, as a share of what
        rounding explains; in the dtype of the model.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = tuple(runs)

    @property
    def rows(self) -> list[Row]:
        """The steps."""
        return self.runs[0].rows

    @property
    def steps(self) -> int:
        """How many steps both made."""
        return self.runs[0].steps

    @property
    def telling(self) -> int:
        """In how many steps a parameter has moved by more than rounding explains."""
        return max(run.telling for run in self.runs)

    @property
    def parting(self) -> Parting | None:
        """Where they part first; ``None`` if they do not.

        Where that is one step in both dtypes, float64 tells more of it.
        """
        found = [run.parting for run in reversed(self.runs) if run.parting is not None]
        return min(found, key=lambda parting: parting.step, default=None)

    @property
    def verdict(self) -> str:
        """What came of it: ``agree``, ``part``, or ``unsure`` if there was nothing to judge by."""
        if self.parting is not None:
            return "part"
        return "agree" if self.telling else "unsure"

    def __bool__(self) -> bool:
        return self.verdict == "agree"

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in Row._fields:
            raise KeyError(f"the columns are {', '.join(Row._fields)}; got {name!r}")
        return np.array([getattr(row, name) for row in self.rows])

    @property
    def summary(self) -> str:
        """The verdict in words."""
        parting, steps = self.parting, ", ".join(map(_steps, self.runs))
        if parting is not None:
            return f"ours and PyTorch part at {parting}"
        if not self.telling:
            return f"nothing can be told, for no parameter has moved by more than rounding explains: {steps}"
        return f"ours and PyTorch agree: {steps}, and none differs by more than rounding explains"

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict, where they part, and the columns of the rows as lists: what JSON can hold.

        What is not finite stays as it is.
        """
        return {
            "verdict": self.verdict,
            "agree": bool(self),
            "steps": self.steps,
            "summary": self.summary,
            "parting": None if self.parting is None else asdict(self.parting),
            "rows": {name: self[name].tolist() for name in Row._fields},
        }

    def __repr__(self) -> str:
        return f"<Comparison: {self.verdict}, {self.steps} steps>"

    def __str__(self) -> str:
        return text([_HEAD, *map(_cells, self._shown())], self.summary)

    def _repr_html_(self) -> str:
        return markup([_HEAD, *map(_cells, self._shown())], self.summary)

    def _shown(self) -> list[Row]:
        """Give the first and the last rows, some in between, and the one where they part."""
        rows = self.rows
        if len(rows) <= _FIRST + _BETWEEN + _LAST:
            return rows
        spaced = np.linspace(_FIRST - 1, len(rows) - _LAST, _BETWEEN + 2)[1:-1].astype(int).tolist()
        which = {*range(_FIRST), *spaced, *range(len(rows) - _LAST, len(rows))}
        parted = self.parting.step if self.parting else None
        return [row for at, row in enumerate(rows) if at in which or row.step == parted]

    def plot(self, *, path: str | os.PathLike[str] | None = None, background: str | None = None) -> Figure:
        """Draw both losses, and how far the parameters are apart.

        ``path`` is a file to save the picture in, png, svg or pdf; ``background`` a colour, and without one
        the page is seen.

        Raises
        ------
        ModuleNotFoundError
            If matplotlib is not installed.
        """
        from backproof.training.comparing.figures import trajectories

        return trajectories(self, path=path, background=background)


def _steps(run: Run) -> str:
    """Say how many steps were compared."""
    said = f"{run.steps} step{'s' * (run.steps != 1)} in {run.dtype}"
    return f"{said} ({run.ended})" if run.ended else said


def _cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.step), f"{row.ours:.8g}", f"{row.torch:.8g}", f"{row.difference:.1e}", f"{row.share:.2g}"
    )  # fmt: skip
