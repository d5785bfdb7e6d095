"""The layout: columns, orders and heights, each against somebody else's, and what they come to together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from backproof.graphs.drawing.layout import Arrow, arranged
from backproof.graphs.drawing.layout.heights import settled
from backproof.graphs.drawing.layout.layout import Size
from backproof.graphs.drawing.layout.ordering import crossings, ordered
from backproof.graphs.drawing.layout.ranks import ranked
from tests.ops.examples import generator

SEEDS = range(8)


def edges_at_random(seed: int, count: int, most: int) -> list[tuple[int, int]]:
    """Make edges from earlier nodes to later ones."""
    rng = generator(f"edges {seed}")
    return [
        (int(rng.integers(end)), end) for end in range(1, count) for _ in range(rng.integers(1, most + 1))
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_edge_goes_to_the_right(seed: int) -> None:
    edges = edges_at_random(seed, 30, 3)
    rank = ranked(30, edges)
    assert min(rank) == 0
    assert all(rank[end] > rank[start] for start, end in edges)


def test_inputs_stand_beside_what_uses_them() -> None:
    # 0 → 1 → 2 → 3, and 4 → 3: the last input is not far to the left.
    assert ranked(5, [(0, 1), (1, 2), (2, 4), (3, 4)]) == [0, 1, 2, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_crossings_are_counted_as_by_looking_at_each_pair(seed: int) -> None:
    rng = generator(f"crossings {seed}")
    left, right = list(range(6)), list(range(6, 13))
    edges = {(int(rng.choice(left)), int(rng.choice(right))) for _ in range(14)}
    behind = [[end for start, end in edges if start == vertex] for vertex in range(13)]
    pairs = itertools.combinations(edges, 2)
    by_pairs = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in pairs)
    assert crossings([left, right], behind) == by_pairs


def test_trees_do_not_cross() -> None:
    # A binary tree whose leaves are written down in a wild order.
    layers = [[7, 3, 5, 6, 4, 10, 9, 8], [2, 1, 12, 11], [13, 14], [15]]
    before: list[list[int]] = [[] for _ in range(16)]
    behind: list[list[int]] = [[] for _ in range(16)]
    for children, parents in itertools.pairwise(layers):
        for index, child in enumerate(children):
            parent = sorted(parents)[index // 2]
            before[parent].append(child)
            behind[child].append(parent)
    found = ordered(layers, before, behind)
    assert [sorted(layer) for layer in found] == [sorted(layer) for layer in layers]
    assert crossings(found, behind) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_is_as_good_as_the_best_of_all(seed: int) -> None:
    rng = generator(f"order {seed}")
    layers = [[0, 1, 2, 3], [4, 5, 6, 7]]
    edges = {(int(rng.integers(4)), int(rng.integers(4, 8))) for _ in range(7)}
    before = [[start for start, end in edges if end == vertex] for vertex in range(8)]
    behind = [[end for start, end in edges if start == vertex] for vertex in range(8)]
    orders = itertools.product(itertools.permutations(layers[0]), itertools.permutations(layers[1]))
    assert crossings(ordered(layers, before, behind), behind) == min(
        crossings(order, behind) for order in orders
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_settled_is_the_regression_of_scipy(seed: int) -> None:
    rng = generator(f"settled {seed}")
    wishes, weights, gaps = rng.normal(size=20) * 30, rng.uniform(0.1, 5, 20), rng.uniform(1, 9, 20)
    offsets = np.cumsum(gaps)
    expected = isotonic_regression(wishes - offsets, weights=weights).x + offsets
    np.testing.assert_allclose(
        settled(list(wishes), list(weights), list(gaps)), expected, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_overlaps_in_what_is_laid_out_at_random(seed: int) -> None:
    rng = generator(f"layout {seed}")
    sizes = [Size(float(rng.uniform(20, 150)), float(rng.uniform(20, 60))) for _ in range(25)]
    label = Size(30, 14)
    layout = arranged(sizes, [Arrow(start, end, label) for start, end in edges_at_random(seed, 25, 2)])
    areas = list(zip(layout.boxes, sizes, strict=True)) + [(wire.label, label) for wire in layout.wires]
    for (one, first), (other, second) in itertools.combinations(areas, 2):
        apart_across = abs(one.x - other.x) - (first.width + second.width) / 2
        apart_down = abs(one.y - other.y) - (first.height + second.height) / 2
        assert max(apart_across, apart_down) > 4


def test_a_chain_is_straight() -> None:
    layout = arranged([Size(50, 20)] * 6, [Arrow(i, i + 1, Size(10, 10)) for i in range(5)])
    assert len({box.y for box in layout.boxes}) == 1
    assert {point.y for wire in layout.wires for point in wire.points} == {layout.boxes[0].y}


def test_an_edge_that_passes_boxes_is_level() -> None:
    boxes = [Size(50, 20 + 7 * (index % 3)) for index in range(7)]
    layout = arranged(boxes, [*(Arrow(i, i + 1, Size(10, 10)) for i in range(6)), Arrow(0, 6)])
    assert len({point.y for point in layout.wires[-1].points[3:-6]}) == 1


def test_edges_from_one_box_go_together_as_far_as_they_can() -> None:
    # 0 is used in all of the chain behind it: one line with branches, not one for each.
    count = 10
    chain = [Arrow(i, i + 1) for i in range(count)]
    layout = arranged([Size(50, 20)] * (count + 1), [*chain, *(Arrow(0, i) for i in range(2, count + 1))])
    long, longest = layout.wires[-2:]
    assert long.points[:-12] == longest.points[: len(long.points) - 12]


def test_edges_that_pass_too_much_are_refused() -> None:
    chain = [Arrow(i, i + 1) for i in range(400)]
    with pytest.raises(ValueError, match="room for boxes and edges that pass 20000 columns together"):
        arranged([Size(50, 20)] * 401, [*chain, *(Arrow(i, 400) for i in range(399))])


def test_nothing_is_laid_out() -> None:
    assert arranged([], []).size == (0, 0)
