"""A run over files: what is found, filtered, complained of, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import backproof.checking.judge as judging
from backproof.checking.events import Begun, Event, Opened
from backproof.checking.findings import Judgement, Report, Verdict
from backproof.checking.judge import judge
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings

RIGHT = """
import numpy as np
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)
"""
WRONG = RIGHT.replace("g * (1", "(1").replace("class Tanh", "class WrongTanh")
BIASED = """
import numpy as np
class BCELoss:
    def forward(self, p, t):
        self.p, self.t = np.clip(p, 1e-6, 1 - 1e-6), t
        return -np.mean(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))
    def backward(self):
        return (self.p - self.t) / (self.p * (1 - self.p)) / self.p.size
"""


def _check(tmp_path: Path, text: str, paths: tuple[str, ...] = ("f.py",), **settings: Any) -> Report:
    (tmp_path / "f.py").write_text(text, encoding="utf-8")
    return check_paths([str(tmp_path / p) for p in paths], Settings(**settings))


def _verdicts(report: Report) -> dict[str, Verdict]:
    return {j.name: j.verdict for j in report.candidates}


def test_each_candidate_has_its_place_and_verdict(tmp_path: Path) -> None:
    report = _check(tmp_path, RIGHT + WRONG)
    assert _verdicts(report) == {"Tanh": Verdict.PASS, "WrongTanh": Verdict.FAIL}
    wrong = report.candidates[1]
    assert (Path(wrong.file).name, wrong.line, wrong.findings[0].line) == ("f.py", 11, 15)
    assert wrong.findings[0].diagnosis == "upstream-ignored"
    assert report.exit_status() == 1


def test_progress_hears_of_files_and_judgements(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(RIGHT, encoding="utf-8")
    heard: list[Event] = []
    check_paths([str(tmp_path)], Settings(), heard.append)
    file = str(tmp_path / "f.py")
    assert heard[:2] == [Begun(file, 1), Opened(file, 1)]
    assert isinstance(heard[2], Judgement)


@pytest.mark.parametrize(
    ("settings", "verdict", "status"),
    [
        ({}, Verdict.FAIL, 1),
        ({"ignore": frozenset({"upstream-ignored"})}, Verdict.PASS, 0),
        ({"select": frozenset({"upstream-ignored"})}, Verdict.FAIL, 1),
        ({"select": frozenset({"gradient-sign"})}, Verdict.PASS, 0),
    ],
)
def test_findings_that_are_not_wanted_do_not_count(
    tmp_path: Path, settings: dict[str, Any], verdict: Verdict, status: int
) -> None:
    report = _check(tmp_path, WRONG, **settings)
    assert _verdicts(report) == {"WrongTanh": verdict}
    assert report.exit_status() == status


def test_a_warning_counts_only_with_strict(tmp_path: Path) -> None:
    report = _check(tmp_path, BIASED)
    assert report.candidates[0].findings[0].diagnosis == "epsilon-bias"
    assert (report.exit_status(), report.exit_status(strict=True)) == (0, 1)


@pytest.mark.parametrize(
    ("comment", "verdict", "reference"),
    [
        ("# backproof: ignore=upstream-ignored", Verdict.PASS, "torch.nn.Tanh()"),
        ("# backproof: like=none", Verdict.FAIL, None),
        ("# backproof: like=sigmoid", Verdict.FAIL, "torch.nn.Sigmoid()"),
    ],
)
def test_comments_settle_it(tmp_path: Path, comment: str, verdict: Verdict, reference: str | None) -> None:
    report = _check(tmp_path, WRONG.replace("class Wrong", f"{comment}\nclass Wrong"))
    assert (report.candidates[0].verdict, report.candidates[0].reference) == (verdict, reference)


@pytest.mark.parametrize(
    ("domain", "comment", "verdict"),
    [
        ({}, "", Verdict.FAIL),
        ({"Tanh": (-1, 1)}, "# backproof: domain=2,3", Verdict.PASS),
        ((-1, 1), "", Verdict.PASS),
        ((-1, 1), "# backproof: domain=2,3", Verdict.FAIL),
    ],
)
def test_nothing_outside_of_a_domain_is_judged(
    tmp_path: Path, domain: Any, comment: str, verdict: Verdict
) -> None:
    text = RIGHT.replace("(1 -", "(abs(self.y) < 0.8) * (1 -")
    assert text != RIGHT
    report = _check(tmp_path, text.replace("class Tanh", f"{comment}\nclass Tanh"), domain=domain)
    assert report.candidates[0].verdict is verdict


def test_a_comment_that_names_no_reference_is_complained_of(tmp_path: Path) -> None:
    report = _check(tmp_path, RIGHT.replace("class Tanh", "# backproof: like=tnah\nclass Tanh"))
    (judgement,) = report.candidates
    assert "tnah" in judgement.reason
    assert "did you mean" in judgement.reason


def test_a_name_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    report = _check(tmp_path, RIGHT, ("f.py::Tahn",))
    assert [p.message for p in report.errors] == [f"{tmp_path / 'f.py'} holds no candidate named Tahn"]
    assert report.exit_status() == 2
    report = _check(tmp_path, RIGHT, like={"Tahn": "tanh"}, expected=frozenset({"Tahn"}))
    assert "no candidate has that name" in report.errors[0].message


def test_one_bad_file_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n", encoding="utf-8")
    (tmp_path / "bad.ipynb").write_text("{", encoding="utf-8")
    report = _check(tmp_path, RIGHT, ("bad.py", "missing.py", "bad.ipynb", "f.py"))
    assert _verdicts(report) == {"Tanh": Verdict.PASS}
    assert len(report.errors) == 3
    assert all("\n" not in p.message for p in report.errors)
    assert report.exit_status() == 2


@pytest.mark.parametrize("text", ["", "x = 1\n", "def helper(a):\n    return a\n"])
def test_nothing_found_is_not_green(tmp_path: Path, text: str) -> None:
    assert _check(tmp_path, text or "\n").exit_status() == 2


def test_a_module_beside_a_notebook_is_judged_once(tmp_path: Path) -> None:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [cell | {"source": "from parts import Tanh"}],
    }
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "parts.py").write_text(RIGHT, encoding="utf-8")
    alone = check_paths([str(tmp_path / "a.ipynb")], Settings())
    assert _verdicts(alone) == {"Tanh": Verdict.PASS}
    assert Path(alone.candidates[0].file).name == "parts.py"
    both = check_paths([str(tmp_path)], Settings())
    assert len(both.candidates) == 1


SPOILERS = """
import os, random, sys, time
import numpy as np

