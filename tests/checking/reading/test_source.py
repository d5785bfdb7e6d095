from __future__ import annotations

import argparse
import ast
import codecs
import inspect
import json
import logging
import os
import textwrap
import tokenize
import unittest
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Source, Unit, Unreadable, read
from tests.checking.files import cell, document, notebook, script

BOOK = json.dumps(document(["x = 1"]))

nothing_logged = unittest.TestCase().assertNoLogs


def units(path: Path) -> list[tuple[int, str]]:
    return [(unit.line, unit.code) for unit in read(path).units]


def test_each_statement_of_a_script_is_a_unit(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        '''\
        """Its docstring,
        in two lines."""

        from __future__ import annotations
        # a comment
        @decorated(
            1)
        class A:
            x = 1

            y = 2
        a = 1; b = 2; c = """
        text
        """; d = 4
        e = \\
            5
        while True:
            pass
        ''',
    )
    assert units(path) == [
        (1, '"""Its docstring,\nin two lines."""'),
        (4, "from __future__ import annotations"),
        (6, "@decorated(\n    1)\nclass A:\n    x = 1\n\n    y = 2"),
        (12, 'a = 1; b = 2; c = """\ntext\n"""; d = 4'),
        (15, "e = \\\n    5"),
        (17, "while True:\n    pass"),
    ]


def test_statements_joined_by_a_backslash_stay_together(tmp_path: Path) -> None:
    assert units(script(tmp_path, "a = 1; \\\nb = 2\nc = 3")) == [(1, "a = 1; \\\nb = 2"), (3, "c = 3")]


@pytest.mark.parametrize("module", [argparse, ast, inspect, tokenize, textwrap], ids=lambda m: m.__name__)
def test_units_have_the_lines_of_the_file(module: ModuleType) -> None:
    source = read(str(module.__file__))
    found = [node for unit in source.units for node in unit.tree.body]
    expected = ast.parse(inspect.getsource(module)).body
    assert [ast.dump(n, include_attributes=True) for n in found] == [
        ast.dump(n, include_attributes=True) for n in expected
    ]
    assert {unit.filename for unit in source.units} == {source.path} == {module.__file__}


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + "name = 'ünïcødé'\nclass A:\n\tx = 1\n".encode(),
        "name = 'ünïcødé'\r\nclass A:\r\n\tx = 1\r\n".encode(),
        "name = 'ünïcødé'\rclass A:\r\tx = 1".encode(),
        "# -*- coding: latin-1 -*-\nname = 'ünïcødé'\n\x0cclass A:\n\tx = 1".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nname = 'ünïcødé'\nclass A:\n\tx = 1".encode(
            "cp1252"
        ),
    ],
)
def test_line_ends_and_encodings(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ünï cødé.py"
    path.write_bytes(content)
    first, second = read(path).units
    assert first.code == "name = 'ünïcødé'"
    assert second.code.strip("\x0c") == "class A:\n\tx = 1"


def test_code_cells_are_units_counted_over_all_cells(tmp_path: Path) -> None:
    path = notebook(
        tmp_path,
        cell("# A title", "markdown"),
        "%matplotlib inline\nx = 1\n",
        cell("raw", "raw"),
        cell("") | {"source": ["y = 1\r\n", "z = 'ünï'"]},
        "",
    )
    source = read(path)
    assert source.is_notebook
    assert [(unit.cell, unit.line, unit.code, unit.fault) for unit in source.units] == [
        (1, 1, "pass\nx = 1\n", None),
        (3, 1, "y = 1\nz = 'ünï'", None),
        (4, 1, "", None),
    ]
    assert [unit.filename for unit in source.units] == [f"{path}#cell-{number}" for number in (1, 3, 4)]
    assert {unit.file for unit in source.units} == {source.file} == {str(path)}


def test_a_cell_that_is_no_python_is_a_unit_with_a_fault(tmp_path: Path) -> None:
    good, bad, null, last = read(notebook(tmp_path, "x = 1", "y = 1\nz = = 2", "a\0b", "return 3")).units
    assert good.fault is None
    assert bad.fault
    assert (bad.fault.type, bad.fault.line, bad.fault.text) == ("SyntaxError", 2, "z = = 2")
    assert bad.tree.body == []
    assert null.fault
    assert "null bytes" in null.fault.message
    assert last.fault is None  # as in IPython, found when the statement is compiled


def test_a_notebook_of_version_3(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Title"},
        {
            "cell_type": "code",
            "collapsed": False,
            "input": ["x = 1\n", "!ls"],
            "language": "python",
            "outputs": [],
        },
        {"cell_type": "code", "input": "y = 2", "outputs": []},  # no language, which is not valid
    ]
    path = tmp_path / "old.ipynb"
    path.write_text(
        json.dumps(
            {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
        )
    )
    with nothing_logged(level=logging.DEBUG):
        source = read(path)
    assert [(unit.cell, unit.code) for unit in source.units] == [(1, "x = 1\npass"), (2, "y = 2")]


_CODE = {"cell_type": "code", "source": "x = 1"}
_OLD = {"cell_type": "code", "input": "x = 1"}


@pytest.mark.parametrize(
    "document",
    [
        {"nbformat": 4, "cells": [_CODE]},
        {"nbformat": 4, "nbformat_minor": 5, "metadata": None, "cells": [_CODE | {"metadata": None}]},
        {"nbformat": 4, "metadata": {"kernelspec": None}, "cells": [_CODE | {"outputs": [{"a": 1}]}]},
        {"nbformat": 4, "metadata": {}, "cells": [_CODE | {"outputs": None}]},
        {"nbformat": 3, "worksheets": [{"cells": [_OLD]}]},
        {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [_OLD | {"outputs": [{"a": 1}]}]}]},
    ],
)
def test_what_a_tool_left_out_of_a_notebook_is_not_missed(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "bare.ipynb"
    path.write_text(json.dumps(document))
    assert [unit.code for unit in read(path).units] == ["x = 1"]


def test_what_nbformat_finds_invalid_but_can_be_read_is_read_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = document([cell("x = 1") | {"id": "a b", "strange": 1}] * 2) | {"nbformat_minor": 99}
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps(content))
    with warnings.catch_warnings(), nothing_logged(level=logging.DEBUG):
        warnings.simplefilter("error")
        assert len(read(path).units) == 2
    assert capfd.readouterr() == ("", "")


