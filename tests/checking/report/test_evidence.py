from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.checking.report.evidence import lay_out


def lines(evidence: dict[str, object], width: int = 80) -> list[str]:
    return [line.plain for line in lay_out(evidence, width, str)]


def test_no_evidence_no_lines() -> None:
    assert lines({}) == []


def test_order_is_case_arrays_meaning_whatever_the_order_of_the_keys() -> None:
    evidence = {
        "factor": 2,
        "got": 1.0,
        "expected": 2.0,
        "case": "ordinary",
        "input": 3.0,
        "grad_output": 4.0,
    }
    assert [line.split()[0] for line in lines(evidence)] == [
        "case", "input", "grad_output", "expected", "got", "factor",
    ]  # fmt: skip


def test_keys_that_belong_together_share_a_row() -> None:
    assert lines({"factor": 0.2, "equals": "1/D"}) == ["    factor  0.2 = 1/D"]
    assert lines({"epsilon": 1e-7, "form": "clamp"}) == ["    epsilon  1e-07 (clamp)"]
    assert lines({"form": "clamp"}) == ["    form  clamp"]
    assert lines({"equals": "1/D"}) == ["    equals  1/D"]


def test_several_arguments_have_a_row_each() -> None:
    text = lines({"input": {"input": [1.0, 2.0], "target": [0.0, 1.0]}, "expected": {"weight": [3.0, 4.0]}})
    assert [line.split() for line in text] == [
        ["input", "1", "2"], ["target", "0", "1"], ["expected", "weight", "3", "4"],
    ]  # fmt: skip


def test_what_came_may_be_no_array() -> None:
    assert lines({"got": None, "expected": [1.0]}) == ["    expected  1", "    got       None"]


def test_keys_that_are_not_known_are_written_as_they_are() -> None:
    text = lines({"first_moment": [1.0, 2.0], "loops": 3, "note": "hm", "flag": True, "table": {"a": 1}})
    assert [line.split() for line in text] == [
        ["first", "moment", "1", "2"], ["flag", "True"], ["loops", "3"], ["note", "hm"], ["table", "a", "1"],
    ]  # fmt: skip


def test_a_long_text_goes_on_below_itself() -> None:
    text = lines({"exception": "ValueError: " + "shape " * 20}, width=60)
    assert len(text) > 1
    assert {line.index("shape") for line in text[1:]} == {text[0].index("ValueError")}


def test_arrays_of_numpy_are_arrays() -> None:
    assert lines({"input": np.array([1.5, 2.0], np.float32), "threshold": np.float32(0.5)}) == [
        "    input      1.5  2",
        "    threshold  0.5",
    ]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["input", "expected", "got", "index", "factor", "new"]) | st.text(), _VALUES
    )
)
def test_any_evidence_can_be_laid_out(evidence: dict[str, object]) -> None:
    for line in lines(evidence):
        assert "\n" not in line


@pytest.mark.parametrize("width", [10, 30, 80])
def test_every_value_is_there_at_any_width(width: int) -> None:
    assert "".join("".join(lines({"threshold": 88.73, "dtype": "float32"}, width)).split()) == (
        "dtypefloat32threshold88.73"
    )
