"""Optimizers walk as PyTorch's do, over surfaces whose gradients are right; one that does not is found."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

import backproof as bp
from backproof import optim
from backproof.optim.optimizer import optimizer_of
from backproof.training.comparing.optimizers import OptimizerComparison, compare_optimizers
from backproof.training.comparing.surfaces import SURFACES, Walker, walker_in_torch
from backproof.updates import CATALOGUE
from backproof.updates.adam import Adam


@pytest.fixture(scope="module")
def compared() -> OptimizerComparison:
    return compare_optimizers(steps=12)


def test_all_optimizers_agree_on_all_surfaces(compared: OptimizerComparison) -> None:
    assert compared, compared.summary
    assert compared.optimizers == list(CATALOGUE)
    assert list(compared.surfaces) == ["quadratic", "Rosenbrock", "Beale", "saddle"]
    for walk in compared.walks.values():
        assert walk.ours.shape == walk.torch.shape == (13, 2)
        assert walk.apart < 1e-12
        assert len(np.unique(walk.ours, axis=0)) > 5


def test_it_is_the_way_that_pytorch_takes(compared: OptimizerComparison) -> None:
    """Worked out here once more: by Rosenbrock's derivatives as a textbook has them."""
    surface = SURFACES["Rosenbrock"]
    point = torch.tensor(surface.start, dtype=torch.float64)
    optimizer = torch.optim.RMSprop([point], lr=surface.pace)
    for expected in compared["RMSprop", "Rosenbrock"].ours:
        np.testing.assert_allclose(point.numpy(), expected, rtol=0, atol=1e-12)
        x, y = point.tolist()
        slopes = [-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)]
        point.grad = torch.tensor(slopes, dtype=torch.float64)
        optimizer.step()


@pytest.mark.parametrize("name", SURFACES)
def test_surfaces(name: str) -> None:
    """Their gradients are those of autograd, and where they are said to be least they are level."""
    surface = SURFACES[name]
    walker, other = Walker(surface), walker_in_torch(surface)
    assert walker(None).item() == pytest.approx(other(None).item(), rel=1e-14)
    walker.accumulate(np.ones(1))
    other(None).sum().backward()
    expected = other.point.grad.numpy()  # type: ignore[union-attr,operator]
    assert walker.grads["point"] == pytest.approx(expected, rel=1e-13)
    (left, right), (low, high) = surface.around
    assert left < surface.start[0] < right
    assert low < surface.start[1] < high
    if surface.least is not None:
        x, y = surface.least
        at = bp.graph(surface.function, x=x, y=y)
        assert at.value == 0
        assert at.grad() == {"x": 0, "y": 0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class InTheRoot(Adam):
    """ε stands inside of the root."""

    def scale(self, xp: Any, second: Any, step: float) -> Any:
        found = second / self.correction(self.betas[1], step) + self.eps
        return xp.sqrt(found)


def adam(parameters: Any) -> Any:
    return torch.optim.Adam(parameters, lr=0.1)


def test_one_that_is_wrong_parts() -> None:
    mine = {
        "wrong": (lambda parameters: optimizer_of(InTheRoot)(parameters, lr=0.1), adam),
        "right": (lambda parameters: optim.Adam(parameters, lr=0.1), adam),
        "ours": lambda parameters: optim.SGD(parameters, lr=0.01, momentum=0.9),
    }
    bowl = {"bowl": SURFACES["quadratic"]}
    found = compare_optimizers(mine, surfaces=bowl, steps=3)
    assert not found
    assert list(found.partings) == [("wrong", "bowl")]
    parting = found.partings["wrong", "bowl"]
    assert (parting.step, parting.kind, parting.names) == (1, "parameter", ("point",))
    assert found.summary.startswith("wrong and PyTorch's part on bowl at step 1, in float64: point[")


def test_a_surface_of_one_s_own() -> None:
    def waves(x: Any, y: Any) -> Any:
        return (x**2 + y**2) / 10 + x * y**3

    own = {"waves": bp.Surface(waves, (1.0, 2.0), 0.01, 0.1, ((-1, 2), (-1, 3)))}
    assert compare_optimizers(["adam", "sgd"], surfaces=own, steps=5)
    assert compare_optimizers("sgd", surfaces=own, steps=2).optimizers == ["sgd"]


def test_nothing_that_moves_is_no_agreement() -> None:
    still = {"still": lambda parameters: optim.SGD(parameters, lr=0.0)}
    found = compare_optimizers(still, surfaces={"bowl": SURFACES["quadratic"]}, steps=3)
    assert not found
    assert found.summary == "nothing can be told of still on bowl: no step is larger than rounding explains"


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: np.sin(x) * np.exp(-y) + np.power(y, 2),
        lambda a, b: np.float64(2) * a**2 + np.maximum(b, 0.5) ** 2,
    ],
    ids=["of NumPy's functions", "with names of its own"],
)
def test_functions_that_a_surface_takes(function: Any) -> None:
    own = {"own": bp.Surface(function, (1.0, 1.0), 0.01, 0.1, ((-1, 2), (-1, 2)))}
    assert compare_optimizers("sgd", surfaces=own, steps=3)


