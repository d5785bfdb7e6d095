"""The pictures of a training on a table: in the units and with the names of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.tables.errors import TableError
from backproof.training.tables.features import Number
from backproof.training.tables.fitting import Fitted, predicted
from backproof.training.tables.preparing import Part
from backproof.training.tables.recipe import Recipe
from backproof.training.tables.targets import Classes, Numbers

__all__ = ["draw", "files_for"]


def files_for(
    recipe: Recipe, folder: Path, *, overwrite: bool = False, further: Sequence[str] = ()
) -> dict[str, Path]:
    """Make the folder, and give the file of each picture that fits the kind of problem, and of further ones.

    Raises
    ------
    TableError
        If the folder cannot be made, plots cannot be drawn, or a file is there already and ``overwrite`` does
        not say that it may be replaced.
    """
    try:
        import backproof.training.plots  # noqa: F401 - what is wrong is said before training, not after

        folder.mkdir(parents=True, exist_ok=True)
    except ModuleNotFoundError as error:
        raise TableError(f"--plot: {error}") from None
    except OSError as error:
        raise TableError(f"--plot: {folder} is no folder that can be written to: {error.strerror}") from None
    files = {name: folder / f"{name}.png" for name in (*_names(recipe), *further)}
    for file in files.values():
        if file.exists() and not overwrite:
            raise TableError(f"--plot: {file} is there already; name another folder, or use --overwrite")
    return files


def _names(recipe: Recipe) -> list[str]:
    if isinstance(recipe.target, Numbers):
        return ["loss", "regression"]
    numbers = _numbers(recipe)
    curve = ["logistic"] * (numbers == 1 and len(recipe.target.classes) == 2)
    plane = ["boundary"] * (numbers == 2)
    return ["loss", "confusion", *curve, *plane]


def _numbers(recipe: Recipe) -> int:
    """Count the inputs, if all are numbers: nothing lies between two words, and 0 is returned."""
    return len(recipe.features) * all(isinstance(each, Number) for each in recipe.features)


def draw(fitted: Fitted, files: Mapping[str, Path]) -> None:
    """Draw each picture into its file."""
    if not files:
        return  # nor is matplotlib loaded
    from backproof.training import plots

    recipe, (part, held) = fitted.prepared.recipe, _all(fitted)
    raw = part.inputs * np.array(recipe.scale) + np.array(recipe.center)
    outputs, inputs, y = _outputs(fitted), recipe.inputs, recipe.target.column
    actual = _answers(recipe, part)
    for name, path in files.items():
        how: dict[str, Any] = {"path": path, "held": held}
        if name == "loss":
            plots.loss(fitted.history, path=path)
        elif name == "confusion":
            _confusion(fitted, path)
        elif name == "logistic":
            plots.logistic(lambda x: outputs(x)[:, 1:], raw, actual, name=inputs[0], **how)
        elif name == "boundary":
            plots.boundary(outputs, raw, actual, names=(inputs[0], inputs[1]), **how)
        elif _numbers(recipe) == 1:
            plots.regression(outputs, raw, actual, names=(inputs[0], y), **how)
        else:
            plots.predictions(actual, outputs(raw), name=y, **how)


def _confusion(fitted: Fitted, path: Path) -> None:
    """Draw what the rows that were validated on were taken for, if there are any, and else all."""
    from backproof.training.plots import confusion

    recipe, apart = fitted.prepared.recipe, fitted.prepared.apart
    part = fitted.prepared.train if apart is None else apart
    which = "" if apart is None else "validation rows"
    guess = recipe.chosen(predicted(fitted.model, part.inputs))
    names = np.array(recipe.target.names) if isinstance(recipe.target, Classes) else np.array([])
    confusion(_answers(recipe, part), names[guess], of=which, path=path)


def _answers(recipe: Recipe, part: Part) -> NDArray[Any]:
    """Give the targets: numbers in their units, or the names of classes."""
    target = recipe.target
    if isinstance(target, Numbers):
        return np.asarray((part.target * target.scale + target.mean)[:, 0])
    named: NDArray[Any] = np.array(target.names)[part.target.reshape(len(part)).astype(int)]
    return named


def _outputs(fitted: Fitted) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Give the function from inputs in the units of the data to numbers in theirs, or to probabilities."""
    recipe = fitted.prepared.recipe
    center, scale = np.array(recipe.center), np.array(recipe.scale)

    def outputs(inputs: NDArray[Any]) -> NDArray[Any]:
        found = predicted(fitted.model, (np.asarray(inputs, float) - center) / scale)
        if isinstance(recipe.target, Numbers):
            return found * recipe.target.scale + recipe.target.mean
        return recipe.probabilities(found)

    return outputs


def _all(fitted: Fitted) -> tuple[Part, NDArray[np.bool_]]:
    """Give the rows that were trained on with those that were validated on, and which are those."""
    train, apart = fitted.prepared.train, fitted.prepared.apart
    if apart is None:
        return train, np.zeros(len(train), bool)
    both = [np.concatenate(pair) for pair in ((train.inputs, apart.inputs), (train.target, apart.target))]
    return Part(*both), np.arange(len(train) + len(apart)) >= len(train)
