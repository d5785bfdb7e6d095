"""Units that run, fail, hang or end their process; each test starts real worker processes."""

from __future__ import annotations

import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import Case
from backproof.checking.findings import UnitFinding
from backproof.checking.processes import remote
from backproof.checking.processes.remote import OpenedFile, open_file
from backproof.diagnoses import Severity
from tests.checking.files import notebook, script
from tests.checking.standin import DISCOVER


def run(path: Path, *, timeout: float = 20, shown: str = "") -> tuple[OpenedFile, Any]:
    """Run a file; also give what the candidate named ``shown`` returns."""
    with open_file(path, timeout=timeout, seed=0, discover=DISCOVER) as opened:
        for found in opened.candidates:
            if found.description.name == shown:
                with found.open() as candidate:
                    answer = candidate.call(Case({}), {})
                    return opened, answer.raised or answer.output
        return opened, None


def show(expression: str, name: str = "Show") -> str:
    """Give the definition of a candidate that looks at something."""
    return f"class {name}:\n    def forward(self): return {expression}\n"


def names(opened: OpenedFile) -> list[str]:
    return [found.description.name for found in opened.candidates]


def told(opened: OpenedFile) -> list[tuple[int | None, str]]:
    return [(unit.cell, unit.finding.message) for unit in opened.units]


def test_a_failing_cell_is_told_and_the_rest_is_run(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "import numpy as np\nx = 2",
        "y = x\n\nz = 1 / 0\ny = x + 5",
        show("y"),
    )
    opened, value = run(path, shown="Show")
    (unit,) = opened.units
    assert unit == UnitFinding(str(path), unit.finding, 1)
    assert unit.finding.diagnosis == "cell-error"
    assert unit.finding.severity is Severity.NOTE
    assert unit.finding.line == 3
    assert unit.finding.message == "ZeroDivisionError in line 3: division by zero"
    assert unit.finding.evidence == {
        "type": "ZeroDivisionError",
        "text": "division by zero",
        "source": "z = 1 / 0",
    }
    assert value == 2


FAILURES = [
    ("x = input('name?')", "EOFError in line 1: EOF when reading a line (input() has nobody to ask here)"),
    ("raise ValueError('a\\n  b')", "ValueError in line 1: a b"),
    ("raise ValueError", "ValueError in line 1"),
    ("\nraise KeyboardInterrupt", "KeyboardInterrupt in line 2"),
    ("import sys\nsys.exit(3)", "SystemExit in line 2: 3"),
    ("exit()", "SystemExit in line 1: None"),
    ("quit", None),
    ("raise GeneratorExit('x' * 1000)", f"GeneratorExit in line 1: {'x' * 300} …"),
    ("x = 1\nreturn 2", "SyntaxError in line 2: 'return' outside function"),
    ("import asyncio\nawait asyncio.sleep(0)", "SyntaxError in line 2: 'await' outside function"),
    ("x = 1\ny = = 2", "SyntaxError in line 2: invalid syntax"),
    ("def f():\n    raise KeyError('k')\n\nf()", "KeyError in line 2: 'k'"),
    ("import json\n\njson.loads('{')", "JSONDecodeError in line 3: Expecting property name"),
    ("exec('1/0')", "ZeroDivisionError in line 1: division by zero"),
    ("def f(): f()\nf()", "RecursionError in line 1: maximum recursion depth exceeded"),
    (
        "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
        "E in line 3: (its message cannot be shown: ZeroDivisionError)",
    ),
    ("from . import x", "ImportError in line 1: attempted relative import with no known parent package"),
    (
        "import nowhere.inside",
        "ModuleNotFoundError in line 1: there is no module nowhere; install what is missing, or put",
    ),
    (
        "from no1 import a\nimport numpy\nimport no2, no3\nb = a\nfrom no1 import c\nfrom no4 import d",
        "ModuleNotFoundError in line 1: there is no module no1, no2 or no4; install what is missing, or",
    ),
    (
        "1/0\nimport no1",
        "ZeroDivisionError in line 1: division by zero; and there is no module no1; install what is",
    ),
]


def test_failures_are_described(tmp_path: Path) -> None:
    opened, value = run(notebook(tmp_path, *(code for code, _ in FAILURES), show("3")), shown="Show")
    expected = [(number, message) for number, (_, message) in enumerate(FAILURES) if message]
    found = told(opened)
    assert [number for number, _ in found] == [number for number, _ in expected]
    for (_, got), (_, message) in zip(found, expected, strict=True):
        assert got.startswith(message)
        assert "\n" not in got
    assert value == 3


