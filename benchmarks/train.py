"""Training through `bp.fit`, beside loops in PyTorch, JAX and scikit-learn: the same network, data and steps.

All take turns; a figure is the median of the ratios to PyTorch eager of the same turn. Each contender has its
own loop over shuffled batches, and gives the loss of every step (of every epoch: the scan of JAX, and
scikit-learn). Compiling and starting up are left out, but for ours, whose plans are made in every call.
"""

from __future__ import annotations

import json
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

import backproof as bp
from backproof import nn, optim
from backproof.training.engines.modules import ModulesEngine
from backproof.training.engines.planned import PlannedEngine
from benchmarks.timing import ROOT, table
from benchmarks.train_memory import mapped

Array: TypeAlias = NDArray[Any]
#: Trains for some epochs, and gives the mean loss of the last.
Run: TypeAlias = Callable[[], float]
RATE = 0.001


@dataclass(frozen=True)
class Case:
    """A network with its data.

    Attributes
    ----------
    name
        What it is called.
    sizes
        Units of its layers, with ReLU in between; the loss is cross-entropy, of a line the squared error.
    batch
        Samples a step; ``None`` for all of them.
    epochs
        How long a turn is.
    turns
        How many turns there are.
    aim
        The ratio to PyTorch eager aimed at.
    data
        Makes inputs and targets.
    """

    name: str
    sizes: tuple[int, ...]
    batch: int | None
    epochs: int
    turns: int
    aim: float
    data: Callable[[], tuple[Array, Array]]

    def model(self) -> nn.Sequential:
        """Make the network, with the same numbers every time."""
        rng = np.random.default_rng(0)
        layers: list[nn.Module] = []
        for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False):
            layers += [nn.Linear(inputs, outputs, rng=rng), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return "MSELoss" if self.sizes[-1] == 1 else "CrossEntropyLoss"


def line() -> tuple[Array, Array]:
    """Give the 23 points near a line that are among the golden values."""
    golden = json.loads((ROOT / "tests" / "golden.json").read_text("utf-8"))["regression"][1]
    x, y = (np.array(golden[name], np.float32)[:, None] for name in "xy")
    return x, y


def drawn(samples: int, inputs: int, classes: int) -> Callable[[], tuple[Array, Array]]:
    def data() -> tuple[Array, Array]:
        rng = np.random.default_rng(0)
        return rng.standard_normal((samples, inputs)).astype(np.float32), rng.integers(0, classes, samples)

    return data


def digits() -> tuple[Array, Array]:
    """Give the digits of scikit-learn, 8 by 8, scaled up to 28 by 28; as many as fill the batches."""
    from sklearn.datasets import load_digits

    images, target = load_digits(return_X_y=True)
    nearest = np.arange(28) * 8 // 28
    large = images.reshape(-1, 8, 8)[:, nearest][:, :, nearest].reshape(-1, 784) / 16
    return large[:1792].astype(np.float32), target[:1792]


CASES = [
    Case("line, 23 points, 100 epochs", (1, 1), None, 100, 15, 8.0, line),
    Case("2-16-2, batch 8", (2, 16, 2), 8, 2, 15, 8.0, drawn(3000, 2, 2)),
    Case("1000-100-10, batch 2", (1000, 100, 10), 2, 2, 15, 4.0, drawn(600, 1000, 10)),
    Case("784-128-10, batch 64", (784, 128, 10), 64, 5, 15, 1.1, digits),
    Case("2048-2048-1000, batch 512", (2048, 2048, 1000), 512, 3, 5, 0.8, drawn(1024, 2048, 1000)),
]


# --- Contenders ------------------------------------------------------------------------------------------


def ours(case: Case) -> Run:
    x, y = case.data()
    model, loss = case.model(), getattr(nn, case.loss)()
    start = model.state_dict()

    def run() -> float:
        model.load_state_dict(start)
        how: Any = {"optimizer": optim.SGD(model.parameters(), lr=RATE), "epochs": case.epochs}
        how |= {"batch_size": case.batch, "progress": False}
        return float(bp.fit(model, x, y, loss=loss, **how)["loss"][-1])

    return run


def eager(case: Case, compiled: bool = False) -> Run:
    x, y = map(torch.from_numpy, case.data())
    loss = getattr(torch.nn, case.loss)()
    model = case.model().to_torch()

    def loss_of(given: Any, target: Any) -> Any:
        return loss(model(given), target)

    called: Any = torch.compile(loss_of) if compiled else loss_of
    size = case.batch or len(x)
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def run() -> float:
        model.load_state_dict(start)
        optimizer, total = torch.optim.SGD(model.parameters(), lr=RATE), 0.0
        for _ in range(case.epochs):
            order, total = torch.randperm(len(x)), 0.0
            for begin in range(0, len(x), size):
                here = order[begin : begin + size]
                value = called(x[here], y[here]) if case.batch else called(x, y)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                total += value.item() * len(here)
        return total / len(x)

    return run


def jax_steps(case: Case, scanned: bool) -> Run:
    import jax
    import jax.numpy as jnp

    x, y = case.data()
    model, size = case.model(), case.batch or len(x)
    start = [jnp.asarray(parameter.data) for parameter in model.parameters()]

    def value(parameters: list[Any], x: Any, target: Any) -> Any:
        for place in range(0, len(parameters), 2):
            x = x @ parameters[place].T + parameters[place + 1]
            if place < len(parameters) - 2:
                x = jax.nn.relu(x)
        if case.loss == "MSELoss":
            return jnp.mean((x - target) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), target[:, None], axis=1))

    def step(parameters: list[Any], batch: Any) -> Any:
        loss, gradients = jax.value_and_grad(value)(parameters, *batch)
        return [p - RATE * g for p, g in zip(parameters, gradients, strict=True)], loss

    one = jax.jit(step)
    many = jax.jit(lambda parameters, batches: jax.lax.scan(step, parameters, batches))

    def run() -> float:
        parameters, rng, total = start, np.random.default_rng(0), 0.0
        for _ in range(case.epochs):
            order, total = rng.permutation(len(x)), 0.0
            if scanned:
                shape = (len(x) // size, size)
                batches = [a[order].reshape(*shape, *a.shape[1:]) if case.batch else a[None] for a in (x, y)]
                parameters, losses = many(parameters, batches)
                total = float(losses.mean()) * len(x)
                continue
            for begin in range(0, len(x), size):
                here = order[begin : begin + size]
                parameters, loss = one(parameters, (x[here], y[here]) if case.batch else (x, y))
                total += float(loss) * len(here)
        return total / len(x)

    return run


def sklearn_steps(case: Case) -> Run:
    """Give scikit-learn's network, with plain gradient descent."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    x, y = case.data()
    how: Any = {
        "hidden_layer_sizes": case.sizes[1:-1],
        "solver": "sgd",
        "learning_rate_init": RATE,
        "alpha": 0,
    }
    how |= {"momentum": 0, "batch_size": case.batch or len(x), "max_iter": case.epochs, "tol": 0.0}
    kind = MLPRegressor if case.loss == "MSELoss" else MLPClassifier

    def run() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it could go on
            return float(kind(**how, random_state=0).fit(x, y.ravel()).loss_)

    return run


CONTENDERS: dict[str, Callable[[Case], Run]] = {
    "bp.fit": ours,
    "PyTorch eager": eager,
    "torch.compile": lambda case: eager(case, compiled=True),
    "JAX jit": lambda case: jax_steps(case, scanned=False),
    "JAX scan": lambda case: jax_steps(case, scanned=True),
    "scikit-learn": sklearn_steps,
}


# --- Measuring -------------------------------------------------------------------------------------------


def started(case: Case) -> tuple[dict[str, Run], dict[str, str]]:
    """Give the contenders, run once, and why others are left out."""
    runs, without = {}, {}
    for name, make in CONTENDERS.items():
        try:
            run = make(case)
            run()
        except Exception as error:  # such as no compiler: it is said in the table
            without[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:60]}"
        else:
            runs[name] = run
    return runs, without


def turns(runs: dict[str, Run], count: int) -> dict[str, list[float]]:
    """Give the seconds of each turn. They take turns, so that a slow spell hits all."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(count):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def compared(case: Case) -> list[tuple[str, str, str]]:
    runs, without = started(case)
    losses = {name: runs[name]() for name in ("bp.fit", "PyTorch eager")}
    if not np.allclose([*losses.values()], losses["bp.fit"], rtol=0.05):  # the batches are others
        raise RuntimeError(f"the losses are not those of one training: {losses}")
    seconds = turns(runs, case.turns)
    rows = []
    for name, times in seconds.items():
        ratios = [theirs / own for theirs, own in zip(seconds["PyTorch eager"], times, strict=True)]
        figure = f"{statistics.median(times) * 1e3:9.2f} ms, {statistics.median(ratios):6.2f} times"
        rows.append((name, figure, f"goal: {case.aim:g} times" if name == "bp.fit" else ""))
    return rows + [(name, "left out", why) for name, why in without.items()]


def in_parts(case: Case) -> tuple[nn.Module, Any, optim.Optimizer]:
    model = case.model()
    return model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=RATE)


