"""Turns a docstring into Markdown: its formulas stay the text that they are."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

__all__ = ["anchor", "anchors", "body", "escaped", "summary"]

#: What opens a paragraph of its own kind, in bold on the page.
_LABELS = ("Shapes:", "Source:", "Raises:")
_CODE = re.compile(r"``(?P<literal>.+?)``|`(?P<name>[^`]+)`", re.DOTALL)


def summary(docstring: str | None) -> str:
    """Give the first paragraph, on one line, without its full stop.

    Examples
    --------
    >>> summary("Softplus: a smooth ReLU.")
    'Softplus: a smooth ReLU'
    """
    first = inspect.cleandoc(docstring or "").split("\n\n")[0]
    return escaped(" ".join(first.split())).removesuffix(".")


def body(docstring: str | None) -> str:
    """Give what follows the first paragraph, as Markdown."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(docstring or ""))[1:]
    return "\n\n".join(_merged(_block(paragraph) for paragraph in paragraphs))


def _block(paragraph: str) -> str:
    """Turn one paragraph into Markdown."""
    if heading := re.match(r"(\w[\w ]*)\n-{3,}\n?", paragraph):
        content = paragraph[heading.end() :]
        return _raises(content) if heading[1] == "Raises" else _block(content)
    if paragraph.startswith(">>>"):
        return f"```python\n{paragraph}\n```"
    if paragraph.startswith("    "):
        return f"```\n{textwrap.dedent(paragraph)}\n```"
    for label in _LABELS:
        if paragraph.startswith(label):
            return f"**{label}**{escaped(paragraph.removeprefix(label))}"
    return escaped(paragraph)


def _raises(content: str) -> str:
    """Turn a list of exceptions, each with its indented reason, into a paragraph."""
    named = re.split(r"^(?=\S)", content, flags=re.MULTILINE)
    reasons = []
    for entry in filter(None, named):
        exception, _, reason = entry.partition("\n")
        words = escaped(" ".join(reason.split()))
        reasons.append(f"`{exception.strip()}` {words[:1].lower()}{words[1:]}")
    return f"**Raises:** {' '.join(reasons)}"


def _merged(blocks: Iterator[str]) -> Iterator[str]:
    """Join examples that a blank line parts into one."""
    held = ""
    for block in blocks:
        if held.endswith("\n```") and block.startswith("```python") and held.startswith("```python"):
            held = held.removesuffix("```") + "\n" + block.removeprefix("```python\n")
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def escaped(text: str) -> str:
    r"""Write a docstring's text as Markdown: code as code, and no sign that Markdown would take for its own.

    Examples
    --------
    >>> escaped("with a_1 < ``eps`` and |x|*y")
    'with a_1 &lt; `eps` and |x|\\*y'
    """
    parts, end = [], 0
    for code in _CODE.finditer(text):
        content = (code["literal"] or code["name"]).replace("\n", " ")
        parts += [_quoted(text[end : code.start()]), f"`{content}`"]
        end = code.end()
    return "".join([*parts, _quoted(text[end:])])


def _quoted(text: str) -> str:
    # An underscore inside a word is none of Markdown's.
    return re.sub(r"([*\\]|(?<!\w)_|_(?!\w)|\](?=\())", r"\\\1", text).replace("<", "&lt;")


def anchor(heading: str) -> str:
    """Give the anchor that GitHub makes of a heading.

    Examples
    --------
    >>> anchor("Straight lines, on either side of `zero`")
    'straight-lines-on-either-side-of-zero'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: str) -> dict[str, str]:
    r"""Give the anchor of each heading of a page; of two headings that are alike the second is numbered.

    Of headings that are the same the last is given.

    Examples
    --------
    >>> anchors("## Dropout\n\n### Dropout\n")
    {'Dropout': 'dropout-1'}
    """
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    outside = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.+)$", outside, flags=re.MULTILINE):
        made = anchor(heading)
        count = seen[made] = seen.get(made, -1) + 1
        found[heading] = f"{made}-{count}" if count else made
    return found
