"""``fit`` looks at what it is given before anything moves, and takes data in any form alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch.utils import data as theirs

import backproof as bp
from backproof import data, nn, optim
from backproof.training.callbacks import Callback

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(23, 2)), RNG.normal(size=23)


def fitted(x: Any, y: Any = None, **how: Any) -> tuple[Any, Any]:
    model = nn.Linear(2, 1, rng=0)
    how = {
        "loss": "mse",
        "optimizer": "adam",
        "lr": 0.05,
        "epochs": 3,
        "batch_size": 4,
        "progress": False,
        **how,
    }
    history = bp.fit(model, x, y, **how)
    return np.append(model.weight, model.bias), history


def saved(folder: Path) -> Any:
    np.save(folder / "x.npy", X)
    return np.load(folder / "x.npy", mmap_mode="r"), Y


ALIKE: dict[str, Callable[[Path], Any]] = {
    "lists": lambda _: (X.tolist(), Y.tolist()),
    "pandas": lambda _: (pd.DataFrame(X), pd.Series(Y)),
    "polars": lambda _: (pl.DataFrame(X), pl.Series(Y)),
    "tensors": lambda _: (torch.tensor(X), torch.tensor(Y)),
    "a dataset": lambda _: (data.TensorDataset(X, Y), None),
    "a dataset of PyTorch": lambda _: (theirs.TensorDataset(torch.tensor(X), torch.tensor(Y)), None),
    "a loader": lambda _: (data.DataLoader(data.TensorDataset(X, Y), 4, shuffle=True, seed=5), None),
    "mapped": saved,
}


@pytest.mark.parametrize("make", ALIKE.values(), ids=ALIKE)
def test_it_trains_alike_on_all_of_them(make: Callable[[Path], Any], tmp_path: Path) -> None:
    expected, history = fitted(X, Y, seed=5, metrics=["r2"], validation=(X, Y))
    found, other = fitted(*make(tmp_path), seed=5, metrics=["r2"], validation=(X, Y))
    np.testing.assert_array_equal(found, expected)
    for name in ("loss", "validation", "r2"):
        np.testing.assert_array_equal(other[name], history[name])


def test_pytorch_trains_alike() -> None:
    """The loop of PyTorch, on the same batches in float32, from the same parameters."""
    found, _ = fitted(X, Y, seed=3)
    model = torch.nn.Linear(2, 1)
    model.load_state_dict({name: torch.tensor(a) for name, a in nn.Linear(2, 1, rng=0).state_dict().items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    loader = data.DataLoader(data.TensorDataset(np.float32(X), np.float32(Y)), 4, shuffle=True, seed=3)
    for _ in range(3):
        for given, target in loader:
            loss = torch.nn.functional.mse_loss(model(torch.tensor(given))[:, 0], torch.tensor(target))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    expected = torch.cat([model.weight[0], model.bias]).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=8 * float(np.finfo(np.float32).eps))


def test_a_model_of_float32_computes_in_float32() -> None:
    seen: list[Any] = []

    class Seeing(nn.Linear):
        def forward(self, *inputs: Any, **keywords: Any) -> Any:
            seen.append(inputs[0].dtype)
            return super().forward(*inputs, **keywords)

    model = Seeing(2, 1, rng=0)
    bp.fit(model, X, Y, loss="mse", optimizer="sgd", validation=0.2, metrics=["mae"], progress=False)
    assert set(seen) == {np.dtype(np.float32)}


def test_a_callback_may_stand_alone() -> None:
    epochs: list[int] = []

    class Counting(Callback):
        def on_epoch(self, training: Any) -> None:
            epochs.append(training.epoch)

    fitted(X, Y, callbacks=Counting())
    fitted(X, Y, callbacks=lambda training: epochs.append(training.epoch))
    assert epochs == [1, 2, 3, 1, 2, 3]


def model_and(**how: Any) -> dict[str, Any]:
    return {"loss": "mse", "optimizer": "sgd", "progress": False, **how}


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no epoch": ({"epochs": 0}, ValueError, "epochs to be at least 1; got epochs=0"),
    "half an epoch": ({"epochs": 0.5}, TypeError, r"epochs=0.5 \(float\)"),
    "a truth of epochs": ({"epochs": True}, TypeError, "epochs=True"),
    "no batch": ({"batch_size": 0}, ValueError, "batch_size=0"),
    "half a batch": ({"batch_size": 1.5}, TypeError, "batch_size=1.5"),
    "a text of batches": ({"batch_size": "all"}, TypeError, "batch_size='all'"),
    "a seed below 0": ({"seed": -1}, ValueError, "seed=-1"),
    "no seed": ({"seed": None}, TypeError, "seed=None"),
    "a share of more than all": ({"validation": 1.5}, ValueError, "validation=1.5"),
    "a share below 0": ({"validation": -0.1}, ValueError, "validation=-0.1"),
    "a share of none": ({"validation": 0.01}, ValueError, "leaves 0 and 23"),
    "other validation": ({"validation": "half"}, TypeError, "got 'half'"),
    "a metric that is none": ({"metrics": ["acc"]}, ValueError, "expected the name of a metric; got 'acc'"),
    "a loss that is none": ({"loss": "msee"}, ValueError, "did you mean MSELoss"),
    "an optimizer that is none": ({"optimizer": "sdg"}, ValueError, "did you mean SGD"),
    "a callback that is none": ({"callbacks": [3]}, TypeError, "expected callbacks"),
    "a schedule that is none": ({"schedule": 0.9}, TypeError, "lr_scheduler; got 0.9"),
    "callbacks that are a text": (
        {"callbacks": "early"},
        TypeError,
        r"expected callbacks: .*got 'early' \(str\)",
    ),
    "a callback that is a number": ({"callbacks": 3}, TypeError, r"expected callbacks: .*got 3 \(int\)"),
    "watch that is a text": (
        {"watch": "no"},
        TypeError,
        r"watch to be True or False; got watch='no' \(str\)",
    ),
    "shuffle that is a text": ({"shuffle": "no"}, TypeError, "shuffle to be True or False; got shuffle='no'"),
    "resume that is a text": ({"resume": "no"}, TypeError, "resume to be True or False; got resume='no'"),
    "no file to write": ({"checkpoint_every": 1}, ValueError, "checkpoint_every=1 needs the file to write"),
    "a rate that is a text": ({"lr": "fast"}, TypeError, "lr"),
}


@pytest.mark.parametrize(("how", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(how: dict[str, Any], error: type[Exception], said: str) -> None:
    model = nn.Linear(2, 1, rng=0)
    before = model.state_dict()
    parameters = {name: parameter.data for name, parameter in model.named_parameters()}
    with pytest.raises(error, match=said):
        bp.fit(model, X, Y, **model_and(**how))
    for name, parameter in model.named_parameters():
        assert parameter.data is parameters[name]
        np.testing.assert_array_equal(parameter.data, before[name])


def test_truths_of_numpy_and_no_metrics() -> None:
    found, _ = fitted(X, Y, shuffle=np.False_, metrics=None)
    np.testing.assert_array_equal(found, fitted(X, Y, shuffle=False)[0])


def test_data_that_is_refused_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=0))
    arrays = [parameter.data for parameter in model.parameters()]
    optimizer = optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="NaN"):
        bp.fit(model, X * np.nan, Y, **model_and(optimizer=optimizer))
    assert all(parameter.data is array for parameter, array in zip(model.parameters(), arrays, strict=True))
    bp.fit(model, X, Y, **model_and(optimizer=optimizer))


def test_a_generator_cannot_be_gone_through_again() -> None:
    batches = ((X[start : start + 5], Y[start : start + 5]) for start in range(0, 23, 5))
    with pytest.raises(ValueError, match="pass the function that makes it"):
        bp.fit(nn.Linear(2, 1), batches, epochs=2, **model_and())


class Numbered:
    """Samples by their numbers, and nothing that says that they are."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, number: int) -> Any:
        return X[number], Y[number]


