"""Columns become inputs: numbers as they are, words each but the first."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import OneHotEncoder

from backproof.training.tables.errors import TableError
from backproof.training.tables.features import Number, Words, feature_from, feature_of

COLUMNS = {
    "whole numbers": pl.Series("a", [3, 1, 2]),
    "small numbers": pl.Series("a", [3, 1, 2], dtype=pl.Int8),
    "floats": pl.Series("a", [0.5, 1.5, 2.5], dtype=pl.Float32),
    "decimals": pl.Series("a", ["0.5", "1.5", "2.5"]).cast(pl.Decimal(10, 2)),
    "words": pl.Series("a", ["u", "v", "u", "w"]),
    "categories": pl.Series("a", ["u", "v", "u", "w"], dtype=pl.Categorical),
    "one of some": pl.Series("a", ["u", "v", "u"], dtype=pl.Enum(["v", "u", "x"])),
    "yes and no": pl.Series("a", [True, False, True]),
}


@pytest.mark.parametrize("series", COLUMNS.values(), ids=COLUMNS)
def test_inputs_are_those_of_scikit_learn(series: pl.Series) -> None:
    feature = feature_of(series)
    if isinstance(feature, Number):
        expected = series.cast(pl.Float64).to_numpy()[:, None]
    else:
        words = np.array(series.cast(pl.String).to_list())[:, None]
        expected = OneHotEncoder(drop="first", sparse_output=False).fit_transform(words)
    assert feature.encoded(series) == pytest.approx(expected)
    assert len(feature.inputs) == expected.shape[1]
    assert feature_from(json.loads(json.dumps(feature.to_dict()))) == feature


REFUSED = {
    "dates": (pl.Series("a", [dt.date(2020, 1, 1)]), "'a' holds dates"),
    "moments": (pl.Series("a", [dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]), "'a' holds dates"),
    "times": (pl.Series("a", [dt.time(1)]), "'a' holds times"),
    "spans": (pl.Series("a", [dt.timedelta(1)]), "'a' holds times"),
    "lists": (pl.Series("a", [[1], [2]]), "values of type List"),
    "records": (pl.Series("a", [{"b": 1}]), "values of type Struct"),
    "bytes": (pl.Series("a", [b"1"]), "values of type Binary"),
    "infinite": (
        pl.Series("a", [1.0, None, float("inf"), float("-inf")]),
        "2 infinite numbers, the first in row 3",
    ),
    "stray words": (pl.Series("a", ["1", "2", "?", "4", "x"]), "2 that are none, such as '?' in row 3"),
    "names": (pl.Series("a", ["u", "v", "w", None]), "a word of its own in each of 3 rows"),
    "many words": (pl.Series("a", [f"w{n // 2}" for n in range(200)]), "100 different words"),
}


@pytest.mark.parametrize(("series", "said"), REFUSED.values(), ids=REFUSED)
def test_what_nothing_can_be_learned_from_is_refused(series: pl.Series, said: str) -> None:
    with pytest.raises(TableError, match="column 'a' holds ") as caught:
        feature_of(series)
    assert said in str(caught.value)


def test_a_missing_value_is_filled_in_or_shows() -> None:
    numbers, words = pl.Series("a", [1.0, None]), pl.Series("a", ["v", None])
    assert np.isnan(Number("a").encoded(numbers)[1, 0])
    assert Number("a", 7.0).encoded(numbers)[:, 0].tolist() == [1.0, 7.0]
    assert np.isnan(Words("a", ("u", "v")).encoded(words)[1, 0])
    assert Words("a", ("u", "v"), "u").encoded(words)[:, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Float64, pl.Boolean])
def test_a_column_may_be_empty(dtype: type[pl.DataType]) -> None:
    nothing = pl.Series("a", [None, None], dtype=dtype)
    assert np.isnan(Number("a").encoded(nothing)).all()
    assert np.isnan(Words("a", ("u", "v")).encoded(nothing)).all()


@pytest.mark.parametrize("values", [[True, False], ["True", "False"], ["true", "FALSE"]])
def test_yes_and_no_may_be_written_in_any_case(values: list[Any]) -> None:
    assert Words("a", ("false", "true")).encoded(pl.Series("a", values))[:, 0].tolist() == [1.0, 0.0]


def test_case_tells_words_apart_where_both_are_known() -> None:
    words = Words("a", ("A", "a", "b"))
    assert words.encoded(pl.Series("a", ["A", "a", "B"])).tolist() == [[0, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    "series", [pl.Series("a", ["x", "1"]), pl.Series("a", [True]), pl.Series("a", [[1]])]
)
def test_where_numbers_were_are_numbers(series: pl.Series) -> None:
    with pytest.raises(TableError, match="'a' held numbers in training; here it holds"):
        Number("a").encoded(series)


@pytest.mark.parametrize("values", [["-", "."], ["--", None]])
def test_where_numbers_were_a_dash_is_a_missing_one(values: list[Any]) -> None:
    series = pl.Series("x", values)
    assert np.isnan(Number("x").encoded(series)).all()
    assert Number("x", 2.5).encoded(series).tolist() == [[2.5], [2.5]]
