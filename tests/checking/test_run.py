"""A run over files: what is found, filtered, complained of, and the exit status."""

from __future__ import annotations

import json
import os
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


NINE = """
import numpy as np

{comment}
def mix(x, w, axis):
    if len(w) != 9:
        raise ValueError("nine of them")
    return np.einsum("nd,kde->nke", x, w).sum(axis), (x, w, axis)

def mix_backward(g, cache):
    x, w, axis = cache
    g = np.expand_dims(g, axis) * np.ones((len(x), 9, w.shape[2]), x.dtype)
    return np.einsum("nke,kde->nd", g, w), FACTOR * np.einsum("nd,nke->kde", x, g)
"""


@pytest.mark.parametrize(
    ("comment", "factor", "verdict", "names"),
    [
        ("", "1", Verdict.SKIPPED, []),
        ("# backproof: inputs=(4, 3), (9, 3, 5), axis=1", "1", Verdict.PASS, []),
        ("# backproof: inputs=(4, 3), (9, 3, 5), 1", "2", Verdict.FAIL, ["gradient-scale"]),
    ],
)
def test_a_comment_settles_the_shapes(
    tmp_path: Path, comment: str, factor: str, verdict: Verdict, names: list[str]
) -> None:
    report = _check(tmp_path, NINE.replace("{comment}", comment).replace("FACTOR", factor))
    (judged,) = report.candidates
    assert (judged.verdict, [f.diagnosis for f in judged.findings]) == (verdict, names), judged.reason
    assert not comment or not judged.reason
    if not comment:
        assert "furthest came" in judged.reason
        assert "# backproof: inputs=" in judged.reason


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


@pytest.mark.parametrize(
    ("comment", "settings", "message"),
    [
        ("like=tnah", {}, "f.py, line 3: expected the name of a reference, got 'tnah'; did you mean Tanh?"),
        (
            "ignore=raised",
            {},
            "f.py, line 3: expected the name of a diagnosis, got 'raised'; did you mean rai",
        ),
        ("like=torch.nn.Softmax(dim=2)", {}, "torch.nn.Softmax(dim=2) cannot be computed"),
        ("like=Adam", {}, "torch.optim.Adam() is an optimizer, Tanh an activation"),
        ("", {"like": {"Tanh": "torch.nn.CrossEntropyLoss(label_smoothing=-3)"}}, "got label_smoothing=-3"),
        ("", {"like": {"Tanh": "sgd"}}, "torch.optim.SGD() is an optimizer, Tanh an activation"),
    ],
)
def test_a_reference_that_does_not_fit_is_no_success(
    tmp_path: Path, comment: str, settings: dict[str, Any], message: str
) -> None:
    text = RIGHT.replace("class Tanh", f"# backproof: {comment}\nclass Tanh") if comment else RIGHT
    report = _check(tmp_path, text, **settings)
    (judgement,) = report.candidates
    assert any(message in said for said in (judgement.reason, *(p.message for p in report.errors)))
    assert not judgement.findings
    assert report.exit_status() == 2


def test_a_definition_may_be_left_out(tmp_path: Path) -> None:
    report = _check(tmp_path, WRONG.replace("class W", "# backproof: ignore\nclass W") + RIGHT)
    assert _verdicts(report) == {"Tanh": Verdict.PASS}
    assert report.exit_status() == 0


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


def test_what_else_is_in_a_folder_is_no_problem(tmp_path: Path) -> None:
    other = {"nbformat": 4, "nbformat_minor": 4, "cells": [], "metadata": {"kernelspec": {"language": "R"}}}
    (tmp_path / "other.ipynb").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "script.py").write_text("import nowhere\n", encoding="utf-8")
    report = _check(tmp_path, RIGHT, ("",))
    assert (_verdicts(report), report.units) == ({"Tanh": Verdict.PASS}, [])
    assert report.exit_status() == 0
    report = _check(tmp_path, RIGHT, ("", "other.ipynb", "script.py"))
    assert [Path(p.file).name for p in report.errors] == ["other.ipynb"]
    assert [Path(u.file).name for u in report.units] == ["script.py"]


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
    assert report.exit_status() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="where there is no fork, the file is run again")
