"""Every plot from a history."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from matplotlib.figure import Figure
from scipy.special import expit
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from torch.utils.data import DataLoader, Subset, TensorDataset

from backproof import LinearRegression, LogisticRegression, MLPClassifier, data, fit, nn, optim
from backproof.training.data.dataset import set_apart
from backproof.training.history import History
from backproof.training.plots.kinds import KINDS
from backproof.training.recording import Path
from tests.training.plots.samples import ACROSS, PLANE, THREE, history, trained, xs, ys

#: What is trained for each kind that shows it: a model, data, a loss.
TRAINED: dict[str, tuple[int, int, Any, Any, Any]] = {
    "regression": (1, 1, ACROSS, 2 * ACROSS, nn.MSELoss()),
    "logistic": (1, 1, ACROSS, (ACROSS > 0.5).astype(float), nn.BCEWithLogitsLoss()),
    "boundary": (2, 3, PLANE, THREE, nn.CrossEntropyLoss()),
    "confusion": (2, 3, PLANE, THREE, nn.CrossEntropyLoss()),
    "surface": (2, 3, PLANE, THREE, nn.CrossEntropyLoss()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_needs_nothing_besides_the_history(kind: str) -> None:
    inputs, outputs, X, y, loss = TRAINED.get(kind, TRAINED["boundary"])
    model = nn.Linear(inputs, outputs, rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    made = fit(model, X, y, loss=loss, optimizer=optimizer, epochs=2, callbacks=[Path()])
    before = model.state_dict()
    how = {"points": 3} if kind == "surface" else {}
    figure = made.plot(kind, background="white", **how)
    assert figure.get_facecolor() == (1, 1, 1, 1)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_column_is_a_kind() -> None:
    (ax,) = history([2.0, 1.0]).plot("lr").axes
    assert ys(ax.lines[0]).tolist() == [0.1, 0.1]


def test_other_data_may_be_given() -> None:
    made, _, x, y = trained()
    (ax,) = made.plot("regression", X=x[:5], y=y[:5]).axes
    np.testing.assert_array_equal(xs(ax.lines[1]), x[:5, 0])
    (ax,) = made.plot("regression", model=lambda x: 0 * x).axes
    assert not np.any(ys(ax.lines[0]))


VALIDATED: dict[str, tuple[Any, str]] = {
    "a share": (0.2, "18 validation samples"),
    "a pair": ((PLANE[:30], THREE[:30]), "30 validation samples"),
    "a list of a pair": ([PLANE[:30], THREE[:30]], "30 validation samples"),
    "a loader": ([(PLANE[:30], THREE[:30])], "90 training samples"),
    "none": (None, "90"),
}


@pytest.mark.parametrize(("validation", "of"), VALIDATED.values(), ids=VALIDATED)
def test_a_confusion_is_of_the_samples_for_validation(validation: Any, of: str) -> None:
    model = nn.Linear(2, 3, rng=0)
    how: dict[str, Any] = {"loss": "cross_entropy", "optimizer": "sgd", "lr": 0.1, "metrics": ["accuracy"]}
    made = fit(model, PLANE, THREE, validation=validation, **how)
    (ax,) = made.plot("confusion").axes
    title = ax.get_title(loc="left")
    right, rest = title.split(" of ")
    share = int(right) / int(of.partition(" ")[0])
    assert rest == f"{of} right: {share:.1%}"
    if "training" not in of:
        assert share == pytest.approx(made["accuracy"][-1])
    (ax,) = made.plot("confusion", X=PLANE[:5], y=THREE[:5]).axes
    assert " of 5 right" in ax.get_title(loc="left")


@pytest.mark.parametrize("kind", ["regression", "logistic", "boundary"])
def test_samples_that_were_held_out_are_hollow(kind: str) -> None:
    inputs, outputs, X, y, loss = TRAINED[kind]
    made = fit(
        model := nn.Linear(inputs, outputs, rng=0), X, y, loss=loss, optimizer="sgd", lr=0.1, validation=0.2
    )
    (ax,) = made.plot(kind, model=model).axes
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    *drawn, explained = hollow
    assert explained.get_label() == "held out"
    assert sum(len(xs(line)) for line in drawn) == round(0.2 * len(X))
    apart = {tuple(row) for row in X[set_apart(range(len(X)), 0.2, 0)[1].indices]}
    points = np.concatenate([np.asarray(line.get_xydata()) for line in drawn])
    assert {tuple(row) for row in points[:, : X.shape[1]]} == apart


def test_a_model_and_its_data_are_kept_if_they_are_small() -> None:
    made = fit(nn.Linear(1, 1), ACROSS.copy(), [*(2 * ACROSS)], loss="mse", optimizer="sgd", lr=0.1)
    assert sum(len(xs(each)) == len(ACROSS) for each in made.plot("regression").axes[0].lines)


MORE, TENSORS = data.TensorDataset(PLANE, THREE), (torch.tensor(PLANE), torch.tensor(THREE))
#: Data that nobody else has.
ALONE: dict[str, Callable[[], tuple[Any, ...]]] = {
    "pandas": lambda: (pd.DataFrame(PLANE), pd.Series(THREE)),
    "polars": lambda: (pl.DataFrame(PLANE), pl.Series(THREE)),
    "a dataset": lambda: (data.TensorDataset(PLANE, THREE),),
    "some of datasets": lambda: (data.random_split(data.TensorDataset(PLANE, THREE) + MORE, [0.9, 0.1])[0],),
    "a loader": lambda: (data.DataLoader(data.TensorDataset(PLANE, THREE), 30),),
    "a loader of torch": lambda: (DataLoader(Subset(TensorDataset(*TENSORS), range(60)), 30),),
}


@pytest.mark.parametrize("make", ALONE.values(), ids=ALONE)
def test_small_data_of_any_kind_is_kept(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fit(nn.Linear(2, 3, rng=0), *make(), loss="cross_entropy", optimizer="sgd")
    made.plot("boundary")
    monkeypatch.setattr("backproof.training.trained._LARGE", THREE.nbytes - 1)
    made = fit(nn.Linear(2, 3, rng=0), *make(), loss="cross_entropy", optimizer="sgd")
    with pytest.raises(ValueError, match="needs X, which a history does not keep alive"):
        made.plot("boundary")


@pytest.mark.parametrize("kind", [list, tuple])
def test_lists_are_data(kind: Any) -> None:
    model, x = nn.Linear(1, 1, rng=0), kind([1.0, 2.0, 3.0, 4.0])
    made = fit(model, x, kind([2.0, 4.0, 6.0, 8.0]), loss="mse", optimizer="sgd", callbacks=Path())
    assert xs(made.plot("regression").axes[0].lines[1]).tolist() == [*x]
    made.plot("surface", points=3)


def test_large_data_is_not_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backproof.training.trained._LARGE", ACROSS.nbytes - 1)
    made = fit(nn.Linear(1, 1), ACROSS.copy(), 2 * ACROSS, loss="mse", optimizer="sgd", lr=0.1)
    with pytest.raises(
        ValueError, match=r"needs X, which a history does not keep alive: history.plot\(…, X=…\)"
    ):
        made.plot("regression")
    made.plot("regression", X=ACROSS, y=2 * ACROSS)


@pytest.mark.parametrize("through", [copy.deepcopy, copy.copy, lambda made: pickle.loads(pickle.dumps(made))])  # noqa: S301 - our own
def test_a_history_can_be_copied(through: Any) -> None:
    made, *_ = trained()
    other = through(made)
    assert other["loss"].tolist() == made["loss"].tolist()
    other.plot()


REFUSED = {
    "bounday": "got kind='bounday'; did you mean boundary?",
    "": "columns epoch, step, loss, lr, seconds; got kind=''; name one of them$",
    "surface": r"callbacks=\[bp\.Path\(\)\]",
    "regression": "needs model",
}


@pytest.mark.parametrize(("kind", "said"), REFUSED.items())
def test_what_cannot_be_drawn(kind: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        history([1.0]).plot(kind)


def test_an_empty_history_has_its_plots() -> None:
    for kind in ("loss", "sizes", "weights", "gradients"):
        assert isinstance(History().plot(kind), Figure)


def still(X: Any, y: Any, loss: Any) -> tuple[History, nn.Module]:
    """Measure the accuracy of a model that gives what it gets."""
    model = nn.Identity()
    model.unused = nn.Parameter(np.zeros(1))
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    how: dict[str, Any] = {"metrics": ["accuracy"], "progress": False, "watch": False}
    return fit(model, X, y, loss=loss, optimizer=optimizer, **how), model


def shares(figure: Figure) -> tuple[int, int]:
    """Give how many are right, and how many there are, as a confusion matrix writes them."""
    written = {text.get_position(): int(text.get_text()) for text in figure.axes[0].texts}
    return sum(count for (x, y), count in written.items() if x == y), sum(written.values())


#: Between 0 and 1, all of them: logits as well as probabilities.
SCORES = np.random.default_rng(4).uniform(0.05, 0.95, (60, 3))
BITS = np.random.default_rng(5).integers(0, 2, 60)
KINDS_OF = np.random.default_rng(6).integers(0, 3, 60)
SOME = np.where(np.arange(60) % 4, KINDS_OF, -100)
#: Scores, targets, the loss, and how many are right of how many.
DECIDED: dict[str, tuple[Any, Any, Any, int, int]] = {
    "probabilities": (SCORES[:, :1], BITS, nn.BCELoss(), sum((SCORES[:, 0] > 0.5) == BITS), 60),
    "logits": (SCORES[:, :1], BITS, nn.BCEWithLogitsLoss(), sum(BITS), 60),
    "signs": (SCORES[:, :1], 2 * BITS - 1, nn.SoftMarginLoss(), sum(BITS), 60),
    "bits by squares": (SCORES[:, :1] + 0.3, BITS, nn.MSELoss(), sum((SCORES[:, 0] > 0.2) == BITS), 60),
    "many bits": (SCORES, SCORES > 0.3, nn.BCEWithLogitsLoss(), int((SCORES > 0.3).sum()), 180),
    "classes": (SCORES, KINDS_OF, nn.CrossEntropyLoss(), sum(SCORES.argmax(1) == KINDS_OF), 60),
    "one-hot": (SCORES, np.eye(3)[KINDS_OF], nn.MSELoss(), sum(SCORES.argmax(1) == KINDS_OF), 60),
    "log-probabilities": (np.log(SCORES), KINDS_OF, nn.NLLLoss(), sum(SCORES.argmax(1) == KINDS_OF), 60),
    "hinge": (SCORES, KINDS_OF, nn.MultiMarginLoss(), sum(SCORES.argmax(1) == KINDS_OF), 60),
    "some ignored": (SCORES, SOME, nn.CrossEntropyLoss(), sum(SCORES.argmax(1) == SOME), 45),
}


@pytest.mark.parametrize("name", DECIDED)
def test_confusion_is_what_accuracy_counts(name: str) -> None:
    scores, y, loss, right, count = DECIDED[name]
    history, _model = still(scores, y, loss)
    assert shares(history.plot("confusion")) == (right, count)
    assert history["accuracy"][-1] == pytest.approx(right / count, rel=1e-12)


def test_bits_of_several_classes_are_told_apart_by_the_largest_where_each_sample_has_one() -> None:
    history, _model = still(SCORES, np.eye(3)[KINDS_OF], nn.BCELoss())
    right = int((SCORES.argmax(1) == KINDS_OF).sum())
    assert shares(history.plot("confusion", X=SCORES, y=KINDS_OF)) == (right, 60)


@pytest.mark.parametrize("loss", [nn.BCELoss(), nn.BCEWithLogitsLoss()])
def test_the_loss_says_what_is_a_probability(loss: nn.Module) -> None:
    across, bits = np.linspace(0.1, 0.9, 9)[:, None], np.arange(9) % 2
    history, _model = still(across, bits, loss)
    (ax,) = history.plot("logistic").axes
    curve = next(each for each in ax.lines if each.get_label() == "model")
    expected = xs(curve) if type(loss) is nn.BCELoss else expit(xs(curve))
    np.testing.assert_allclose(ys(curve), expected, rtol=1e-6)


def test_another_model_predicts_in_its_own_way() -> None:
    X = SCORES[:, :1]
    history, _ = still(X, BITS, nn.BCEWithLogitsLoss())
    other = SVC().fit(X, BITS)
    right = int((other.predict(X) == BITS).sum())
    assert shares(history.plot("confusion", model=other)) == (right, 60)


IMAGES = np.random.default_rng(7).normal(size=(12, 1, 3, 3))


def test_confusion_of_images_and_of_words_by_their_numbers() -> None:
    y = THREE[:12]
    for X, first in ((IMAGES, nn.Flatten()), (np.arange(12)[:, None] % 5, nn.Embedding(5, 9, rng=0))):
        model = nn.Sequential(first, nn.Flatten(), nn.Linear(9, 3, rng=0))
        history = fit(model, X, y, loss="cross_entropy", optimizer="sgd", metrics="accuracy")
        right, count = shares(history.plot("confusion"))
        assert history["accuracy"][-1] == pytest.approx(right / count)


_FRAME = pd.DataFrame(PLANE, columns=["a", "b"])
#: Data as fit takes it: X and y, or X alone.
GIVEN: dict[str, tuple[Any, Any]] = {
    "floats of pandas": (_FRAME.astype("Float64"), pd.Series(THREE).astype("Int64")),
    "a tensor with a gradient": (torch.tensor(PLANE, requires_grad=True), torch.tensor(THREE)),
    "a dataset": (data.TensorDataset(PLANE, THREE), None),
    "some of a dataset": (data.random_split(data.TensorDataset(PLANE, THREE), [0.9, 0.1])[0], None),
    "a loader": (data.DataLoader(data.TensorDataset(PLANE, THREE), 30), None),
    "a loader of torch": (
        torch.utils.data.DataLoader(
            torch.utils.data.Subset(
                torch.utils.data.TensorDataset(torch.tensor(PLANE), torch.tensor(THREE)), range(90)
            ),
            30,
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_boundary_of_data_that_fit_takes(name: str) -> None:
    X, y = GIVEN[name]
    model = nn.Linear(2, 3, rng=0)
    (ax,) = fit(model, X, y, loss="cross_entropy", optimizer="sgd").plot("boundary").axes
    assert sum(len(xs(each)) for each in ax.lines) == (81 if name.startswith("some") else 90)


def test_batches_that_come_one_by_one_are_asked_for() -> None:
    def batches() -> Any:
        yield PLANE, THREE

    model = nn.Linear(2, 3, rng=0)
    history = fit(model, batches, loss="cross_entropy", optimizer="sgd")
    with pytest.raises(ValueError, match="needs X and y as arrays, and training got them from a function"):
        history.plot("boundary")
    history.plot("confusion", X=PLANE, y=THREE)


def test_the_histories_of_estimators() -> None:
    X, y, words = ACROSS * 7 + 100, 3 * ACROSS[:, 0] - 5, np.where(ACROSS[:, 0] > 0.4, "yes", "no")
    line = LinearRegression().fit(X, y)
    (ax,) = line.history_.plot("regression").axes
    np.testing.assert_allclose(ys(ax.lines[0]), line.predict(xs(ax.lines[0])[:, None]))
    chance = LogisticRegression().fit(X, words)
    right, count = shares(chance.history_.plot("confusion"))
    assert right / count == pytest.approx(chance.score(X, words))
    (ax,) = chance.history_.plot("logistic").axes
    curve = next(each for each in ax.lines if each.get_label() == "model")
    np.testing.assert_allclose(ys(curve), chance.predict_proba(xs(curve)[:, None])[:, 1])


def test_the_history_of_an_estimator_that_holds_samples_out() -> None:
    how: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.2, "random_state": 0, "tol": 1.0}
    words = np.array(["a", "b", "c"])[THREE]
    model = MLPClassifier((4,), **how).fit(pd.DataFrame(PLANE), pd.Series(words))
    seed = np.random.RandomState(0).randint(2**31 - 1)
    _, X, _, y = train_test_split(PLANE, words, test_size=0.2, random_state=seed, stratify=words)
    right = round(float(np.mean(model.predict(X) == y)) * 18)
    (ax,) = model.history_.plot("confusion").axes
    assert ax.get_title(loc="left").startswith(f"{right} of 18 validation samples right")
    (ax,) = model.history_.plot("boundary").axes
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert sum(len(xs(line)) for line in hollow[:-1]) == 18
