"""The pictures of a training on a table: which there are, and which rows they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from backproof.training import plots
from backproof.training.tables.choices import Choices
from backproof.training.tables.fitting import Fitted, train
from backproof.training.tables.pictures import draw, files_for
from backproof.training.tables.preparing import prepared
from backproof.training.tables.reading import Table

RNG = np.random.default_rng(5)
COLUMNS: dict[str, Any] = {
    "a": RNG.normal(size=40),
    "b": RNG.normal(size=40),
    "sex": ["f", "m"] * 20,
    "colour": ["red", "green", "blue", "red"] * 10,
    "bought": ["no", "yes", "yes", "no", "yes"] * 8,
    "kind": ["x", "y", "z", "y"] * 10,
}


def fitted(columns: str, **choices: Any) -> Fitted:
    names = columns.split()
    frame = pl.DataFrame({name: COLUMNS[name] for name in names})
    return train(prepared(Table(frame, "t"), Choices(names[-1], **choices)), progress=False)


#: The columns, of which the last is the target, and the pictures besides that of the loss.
FITTING = {
    "a b": ["regression"],
    "sex b": ["regression"],
    "a bought": ["confusion", "logistic"],
    "sex bought": ["confusion"],
    "a kind": ["confusion"],
    "a b kind": ["confusion", "boundary"],
    "a sex kind": ["confusion"],
    "colour bought": ["confusion"],
    "a b sex bought": ["confusion"],
}


@pytest.mark.parametrize(("columns", "expected"), FITTING.items())
def test_pictures_fit_the_columns(columns: str, expected: list[str], tmp_path: Path) -> None:
    """Between two words there is nothing that a curve or a plane could show."""
    names = files_for(fitted(columns, epochs=1).prepared.recipe, tmp_path)
    assert list(names) == ["loss", *expected]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    """Record with what each plot is called, instead of drawing it."""
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}

    def recorder(name: str) -> Any:
        return lambda *arguments, **how: calls.update({name: (arguments, how)})

    for name in ("confusion", "logistic", "boundary", "regression", "predictions"):
        monkeypatch.setattr(plots, name, recorder(name))
    return calls


@pytest.mark.parametrize("validation", [0.0, 0.25])
def test_a_confusion_is_of_the_rows_to_validate_on(validation: float, drawn: Any) -> None:
    found = fitted("a bought", epochs=5, validation=validation)
    draw(found, {"confusion": Path("c.png"), "logistic": Path("l.png")})
    (actual, guess), how = drawn["confusion"]
    part = found.prepared.apart if validation else found.prepared.train
    assert part is not None
    assert how["of"] == ("validation rows" if validation else "")
    assert len(actual) == len(part)
    assert np.mean(actual == guess) == found.scores(part)["accuracy"]
    assert drawn["logistic"][1]["held"].tolist() == [False] * len(found.prepared.train) + [True] * round(
        40 * validation
    )


def test_numbers_from_words_are_predicted_against_actual(drawn: Any) -> None:
    found = fitted("sex b", epochs=5)
    draw(found, {"regression": Path("r.png")})
    (actual, predicted), how = drawn["predictions"]
    assert how["name"] == "b"
    np.testing.assert_allclose(actual, COLUMNS["b"])
    assert len(np.unique(predicted)) == 2
    draw(fitted("a b", epochs=5), {"regression": Path("r.png")})
    assert "regression" in drawn
