"""Reading tables: CSV and the like, and Parquet, from a file or the standard input."""

from __future__ import annotations

import functools
import gzip
import io
import sys
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs

from backproof.training.tables.csv_text import (
    decoded,
    header_of,
    require_even,
    separator_of,
    without_blank_lines,
)
from backproof.training.tables.errors import TableError
from backproof.training.tables.features import DASHES

__all__ = ["Table", "read_table"]

_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
#: What people write where there is no value.
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?"]
#: So many rows say what the columns hold, if no other disagrees: to look at all takes five times as long.
_BEGINNING = 1000
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes
    ----------
    frame
        Its columns; a value that is missing is null.
    name
        What it is called in what is said about it.
    notes
        What is worth knowing about how it was read.
    """

    frame: pl.DataFrame
    name: str
    notes: tuple[str, ...] = ()


def read_table(source: str | Path, words: Collection[str] = (), *, to: str = "learn from") -> Table:
    """Read a table; what it is, its content says, not its name.

    Parameters
    ----------
    source
        A file, or ``-`` for the standard input.
    words
        Columns that hold words, also where all of them look like numbers.
    to
        What is to be done with the rows, for what is said if there are none.

    Raises
    ------
    TableError
        If there is no such file, or it is no table.
    """
    name = "the standard input" if str(source) == "-" else str(source)
    content = _unpacked(_content(source, name), name)
    if content.startswith(_PARQUET):
        frame, notes = _parquet(content, name), list[str]()
    else:
        frame, notes = _csv(content, name, words)
    if not frame.height:
        raise TableError(f"{name} has a header and no rows; there is nothing to {to}")
    return Table(frame.with_columns(cs.float().fill_nan(None)), name, tuple(notes))


def _content(source: str | Path, name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(source) == "-" else Path(source).read_bytes()
    except FileNotFoundError:
        raise TableError(f"there is no file {name}") from None
    except IsADirectoryError:
        raise TableError(f"{name} is a folder; name a file in it") from None
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror}") from None


def _unpacked(content: bytes, name: str) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise TableError(f"{name} is damaged, it cannot be unpacked: {error}") from None


def _parquet(content: bytes, name: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{name} is damaged, or no Parquet that can be read: {_first(error)}") from None


def _csv(content: bytes, name: str, words: Collection[str]) -> tuple[pl.DataFrame, list[str]]:
    text, notes = decoded(content, name)
    if not text.strip():
        raise TableError(f"{name} is empty")
    separator, more = separator_of(text)
    raw, names = header_of(text, separator, name)
    rows, blank = without_blank_lines(text, between=len(names) > 1)
    if blank:
        more.append(
            f"{blank} empty line{'s' * (blank > 1)} between the rows {'are' if blank > 1 else 'is'} left out"
        )
    kinds = {each: pl.String for each, called in zip(raw, names, strict=True) if called in words}
    try:
        frame = _typed(rows.encode(), separator, kinds)
    except pl.exceptions.PolarsError as error:
        require_even(text, separator, name)
        raise TableError(f"{name} cannot be read as CSV: {_first(error)}") from None
    if frame.to_series(-1).null_count():  # what a row has too few values for becomes null
        require_even(text, separator, name)
    frame.columns = names
    return _cleaned(frame, separator, words, [*notes, *more])


def _typed(content: bytes, separator: str, kinds: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Read the columns as what they hold at the beginning, or, if something else follows, in all rows."""
    read = functools.partial(
        pl.read_csv,
        separator=separator,
        try_parse_dates=True,
        null_values=_MISSING,
        schema_overrides=kinds,
    )
    try:
        return read(content, infer_schema_length=_BEGINNING)
    except pl.exceptions.ComputeError:
        return read(content, infer_schema_length=None)


def _cleaned(
    frame: pl.DataFrame, separator: str, words: Collection[str], notes: list[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Make numbers of texts that are: with spaces around, a decimal comma, or a dash where one is missing."""
    with_commas, with_dashes = [], []
    for column in frame.select(cs.string()).iter_columns():
        text = column.str.strip_chars()
        text = text.set(text.is_in(_MISSING), None)
        if column.name not in words:
            held = text.set(text.is_in(DASHES), None)
            commas = separator != "," and bool(held.drop_nulls().str.contains(_DECIMAL_COMMA).all())
            plain = held.str.replace(",", ".", literal=True) if commas else held
            numbers = plain.cast(pl.Float64, strict=False)
            if numbers.null_count() == held.null_count() < len(text):
                with_commas += [column.name] * commas
                with_dashes += [column.name] * (held.null_count() > text.null_count())
                text = numbers
        frame = frame.with_columns(text.alias(column.name))
    if with_commas:
        notes.append(f"numbers with a decimal comma are read in {', '.join(with_commas)}")
    if with_dashes:
        notes.append(f"a dash or a point among numbers is a missing value in {', '.join(with_dashes)}")
    return frame, notes


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]
