"""Regions of decisions, and confusion matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from scipy.special import expit
from sklearn.metrics import confusion_matrix
from sklearn.svm import SVC

from backproof import nn
from backproof.training import plots
from backproof.training.plots.outputs import chosen, classes_of
from tests.training.plots.samples import NAN, PLANE, THREE, scores, xs

TWO = (PLANE[:, 0] > 0).astype(int)
WORDS = np.array(["no", "yes"])


def _edges(ax: Axes) -> Any:
    """Give the points of the lines around regions, without those on the frame."""
    lines = [each for each in ax.collections if isinstance(each, ContourSet) and not each.filled]
    return np.concatenate([path.vertices for each in lines for path in each.get_paths()])


MODELS: dict[str, tuple[Any, Any]] = {
    "logits": (lambda x: 3 * x[:, 0] - 1, TWO),
    "logits in rows": (lambda x: 3 * x[:, :1] - 1, TWO),
    "probabilities": (lambda x: expit(3 * x[:, 0] - 1), TWO),
    "scores": (lambda x: np.c_[1 - 3 * x[:, 0], 3 * x[:, 0] - 1], TWO),
    "words for data": (lambda x: np.c_[1 - 3 * x[:, 0], 3 * x[:, 0] - 1], WORDS[TWO]),
    "floats for data": (lambda x: 3 * x[:, 0] - 1, TWO.astype(float)[:, None]),
    "one-hot data": (lambda x: np.c_[1 - 3 * x[:, 0], 3 * x[:, 0] - 1], np.eye(2)[TWO]),
    "classes": (lambda x: (3 * x[:, 0] > 1).astype(int), TWO),
    "words": (lambda x: WORDS[(3 * x[:, 0] > 1).astype(int)], WORDS[TWO]),
    "minus and plus one": (lambda x: np.where(3 * x[:, 0] > 1, 1.0, -1.0), 2 * TWO - 1),
}


@pytest.mark.parametrize(("model", "y"), MODELS.values(), ids=MODELS)
def test_the_boundary_is_where_the_decision_turns(model: Any, y: Any) -> None:
    (ax,) = plots.boundary(model, PLANE, y).axes
    step = np.ptp(PLANE[:, 0]) * 1.16 / 199
    np.testing.assert_allclose(_edges(ax)[:, 0], 1 / 3, atol=step)
    assert [len(xs(each)) for each in ax.lines] == [sum(TWO == 0), sum(TWO == 1)]


def test_a_module_and_an_estimator() -> None:
    module = nn.Linear(2, 3)
    plots.boundary(module, PLANE, THREE)
    assert module.training
    words = np.array(["ash", "beech", "oak"])[THREE]
    (ax,) = plots.boundary(SVC().fit(PLANE, words), PLANE, words).axes
    assert [each.get_label() for each in ax.lines] == ["ash", "beech", "oak"]


def test_a_module_of_torch() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout())
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[3.0, 0.0]]))
        module[0].bias.fill_(-1.0)
    (ax,) = plots.boundary(module, PLANE, TWO).axes
    np.testing.assert_allclose(_edges(ax)[:, 0], 1 / 3, atol=1e-3)
    assert module.training


REFUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "one feature": (scores, PLANE[:, :1], THREE, r"two features.*got X of shape \(90, 1\)"),
    "one score for three": (lambda x: x[:, 0], PLANE, THREE, "a score for each of 3 classes; got one"),
    "two scores for three": (lambda x: x, PLANE, np.array(list("abc"))[THREE], "each of 3 classes; got 2"),
}


@pytest.mark.parametrize(("model", "X", "y", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_boundary_can_be_drawn_of(model: Any, X: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plots.boundary(model, X, y)


def test_what_is_no_model() -> None:
    with pytest.raises(TypeError, match=r"expected a model: .* got 'model' "):
        plots.boundary("model", PLANE, THREE)


@pytest.mark.parametrize(
    "names", [np.arange(3), np.array(["ash", "beech", "oak"]), np.array([0.0, 1.0, 2.5])]
)
def test_confusion_counts(names: Any) -> None:
    guess = np.random.default_rng(1).integers(0, 3, 90)
    (ax,) = plots.confusion(names[THREE], names[guess]).axes
    expected = confusion_matrix(THREE, guess)
    written = {text.get_position(): int(text.get_text()) for text in ax.texts}
    assert written == {(j, i): expected[i, j] for i in range(3) for j in range(3)}
    np.testing.assert_allclose(
        np.asarray(ax.images[0].get_array()), confusion_matrix(THREE, guess, normalize="true")
    )
    assert ax.get_title(loc="left") == f"{np.trace(expected)} of 90 right: {np.mean(guess == THREE):.1%}"


def test_confusion_of_scores_and_one_hot() -> None:
    (ax,) = plots.confusion(np.eye(3)[THREE], scores(PLANE)).axes
    expected = confusion_matrix(THREE, scores(PLANE).argmax(1))
    assert [int(text.get_text()) for text in ax.texts] == expected.ravel().tolist()


@pytest.mark.parametrize(("actual", "predicted"), [([], []), ([1], [1, 2])])
def test_confusion_refuses(actual: Any, predicted: Any) -> None:
    with pytest.raises(ValueError, match=f"got {len(predicted)} and {len(actual)}"):
        plots.confusion(actual, predicted)


def test_a_diverged_model_decides_on_something() -> None:
    output = np.full((4, 3), NAN)
    assert chosen(output, classes_of(np.array([0, 1, 2, 1]), output)).shape == (4,)
