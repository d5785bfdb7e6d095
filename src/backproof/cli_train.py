"""The commands ``train`` and ``predict``: what they are given, and what they tell."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ABOUT_PREDICT", "ABOUT_TRAIN", "predict", "train"]

ABOUT_TRAIN = """Train a model on a table: linear, logistic, or a network.

DATA is CSV, TSV or Parquet, also packed with gzip; - for the standard input. Columns of numbers are features
as they are; of columns of words each word but the first becomes one. A target of words, or of 0 and 1 alone,
is one of classes, another a number; --model and --loss say otherwise.

Examples:

\b
    backproof train houses.csv --target price
    backproof train people.csv --target bought --drop name --validation 0.2 --plot pictures
    backproof train iris.csv --target species --model mlp:16,16 --save iris.safetensors

Where nothing is said: Adam. A linear or logistic model is shown all rows in each step (of more than 10000,
so many) and a network 32 (of many, a hundredth); lr is 0.1 where a linear model sees all rows, else 0.01. The
epochs are 100, or more where that makes less than 1000 steps; of a linear or logistic model the rate falls in
the last fifth of them, so that it arrives.

On Ctrl-C, and if it is killed, nothing is lost: with --save or --checkpoint, the same command and --resume
goes on as if it had never stopped; with more --epochs, too, where the rate does not fall: with --lr, or of a
network. Where training fails, the last good parameters are saved beside
exam.safetensors in exam.last-good.safetensors; if that is there, in exam.last-good-2.safetensors, and so on.

Exit status: 0, trained; 1, training came to no finite loss, or with --compare PyTorch trains otherwise; 2, it
could not do its work; 130, interrupted.
"""
ABOUT_PREDICT = """Predict for each row of a table, with a model that train saved.

Gives a column `prediction`, and of classes a column with the probability of each. The columns of DATA may
stand in any order, and there may be more of them.

Examples:

\b
    backproof predict iris.safetensors flowers.csv --out predictions.csv
    backproof predict iris.safetensors flowers.csv > predictions.csv

Exit status: 0, or 2 where the model or the table cannot be used.
"""
_DATA = typer.Argument(metavar="DATA", help="A file of CSV, TSV or Parquet; - for the standard input.")


def train(
    data: Annotated[str, _DATA],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")],
    features: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Learn from these columns. Default: all others.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Learn from all but these columns.")
    ] = None,
    missing: Annotated[
        str,
        typer.Option(metavar="HOW", help="Missing values: refuse, drop (the rows), or mean (fill it in)."),
    ] = "refuse",
    model: Annotated[
        str | None, typer.Option(help="linear, logistic, or mlp with its hidden layers, such as mlp:16,16.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="mse, l1, smooth-l1 or huber; bce-with-logits or cross-entropy.")
    ] = None,
    optimizer: Annotated[str, typer.Option(help="An optimizer of backproof.optim.")] = "adam",
    lr: Annotated[float | None, typer.Option(help="The learning rate.")] = None,
    epochs: Annotated[int | None, typer.Option(help="How often to go through the rows.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows a step.")] = None,
    validation: Annotated[
        float, typer.Option(metavar="SHARE", help="Keep this share of the rows to validate on, e.g. 0.2.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="What everything random is drawn from.")] = 0,
    standardize: Annotated[
        bool,
        typer.Option(
            "--standardize/--no-standardize",
            help="Bring the inputs, and a target of numbers, to mean 0 and deviation 1. Default: yes.",
        ),
    ] = True,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Draw pictures into this folder.")] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="torch", help="Train the same in PyTorch beside it; do the two agree?"),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the model, e.g. --save model.safetensors.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write down where training is. Default: beside --save, meanwhile."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where training was interrupted, or killed.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there already.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="How the result is written: text or json.")] = "text",
) -> Generator[str, None, int]:
    """Train a model; give what there is to tell, piece after piece, and at last the exit status."""
    from backproof.training.tables.choices import Choices
    from backproof.training.tables.session import Places
    from backproof.training.tables.session import train as training

    choices = Choices(
        target, features or (), drop or (), missing, model, loss, optimizer, lr, epochs, batch_size,
        validation, seed, standardize,
    )  # fmt: skip
    places = Places(plot, save, checkpoint, resume, overwrite)
    return (yield from training(data, choices, places, compare=compare, form=form))


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="What train --save wrote.")],
    data: Annotated[str, _DATA],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file: .csv, .tsv or .parquet.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there already.")
    ] = False,
) -> Generator[str, None, int]:
    """Predict; give what there is to show, and the exit status."""
    from backproof._files import write_whole
    from backproof.training.tables.predicting import predict as predictions
    from backproof.training.tables.predicting import require_out, written

    if out is None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")  # as every file of predictions
        yield written(predictions(model, data), ".csv").decode()
        return 0
    require_out(out, data=data, model=model, overwrite=overwrite)
    found = predictions(model, data)
    write_whole(out, written(found, out.suffix.lower()))
    yield f"written    {out}: {found.height} predictions\n"
    return 0
