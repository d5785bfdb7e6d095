"""The plugin for pytest, as its users have it: what is collected, and what a failure looks like."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

pytest_plugins = ["pytester"]

PARTS = """
import numpy as np

print("a candidate's file prints")

class MyTanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad_output):
        return 1 - self.y**2

class MySigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
    def backward(self, grad_output):
        return grad_output * self.y * (1 - self.y)

class MyReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def backward(self, grad_output):
        return grad_output * (self.x >= 0)

class Unwritten:
    def forward(self, x):
        raise NotImplementedError
    def backward(self, grad_output):
        raise NotImplementedError
"""
SIGMOID = "parts.py::MySigmoid"
PLUGIN = ("-p", "backproof.pytest_plugin")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run pytest in a process of its own, with no other plugin, in a folder with candidates."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(parts=PARTS)
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider --strict-markers'")

    def start(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*PLUGIN, *arguments)

    return start


def test_the_entry_point_is_declared(request: pytest.FixtureRequest) -> None:
    text = (request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nbackproof = "backproof.pytest_plugin"' in text


def test_candidates_of_a_file_are_tests(run: Any) -> None:
    result = run("--backproof", "parts.py", "-rA")
    result.assert_outcomes(failed=1, passed=2, skipped=1)
    text = str(result.stdout)
    assert "FAILED parts.py::MyTanh - upstream-ignored" in text
    assert "MyTanh (line 9)  error  upstream-ignored" in text
    assert "Multiply the local derivative by it." in text
    assert "expected" in text
    assert "PASSED parts.py::MySigmoid" in text
    assert "MyReLU (line 23)  note  gradient-at-kink" in text  # of what passed, with -rA
    assert "skipped: no reference of that name is known" in text
    assert "a candidate's file prints" not in text
    # A failure is the report, without our own code and without a traceback.
    assert "Traceback" not in text
    assert ">  " not in text
    assert "raise " not in text
    assert result.ret == 1


def test_one_candidate_of_a_file(run: Any) -> None:
    result = run("--backproof", SIGMOID)
    result.assert_outcomes(passed=1)


def test_a_folder_beside_ordinary_tests(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_one="def test_one(): pass", other="x = 1")
    run("--backproof", ".", "-m", "not backproof").assert_outcomes(passed=1, deselected=4)
    run("--backproof", ".", "-k", "MySigmoid or test_one").assert_outcomes(passed=2, deselected=3)


def test_paths_of_addopts_start_at_the_root_too(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        "[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider --backproof parts.py'"
    )
    here = pytester.mkdir("inner")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        result = pytester.run(sys.executable, "-m", "pytest", *PLUGIN, "-k", "MySigmoid")
    result.assert_outcomes(passed=1, deselected=3)


def test_with_xdist(run: Any) -> None:
    result = run("--backproof", "parts.py", "-p", "xdist", "-n", "2")
    result.assert_outcomes(failed=1, passed=2, skipped=1)
    assert "FAILED parts.py::MyTanh - upstream-ignored" in str(result.stdout)
    assert "MyTanh (line 9)  error  upstream-ignored" in str(result.stdout)


def test_settings_of_the_project_count(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.backproof]\nignore = ['upstream-ignored']")
    run("--backproof", "parts.py::MyTanh").assert_outcomes(passed=1)
    pytester.makepyprojecttoml("[tool.backproof]\nsede = 1")
    result = run("--backproof", "parts.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "did you mean seed?" in str(result.stderr)


def test_warnings_fail_where_the_project_is_strict(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        parts="""
        import numpy as np
        class BCELoss:
            def forward(self, p, t):
                self.p, self.t = np.clip(p, 1e-6, 1 - 1e-6), t
                return -np.mean(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))
            def backward(self):
                return (self.p - self.t) / (self.p * (1 - self.p)) / self.p.size
        """
    )
    run("--backproof", "parts.py").assert_outcomes(passed=1)
    pytester.makepyprojecttoml("[tool.backproof]\nstrict = true")
    run("--backproof", "parts.py").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.py", "missing.py does not exist"),
        ("empty.py", "no candidate was found in empty.py"),
        ("parts.py::MyTahn", "holds no candidate named MyTahn"),
        ("broken.py", "has a syntax error in line 1"),
        ("", "expected a path, got an empty one"),
    ],
)
def test_what_cannot_be_collected_is_no_success(
    path: str, message: str, run: Any, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(empty="x = 1")
    (pytester.path / "broken.py").write_text("def f(:\n", encoding="utf-8")
    result = run("--backproof", path)
    assert result.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    assert message in f"{result.stdout}{result.stderr}"
    assert "INTERNALERROR" not in f"{result.stdout}{result.stderr}"


MARKED = """
import numpy as np, pytest
import backproof as bp
from parts import MySigmoid, MyTanh

