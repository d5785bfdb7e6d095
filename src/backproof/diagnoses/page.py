"""The page of a diagnosis: a Markdown file, read when it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backproof.diagnoses.diagnosis import DIAGNOSES, Diagnosis, find

__all__ = ["Page", "read_page"]

#: What stands below a page's introduction, in this order.
TITLES = ("How it comes about", "The mathematics", "Wrong", "Right", "How to mend it", "Related")
_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
_NAME = re.compile(r"`([a-z]+(?:-[a-z]+)*)`")


@dataclass(frozen=True)
class Page:
    """What there is to say about a diagnosis, in Markdown.

    Attributes
    ----------
    diagnosis
        What it is about.
    meaning
        What the diagnosis means, in a few sentences.
    origin
        How the mistake comes about.
    mathematics
        The formulas, in the signs of books: they read the same on a terminal.
    wrong, right
        A small component with the mistake, and without: Python that runs as it stands.
    mending
        What to do.
    related
        The diagnoses that it is easily taken for, or that come along with it, each with the reason.
    """

    diagnosis: Diagnosis
    meaning: str
    origin: str
    mathematics: str
    wrong: str
    right: str
    mending: str
    related: str

    @property
    def related_names(self) -> tuple[str, ...]:
        """Give the names of the related diagnoses, in their order."""
        return tuple(dict.fromkeys(name for name in _NAME.findall(self.related) if name in DIAGNOSES))


def read_page(name: str) -> Page:
    """Read the page of a diagnosis.

    Raises
    ------
    UnknownDiagnosis
        If no diagnosis has the name.

    Examples
    --------
    >>> read_page("upstream-ignored").related_names
    ('upstream-as-input', 'gradient-scale')
    """
    from importlib import resources

    diagnosis = find(name)
    source = resources.files("backproof.diagnoses").joinpath("pages", f"{diagnosis.name}.md")
    return _read(source.read_text(encoding="utf-8"), diagnosis)


def _read(text: str, diagnosis: Diagnosis) -> Page:
    """Take a page apart.

    Raises
    ------
    ValueError
        If a section is missing, or another is there.
    """
    start, *rest = _HEADING.split(text)
    titles, sections = tuple(rest[::2]), [section.strip() for section in rest[1::2]]
    title = f"# {diagnosis.name}\n"
    if not start.startswith(title) or titles != TITLES:
        raise ValueError(
            f"expected the page of {diagnosis.name} to begin with {title.strip()!r} and to have the sections "
            f"{', '.join(TITLES)}; got {start.partition(chr(10))[0]!r} and {', '.join(titles)}"
        )
    origin, mathematics, wrong, right, mending, related = sections
    meaning = start.removeprefix(title).strip()
    return Page(diagnosis, meaning, origin, mathematics, _code(wrong), _code(right), mending, related)


def _code(section: str) -> str:
    """Take the Python out of its fence.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    found = _CODE.fullmatch(section)
    if found is None:
        raise ValueError(f"expected one block of Python, got {section!r}")
    return found[1]
