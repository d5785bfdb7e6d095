"""Every plot from a history."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from backproof import fit, nn, optim
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


def test_data_is_not_kept_alive() -> None:
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    made = fit(model, ACROSS.copy(), 2 * ACROSS, loss="mse", optimizer=optimizer)
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
    "": r"the plots are loss, .*, and the columns epoch, step, loss, lr, seconds; got kind=''$",
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