@pytest.mark.backproof(like="tanh")
class Squashing(MyTanh):
    pass

class Heir(Squashing):
    pass

def wrong(grad_output, x):
    return 3 * x * grad_output

def right(grad_output, x):
    return 3 * x**2 * grad_output

@pytest.mark.backproof(backward=right)
def cube(x):
    return x**3

@pytest.mark.backproof(backward=wrong)
@pytest.mark.xfail(strict=True)
def other(x):
    return x**3

def test_assert_correct():
    bp.assert_correct(MySigmoid)

def test_assert_correct_of_a_wrong_one():
    bp.assert_correct(MyTanh)
"""


def test_marks_and_assertions(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_marked=MARKED)
    result = run("-rA")
    result.assert_outcomes(passed=2, failed=2, xfailed=1)
    text = str(result.stdout)
    assert "FAILED test_marked.py::Squashing - upstream-ignored" in text
    assert "PASSED test_marked.py::cube" in text
    # An assertion shows the line of the test and the report, and nothing of ours.
    assert "bp.assert_correct(MyTanh)" in text
    assert "The gradient for input is the derivative alone" in text
    assert "judgement = check" not in text


SKIPPED = """
import pytest
from parts import MyTanh

@pytest.mark.backproof
@pytest.mark.skip(reason="not now")
class Squashing(MyTanh):
    pass

@pytest.mark.backproof
@pytest.mark.skipif(True, reason="not here")
def cube(x):
    return x**3
"""


def test_marks_of_others_skip(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_marked=SKIPPED)
    pytester.makeconftest(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    items[-1].add_marker(pytest.mark.skip(reason='never'))\n"
    )
    result = run("-rs", "--backproof", SIGMOID)
    result.assert_outcomes(skipped=3)
    text = str(result.stdout)
    for line in ("test_marked.py: not now", "test_marked.py:9: not here", "parts.py: never"):
        assert line in text


@pytest.mark.parametrize(
    ("mark", "definition", "message"),
    [
        ("like='nonsense'", "class A(MyTanh): pass", "expected the name of a reference, got 'nonsense'"),
        (
            "lik='tanh'",
            "class A(MyTanh): pass",
            "the mark backproof has no argument 'lik'; did you mean like?",
        ),
        ("foo=3", "class A(MyTanh): pass", "no argument 'foo'; known are backward, like"),
        ("'tanh'", "class A(MyTanh): pass", "takes its arguments by name, such as like='tanh'; got 'tanh'"),
        ("domain=(1, 0)", "class A(MyTanh): pass", "expected domain=(low, high)"),
        ("seed=1", "def A(x): return x", "expected a forward with its backward, got the function A alone"),
    ],
)
def test_a_mark_that_is_not_understood_is_one_line(
    mark: str, definition: str, message: str, run: Any, pytester: pytest.Pytester
) -> None:
    head = "import pytest\nfrom parts import MyTanh\n"
    pytester.makepyfile(test_marked=f"{head}@pytest.mark.backproof({mark})\n{definition}\n")
    result = run()
    result.assert_outcomes(failed=1)
    assert message in str(result.stdout)
    assert len(result.outlines) < 20


def test_without_candidates_the_plugin_imports_nothing() -> None:
    code = (
        "import sys, pytest; from backproof import pytest_plugin; "
        "print(*(name for name in sys.modules if name.partition('.')[0] in ('numpy', 'torch', 'rich'))); "
        "print(*(name for name in sys.modules if name.startswith('backproof.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split("\n") == ["", "backproof.pytest_plugin", ""]
