"""What is trained and how, where something is said and where nothing is."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from backproof.training.tables.choices import (
    Choices,
    Steps,
    architecture_of,
    kind_of,
    loss_for,
    require_optimizer,
)
from backproof.training.tables.errors import TableError
from backproof.training.tables.recipe import Architecture
from backproof.training.tables.targets import Classes, Numbers

BINARY = [0, 1, 1, 0]
#: The values, the model and the loss that are asked for, and what follows: the kind, the model, the loss.
KINDS: list[tuple[list[Any], str | None, str | None, type, str, str]] = [
    ([1.5, 2.5, 3.0], None, None, Numbers, "linear", "MSELoss"),
    ([1, 2, 3, 3], None, None, Numbers, "linear", "MSELoss"),
    (BINARY, None, None, Classes, "logistic", "BCEWithLogitsLoss"),
    (BINARY, "linear", None, Numbers, "linear", "MSELoss"),
    (BINARY, None, "l1", Numbers, "linear", "L1Loss"),
    (BINARY, "mlp:3", None, Classes, "mlp:3", "BCEWithLogitsLoss"),
    (BINARY, "mlp:3", "mse", Numbers, "mlp:3", "MSELoss"),
    (BINARY, "logistic", "cross-entropy", Classes, "logistic", "CrossEntropyLoss"),
    ([1, 2, 3, 3], "logistic", None, Classes, "logistic", "CrossEntropyLoss"),
    ([1, 2, 3, 3], "mlp:2,3", "CrossEntropyLoss", Classes, "mlp:2,3", "CrossEntropyLoss"),
    (["a", "b", "a"], None, "bce with logits", Classes, "logistic", "BCEWithLogitsLoss"),
    (["a", "b", "c", "a"], None, None, Classes, "logistic", "CrossEntropyLoss"),
    ([1.5, 2.5, 3.0], None, "mae", Numbers, "linear", "L1Loss"),
    ([1.5, 2.5, 3.0], None, "smooth_l1", Numbers, "linear", "SmoothL1Loss"),
    ([1.5, 2.5, 3.0], "mlp:4", "Huber", Numbers, "mlp:4", "HuberLoss"),
]


@pytest.mark.parametrize(("values", "model", "loss", "kind", "architecture", "found"), KINDS)
def test_the_kind_of_problem(
    values: list[Any], model: str | None, loss: str | None, kind: type, architecture: str, found: str
) -> None:
    target = kind_of(pl.Series("y", values), Choices("y", model=model, loss=loss))
    assert isinstance(target, kind)
    assert str(architecture_of(model, target)) == architecture
    assert loss_for(loss, target) == found


def test_what_does_not_go_together_is_refused() -> None:
    words = pl.Series("y", ["a", "b", "c", "a"])
    with pytest.raises(TableError, match="leave one of them out"):
        kind_of(words, Choices("y", model="logistic", loss="mse"))
    with pytest.raises(TableError, match="use --model logistic"):
        kind_of(words, Choices("y", model="linear"))
    with pytest.raises(TableError, match="tells two classes apart, and 'y' has 3"):
        loss_for("bce-with-logits", kind_of(words, Choices("y")))
    for name in ("sse", "poisson", "kl"):
        with pytest.raises(TableError, match="the mean of MSELoss"):
            loss_for(name, Numbers("y"))


@pytest.mark.parametrize(
    ("model", "rows", "batch_size", "expected"),
    [
        ("linear", 20, None, Steps(0.1, 20, 1000, 200)),
        ("linear", 20, 8, Steps(0.01, 8, 334, 67)),
        ("linear", 100_000, None, Steps(0.01, 10_000, 100, 20)),
        ("mlp", 20, None, Steps(0.01, 20, 1000)),
        ("mlp", 320, None, Steps(0.01, 32, 100)),
        ("mlp", 100_000, None, Steps(0.01, 1000, 100)),
        ("mlp", 20, 500, Steps(0.01, 20, 1000)),
    ],
)
def test_how_many_steps_of_how_many_rows(
    model: str, rows: int, batch_size: int | None, expected: Steps
) -> None:
    hidden = (3,) if model == "mlp" else ()
    assert Steps.of(Choices("y", batch_size=batch_size), Architecture(model, hidden), rows) == expected


def test_what_was_asked_for_is_taken() -> None:
    choices = Choices("y", lr=0.5, epochs=3, batch_size=7)
    assert Steps.of(choices, Architecture("linear"), 100) == Steps(0.5, 7, 3)


def test_an_optimizer_that_cannot_be_is_refused() -> None:
    require_optimizer("nadam", 0.1)
    with pytest.raises(TableError, match=r"--optimizer adm --lr 0.1: .* did you mean"):
        require_optimizer("adm", 0.1)
    with pytest.raises(TableError, match=r"--optimizer adam --lr -1: .*lr"):
        require_optimizer("adam", -1.0)
