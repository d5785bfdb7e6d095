"""The verb for optimizers alone: their ways over surfaces, beside those of PyTorch's."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof import optim
from backproof._names import said
from backproof.training.comparing.compare import in_default
from backproof.training.comparing.judging import Parting
from backproof.training.comparing.side_by_side import Run, run
from backproof.training.comparing.surfaces import SURFACES, Height, Surface, Walker, walker_in_torch
from backproof.training.comparing.tables import markup, text
from backproof.training.comparing.twins import Parts, optimizer_like
from backproof.training.data.arguments import whole
from backproof.training.engines.engine import Engine
from backproof.training.engines.modules import ModulesEngine
from backproof.training.parts import optimizer_named
from backproof.updates import CATALOGUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OptimizerComparison", "Walk", "compare_optimizers"]

#: Makes an optimizer of parameters; or two do, ours and PyTorch's.
Makes: TypeAlias = Callable[[Any], Any] | tuple[Callable[[Any], Any], Callable[[Any], Any]]

#: Whose steps grow with the gradient, all of them or the first few.
_BY_GRADIENT = ("SGD", "ASGD", "RAdam")
#: What differs from the defaults: with those Adadelta, which finds its rate itself, hardly sets off.
_HYPER: Mapping[str, Mapping[str, float]] = {"Adadelta": {"lr": 1.0, "eps": 1e-4}}
#: Adagrad's steps become shorter from the first one on.
_QUICKER = {"Adagrad": 5.0}


@dataclass(frozen=True)
class Walk:
    """The ways of an optimizer over a surface and of PyTorch's: points, one a row, and what was judged."""

    optimizer: str
    surface: str
    ours: NDArray[Any]
    torch: NDArray[Any]
    run: Run

    @property
    def apart(self) -> float:
        """How far the two are from each other where they are farthest."""
        return float(np.max(np.linalg.norm(self.ours - self.torch, axis=1)))


class OptimizerComparison:
    """Ways of optimizers over surfaces, beside PyTorch's; true if all agree.

    Attributes
    ----------
    walks
        The ways, by the names of the optimizer and the surface.
    surfaces
        The surfaces by their names.
    """

    def __init__(self, walks: Mapping[tuple[str, str], Walk], surfaces: Mapping[str, Surface]) -> None:
        self.walks, self.surfaces = dict(walks), dict(surfaces)

    @property
    def optimizers(self) -> list[str]:
        """The names of the optimizers."""
        return list(dict.fromkeys(optimizer for optimizer, _ in self.walks))

    @property
    def partings(self) -> dict[tuple[str, str], Parting]:
        """Where optimizers part from PyTorch's."""
        return {key: walk.run.parting for key, walk in self.walks.items() if walk.run.parting is not None}

    def __bool__(self) -> bool:
        return not self.partings and all(walk.run.telling for walk in self.walks.values())

    def __getitem__(self, which: tuple[str, str]) -> Walk:
        return self.walks[which]

    def __repr__(self) -> str:
        verdict = "agree" if self else "do not agree"
        return f"<OptimizerComparison: {len(self.optimizers)} optimizers {verdict}>"

    def _table(self) -> list[list[str]]:
        rows = [
            [name, *(f"{self[name, surface].apart:.1e}" for surface in self.surfaces)]
            for name in self.optimizers
        ]
        return [["farthest apart", *self.surfaces], *rows]

    @property
    def summary(self) -> str:
        """The verdict in words."""
        if self.partings:
            return "\n".join(
                f"{name} and PyTorch's part on {surface} at {parting}"
                for (name, surface), parting in self.partings.items()
            )
        unsure = [" on ".join(key) for key, walk in self.walks.items() if not walk.run.telling]
        if unsure:
            return f"nothing can be told of {', '.join(unsure)}: no step is larger than rounding explains"
        steps = max(walk.run.steps for walk in self.walks.values())
        return f"all agree: {steps} steps in float64, none farther apart than rounding explains"

    def __str__(self) -> str:
        return text(self._table(), self.summary)

    def _repr_html_(self) -> str:
        return markup(self._table(), self.summary)

    def plot(self, *, path: str | os.PathLike[str] | None = None, background: str | None = None) -> Figure:
        """Draw the ways: a row of pictures for each surface, PyTorch's as dots on ours.

        ``path`` is a file to save the picture in, png, svg or pdf; ``background`` a colour, and without one
        the page is seen.

        Raises
        ------
        ModuleNotFoundError
            If matplotlib is not installed.
        """
        from backproof.training.comparing.figures import walks

        return walks(self, path=path, background=background)


