"""Each diagnosis has a page, and the code on it is what the page says: wrong in this way, and right."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from backproof.checking.findings import Report, Verdict
from backproof.diagnoses import DIAGNOSES, Severity, UnknownDiagnosis, read_page
from backproof.diagnoses.page import _read
from tests.diagnoses.examples import checked, checked_as_a_file

PAGES = Path(str(resources.files("backproof.diagnoses").joinpath("pages")))
NAMES = pytest.mark.parametrize("name", DIAGNOSES)
#: Two pieces of code stand side by side on a terminal of 120 columns if their lines are no longer.
LONGEST = 57

#: What only a process of its own can show: how a whole file is read, and a candidate that never ends.
IN_A_FILE = ("time-out", "cell-error")
#: What is rightly found along with the diagnosis of the page.
BESIDES: dict[str, tuple[str, str]] = {
    "epsilon-bias": ("clamped-gradient", "the epsilon that bounds the value flattens the gradient"),
    "clamped-gradient": ("epsilon-bias", "the clamp that flattens the gradient bounds the value"),
    "input-for-output": ("not-finite", "x² overflows where the square of a sigmoid does not"),
}
ALONE = sorted(DIAGNOSES.keys() - set(IN_A_FILE))


# --- The code --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALONE)
def test_the_wrong_code_is_named_so(name: str) -> None:
    judgement = checked(read_page(name).wrong)
    expected = {name, *BESIDES.get(name, ())[:1]}
    assert {finding.diagnosis for finding in judgement.findings} == expected, f"{judgement}"
    severities = {f.severity for f in judgement.findings if f.diagnosis == name}
    assert severities == {DIAGNOSES[name].severity}
    failed = DIAGNOSES[name].severity is Severity.ERROR
    assert judgement.verdict is (Verdict.FAIL if failed else Verdict.PASS)


@pytest.mark.parametrize("name", ALONE)
def test_the_right_code_passes(name: str) -> None:
    judgement = checked(read_page(name).right)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not judgement.findings, f"{judgement}"


def _found(report: Report) -> list[str]:
    units = [unit.finding.diagnosis for unit in report.units]
    return units + [f.diagnosis for judgement in report.candidates for f in judgement.findings]


@pytest.mark.parametrize("name", IN_A_FILE)
def test_the_code_of_a_file(name: str, tmp_path: Path) -> None:
    page = read_page(name)
    wrong = checked_as_a_file(page.wrong, tmp_path, timeout=2)
    assert _found(wrong) == [name]
    right = checked_as_a_file(page.right, tmp_path, timeout=60)
    assert _found(right) == []
    assert [judgement.verdict for judgement in right.candidates] == [Verdict.PASS]


def test_every_exception_is_one_of_a_diagnosis() -> None:
    assert {*IN_A_FILE, *BESIDES} <= DIAGNOSES.keys()


# --- The text --------------------------------------------------------------------------------------


def test_there_is_a_page_for_each_diagnosis_and_no_other() -> None:
    assert {path.name for path in PAGES.iterdir()} == {f"{name}.md" for name in DIAGNOSES}


@NAMES
def test_nothing_is_empty(name: str) -> None:
    page = read_page(name)
    texts = (page.meaning, page.origin, page.mathematics, page.wrong, page.right, page.mending, page.related)
    assert all(texts)
    assert page.wrong != page.right


@NAMES
def test_related_ones_are_diagnoses_and_others(name: str) -> None:
    page = read_page(name)
    items = page.related.count("\n- ") + 1
    assert len(page.related_names) == items, "each line names one diagnosis"
    assert name not in page.related_names


@NAMES
def test_what_comes_along_is_related(name: str) -> None:
    for other in BESIDES.get(name, ())[:1]:
        assert other in read_page(name).related_names


@NAMES
def test_lines_fit(name: str) -> None:
    page = read_page(name)
    assert max(len(line) for code in (page.wrong, page.right) for line in code.splitlines()) <= LONGEST


def test_an_unknown_name_is_told_its_neighbours() -> None:
    with pytest.raises(UnknownDiagnosis, match="got 'Softmax_twice'; did you mean softmax-twice"):
        read_page("Softmax_twice")
    with pytest.raises(UnknownDiagnosis, match="one is upstream-ignored, for example"):
        read_page("../diagnosis")


RIGHT = (PAGES / "raises.md").read_text(encoding="utf-8")
BAD = [
    (RIGHT.replace("# raises", "# rises"), "to begin with '# raises'"),
    (RIGHT.replace("## Wrong", "## Worse"), "got '# raises' and How it comes about, The mathematics, Worse"),
    (RIGHT.replace("## Right\n", "## Right\n\nThis is right:\n"), "expected one block of Python, got 'This"),
    (RIGHT.partition("## Related")[0], "to have the sections"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_page_that_is_none(text: str, message: str) -> None:
    assert _read(RIGHT, DIAGNOSES["raises"]) == read_page("raises")
    with pytest.raises(ValueError, match=message):
        _read(text, DIAGNOSES["raises"])