@pytest.mark.parametrize(
    "spoiler",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
        "import os; os.closerange(3, 256)",
        "import sys; sys.modules.clear()",
        "import os, signal, threading; threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()",
    ],
)
def test_a_process_that_is_lost_takes_no_other_file_along(tmp_path: Path, spoiler: str) -> None:
    (tmp_path / "lost.py").write_text(f"{RIGHT}{spoiler}\n", encoding="utf-8")
    report = _check(tmp_path, RIGHT, ("lost.py", "f.py"))
    verdicts = {Path(j.file).name: j.verdict for j in report.candidates}
    assert verdicts.pop("f.py") is Verdict.PASS
    assert set(verdicts.values()) <= {Verdict.SKIPPED, Verdict.PASS}
    said = (*(p.message for p in report.errors), *(j.reason for j in report.candidates))
    assert not any("fault of backproof" in text for text in said)


BORROWED = """
import numpy as np
{failing}
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, g):
        return g * derivative(self.y)
class Sigmoid({base}):
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
    def backward(self, g):
        return g * self.y * (1 - self.y)
"""


@pytest.mark.parametrize(
    "failing",
    [
        "from nowhere import derivative, Base",
        "from .nowhere import derivative, Base",
        "derivative, Base = 1 / 0, object",
    ],
)
def test_nobody_is_accused_of_what_is_missing(tmp_path: Path, failing: str) -> None:
    """What the code before it was to define, and failed to, is no mistake of a candidate's."""
    report = _check(tmp_path, BORROWED.format(failing=failing, base="Base"))
    owed = "(line 3, which failed, was to define it)"
    assert {j.name: (j.verdict, j.reason) for j in report.candidates} == {
        "Tanh": (Verdict.SKIPPED, "needs `derivative`, which line 3, that failed, was to define"),
        "Sigmoid": (
            Verdict.SKIPPED,
            f"it could not be defined: NameError in line 10: name 'Base' is not defined {owed}",
        ),
    }
    assert not any(j.findings for j in report.candidates)


def test_nobody_is_accused_of_having_no_gpu(tmp_path: Path) -> None:
    text = "import torch\nclass Tanh(torch.nn.Module):\n    def forward(self, x): return x.to('cuda').tanh()"
    (judgement,) = _check(tmp_path, text).candidates
    assert judgement.verdict is Verdict.SKIPPED
    assert "needs a GPU" in judgement.reason


def test_a_name_that_nobody_was_to_define_is_a_mistake(tmp_path: Path) -> None:
    report = _check(tmp_path, BORROWED.format(failing="import nowhere", base="object"))
    assert _verdicts(report) == {"Tanh": Verdict.FAIL, "Sigmoid": Verdict.PASS}


@pytest.mark.parametrize("place", ["", "src", "here"])
def test_the_modules_of_a_project_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """From where the checker was started, from the project's root, and from ``src`` in it."""
    project, here = tmp_path / "project", tmp_path / "here"
    for folder in (project / "scripts", project / "src" / "mine", project / "mine", here / "mine"):
        folder.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    helpers = {"": project, "src": project / "src", "here": here}[place] / "mine" / "helpers.py"
    helpers.write_text("def derivative(y):\n    return 1 - y**2\n", encoding="utf-8")
    text = BORROWED.format(failing="from mine.helpers import derivative", base="object")
    (project / "scripts" / "use.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(here)
    report = check_paths([str(project / "scripts" / "use.py")], Settings())
    assert _verdicts(report) == {"Tanh": Verdict.PASS, "Sigmoid": Verdict.PASS}


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
