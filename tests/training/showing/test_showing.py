"""What is shown while training runs: on a terminal, in a notebook, in a file; and mostly nothing."""

from __future__ import annotations

import io
import math
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backproof import fit, nn, optim
from backproof.training.showing import notebook, progress, speed, watchers
from tests.training.plots.samples import ys

X = np.random.default_rng(0).normal(size=(40, 2))


class Terminal(io.StringIO):
    """Says that it is one."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be shown after every step, however long it takes."""
    monkeypatch.setattr(speed.Pace, "end", lambda self: setattr(self, "due", 0.0))


def train(epochs: int = 3, **how: Any) -> Any:
    model = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return fit(
        model,
        X,
        X[:, :1],
        loss="mse",
        optimizer=optimizer,
        epochs=epochs,
        validation=0.25,
        batch_size=10,
        **how,
    )


def test_nothing_is_shown_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    train(progress=None)
    train(progress=False)
    assert capfd.readouterr() == ("", "")


def test_what_is_asked_for_is_written_as_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    made = train(epochs=3, progress=True)
    out, err = capfd.readouterr()
    assert not out
    assert err.startswith(f"epoch 3/3  loss {made[-1].loss:.4g}  validation {made[-1].validation:.4g}")
    assert err.count("\n") == 1
    assert "\x1b" not in err


@pytest.mark.usefixtures("often")
def test_a_terminal_has_a_bar_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    made = train(epochs=4, progress=True)
    said = stream.getvalue()
    last = said[said.rindex("epoch 4/4") :]
    assert f"loss {made[-1].loss:.4g}  validation {made[-1].validation:.4g}" in last
    assert "steps/s" in last
    assert "loss and validation" in said
    assert "loss and validation" not in last
    assert said.endswith("\x1b[?25h")


def test_a_terminal_shows_nothing_of_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    train(progress=None)
    assert not stream.getvalue()


@pytest.mark.usefixtures("often")
def test_a_terminal_without_braille_or_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal("ascii")
    monkeypatch.setattr(sys, "stderr", stream)
    train(epochs=3, progress=True)
    assert "epoch 3/3" in stream.getvalue()
    assert not any(0x2800 <= ord(each) <= 0x28FF for each in stream.getvalue())


def test_the_terminal_is_left_as_it_was_when_training_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)

    def fails(training: Any) -> None:
        raise KeyboardInterrupt

    model = nn.Linear(2, 1, rng=0)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, X[:, :1], loss="mse", optimizer="sgd", lr=0.1, callbacks=[fails], progress=True)
    assert stream.getvalue().endswith("\x1b[?25h")
    assert sys.stderr is stream


def test_no_stream_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert watchers(None) == watchers(True) == []


@pytest.mark.parametrize("given", ["yes", 1, 0.0])
def test_progress_is_a_truth_value(given: Any) -> None:
    with pytest.raises(TypeError, match="expected progress to be True, False or None; got progress="):
        train(progress=given)


class Handle:
    """What a display gives, and the pictures that were shown."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def display(self, picture: Any, display_id: bool = False) -> Handle:
        assert display_id
        self.update(picture)
        return self

    def update(self, picture: Any) -> None:
        self.shown.append(picture)


def pretend(monkeypatch: pytest.MonkeyPatch, shell: object) -> Handle:
    """Let IPython be there, with a shell."""
    handle = Handle()
    module: Any = types.ModuleType("IPython")
    module.get_ipython = lambda: shell
    module.display = handle
    module.version_info = (9, 0)  # matplotlib asks
    monkeypatch.setitem(sys.modules, "IPython", module)
    return handle


NOTEBOOK = types.SimpleNamespace(kernel=object())


@pytest.mark.usefixtures("often")
def test_the_plot_lives_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = pretend(monkeypatch, NOTEBOOK)
    made = train(epochs=2, progress=True)
    assert len(handle.shown) == 2 * 3 + 1
    last = handle.shown[-1]
    assert ys(last.axes[0].lines[0]).tolist() == made["loss"].tolist()
    assert last.get_suptitle().startswith("epoch 2 of 2  loss ")
    assert last._repr_png_()[:4] == b"\x89PNG"


@pytest.mark.parametrize("shell", [None, types.SimpleNamespace()])
def test_ipython_without_a_notebook_is_none(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    handle = pretend(monkeypatch, shell)
    train(progress=True)
    assert not handle.shown


def test_a_notebook_shows_nothing_of_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = pretend(monkeypatch, NOTEBOOK)
    train()
    assert not handle.shown


# --- Costs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [progress.Progress, progress.Lines, lambda stream: notebook.LivePlot()])
def test_nothing_is_done_between_two_pictures(make: Callable[[Any], Any]) -> None:
    shows = make(Terminal())
    training: Any = types.SimpleNamespace(step=0)
    shows.on_start(training)
    for _ in range(1000):
        shows.on_step(training, 1.0)  # would fail if it looked at the training
    assert vars(training) == {"step": 0}


def test_showing_takes_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    training: Any = types.SimpleNamespace(step=0)
    pace = speed.Pace(0.1, share=0.02)
    pace.start(training, 1.0)
    assert pace.due == 101.0
    now[0], training.step = 101.0, 500
    pace.begin(training)
    assert pace.rate == 500.0
    now[0] = 101.01
    pace.end()
    assert pace.due == pytest.approx(101.01 + 0.01 / 0.02)
    pace.begin(training)
    pace.end()
    assert pace.due == pytest.approx(101.01 + 0.1)
    assert pace.rate == 500.0


@pytest.mark.parametrize(
    ("rate", "said"),
    [(math.nan, "loss 0.5"), (12345.6, "loss 0.5  12,346 steps/s"), (0.123, "loss 0.5  0.12 steps/s")],
)
def test_numbers(rate: float, said: str) -> None:
    training: Any = types.SimpleNamespace(history=[], samples=4, total=2.0)
    assert speed.numbers(training, rate) == said
