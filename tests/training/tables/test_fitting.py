"""Training on a table: repeatable, as it was asked for, and honest about its end; and what is told of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from backproof.training.tables.choices import Choices
from backproof.training.tables.describing import Files, result, result_as_text, understood
from backproof.training.tables.fitting import Fitted, predicted, train
from backproof.training.tables.preparing import prepared
from backproof.training.tables.reading import Table

RNG = np.random.default_rng(1)
FRAME = pl.DataFrame({"a": RNG.normal(size=30), "b": RNG.normal(size=30), "y": RNG.normal(size=30)})


def fitted(frame: pl.DataFrame = FRAME, how: dict[str, Any] | None = None, **choices: Any) -> Fitted:
    return train(prepared(Table(frame, "t"), Choices("y", **choices)), progress=False, **(how or {}))


def test_a_seed_makes_it_repeatable() -> None:
    first, second, other = (fitted(model="mlp:4", epochs=3, batch_size=8, seed=seed) for seed in (1, 1, 2))
    for name, array in first.model.state_dict().items():
        assert np.array_equal(array, second.model.state_dict()[name])
        assert not np.array_equal(array, other.model.state_dict()[name])


def test_it_makes_the_steps_that_were_asked_for() -> None:
    found = fitted(epochs=3, batch_size=7, validation=0.2)
    assert [(epoch.epoch, epoch.step) for epoch in found.history] == [(1, 4), (2, 8), (3, 12)]
    apart = found.prepared.apart
    assert apart is not None
    assert found.scores(apart)["loss"] == pytest.approx(found.history[-1].validation)


def test_a_linear_model_arrives() -> None:
    """At a rate that stays, Adam has a coefficient one in a hundred off at the end of these steps."""
    rng = np.random.default_rng(44)
    X = rng.normal(size=(100, 4))
    y = X @ rng.normal(size=4) + rng.normal(size=100)
    found = fitted(pl.DataFrame(X, schema=list("abcd")).with_columns(y=pl.Series(y)))
    assert found.coefficients is not None
    best = np.linalg.lstsq(np.c_[np.ones(100), X], y, rcond=None)[0]
    units = found.in_units(found.coefficients)["y"]
    assert list(units.values()) == pytest.approx(best.tolist(), rel=1e-6)
    assert found.history["lr"][[0, -1]] == pytest.approx([0.1, 0.1 / 201])


def test_all_rows_are_predicted_however_many() -> None:
    found = fitted(epochs=1)
    inputs = RNG.normal(size=(25_001, 2))
    assert predicted(found.model, inputs) == pytest.approx(found.model(inputs))


def test_a_training_that_is_stopped_says_so() -> None:
    stopped = fitted(how={"callbacks": [lambda training: training.stop("the sky fell")]})
    assert stopped.failure == "the sky fell"
    text = result_as_text(result(stopped))
    assert text.startswith("failed     after 1 epoch, 1 step: the sky fell\n")


def test_a_loss_that_is_not_finite_is_told_and_is_null_in_json() -> None:
    found = fitted(optimizer="sgd", lr=1e200, epochs=5, how={"watch": False})
    assert found.failure == "the loss is no finite number any more: try a smaller --lr"
    told = result(found)
    assert told["training"]["loss"] is None
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_of_many_coefficients_the_first_are_shown() -> None:
    frame = pl.DataFrame({f"x{k}": RNG.normal(size=60) for k in range(50)} | {"y": RNG.normal(size=60)})
    told = result(fitted(frame, epochs=2))
    assert len(told["coefficients"]["y"]) == 51
    text = result_as_text(told)
    assert "x28 " in text
    assert "x29 " not in text
    assert "and 21 more: --format json gives all" in text


def test_classes_are_told_by_their_names() -> None:
    frame = FRAME.with_columns(y=pl.Series(["r", "s", "t"] * 10))
    found = fitted(frame, epochs=2)
    assert "  target     y: 3 classes (r, s, t)\n" in understood(found.prepared)
    text = result_as_text(result(found, Files(["here.safetensors"])))
    assert "coefficients of the scores, less their mean, in the units of the data" in text
    assert "  s: a " in text
    assert text.endswith("written    here.safetensors\n")


@pytest.mark.parametrize("loss", ["bce-with-logits", "cross-entropy"])
def test_two_classes_have_one_row_of_odds(loss: str) -> None:
    found = fitted(FRAME.with_columns(y=pl.Series(["r", "s", "s"] * 10)), epochs=2, loss=loss)
    told = result(found)
    assert list(told["coefficients"]) == ["s"]
    assert "coefficients of the logarithm of the odds, in the units of the data" in result_as_text(told)


def test_a_loss_that_is_none_is_told() -> None:
    told = result(fitted(epochs=2))
    told["training"]["loss"] = None
    first = next(iter(told["coefficients"].values()))
    first["intercept"] = None
    text = result_as_text(told)
    assert "loss  not finite\n" in text
    assert "training is" not in text


def test_a_name_takes_one_line_and_no_more_than_a_few_words() -> None:
    words = ["plain", "two\nlines", f"z\x1b[31m{'long ' * 20}end"]
    text = result_as_text(result(fitted(FRAME.with_columns(word=pl.Series(words * 10)), epochs=2)))
    (row,) = (line for line in text.splitlines() if line.startswith("  word=two"))
    assert row.split()[0] == r"word=two\nlines"
    (row,) = (line for line in text.splitlines() if line.startswith("  word=z\\x1b[31mlong"))
    assert "…" in row
    assert " end " in row
    assert max(map(len, text.splitlines())) < 120
