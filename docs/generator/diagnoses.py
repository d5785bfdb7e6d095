"""Writes the pages of the diagnoses, and their index: what ``backproof explain`` shows, as Markdown."""

from __future__ import annotations

import itertools
import re

from backproof.diagnoses import DIAGNOSES, Page, read_page
from backproof.diagnoses.page import TITLES

__all__ = ["diagnoses"]

_NOTICE = (
    "<!-- Made by `make pages` from src/backproof/diagnoses: change the page or the table there, "
    "not this page. -->"
)
_INDEX = """\
What `backproof check` can find, by group. Each has a page, which `backproof explain NAME` shows as well: what
it means, how it comes about, wrong and right code, and how to mend it.

An **error** is wrong in the ordinary range: the verdict is `fail`. A **warning** is right there, and wrong or
not finite at the edges, or in a use that the case did not ask for. A **note** is a legitimate convention that
differs from PyTorch's. A name keeps its meaning; new ones may be added. How a name is come by: [how a
candidate is judged](../judging.md)."""
_BESIDE = """\
<table>
<tr><th>{left}</th><th>{right}</th></tr>
<tr><td>

```python
{wrong}```

</td><td>

```python
{correct}```

</td></tr>
</table>"""


def diagnoses() -> dict[str, str]:
    """Give every page of the diagnoses by its file name."""
    pages = {f"{name}.md": _page(read_page(name)) for name in DIAGNOSES}
    return {**pages, "README.md": _index()}


def _page(page: Page) -> str:
    about = page.diagnosis
    origin, mathematics, wrong, right, mending, related = TITLES
    parts = [
        _NOTICE,
        f"# {about.name}",
        f"**{about.severity.value}** · [{about.group}](README.md#{about.group}) · {about.meaning}",
        _linked(page.meaning, about.name),
        f"## {origin}",
        _linked(page.origin, about.name),
        f"## {mathematics}",
        page.mathematics,
        f"## {wrong} and {right.lower()}",
        _BESIDE.format(left=wrong, right=right, wrong=page.wrong, correct=page.right),
        f"## {mending}",
        _linked(page.mending, about.name),
        f"## {related}",
        _linked(page.related, about.name),
    ]
    return "\n\n".join(parts) + "\n"


def _linked(text: str, here: str) -> str:
    """Make a link of the name of each other diagnosis."""

    def link(found: re.Match[str]) -> str:
        name = found[1]
        return f"[`{name}`]({name}.md)" if name in DIAGNOSES and name != here else found[0]

    return re.sub(r"`([a-z-]+)`", link, text)


def _index() -> str:
    parts = [_NOTICE, "# Diagnoses", _INDEX]
    for group, members in itertools.groupby(DIAGNOSES.values(), lambda diagnosis: diagnosis.group):
        rows = [f"| [{d.name}]({d.name}.md) | {d.severity.value} | {d.meaning} |" for d in members]
        parts += [f"## {group}", "\n".join(["| diagnosis | severity | meaning |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"
