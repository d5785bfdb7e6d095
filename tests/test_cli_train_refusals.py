"""The commands train and predict: bad input is told in a line, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof.cli import main
from tests.commands import LINE, SHOP, refused

PARTS = {
    "nothing": ("", "is empty"),
    "blank": ("\n\n", "is empty"),
    "only a header": ("x,y\n", "has a header and no rows"),
    "one row": ("x,y\n1,2\n", "has 1 row to learn from; expected at least 2"),
    "one column": ("y\n1\n2\n", "no column left to predict 'y' from"),
    "no header": ("1,2\n3,4\n", "the first line of", "put a line with their names on top"),
    "a short row": ("x,y\n1,2\n3\n", "line 3: expected 2 values", "got 1"),
    "a long row": ("x,y\n1,2\n3,4,5\n", "line 3: expected 2 values", "got 3"),
    "another target": ("x,Y \n1,2\n2,3\n", "--target: the table has no column 'y'; did you mean Y?"),
    "two of a name": ("x,x,y\n1,2,3\n4,5,6\n", "several columns of one name: x"),
    "the target is missing": (
        "x,y\n1,\n2,3\n3,4\n",
        "y (1 of 3); leave those rows out with --missing drop\n",
    ),
    "a remark on top": (
        "# mine\nx,y\n1,2\n3,4\n",
        "the first line of",
        "has 1 value (# mine), and those after it 2: it may not be the header",
    ),
    "one value": ("x\n1,2\n3\n", "line 2: expected 1 value, as many as the header has; got 2"),
    "values are missing": ("x,z,y\n1,NA,2\n,?,3\n4,5,6\n7,8,9\n", "x (1 of 4), z (2 of 4)", "--missing mean"),
    "one class": ("x,y\n1,a\n2,a\n", "has one class alone, 'a'"),
    "always the same": ("x,y\n1,5\n2,5\n", "is 5 in every row"),
    "infinite": ("x,y\n1,2\ninf,3\n3,4\n", "'x' holds 1 infinite number, the first in row 2"),
    "an infinite target": ("x,y\n1,2\n2,-inf\n3,4\n", "'y' holds 1 infinite number, the first in row 2"),
    "a stray word": (
        "x,y\n1,2\n2,3\noops,4\n5,6\n",
        "'x' holds numbers and 1 that is none, such as 'oops' in row 3",
    ),
    "a row before it that is left out": (
        "x,z,y\n1,1,2\n,,\n2,2,3\ninf,4,4\n5,6,7\n",
        "'x' holds 1 infinite number, the first in row 4",
        "--missing drop ",
    ),
    "a stray word after such a row": (
        "x,y\n1,2\n,\n2,3\noops,4\n5,6\n",
        "'oops' in row 4",
        "--missing drop ",
    ),
    "a target after such a row": ("x,y\n1,2\n,\n2,3\n3,inf\n5,6\n", "the first in row 4", "--missing drop "),
    "a row of nothing": ("x,y\n1,2\n,\n2,3\n", "x (1 of 3), y (1 of 3)"),
    "percents": ("x,y\n3%,1\n3%,2\n4%,3\n", "'x' holds numbers with '%', such as '3%' in row 1", "1234.5"),
    "thousands": ('x,y\n12,1\n"10,000",2\n"10,000",3\n', "numbers with ',', such as '10,000' in row 2"),
    "a price": ("x,y\n1,$1\n2,$1\n4,$2\n", "'y' holds numbers with '$', such as '$1' in row 1"),
    "euros and a dash": ("x,y\n5 €,1\n5 €,2\n-,3\n7 €,3\n", "numbers with '€', such as '5 €'"),
    "percents for a line": ("x,y\n1,3%\n2,3%\n4,4%\n", "'y' holds numbers with '%'", "--model linear "),
    "too large": ("x,y\n1e200,1\n-1e200,2\n3,3\n", "'x' holds numbers as large as 1e+200"),
    "a target too large": ("x,y\n1,1e200\n2,-1e200\n3,3\n", "'y' holds numbers as large as 1e+200"),
    "too large as they are": ("x,y\n1,1e200\n2,-1e200\n3,3\n", "as large as 1e+200", "--no-standardize "),
    "names": ("x,who,y\n1,Ann,2\n2,Bob,3\n3,Cy,5\n", "a word of its own in each of 3 rows", "--drop who"),
    "several": (
        "x,who,when,y\n1,Ann,2020-01-01,2\n2,Bob,2020-01-02,3\n3,Cy,2020-01-05,5\n",
        "(and neither can when): leave out with --drop who,when",
    ),
    "dates": ("when,y\n2020-01-01,2\n2020-01-02,3\n", "'when' holds dates", "--drop when"),
    "a target of dates": ("x,y\n1,2020-01-01\n2,2020-01-02\n", "'y' holds dates"),
    "constant": ("x,y\n1,2\n1,3\n", "no column left"),
    "as many classes as rows": ("x,y\n1,a\n2,b\n3,c\n", "has 3 classes in 3 rows"),
    "a spreadsheet": (b"PK\x03\x04\x00\x00", "expected CSV, TSV or Parquet; export it as CSV"),
    "damaged Parquet": (b"PAR1nonsense", "is damaged, or no Parquet"),
    "damaged gzip": (b"\x1f\x8bnonsense", "is damaged, it cannot be unpacked"),
    "an open quote": ('x,y\n1,"2\n3,4\n', "cannot be read as CSV"),
}


#: Options that a table of `PARTS` is tried with.
WITH = ("--missing drop ", "--model linear ", "--no-standardize ")


@pytest.mark.parametrize("row", PARTS.values(), ids=PARTS)
def test_a_bad_table_is_refused_in_a_line(
    row: tuple[Any, ...], table: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    content, *said = row
    options = [option for part in said if part in WITH for option in part.split()]
    line = refused(capsys, "train", table(content), "--target", "y", *options)
    for part in said:
        assert part in line or part in WITH


OPTIONS = {
    "--target z": "has no column 'z'; there are x, y",
    "--target y --features xx": "--features: the table has no column 'xx'; did you mean x?",
    "--target y --features x,y": "cannot be among --features",
    "--target y --features x,x": "--features names x twice",
    "--target y --model mlp:1000000000000": "--model mlp:1000000000000 with 12 rows a step takes more memory",
    "--target y --drop x": "no column left",
    "--target y --drop x --features x": "cannot be among --features and --drop",
    "--target y --model liner": "expected --model to be linear",
    "--target y --model mlp": "mlp:16,16; got 'mlp'",
    "--target y --model mlp:0": "mlp:16,16; got 'mlp:0'",
    "--target y --model logistic": "which name no classes",
    "--target y --model linear --loss cross-entropy": "leave one of them out",
    "--target y --loss msse": "--loss: expected the name of a loss; got 'msse'",
    "--target y --optimizer adm": "got 'adm'; did you mean",
    "--target y --lr -1": "lr",
    "--target y --lr 0": "expected --lr to be a number above 0; got 0",
    "--target y --lr nan": "expected --lr to be a number above 0; got nan",
    "--target y --lr inf": "expected --lr to be a number above 0; got inf",
    "--target y --lr x": "--lr",
    "--target y --save m.bin": "expected --save to end in .safetensors; got m.bin",
    "--target y --save m": "expected --save to end in .safetensors; got m",
    "--target y --epochs 0": "expected --epochs to be at least 1; got 0",
    "--target y --batch-size 0": "expected --batch-size to be at least 1",
    "--target y --validation 1": "up to 1; got 1.0",
    "--target y --validation 0.01": "leaves 12 to train on and 0 to validate on",
    "--target y --seed -1": "expected --seed to be at least 0",
    "--target y --missing guess": "one of refuse, drop, mean; got 'guess'",
    "--target y --format xml": "the formats are text, json",
    "--target y --save .": "is a folder",
    "--target y --save no/where": "there is no folder no",
    "": "--target",
}


@pytest.mark.parametrize(("options", "said"), OPTIONS.items(), ids=OPTIONS)
def test_a_bad_option_is_refused_in_a_line(
    options: str,
    said: str,
    table: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, "train", table(LINE), *options.split())


def test_what_is_no_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no file" in refused(capsys, "train", str(tmp_path / "no.csv"), "--target", "y")
    assert "is a folder" in refused(capsys, "train", str(tmp_path), "--target", "y")


def test_nothing_is_overwritten(
    table: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.safetensors"
    model.write_text("precious")
    arguments = ["train", table(LINE), "--target", "y", "--save", str(model), "--epochs", "1"]
    assert "is there already" in refused(capsys, *arguments)
    assert model.read_text() == "precious"
    assert main([*arguments, "--overwrite"]) == 0
    assert main(["predict", str(model), table(LINE)]) == 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a table under several names, and a model that was trained on it."""
    monkeypatch.chdir(tmp_path)
    for name in ("d.csv", "d.safetensors", "c.previous", "m.safetensors.checkpoint"):
        (tmp_path / name).write_text(LINE)
    (tmp_path / "link.safetensors").symlink_to("d.csv")
    (tmp_path / "hard.csv").hardlink_to("d.csv")
    assert main(["train", "d.csv", "--target", "y", "--epochs", "1", "--save", "k.safetensors"]) == 0
    return tmp_path


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "train d.safetensors --target y --save d.safetensors",
            "--save d.safetensors is the data that is read",
        ),
        ("train d.csv --target y --save link.safetensors", "--save link.safetensors is the data"),
        ("train d.csv --target y --checkpoint d.csv", "--checkpoint d.csv is the data"),
        ("train c.previous --target y --checkpoint c", "--checkpoint c.previous is the data"),
        ("train m.safetensors.checkpoint --target y --save m.safetensors", "is the data"),
        ("predict k.safetensors d.csv --out d.csv", "--out d.csv is the data"),
        ("predict k.safetensors d.csv --out hard.csv", "--out hard.csv is the data"),
        ("predict k.safetensors d.csv --out k.safetensors", "--out k.safetensors is the model"),
    ],
)
def test_what_is_read_is_never_overwritten(
    command: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert said in refused(capsys, *command.split(), "--overwrite")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


PREDICTED = {
    "a column is missing": ("colour\nred\n", "needs the columns age, which the table lacks"),
    "words for numbers": (
        "age,colour\n12,red\nold,red\n",
        "'age' held numbers",
        "words, such as 'old' in row 2",
    ),
    "another word": ("age,colour\n12,pink\n", "'colour' holds 'pink', unknown from training", "'red'"),
    "a missing value": ("age,colour\n12,red\n,red\n", "values are missing in age (1 of 2)"),
    "infinite": ("age,colour\ninf,red\n", "'age' holds 1 infinite number"),
    "nothing": ("", "is empty"),
    "a header": ("age,colour\n", "no rows; there is nothing to predict"),
}


@pytest.fixture(scope="module")
def shop_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Train a model on which predictions are tried."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.csv").write_text(SHOP)
    model = str(folder / "shop.safetensors")
    assert (
        main(["train", str(folder / "shop.csv"), "--target", "bought", "--epochs", "1", "--save", model]) == 0
    )
    return model


