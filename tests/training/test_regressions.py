"""The regressions of the published numbers, by the examples that show them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model

from tests.test_golden import GOLDEN, assert_printed

EXAMPLES = Path(__file__).parents[2] / "examples" / "regression"
FIVE, LINE, BY_HAND, PLANE, LOGISTIC = GOLDEN["regression"]
# What the examples say on the way they say to a reader.
pytestmark = pytest.mark.usefixtures("not_enforced")


class Example:
    """An example that has been run: what it defines, what its main gave, and the pictures it saved."""

    def __init__(self, name: str, folder: Path) -> None:
        self.names = runpy.run_path(str(EXAMPLES / f"{name}.py"))
        self.given = self.names["main"](folder)
        self.pictures = {path.name for path in folder.iterdir()}


def data(names: dict[str, Any]) -> tuple[Any, Any]:
    return np.squeeze(names["X"]).tolist(), np.squeeze(names["Y"]).tolist()


def test_every_example_is_listed_and_tested() -> None:
    files = {path.stem for path in EXAMPLES.glob("*.py")}
    assert files == {"by_hand", "line", "from_class_to_module", "plane", "logistic", "grades"}
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"[{name}.py]({name}.py)" in listed for name in files)


def test_two_epochs_by_hand(tmp_path: Path) -> None:
    example = Example("by_hand", tmp_path)
    assert data(example.names) == (BY_HAND["x"], BY_HAND["y"])
    assert len(example.given) == len(BY_HAND["epochs"]) == 2
    for row, worked in zip(example.given, BY_HAND["epochs"], strict=True):
        for name, value in worked.items():
            assert_printed(row[name], value, BY_HAND["digits"])
    assert example.pictures == {"by_hand.png"}


def test_a_hundred_epochs_of_a_line(tmp_path: Path) -> None:
    example = Example("line", tmp_path)  # which compares each step with PyTorch's
    assert data(example.names) == (LINE["x"], LINE["y"])
    for got, name, decimals in zip(example.given, ("w", "b", "loss"), (11, 11, 10), strict=True):
        assert_printed(got, LINE["after_100_epochs"][name], decimals)
    assert example.pictures == {"line.png", "line-loss.png", "line-compared.png"}


def test_a_class_becomes_a_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = Example("from_class_to_module", tmp_path)
    assert data(example.names) == (FIVE["x"], FIVE["y"])
    w, b, losses = example.given
    # The same by powers of the matrix that a step is.
    X = np.column_stack([FIVE["x"], np.ones(5)])
    step, pull = np.eye(2) - FIVE["lr"] * 2 / 5 * X.T @ X, FIVE["lr"] * 2 / 5 * X.T @ FIVE["y"]
    still = np.linalg.solve(np.eye(2) - step, pull)
    there = still + np.linalg.matrix_power(step, 100) @ (np.array([FIVE["w0"], FIVE["b0"]]) - still)
    np.testing.assert_allclose([w, b], there, rtol=1e-12)
    assert len(losses) == 100
    assert len({line.split("w = ")[1] for line in capsys.readouterr().out.splitlines()}) == 1
    assert example.pictures == {"class_to_module.png", "class_to_module-loss.png"}


def test_the_plane_is_that_of_least_squares(tmp_path: Path) -> None:
    example = Example("plane", tmp_path)
    assert data(example.names) == (PLANE["X"], PLANE["y"])
    trained, at, estimator = example.given
    truth = PLANE["least_squares"]
    for got in (trained, [*estimator.coef_, estimator.intercept_]):
        assert_printed(got, [*truth["coefficients"], truth["intercept"]], truth["digits"])
    for got in (at, estimator.predict([PLANE["predict"]])[0]):
        assert_printed(got, truth["at_3_2"], truth["digits"])
    assert example.pictures == {"plane.png", "plane-loss.png"}


def test_the_logistic_one_separates_the_classes(tmp_path: Path) -> None:
    example = Example("logistic", tmp_path)  # which asserts that every point is on its side
    assert data(example.names) == (LOGISTIC["x"], LOGISTIC["y"])
    history, best = example.given
    assert history.stopped == "the mean loss is below 0.01"
    X, y = np.array(LOGISTIC["x"])[:, None], LOGISTIC["y"]
    theirs = sklearn.linear_model.LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(
        [best.coef_[0, 0], *best.intercept_], [theirs.coef_[0, 0], *theirs.intercept_], rtol=1e-6
    )
    assert best.predict(X).tolist() == y
    assert example.pictures == {"logistic.png", "logistic-loss.png"}


def test_students_are_told_apart(tmp_path: Path) -> None:
    example = Example("grades", tmp_path)  # which compares with PyTorch, and asserts how many are
    assert example.names["X"].shape == (20, 5)
    assert set(np.unique(example.names["X"])) == set(range(1, 10))
    assert example.given[1].shape == (10,)
    assert example.pictures == {"grades.png", "grades-loss.png"}
