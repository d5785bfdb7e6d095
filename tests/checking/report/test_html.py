"""The report as a page, and as a part of a notebook."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

import backproof as bp
from backproof.checking.findings import Report
from backproof.checking.report.html import fragment, to_html
from tests.checking.report import hostile, samples

#: Elements that have no end.
VOID = {"meta", "line", "path", "br"}


class Page(HTMLParser):
    """Reads a page, and demands that what it opens it closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


class Tanh:
    """Ignores the upstream gradient."""

    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_output: Any) -> Any:
        return 1 - self.y**2


def test_whole_report(snapshot: SnapshotAssertion) -> None:
    page = to_html(samples.whole(), seconds=2.1).replace(bp.__version__, "VERSION")
    page = re.sub(r'<p class="formula">.*?</p>', '<p class="formula">FORMULA</p>', page, flags=re.DOTALL)
    assert re.sub(r"(?<=</head>).*?<style>.*?</style>", "STYLE", page, flags=re.DOTALL) == snapshot


@pytest.mark.parametrize("make", [to_html, fragment])
def test_it_holds_everything_that_there_is_to_say(make: Any) -> None:
    report = samples.whole()
    page = Page(make(report))
    for judgement in report.candidates:
        assert judgement.name in page.text
        assert judgement.reason in page.text
        for finding in judgement.findings:
            assert finding.diagnosis in page.text
            assert finding.message in page.text
    assert report.errors[0].message in page.text
    assert report.units[0].finding.message in page.text


@pytest.mark.parametrize("make", [to_html, fragment])
@pytest.mark.parametrize("report", [samples.whole(), hostile.report()], ids=["whole", "hostile"])
def test_it_needs_no_network_and_runs_nothing(make: Any, report: Report) -> None:
    page = Page(make(report))
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base", "use"}
    assert not [
        name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "srcset")
    ]
    styles = "".join(re.findall(r"<style>(.*?)</style>", make(report), re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles


@pytest.mark.parametrize("make", [to_html, fragment])
def test_hostile_texts_stay_texts(make: Any) -> None:
    text = make(hostile.report())
    assert hostile.MARKUP in Page(text).text
    assert not set("\x00\x1b\x0b\u202e\udce9") & set(text)
    assert text.encode("utf-8")


def test_a_page_is_for_light_and_dark() -> None:
    page = to_html(Report(0))
    assert '<meta name="color-scheme" content="light dark">' in page
    assert '<meta charset="utf-8">' in page


def test_a_result_shows_itself_in_a_notebook() -> None:
    page = Page(bp.check(Tanh)._repr_html_())
    assert {"table", "svg", "details", "pre"} <= page.tags
    assert "tanh(x) = sinh(x) / cosh(x)" in page.text
    assert "expected" in page.text
    assert "upstream-ignored" in page.text
    assert "html" not in page.tags
