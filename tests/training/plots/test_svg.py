"""Smaller SVG: the same elements, with the same numbers but for less than a hundredth of a point."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from backproof.training.plots.svg import compact
from tests.training.plots.samples import PICTURES

_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def _elements(svg: bytes) -> Iterator[tuple[str, str, list[float]]]:
    """Give each element: its kind, how it looks and its numbers."""

    def told(element: ET.Element, look: str) -> Iterator[tuple[str, str, list[float]]]:
        look = element.get("style", look)
        text = " ".join(value for name, value in element.items() if name in ("d", "x", "y", "transform"))
        yield element.tag, look if element.tag.endswith("use") else "", [*map(float, _NUMBER.findall(text))]
        for each in element:
            yield from told(each, look)

    return told(ET.fromstring(svg), "")  # noqa: S314 - our own


@pytest.mark.parametrize("name", ["loss", "boundary, eight classes", "surface, several ways"])
def test_it_looks_the_same_and_is_smaller(name: str) -> None:
    stream = io.BytesIO()
    PICTURES[name]().savefig(stream, format="svg")
    before, after = stream.getvalue(), compact(stream.getvalue())
    assert len(after) < 0.9 * len(before)
    old, new = list(_elements(before)), list(_elements(after))
    assert [each[:2] for each in new] == [each[:2] for each in old]
    for (*_, expected), (*_, found) in zip(old, new, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.01)


def test_curves_go_on_as_curves() -> None:
    letter = b'<path d="M 1 2 \nQ 3 4 5 6 \nL 7 8 \n"/>'
    assert compact(letter) == letter
