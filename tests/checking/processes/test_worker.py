"""A file whose cells tamper with the process that runs them; its candidates are judged all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backproof.checking.candidate import Case
from backproof.checking.processes.remote import open_file
from tests.checking.files import notebook
from tests.checking.standin import DISCOVER

CANDIDATE = "class {}:\n    def forward(self, x):\n        return x + 1\n"

TAMPERING = {
    "streams": "import sys\nsys.stdout = sys.stderr = sys.stdin = object()",
    "closed streams": "import sys\nsys.stdout.close(); sys.stderr.close(); sys.stdin.close()",
    "closed descriptors": "import os\nfor number in range(3): os.close(number)",
    "taken descriptors": "import os\nos.closerange(0, 3)\nfiles = [open(os.devnull, 'w') for _ in range(3)]",
    "builtins": """
        import builtins
        def broken(*args, **kwargs): raise AssertionError("not for the checker")
        for name in ("print", "open", "input", "exit", "compile", "exec"):
            setattr(builtins, name, broken)
    """,
    "libraries": """
        import json, os, random, select, signal, socket, struct, time, warnings, traceback, linecache
        import numpy as np
        def broken(*args, **kwargs): raise AssertionError("not for the checker")
        for module, names in {
            json: ["dumps", "loads", "load", "dump"],
            np: ["load", "array", "asarray", "empty", "dtype", "frombuffer", "ascontiguousarray"],
            os: ["fork", "_exit", "kill", "killpg", "waitpid", "getpid", "close", "dup2", "write", "open"],
            signal: ["signal", "setitimer", "alarm", "pthread_sigmask"],
            struct: ["pack", "unpack"],
            time: ["time", "monotonic", "sleep", "perf_counter"],
            traceback: ["format_exc", "print_exc"],
        }.items():
            for name in names:
                setattr(module, name, broken)
    """,
    "environment": "import os, sys\nos.environ.clear()\nos.chdir('/')\nsys.path.clear()\nsys.argv.clear()",
    "modules": """
        import sys
        for name in [name for name in sys.modules if name.startswith("backproof")]:
            del sys.modules[name]
    """,
    "exit handlers": "import atexit, time\natexit.register(time.sleep, 1000)",
    "threads": """
        import threading, time
        for _ in range(5):
            threading.Thread(target=time.sleep, args=(1000,)).start()
    """,
    "signals": """
        import signal
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    """,
    "warnings": """
        import threading, warnings
        warnings.simplefilter("error")
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    """,
    "hooks": "import sys\nsys.excepthook = sys.displayhook = sys.settrace = None\nsys.setrecursionlimit(150)",
    "seeds": "import random, numpy as np\nrandom.seed(3); np.random.seed(3)",
    "processes": "import subprocess\nkept = [subprocess.Popen(['sleep', '1000']) for _ in range(2)]",
}
#: After these it is tried whether a cell that hangs is still stopped.
WITH_LOOP = ("builtins", "libraries", "signals", "threads")


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_does_not_reach_the_candidates(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    last = "while True: pass" if name in WITH_LOOP else ""
    path = notebook(tmp_path, CANDIDATE.format("A"), TAMPERING[name], CANDIDATE.format("B"), last)
    x = np.arange(6.0).reshape(2, 3)
    with open_file(path, timeout=0.5 if last else 20, seed=0, discover=DISCOVER) as opened:
        messages = [unit.finding.message for unit in opened.units]
        assert messages == ["line 1 did not finish within 0.5 s"] * (name in WITH_LOOP)
        assert [found.description.name for found in opened.candidates] == ["A", "B"]
        for found in opened.candidates:
            with found.open() as candidate:
                answer = candidate.call(Case({"input": x}, x), {}, fresh=True)
                assert answer.raised is None
                np.testing.assert_array_equal(np.asarray(answer.output), x + 1)
    assert capfd.readouterr() == ("", "")


def test_a_torch_file(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        "import torch\nx = torch.ones(300, 300, requires_grad=True)\n(x @ x).sum().backward()",
        """
        class Changes:
            def forward(self):
                torch.set_default_dtype(torch.float64); torch.manual_seed(7); torch.set_num_threads(2)
                return [str(torch.ones(1).dtype)]
        class Looks:
            def forward(self):
                y = torch.ones(300, 300, requires_grad=True)
                (y @ y).sum().backward()
                default = str(torch.get_default_dtype())
                return [default, torch.get_num_threads(), float(torch.rand(1)), float(y.grad.sum())]
        """,
        "torch.set_num_threads(2)\n(x @ x).sum().backward()",
    )
    seen = []
    # Two seconds of import are more than the time limit of a unit: they are not its own.
    with open_file(path, timeout=1, seed=0, discover=DISCOVER) as opened:
        assert not opened.units
        looks, changes = sorted(opened.candidates, key=lambda found: found.description.name, reverse=True)
        for found in (looks, changes, looks):
            with found.open() as candidate:
                seen.append(candidate.call(Case({}), {}).mutated[0])
    assert seen[1] == "['torch.float64']"
    assert seen[0] == seen[2]
    assert seen[0].startswith("['torch.float32', 1, ")
    assert seen[0].endswith(", 54000000.0]")  # each of 300 x 300 elements is in 300 products, twice