SURFACE: dict[str, Any] = {"start": (1.0, 1.0), "rate": 0.1, "pace": 0.1, "around": ((-1, 1), (-1, 1))}
NO_SURFACE: dict[str, tuple[Any, type[Exception], str]] = {
    "no function": ({"function": 3}, TypeError, r"a function of two numbers; got function=3 \(int\)"),
    "one number": ({"start": (1.0,)}, ValueError, r"start, .* to be two numbers, .* got start=\(1.0,\)"),
    "words": ({"start": "ab"}, ValueError, "got start='ab'"),
    "nowhere": ({"least": (np.nan, 0.0)}, ValueError, r"least=\(nan, 0.0\)"),
    "one axis": ({"around": (-1.2, 1.2)}, ValueError, r"for each axis, .*; got around=\(-1.2, 1.2\)"),
    "an axis of nothing": ({"around": ((1, 1), (0, 1))}, ValueError, "for each axis"),
    "a word": ({"rate": "a"}, TypeError, "rate to be a number; got rate='a'"),
    "no pace": ({"pace": 0.0}, ValueError, "pace to be above 0"),
}


@pytest.mark.parametrize(("how", "error", "said"), NO_SURFACE.values(), ids=NO_SURFACE)
def test_what_is_no_surface_is_refused(how: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        bp.Surface(**{"function": lambda x, y: x * y, **SURFACE, **how})


def surface(function: Any) -> dict[str, Any]:
    return {"surfaces": {"own": bp.Surface(function, **SURFACE)}}


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "no step": ({"steps": 0}, ValueError, "steps to be at least 1"),
    "no name": ({"optimizers": ["adm"]}, ValueError, "did you mean Adam"),
    "no optimizer": ({"optimizers": {"mine": lambda p: p}}, TypeError, "expected mine to be a function that"),
    "none": ({"optimizers": []}, ValueError, r"expects an optimizer, .*; got optimizers=\[\] \(list\)"),
    "nothing by name": ({"optimizers": {}}, ValueError, r"got optimizers=\{\} \(dict\)"),
    "a number": ({"optimizers": {"x": 3}}, TypeError, r"functions that make one .*; got 3 \(int\), as 'x'"),
    "a class": ({"optimizers": optim.Adam}, TypeError, "by names of your own"),
    "no surface": ({"surfaces": {}}, ValueError, r"surfaces by their names, .*; got surfaces=\{\}"),
    "a function for a surface": (
        {"surfaces": {"a": lambda x, y: x * x + y * y}},
        TypeError,
        r"a backproof.Surface, .* got surfaces\['a'\]=<function .*\(function\)",
    ),
    "a plane": (surface(lambda x, y: 3.0), TypeError, r"height depends on x or y; got 3\.0 \(float\)"),
    "of one number": (
        surface(lambda x: x),
        TypeError,
        "function to take two numbers, .*; it raised TypeError",
    ),
    "what PyTorch cannot": (
        surface(lambda x, y: np.where(x > 0, x, y)),
        TypeError,
        "with Python's signs and functions such as np.sin; it raised RuntimeError",
    ),
    "PyTorch's": ({"optimizers": {"mine": optimizer_of(InTheRoot)}}, TypeError, "pass like_optimizer="),
}


@pytest.mark.parametrize(("how", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(how: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        compare_optimizers(**how)


def test_how_it_is_told(compared: OptimizerComparison) -> None:
    head, *lines = str(compared).splitlines()
    assert head.split() == ["farthest", "apart", "quadratic", "Rosenbrock", "Beale", "saddle"]
    assert [line.split()[0] for line in lines[: len(CATALOGUE)]] == list(CATALOGUE)
    assert lines[-1] == "all agree: 12 steps in float64, none farther apart than rounding explains"
    assert compared._repr_html_().count("<tr>") == len(CATALOGUE) + 1
    assert repr(compared) == "<OptimizerComparison: 11 optimizers agree>"


def test_the_picture(compared: OptimizerComparison, tmp_path: Path) -> None:
    figure = compared.plot(path=tmp_path / "ways.svg")
    assert (tmp_path / "ways.svg").stat().st_size > 10_000
    axes = figure.axes
    assert len(axes) == 4 * 3
    shown = [str(line.get_label()) for on in axes[:3] for line in on.lines]
    assert [label for label in shown if not label.startswith("_")] == list(CATALOGUE)
    drawn, taken = np.asarray(axes[0].lines[0].get_xydata()), compared["Adadelta", "quadratic"].ours
    np.testing.assert_allclose(drawn[[0, -1]], taken[[0, -1]], atol=0.01)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # of matplotlib's
    for on, following in pairwise(axes[:3]):  # no legend lies over a path, nor over the next one
        legends = [each.get_legend() for each in (on, following)]
        left, right = (each.get_window_extent() for each in legends if each is not None)
        assert left.y0 >= on.get_window_extent().y1 - 1
        assert left.x1 < right.x0