def test_missing_modules_are_listed(tmp_path: Path) -> None:
    opened, _ = run(notebook(tmp_path, FAILURES[-2][0]))
    assert opened.units[0].finding.evidence["modules"] == ["no1", "no2", "no4"]


def test_definitions_behind_a_failure_are_kept(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        """
        class Before: pass
        data = open("missing.csv")
        import math, numpy as np
        EPS, LIMITS = 1e-7, [-1, 2]
        rate: float = 0.5
        unused = print("not run")
        class Behind:
            def forward(self): return np.array([EPS, *LIMITS, rate, helper(4), "unused" in globals()])
        def helper(x): return math.sqrt(x)
        """,
    )
    opened, value = run(path, shown="Behind")
    assert names(opened) == ["Before", "Behind"]
    assert [message for _, message in told(opened)] == [
        "FileNotFoundError in line 3: [Errno 2] No such file or directory: 'missing.csv'"
    ]
    assert value.tolist() == [1e-7, -1, 2, 0.5, 2, 0]


def test_what_follows_from_a_failure_says_so(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "from nowhere import Linear as Layer\nhelper = 1/0",
        "layer = Layer(2, 3)\nother = 3",
        "print(layer)",
        "print(other + helper)",
        "print(unheard)",
    )
    opened, _ = run(path)
    assert [unit.finding.evidence.get("follows") for unit in opened.units] == [None, 0, 1, 0, None]
    assert opened.units[1].finding.message == (
        "NameError in line 1: name 'Layer' is not defined (cell 0, which failed, was to define it)"
    )


