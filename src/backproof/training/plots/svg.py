"""Smaller SVG: matplotlib writes coordinates to a millionth of a point, and the looks of each mark anew."""

from __future__ import annotations

import re

__all__ = ["compact"]

#: A number to more than a hundredth, in what holds coordinates.
_FINE = re.compile(rb"(-?\d+\.\d\d)\d+(?=[ \"\n)])")
#: What holds coordinates: of points in the picture, where two that differ by less look the same.
_PLACES = re.compile(rb' (?:d|x|y)="[^"]*"|translate\([^)]*\)')
#: What bends: after it numbers alone would go on bending.
_BENDS = re.compile(rb"[QC]")
_INDENTS = re.compile(rb"\n +(?:<!-- .*? -->\n +)?")
#: Marks of one look in a group.
_MARKS = re.compile(
    rb'<g( clip-path="[^"]*")?>\n(<use [^>]*?(?P<look> style="[^"]*")/>\n(?:<use [^>]*?(?P=look)/>\n)*)</g>'
)


def compact(svg: bytes) -> bytes:
    r"""Give a picture of matplotlib as one that looks the same and is shorter.

    Coordinates are to a hundredth of a point, straight lines go on without a letter, text is not indented and
    has no comments, and the looks of marks in a group are said once.

    Examples
    --------
    >>> compact(b'<path d="M 0.123456 1.5 \nL 10.987654 2 \n"/>')
    b'<path d="M 0.12 1.5 10.98 2 \n"/>'
    """
    svg = _INDENTS.sub(b"\n", svg)
    svg = _PLACES.sub(_shorter, svg)
    return _MARKS.sub(_said_once, svg)


def _shorter(found: re.Match[bytes]) -> bytes:
    places = _FINE.sub(rb"\1", found[0])
    return places if _BENDS.search(places) else places.replace(b" \nL ", b" ")


def _said_once(found: re.Match[bytes]) -> bytes:
    look = found["look"]
    return b"<g%s%s>\n%s</g>" % (found[1] or b"", look, found[2].replace(look, b""))
