"""The engine for PyTorch: it does what a plain loop does, and modules of ours train in plain loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils import data as theirs

import backproof as bp
import backproof.torch.nn as ours
import backproof.torch.optim as our_optim
from backproof import data
from backproof.training.engines.choice import engine_for
from backproof.training.engines.engine import Engine
from backproof.training.engines.torch import TorchEngine

RNG = np.random.default_rng(0)
X, Y, CLASSES = RNG.normal(size=(23, 2)), RNG.normal(size=23), RNG.integers(0, 3, 23)


def network(nn: Any = torch.nn, outputs: int = 1, dtype: Any = torch.float32) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, outputs)).to(dtype)


def numbers(model: torch.nn.Module) -> np.ndarray[Any, Any]:
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in model.parameters()])


def engine(model: Any = None, loss: Any = None, optimizer: Any = None) -> TorchEngine:
    model = network() if model is None else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1) if optimizer is None else optimizer
    return TorchEngine(model, loss or torch.nn.MSELoss(), optimizer)


def test_it_is_an_engine_and_is_chosen() -> None:
    model = network(ours)
    chosen = engine_for(None, model, torch.nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1))
    assert isinstance(chosen, TorchEngine)
    assert isinstance(chosen, Engine)


# --- Modules of ours in a plain loop -------------------------------------------------------------

IMAGES, SIGNALS = RNG.normal(size=(8, 2, 6, 6)), RNG.normal(size=(8, 3, 9))
INDICES = RNG.integers(0, 7, (8, 4))
#: Layers with data for them, whose outputs are flattened.
LAYERS: dict[str, tuple[Callable[[Any], Any], np.ndarray[Any, Any]]] = {
    "Linear, GELU": (lambda nn: nn.Sequential(nn.Linear(2, 5), nn.GELU()), X[:8]),
    # With a bias before the normalisation, which it takes away, rounding alone would move that.
    "Conv2d, BatchNorm2d": (
        lambda nn: nn.Sequential(nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3)),
        IMAGES,
    ),
    "Conv1d, MaxPool1d": (lambda nn: nn.Sequential(nn.Conv1d(3, 4, 3), nn.MaxPool1d(2)), SIGNALS),
    "LayerNorm, PReLU": (lambda nn: nn.Sequential(nn.Linear(2, 6), nn.LayerNorm(6), nn.PReLU()), X[:8]),
    "Embedding": (lambda nn: nn.Embedding(7, 3), INDICES),
}
LOSSES: dict[str, tuple[str, Any]] = {
    "MSELoss": ("MSELoss", RNG.normal(size=(8, 3))),
    "CrossEntropyLoss": ("CrossEntropyLoss", CLASSES[:8]),
    "BCEWithLogitsLoss": ("BCEWithLogitsLoss", RNG.integers(0, 2, (8, 3)) * 1.0),
    "SmoothL1Loss": ("SmoothL1Loss", RNG.normal(size=(8, 3))),
}
OPTIMIZERS = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"]
TRAININGS = [
    *((layer, "MSELoss", "Adam") for layer in LAYERS),
    *(("Linear, GELU", loss, "Adam") for loss in LOSSES),
    *(("Linear, GELU", "MSELoss", optimizer) for optimizer in OPTIMIZERS),
]


def trained(layer: str, loss: str, optimizer: str, nn: Any, optim: Any) -> tuple[Any, list[float]]:
    """Train in a loop as PyTorch's tutorials have it."""
    torch.manual_seed(0)
    make, given = LAYERS[layer]
    inputs = torch.tensor(given)
    first = make(nn)
    width = first.double()(inputs).flatten(1).shape[1]
    model = nn.Sequential(first, nn.Flatten(), nn.Linear(width, 3)).double()
    name, target = LOSSES[loss]
    criterion, moves = getattr(nn, name)(), getattr(optim, optimizer)(model.parameters(), lr=0.02)
    losses = []
    for _ in range(15):
        moves.zero_grad()
        value = criterion(model(inputs), torch.tensor(target))
        value.backward()
        moves.step()
        losses.append(value.item())
    return model, losses


@pytest.mark.parametrize(("layer", "loss", "optimizer"), dict.fromkeys(TRAININGS))
def test_modules_of_ours_train_in_a_plain_loop(layer: str, loss: str, optimizer: str) -> None:
    mine, falling = trained(layer, loss, optimizer, ours, our_optim)
    other, _ = trained(layer, loss, optimizer, torch.nn, torch.optim)
    assert falling[-1] < falling[0]
    np.testing.assert_allclose(numbers(mine), numbers(other), rtol=0, atol=1e-10)


# --- fit -----------------------------------------------------------------------------------------


