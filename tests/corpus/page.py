"""Writes down how well the checker does: the page of the documentation, and the table of it in the README."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from backproof.checking.findings import Judgement
from tests.corpus.labels import DOORS, KINDS, Label
from tests.corpus.outcome import Outcome, Scored
from tests.corpus.rivals import RIVALS

__all__ = ["in_readme", "page", "with_table"]

_INTRODUCTION = """\
# How well the checker does

The corpus ([tests/corpus](../tests/corpus)) holds components written by hand, in the many ways in which
people write them, each with what a good teacher would say of it. Their authors did not look at the checker;
those who work on the checker do look at what it misses here, so code that nobody has seen fares worse. At
first sight, before anybody had looked at what it missed, it caught 92, 85, 77 and 83 % of the wrong ones of
the folders third to sixth and named 80, 78, 68 and 78 %; of their 338 right ones it accused 33.
`make score` runs the checker over all of it and writes this page.

- **caught**: the verdict is `fail`, or the mistake is named in a warning where it shows at the edges only.
- **named**: caught under the right name. It is the first or the second thing said, or said to fit as well as
  they do; of two mistakes in one component both have to be named.
- **passed**: the verdict is `pass`. **Accused**: it is `fail`."""
_RIVALS = """\
Beside it, in the same run, `torch.autograd.gradcheck`, and what many do by hand: an upstream gradient of
ones, and one element of each gradient held against a central difference, with the step and the tolerances of
`gradcheck`. Both are handed each candidate as the checker has found out to call it. They look at gradients
alone, and say nothing of optimizers, and `gradcheck` takes PyTorch's code only. Neither says which mistake it
is."""
_BEGIN, _END = "<!-- score -->", "<!-- /score -->"


def page(components: Sequence[Scored], seconds: float, jobs: int) -> str:
    """Give the page."""
    parts = [
        _INTRODUCTION,
        f"{_BEGIN}\n{_summary(components, seconds, jobs)}\n{_END}",
        _RIVALS,
        _table("By kind", components, KINDS, lambda label: label.kind),
        _table("By how it is written", components, DOORS, lambda label: label.door),
        _shortfalls(components),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def in_readme(text: str) -> str:
    """Give the part of a page that stands in the README as well."""
    return text[text.index(_BEGIN) : text.index(_END) + len(_END)]


def with_table(readme: str, table: str) -> str:
    """Put the table into the README, in the place of the one that is there.

    Raises
    ------
    ValueError
        If the README has no place for it.
    """
    found = re.search(f"{_BEGIN}.*?{_END}", readme, re.DOTALL)
    if found is None:
        raise ValueError(f"expected {_BEGIN} and {_END} in the README, found none")
    return readme[: found.start()] + table + readme[found.end() :]


def _summary(components: Sequence[Scored], seconds: float, jobs: int) -> str:
    wrong = [one for one in components if one.label.is_wrong]
    right = [one for one in components if not one.label.is_wrong]
    fitting = [[one for one in wrong if name in one.rivals] for name in RIVALS]
    caught = [sum(one.rivals[name] for one in of) for name, of in zip(RIVALS, fitting, strict=True)]
    allowed = [[one for one in right if name in one.rivals] for name in RIVALS]
    accused = [sum(one.rivals[name] for one in of) for name, of in zip(RIVALS, allowed, strict=True)]
    nothing = ["–"] * len(RIVALS)
    rows = [
        ("", "backproof", *RIVALS),
        ("---", *["--:"] * (1 + len(RIVALS))),
        (f"**{len(wrong)} wrong**: applies to", _judged(wrong), *map(len, fitting)),
        ("caught", _share(sum(one.is_caught for one in wrong), len(wrong)), *_shares(caught, wrong)),
        ("named", _share(_count(wrong, Outcome.NAMED), len(wrong)), *nothing),
        (f"**{len(right)} right**: applies to", _judged(right), *map(len, allowed)),
        ("passed", _share(_count(right, Outcome.PASSED), len(right)), *nothing),
        ("accused", _count(right, Outcome.ACCUSED), *accused),
        (f"seconds, {jobs} processes", f"{seconds:.0f}", *nothing),
    ]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _shares(counts: Iterable[int], of: Sequence[Scored]) -> list[str]:
    return [_share(count, len(of)) for count in counts]


def _judged(components: Iterable[Scored]) -> int:
    return sum(one.outcome not in (Outcome.UNJUDGED, Outcome.UNFOUND) for one in components)


def _count(components: Iterable[Scored], outcome: Outcome) -> int:
    return sum(one.outcome is outcome for one in components)


def _share(count: int, of: int) -> str:
    """Write a count with its share; only all are 100 %, and only none are 0 %.

    Examples
    --------
    >>> [_share(count, 300) for count in (0, 1, 150, 299, 300)]
    ['0', '1 (0.3 %)', '150 (50.0 %)', '299 (99.7 %)', '300 (100 %)']
    """
    if count in (0, of):
        return f"{count} (100 %)" if count else "0"
    return f"{count} ({100 * count / of:.1f} %)"


def _table(
    title: str, components: Sequence[Scored], names: Sequence[str], group: Callable[[Label], str]
) -> str:
    rows = [f"## {title}", "", "| | wrong | caught | named | right | passed |", "|---|--:|--:|--:|--:|--:|"]
    for name in names:
        wrong = [one for one in components if group(one.label) == name and one.label.is_wrong]
        right = [one for one in components if group(one.label) == name and not one.label.is_wrong]
        if wrong or right:
            counts = (
                len(wrong),
                sum(one.is_caught for one in wrong),
                _count(wrong, Outcome.NAMED),
                len(right),
                _count(right, Outcome.PASSED),
            )
            rows.append(f"| {name} | {' | '.join(map(str, counts))} |")
    return "\n".join(rows)


def _shortfalls(components: Sequence[Scored]) -> str:
    """List what is not as its label says, and right code with a warning that its label does not have."""
    parts = []
    for outcome in Outcome:
        of_it = [one for one in components if one.outcome is outcome and not one.is_as_labelled]
        if of_it:
            lines = "\n".join(_line(one) for one in of_it)
            parts.append(f"## {outcome.capitalize()}: {len(of_it)}\n\n{lines}")
    warned = [one for one in components if one.unexpected]
    if warned:
        lines = "\n".join(f"- `{one.label}`: {', '.join(one.unexpected)}" for one in warned)
        parts.append(f"## Right, with a warning that its label does not have: {len(warned)}\n\n{lines}")
    return "\n\n".join(parts)


def _line(one: Scored) -> str:
    label = one.label
    wanted = f" should be {' or '.join(label.expect)} ({label.why})" if label.expect else f" {label.why}"
    return f"- `{label}`:{wanted}{_said(one.judgement)}"


def _said(judgement: Judgement | None) -> str:
    if judgement is None:
        return ""
    findings = ", ".join(dict.fromkeys(f.diagnosis for f in judgement.findings))
    reason = f"; {judgement.reason}" if judgement.reason else ""
    return f". Said: {judgement.verdict}{f', {findings}' if findings else ''}{reason}"
