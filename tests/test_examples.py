"""The examples: what is said of them is about what is in them, and shows every diagnosis there is."""

from __future__ import annotations

import ast
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from backproof.cli import main
from backproof.diagnoses import DIAGNOSES, Severity
from tests.checking.report.test_text import NAMED

EXAMPLES = Path(__file__).parents[1] / "examples"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
ROWS = [(file, name, row) for file, rows in EXPECTED["candidates"].items() for name, row in rows.items()]


def definitions(file: str) -> set[str]:
    """Give the names of the classes and functions that a file defines at its top."""
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    if file.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        text = "\n".join(
            line
            for cell in cells
            if cell["cell_type"] == "code"
            for line in "".join(cell["source"]).splitlines()
            if not line.startswith(("%", "!"))
        )
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


@pytest.mark.parametrize("file", EXPECTED["candidates"])
def test_every_definition_is_expected_and_every_expectation_defined(file: str) -> None:
    wanted = set(EXPECTED["candidates"][file])
    defined = definitions(file)
    assert wanted <= defined
    assert all(name.removesuffix("_backward") in wanted for name in defined)


def test_every_example_file_is_expected() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    assert files == {*EXPECTED["candidates"], "demo.py"}


@pytest.mark.parametrize(("file", "name", "row"), ROWS, ids=[f"{file}::{name}" for file, name, _ in ROWS])
def test_verdict_follows_severities(file: str, name: str, row: dict[str, Any]) -> None:
    findings = row["findings"]
    assert all(diagnosis in DIAGNOSES and severity in list(Severity) for diagnosis, severity in findings)
    wrong = any(severity == "error" for _, severity in findings)
    assert row["verdict"] == ("fail" if wrong else "pass")
    assert not any(diagnosis in name.lower() for diagnosis, _ in findings)


def test_every_diagnosis_that_the_checker_names_is_shown() -> None:
    shown = {diagnosis for _, _, row in ROWS for diagnosis, _ in row["findings"]}
    assert shown | {unit[2] for unit in EXPECTED["units"]} >= NAMED


def test_there_are_right_ones_and_wrong_ones() -> None:
    assert sum(not row["findings"] for _, _, row in ROWS) >= 14
    assert sum(row["verdict"] == "fail" for _, _, row in ROWS) >= 18


def test_the_examples_are_judged_as_expected() -> None:
    demo = runpy.run_path(str(EXAMPLES / "demo.py"))
    report = demo["check"]("--format", "json", capture=True)
    assert report.returncode == 1
    assert list(demo["deviations"](json.loads(report.stdout), EXPECTED)) == []


def test_what_is_shown_can_be_shown_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    shown = runpy.run_path(str(EXAMPLES / "demo.py"))["SHOWN"]
    writing = [row for row in shown if any(part.startswith("out") for part in row)]
    assert {row[0] for row in writing} == {"graph", "train"}
    for row in writing * 2:
        quickly = ["--epochs", "1"] if row[0] == "train" else []
        assert main([*row, *quickly]) == 0
