"""Registered = exported = documented = tested, and the pages are what the catalogues make today.

The pages are compared letter by letter: they are made from the docstrings, from the pages of the
diagnoses and from the figures in ``docs/accuracy.json``, not from new measurements. What is measured,
and every stroke of a picture, depends on the machine's mathematical library and on matplotlib; of
pictures only the words are compared.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from backproof.diagnoses import DIAGNOSES
from backproof.ops import CATALOGUE, Op
from backproof.updates import CATALOGUE as UPDATES
from docs.generator.__main__ import DOCS, FIGURES, pictures_of, texts
from docs.generator.docstrings import anchors
from docs.generator.doors import ELEMENTARY, is_ours, torch_name
from docs.generator.reasons import REASONS
from docs.generator.reference import KINDS, picture_path
from docs.generator.results import flags, load, unexplained
from tests.ops.examples import FLOATS
from tests.ops.true_values import TRUTHS, WITHOUT, op_of

REFERENCE = DOCS / "reference"
DIAGNOSED = DOCS / "diagnoses"
PAGES = [*DOCS.glob("*.md"), *REFERENCE.glob("*.md"), *DIAGNOSED.glob("*.md")]
#: Ops that are no modules, and why.
NO_MODULES: dict[str, str] = {}

OPS = pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)
RULES = pytest.mark.parametrize("name", sorted(UPDATES))


@functools.cache
def made() -> dict[str, str]:
    return texts()


@functools.cache
def committed(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


# --- Registered = exported = documented = tested -----------------------------------------------

MODULES = [op for op in CATALOGUE.values() if op.room == "torch.nn"]


@pytest.mark.parametrize("door", ["backproof.nn", "backproof.torch.nn"])
@pytest.mark.parametrize("op", MODULES, ids=lambda op: op.name)
def test_registered_op_is_exported(op: Op, door: str) -> None:
    assert is_ours(door, op.name) != (op.name in NO_MODULES)


@pytest.mark.parametrize("door", ["backproof.optim", "backproof.torch.optim"])
@RULES
def test_registered_update_rule_is_exported(name: str, door: str) -> None:
    assert is_ours(door, name)


def test_what_is_pytorchs_own_is_not_taken_for_ours() -> None:
    assert not is_ours("backproof.torch.nn", "Transformer")
    assert not is_ours("backproof.torch.optim", "LBFGS")


@OPS
def test_registered_op_is_documented(op: Op) -> None:
    assert f"\n### {op.name}\n" in committed(KINDS[op.kind].file)


@RULES
def test_registered_update_rule_is_documented(name: str) -> None:
    assert f"\n## {name}\n" in committed("updates.md")


@OPS
def test_registered_op_is_tested(op: Op) -> None:
    assert op.name in {op_of(row).name for row in (*TRUTHS, *WITHOUT)}


@pytest.mark.parametrize("file", [kind.file for kind in KINDS.values()])
def test_documented_is_registered(file: str) -> None:
    named = re.findall(r"^### (.+)$", committed(file), re.MULTILINE)
    kind = next(name for name, kind in KINDS.items() if kind.file == file)
    assert sorted(named) == sorted(op.name for op in CATALOGUE.values() if op.kind == kind)


@pytest.mark.parametrize("name", DIAGNOSES)
def test_registered_diagnosis_is_documented(name: str) -> None:
    page = (DIAGNOSED / f"{name}.md").read_text(encoding="utf-8")
    assert f"\n# {name}\n" in page
    assert f"[{name}]({name}.md)" in (DIAGNOSED / "README.md").read_text(encoding="utf-8")


# --- The pages are those of today --------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [*(f"{path.parent.name}/{path.name}" for path in PAGES if path.parent != DOCS), "accuracy.md"]
)
def test_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == made()[name], "run `make pages`"


def test_every_page_is_there() -> None:
    written = {path.relative_to(DOCS).as_posix() for path in PAGES if path.parent != DOCS}
    assert written | {"accuracy.md"} == made().keys()


@OPS
def test_picture_is_there_if_there_is_one(op: Op) -> None:
    path = picture_path(op)
    if path is not None:
        assert f"({path})" in committed(KINDS[op.kind].file)
        assert (REFERENCE / path).read_text(encoding="utf-8").startswith("<svg")


def test_no_picture_is_left_over() -> None:
    drawn = {path.relative_to(REFERENCE).as_posix() for path in REFERENCE.rglob("*.svg")}
    shown = {path for op in CATALOGUE.values() if (path := picture_path(op))}
    assert drawn == shown | {"pictures/updates.svg", "pictures/schedules.svg"}


@pytest.mark.parametrize("name", ["GELU", "Hardshrink", "BCELoss"])
def test_picture_says_what_it_is(name: str) -> None:
    [(path, drawn)] = pictures_of(CATALOGUE[name]).items()
    words = r"<text[^>]*>([^<]*)</text>"
    assert re.findall(words, drawn) == re.findall(words, (DOCS / path).read_text(encoding="utf-8"))


# --- Links -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, place = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), target
        if place:
            assert place in anchors(there.read_text(encoding="utf-8")).values(), target


@OPS
def test_pytorchs_name_is_one(op: Op) -> None:
    nothing = op.kind == "elementary" and ELEMENTARY.get(op.name, op.name) is None
    assert (torch_name(op.kind, op.name) is None) == nothing


# --- Accuracy ----------------------------------------------------------------------------------


def test_every_row_of_true_values_was_measured() -> None:
    rows = [(row.op, row.result, row.dtype) for row in load(FIGURES).rows]
    expected = [
        (name, result, dtype.__name__)
        for name in TRUTHS
        for dtype in FLOATS
        for result in ("output", *op_of(name).rules)
    ]
    assert sorted(rows) == sorted(expected), "run `make docs`"


def test_every_exception_has_its_reason() -> None:
    assert not unexplained(load(FIGURES))


def test_every_reason_is_needed() -> None:
    measured = load(FIGURES)
    flagged = {(row.op, row.result) for row in measured.rows if flags(row, measured.floor(row.dtype))}
    assert REASONS.keys() <= flagged
