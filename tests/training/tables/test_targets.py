"""The target: numbers, or classes with their names."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from backproof.training.tables.errors import TableError
from backproof.training.tables.targets import (
    Classes,
    Numbers,
    classes_of,
    looks_like_classes,
    numbers_of,
    target_from,
)

CLASSES: dict[str, tuple[list[Any], tuple[Any, ...], list[int]]] = {
    "words": (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
    "whole numbers": ([10, 2, 10], (2, 10), [1, 0, 1]),
    "whole numbers as floats": ([1.0, 0.0, 1.0], (0, 1), [1, 0, 1]),
    "large numbers": ([10**20, 0, 0], (0, 10**20), [1, 0, 0]),
    "yes and no": ([True, False, True], (False, True), [1, 0, 1]),
    "three": (["c", "a", "b", "a"], ("a", "b", "c"), [2, 0, 1, 0]),
}


@pytest.mark.parametrize(("values", "classes", "codes"), CLASSES.values(), ids=CLASSES)
def test_classes_have_an_order(values: list[Any], classes: tuple[Any, ...], codes: list[int]) -> None:
    series = pl.Series("y", values)
    target = classes_of(series)
    assert target == Classes("y", classes)
    assert [type(each) for each in target.classes] == [type(each) for each in classes]
    assert target.encoded(series).tolist() == codes
    assert target_from(json.loads(json.dumps(target.to_dict()))) == target


def test_numbers_are_standardized_and_kept() -> None:
    target = Numbers("y", 3.0, 2.0)
    assert target.encoded(pl.Series("y", [3, 5])).tolist() == [[0.0], [1.0]]
    assert target_from(json.loads(json.dumps(target.to_dict()))) == target


@pytest.mark.parametrize(
    ("values", "are_classes"),
    [(["a", "b"], True), ([True, False], True), ([0, 1], True), ([0.0, 1.0], True), ([1, 2], False),
     ([0, 0], False), ([0, 1, 2], False), ([0.5, 1.0], False)],
)  # fmt: skip
def test_what_looks_like_classes(values: list[Any], are_classes: bool) -> None:
    assert looks_like_classes(pl.Series("y", values)) is are_classes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a", "a"], "one class alone, 'a'"),
        ([0.5, 1.0, 1.0], "numbers such as 0.5"),
        ([1.0, float("inf"), 1.0], "infinite"),
        (list("abc"), "3 classes in 3 rows"),
        ([[1], [2]], "values of type List"),
        ([*range(200), *range(200)], "200 classes"),
    ],
)
def test_what_names_no_classes_is_refused(values: list[Any], said: str) -> None:
    with pytest.raises(TableError, match="'y'") as caught:
        classes_of(pl.Series("y", values))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [(["a", "b"], "holds words"), ([2, 2], "is 2 in every row"), ([1.0, float("inf")], "infinite")],
)
def test_what_is_no_number_is_refused(values: list[Any], said: str) -> None:
    with pytest.raises(TableError, match="'y'") as caught:
        numbers_of(pl.Series("y", values))
    assert said in str(caught.value)