def four_lines(case: Case) -> Callable[[Any, Any], float]:
    """Give the step that people write, which calls the modules."""
    model, loss, optimizer = in_parts(case)

    def step(given: Any, target: Any) -> float:
        value = float(loss(model(given), target))
        model.accumulate(loss.backward())
        optimizer.step()
        optimizer.zero_grad()
        return value

    return step


def planned_step(case: Case) -> Callable[[Any, Any], float]:
    """Give the step of the engine that plans."""
    return PlannedEngine(*in_parts(case)).step


def bare(case: Case, make: Callable[[Case], Callable[[Any, Any], float]]) -> Run:
    """Give a loop of nothing but steps."""
    x, y = case.data()
    batches = [(x[start : start + 8], y[start : start + 8]) for start in range(0, len(x), 8)]

    def run() -> float:
        step, total = make(case), 0.0
        for _ in range(case.epochs):
            total = 0.0
            for given, target in batches:
                total += step(given, target)
        return total / len(batches)

    return run


def fitted(case: Case, engine: Any) -> Run:
    """Give `fit` with an engine."""
    x, y = case.data()

    def run() -> float:
        model, loss, optimizer = in_parts(case)
        how: Any = {"batch_size": case.batch, "shuffle": False, "progress": False, "engine": engine}
        history = bp.fit(model, x, y, loss=loss, optimizer=optimizer, epochs=case.epochs, **how)
        return float(history["loss"][-1])

    return run


