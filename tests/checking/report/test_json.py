"""The report for programs: strict JSON, by the schema that is published."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.checking.api import check
from backproof.checking.findings import Finding, Report, Verdict
from backproof.checking.report.json import schema, to_json
from backproof.diagnoses import DIAGNOSES, Severity
from backproof.ops import CATALOGUE
from tests.checking.report import samples

VALIDATOR = jsonschema.Draft202012Validator(schema())


def evidence_of(**evidence: object) -> Any:
    """Send evidence through a report, and JSON itself."""
    report = Report(seed=0, candidates=[samples.judgement(Finding("raises", "It raised.", evidence))])
    document = json.loads(json.dumps(to_json(report), allow_nan=False))
    assert follows(document)
    return document["candidates"][0]["findings"][0]["evidence"]


def follows(document: object) -> bool:
    """Say that a document follows the schema; else jsonschema's error says where it does not."""
    VALIDATOR.validate(document)
    return True


def test_the_schema_is_a_schema() -> None:
    assert schema() == VALIDATOR.schema
    jsonschema.Draft202012Validator.check_schema(schema())  # which raises


def test_what_is_not_of_the_schema_is_seen() -> None:
    document = to_json(samples.whole())
    with pytest.raises(jsonschema.ValidationError):
        follows({**document, "seed": "none"})


@pytest.mark.parametrize(
    "report",
    [samples.whole(), Report(seed=3), Report(seed=0, candidates=[samples.judgement(*samples.FINDINGS)])],
    ids=["whole", "empty", "every-diagnosis"],
)
def test_reports_follow_the_schema(report: Report) -> None:
    assert follows(json.loads(json.dumps(to_json(report), allow_nan=False)))


def test_every_field_is_told() -> None:
    report = samples.whole()
    document = to_json(report)
    assert document["seed"] == report.seed
    for candidate, judgement in zip(document["candidates"], report.candidates, strict=True):
        assert list(candidate) == [
            "file", "cell", "line", "name", "kind", "style", "reference", "verdict", "reason", "findings",
            "cases", "seconds",
        ]  # fmt: skip
        for field in dataclasses.fields(judgement):
            # The report has the seed; a curve is a picture; the exit status tells of problems.
            if field.name not in ("findings", "seed", "curve", "is_problem"):
                assert candidate[field.name] == getattr(judgement, field.name)
        for told, finding in zip(candidate["findings"], judgement.findings, strict=True):
            assert told["diagnosis"] == finding.diagnosis
            assert told["severity"] == finding.severity
            assert told["message"] == finding.message
            assert told["line"] == finding.line
    assert document["units"][0]["finding"]["diagnosis"] == "cell-error"
    assert document["errors"][0]["file"] == "missing.ipynb"


@pytest.mark.parametrize("part", ["candidate", "finding", "unit"])
def test_the_schema_knows_no_other_fields(part: str) -> None:
    document = to_json(samples.whole())
    candidate = document["candidates"][0]
    {"candidate": candidate, "finding": candidate["findings"][0], "unit": document["units"][0]}[part][
        "new"
    ] = 1
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("verdict", "maybe"),
        ("kind", "optimiser"),
        ("style", "keras"),
        ("cell", -1),
        ("line", 0),
        ("seconds", -1.0),
        ("seconds", "NaN"),
        ("cases", 1.5),
        ("reference", 3),
        ("findings", [{"diagnosis": "raises"}]),
    ],
)
def test_the_schema_refuses_what_is_no_report(place: str, value: object) -> None:
    document = to_json(samples.whole())
    document["candidates"][0][place] = value
    assert not VALIDATOR.is_valid(document)


def test_the_schema_holds_the_names_of_the_code() -> None:
    parts = schema()["$defs"]
    assert parts["candidate"]["properties"]["verdict"]["enum"] == list(Verdict)
    assert parts["finding"]["properties"]["severity"]["enum"] == list(Severity)
    diagnosis = jsonschema.Draft202012Validator(parts["finding"]["properties"]["diagnosis"])
    assert all(diagnosis.is_valid(name) for name in DIAGNOSES)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (-np.inf, "-Infinity"),
        (np.float32("nan"), "NaN"),
        (np.array([[1.0, np.nan], [np.inf, 2.0]]), [[1.0, "NaN"], ["Infinity", 2.0]]),
        (np.int64(3), 3),
        (np.bool_(True), True),
        ((1, 2.5), [1, 2.5]),
        ({"weight": np.ones(2), 3: None}, {"weight": [1.0, 1.0], "3": None}),
        (Severity.NOTE, "note"),
        ([], []),
    ],
)
def test_values_of_evidence(value: object, told: object) -> None:
    result = evidence_of(value=value)["value"]
    assert result == told
    assert type(result) is type(told)


@pytest.mark.parametrize("value", [1j, object(), b"bytes", {1, 2}, np.array([1j])])
def test_what_is_no_json_value_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(TypeError, match=r"raises\.evidence\['got'\]\['part'\]\[1\]"):
        evidence_of(got={"part": [0, value if not isinstance(value, np.ndarray) else value[0]]})


_NUMBERS = st.floats() | st.integers() | st.booleans() | st.none() | st.text()


@given(
    st.dictionaries(
        st.text(), st.recursive(_NUMBERS, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
    )
)
def test_any_evidence_is_strict_json(evidence: dict[str, object]) -> None:
    finding = Finding("raises", "It raised.", evidence)
    document = to_json(Report(seed=0, candidates=[samples.judgement(finding)]))
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.mark.parametrize("name", [op.name for op in CATALOGUE.values() if op.kind == "elementary"])
def test_what_has_an_elementary_name_has_a_kind_of_the_schema(name: str) -> None:
    def unwritten(self: object, x: object) -> object:
        raise NotImplementedError

    result = check(type(name, (), {"forward": unwritten, "backward": unwritten}))
    assert follows(json.loads(json.dumps(to_json(Report(0, [result])))))
