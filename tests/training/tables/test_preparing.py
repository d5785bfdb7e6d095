"""From a table to what is trained: columns, missing values, rows apart, standardization, the recipe."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from backproof.training.tables.choices import Choices
from backproof.training.tables.errors import TableError
from backproof.training.tables.preparing import Prepared, prepared
from backproof.training.tables.reading import Table
from backproof.training.tables.recipe import Recipe

RNG = np.random.default_rng(5)
FRAME = pl.DataFrame(
    {
        "a": RNG.normal(3, 2, 40),
        "b": RNG.integers(0, 9, 40),
        "word": RNG.choice(["u", "v", "w"], 40),
        "y": RNG.normal(100, 30, 40),
    }
)
HOLES = FRAME.with_columns(
    a=pl.when(pl.int_range(40) % 7 == 1).then(None).otherwise("a"),
    word=pl.when(pl.int_range(40) % 9 == 2).then(None).otherwise("word"),
)


def ready(frame: pl.DataFrame, **choices: Any) -> Prepared:
    return prepared(Table(frame, "the table"), Choices(**{"target": "y", **choices}))


def test_inputs_and_target_are_standardized_as_by_scikit_learn() -> None:
    found = ready(FRAME, features=["a,b"])
    expected = StandardScaler().fit_transform(FRAME.select("a", "b").to_numpy())
    assert found.train.inputs == pytest.approx(expected)
    assert found.train.target == pytest.approx(StandardScaler().fit_transform(FRAME.select("y").to_numpy()))


def test_nothing_is_standardized_where_it_is_not_wanted() -> None:
    found = ready(FRAME, features=["a", "b"], standardize=False)
    assert found.train.inputs == pytest.approx(FRAME.select("a", "b").to_numpy())
    assert found.train.target == pytest.approx(FRAME.select("y").to_numpy())


def test_what_is_validated_on_decides_nothing() -> None:
    """The means are those of the rows that are trained on; and the rows are divided anew by another seed."""
    found = ready(FRAME, drop=["word"], validation=0.25)
    assert found.apart is not None
    assert (len(found.train), len(found.apart)) == (30, 10)
    assert found.train.inputs.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert found.train.inputs.std(axis=0) == pytest.approx(1)
    assert abs(found.apart.inputs.mean()) > 1e-6
    raw = np.concatenate([found.train.inputs, found.apart.inputs]) * found.recipe.scale + found.recipe.center
    assert sorted(raw[:, 0]) == pytest.approx(sorted(FRAME["a"]))
    again, other = (ready(FRAME, drop=["word"], validation=0.25, seed=seed) for seed in (0, 1))
    assert np.array_equal(again.train.inputs, found.train.inputs)
    assert not np.array_equal(other.train.inputs, found.train.inputs)


def test_missing_values_are_refused() -> None:
    with pytest.raises(TableError, match=r"a \(6 of 40\), word \(5 of 40\); leave those rows out"):
        ready(HOLES)
    assert len(ready(HOLES, drop=["a", "word"]).train) == 40


def test_rows_with_missing_values_are_dropped() -> None:
    found, whole = ready(HOLES, missing="drop", standardize=False), HOLES.drop_nulls()
    assert found.train.inputs[:, :2] == pytest.approx(whole.select("a", "b").to_numpy())
    assert found.notes == (f"{40 - whole.height} of 40 rows with missing values are left out",)
    outputs = found.recipe.model()(found.recipe.encoded(HOLES))
    predictions = found.recipe.answered(outputs)["prediction"]
    assert (
        predictions.is_nan().to_list()
        == HOLES.select(pl.any_horizontal(pl.all().is_null())).to_series().to_list()
    )


def test_missing_values_are_filled_in_as_by_scikit_learn() -> None:
    found = ready(HOLES, missing="mean", standardize=False)
    expected = SimpleImputer().fit_transform(HOLES.select("a").to_numpy())
    assert found.train.inputs[:, :1] == pytest.approx(expected)
    word = HOLES["word"].drop_nulls().to_list()
    most = max(sorted(set(word)), key=word.count)
    assert [each.fill for each in found.recipe.features] == [
        pytest.approx(HOLES["a"].mean()),
        HOLES["b"].mean(),
        most,
    ]
    with pytest.raises(TableError, match="the target 'a' is missing in 6 of 40 rows"):
        ready(HOLES, target="a", missing="mean")


def test_a_column_that_is_empty_or_the_same_is_left_out() -> None:
    frame = FRAME.with_columns(none=None, one=pl.lit("A"), seven=7)
    found = ready(frame)
    assert [each.column for each in found.recipe.features] == ["a", "b", "word"]
    assert [note.removesuffix(" and is left out") for note in found.notes] == [
        "column 'none' is empty", "column 'one' holds 'A' alone", "column 'seven' holds 7 alone",
    ]  # fmt: skip


def test_names_with_commas_may_be_given() -> None:
    frame = FRAME.rename({"a": "x, y", "b": "x"})
    assert [each.column for each in ready(frame, features=["x, y"]).recipe.features] == ["x, y"]
    assert [each.column for each in ready(frame, features=["x,word", "x, y"]).recipe.features] == [
        "x",
        "word",
        "x, y",
    ]


@pytest.mark.parametrize(
    ("target", "values", "said"),
    [
        ("y", [0, 1] * 20, "two classes; as a number: --loss mse"),
        ("y", [1, 2] * 20, "if they name classes: --model"),
    ],
)
def test_it_is_said_where_the_kind_might_be_another(target: str, values: list[int], said: str) -> None:
    frame = FRAME.with_columns(pl.Series(target, values))
    assert any(said in note for note in ready(frame).notes)
    assert not ready(frame, model="linear").notes


@pytest.mark.parametrize(
    "choices", [{}, {"missing": "mean", "validation": 0.1}, {"target": "word"}, {"model": "mlp:3"}]
)
def test_a_recipe_comes_back_from_json_as_it_was(choices: dict[str, Any]) -> None:
    recipe = ready(FRAME, **choices).recipe
    back = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert back == recipe
    assert np.array_equal(back.encoded(FRAME), recipe.encoded(FRAME))
    state, again = recipe.model().state_dict(), back.model().state_dict()
    assert all(np.array_equal(state[name], again[name]) for name in state)


@pytest.mark.parametrize(
    ("dtype", "large", "told"),
    [
        (pl.Int8, 100, False),
        (pl.UInt8, 200, False),
        (pl.UInt32, 2**32 - 1, False),
        (pl.Int64, 2**53, False),
        (pl.Int64, 2**53 + 1, True),
        (pl.Int64, -(2**53) - 1, True),
        (pl.UInt64, 2**64 - 1, True),
        (pl.Int128, 10**20, True),
    ],
)
def test_whole_numbers_that_float64_does_not_hold_are_told(
    dtype: type[pl.DataType], large: int, told: bool
) -> None:
    frame = pl.DataFrame({"x": pl.Series([1, large, 3, None], dtype=dtype), "y": [0.5, 2.0, 4.0, 7.0]})
    notes = ready(frame, target="y", missing="mean").notes
    assert any("beyond 2**53 are rounded as they become float64: x" in note for note in notes) == told