@pytest.mark.parametrize("row", PREDICTED.values(), ids=PREDICTED)
def test_a_table_that_does_not_fit_the_model_is_refused(
    row: tuple[str, ...], shop_model: str, table: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    content, *said = row
    capsys.readouterr()
    line = refused(capsys, "predict", shop_model, table(content))
    for part in said:
        assert part in line


def test_what_is_no_model_is_refused(
    shop_model: str, table: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.numpy import save_file

    capsys.readouterr()
    data, whole = table("age,colour\n12,red\n"), Path(shop_model).read_bytes()
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": np.ones(3)}, foreign)
    assert "holds no recipe" in refused(capsys, "predict", str(foreign), data)
    assert "there is no file" in refused(capsys, "predict", str(tmp_path / "no"), data)
    cut = tmp_path / "cut.safetensors"
    for length in (0, 4, 100, len(whole) - 1):
        cut.write_bytes(whole[:length])
        assert "is no model that can be read" in refused(capsys, "predict", str(cut), data)
    cut.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "is damaged: its content is not what was written" in refused(capsys, "predict", str(cut), data)
    assert "no model that can be read" in refused(capsys, "predict", data, data)
    for other in (shop_model, str(tmp_path / "no")):  # it is seen before anything is read
        out = str(tmp_path / "x.xlsx")
        assert "expected --out to end in" in refused(capsys, "predict", other, data, "--out", out)
