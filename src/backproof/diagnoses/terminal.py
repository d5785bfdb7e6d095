"""The pages for a terminal, and for what they are piped into."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from backproof.diagnoses.diagnosis import DIAGNOSES, Severity
from backproof.diagnoses.page import TITLES, Page

__all__ = ["show_list", "show_page"]

Clean = Callable[[str], str]

_SEVERITIES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
#: Prose in longer lines is hard to read, however wide the terminal is.
_WIDEST = 100
#: Between wrong and right code.
_GAP = 3
_FENCE = re.compile(r"```text\n(.*?)\n```", re.DOTALL)


def show_page(page: Page, console: Console, clean: Clean = str) -> None:
    """Print a page.

    Colour and width are the console's; wrong and right code stand side by side where there is room,
    with the lines in colour that differ. ``clean`` replaces what the terminal cannot show.

    Examples
    --------
    >>> from backproof.diagnoses import read_page
    >>> show_page(read_page("gradient-sign"), Console(width=80))
    gradient-sign  error  backward
    <BLANKLINE>
    The gradient has the opposite sign. Each step of the optimizer then goes uphill.
    ...
    """
    diagnosis = page.diagnosis
    out = _Printer(console, clean)
    severity = (diagnosis.severity.value, _SEVERITIES[diagnosis.severity])
    out.line(Text.assemble((diagnosis.name, "bold"), "  ", severity, "  ", (diagnosis.group, "dim")))
    out.prose(page.meaning)
    origin, mathematics, wrong, right, mending, related = TITLES
    for title, text in ((origin, page.origin), (mathematics, page.mathematics)):
        out.title(title)
        out.prose(text)
    out.beside((wrong, page.wrong, "red"), (right, page.right, "green"))
    for title, text in ((mending, page.mending), (related, page.related)):
        out.title(title)
        out.prose(text)


def show_list(console: Console, clean: Clean = str) -> None:
    """Print every diagnosis with its severity and its meaning in a line, group by group."""
    out = _Printer(console, clean)
    named = max(map(len, DIAGNOSES)) + 2
    for group, members in itertools.groupby(DIAGNOSES.values(), lambda diagnosis: diagnosis.group):
        out.line(Text(group, "bold"))
        for diagnosis in members:
            style = _SEVERITIES[diagnosis.severity]
            severity = Text(diagnosis.severity.value.ljust(len(Severity.WARNING) + 2), style)
            out.hanging(Text("  ") + Text(diagnosis.name.ljust(named)) + severity, diagnosis.meaning)
        out.line(Text())
    out.line(Text("backproof explain NAME says more of each."))


class _Printer:
    """Prints lines on one console, without spaces at their ends."""

    def __init__(self, console: Console, clean: Clean) -> None:
        self.console, self.clean = console, clean
        self.width = min(console.width, _WIDEST)

    def line(self, text: Text) -> None:
        """Print a line as it stands."""
        text.rstrip()
        self.console.print(text, soft_wrap=True, highlight=False)

    def title(self, title: str) -> None:
        """Print the title of a section."""
        self.line(Text())
        self.line(Text(title, "bold"))

    def prose(self, text: str) -> None:
        """Print paragraphs, lists and formulas, each with an empty line before it."""
        for formula, block in _blocks(text):
            self.line(Text())
            if formula:
                for row in self.clean(block).split("\n"):
                    self.line(Text(f"    {row}"))
            elif block.startswith("- "):
                for item in block.removeprefix("- ").split("\n- "):
                    self.hanging(Text("- "), item)
            else:
                self.hanging(Text(), block)

    def hanging(self, start: Text, text: str) -> None:
        """Print a paragraph whose first line begins with a start, and the others below its end."""
        words = Text(self.clean(" ".join(text.split())))
        words.highlight_regex(r"`[^`]+`", "cyan")
        indent = start.cell_len
        for row in words.wrap(self.console, max(self.width - indent, 20)):
            self.line(start + row)
            start = Text(" " * indent)

    def beside(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> None:
        """Print two pieces of code, each with a title and the colour of what the other has not."""
        changed = _changed(left[1].splitlines(), right[1].splitlines())
        columns = [
            [Text(title, f"bold {colour}"), Text(), *self.code(code, rows, colour)]
            for (title, code, colour), rows in zip((left, right), changed, strict=True)
        ]
        width = max(row.cell_len for row in columns[0]) + _GAP
        self.line(Text())
        if width + max(row.cell_len for row in columns[1]) > self.console.width:
            for row in (*columns[0], Text(), *columns[1]):
                self.line(row)
            return
        for first, second in itertools.zip_longest(*columns, fillvalue=Text()):
            self.line(first + Text(" " * (width - first.cell_len)) + second)

    def code(self, code: str, changed: set[int], colour: str) -> Iterator[Text]:
        """Give the lines of code, indented."""
        for number, row in enumerate(self.clean(code).splitlines()):
            yield Text(f"  {row}", colour if number in changed else "")


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Give the paragraphs, lists and formulas of a section, and of each whether it is a formula."""
    for number, part in enumerate(_FENCE.split(text)):
        if number % 2:
            yield True, part
        else:
            yield from ((False, block.strip()) for block in part.split("\n\n") if block.strip())


def _changed(wrong: Sequence[str], right: Sequence[str]) -> tuple[set[int], set[int]]:
    """Give the numbers of the lines that the other one does not have."""
    here: tuple[set[int], set[int]] = (set(), set())
    for tag, a, b, c, d in difflib.SequenceMatcher(None, wrong, right, autojunk=False).get_opcodes():
        if tag != "equal":
            here[0].update(range(a, b))
            here[1].update(range(c, d))
    return here
