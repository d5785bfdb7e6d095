"""A layered layout, left to right: boxes in columns, edges between them that cross little and bend little.

The way of Sugiyama: each box gets a column (`ranks`), each column an order (`ordering`), each box a height
(`heights`). What an edge passes on its way, and its label, are vertices as boxes are: so no edge runs through
a box, and no label lies on one. It knows nothing of graphs of computations.
"""

from backproof.graphs.drawing.layout.layout import Arrow, Layout, Wire, arranged

__all__ = ["Arrow", "Layout", "Wire", "arranged"]
