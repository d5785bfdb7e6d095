"""What a callback sees and changes is what it would be, module by module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof import nn, optim
from backproof.training.callbacks import callback
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planned import PlannedEngine

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 3)), RNG.normal(size=(24, 1))


class Each(bp.Callback):
    """Does something at the steps of some numbers."""

    def __init__(self, act: Callable[[Any], object], steps: Any) -> None:
        self.act, self.steps, self.seen = act, steps, list[Any]()

    def on_step(self, training: Any, loss: float) -> None:
        if training.step in self.steps:
            self.seen.append(self.act(training))


def adam_step(training: Any) -> list[Any]:
    return [state["step"] for state in training.optimizer.state.values()]


def rewind(training: Any) -> None:
    training.optimizer.load_state_dict(training.optimizer.state_dict())


def clear(training: Any) -> None:
    training.optimizer.state.clear()


def inner(training: Any) -> None:
    how = {"loss": nn.MSELoss(), "optimizer": training.optimizer, "epochs": 2, "progress": False}
    bp.fit(training.model, X[:12], Y[:12], batch_size=6, shuffle=False, engine=type(training.engine), **how)


def item(training: Any) -> None:
    training.model[1] = nn.ReLU()


def dropout(training: Any) -> None:
    training.model[1] = nn.Dropout(0.5, rng=3)


def layer(training: Any) -> None:
    training.model[2] = nn.Linear(8, 1, rng=7)
    training.optimizer.add_param_group({"params": list(training.model[2].parameters())})


def delta(training: Any) -> None:
    training.engine._loss.delta = 0.1


def slope(training: Any) -> None:
    training.model[1].negative_slope = 0.7


def gradients(training: Any) -> list[bool]:
    if training.step == 5:
        next(iter(training.model.parameters())).requires_grad = False
    return [each.grad is None for each in training.model.parameters()]


ACTS = (adam_step, rewind, clear, inner, item, dropout, layer, delta, slope, gradients)


@pytest.mark.parametrize("steps", [(5,), range(1, 100)], ids=["once", "always"])
@pytest.mark.parametrize("act", ACTS)
def test_it_is_as_with_modules(act: Callable[[Any], object], steps: Any) -> None:
    if act in (layer, dropout) and len(steps) > 1:
        steps = (5, 9)
    found = []
    for engine in (PlannedEngine, ModulesEngine):
        model = nn.Sequential(nn.Linear(3, 8, rng=0), nn.LeakyReLU(), nn.Linear(8, 1, rng=1))
        look, optimizer = Each(act, steps), optim.Adam(model.parameters(), lr=0.05)
        history = bp.fit(
            model,
            X,
            Y,
            loss=nn.HuberLoss(),
            optimizer=optimizer,
            epochs=4,
            batch_size=6,
            callbacks=look,
            engine=engine,
            progress=False,
        )
        found.append(([*model.state_dict().values()], look.seen, history["loss"], optimizer))
    (ours, seen, losses, optimizer), (theirs, others, expected, other) = found
    assert seen == others
    assert seen
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)
    assert [s["step"] for s in optimizer.state.values()] == [s["step"] for s in other.state.values()]


def fitted(callbacks: Any, **how: Any) -> Any:
    model = nn.Linear(3, 1, rng=0)
    return bp.fit(
        model, X, Y, loss="mse", optimizer="adam", epochs=2, callbacks=callbacks, progress=False, **how
    )


def test_without_callbacks_of_others_nothing_is_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    sync = PlannedEngine.sync

    def counted(self: PlannedEngine) -> None:
        counts.append(1)
        sync(self)

    monkeypatch.setattr(PlannedEngine, "sync", counted)
    fitted([bp.EarlyStopping(monitor="loss"), bp.Path()], batch_size=2)
    assert len(counts) <= 3  # at its end
    fitted(lambda training: None, batch_size=2)
    assert len(counts) >= 3

    class Own(bp.EarlyStopping):
        def on_step(self, training: Any, loss: float) -> None:
            assert [each["step"] for each in training.optimizer.state.values()] == [training.step] * 2

    fitted(Own(monitor="loss"), batch_size=2)


def test_an_array_taken_before_is_the_one_in_callbacks() -> None:
    def trained(engine: Any) -> Any:
        model = nn.Linear(3, 1, dtype=np.float64, rng=0)
        taken = model.weight
        seen = []

        def halve(training: Any) -> None:
            assert training.model.weight is taken
            seen.append(taken.copy())
            taken[...] *= 0.5

        look = Each(halve, range(3, 9))
        bp.fit(model, X, Y, loss="mse", optimizer="adam", lr=0.1, epochs=9, callbacks=[look], engine=engine)
        assert model.weight is taken
        return [*seen, taken]

    np.testing.assert_allclose(trained(PlannedEngine), trained(ModulesEngine), rtol=1e-9)


def test_none_are_none() -> None:
    assert fitted(None).stopped == ""


def test_what_is_no_callback_is_told_where_one_is() -> None:
    with pytest.raises(TypeError, match=r"a backproof\.Callback, or a function"):
        callback(3)
    with pytest.raises(TypeError, match=r"got {'a': <function .*\(dict\)"):
        fitted({"a": lambda training: None})


@pytest.mark.parametrize("name", ["loss", "lr", "epoch", "step", "validation", "seconds"])
def test_a_metric_does_not_overwrite_a_column(name: str) -> None:
    with pytest.raises(ValueError, match=rf"other names than the history's columns.*got {name}"):
        fitted((), metrics={name: lambda prediction, target: 1.0})


def test_a_list_of_two_arrays_is_a_pair_for_validation() -> None:
    expected = fitted((), validation=(X, Y))["validation"]
    np.testing.assert_array_equal(fitted((), validation=[X, Y])["validation"], expected)
    batches = [(X[:12], Y[:12]), (X[12:], Y[12:])]
    np.testing.assert_allclose(fitted((), validation=batches)["validation"], expected, rtol=1e-6)


@pytest.mark.parametrize("patience", ["acc", 2.5, True, None])
def test_patience_is_a_whole_number(patience: Any) -> None:
    with pytest.raises(TypeError, match="expects patience to be a whole number") as error:
        bp.EarlyStopping(patience)
    assert ("did you mean monitor='acc'?" in str(error.value)) == (patience == "acc")


@pytest.mark.parametrize(
    ("how", "said"), [({"monitor": 3}, r"monitor=3 \(int\)"), ({"restore_best": "no"}, "or F")]
)
def test_other_arguments_of_early_stopping(how: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"EarlyStopping expects .*{said}"):
        bp.EarlyStopping(**how)


def test_batch_norm_says_what_to_do_with_a_last_batch_of_one() -> None:
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.Linear(4, 1, rng=0))
    with pytest.raises(ValueError, match=r"another batch_size, or a DataLoader with drop_last=True"):
        bp.fit(model, X, Y, loss="mse", optimizer="sgd", lr=0.1, batch_size=23, progress=False)


def test_find_lr_says_that_the_loss_is_0() -> None:
    model = nn.Linear(3, 1, rng=0)
    found = bp.find_lr(model, X, model(X.astype(np.float32)), loss="mse", optimizer="sgd", batch_size=24)
    assert "the loss is 0 already" in str(found)


def test_a_model_in_prediction_is_in_training_for_the_time() -> None:
    def trained(model: nn.Module) -> list[Any]:
        bp.fit(model, X, Y, loss="mse", optimizer="sgd", lr=0.1, epochs=2, progress=False)
        return [*model.state_dict().values()]

    def made() -> nn.Sequential:
        return nn.Sequential(nn.Linear(3, 8, rng=0), nn.Dropout(0.5, rng=1), nn.Linear(8, 1, rng=2))

    model = made()
    model.eval()
    for one, two in zip(trained(model), trained(made()), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not any(module.training for module in model.modules())
    model.train()
    model[1].eval()  # one within is meant
    trained(model)
    assert [module.training for module in model.modules()] == [True, True, False, True]
