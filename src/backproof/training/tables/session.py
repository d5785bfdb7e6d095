"""A training on a table from its beginning to its end: what is refused before, told, written and kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from backproof.training.tables.choices import Choices
from backproof.training.tables.comparing import compared, require
from backproof.training.tables.describing import Files, finite, result, result_as_text, understood
from backproof.training.tables.errors import TableError
from backproof.training.tables.fitting import Fitted
from backproof.training.tables.fitting import train as fitted_to
from backproof.training.tables.keeping import Keeping, is_kept
from backproof.training.tables.model_files import (
    load_model,
    require_apart,
    require_free,
    require_safetensors,
    save_model,
)
from backproof.training.tables.pictures import draw, files_for
from backproof.training.tables.preparing import Prepared, prepared
from backproof.training.tables.reading import read_table
from backproof.training.tables.recipe import Recipe

__all__ = ["Places", "train"]

_FORMATS = ("text", "json")
#: The picture of a comparison; and the one that there is also of a training that failed.
_COMPARISON, _ALWAYS = "comparison", "loss"


@dataclass(frozen=True)
class Places:
    """Where what comes of a training goes.

    Attributes
    ----------
    plot
        The folder for pictures.
    save, checkpoint
        The files of the model, and of where training is.
    resume, overwrite
        Whether to go on from the checkpoint, and whether files may be replaced.
    """

    plot: Path | None = None
    save: Path | None = None
    checkpoint: Path | None = None
    resume: bool = False
    overwrite: bool = False

    @property
    def last_good(self) -> Path | None:
        """A file that is not there yet, for the last good parameters where a training fails."""
        if self.save is None:
            return None
        numbered = (f".last-good{number}.safetensors" for number in chain([""], count(-2, -1)))
        names = (self.save.with_name(self.save.stem + ending) for ending in numbered)
        return next(path for path in names if not path.exists())

    def gone_on(self, recipe: Recipe) -> Places | None:
        """Give the places for a run that may go on: what it has written it may replace.

        ``None`` if it is complete: its model is there, and the checkpoint is gone.
        """
        if not self.resume or self.overwrite:
            return self
        has_model = self.save is not None and self.save.is_file()
        if self.save is not None and has_model and load_model(self.save)[1] != recipe:
            return self  # that is another's, and refused
        if is_kept(self.checkpoint, self.save):
            return replace(self, overwrite=True)
        return None if has_model else self

    def require(self, data: str) -> Keeping:
        """Refuse files that could not be written, and give what keeps the checkpoint."""
        if self.save is not None:
            require_apart("--save", self.save, data=data)
            require_free(self.save, overwrite=self.overwrite)
            require_safetensors(self.save)
        return Keeping(self.checkpoint, self.save, data, resume=self.resume, overwrite=self.overwrite)


def train(
    data: str, choices: Choices, places: Places, *, compare: str | None = None, form: str = "text"
) -> Generator[str, None, int]:
    """Train a model; give what there is to tell, piece after piece, and at last the exit status.

    Raises
    ------
    ValueError
        If something cannot be as it was asked for: before training.
    """
    if form not in _FORMATS:
        raise TableError(f"the formats are {', '.join(_FORMATS)}; got --format {form}")
    require(compare)
    ready = prepared(read_table(data), choices)
    going = places.gone_on(ready.recipe)
    if going is None:
        print(f"{places.save} is trained already; --overwrite trains it anew", file=sys.stderr, flush=True)
        return 0
    keeping = going.require(data)
    pictures: dict[str, Path] = {}
    if going.plot is not None:
        further = [_COMPARISON] if compare else []
        pictures = files_for(ready.recipe, going.plot, overwrite=going.overwrite, further=further)
    with _enough_memory(ready):
        if form == "text":
            yield understood(ready) + "\n"
        with keeping.during() as kept:
            fitted = fitted_to(ready, **kept)
            with keeping.writing() as written:
                return (yield from _told(fitted, going, pictures, written, compare=compare, form=form))


def _told(
    fitted: Fitted,
    places: Places,
    pictures: dict[str, Path],
    written: list[str],
    *,
    compare: str | None,
    form: str,
) -> Generator[str, None, int]:
    """Write what came of a training, tell it, and compare; give the exit status."""
    compares = pictures.pop(_COMPARISON, None)
    told = result(fitted, _written(fitted, places, pictures, written))
    if form == "text":
        yield result_as_text(told)
    parts = False
    if compare:
        comparison = compared(fitted.prepared)
        parts, told["comparison"] = comparison.parting is not None, finite(comparison.to_dict())
        if compares is not None:
            comparison.plot(path=compares)
            told["files"].append(str(compares))
        if form == "text":
            yield f"\n{comparison}\n" + (f"\nwritten    {compares}\n" if compares else "")
    if form == "json":
        yield json.dumps(told) + "\n"
    return 1 if fitted.failure or parts else 0


@contextmanager
def _enough_memory(ready: Prepared) -> Iterator[None]:
    """Say what to make smaller where there is not."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(
            f"--model {ready.recipe.architecture} with {ready.steps.batch_size} rows a step takes more "
            f"memory than there is ({error}); make it smaller, or --batch-size"
        ) from None


def _written(fitted: Fitted, places: Places, pictures: Mapping[str, Path], written: list[str]) -> Files:
    """Write the model and the pictures, or what there is of them, and list what is written meanwhile."""
    if fitted.failure:
        return _rescued(fitted, places, pictures, written)
    _write(fitted, places.save, pictures, written, overwrite=places.overwrite)
    return Files(written)


def _rescued(fitted: Fitted, places: Places, pictures: Mapping[str, Path], written: list[str]) -> Files:
    """Write what there is of a training that failed: the last good parameters, and the loss."""
    good = places.last_good if fitted.has_learned else None
    drawn = {name: path for name, path in pictures.items() if name == _ALWAYS}
    absent = [str(path) for name, path in pictures.items() if name not in drawn]
    why = "training failed"
    if places.save is not None:
        absent = [str(places.save), *absent]
        why += f"; the last good parameters are in {good}" if good else " before anything was learned"
    _write(fitted, good, drawn, written, overwrite=places.overwrite)
    return Files(written, absent, why)


def _write(
    fitted: Fitted, save: Path | None, pictures: Mapping[str, Path], written: list[str], *, overwrite: bool
) -> None:
    if save is not None:
        save_model(fitted.model, fitted.prepared.recipe, save, overwrite=overwrite)
        written.append(str(save))
    for name, path in pictures.items():
        draw(fitted, {name: path})
        written.append(str(path))