class LoopsReLU:
    def forward(self, x):
        while True:
            pass
    def backward(self, g):
        return g

class ExitsReLU:
    def forward(self, x):
        sys.exit(3)
    def backward(self, g):
        return g

class DiesReLU:
    def forward(self, x):
        os._exit(7)
    def backward(self, g):
        return g

class RaisesReLU:
    def forward(self, x):
        raise ValueError("never mind")
    def backward(self, g):
        return g

class SpoilsReLU:
    def forward(self, x):
        print("x" * 100_000)
        np.random.seed(1)
        random.seed(1)
        os.chdir("/")
        self.on = x > 0
        return x * self.on
    def backward(self, g):
        return g * self.on

class ReLU:
    def forward(self, x):
        assert os.getcwd() != "/"
        self.on = x > 0
        return x * self.on
    def backward(self, g):
        return g * self.on
"""


def test_what_one_candidate_does_leaves_the_others(tmp_path: Path) -> None:
    text = SPOILERS
    for name in ("Loops", "Exits", "Dies", "Raises", "Spoils"):
        text = text.replace(f"class {name}ReLU", f"# backproof: like=relu\nclass {name}ReLU")
    report = _check(tmp_path, text, timeout=2)
    found = {j.name: [f.diagnosis for f in j.findings] for j in report.candidates}
    assert found == {
        "LoopsReLU": ["time-out"],
        "ExitsReLU": ["raises"],
        "DiesReLU": ["raises"],
        "RaisesReLU": ["raises"],
        "SpoilsReLU": [],
        "ReLU": [],
    }
    assert _verdicts(report)["ReLU"] is Verdict.PASS
    raised = next(j for j in report.candidates if j.name == "RaisesReLU").findings[0]
    assert "never mind" in raised.message
    assert raised.line == text.splitlines().index('        raise ValueError("never mind")') + 1


def test_a_fault_of_ours_is_told_of_one_candidate_and_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(candidate: Any, **settings: Any) -> Judgement:
        if candidate.description.name == "WrongTanh":
            raise ZeroDivisionError("a planted fault")
        return judge(candidate, **settings)

    monkeypatch.setattr(judging, "judge", faulty)
    report = _check(tmp_path, RIGHT + WRONG)
    assert _verdicts(report) == {"Tanh": Verdict.PASS, "WrongTanh": Verdict.UNSURE}
    assert "a planted fault" in report.candidates[1].reason


def test_two_derivatives_of_one_function_are_both_judged(tmp_path: Path) -> None:
    text = """
import numpy as np
def tanh(x):
    return np.tanh(x)
def d_tanh(x):
    return 1 - np.tanh(x) ** 2
def tanh_prime(x):
    return 1 + np.tanh(x) ** 2
"""
    report = _check(tmp_path, text)
    assert [(j.name, j.verdict) for j in report.candidates] == [
        ("tanh", Verdict.PASS),
        ("tanh", Verdict.FAIL),
    ]
