"""Predictions for the rows of a table, by a model that was trained on another."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from backproof.training.tables.errors import TableError
from backproof.training.tables.features import Words
from backproof.training.tables.fitting import predicted
from backproof.training.tables.model_files import load_model, require_apart, require_free
from backproof.training.tables.reading import read_table

__all__ = ["FORMATS", "predict", "require_out", "written"]

#: By which ending a table is written how.
FORMATS = {".csv": ",", ".tsv": "\t", ".parquet": ""}


def predict(model_file: Path, source: str) -> pl.DataFrame:
    """Predict for each row of a table: a number, or a class and the probability of each.

    Raises
    ------
    TableError
        If the model or the table cannot be read, or the table lacks what the model needs.
    """
    model, recipe = load_model(model_file)
    words = [each.column for each in recipe.features if isinstance(each, Words)]
    table = read_table(source, words, to="predict")
    try:
        inputs = recipe.encoded(table.frame)
    except TableError as error:
        raise TableError(f"{table.name}: {error}") from None
    return recipe.answered(predicted(model, inputs))


def require_out(out: Path, *, data: str, model: Path, overwrite: bool = False) -> None:
    """Refuse a file that predictions could not be written to, before they are made.

    Raises
    ------
    TableError
        If no table is written with its ending, it is read, or it could not be written.
    """
    require_apart("--out", out, data=data, model=model)
    ending = out.suffix.lower()
    if ending not in FORMATS:
        raise TableError(f"expected --out to end in {', '.join(FORMATS)}; got {ending or 'no ending'}")
    require_free(out, overwrite=overwrite)


def written(frame: pl.DataFrame, ending: str) -> bytes:
    """Write a table as the ending of its file, one of `FORMATS`, says."""
    file = io.BytesIO()
    if ending == ".parquet":
        frame.write_parquet(file)
    else:
        frame.fill_nan(None).write_csv(file, separator=FORMATS[ending])
    return file.getvalue()
