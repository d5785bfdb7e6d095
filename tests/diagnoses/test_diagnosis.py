"""The table of diagnoses, and the list that it was made from where that lies beside the checkout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backproof.diagnoses import DIAGNOSES, Severity
from backproof.diagnoses.diagnosis import _TABLE

LIST = Path(__file__).parents[3] / "shared" / "DIAGNOSES.md"
GROUPS = ("forward", "backward", "discipline", "optimizer", "code")


def test_names() -> None:
    assert len(_TABLE) == len(DIAGNOSES), "a name stands twice"
    for name, diagnosis in DIAGNOSES.items():
        assert name == diagnosis.name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)


@pytest.mark.parametrize("name", DIAGNOSES)
def test_meaning_is_one_line(name: str) -> None:
    diagnosis = DIAGNOSES[name]
    assert diagnosis.group in GROUPS
    assert diagnosis.meaning
    assert "\n" not in diagnosis.meaning
    assert not diagnosis.meaning.endswith(".")


def test_severities() -> None:
    assert [severity.value for severity in Severity] == ["error", "warning", "note"]


def published() -> dict[str, tuple[str, str]]:
    """Read name, group and severity from the table of the list; a group stands in its first row only."""
    rows, group = {}, ""
    for line in LIST.read_text("utf-8").splitlines():
        found = re.match(r"\| ?(\w*) ?\| `([a-z-]+)`\*? \|.*\| ([\w ]+) \|$", line)
        if found:
            group = found[1] or group
            rows[found[2]] = (group, found[3])
    return rows


@pytest.mark.skipif(not LIST.exists(), reason="the list of diagnoses is not beside the checkout")
def test_every_published_diagnosis_is_here() -> None:
    rows = published()
    assert rows
    assert rows.keys() <= DIAGNOSES.keys(), "a name in the list keeps its meaning"
    for name, (group, severity) in rows.items():
        assert DIAGNOSES[name].group == group
        assert DIAGNOSES[name].severity.value in severity.split(" or ")
    assert rows.keys() == DIAGNOSES.keys()
