"""The table of planted mistakes: each in every op that can have it, caught or not, named or not.

``python -m docs.generator.planted`` writes ``docs/planted.md``; it takes some minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from backproof.checking.cases import ordinary_cases
from backproof.checking.findings import Finding
from backproof.checking.judge import judge
from backproof.checking.mistakes.forwards import FORMULA, FORWARD_MISTAKES
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import GENERIC, Planted
from backproof.checking.references import OpReference
from backproof.ops import CATALOGUE, Op
from tests.checking.planted import OpCandidate, changes_gradient, changes_output, some

__all__ = ["planted_table"]

PAGE = Path(__file__).resolve().parents[1] / "planted.md"
#: Of one mistake in one op, at most so many forms are planted.
_FORMS = 1
#: Whose mask is drawn: it is judged with its own.
_DRAWN = ("Dropout",)
_HEAD = """# Planted mistakes

Each mistake that the checker knows is planted in every op of the catalogue that can have it, and the op is
judged as if somebody had written it, in float64 and, as one that knows float32 alone, in float32. Of each
mistake one form is planted in an op. *Caught*: there is a finding. *Named*: it has the
mistake's name, as the first or as one that fits as well; where the mistake has no name of its own, that it
is caught is enough. Made by `python -m docs.generator.planted`.

| diagnosis | ops | planted | caught in float64 | named | caught in float32 | named |
|---|---|---|---|---|---|---|
"""


def _rows() -> Iterator[tuple[Op, Planted]]:
    """Give what is planted: the op, and the mistake."""
    for op in (found.main for found in CATALOGUE.values() if found.name not in _DRAWN):
        for mistake in GRADIENT_MISTAKES:
            forms = [
                p
                for p in some(list(mistake.plant(op, {}, [])), 2 * _FORMS)
                if any(changes_gradient(op, p.op, case) for case in ordinary_cases(op, 0, {}))
            ]
            yield from ((op, p) for p in forms[:_FORMS])
        for mistake in FORWARD_MISTAKES:
            if mistake.name != FORMULA:
                forms = [p for p in mistake.plant(op, {}, []) if changes_output(op, p.op)]
                yield from ((op, p) for p in forms[:_FORMS])


def _judged(op: Op, planted: Planted, *, single: bool) -> tuple[bool, bool]:
    sources = ("backward",) if planted.rules else ()
    candidate = OpCandidate(planted.op, sources=sources, single=single)
    judgement = judge(candidate, like=OpReference(op, {}))
    names: set[object] = {name for finding in judgement.findings for name in _names(finding)}
    caught = bool(judgement.findings)
    return caught, planted.diagnosis in names or (caught and planted.diagnosis in GENERIC)


def _names(finding: Finding) -> list[object]:
    also = finding.evidence.get("also") or []
    return [finding.diagnosis, *(also if isinstance(also, list) else [])]


def planted_table() -> str:
    """Plant everything, and give the page."""
    count: Counter[tuple[str, str]] = Counter()
    ops: dict[str, set[str]] = {}
    for op, planted in _rows():
        name = planted.diagnosis
        ops.setdefault(name, set()).add(op.name)
        count[name, "planted"] += 1
        for dtype in ("float64", "float32"):
            caught, named = _judged(op, planted, single=dtype == "float32")
            count[name, f"caught {dtype}"] += caught
            count[name, f"named {dtype}"] += named
    columns = ("planted", "caught float64", "named float64", "caught float32", "named float32")
    lines = [
        f"| `{name}` | {len(ops[name])} | {' | '.join(str(count[name, column]) for column in columns)} |"
        for name in sorted(ops)
    ]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(planted_table(), encoding="utf-8")
