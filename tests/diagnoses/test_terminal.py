"""The pages as a terminal shows them."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from backproof.diagnoses import DIAGNOSES, read_page
from backproof.diagnoses.terminal import show_list, show_page

NAMES = pytest.mark.parametrize("name", DIAGNOSES)


def shown(name: str, width: int, *, colour: bool = False) -> str:
    stream = io.StringIO()
    show_page(read_page(name), _console(stream, width, colour))
    return stream.getvalue()


def _console(stream: io.StringIO, width: int, colour: bool = False) -> Console:
    return Console(file=stream, width=width, color_system="standard" if colour else None)


@pytest.mark.parametrize("width", [80, 120])
def test_a_page(width: int, snapshot: SnapshotAssertion) -> None:
    assert shown("bias-correction-step", width) == snapshot


def test_the_list(snapshot: SnapshotAssertion) -> None:
    stream = io.StringIO()
    show_list(_console(stream, 100))
    assert stream.getvalue() == snapshot


@NAMES
def test_code_stands_side_by_side_where_there_is_room(name: str) -> None:
    assert re.search(r"^Wrong {3,}Right$", shown(name, 120), re.MULTILINE)
    page = read_page(name)
    for code in (page.wrong, page.right):
        indented = "".join(f"  {line}".rstrip() + "\n" for line in code.splitlines())
        assert indented in shown(name, 40), "what is piped away can be copied"


@NAMES
def test_lines_fit_and_have_no_spaces_at_their_ends(name: str) -> None:
    for line in shown(name, 120).splitlines():
        assert len(line) <= 120
        assert line == line.rstrip()


def test_what_differs_is_in_colour() -> None:
    page = shown("upstream-ignored", 120, colour=True)
    coloured = re.findall(r"\x1b\[3([12])m +(.*?) *\x1b\[0m", page)
    assert coloured == [("1", "return 1 - self.y**2"), ("2", "return grad_output * (1 - self.y**2)")]
    assert "\x1b" not in shown("upstream-ignored", 120)


def test_what_cannot_be_shown_is_replaced_everywhere() -> None:
    stream = io.StringIO()
    for name in DIAGNOSES:
        show_page(
            read_page(name), _console(stream, 120), lambda text: text.encode("ascii", "replace").decode()
        )
    show_list(_console(stream, 120), lambda text: text.encode("ascii", "replace").decode())
    assert stream.getvalue().isascii()
