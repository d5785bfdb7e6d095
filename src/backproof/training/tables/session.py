"""A training on a table from its beginning to its end: what is refused before, told, written and kept."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backproof.training.tables.choices import Choices
from backproof.training.tables.comparing import compared, require
from backproof.training.tables.describing import Files, finite, result, result_as_text, understood
from backproof.training.tables.errors import TableError
from backproof.training.tables.fitting import Fitted
from backproof.training.tables.fitting import train as fitted_to
from backproof.training.tables.keeping import Keeping
from backproof.training.tables.model_files import (
    require_apart,
    require_free,
    require_safetensors,
    save_model,
)
from backproof.training.tables.pictures import draw, files_for
from backproof.training.tables.preparing import Prepared, prepared
from backproof.training.tables.reading import read_table

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
        """The file of the last good parameters, where a training fails that was to be saved."""
        return None if self.save is None else self.save.with_name(f"{self.save.stem}.last-good.safetensors")

    def require(self, data: str) -> Keeping:
        """Refuse files that could not be written, and give what keeps the checkpoint."""
        if self.save is not None:
            require_apart("--save", self.save, data=data)
            require_free(self.save, overwrite=self.overwrite)
            require_safetensors(self.save)
        if self.last_good is not None:
            require_apart("--save", self.last_good, data=data)
            require_free(self.last_good, overwrite=self.overwrite)
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
    keeping = places.require(data)
    ready = prepared(read_table(data), choices)
    pictures: dict[str, Path] = {}
    if places.plot is not None:
        further = [_COMPARISON] if compare else []
        pictures = files_for(ready.recipe, places.plot, overwrite=places.overwrite, further=further)
    with _enough_memory(ready):
        if form == "text":
            yield understood(ready) + "\n"
        with keeping.during() as kept:
            fitted = fitted_to(ready, **kept)
        compares = pictures.pop(_COMPARISON, None)
        files = _written(fitted, places, pictures)
        keeping.end()
        told = result(fitted, files)
        if form == "text":
            yield result_as_text(told)
        parts = False
        if compare:
            comparison = compared(ready)
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


def _written(fitted: Fitted, places: Places, pictures: Mapping[str, Path]) -> Files:
    """Write the model and the pictures, or what there is of them."""
    if fitted.failure:
        return _rescued(fitted, places, pictures)
    return Files(_write(fitted, places.save, pictures, overwrite=places.overwrite))


def _rescued(fitted: Fitted, places: Places, pictures: Mapping[str, Path]) -> Files:
    """Write what there is of a training that failed: the last good parameters, and the loss."""
    good = places.last_good if fitted.has_learned else None
    drawn = {name: path for name, path in pictures.items() if name == _ALWAYS}
    absent = [str(path) for name, path in pictures.items() if name not in drawn]
    why = "training failed"
    if places.save is not None:
        absent = [str(places.save), *absent]
        why += f"; the last good parameters are in {good}" if good else " before anything was learned"
    return Files(_write(fitted, good, drawn, overwrite=places.overwrite), absent, why)


def _write(fitted: Fitted, save: Path | None, pictures: Mapping[str, Path], *, overwrite: bool) -> list[str]:
    written = []
    if save is not None:
        save_model(fitted.model, fitted.prepared.recipe, save, overwrite=overwrite)
        written.append(str(save))
    draw(fitted, pictures)
    return [*written, *map(str, pictures.values())]
