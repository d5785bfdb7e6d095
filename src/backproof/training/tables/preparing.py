"""From a table to what is trained: columns chosen and understood, missing values dealt with, rows divided."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from backproof.training.data.dataset import set_apart
from backproof.training.tables.choices import (
    STEADY,
    Choices,
    Steps,
    architecture_of,
    kind_of,
    loss_for,
    require_optimizer,
)
from backproof.training.tables.errors import TableError, listed, nearest
from backproof.training.tables.features import (
    Feature,
    Number,
    Words,
    as_words,
    feature_of,
    require_finite,
    require_plain,
)
from backproof.training.tables.reading import Table
from backproof.training.tables.recipe import Recipe, missing_values
from backproof.training.tables.targets import Classes, Numbers, Target

__all__ = ["Part", "Prepared", "prepared"]

#: A column of different whole numbers that is called so probably counts the rows.
_COUNTERS = ("id", "index", "row", "no", "nr", "column_1", "unnamed: 0")
#: Up to here float64 holds every whole number.
_EXACT = 2**53


@dataclass(frozen=True)
class Part:
    """Rows of a table: the inputs, and what the model should give for them."""

    inputs: NDArray[Any]
    target: NDArray[Any]

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Prepared:
    """All that training needs.

    Attributes
    ----------
    table
        What it was made of.
    recipe
        How.
    steps
        How many steps of how many rows with what rate.
    train, apart
        The rows to train on, and those to validate on, if there are any.
    notes
        What was done besides, and is worth knowing.
    """

    table: Table
    recipe: Recipe
    steps: Steps
    train: Part
    apart: Part | None
    notes: tuple[str, ...]


def prepared(table: Table, choices: Choices) -> Prepared:
    """Make a table ready.

    Raises
    ------
    TableError
        If the table does not hold what was asked for, or holds what nothing can be learned from.
    """
    notes = list(table.notes)
    frame, features = _usable(table, choices, notes)
    try:
        target = kind_of(frame[choices.target], choices)
    except TableError:
        require_finite(table.frame[choices.target])  # tells the row as the file counts them
        require_plain(table.frame[choices.target])
        raise
    _remark(frame[choices.target], target, choices, notes)
    loss, architecture = loss_for(choices.loss, target), architecture_of(choices.model, target)
    train, apart = _divided(frame, choices)
    notes += _untold(target, features, train)
    if choices.missing == "mean":
        features = [_filled(each, train[each.column]) for each in features]
    if choices.standardize and isinstance(target, Numbers) and loss in STEADY:
        values = train[target.column].cast(pl.Float64).to_numpy()
        target = Numbers(target.column, float(values.mean()), float(values.std()) or 1.0)
    steps = Steps.of(choices, architecture, train.height)
    require_optimizer(choices.optimizer, steps.lr)
    inputs = sum(len(each.inputs) for each in features)
    recipe = Recipe(
        features=tuple(features),
        target=target,
        center=(0.0,) * inputs,
        scale=(1.0,) * inputs,
        missing=choices.missing,
        architecture=architecture,
        loss=loss,
        how={
            "optimizer": choices.optimizer,
            **asdict(steps),
            "validation": choices.validation,
            "seed": choices.seed,
            "standardize": choices.standardize,
        },
    )
    if choices.standardize:
        recipe = _standardized(recipe, train)
    held = None if apart is None else _part(recipe, apart)
    return Prepared(table, recipe, steps, _part(recipe, train), held, tuple(dict.fromkeys(notes)))


def _usable(table: Table, choices: Choices, notes: list[str]) -> tuple[pl.DataFrame, list[Feature]]:
    """Give the rows that are left when missing values are dealt with, and the columns to learn from."""
    columns = _chosen(table.frame, choices)
    _require_rows(table.frame, table.name)
    columns = _varying(table.frame, columns, notes)
    frame = _complete(table, [*columns, choices.target], choices.missing, notes)
    _require_rows(frame, table.name)
    columns = _varying(frame, columns, notes)
    if not columns:
        raise TableError(
            f"{table.name} has no column left to predict {choices.target!r} from{_told(notes)}; expected one "
            "or more"
        )
    large = [
        name
        for name in (*columns, choices.target)
        if frame[name].dtype.is_integer()
        and not frame[name].cast(pl.Int128).is_between(-_EXACT, _EXACT).all()
    ]
    if large:
        notes.append(f"whole numbers beyond 2**53 are rounded as they become float64: {listed(large)}")
    return frame, _understood(table.frame, frame, columns, notes)


def _as_in(whole: pl.Series, series: pl.Series) -> Feature:
    """Understand a column; what is wrong is told with its row among all, not among those that are left."""
    try:
        return feature_of(series)
    except TableError:
        if len(series) < len(whole):
            feature_of(whole)
        raise


def _require_rows(frame: pl.DataFrame, name: str) -> None:
    if frame.height < 2:
        raise TableError(f"{name} has {frame.height} row to learn from; expected at least 2")


def _told(notes: Sequence[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _chosen(frame: pl.DataFrame, choices: Choices) -> list[str]:
    """Give the columns to learn from."""
    known = frame.columns
    features, drop = _split(choices.features, known), _split(choices.drop, known)
    for what, names in (("--target", [choices.target]), ("--features", features), ("--drop", drop)):
        for name in names:
            if name not in known:
                raise TableError(f"{what}: the table has no column {name!r}; {nearest(name, known)}")
    twice = sorted({name for name in features if features.count(name) > 1})
    if twice:
        raise TableError(f"--features names {listed(twice)} twice; name each column once")
    if choices.target in (*features, *drop):
        raise TableError(f"the target {choices.target!r} cannot be among --features or --drop as well")
    both = [name for name in features if name in drop]
    if both:
        raise TableError(f"{listed(both)} cannot be among --features and --drop at once")
    return [name for name in features or known if name not in (*drop, choices.target)]


def _split(given: Sequence[str], known: Sequence[str]) -> list[str]:
    """Divide names at commas, unless a column is called so."""
    return [
        name.strip()
        for each in given
        for name in ([each] if each in known else each.split(","))
        if name.strip()
    ]


def _varying(frame: pl.DataFrame, columns: Sequence[str], notes: list[str]) -> list[str]:
    """Leave out what is the same in every row."""
    kept = []
    for name in columns:
        held = frame[name].drop_nulls()
        if not frame[name].dtype.is_nested() and held.n_unique() < 2:
            what = f"holds {held[0]!r} alone" if len(held) else "is empty"
            notes.append(f"column {name!r} {what} and is left out")
        else:
            kept.append(name)
    return kept


def _complete(table: Table, columns: Sequence[str], how: str, notes: list[str]) -> pl.DataFrame:
    """Deal with missing values: refuse them, drop the rows, or leave those of features to be filled in."""
    frame, target = table.frame, columns[-1]
    if how == "drop":
        kept = frame.drop_nulls(list(columns))
        if kept.height < frame.height:
            notes.append(
                f"{frame.height - kept.height} of {frame.height} rows with missing values are left out"
            )
        if not kept.height:
            raise TableError(
                f"every row of {table.name} lacks a value: {missing_values(frame, columns)}; leave such "
                "columns out with --drop"
            )
        return kept
    if how == "mean" and frame[target].null_count():
        raise TableError(
            f"the target {target!r} is missing in {frame[target].null_count()} of {frame.height} rows, and "
            "nothing is learned from a made-up one; use --missing drop"
        )
    absent = missing_values(frame, columns)
    if how == "refuse" and absent:
        fill = "" if frame[target].null_count() else ", or put the mean in their place with --missing mean"
        raise TableError(
            f"values are missing in {table.name}: {absent}; leave those rows out with --missing drop{fill}"
        )
    if absent:
        notes.append(f"for missing values stand the mean, or the most frequent word: {absent}")
    return frame


def _understood(
    whole: pl.DataFrame, frame: pl.DataFrame, columns: Sequence[str], notes: list[str]
) -> list[Feature]:
    """Understand each column, or say of all that cannot be used how to leave them out."""
    features: list[Feature] = []
    refused: dict[str, str] = {}
    for name in columns:
        try:
            features.append(_as_in(whole[name], frame[name]))
        except TableError as error:
            refused[name] = str(error)
        counts = frame[name].dtype.is_integer() and frame[name].n_unique() == frame.height
        if counts and (name.lower() in _COUNTERS or name.endswith(("Id", "ID", "_id"))):
            notes.append(
                f"column {name!r} is a different number in every row; if it is no quantity, --drop it"
            )
    for each in features:
        if isinstance(each, Words):
            notes += _alike(f"column {each.column!r}", each.categories, "word")
    if refused:
        first, *others = refused
        also = f" (and neither can {listed(others)})" if others else ""
        raise TableError(
            f"{refused[first]}; it cannot be learned from{also}: leave out with --drop "
            f"{shlex.quote(','.join(refused))}"
        )
    inputs = ["intercept", *(name for feature in features for name in feature.inputs)]
    twice = sorted({name for name in inputs if inputs.count(name) > 1})
    if twice:
        raise TableError(f"two inputs of the model would be called {listed(twice)}; rename a column")
    return features


def _alike(what: str, words: Sequence[str], kind: str) -> list[str]:
    """Say which words differ by nothing but capitals."""
    alike: dict[str, list[str]] = {}
    for word in words:
        alike.setdefault(word.casefold(), []).append(word)
    found = [" and ".join(map(repr, each)) for each in alike.values() if len(each) > 1]
    if not found:
        return []
    return [f"{what} holds {listed(found)}, which differ in capitals alone; each is a {kind} of its own"]


def _untold(target: Target, features: Sequence[Feature], train: pl.DataFrame) -> list[str]:
    """Say which words and classes are in no row to train on."""
    absent = {
        each.column: set(each.categories) - set(as_words(train[each.column]))
        for each in features
        if isinstance(each, Words)
    }
    if isinstance(target, Classes):
        there = set(target.encoded(train[target.column]).tolist())
        absent[target.column] = {name for place, name in enumerate(target.names) if place not in there}
    return [
        f"column {column!r} holds {listed(map(repr, sorted(words)))} in rows to validate on alone: nothing "
        "is learned of that, and what the model makes of it is arbitrary"
        for column, words in absent.items()
        if words
    ]


def _remark(series: pl.Series, target: Target, choices: Choices, notes: list[str]) -> None:
    """Say how the kind of problem was found, where it might be another."""
    if isinstance(target, Classes):
        notes += _alike(f"the target {series.name!r}", target.names, "class")
    if choices.model in ("linear", "logistic") or choices.loss is not None:
        return
    if isinstance(target, Classes) and series.dtype.is_numeric():
        notes.append(
            f"the target {series.name!r} holds 0 and 1 alone and is taken as two classes; as a number: "
            "--loss mse"
        )
    elif isinstance(target, Numbers) and series.dtype.is_integer() and series.n_unique() <= 10:
        notes.append(
            f"the target {series.name!r} holds {series.n_unique()} different whole numbers and is taken as a "
            "number; if they name classes: --model logistic, or mlp with --loss cross-entropy"
        )


def _divided(frame: pl.DataFrame, choices: Choices) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Give the rows to train on, and those to validate on."""
    if not choices.validation:
        return frame, None
    held = math.floor(choices.validation * frame.height + 0.5)
    if frame.height - held < 2 or not held:
        raise TableError(
            f"--validation {choices.validation} of {frame.height} rows leaves {frame.height - held} to train "
            f"on and {held} to validate on; expected at least 2 and 1"
        )
    train, apart = set_apart(range(frame.height), choices.validation, choices.seed)
    return frame[train.indices], frame[apart.indices]


def _filled(feature: Feature, series: pl.Series) -> Feature:
    """Say what stands for a missing value: the mean, or the most frequent word."""
    if isinstance(feature, Number):
        mean: Any = series.cast(pl.Float64).mean()
        return replace(feature, fill=float(mean or 0.0))
    words = series.drop_nulls().cast(pl.String)
    return replace(feature, fill=sorted(words.mode())[0] if len(words) else feature.categories[0])


def _standardized(recipe: Recipe, train: pl.DataFrame) -> Recipe:
    """Let each input have the mean 0 and the standard deviation 1 in the rows that are trained on."""
    inputs = recipe.encoded(train)
    spread = inputs.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    return replace(recipe, center=tuple(inputs.mean(axis=0).tolist()), scale=tuple(scale.tolist()))


def _part(recipe: Recipe, frame: pl.DataFrame) -> Part:
    answers = recipe.target.encoded(frame[recipe.target.column])
    if isinstance(recipe.target, Classes) and recipe.outputs == 1:
        answers = answers.astype(np.float64)[:, None]
    return Part(recipe.encoded(frame), answers)
