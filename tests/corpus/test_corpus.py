"""The corpus is well formed, a few of its components are judged as labelled, the README shows its score."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from backproof.checking.findings import Finding, Judgement, Verdict
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings
from backproof.diagnoses import DIAGNOSES
from tests.corpus.labels import CORPUS, DOORS, KINDS, Label, load
from tests.corpus.outcome import Outcome, hold
from tests.corpus.page import in_readme, page, with_table
from tests.corpus.rivals import RIVALS
from tests.corpus.score import with_rivals

ROOT = CORPUS.parents[1]
LABELS = load()
#: Components that are judged here, by their file.
SAMPLE = {
    "first/wrong/layers_keeping_masks.py": ("Sigmoid", "Affine", "SoftmaxWithLoss"),
    "first/right/layers_keeping_masks.py": ("Relu", "Sigmoid", "Affine"),
    "second/wrong/plain_optimizers.py": ("SGD", "Adam"),
    "second/wrong/custom_activations.py": ("MyReLU", "MyTanh"),
}


def _labels_of(sample: dict[str, tuple[str, ...]]) -> list[Label]:
    return [label for label in LABELS if label.name in sample.get(label.file, ())]


def test_there_are_enough() -> None:
    assert sum(label.is_wrong for label in LABELS) >= 150
    assert sum(not label.is_wrong for label in LABELS) >= 100


def test_each_component_has_one_label() -> None:
    assert [one for one, count in Counter(map(str, LABELS)).items() if count > 1] == []


def test_every_file_is_labelled_and_every_label_has_its_file() -> None:
    there = {
        path.relative_to(CORPUS).as_posix()
        for kind in ("right", "wrong")
        for path in CORPUS.glob(f"*/{kind}/*")
        if path.suffix in (".py", ".ipynb")
    }
    assert there == {label.file for label in LABELS}


def _faults(label: Label) -> list[str]:
    says = {
        "names no diagnosis": {*label.expect, *label.notes} <= DIAGNOSES.keys(),
        "has no such kind": label.kind in KINDS,
        "has no such door": label.door in DOORS,
        "does not say why": bool(label.why),
        "notes what it expects": not set(label.expect) & set(label.notes),
        "has two mistakes, but not their names": not label.both or len(label.expect) > 1,
        "is wrong, in a right file": not (label.is_wrong and "/right/" in label.file),
        "is not in its file": label.name in (CORPUS / label.file).read_text(encoding="utf-8"),
    }
    return [f"{label} {fault}" for fault, is_so in says.items() if not is_so]


def test_every_label_is_well_formed() -> None:
    assert [fault for label in LABELS for fault in _faults(label)] == []


def test_a_sample_is_judged_as_labelled() -> None:
    paths = [f"{CORPUS / file}::{name}" for file, names in SAMPLE.items() for name in names]
    report = check_paths(paths, Settings(jobs=2))
    assert report.errors == []
    scored = hold(_labels_of(SAMPLE), report.candidates)
    assert {str(one.label): one.outcome for one in scored if not one.is_as_labelled} == {}
    assert len(scored) == len(paths)


# --- Holding against a label ---------------------------------------------------------------------


def _judged(*findings: Finding, verdict: Verdict = Verdict.FAIL, file: str = "a.py") -> Judgement:
    return Judgement("A", "activation", "numpy-class", verdict, findings=[*findings], file=str(CORPUS / file))


def _label(*expect: str, both: bool = False) -> Label:
    return Label(
        file="a.py", name="A", expect=expect, kind="activation", door="numpy", why="because", both=both
    )


SCALE, SIGN, SHAPE = (Finding(f"gradient-{what}", "") for what in ("scale", "sign", "shape"))
EDGE = Finding("not-finite", "")


@pytest.mark.parametrize(
    ("label", "judgement", "outcome"),
    [
        (_label("gradient-scale"), _judged(SCALE), Outcome.NAMED),
        (_label("gradient-scale"), _judged(EDGE, EDGE, SCALE), Outcome.NAMED),  # the gravest come first
        (_label("gradient-scale"), _judged(SIGN, SHAPE, SCALE), Outcome.MISNAMED),
        (
            _label("gradient-scale"),
            _judged(Finding("raises", "", {"also": ["gradient-scale"]})),
            Outcome.NAMED,
        ),
        (_label("gradient-scale"), _judged(SIGN), Outcome.MISNAMED),
        (_label("gradient-scale"), _judged(EDGE, verdict=Verdict.PASS), Outcome.MISSED),
        (_label("not-finite"), _judged(EDGE, verdict=Verdict.PASS), Outcome.NAMED),
        (_label("gradient-scale", "gradient-sign"), _judged(SIGN), Outcome.NAMED),
        (_label("gradient-scale", "gradient-sign", both=True), _judged(SIGN), Outcome.MISNAMED),
        (_label("gradient-scale", "gradient-sign", both=True), _judged(SIGN, SCALE), Outcome.NAMED),
        (_label("gradient-scale"), _judged(verdict=Verdict.SKIPPED), Outcome.UNJUDGED),
        (_label("gradient-scale"), _judged(SCALE, file="b.py"), Outcome.UNFOUND),
        (_label(), _judged(EDGE, verdict=Verdict.PASS), Outcome.PASSED),
        (_label(), _judged(SCALE), Outcome.ACCUSED),
        (_label(), _judged(verdict=Verdict.UNSURE), Outcome.UNJUDGED),
    ],
)
def test_what_counts_as_what(label: Label, judgement: Judgement, outcome: Outcome) -> None:
    (scored,) = hold([label], [judgement])
    assert scored.outcome is outcome


def test_a_warning_that_a_label_does_not_have_is_listed() -> None:
    components = hold([_label()], [_judged(EDGE, verdict=Verdict.PASS)])
    assert "- `a.py::A`: not-finite" in page(components, 1.0, 2)


# --- The others ----------------------------------------------------------------------------------


def test_the_rivals_see_what_they_can_see() -> None:
    file, names = "second/wrong/custom_activations.py", ("MyReLU", "MySigmoid")
    components = with_rivals(hold(_labels_of({file: names}), []), jobs=1)
    said = {one.label.name: tuple(one.rivals.values()) for one in components}
    # Ones have a positive sign, like the element that is looked at: the probe sees nothing of it.
    assert said == {"MyReLU": (True, False), "MySigmoid": (True, True)}
    assert [list(one.rivals) for one in components] == [list(RIVALS)] * 2


# --- The pages -----------------------------------------------------------------------------------


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_readme_shows_the_score_of_the_page() -> None:
    table = in_readme(_read(ROOT / "docs" / "score.md"))
    assert with_table(_read(ROOT / "README.md"), table) == _read(ROOT / "README.md")


def test_the_score_is_of_this_corpus() -> None:
    table = in_readme(_read(ROOT / "docs" / "score.md"))
    wrong = sum(label.is_wrong for label in LABELS)
    assert f"**{wrong} wrong**" in table
    assert f"**{len(LABELS) - wrong} right**" in table
