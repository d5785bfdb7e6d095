from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.checking.report.characters import showable


@given(st.text(), st.sampled_from(["utf-8", "ascii", "cp1252", "cp437", "koi8-r"]))
def test_what_is_shown_can_be_encoded_and_holds_no_control(text: str, encoding: str) -> None:
    shown = showable(text, encoding)
    shown.encode(encoding)
    assert not any(c < " " and c != "\n" for c in shown)


@given(st.text(string.ascii_letters + string.digits + string.punctuation + " \n"))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert showable(text, "ascii") == text


@pytest.mark.parametrize(
    ("text", "ascii_only"),
    [
        ("N·D", "N*D"),
        ("2 fail · seed 0", "2 fail | seed 0"),
        ("√v̂ + ε", "sqrtv\\u0302 + epsilon"),
        ("x ≥ ½", "x >= 1/2"),
    ],
)
def test_signs_are_spelt_out(text: str, ascii_only: str) -> None:
    assert showable(text, "ascii") == ascii_only
    assert showable(text, "utf-8") == text