LOADER = data.DataLoader(data.TensorDataset(X, Y), 4)
#: What is said of batches where it has nothing to say, and of data that nobody knows what it is.
OF_BATCHES: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "their size": (LOADER, {"batch_size": 5}, ValueError, "got batch_size=5 with a DataLoader, which makes"),
    "all in one": ([(X, Y)], {"batch_size": None}, ValueError, "got batch_size=None with a list"),
    "numbered samples": (Numbered(), {}, TypeError, r"pass backproof.data.DataLoader\(X, batch_size=32\)"),
}


@pytest.mark.parametrize(("given", "how", "error", "said"), OF_BATCHES.values(), ids=OF_BATCHES)
def test_refusals_of_batches(given: Any, how: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        bp.fit(nn.Linear(2, 1, rng=0), given, **model_and(**how))


def test_what_is_said_of_batches_may_be_true() -> None:
    how = model_and(batch_size=4)
    assert len(bp.fit(nn.Linear(2, 1, rng=0), LOADER, **how)) == 1
    numbered = data.DataLoader(Numbered(), batch_size=32)
    assert len(bp.fit(nn.Linear(2, 1, rng=0), numbered, **model_and())) == 1


class Stepping:
    """An optimizer of somebody's own, whose rate has another name."""

    def __init__(self, parameters: Any, **group: float) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": [*parameters], **group}]

    def zero_grad(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.zero_grad()

    def step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.data -= 0.01 * parameter.grad


def test_an_optimizer_of_ones_own() -> None:
    model = nn.Linear(2, 1, rng=0)
    with pytest.raises(ValueError, match="learning rate as 'lr' in each of its groups; got Stepping"):
        bp.fit(model, X, Y, **model_and(optimizer=Stepping(model.parameters(), eta=0.01)))
    assert bp.fit(model, X, Y, **model_and(optimizer=Stepping(model.parameters(), lr=0.01)))[-1].lr == 0.01
    with pytest.warns(
        bp.TrainingWarning, match="loss not finite"
    ):  # of which Adam's state would be forgotten
        bp.fit(
            model,
            X,
            Y,
            **model_and(optimizer=Stepping(model.parameters(), lr=0.01), callbacks=[broken], epochs=2),
        )


def broken(training: Any) -> None:
    training.model.weight[...] = np.nan