UNREADABLE: list[tuple[str, bytes | None, str]] = [
    ("gone.py", None, "does not exist"),
    ("gone\0.py", None, "does not exist"),
    ("a.txt", b"x = 1", "is neither a .py nor an .ipynb file (its name ends in '.txt')"),
    ("a", b"x = 1", "is neither a .py nor an .ipynb file (its name ends in '')"),
    ("empty.ipynb", b"", "is empty"),
    ("bad.py", b"x = 1\ny = = 2\n", "has a syntax error in line 2: invalid syntax: y = = 2"),
    ("bad.py", b"x = 1\nreturn 3\n", "has a syntax error in line 2: 'return' outside function"),
    ("bad.py", b"if x:\ny = 2\n", "has a syntax error in line 2: expected an indented block"),
    ("bad.py", b"x = 1\n\tif y: pass\n", "has a syntax error in line 2: unexpected indent"),
    ("null.py", b"x = 1\0\n", "has a syntax error: source code string cannot contain null bytes"),
    ("deep.py", b"(" * 1000, "has a syntax error in line 1: too many nested parentheses"),
    ("latin.py", "x = 'é'".encode("latin-1"), "save it as UTF-8"),
    (
        "latin.py",
        b"x = 1\n" * 3 + "y = 'é'".encode("latin-1"),
        "is not utf-8 text (byte 0xe9 at position 23)",
    ),
    ("cookie.py", b"# coding: klingon\nx = 1", "has no readable encoding: unknown encoding: klingon"),
    ("utf16.py", "x = 1".encode("utf-16"), "has no readable encoding"),
    ("text.ipynb", b"hello", "is no notebook: it is no JSON (Expecting value, line 1, column 1)"),
    ("cut.ipynb", BOOK[:-10].encode(), "is no notebook: it is no JSON"),
    ("latin.ipynb", BOOK.encode() + b"\xe9", "is no notebook: it is not UTF-8 text (position"),
    ("list.ipynb", b"[1, 2]", "is no notebook: it is JSON, but has no nbformat"),
    ("deep.ipynb", b"[" * 100_000, "is no notebook: its JSON is nested too deeply"),
    ("other.ipynb", b'{"a": 1}', "is no notebook: it is JSON, but has no nbformat"),
    ("bare.ipynb", b'{"nbformat": 4, "nbformat_minor": 5}', "is no valid notebook: "),
    ("new.ipynb", BOOK.replace('"nbformat": 4', '"nbformat": 77').encode(), "is no valid notebook: "),
    ("odd.ipynb", BOOK.replace('"nbformat": 4', '"nbformat": "x"').encode(), "is no valid notebook: "),
    ("odd.ipynb", BOOK.replace('"x = 1"', "17").encode(), "is no valid notebook: "),
    ("odd.ipynb", BOOK.replace('"x = 1"', "[1]").encode(), "is no valid notebook: "),
    ("odd.ipynb", BOOK.replace('"source": "x = 1"', '"text": "x"').encode(), "is no valid notebook: "),
    (
        "r.ipynb",
        json.dumps(document(["x <- 1"], kernelspec={"language": "R", "name": "ir"})).encode(),
        "is a notebook in R, not in Python",
    ),
    ("big.py", b"#" * 20_000_001, "has 20 MB; at most 20 MB are read"),
    ("big.ipynb", b" " * 30_000_000, "has 30 MB; at most 20 MB are read; clear the notebook's outputs"),
]


