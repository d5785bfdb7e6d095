"""Tables are read as what they hold: types, missing values, encodings, separators, packing."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from backproof.training.tables.errors import TableError
from backproof.training.tables.reading import Table, read_table

#: The content, the columns, and what is said about it.
ROWS: dict[str, tuple[bytes, dict[str, list[Any]], list[str]]] = {
    "plain": (b"a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}, []),
    "a mark in front": (b"\xef\xbb\xbfa,b\n1,2\n", {"a": [1], "b": [2]}, []),
    "lines of Windows": (b"a,b\r\n1,2\r\n3,4", {"a": [1, 3], "b": [2, 4]}, []),
    "lines of old": (b"a,b\r1,2\r3,4\r", {"a": [1, 3], "b": [2, 4]}, []),
    "empty lines": (b"\na,b\n1,2\n3,4\n \n\n", {"a": [1, 3], "b": [2, 4]}, []),
    "an empty line between": (b"a,b\n1,2\n\n3,4\n", {"a": [1, 3], "b": [2, 4]}, ["1 empty line between"]),
    "empty lines between": (
        b"a,b\r\n\r\n1,2\r\n \r\n3,4\r\n",
        {"a": [1, 3], "b": [2, 4]},
        ["2 empty lines between the rows are left out"],
    ),
    "empty lines in quotes": (b'a,b\n"x\n\ny",2\n', {"a": ["x\n\ny"], "b": [2]}, []),
    "a row of nothing": (b"a,b\n1,2\n,\n3,4\n,\n", {"a": [1, None, 3, None], "b": [2, None, 4, None]}, []),
    "one column": (b"a\n1\nNA\n3\n", {"a": [1, None, 3]}, []),
    "one column, a line empty": (b"a\n1\n\n3\n\n", {"a": [1, None, 3]}, []),
    "one column of Windows": (b"a\r\n1\r\n\r\n3\r\n", {"a": [1, None, 3]}, []),
    "dashes": (
        b"a,b,c,d\n1,-,-,-\n-,--,x,-\n2.5,.,y,-\n3,-4,z,-\n",
        {
            "a": [1.0, None, 2.5, 3.0],
            "b": [None, None, None, -4.0],
            "c": ["-", "x", "y", "z"],
            "d": ["-", "-", "-", "-"],
        },
        ["a dash or a point among numbers is a missing value in a, b"],
    ),
    "spaces": (b" a , b\n 1, 2\n2 ,3.5 \n", {"a": [1.0, 2.0], "b": [2.0, 3.5]}, []),
    "quotes": (b'a,"b ""c"""\n"x,1",2\n"y\nz",3\n', {"a": ["x,1", "y\nz"], 'b "c"': [2, 3]}, []),
    "missing": (
        b"a,b,c\nNA,?,\n1, null ,x\n,NaN, NA\n,,\n2,3,y",
        {
            "a": [None, 1, None, None, 2],
            "b": [None, None, None, None, 3.0],
            "c": [None, "x", None, None, "y"],
        },
        [],
    ),
    "no name": (b",b\n0,2\n", {"column_1": [0], "b": [2]}, []),
    "tabs": (b"a\tb, c\n1\t2\n", {"a": [1], "b, c": [2]}, ["separated by tabs"]),
    "bars": (b"a|b\n1|2\n", {"a": [1], "b": [2]}, ["separated by bars"]),
    "decimal commas": (
        b"a;b;c\n1,5;2;1.000,5\n-3;,5;2\n",
        {"a": [1.5, -3.0], "b": ["2", ",5"], "c": ["1.000,5", "2"]},
        ["separated by semicolons", "numbers with a decimal comma are read in a"],
    ),
    "a comma in quotes is no decimal one": (b'a,b\n"1,500",2\n', {"a": ["1,500"], "b": [2]}, []),
    "UTF-16": ("a\tü\n1\té\n".encode("utf-16"), {"a": [1], "ü": ["é"]}, ["separated by tabs"]),
    "Latin-1": ("ä,b\né,1\n".encode("latin-1"), {"ä": ["é"], "b": [1]}, ["read as Windows-1252"]),
    "yes and no": (b"a,b\ntrue,True\nfalse,False\n", {"a": [True, False], "b": [True, False]}, []),
    "dates": (b"a,b\n2020-02-01,1\n", {"a": [dt.date(2020, 2, 1)], "b": [1]}, []),
    "large": (b"a,b\n1e300,99999999999999999999\n", {"a": [1e300], "b": [99999999999999999999]}, []),
    "packed": (gzip.compress(b"a,b\n1,2\n"), {"a": [1], "b": [2]}, []),
}


def read(path: Path, content: bytes, **how: Any) -> Table:
    path.write_bytes(content)
    return read_table(path, **how)


@pytest.mark.parametrize(("content", "columns", "notes"), ROWS.values(), ids=ROWS)
def test_a_table_is_what_it_holds(
    content: bytes, columns: dict[str, list[Any]], notes: list[str], tmp_path: Path
) -> None:
    table = read(tmp_path / "any name", content)
    assert table.frame.to_dict(as_series=False) == columns
    assert len(table.notes) == len(notes)
    assert all(part in said for part, said in zip(notes, table.notes, strict=True))


def test_what_follows_may_be_of_another_kind(tmp_path: Path) -> None:
    lines = [f"{n},{n}" for n in range(3000)]
    table = read(tmp_path / "t", "\n".join(["a,b", *lines, "0.5,word"]).encode())
    assert table.frame.dtypes == [pl.Float64, pl.String]
    assert table.frame["a"][-1] == 0.5


def test_words_stay_words(tmp_path: Path) -> None:
    content = b"zip,b\n01,true\n02,false\n"
    assert read(tmp_path / "t", content).frame["zip"].to_list() == [1, 2]
    frame = read(tmp_path / "t", content, words=["zip", "b", "other"]).frame
    assert frame.to_dict(as_series=False) == {"zip": ["01", "02"], "b": ["true", "false"]}


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.5, float("nan")], "c": pl.Series(["u", None], dtype=pl.Categorical)})
    frame.write_parquet(tmp_path / "t")
    read_back = read_table(tmp_path / "t").frame
    assert read_back["x"].to_list() == [1.5, None]
    assert read_back["c"].dtype == pl.Categorical


def test_a_row_of_the_right_length_with_nothing_at_its_end_is_fine(tmp_path: Path) -> None:
    assert read(tmp_path / "t", b"a,b\n1,\n2,3\n").frame["b"].to_list() == [None, 3]


def test_a_line_is_told_where_quotes_span_lines(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="line 5: expected 2 values"):
        read(tmp_path / "t", b'a,b\n"x\ny",2\n1,2\n3\n4,5\n')


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no file"):
        read_table(tmp_path / "none")
    with pytest.raises(TableError, match="is a folder"):
        read_table(tmp_path)
