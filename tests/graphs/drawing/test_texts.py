"""Mermaid, DOT, JSON, the table and the pages: the same graph each time."""

from __future__ import annotations

import functools
import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema
import numpy as np
import pytest

from backproof.graphs.drawing.json import as_json, schema, to_json
from backproof.graphs.drawing.page import as_page, fragment
from backproof.graphs.drawing.steps import steps
from backproof.graphs.drawing.terminal import rows, table
from backproof.graphs.drawing.texts import as_dot, as_mermaid
from backproof.graphs.drawing.view import View, seen
from backproof.graphs.graph import graph
from tests.graphs.drawing.graphs import GRAPHS, network

every_graph = pytest.mark.parametrize("name", GRAPHS)


@functools.cache
def view_of(name: str) -> View:
    return seen(GRAPHS[name])


def ends_of(view: View) -> list[tuple[int, int]]:
    return [(line.parent.index, line.child.index) for line in view.lines]


def refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


@every_graph
def test_json_follows_its_schema_and_says_what_the_graph_says(name: str) -> None:
    made, view = GRAPHS[name], view_of(name)
    found = json.loads(as_json(view), parse_constant=refuse)
    jsonschema.Draft202012Validator(schema()).validate(found)
    assert [node["id"] for node in found["nodes"]] == list(range(len(made.places)))
    for node, place in zip(found["nodes"], made.places, strict=True):
        np.testing.assert_array_equal(np.array(node["value"], float), made.values[place])
    parents = [len(made.tape.parents[place]) for place in made.places]
    assert len(found["edges"]) == sum(parents)


@every_graph
def test_contributions_add_up_to_the_gradient(name: str) -> None:
    found = to_json(view_of(name))
    for node in found["nodes"]:
        parts = [edge["contribution"] for edge in found["edges"] if edge["parent"] == node["id"]]
        parts = [np.array(part, float) for part in parts if part is not None]
        if parts and node["id"] != found["output"]:
            np.testing.assert_allclose(sum(parts), np.array(node["grad"], float), rtol=1e-12, atol=1e-300)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**to_json(view_of("arrays")), "schema": 2}, schema())


def test_what_is_left_out_of_an_op_is_no_node() -> None:
    view = seen(graph("bce_with_logits(x, t, pos_weight=p)", x=[0.5, 1.0], t=[0.0, 1.0], p=2.0))
    assert [node.name for node in view.nodes] == ["x", "t", "p", "a"]
    assert view.output.formula == "bce_with_logits(x, t, pos_weight=p)"
    jsonschema.validate(to_json(view), schema())


@every_graph
def test_mermaid_has_every_node_and_edge(name: str) -> None:
    view = view_of(name)
    lines = as_mermaid(view).splitlines()
    assert lines[0] == "flowchart LR"
    nodes = [match[1] for line in lines if (match := re.fullmatch(r'    n(\d+)\["[^"]*"\]:::\w+', line))]
    edges = [re.fullmatch(r'    n(\d+) (?:-->\|"[^"]*"\||-\.->) n(\d+)', line) for line in lines]
    assert [int(node) for node in nodes] == [node.index for node in view.boxes]
    assert [(int(edge[1]), int(edge[2])) for edge in edges if edge] == ends_of(view)
    assert all(re.fullmatch(r"    (n\d.*|classDef .*)", line) for line in lines[1:])


@every_graph
def test_dot_has_every_node_and_edge(name: str) -> None:
    view = view_of(name)
    text = as_dot(view)
    nodes = re.findall(r"^  n(\d+) \[label=<.*>, fillcolor=.*\];$", text, re.MULTILINE)
    edges = re.findall(r"^  n(\d+) -> n(\d+) \[.*\];$", text, re.MULTILINE)
    assert [int(node) for node in nodes] == [node.index for node in view.boxes]
    assert [(int(start), int(end)) for start, end in edges] == ends_of(view)
    for label in re.findall(r"label=<(.*)>, fillcolor", text):
        assert re.fullmatch(r"([^<>&]|&(lt|gt|amp|quot|#x27);|<br/>|<font color=\"#\w+\">|</font>)*", label)


class Page(HTMLParser):
    """Reads a page: its tags, what they refer to, and what its scripts are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.nodes: list[int] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.references += [given[name] or "" for name in ("src", "href", "xlink:href") if name in given]
        self.nodes += [int(given["data-node"] or "")] if "data-node" in given else []
        if tag not in ("meta", "input", "br", "path", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


@every_graph
def test_the_page_has_every_step_and_needs_nothing(name: str) -> None:
    page = Page(as_page(view_of(name)))
    assert not page.open
    assert not page.references
    told = json.loads("".join(page.scripts[:-1]))
    assert [tuple(step["lines"]) for step in told] == [step.lines for step in steps(GRAPHS[name])]
    assert {step["index"] for step in told} == set(page.nodes)
    text = as_page(view_of(name))
    assert set(re.findall(r"https?://[^\s\"']*", text)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


@every_graph
def test_a_notebook_gets_picture_and_table(name: str) -> None:
    part = Page(fragment(GRAPHS[name]))
    assert not part.open
    assert len(part.nodes) == len(view_of(name).boxes)
    assert not part.scripts


def test_a_notebook_gets_no_picture_of_too_many() -> None:
    part = fragment(network(9, 9, 9, 9, 1))
    assert "No picture: a picture in a notebook shows at most 300 nodes" in part
    assert len(part) < 30_000


@every_graph
def test_the_table_has_every_node(name: str) -> None:
    lines = table(GRAPHS[name]).splitlines()[2:]
    assert [line.split("  ")[0] for line in lines] == [node.name for node in view_of(name).boxes]


def test_a_long_table_is_cut_in_the_middle() -> None:
    view = view_of("200 nodes")
    found = rows(view, 10)
    assert len(found) == 11
    assert found[5][1] == f"{len(view.boxes) - 10} more"
    assert (found[0], found[-1]) == (rows(view)[0], rows(view)[-1])


def test_a_graph_prints_itself() -> None:
    made = GRAPHS["five nodes"]
    assert str(made) == table(made)
    assert repr(made) == "<Graph of d: 6 nodes>"
    assert made._repr_html_() == fragment(made)