def compare_optimizers(
    optimizers: str | Iterable[str] | Mapping[str, Makes] | None = None,
    *,
    surfaces: Mapping[str, Surface] | None = None,
    steps: int = 60,
) -> OptimizerComparison:
    """Let optimizers walk over test surfaces, and PyTorch's of the same name beside them, in float64.

    Ours takes its gradients from the graph of the surface, PyTorch's from autograd. Whether they agree is
    judged as by `backproof.compare`.

    Parameters
    ----------
    optimizers
        Names, such as ``"adam"``, one or several; or functions that make an optimizer of parameters, by names
        of your own, or pairs of them: yours and PyTorch's to compare it with. ``None`` for all that there
        are.
    surfaces
        Each a ``backproof.Surface``, by their names; ``None`` for a quadratic bowl, Rosenbrock's valley,
        Beale's function and a saddle.
    steps
        How many steps are made.

    Raises
    ------
    ValueError
        If there is no optimizer of a name, none at all, or no surface.
    TypeError
        If something is no surface, or makes no optimizer, or one that PyTorch has no counterpart of, and none
        was given.
    ModuleNotFoundError
        If PyTorch is not installed.

    Examples
    --------
    >>> compared = compare_optimizers(["adam"], steps=20)
    >>> bool(compared), compared["adam", "saddle"].apart < 1e-12
    (True, True)
    """
    whole("compare_optimizers", 1, steps=steps)
    taken = _surfaces(SURFACES if surfaces is None else surfaces)
    makes = _makes(list(CATALOGUE) if optimizers is None else optimizers)
    walks = {}
    with in_default(np.dtype(np.float64)):
        for name, make in makes.items():
            for where, surface in taken.items():
                walks[name, where] = _walk(name, make, where, surface, steps)
    return OptimizerComparison(walks, taken)


def _surfaces(given: Any) -> dict[str, Surface]:
    """Give surfaces by their names; refuse what is none."""
    named = dict(given) if isinstance(given, Mapping) else {}
    if not named:
        raise ValueError(
            "compare_optimizers expects surfaces by their names, such as {'bowl': backproof.Surface(…)}; got "
            f"surfaces={said(given)}"
        )
    for name, each in named.items():
        if not isinstance(each, Surface):
            raise TypeError(
                "compare_optimizers expects each surface to be a backproof.Surface, a function of two "
                f"numbers with start=, rate=, pace= and around=; got surfaces[{name!r}]={said(each)}"
            )
    return named


def _makes(given: Any) -> dict[str, Any]:
    """Give what makes each optimizer, by their names; refuse what makes none."""
    listed = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    makes = dict(listed) if isinstance(listed, Mapping) else {name: name for name in listed}
    if not makes:
        raise ValueError(
            f"compare_optimizers expects an optimizer, such as 'adam'; got optimizers={said(given)}"
        )
    for name, make in makes.items():
        both = make if isinstance(make, tuple) and len(make) == 2 else (make,)
        if not isinstance(name, str) or not (isinstance(make, str) or all(map(callable, both))):
            raise TypeError(
                "compare_optimizers expects names of optimizers, or by names of your own functions that make "
                f"one of parameters, or pairs of them; got {said(make)}, as {name!r}"
            )
    return makes


def _walk(name: str, make: Any, where: str, surface: Surface, steps: int) -> Walk:
    if isinstance(make, str):
        make = functools.partial(_made, make, surface)
    mine, theirs = make if isinstance(make, tuple) else (make, None)
    model = Walker(surface)
    parts = Parts(model, Height(), mine(list(model.parameters())))
    if not isinstance(parts.optimizer, optim.Optimizer) and theirs is None:
        raise TypeError(
            f"expected {name} to be a function that makes an optimizer of backproof.optim of parameters, or "
            f"a pair with one that makes PyTorch's; got {type(parts.optimizer).__name__} of it"
        )

    def twin() -> Parts:
        point = walker_in_torch(surface)
        return Parts(point, Height(), optimizer_like(parts, point, theirs))

    points: tuple[list[Any], list[Any]] = [], []

    def look_on(*engines: Engine) -> None:
        for engine, way in zip(engines, points, strict=True):
            way.append(engine.parameters()["point"].copy())

    ours = ModulesEngine(model, parts.loss, parts.optimizer)
    found = run(ours, parts, twin, _Steps(steps), 1, np.dtype(np.float64), look_on)
    return Walk(name, where, np.array(points[0]), np.array(points[1]), found)


def _made(name: str, surface: Surface, parameters: Any) -> Any:
    """Make the optimizer of a name with the rate that suits it there."""
    rule = type(optimizer_named(name, parameters)).__name__
    rate = surface.rate if rule in _BY_GRADIENT else surface.pace * _QUICKER.get(rule, 1.0)
    return optimizer_named(name, parameters, **{"lr": rate, **_HYPER.get(rule, {})})


class _Steps:
    """Batches of nothing, one a step."""

    def __init__(self, count: int) -> None:
        self._count = count

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: there is no order."""

    def __iter__(self) -> Any:
        return iter([(np.zeros(1), np.zeros(1))] * self._count)