def test_each_statement_of_a_script_is_run_for_itself(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        import nowhere
        x = nowhere.f()
        class Shown:
            def forward(self): return 7
        if __name__ == "__main__":
            raise SystemExit("run as a program")
        else:
            y = 1
        print(x + y)
        raise SystemExit
        """,
    )
    opened, value = run(path, shown="Shown")
    assert value == 7
    assert [(unit.finding.line, unit.finding.message.split(" in line")[0]) for unit in opened.units] == [
        (2, "ModuleNotFoundError"),
        (3, "NameError"),
        (10, "NameError"),
        (11, "SystemExit"),
    ]
    assert {unit.cell for unit in opened.units} == {None}


def test_a_loop_without_end_is_stopped_and_the_rest_is_run(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "class A:\n    def forward(self): return n\nn = 0\nwhile True:\n    n = 1\nclass B: pass",
        "import time\ntime.sleep(1e6)",
        "while True:\n    try:\n        n = 2\n    except Exception:\n        pass",
    )
    started = time.monotonic()
    opened, value = run(path, timeout=0.5, shown="A")
    assert value == 2
    assert names(opened) == ["A", "B"]
    messages = [message for _, message in told(opened)]
    assert messages[1] == "line 2 did not finish within 0.5 s"
    assert messages[0].endswith("did not finish within 0.5 s")
    assert [unit.finding.evidence["type"] for unit in opened.units] == ["out of time"] * 3
    assert {unit.finding.diagnosis for unit in opened.units} == {"cell-error"}
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(1e6)",
            "line 3 did not finish within 0.5 s",
        ),
        (
            "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass",
            None,  # the timer is set anew for each statement
        ),
        (
            "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
            "line 2 did not finish within 0.5 s",
        ),
        ("import os\nos._exit(3)", "in line 2 the process ended by itself (exit status 3)"),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
            "in line 2 the process was ended by the signal SIGKILL",
        ),
        ("import ctypes\nctypes.string_at(0)", "in line 2 the process was ended by the signal SIGSEGV"),
        ("import os\nos.closerange(3, 100)", "in line 2 the process ended by itself (exit status 0)"),
    ],
    ids=["blocked", "timer", "catches", "_exit", "kill", "crash", "closes"],
)
def test_a_statement_that_takes_the_process_along_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str | None
) -> None:
    monkeypatch.setattr(remote, "_GRACE", 0.3)
    path = notebook(tmp_path, "kept = 5", f"{code}\n{show('kept', 'Same')}", "kept += 1", show("kept"))
    opened, value = run(path, timeout=0.5, shown="Show")
    assert value == 6
    assert names(opened) == ["Same", "Show"]
    ((cell, got),) = told(opened)
    assert cell == 1
    assert got.startswith(message or "line 3 did not finish")


def test_a_script_that_trains_for_ever_gives_its_definitions(tmp_path: Path) -> None:
    path = script(tmp_path, show("1") + "import time\nwhile True:\n    time.sleep(0.01)\n")
    opened, value = run(path, timeout=0.5, shown="Show")
    assert value == 1
    (unit,) = opened.units
    assert unit.finding.message.endswith("did not finish within 0.5 s")


def test_several_hanging_units_are_each_left_out_once(tmp_path: Path) -> None:
    hang = "import os\nos._exit({})"
    path = notebook(tmp_path, "while True: pass", hang.format(1), "1/0", hang.format(2), show("4"))
    opened, value = run(path, timeout=0.5, shown="Show")
    assert value == 4
    assert [message for _, message in told(opened)] == [
        "line 1 did not finish within 0.5 s",
        "in line 2 the process ended by itself (exit status 1)",
        "ZeroDivisionError in line 1: division by zero",
        "in line 2 the process ended by itself (exit status 2)",
    ]


def test_notebook_syntax_does_not_stand_in_the_way(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "%matplotlib inline\n!pip install something\nfiles = !ls\n",
        "%%time\nx = 2\nif files:\n    %pwd\n",
        "%%bash\nexit 1",
        "display(x); get_ipython().run_line_magic('pwd', ''); str(get_ipython())\nx?",
        show("x"),
    )
    opened, value = run(path, shown="Show")
    assert not opened.units
    assert value == 2


def test_plots_open_no_window(tmp_path: Path) -> None:
    path = notebook(
        tmp_path, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", show("plt.get_fignums()")
    )
    opened, _ = run(path)
    assert not opened.units


def test_flags_carry_over_and_introspection_works(tmp_path: Path) -> None:
    text = """
        from __future__ import annotations

        import dataclasses, inspect, pickle, sys, traceback, typing

        @dataclasses.dataclass
        class Point:
            x: Later
            y: int = 2

        class Later: pass

        def fail():
            raise ValueError

        def source():
            '''Of itself.'''
            return inspect.getsource(source)

        class Show:
            def forward(self):
                hints = typing.get_type_hints(Point)
                assert hints == {"x": Later, "y": int}, hints
                assert type(pickle.loads(pickle.dumps(Point(1)))) is Point
                assert sys.modules[__name__].Point is Point
                assert source().splitlines()[1].strip() == "'''Of itself.'''"
                assert "def forward" in inspect.getsource(Show.forward)
                assert __name__ != "__main__"
                try:
                    fail()
                except ValueError:
                    assert "raise ValueError" in traceback.format_exc()
                return 1
    """
    in_script, value = run(script(tmp_path, text), shown="Show")
    assert (in_script.units, value) == ([], 1)
    cells = dedent(text).strip().split("\n\n")
    in_notebook, value = run(notebook(tmp_path, *cells), shown="Show")
    assert (in_notebook.units, value) == ([], 1)


def test_what_a_unit_forks_does_not_run_on(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = notebook(
        tmp_path,
        "import os\nos.fork()",
        f"open({str(mark)!r}, 'a').write('once ')",
        show("1"),
    )
    opened, value = run(path, shown="Show")
    assert value == 1
    assert names(opened) == ["Show"]
    assert mark.read_text() == "once "


def test_what_the_units_print_goes_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    often = "for _ in range(100): "
    path = notebook(
        tmp_path,
        often + "print('ünï \\ud800' * 5000)",
        f"import os, sys\n{often}os.write(1, b'x' * 50_000)\n{often}os.write(2, b'x' * 50_000)",
        f"{often}sys.stderr.write('y' * 50_000)\nos.system('echo shell')",
        show("1"),
    )
    opened, value = run(path, shown="Show")
    assert (opened.units, value) == ([], 1)
    assert capfd.readouterr() == ("", "")


def test_the_folder_arguments_and_environment_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    (tmp_path / "data.txt").write_text("3")
    (tmp_path / "beside.py").write_text("VALUE = 4")
    path = script(
        tmp_path,
        """
        import os, random, sys
        import numpy as np
        from beside import VALUE
        assert open("data.txt").read() == "3"
        assert sys.argv == [__file__]
        assert os.environ["MPLBACKEND"] == "Agg" and os.environ["OMP_NUM_THREADS"] == "1"
        assert "DISPLAY" not in os.environ
        class Show:
            def forward(self): return np.array([VALUE, *DRAWN])
        DRAWN = [random.random(), np.random.rand(), hash("abc")]
        """,
    )
    first, second = (run(path, shown="Show") for _ in range(2))
    assert not first[0].units
    assert first[1][0] == 4
    np.testing.assert_array_equal(first[1], second[1])
    assert not (tmp_path / "__pycache__").exists()