def overhead() -> list[tuple[str, str, str]]:
    """Compare `fit` with the loop that it saves, of the same steps, at 2-16-2."""
    case = CASES[1]
    runs = {
        "four lines": bare(case, four_lines),
        "planned steps": bare(case, planned_step),
        "fit, modules": fitted(case, ModulesEngine),
        "fit, planned": fitted(case, PlannedEngine),
    }
    losses = [run() for run in runs.values()]
    if not np.allclose(losses, losses[0]):
        raise RuntimeError(f"the loops do not train alike: {losses}")
    seconds = turns(runs, 21)
    rows = []
    for name, other, said, goal in (
        ("fit, modules", "four lines", "fit, module by module, over the bare four lines", "goal: under 5 %"),
        (
            "fit, planned",
            "planned steps",
            "fit, planned, over a bare loop of planned steps",
            "goal: under 5 %",
        ),
        ("fit, planned", "four lines", "fit, planned, over the bare four lines", ""),
    ):
        more = statistics.median(f / b for f, b in zip(seconds[name], seconds[other], strict=True)) - 1
        rows.append((said, f"{more:+.1%}", goal))
    return rows


def main() -> None:
    for case in CASES:
        table(f"Training {case.name}: a turn, and PyTorch eager's time over it", compared(case))
    table("What the loop costs, at 2-16-2, batch 8", overhead())
    table("Larger than memory", [mapped()])


if __name__ == "__main__":
    main()
