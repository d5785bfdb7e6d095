"""Real course notebooks, where they are there: what the checker must find in them, and what not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backproof.checking.findings import Judgement, Report, Verdict
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings
from backproof.diagnoses import Severity

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
pytestmark = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the course notebooks do not lie beside the checkout"
)


@pytest.fixture(scope="module")
def report() -> Report:
    return check_paths([str(SEEDS / "000_losses_activations_optimizers.ipynb")], Settings())


def _of(report: Report, name: str) -> Judgement:
    (judgement,) = (j for j in report.candidates if j.name == name)
    return judgement


def _named(judgement: Judgement, severity: Severity) -> set[str]:
    return {f.diagnosis for f in judgement.findings if f.severity is severity}


#: By hand from the notebook's code: the verdict, and the errors, warnings and notes it must give.
EXPECTED = {
    "L1Loss": (Verdict.PASS, set(), set(), set()),
    "L2Loss": (Verdict.PASS, set(), set(), set()),
    "BCELoss": (Verdict.PASS, set(), {"epsilon-bias", "clamped-gradient"}, set()),
    "CELoss": (Verdict.PASS, set(), {"epsilon-bias", "clamped-gradient"}, set()),
    "ReLU": (Verdict.FAIL, {"upstream-as-input"}, set(), {"gradient-at-kink", "backward-never-called"}),
    "Sigmoid": (Verdict.PASS, set(), {"not-finite"}, {"backward-never-called"}),
    "Tanh": (Verdict.FAIL, {"missing-gradient"}, {"not-finite"}, {"backward-never-called"}),
    "Softmax": (Verdict.PASS, set(), set(), set()),
    "GradientDescentOptimizer": (Verdict.PASS, set(), set(), set()),
    "SGDOptimizer": (Verdict.PASS, set(), set(), set()),
    "MomentumOptimizer": (Verdict.PASS, set(), {"velocity-holds-lr"}, set()),
    # One step count for all parameters: a convention.
    "AdamOptimizer": (Verdict.PASS, set(), set(), {"bias-correction-step"}),
}


def test_every_component_is_found_and_nothing_else(report: Report) -> None:
    assert [j.name for j in report.candidates] == list(EXPECTED)
    assert report.errors == []
    assert report.units == []
    assert report.exit_status() == 1


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_found_is_what_is_there(report: Report, name: str) -> None:
    judgement = _of(report, name)
    verdict, errors, warnings, notes = EXPECTED[name]
    assert judgement.verdict is verdict
    assert _named(judgement, Severity.ERROR) == errors
    assert _named(judgement, Severity.WARNING) == warnings
    assert _named(judgement, Severity.NOTE) == notes


def test_thresholds_and_limits(report: Report) -> None:
    def evidence(name: str, diagnosis: str) -> list[dict[str, object]]:
        return [dict(f.evidence) for f in _of(report, name).findings if f.diagnosis == diagnosis]

    (tanh,) = evidence("Tanh", "not-finite")
    assert "88.7" in str(tanh["threshold"])
    (sigmoid,) = evidence("Sigmoid", "not-finite")
    assert "88.7" in str(sigmoid["threshold"])
    assert sigmoid["source"] == "autograd"
    for name, limit in (("BCELoss", 16.03), ("CELoss", 16.12)):
        (bias,) = evidence(name, "epsilon-bias")
        assert bias["epsilon"] == pytest.approx(1e-7)
        assert bias["limit"]["float32"] == pytest.approx(limit, abs=0.005)  # type: ignore[index]
    (kink,) = evidence("ReLU", "gradient-at-kink")
    assert kink["got"] == pytest.approx(0.5)
    (relu,) = evidence("ReLU", "upstream-as-input")
    assert (relu["linear"], relu["follows_input"]) == (False, False)


def test_a_notebook_of_exercises_has_no_candidate_and_says_which_cell_failed() -> None:
    report = check_paths([str(SEEDS / "001_autograd_exercises.ipynb")], Settings())
    assert report.candidates == []
    assert report.exit_status() == 2
    (unit,) = report.units
    assert unit.finding.diagnosis == "cell-error"
    assert "AttributeError" in unit.finding.message


def test_a_notebook_that_misses_its_modules_says_which() -> None:
    report = check_paths([str(SEEDS / "003_backprop_toy_library.ipynb")], Settings())
    said = " ".join(unit.finding.message for unit in report.units)
    assert all(unit.finding.diagnosis == "cell-error" for unit in report.units)
    assert "activations" in said
    assert "model" in said
    (net,) = report.candidates
    assert (net.name, net.kind) == ("Net", "model")
    assert net.verdict in (Verdict.PASS, Verdict.SKIPPED)
    assert net.verdict is Verdict.PASS or net.reason


def test_the_text_document_is_refused_in_one_line() -> None:
    report = check_paths([str(SEEDS / "002_computation_graphs_and_regression.txt")], Settings())
    (problem,) = report.errors
    assert "\n" not in problem.message
    assert report.exit_status() == 2


def test_the_same_notebook_is_checked_with_its_modules_beside_it(tmp_path: Path) -> None:
    name = "003_backprop_toy_library.ipynb"
    shutil.copy(SEEDS / name, tmp_path / name)
    shutil.copytree(Path(__file__).with_name("toy_library"), tmp_path, dirs_exist_ok=True)
    report = check_paths([str(tmp_path / name)], Settings())
    verdicts = {j.name: j.verdict for j in report.candidates}
    judged = ["Net", "ReLU", "LeakyReLU", "Tanh", "Sigmoid", "Softmax", "MSELoss", "CrossEntropy", "Linear"]
    assert {n: verdicts[n] for n in judged} == dict.fromkeys(judged, Verdict.PASS)
    assert verdicts["Model"] is Verdict.SKIPPED
    assert {Path(j.file).name for j in report.candidates} == {
        name,
        "activations.py",
        "losses.py",
        "layers.py",
        "model.py",
    }
    # What is left to fail are two cells that hold a printed result as if it were code.
    assert [unit.cell for unit in report.units] == [4, 7]
