"""The column that is to be predicted: a number, or one of a few classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from backproof.training.tables.errors import TableError, listed
from backproof.training.tables.features import as_words, require_finite, require_plain, require_spread

__all__ = ["Classes", "Numbers", "Target", "classes_of", "looks_like_classes", "numbers_of", "target_from"]

#: More classes than this are most likely numbers, or names.
MOST_CLASSES = 100


@dataclass(frozen=True)
class Numbers:
    """A target of numbers.

    Attributes
    ----------
    column
        Its name.
    mean, scale
        What is taken off, and what is divided by, before the model sees it.
    """

    column: str
    mean: float = 0.0
    scale: float = 1.0

    def encoded(self, series: pl.Series) -> NDArray[Any]:
        """Give what the model should predict: a column of numbers, NaN where one is missing."""
        return (series.cast(pl.Float64).to_numpy()[:, None] - self.mean) / self.scale

    def to_dict(self) -> dict[str, Any]:
        """Give what `target_from` takes."""
        return {"column": self.column, "kind": "numbers", "mean": self.mean, "scale": self.scale}


@dataclass(frozen=True)
class Classes:
    """A target of classes, in their order: words, whole numbers, or false and true."""

    column: str
    classes: tuple[Any, ...]

    def encoded(self, series: pl.Series) -> NDArray[Any]:
        """Give the number of each row's class, from 0 on."""
        values = series if series.dtype.is_numeric() or series.dtype == pl.Boolean else as_words(series)
        places = {value: place for place, value in enumerate(self.classes)}
        return np.array([places[value] for value in values.to_list()], np.int64)

    @property
    def names(self) -> list[str]:
        """The classes as they are written."""
        return [str(value).lower() if isinstance(value, bool) else str(value) for value in self.classes]

    def to_dict(self) -> dict[str, Any]:
        """Give what `target_from` takes."""
        return {"column": self.column, "kind": "classes", "classes": list(self.classes)}


Target: TypeAlias = Numbers | Classes


def target_from(saved: Mapping[str, Any]) -> Target:
    """Make a target again of what its ``to_dict`` gave."""
    if saved["kind"] == "numbers":
        return Numbers(str(saved["column"]), float(saved["mean"]), float(saved["scale"]))
    return Classes(str(saved["column"]), tuple(saved["classes"]))


def looks_like_classes(series: pl.Series) -> bool:
    """Say whether a column is one of classes where nothing else is said: words, or 0 and 1 alone.

    Examples
    --------
    >>> [looks_like_classes(pl.Series(values)) for values in (["a", "b"], [0, 1, 1], [1, 2], [0.5, 1.5])]
    [True, True, False, False]
    """
    return not series.dtype.is_numeric() or set(series.drop_nulls().unique().to_list()) == {0, 1}


def numbers_of(series: pl.Series) -> Numbers:
    """Understand the target as numbers.

    Raises
    ------
    TableError
        If it holds something else, or always the same.
    """
    if not series.dtype.is_numeric():
        require_plain(as_words(series))  # dates are refused as what they are
        raise TableError(
            f"the target {series.name!r} holds words (such as {_first(series)!r}), of which classes are "
            "made; a model and a loss for numbers cannot learn it: use --model logistic, or mlp with --loss "
            "cross-entropy"
        )
    require_finite(series)
    require_spread(series)
    if series.n_unique() < 2:
        raise TableError(f"the target {series.name!r} is {series[0]} in every row; there is nothing to learn")
    return Numbers(series.name)


def classes_of(series: pl.Series) -> Classes:
    """Understand the target as classes.

    Raises
    ------
    TableError
        If there are fewer than two of them, very many, or they are no whole numbers.
    """
    if series.dtype.is_numeric():
        require_finite(series)
        strange = series.filter(series.cast(pl.Float64) % 1 != 0)
        if len(strange):
            raise TableError(
                f"the target {series.name!r} holds numbers such as {strange[0]}, which name no classes; "
                "to predict a number use --model linear, or mlp with --loss mse"
            )
        classes = sorted(map(int, series.unique().to_list()))
    else:
        words = series if series.dtype == pl.Boolean else as_words(series)
        require_plain(words)
        classes = sorted(words.unique().to_list())
    if len(classes) < 2:
        raise TableError(
            f"the target {series.name!r} has one class alone, {classes[0]!r}; there is nothing to tell apart"
        )
    if len(classes) > min(MOST_CLASSES, len(series) - 1):
        raise TableError(
            f"the target {series.name!r} has {len(classes)} classes in {len(series)} rows "
            f"({listed(classes, 3)}), and there may be {MOST_CLASSES}, with rows that share one; choose "
            "another --target"
        )
    return Classes(series.name, tuple(classes))


def _first(series: pl.Series) -> Any:
    return series.drop_nulls()[0]
