"""The pictures of a training on a table: in the units and with the names of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.training.tables.errors import TableError
from backproof.training.tables.fitting import Fitted, predicted
from backproof.training.tables.preparing import Part
from backproof.training.tables.recipe import Recipe
from backproof.training.tables.targets import Numbers

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
    curve = ["logistic"] * (len(recipe.inputs) == 1 and len(recipe.target.classes) == 2)
    plane = ["boundary"] * (len(recipe.inputs) == 2)
    return ["loss", "confusion", *curve, *plane]


def draw(fitted: Fitted, files: Mapping[str, Path]) -> None:
    """Draw each picture into its file."""
    from backproof.training import plots

    recipe, part = fitted.prepared.recipe, _all(fitted)
    raw = part.inputs * np.array(recipe.scale) + np.array(recipe.center)
    outputs, inputs, target = _outputs(fitted), recipe.inputs, recipe.target
    if isinstance(target, Numbers):
        y, words = target.column, np.array([])
        actual = (part.target * target.scale + target.mean)[:, 0]
    else:
        y, words = target.column, np.array(target.names)
        actual = words[part.target.reshape(len(part)).astype(int)]
    for name, file in files.items():
        if name == "loss":
            plots.loss(fitted.history, path=file)
        elif name == "regression":
            plots.regression(outputs, raw, actual, names=(inputs[0], y), path=file)
        elif name == "confusion":
            plots.confusion(actual, words[outputs(raw).argmax(axis=1)], path=file)
        elif name == "logistic":
            plots.logistic(lambda x: outputs(x)[:, 1:], raw, actual, name=inputs[0], path=file)
        else:
            plots.boundary(outputs, raw, actual, names=(inputs[0], inputs[1]), path=file)


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


def _all(fitted: Fitted) -> Part:
    """Give the rows that were trained on with those that were validated on."""
    train, apart = fitted.prepared.train, fitted.prepared.apart
    if apart is None:
        return train
    return Part(np.concatenate([train.inputs, apart.inputs]), np.concatenate([train.target, apart.target]))
