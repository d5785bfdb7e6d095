from __future__ import annotations

import argparse
import ast
import inspect
import textwrap
import tokenize
from types import ModuleType

import pytest

from backproof.checking.reading.magics import plain

REPLACED = [
    ("%matplotlib inline", "pass"),
    ("%load_ext autoreload\n%autoreload 2\nx = 1", "pass\npass\nx = 1"),
    ("!pip install torch\nimport os", "pass\nimport os"),
    ("!!ls", "pass"),
    ("?print\nx = 1", "pass\nx = 1"),
    ("print?", "pass"),
    ("np.linalg.norm??  # how does it work", "pass"),
    ("%timeit?", "pass"),
    ("files = !ls -la\nn = len(files)", "files = []\nn = len(files)"),
    ("a.b['c'] = !ls", "a.b['c'] = []"),
    ("result = %timeit -o f()", "result = None"),
    ("%time y = f(1)", "y = f(1)"),
    ("%time", "pass"),
    ("%timeit -n 3 f(1)", "pass"),
    ("def f():\n    %time g()\n    !ls\nx = 1", "def f():\n    g()\n    pass\nx = 1"),
    ("if True:\n\t!ls\nelse:\n\tx = !ls", "if True:\n\tpass\nelse:\n\tx = []"),
    ("!echo 'it is\nx = 1", "pass\nx = 1"),
    ("!echo a \\\n  b \\\n  c\nx = 1", "pass\n\n\nx = 1"),
    ("y = !echo a \\\n  b\nx = 1", "y = []\n\nx = 1"),
    ("%%time\nx = 1", "\nx = 1"),
    ("\n%%timeit -n 10\nx = 1", "\n\nx = 1"),
    ("%%capture out\n%%time\n%pwd\nx = 1", "\n\npass\nx = 1"),
    ("%%bash\nls -la\necho x", "\n\n"),
    ("%%writefile a.py\nimport torch", "\n"),
    ("%%html\n<b>x</b>", "\n"),
    ("%%\nx", "\n"),
    ("pip install torch", "pass"),
    ("cd ../data\nx = 1", "pass\nx = 1"),
    ("/print 1\n,print a\n;print a b", "pass\npass\npass"),
    ("x = 'ünïcode?'\n!ls", "x = 'ünïcode?'\npass"),
]


@pytest.mark.parametrize(("cell", "expected"), REPLACED, ids=[repr(c) for c, _ in REPLACED])
def test_what_only_ipython_understands_is_replaced(cell: str, expected: str) -> None:
    assert plain(cell) == expected
    assert plain(cell).count("\n") == cell.count("\n")


@pytest.mark.parametrize(
    "kept",
    [
        "x = (7\n  % 4)",
        "x = 7 \\\n % 4",
        's = """\n%time\n!ls\nwhat?\n"""',
        "s = '''\n%%bash\n''' + \"\\\"!\"\n",
        "s = 'a\\\n%b'",
        "f(a,  # what?\n  [1, {2:\n 3}])",
        "x = 5  # is it right?",
        "assert a != b",
        "x = y = 3",
    ],
)
def test_python_is_left_alone_also_beside_a_magic(kept: str) -> None:
    assert plain(kept) == kept
    assert plain(f"{kept}\n!ls") == f"{kept}\npass"
    assert plain(f"%pwd\n{kept}\n!ls") == f"pass\n{kept}\npass"


@pytest.mark.parametrize("module", [argparse, ast, inspect, tokenize, textwrap], ids=lambda m: m.__name__)
def test_a_magic_behind_any_python_is_all_that_is_replaced(module: ModuleType) -> None:
    text = inspect.getsource(module)
    assert plain(text) == text
    assert plain(f"{text}\n!ls") == f"{text}\npass"


def test_what_is_wrong_stays_wrong() -> None:
    assert plain("def f(:\n  %pwd\nx = 1") == "def f(:\n  %pwd\nx = 1"
    assert plain("x = = 1\n!ls") == "x = = 1\npass"
