"""Columns that a model learns from: numbers as they are, words as one number for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from backproof.training.tables.errors import TableError, listed

__all__ = [
    "DASHES",
    "Feature",
    "Number",
    "Words",
    "as_words",
    "feature_from",
    "feature_of",
    "require_finite",
    "require_plain",
    "require_spread",
]

#: A column of more different words than this is refused: each would be an input of its own.
MOST_WORDS = 50
#: What is written where a number is missing; only among numbers is it certain that no word is meant.
DASHES = ("-", "--", ".")
#: What stands in or beside numbers that people write for people.
_SIGNS = ",%€$£¥"


@dataclass(frozen=True)
class Number:
    """A column of numbers: one input.

    Attributes
    ----------
    column
        Its name.
    fill
        What stands for a missing value; ``None`` where nothing may be missing.
    """

    column: str
    fill: float | None = None

    @property
    def inputs(self) -> list[str]:
        """The name of its input."""
        return [self.column]

    def encoded(self, series: pl.Series) -> NDArray[Any]:
        """Give the inputs, one row a value; NaN where one is missing.

        Raises
        ------
        TableError
            If there are words, or a number is infinite.
        """
        if series.dtype == pl.String and series.drop_nulls().is_in(DASHES).all():
            series = series.clear(len(series))
        if not series.dtype.is_numeric() and series.null_count() < len(series):
            said = f", such as {_strange(series)}" if series.dtype == pl.String else ""
            raise TableError(
                f"column {self.column!r} held numbers in training; here it holds "
                f"{_called(series.dtype)}{said}"
            )
        require_finite(series)
        values = series.cast(pl.Float64)
        return (values if self.fill is None else values.fill_null(self.fill)).to_numpy()[:, None]

    def to_dict(self) -> dict[str, Any]:
        """Give what `feature_from` takes."""
        return {"column": self.column, "kind": "number", "fill": self.fill}


@dataclass(frozen=True)
class Words:
    """A column of words: an input for each but the first, 1 where the column holds it and else 0.

    The first word is where all of them are 0: an input of its own would say nothing more, and the
    coefficients of a linear model would not be determined.
    """

    column: str
    categories: tuple[str, ...]
    fill: str | None = None

    @property
    def inputs(self) -> list[str]:
        """The names of its inputs."""
        return [f"{self.column}={word}" for word in self.categories[1:]]

    def encoded(self, series: pl.Series) -> NDArray[Any]:
        """Give the inputs, one row a value; NaN where one is missing.

        Raises
        ------
        TableError
            If there is a word that was not there in training.
        """
        words = as_words(series)
        places = {word.casefold(): place for place, word in enumerate(self.categories)}
        places |= {word: place for place, word in enumerate(self.categories)}
        found = words if self.fill is None else words.fill_null(self.fill)
        at = [None if word is None else places.get(word, places.get(word.casefold(), -1)) for word in found]
        unknown = sorted({word for word, place in zip(found, at, strict=True) if place == -1})
        if unknown:
            raise TableError(
                f"column {self.column!r} holds {listed(map(repr, unknown), 3)}, unknown from training, where "
                f"it held {listed(map(repr, self.categories))}; leave those rows out, or train with them"
            )
        rows = np.vstack([np.eye(len(self.categories)), np.full(len(self.categories), np.nan)])
        encoded: NDArray[Any] = rows[[-1 if place is None else place for place in at], 1:]
        return encoded

    def to_dict(self) -> dict[str, Any]:
        """Give what `feature_from` takes."""
        return {
            "column": self.column,
            "kind": "words",
            "categories": list(self.categories),
            "fill": self.fill,
        }


Feature: TypeAlias = Number | Words


def feature_from(saved: Mapping[str, Any]) -> Feature:
    """Make a feature again of what its ``to_dict`` gave."""
    if saved["kind"] == "number":
        return Number(str(saved["column"]), saved["fill"])
    return Words(str(saved["column"]), tuple(map(str, saved["categories"])), saved["fill"])


def feature_of(series: pl.Series) -> Feature:
    """Understand a column.

    Raises
    ------
    TableError
        If it holds neither numbers nor a few words.
    """
    name = series.name
    if series.dtype.is_numeric():
        require_finite(series)
        require_spread(series)
        return Number(name)
    words = as_words(series)
    require_plain(words)
    stray = _stray(words)
    if stray:
        raise TableError(f"column {name!r} holds numbers and {stray}; mend that")
    held = words.drop_nulls()
    categories = sorted(set(held))
    if len(categories) == len(held) > 2:
        raise TableError(
            f"column {name!r} holds a word of its own in each of {len(held)} rows (such as {held[0]!r})"
        )
    if len(categories) > MOST_WORDS:
        raise TableError(
            f"column {name!r} holds {len(categories)} different words (such as {held[0]!r}), of which each "
            f"would be an input, and {MOST_WORDS} is the most"
        )
    return Words(name, tuple(categories))


def as_words(series: pl.Series) -> pl.Series:
    """Give a column of words, of yes and no, or of whole numbers, as text.

    Raises
    ------
    TableError
        If it holds something else, such as dates.
    """
    dtype = series.dtype
    if dtype.is_temporal():
        raise TableError(
            f"column {series.name!r} holds {_called(dtype)}, of which a model can make nothing; make numbers "
            "of them, such as the year or the weekday"
        )
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise TableError(f"column {series.name!r} holds {_called(dtype)}; expected numbers or words")
    return series.cast(pl.String)


def require_finite(series: pl.Series) -> None:
    """Refuse infinite numbers.

    Raises
    ------
    TableError
        If there are any: with the first row.
    """
    if not series.dtype.is_float():
        return
    infinite = series.is_infinite().fill_null(False).arg_true()
    if len(infinite):
        raise TableError(
            f"column {series.name!r} holds {len(infinite)} infinite number{'s' * (len(infinite) > 1)}, the "
            f"first in row {infinite[0] + 1}; mend or remove such rows"
        )


def require_spread(series: pl.Series) -> None:
    """Refuse numbers so large that their deviation is none.

    Raises
    ------
    TableError
        If it is so.
    """
    values = series.drop_nulls().cast(pl.Float64).to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = values.std() if len(values) else 0.0
    if not np.isfinite(deviation):
        largest = np.abs(values).max()
        raise TableError(
            f"column {series.name!r} holds numbers as large as {largest:g}, whose squares are too large for "
            "float64; give them in a larger unit"
        )


def require_plain(series: pl.Series) -> None:
    """Refuse words that are numbers but for a sign: ``10,000``, ``3%``, ``€5``.

    Raises
    ------
    TableError
        If all of them are: with the sign.
    """
    if series.dtype != pl.String:
        return
    held = series.drop_nulls()
    held = held.filter(~held.is_in(DASHES))
    plain = held.str.replace_all(rf"[{_SIGNS}\s]", "").cast(pl.Float64, strict=False)
    signed = held.filter(held.str.contains(f"[{_SIGNS}]"))
    if plain.null_count() or not len(signed):
        return
    value = signed[0]
    sign = next(sign for sign in _SIGNS if sign in value)
    raise TableError(
        f"column {series.name!r} holds numbers with {sign!r}, such as {value!r} in row "
        f"{_row(series, value)}; write them as plain numbers, such as 1234.5"
    )


def _stray(words: pl.Series) -> str:
    """Tell of the words in a column that mostly holds numbers."""
    held = words.drop_nulls()
    numbers = held.cast(pl.Float64, strict=False)
    strange = numbers.null_count()
    if not 0 < strange < len(held) / 2:
        return ""
    value = held.filter(numbers.is_null())[0]
    return (
        f"{strange} that {'are' if strange > 1 else 'is'} none, such as {value!r} in row {_row(words, value)}"
    )


def _strange(series: pl.Series) -> str:
    """Give the first word that is no number, and its row."""
    odd = series.filter(series.is_not_null() & series.cast(pl.Float64, strict=False).is_null())
    value = odd[0] if len(odd) else series.drop_nulls()[0]
    return f"{value!r} in row {_row(series, value)}"


def _row(series: pl.Series, value: Any) -> int:
    return int((series == value).arg_true()[0]) + 1


def _called(dtype: pl.DataType | Sequence[Any]) -> str:
    """Give what is in a column, in words."""
    if dtype in (pl.Date, pl.Datetime):
        return "dates"
    if dtype in (pl.Time, pl.Duration):
        return "times"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "words"
    return "yes or no" if dtype == pl.Boolean else f"values of type {dtype}"
