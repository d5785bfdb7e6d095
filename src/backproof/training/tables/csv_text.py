"""The text of a CSV file: its encoding, its separator, and whether its rows are all of one length."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice

from backproof.training.tables.errors import TableError, listed

__all__ = ["decoded", "header_of", "require_even", "separator_of", "without_blank_lines"]

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: So many lines, of so many characters in all, say what separates the columns.
_LOOKED_AT, _BEGINNING = 20, 1_000_000


def decoded(content: bytes, name: str) -> tuple[str, list[str]]:
    """Give the text of a file, and what is to be said about its encoding.

    Raises
    ------
    TableError
        If it is no text.
    """
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in content:
        raise TableError(
            f"{name} is no table that can be read: expected CSV, TSV or Parquet; export it as CSV"
        )
    notes = []
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        notes = [f"{name} is not in UTF-8 and is read as Windows-1252 (Latin-1)"]
    if "\n" not in text:
        text = text.replace("\r", "\n")  # as old spreadsheets end their lines
    return text, notes


def separator_of(text: str) -> tuple[str, list[str]]:
    r"""Give what separates the columns, and what is to be said about it: the same number in each line.

    Examples
    --------
    >>> separator_of("height, in cm;weight\n1,5;2\n")
    (';', ['the columns are separated by semicolons'])
    """
    best = max(_SEPARATORS, key=lambda sign: _evenness(text, sign))
    return best, [] if best == "," else [f"the columns are separated by {_SEPARATORS[best]}"]


def _evenness(text: str, sign: str) -> tuple[bool, int, bool]:
    """Say how well a sign separates columns; where a comma does as well, it is that of decimals."""
    widths = [len(row) for row in islice(_rows(text, sign), _LOOKED_AT) if row] or [1]
    several = widths[0] > 1
    return several and len(set(widths)) == 1, widths[0], several and sign != ","


def header_of(text: str, separator: str, name: str) -> tuple[list[str], list[str]]:
    """Give the names of the columns as they stand there, and as they are called.

    Raises
    ------
    TableError
        If a name is there twice, or the first line holds numbers.
    """
    raw = next((row for row in _rows(text, separator) if row), [])
    names = [each.strip() or f"column_{place}" for place, each in enumerate(raw, 1)]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise TableError(f"{name} has several columns of one name: {listed(twice)}; give each its own")
    if all(_is_number(each) for each in names):
        raise TableError(
            f"the first line of {name} holds numbers ({listed(names, 3)}), not the names of columns; "
            "put a line with their names on top"
        )
    return raw, names


def require_even(text: str, separator: str, name: str) -> None:
    """Refuse rows that are shorter or longer than the header.

    Raises
    ------
    TableError
        If there is such a row: with its line.
    """
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    rows = filter(None, reader)
    try:
        header = next(rows, [])
        for number, row in enumerate(rows):
            if len(row) == len(header):
                continue
            line, after = reader.line_num, {len(each) for each in islice(rows, _LOOKED_AT)}
            if not number and after == {len(row)}:
                raise TableError(
                    f"the first line of {name} has {_values(len(header))} ({listed(header, 3)}), and those "
                    f"after it {len(row)}: it may not be the header, or lack a name; remove or mend it"
                )
            raise TableError(
                f"{name}, line {line}: expected {_values(len(header))}, as many as the header has; got "
                f"{len(row)}; mend that line (a value that holds {separator!r} goes in quotes)"
            )
    except csv.Error as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from None


def _values(count: int) -> str:
    return f"{count} value{'s' * (count != 1)}"


def without_blank_lines(text: str, *, between: bool = True) -> tuple[str, int]:
    r"""Leave out lines in which there is nothing at all, and say how many of them stood between rows.

    Parameters
    ----------
    text
        The text; blank lines in a quoted value belong to it and stay.
    between
        Whether those between rows go too, not only those at the beginning and the end: in a table of one
        column such a line is a row whose value is missing.

    Examples
    --------
    >>> without_blank_lines('\na,b\n\n1,"x\n\ny"\n\n')
    ('a,b\n1,"x\n\ny"\n', 1)
    >>> without_blank_lines("a\n1\n\n3\n\n", between=False)
    ('a\n1\n\n3\n', 0)
    """
    ended = text.rstrip(" \r\n") + "\n" * text.endswith("\n")
    lines = ended.split("\n")
    while lines and not lines[0].strip(" \r"):
        del lines[0]
    if not between or all(line.strip(" \r") for line in lines[:-1]):
        return "\n".join(lines), 0
    kept, quoted = [], False
    for line in lines[:-1]:
        if quoted or line.strip(" \r"):
            kept.append(line)
        quoted ^= line.count('"') % 2 == 1
    return "\n".join([*kept, lines[-1]]), len(lines) - 1 - len(kept)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """Give the rows at the beginning."""
    try:
        yield from csv.reader(io.StringIO(text[:_BEGINNING]), delimiter=separator)
    except csv.Error:
        return  # it is told where the table is read


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
