"""The commands graph and derive: what they print and write, and how bad input is told."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from backproof.cli import main

EXPRESSION = "a = 2*x; b = sin(y); f = tanh(log(1 + z*a/b))"
VALUES = ["x=1", "y=2", "z=3"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["graph", EXPRESSION, *VALUES],
        ["graph", "a = w*x; f = a*a + a", "w=0.5", "x=-2", "--wrt", "w"],
        ["graph", "softmax(x @ w)", "x=[[1, 2]]", "w=[[1, 0], [2, 1]]", "--wrt", "x"],
        ["graph", "a = w*x; f = a + w", "w=2", "x=3", "--step"],
        ["graph", EXPRESSION, *VALUES, "--format", "mermaid"],
        ["graph", "w*x", "w=2", "x=3", "--format", "latex"],
        ["derive", "exp(2*x + 3)", "--wrt", "x", "--wrt", "x"],
        ["derive", r"\frac{1}{1 + e^{-x}}", "x=2", "--wrt", "x"],
        ["derive", "X @ W", "X=[[1, 2]]", "W=[[1], [2]]", "--claim", "X @ W", "--format", "markdown"],
        ["graph", "--help"],
        ["derive", "--help"],
    ],
    ids=" ".join,
)
def test_what_is_printed(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    snapshot: SnapshotAssertion,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == snapshot
    assert captured.err == ""


@pytest.mark.parametrize(
    ("claim", "status", "said"),
    [
        ("y*(1 - y)", 0, "proven"),
        ("y*(y - 1)", 1, "gradient-sign"),
        ("2*y*(1 - y)", 1, "gradient-scale"),
    ],
)
def test_a_claim_decides_the_status(
    claim: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["1/(1 + exp(-x))", "--wrt", "x", "--claim", claim, "--where", "y = 1/(1 + exp(-x))"]
    assert main(["derive", *given]) == status
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ending", "begins"),
    [
        ("svg", b"<svg"),
        ("png", b"\x89PNG"),
        ("html", b"<!"),
        ("dot", b"digraph"),
        ("json", b"{"),
        ("txt", b"node"),
    ],
)
def test_out_says_the_format_and_the_file_is_whole(ending: str, begins: bytes, tmp_path: Path) -> None:
    target = tmp_path / f"graph.{ending}"
    assert main(["graph", EXPRESSION, *VALUES, "--out", str(target)]) == 0
    assert target.read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_json_holds_every_node(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", EXPRESSION, *VALUES, "--format", "json"]) == 0
    nodes = {node["name"]: node for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert {"x", "y", "z", "a", "b", "f"} <= nodes.keys()


@pytest.mark.parametrize("way", ["file", "standard input"])
def test_an_expression_is_read_from_elsewhere(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = EXPRESSION.replace("; ", "\n") + "\n"
    path = tmp_path / "steps.txt"
    path.write_text(text)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert main(["graph", str(path) if way == "file" else "-", *VALUES]) == 0
    assert "0.026604" in capsys.readouterr().out


#: Bad command lines, and what is said of each.
BAD: dict[str, tuple[list[str], str]] = {
    "an expression that ends too soon": (["graph", "a + ", "a=1"], "expected a number, a name or a bracket"),
    "a call of anything else": (["graph", "__import__('os')"], "^"),
    "an attribute": (["graph", "x.__class__", "x=1"], "^"),
    "a huge power": (["graph", "9**9**9"], "^"),
    "too deep": (["graph", "(" * 500 + "x" + ")" * 500, "x=1"], "^"),
    "a value that is none": (["graph", "a+b", "a=1", "b=x"], "got 'b=x'"),
    "a value too deep": (["graph", "a", "a=" + "[" * 5000], "NAME=VALUE"),
    "a value without a name": (["graph", "a", "1"], "NAME=VALUE"),
    "a ragged array": (["graph", "a", "a=[[1], [1, 2]]"], "a=[[1], [1, 2]]"),
    "a name that is not there": (["graph", "a", "a=1", "--wrt", "q"], "the nodes are a; got 'q'"),
    "an input without a value": (["graph", "a+b", "a=1"], "got none for b"),
    "an input that there is not": (["graph", "a", "a=1", "c=2"], "which are a; got c as well"),
    "shapes that do not fit": (
        ["graph", "a@b", "a=[1, 2]", "b=[1, 2, 3]"],
        "computed from a of shape (2,), b of shape (3,)",
    ),
    "a format that there is not": (["graph", "a", "a=1", "--format", "bmp"], "got --format bmp"),
    "a folder that there is not": (
        ["graph", "a", "a=1", "--out", "/nowhere/x.svg"],
        "there is no folder /nowhere\n",
    ),
    "a file that there is not": (["graph", "none.txt"], "there is no file none.txt"),
    "two formats": (
        ["graph", "a", "a=1", "--format", "text", "--out", "x.svg"],
        "x.svg says svg; got --format text",
    ),
    "paths node by node": (["graph", "a*2", "a=1", "--step", "--wrt", "a"], "without --wrt"),
    "a value for a claim": (["derive", "x*x", "x=5", "--wrt", "x", "--claim", "2*x"], "for all numbers"),
    "nothing to derive for": (["derive", "x*x"], "--wrt"),
    "a name to derive for that is not there": (["derive", "x*x", "--wrt", "q"], "got 'q'"),
    "a derivation in a picture's format": (["derive", "x*x", "--wrt", "x", "--format", "svg"], "svg"),
    "a file of no format": (["graph", "a", "a=1", "--out", "x.pdf"], ".svg"),
    "a derivation in the file of a picture": (["derive", "x*x", "--wrt", "x", "--out", "x.svg"], ".md"),
    "steps as a picture": (["graph", "a", "a=1", "--step", "--out", "x.svg"], "--step"),
    "paths in a picture": (["graph", "a", "a=1", "--wrt", "a", "--format", "svg"], "--wrt"),
    "two values for one": (["graph", "a", "a=1", "a=2"], "two for a"),
    "a NUL": (["graph", "a\0b", "a=1"], "^"),
    "a folder for a file": (["graph", "."], "^"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_without_a_traceback(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = BAD[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("backproof: ")
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.splitlines()) <= 3


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["graph", EXPRESSION, *VALUES], {"sympy", "torch", "matplotlib", "scipy", "rich"}),
        (["derive", "x*x", "--wrt", "x"], {"torch", "matplotlib", "rich"}),
    ],
    ids=["graph", "derive"],
)
def test_nothing_is_imported_that_is_not_needed(arguments: list[str], never: set[str]) -> None:
    code = "import sys; from backproof.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    assert not never & set(found.stdout.splitlines()[-1].split())
