"""The commands train and predict: what they print and write."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from backproof.cli import main
from tests.commands import IRIS, LINE, SHOP, refused, told


def test_a_line_is_the_one_of_least_squares(
    table: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, table(LINE), "--target", "y")
    frame = pl.read_csv(LINE.encode())
    best = LinearRegression().fit(frame.select("x").to_numpy(), frame["y"].to_numpy())
    expected = {"intercept": best.intercept_, "x": best.coef_[0]}
    assert found["coefficients"]["y"] == pytest.approx(expected, abs=1e-9)
    assert found["counterpart"]["coefficients"]["y"] == pytest.approx(expected, abs=1e-9)
    assert found["training"]["r2"] == pytest.approx(
        best.score(frame.select("x").to_numpy(), frame["y"].to_numpy())
    )


def test_classes_are_as_scikit_learn_finds_them(
    table: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, table(SHOP), "--target", "bought")
    frame = pl.read_csv(SHOP.encode())
    inputs = frame.select("age", green=pl.col("colour") == "green", red=pl.col("colour") == "red").to_numpy()
    best = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000).fit(
        inputs.astype(float), frame["bought"].to_list()
    )
    expected = [best.intercept_[0], *best.coef_[0]]
    assert list(found["coefficients"]["yes"]) == ["intercept", "age", "colour=green", "colour=red"]
    assert list(found["coefficients"]["yes"].values()) == pytest.approx(expected, abs=2e-3)
    assert found["training"]["accuracy"] == best.score(inputs, frame["bought"].to_list())


def test_what_is_printed(table: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = table(
        "id,site,x,when,y\n" + "".join(f"{n},A,{n * n},{'am' if n % 3 else 'pm'},{n}\n" for n in range(20))
    )
    assert main(["train", path, "--target", "y", "--validation", "0.2", "--epochs", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:9] == [
        f"{path}: 20 rows, 5 columns",
        "  target     y: a number, from 0 to 19",
        "  features   2 columns of numbers (id, x), 1 column of words (when: 2 words), standardized",
        "  model      linear: 3 inputs, 1 output, 4 parameters",
        lines[4],
        "  optimizer  adam, lr 0.1, falling to 0 in the last 1 epoch",
        "  training   16 rows, 16 a step; 5 epochs, seed 0; 4 more to validate on",
        "  note       column 'site' holds 'A' alone and is left out",
        "  note       column 'id' is a different number in every row; if it is no quantity, --drop it",
    ]
    assert lines[4].startswith("  loss       MSELoss, of y less its mean ")
    assert lines[10].startswith("trained    5 epochs, 5 steps, ")
    assert lines[11].split() == ["training", "validation"]
    assert [line.split()[0] for line in lines[12:16]] == ["loss", "rmse", "mae", "r2"]
    assert lines[18].split() == ["trained", "least", "squares", "difference"]


MODELS = {
    "numbers": (LINE, ["--target", "y"], ["prediction"]),
    "two classes": (SHOP, ["--target", "bought"], ["prediction", "probability_no", "probability_yes"]),
    "a network for numbers": (LINE, ["--target", "y", "--model", "mlp:4"], ["prediction"]),
    "three classes": (
        IRIS,
        ["--target", "species", "--model", "mlp:8,8"],
        ["prediction", "probability_iris", "probability_lily", "probability_rose"],
    ),
}


@pytest.mark.parametrize(("content", "arguments", "columns"), MODELS.values(), ids=MODELS)
def test_a_saved_model_predicts_what_was_measured(
    content: str,
    arguments: list[str],
    columns: list[str],
    table: Callable[..., str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, model = table(content), str(tmp_path / "model.safetensors")
    found = told(capsys, data, *arguments, "--epochs", "30", "--save", model)
    assert found["files"] == [model]
    # Columns may stand in any order, there may be more, and the target need not be among them.
    frame = pl.read_csv(data)
    target = frame[arguments[1]]
    others = frame.drop(arguments[1]).with_columns(more=pl.lit("x"))
    moved = table(others.select(reversed(others.columns)).write_csv(), "moved.csv")
    assert main(["predict", model, moved]) == 0
    predictions = pl.read_csv(capsys.readouterr().out.encode())
    assert predictions.columns == columns
    if len(columns) == 1:
        off = (predictions["prediction"] - target).to_numpy()
        assert np.sqrt(np.mean(off**2)) == pytest.approx(found["training"]["rmse"])
    else:
        assert (predictions["prediction"] == target).mean() == pytest.approx(found["training"]["accuracy"])
        chances = predictions.drop("prediction")
        assert chances.sum_horizontal().to_numpy() == pytest.approx(1.0)
        best = [columns[1:][at].removeprefix("probability_") for at in chances.to_numpy().argmax(axis=1)]
        assert predictions["prediction"].to_list() == best


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_predictions_go_into_a_file(ending: str, table: Callable[..., str], tmp_path: Path) -> None:
    data, model, out = table(LINE), str(tmp_path / "m.safetensors"), tmp_path / f"out.{ending}"
    assert main(["train", data, "--target", "y", "--epochs", "1", "--save", model]) == 0
    assert main(["predict", model, data, "--out", str(out)]) == 0
    read = {"csv": pl.read_csv, "tsv": lambda f: pl.read_csv(f, separator="\t"), "parquet": pl.read_parquet}
    assert read[ending](out).shape == (12, 1)
    assert main(["predict", model, data, "--out", str(out)]) == 2
    assert main(["predict", model, data, "--out", str(out), "--overwrite"]) == 0


def test_pictures_are_drawn_into_a_folder_and_none_is_written_over(
    table: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = table("x,y\n" + "".join(f"{n},{'ab'[n % 3 > 0]}\n" for n in range(30)))
    arguments = [data, "--target", "y", "--epochs", "3", "--plot", str(tmp_path / "drawn")]
    told(capsys, *arguments)
    drawn = {path.name for path in (tmp_path / "drawn").iterdir()}
    assert drawn == {"loss.png", "confusion.png", "logistic.png"}
    assert main(["train", *arguments]) == 2
    assert "is there already" in capsys.readouterr().err


def test_large_whole_numbers_are_told(table: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{2**53 + n},{2**53 - n},{n}\n" for n in range(5))
    notes = told(capsys, table("x,z,y\n" + rows), "--target", "y", "--epochs", "1")["notes"]
    assert "whole numbers beyond 2**53 are rounded as they become float64: x" in notes


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str, list[str]]:
    """Train to no end, and give how it failed, what was not written, and all lines."""
    assert main(["train", *arguments]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    (failure,) = (line for line in lines if line.startswith("failed "))
    (lost,) = (line for line in lines if line.startswith("not written: "))
    return failure, lost, lines


#: With a rate of 0.95 the intercept is found, and the slope lost: its curvature is more than 2 / 0.95.
STEEP = "x,y\n" + "".join(f"{x},{10 + x}\n" for x in (1.05, -1.05) * 6)
FAILS = ("--target", "y", "--optimizer", "sgd", "--lr", "0.95", "--epochs", "110", "--no-standardize")


def test_of_training_that_fails_the_last_good_parameters_are_there(
    table: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    data = table(STEEP)
    how = (*FAILS, "--save", "m.safetensors", "--plot", "p")
    failure, lost, lines = failed(capsys, data, *how, "--compare", "torch")
    assert "; the parameters are those of step " in failure
    assert "loss" not in failure  # that the trouble says, once
    assert lost == (
        "not written: m.safetensors, p/regression.png (training failed; the last good parameters are in "
        "m.last-good.safetensors)"
    )
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "data.csv", "m.last-good.safetensors", "p/loss.png", "p/comparison.png"
    }  # fmt: skip
    assert main(["predict", "m.last-good.safetensors", data]) == 0
    off = pl.read_csv(capsys.readouterr().out.encode())["prediction"] - pl.read_csv(data)["y"]
    rmse = float(next(line.split()[1] for line in lines if line.split()[:1] == ["rmse"]))
    assert np.sqrt(np.mean(off.to_numpy() ** 2)) == pytest.approx(rmse, rel=1e-5)


def test_the_last_good_parameters_replace_nothing(
    table: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, first = tmp_path / "m.safetensors", tmp_path / "m.last-good.safetensors"
    how = [table(STEEP), *FAILS, "--save", str(model)]
    checkpoint = ["--checkpoint", str(tmp_path / "m.last-good-2.safetensors")]
    _, lost, _ = failed(capsys, *how)
    assert lost.endswith(f"the last good parameters are in {first})")
    content = first.read_bytes()
    _, lost, _ = failed(capsys, *how, *checkpoint, "--overwrite")
    assert lost.endswith(f"the last good parameters are in {tmp_path / 'm.last-good-3.safetensors'})")
    assert first.read_bytes() == content
    assert main(["train", *how, "--lr", "0.1"]) == 0


def test_parameters_that_learned_nothing_are_not_kept(
    table: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.safetensors"
    how = ("--target", "y", "--optimizer", "sgd", "--lr", "1e200", "--save", str(model))
    _, lost, _ = failed(capsys, table(LINE), *how)
    assert lost == f"not written: {model} (training failed before anything was learned)"
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_what_was_trained_is_told_before_it_is_compared(
    table: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(ready: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("backproof.training.tables.session.compared", interrupted)
    assert main(["train", table(LINE), "--target", "y", "--epochs", "2", "--compare", "torch"]) == 130
    assert "coefficients of y" in capsys.readouterr().out


NOTED = {
    "capitals": (
        "x,y\n" + "".join(f"{n},{('Yes', 'yes', 'no')[n % 3]}\n" for n in range(9)),
        (),
        "the target 'y' holds 'Yes' and 'yes', which differ in capitals alone; each is a class of its own",
    ),
    "capitals of a feature": (
        "x,y\n" + "".join(f"{('Ulm', 'ULM', 'Bern')[n % 3]},{n}\n" for n in range(9)),
        (),
        "column 'x' holds 'ULM' and 'Ulm', which differ in capitals alone; each is a word of its own",
    ),
    "a word in no row to train on": (
        "x,y\nrare,0\n" + "".join(f"{'uw'[n % 2]},{n}\n" for n in range(9)),
        ("--validation", "0.5", "--seed", "0"),
        "column 'x' holds 'rare' in rows to validate on alone: nothing is learned of that",
    ),
    "a class in no row to train on": (
        "x,y\n0,2.0\n" + "".join(f"{n},{n % 2}.0\n" for n in range(9)),
        ("--validation", "0.5", "--seed", "0", "--model", "logistic"),
        "column 'y' holds '2' in rows to validate on alone: nothing is learned of that",
    ),
}


@pytest.mark.parametrize(("content", "how", "said"), NOTED.values(), ids=NOTED)
def test_what_is_odd_is_noted(
    content: str,
    how: tuple[str, ...],
    said: str,
    table: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes = told(capsys, table(content), "--target", "y", "--epochs", "1", *how)["notes"]
    assert sum(note.startswith(said) for note in notes) == 1
    assert sum("capitals" in note or "learned of" in note for note in notes) == 1


def test_a_table_comes_through_the_standard_input_too(
    table: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = gzip.compress(LINE.encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(packed)))
    through = told(capsys, "-", "--target", "y", "--epochs", "3")
    assert (
        through["coefficients"] == told(capsys, table(LINE), "--target", "y", "--epochs", "3")["coefficients"]
    )


@pytest.mark.parametrize("content", ["x\n1\nNA\n3\n", "x\n1\n\n3\n", "x,z\n1,2\n,\n3,4\n", "x\n1\n-\n3\n"])
@pytest.mark.parametrize("missing", ["refuse", "drop", "mean"])
def test_each_row_has_its_prediction(
    content: str, missing: str, tmp_path: Path, table: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    data, model = table(LINE), str(tmp_path / "n.safetensors")
    arguments = ["--target", "y", "--missing", missing, "--epochs", "9", "--save", model]
    assert main(["train", data, *arguments]) == 0
    capsys.readouterr()
    if missing == "refuse":
        assert "missing in x (1 of 3)" in refused(capsys, "predict", model, table(content))
        return
    assert main(["predict", model, table(content)]) == 0
    first, second, third = capsys.readouterr().out.splitlines()[1:]
    assert main(["predict", model, table("x\n1\n3\n5.5\n")]) == 0
    known = capsys.readouterr().out.splitlines()[1:]
    assert [first, third] == known[:2]
    assert second == ("" if missing == "drop" else known[2])
