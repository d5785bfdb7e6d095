"""Pictures of every kind, ordinary and odd, and what is read off them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.training import plots
from backproof.training.api import fit
from backproof.training.history import Epoch, History, Sizes
from backproof.training.recording import Path

NAN, INF = float("nan"), float("inf")
RNG = np.random.default_rng(0)
PLANE = RNG.normal(size=(90, 2))
THREE = np.arange(90) % 3
ACROSS = np.linspace(-2, 3, 23)[:, None]


def history(losses: Iterable[float], validation: Iterable[float] = (), **metrics: Any) -> History:
    """Give a history of losses."""
    apart = list(validation)
    return History(
        Epoch(
            i + 1,
            3 * (i + 1),
            loss,
            0.1,
            0.0,
            apart[i] if apart else None,
            {n: m[i] for n, m in metrics.items()},
        )
        for i, loss in enumerate(losses)
    )


def with_sizes(layers: int, records: int = 12, smallest: float = 1e-6) -> History:
    """Give a history that has recorded sizes."""
    made = history([1.0])
    names = [f"{index}.weight" for index in range(layers)]
    for step in range(1, records + 1):
        sizes = {name: smallest ** (index / layers) / step for index, name in enumerate(names)}
        made.sizes.append(Sizes(20 * step, sizes, {name: size / 7 for name, size in sizes.items()}))
    return made


def line(x: Any) -> Any:
    """Predict."""
    return 2 * x - 1


def scores(x: Any) -> Any:
    """Score three classes."""
    return x @ np.array([[1.0, -1.0, 0.0], [0.3, 0.2, -1.0]])


@cache
def trained() -> tuple[History, nn.Module, Any, Any]:
    """Train a line, with its way."""
    y = 1.5 * ACROSS - 1 + 0.1 * RNG.normal(size=ACROSS.shape)
    model = nn.Linear(1, 1, dtype=np.float64, rng=0)
    found = fit(
        model,
        ACROSS,
        y,
        loss=nn.MSELoss(),
        optimizer=optim.SGD(model.parameters(), lr=0.1),
        epochs=8,
        batch_size=None,
        callbacks=[Path()],
    )
    return found, model, ACROSS, y


def _chance(x: Any) -> Any:
    return np.exp(-np.logaddexp(0, -3 * x))


_LONG = [f"a rather long name {index}" for index in range(8)]
#: Makes each picture; those of `matplotlib` are slow, so each is small.
PICTURES: Mapping[str, Callable[[], Figure]] = {
    "loss": lambda: plots.loss(history([3.0, 1.0, 0.5], [3.5, 1.5, 1.6])),
    "loss over decades": lambda: plots.loss(history([100.0, 1.0, 0.01])),
    "loss, NaN and inf": lambda: plots.loss(history([3.0, NAN, INF, 0.5], [1.0, NAN, 2.0, NAN])),
    "loss, never finite": lambda: plots.loss(history([NAN, INF], [NAN, NAN])),
    "loss, one epoch": lambda: plots.loss(history([0.5], [0.25])),
    "loss, no epoch": lambda: plots.loss(History()),
    "loss, many epochs": lambda: plots.loss(history(np.geomspace(1, 0.001, 3000))),
    "loss, stopped": lambda: plots.loss(_stopped()),
    "a dollar in a name": lambda: plots.columns(history([1, 2], **{"$ and $": [3.0, 4.0]}), ["$ and $"]),
    "sizes": lambda: plots.layer_sizes(with_sizes(2)),
    "sizes of many layers": lambda: plots.layer_sizes(with_sizes(8)),
    "sizes of 100 layers": lambda: plots.gradients(with_sizes(100, records=2)),
    "sizes, one record": lambda: plots.gradients(with_sizes(3, records=1)),
    "sizes, none": lambda: plots.layer_sizes(History()),
    "sizes, zeros and NaN": lambda: plots.weights(_dead()),
    "regression": lambda: plots.regression(line, ACROSS, line(ACROSS) + RNG.normal(size=ACROSS.shape)),
    "regression, several features": lambda: plots.regression(lambda x: x.sum(1), PLANE, PLANE.sum(1) + 0.1),
    "regression, diverged": lambda: plots.regression(lambda x: x[:, 0] * NAN, PLANE, PLANE[:, 0]),
    "regression, many": lambda: plots.regression(line, np.linspace(0, 1, 5000), np.linspace(0, 1, 5000)),
    "logistic": lambda: plots.logistic(_chance, ACROSS, ACROSS > 0.5, name="dose"),
    "logistic, no crossing": lambda: plots.logistic(_chance, ACROSS, ACROSS > 0.5, threshold=0.9999),
    "logistic, held out": lambda: plots.logistic(_chance, ACROSS, ACROSS > 0.5, held=np.arange(23) % 4 == 0),
    "boundary": lambda: plots.boundary(scores, PLANE, THREE, held=np.arange(90) % 4 == 0),
    "boundary, one class wins": lambda: plots.boundary(lambda x: scores(x) + np.eye(3)[0] * 9, PLANE, THREE),
    "boundary, diverged": lambda: plots.boundary(lambda x: scores(x) * NAN, PLANE, THREE),
    "boundary, eight classes": lambda: plots.boundary(
        lambda x: np.eye(8)[(np.hypot(*x.T) // 0.3 % 8).astype(int)], PLANE, np.resize(_LONG, 90)
    ),
    "confusion": lambda: plots.confusion(THREE, (THREE * np.arange(90)) % 3),
    "confusion, long names": lambda: plots.confusion(_LONG, _LONG[::-1]),
    "confusion, many classes": lambda: plots.confusion(np.arange(90) % 45, np.arange(90) % 44),
    "confusion, large counts": lambda: plots.confusion(np.zeros(200_000), np.arange(200_000) % 9 // 8),
    "surface": lambda: trained()[0].plot("surface"),
    "surface, several ways": lambda: plots.loss_surface(
        lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
        {"Adam": np.array([[-1, 1], [0, 0.5], [1, 1]]), "SGD": np.array([[-1, 1], [-0.5, 0.5]])},
        points=9,
    ),
    "surface, flat": lambda: plots.loss_surface(lambda x, y: 0.0, {"way": [[0, 0]]}, points=5),
    "surface, not finite": lambda: plots.loss_surface(
        lambda x, y: np.log(x), {"way": np.array([[0, 0], [1, NAN]])}, points=5
    ),
    "surface, nowhere finite": lambda: plots.loss_surface(lambda x, y: NAN, {}, points=5),
    "surface, large": lambda: plots.loss_surface(
        lambda x, y: 1e7 * (x * x + y), {"way": [[0, 0], [1, 1]]}, points=9
    ),
}  # fmt: skip


def _stopped() -> History:
    made = history(np.linspace(1, 5, 40))
    made.stopped = (
        "the loss of the validation data has not become less for 10 epochs, by at least 0.0001; " * 2
    )
    return made


def _dead() -> History:
    made = history([1.0])
    made.sizes += [Sizes(step, {"dead": 0.0, "wild": NAN, "fine": 0.5}, {}) for step in (1, 20)]
    return made


def xs(line: Line2D) -> NDArray[Any]:
    """Give where a line, or points, are across."""
    return np.asarray(line.get_xdata())


def ys(line: Line2D) -> NDArray[Any]:
    """Give where a line, or points, are up."""
    return np.asarray(line.get_ydata())


def explained(ax: Axes) -> list[str]:
    """Give what the legend says."""
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def texts(figure: Figure) -> Iterator[Text]:
    """Give the texts of a figure that has been drawn: of ticks those within the axes."""
    if figure.get_suptitle():
        yield from figure.texts
    for ax in figure.axes:
        yield from (ax.title, ax._left_title, ax._right_title)  # type: ignore[attr-defined]
        yield from ax.texts
        legend = ax.get_legend()
        yield from legend.get_texts() if legend else []
        for axis in (ax.xaxis, ax.yaxis):
            yield from (axis.label, axis.get_offset_text())
            least, most = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if least - 1e-9 <= tick.get_loc() <= most + 1e-9:
                    yield from (tick.label1, tick.label2)


def seen(figure: Figure) -> list[Text]:
    """Give the texts that say something."""
    return [text for text in texts(figure) if text.get_visible() and text.get_text().strip()]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Give pairs of texts that lie on one another; slanted ones beside one another do not."""
    boxes = [(text, text.get_window_extent().padded(-1)) for text in seen(figure)]
    return [
        (first.get_text(), second.get_text())
        for (first, here), (second, there) in combinations(boxes, 2)
        if here.overlaps(there) and not first.get_rotation() == second.get_rotation() == 45
    ]


def clipped(figure: Figure) -> list[str]:
    """Give texts that are not wholly on the picture."""
    page = figure.bbox.padded(1)
    return [
        text.get_text()
        for text in seen(figure)
        for box in [text.get_window_extent()]
        if not (page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)
    ]
