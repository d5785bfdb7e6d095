"""A history as a table."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from backproof.training.history import History
from tests.training.plots.samples import NAN, history


def test_a_table_with_the_curve_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    said = str(history([2.0, 1.0, 0.5], [3.0, 2.0, NAN], accuracy=[0.25, 0.5, 1.0]))
    lines = said.splitlines()
    assert lines[0].split() == ["epoch", "step", "loss", "validation", "accuracy", "lr", "seconds"]
    assert [line.split() for line in lines[2:5]] == [
        ["1", "3", "2", "3", "0.25", "0.1", "0"],
        ["2", "6", "1", "2", "0.5", "0.1", "0"],
        ["3", "9", "0.5", "nan", "1", "0.1", "0"],
    ]
    assert "loss and validation" in lines
    assert max(map(len, lines)) <= 60
    assert "│" in lines[-3]
    assert lines[-1].split() == ["epoch", "1", "3"]


def test_many_epochs_are_the_first_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    said = str(history(np.linspace(1, 0.5, 1000)))
    firsts = [line.split()[0] for line in said.splitlines()[2:11]]
    assert firsts == ["1", "2", "3", "...", "996", "997", "998", "999", "1000"]
    assert said.isascii()


def test_what_ended_it_and_what_went_wrong_is_said() -> None:
    made = history([1.0])
    made.stopped = "enough"
    made.troubles.append("the loss is NaN <b>")
    assert "stopped: enough\ntrouble: the loss is NaN <b>" in str(made)
    assert "│" not in str(made)
    assert "NaN &lt;b&gt;" in made._repr_html_()


def test_html_is_well_formed_and_escaped() -> None:
    made = history([1.0] * 20, **{"<script>&": [0.5] * 20})
    table = ET.fromstring(made._repr_html_())  # noqa: S314 - it is our own
    assert [cell.text for cell in table.iter("th")] == ["epoch", "step", "loss", "<script>&", "lr", "seconds"]
    assert len(list(table.iter("tr"))) == 1 + 3 + 1 + 5


def test_empty() -> None:
    assert str(History()) == "<History: no epoch yet>"
    assert History()._repr_html_() == "<p>&lt;History: no epoch yet&gt;</p>"


@pytest.mark.parametrize("made", [History(), history([1 / 3, NAN], **{'a "name", odd': [1.0, 2.0]})])
def test_a_file_has_every_number(made: History, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text("before", "utf-8")
    made.save(file)
    head, *rows = csv.reader(file.read_text("utf-8").splitlines())
    assert head == made.columns
    expected = np.array([made[name] for name in head]).T.tolist()
    np.testing.assert_array_equal(np.array(rows, float).tolist(), expected)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.csv; got path="):
        history([1.0]).save(tmp_path / "history.json")
