"""The graph in the languages of other programs that draw: Mermaid and DOT."""

from __future__ import annotations

from html import escape

from backproof.graphs.drawing.scene import COLOURS, FILLS
from backproof.graphs.drawing.view import SeenNode, View
from backproof.graphs.drawing.writing import short

__all__ = ["as_dot", "as_mermaid"]


def as_mermaid(view: View) -> str:
    """Write a graph as Mermaid, which pages such as GitHub's draw.

    Examples
    --------
    >>> from backproof.graphs.drawing.view import seen
    >>> from backproof.graphs.graph import graph
    >>> print(as_mermaid(seen(graph("f = 2*x", x=3.0))))
    flowchart LR
        n1["x<br>3<br>∂ 2"]:::input
        n2["f = 2#42;x<br>6<br>∂ 1"]:::output
        n1 -->|"2"| n2
        classDef input ...
    """
    lines = ["flowchart LR"]
    for node in view.boxes:
        text = "<br>".join(
            _escaped(part) for part in (node.title, short(node.value), f"∂ {short(node.grad)}")
        )
        lines.append(f'    n{node.index}["{text}"]:::{node.kind}')
    for edge in view.lines:
        arrow = f'-->|"{_escaped(edge.label)}"|' if edge.flows else "-.->"
        lines.append(f"    n{edge.parent.index} {arrow} n{edge.child.index}")
    kinds = {node.kind for node in view.boxes}
    for kind, (fill, frame) in FILLS.items():
        if kind in kinds:
            lines.append(f"    classDef {kind} fill:{fill},stroke:{frame},color:{COLOURS['title']}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Write by their numbers the characters that mean something to Mermaid, or to Markdown inside it."""
    return "".join(char if char.isalnum() or char in " _=+-/.,()∂×" else f"#{ord(char)};" for char in text)


def as_dot(view: View) -> str:
    """Write a graph in DOT, the language of Graphviz.

    Examples
    --------
    >>> from backproof.graphs.drawing.view import seen
    >>> from backproof.graphs.graph import graph
    >>> print(as_dot(seen(graph("f = 2*x", x=3.0))))
    digraph {
      rankdir=LR;
      ...
      n1 -> n2 [label="2"];
    }
    <BLANKLINE>
    """
    lines = [
        "digraph {",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica"];',
        f'  edge [color="#7d8694", fontname="Helvetica", fontsize=11, fontcolor="{COLOURS["local"]}"];',
        *(f"  n{node.index} [label=<{_rich(node)}>, {_filled(node)}];" for node in view.boxes),
    ]
    for edge in view.lines:
        how = f'label="{edge.label}"' if edge.flows else "style=dashed"
        lines.append(f"  n{edge.parent.index} -> n{edge.child.index} [{how}];")
    return "\n".join([*lines, "}"]) + "\n"


def _filled(node: SeenNode) -> str:
    fill, frame = FILLS[node.kind]
    return f'fillcolor="{fill}", color="{frame}"'


def _rich(node: SeenNode) -> str:
    value, grad = escape(short(node.value)), escape(short(node.grad))
    return (
        f'{escape(node.title)}<br/><font color="{COLOURS["value"]}">{value}</font>   '
        f'<font color="{COLOURS["grad"]}">∂ {grad}</font>'
    )
