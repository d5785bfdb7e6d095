"""The hook for pre-commit: what it is, and that its entry does what a commit needs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

HOOK = (Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
RIGHT = """
import numpy as np
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad_output):
        return grad_output * (1 - self.y**2)
"""


def field(name: str) -> str:
    (value,) = re.findall(rf"^[- ] {name}: ([^#\n]*?)\s*(?:#.*)?$", HOOK, re.MULTILINE)
    return str(value)


def test_it_takes_python_and_notebooks_all_at_once() -> None:
    assert field("id") == "backproof"
    assert field("types_or") == "[python, jupyter]"
    assert field("require_serial") == "true"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (RIGHT, 0, "1 pass"),
        (RIGHT.replace("grad_output * (1", "(1"), 1, "upstream-ignored"),
        ("x = 1\n", 0, "0 candidates"),
        ("", 0, "0 candidates"),
        ("def f(:\n", 2, "syntax error"),
    ],
)
def test_its_entry(text: str, status: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text)
    program, *arguments = shlex.split(field("entry"))
    assert program == "backproof"
    ended = subprocess.run(
        [sys.executable, "-m", program, *arguments, "a.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (status, "")
    assert said in ended.stdout
