"""The report for a program: JSON by a published schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from backproof.checking.findings import Finding, Judgement, Report, UnitFinding

__all__ = ["SCHEMA", "schema", "to_json"]

#: The version of the schema. It changes when a field changes its meaning or goes away.
SCHEMA = 1


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) that every report follows.

    Examples
    --------
    >>> schema()["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def to_json(report: Report) -> dict[str, Any]:
    """Give a report as JSON values, strictly: NaN and the infinities are strings.

    Raises
    ------
    TypeError
        If evidence holds something that is no JSON value, number or array.

    Examples
    --------
    >>> to_json(Report(seed=7))
    {'schema': 1, 'seed': 7, 'candidates': [], 'units': [], 'errors': []}
    """
    return {
        "schema": SCHEMA,
        "seed": report.seed,
        "candidates": [_candidate(judgement) for judgement in report.candidates],
        "units": [_unit(unit) for unit in report.units],
        "errors": [{"file": problem.file, "message": problem.message} for problem in report.errors],
    }


def _candidate(judgement: Judgement) -> dict[str, Any]:
    return {
        "file": judgement.file,
        "cell": judgement.cell,
        "line": judgement.line,
        "name": judgement.name,
        "kind": judgement.kind,
        "style": judgement.style,
        "reference": judgement.reference,
        "verdict": str(judgement.verdict),
        "reason": judgement.reason,
        "findings": [_finding(finding) for finding in judgement.findings],
        "cases": judgement.cases,
        "seconds": judgement.seconds,
    }


def _unit(unit: UnitFinding) -> dict[str, Any]:
    return {"file": unit.file, "cell": unit.cell, "finding": _finding(unit.finding)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "diagnosis": finding.diagnosis,
        "severity": str(finding.severity),
        "message": finding.message,
        "line": finding.line,
        "evidence": {
            name: _value(value, f"{finding.diagnosis}.evidence[{name!r}]")
            for name, value in finding.evidence.items()
        },
    }


def _value(value: object, where: str) -> Any:
    """Give a piece of evidence as a JSON value."""
    if isinstance(value, np.ndarray | np.generic):
        return _value(value.tolist(), where)
    if isinstance(value, float):
        return value if math.isfinite(value) else _not_finite(value)
    if isinstance(value, str):
        return str(value)  # also an enum's
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        return [_value(part, f"{where}[{i}]") for i, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {str(key): _value(part, f"{where}[{key!r}]") for key, part in value.items()}
    raise TypeError(
        f"{where}: expected a JSON value, a number or an array, got {value!r} ({type(value).__name__})"
    )


def _not_finite(value: float) -> str:
    """Spell as JavaScript does."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