def by_hand(model: Any, optimizer: Any, epochs: int, dtype: Any) -> None:
    """The loop that `fit` saves, on the same batches."""
    loader = data.DataLoader(data.TensorDataset(X, Y), 4, shuffle=True, seed=3)
    for _ in range(epochs):
        for given, target in loader:
            optimizer.zero_grad()
            output = model(torch.tensor(given, dtype=dtype))
            torch.nn.functional.mse_loss(output, torch.tensor(target, dtype=dtype)[:, None]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("nn", [torch.nn, ours], ids=["torch", "backproof.torch"])
def test_fit_is_the_plain_loop(nn: Any, dtype: Any) -> None:
    mine, other = network(nn, dtype=dtype), network(nn, dtype=dtype)
    history = bp.fit(
        mine, X, Y, loss=nn.MSELoss(), optimizer="adam", lr=0.05, epochs=3, batch_size=4, seed=3,
        metrics=["r2"], progress=False,
    )  # fmt: skip
    by_hand(other, torch.optim.Adam(other.parameters(), lr=0.05), 3, dtype)
    np.testing.assert_array_equal(numbers(mine), numbers(other))
    with torch.no_grad():
        left = (mine(torch.tensor(X, dtype=dtype))[:, 0] - torch.tensor(Y, dtype=dtype)).square().mean()
    assert history["r2"][-1] == pytest.approx(1 - left.item() / Y.var(), abs=1e-5)


def backwards(array: np.ndarray[Any, Any]) -> Any:
    """Give the array, laid out the other way about."""
    return np.ascontiguousarray(array[::-1])[::-1]


def locked(array: np.ndarray[Any, Any]) -> Any:
    copied = array.copy()
    copied.flags.writeable = False
    return copied


def loader_of_theirs() -> Any:
    dataset = theirs.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return theirs.DataLoader(dataset, batch_size=4)


ALIKE: dict[str, Callable[[], Any]] = {
    "lists": lambda: (X.tolist(), Y.tolist()),
    "float32": lambda: (X.astype(np.float32), Y.astype(np.float32)),
    "big endian": lambda: (X.astype(">f8"), Y.astype(">f8")),
    "the other way about": lambda: (backwards(X), backwards(Y)),
    "columns": lambda: (np.asfortranarray(X), Y),
    "locked": lambda: (locked(X.astype(np.float32)), locked(Y.astype(np.float32))),
    "tensors": lambda: (torch.tensor(X), torch.tensor(Y)),
    "tensors with gradients": lambda: (torch.tensor(X, requires_grad=True), torch.tensor(Y)),
    "a dataset": lambda: (theirs.TensorDataset(torch.tensor(X), torch.tensor(Y)), None),
    "a loader": lambda: (loader_of_theirs(), None),
}


@pytest.mark.parametrize("make", ALIKE.values(), ids=ALIKE)
def test_it_trains_alike_on_all_of_them(make: Callable[[], Any]) -> None:
    found, expected = network(), network()
    how: dict[str, Any] = {"loss": "mse", "optimizer": "sgd", "lr": 0.1, "batch_size": 4, "shuffle": False}
    bp.fit(expected, X, Y, **how, progress=False)
    bp.fit(found, *make(), **how, progress=False)
    np.testing.assert_array_equal(numbers(found), numbers(expected))


def test_classes_are_whole_numbers_of_64_bits() -> None:
    model, seen = network(outputs=3), []

    def loss(output: Any, target: Any) -> Any:
        seen.append((output.dtype, target.dtype))
        return torch.nn.functional.cross_entropy(output, target)

    for classes in (CLASSES, CLASSES.astype(np.int8), CLASSES.astype(np.uint16), CLASSES.astype(np.int32)):
        bp.fit(model, X, classes, loss="cross_entropy", optimizer="adam", progress=False)
        bp.fit(model, X, classes.astype(np.int64), loss=loss, optimizer="adam", progress=False)
    assert set(seen) == {(torch.float32, torch.int64)}


def test_a_model_of_bfloat16() -> None:
    model = network(dtype=torch.bfloat16)
    history = bp.fit(
        model, X, X.sum(axis=1), loss="mse", optimizer="adam", lr=0.05, epochs=20, progress=False
    )
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}


def test_the_data_stays_as_it_is() -> None:
    given = X.astype(np.float32)
    before = given.copy()
    model = torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.Linear(2, 1))
    bp.fit(
        model, given, Y, loss="mse", optimizer="sgd", batch_size=None, validation=(given, Y), progress=False
    )
    np.testing.assert_array_equal(given, before)


SCHEDULES: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "StepLR": (lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5), [0.1, 0.1, 0.05, 0.05]),
    "LinearLR": (lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.5, 1.0, 2), [0.05, 0.075, 0.1, 0.1]),
    "LambdaLR": (
        lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
        [0.1, 0.05, 0.1 / 3, 0.025],
    ),
    "ReduceLROnPlateau": (
        # No loss is less than none by so much: each epoch after the first is one too many.
        lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=0, threshold=0.999),
        [0.1, 0.1, 0.05, 0.025],
    ),
}