@pytest.mark.parametrize(
    ("name", "content", "message"), UNREADABLE, ids=[f"{n!r}-{m}" for n, _, m in UNREADABLE]
)
def test_what_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path} ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_other_things_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to("nothing.py")
    path = script(tmp_path, "x = 1")
    for name, message in [
        ("folder.py", "is a folder"),
        ("pipe.py", "ordinary"),
        ("link.py", "does not exist"),
    ]:
        with pytest.raises(Unreadable, match=message):
            read(tmp_path / name)

    def refuse(*_: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(Unreadable, match="cannot be read: Permission denied"):
        read(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"language": "python", "name": "python3"}},
        {"language_info": {"name": "python"}},
        {"language_info": {"name": "ipython"}},
        {"kernelspec": None, "language_info": {"name": 3}},
    ],
)
def test_notebooks_in_python(tmp_path: Path, metadata: dict[str, Any]) -> None:
    path = tmp_path / "book.ipynb"
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(document(["x = 1"], **metadata)).encode())
    assert len(read(path).units) == 1


def test_strange_escapes_of_the_user_are_no_warning_of_ours(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in (script(tmp_path, r"x = '\d'"), notebook(tmp_path, r"x = '\d'", "!ls\nx = '\\d' is 3")):
            for unit in read(path).units:
                assert unit.tree.body


def test_remarks_are_read_along(tmp_path: Path) -> None:
    text = "# backproof: like=mse\nclass A: pass\n# backproof: lik=mse\n"
    of_script = read(script(tmp_path, text))
    of_notebook = read(notebook(tmp_path, "x = = 1  # backproof: like=nothing", f"!ls\n{text}"))
    assert of_script.remarks == of_notebook.remarks == {"A": Remark("mse")}
    (complaint,) = of_script.complaints
    assert complaint.startswith(f"{tmp_path}/script.py, line 3: expected")
    (complaint,) = of_notebook.complaints
    assert complaint.startswith(f"{tmp_path}/book.ipynb, cell 1, line 4: expected")


def test_a_relative_path_stays_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "x = 1")
    monkeypatch.chdir(tmp_path)
    source = read("script.py")
    assert source == Source("script.py", f"{tmp_path}/script.py", source.units)
    assert source.units == (Unit("script.py", None, 1, "x = 1", f"{tmp_path}/script.py"),)


@pytest.mark.parametrize("content", [b"", b" \n", b"# nothing yet\n"])
def test_an_empty_script_is_a_script(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "__init__.py").write_bytes(content)
    assert read(tmp_path / "__init__.py").units == ()