@pytest.mark.parametrize(("make", "rates"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedules_of_pytorch(make: Callable[[Any], Any], rates: list[float]) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = make(optimizer)
    history = bp.fit(
        model, X, Y, loss="mse", optimizer=optimizer, schedule=schedule, epochs=4, progress=False
    )
    np.testing.assert_allclose(history["lr"], rates, rtol=1e-12)


def test_an_optimizer_that_needs_a_closure() -> None:
    """L-BFGS, as PyTorch's own loop has it, whose closure is called as often as it likes."""
    mine, other = network(dtype=torch.float64), network(dtype=torch.float64)
    optimizer = torch.optim.LBFGS(mine.parameters(), lr=0.5)
    history = bp.fit(mine, X, Y, loss="mse", optimizer=optimizer, epochs=3, batch_size=None, progress=False)
    optimizer, losses = torch.optim.LBFGS(other.parameters(), lr=0.5), []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(other(torch.tensor(X)), torch.tensor(Y)[:, None])
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    losses = [optimizer.step(closure).item() for _ in range(3)]  # type: ignore[no-untyped-call]
    np.testing.assert_array_equal(numbers(mine), numbers(other))
    np.testing.assert_array_equal(history["loss"], losses)


def test_sparse_gradients() -> None:
    model = torch.nn.Sequential(torch.nn.Embedding(5, 3, sparse=True), torch.nn.Flatten())
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.1)
    given, target = np.array([[0], [1]]), np.ones((2, 3))
    history = bp.fit(model, given, target, loss="mse", optimizer=optimizer, epochs=30, progress=False)
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert set(history.sizes[0].gradients) == {"0.weight"}


# --- What an engine owes -------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.inf, np.nan, 1e200])
def test_a_loss_that_is_not_finite_moves_nothing(bad: float) -> None:
    model = network(dtype=torch.float64)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)
    runs = engine(model, optimizer=optimizer)
    runs.step(X, Y[:, None])
    before, state = numbers(model), optimizer.state_dict()["state"][0]["step"].item()
    assert not np.isfinite(runs.step(X, Y[:, None] * bad))
    np.testing.assert_array_equal(numbers(model), before)
    assert optimizer.state_dict()["state"][0]["step"].item() == state
    assert np.isfinite(runs.step(X, Y[:, None]))


def test_predicting_is_for_prediction_and_leaves_the_modes() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.BatchNorm1d(50), torch.nn.Dropout(0.5))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = (engine(model).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_modes_are_restored_after_an_error() -> None:
    runs = engine()
    with pytest.raises(RuntimeError):
        runs.predict(np.ones((3, 7)))
    assert runs.model.training


def test_it_trains_where_gradients_are_off() -> None:
    model = network()
    before = numbers(model)
    with torch.no_grad():
        bp.fit(model, X, Y, loss="mse", optimizer="sgd", lr=0.1, progress=False)
    assert (numbers(model) != before).all()


def test_parameters_and_gradients_by_their_paths() -> None:
    model = network()
    model[0].bias.requires_grad_(requires_grad=False)
    runs = engine(model, optimizer=torch.optim.SGD(model[2].parameters(), lr=0.1))
    runs.step(X, Y[:, None])
    assert list(runs.parameters()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert runs.gradients()["0.bias"] is None
    once = {name: np.array(each) for name, each in runs.gradients().items() if each is not None}
    runs.load({"2.weight": np.zeros((1, 5)), "2.bias": locked(np.ones(1))})
    np.testing.assert_array_equal(runs.predict(X), np.ones((23, 1), np.float32))
    assert runs.loss(runs.predict(X), Y[:, None]) == pytest.approx(np.mean((1 - Y) ** 2), rel=1e-6)
    runs.load({"2.weight": once["2.weight"]})
    runs.step(X, Y[:, None])  # what is learned and not moved does not add up
    runs.step(X, Y[:, None])
    last = runs.gradients()["0.weight"]
    assert last is not None
    assert np.abs(last).max() < 10 * np.abs(once["0.weight"]).max()


def test_a_model_that_gives_more_than_a_tensor_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a model that gives one tensor; got tuple"):
        bp.fit(torch.nn.LSTM(2, 3), X, Y, loss="mse", optimizer="adam", progress=False)


class Counting(torch.nn.Module):
    """Says on which devices it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1, device="meta")

    def forward(self, given: Any) -> Any:
        return self.layer(given)


def test_tensors_go_to_the_device_of_the_parameters() -> None:
    """The meta device computes shapes alone, and is on every machine."""
    seen = []
    model = Counting()

    def loss(output: Any, target: Any) -> Any:
        seen.append((output.device.type, target.device.type))
        return torch.zeros((), requires_grad=True)

    runs = engine(model, loss)
    runs.step(X, Y[:, None])
    assert seen == [("meta", "meta")]
