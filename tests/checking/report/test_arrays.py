from __future__ import annotations

import numpy as np
import pytest

from backproof.checking.report.arrays import Block, Cell, as_array, lay_out, number


def written(cell: Cell) -> str:
    """Write a number without its padding, in stars where it is marked."""
    return f"*{cell.text.strip()}*" if cell.marked else cell.text.strip()


def text(blocks: list[Block]) -> list[str]:
    """Write the blocks line by line, labels first."""
    return [
        " ".join(["" if place else block.label, *map(written, row)])
        for block in blocks
        for place, row in enumerate(block.rows)
    ]


COMPARED = ("expected", "got")


@pytest.mark.parametrize("value", [None, True, "nan", ["a"], [[1.0], [1.0, 2.0]], {"a": 1}, [None]])
def test_what_is_no_array_of_numbers(value: object) -> None:
    assert as_array(value) is None


@pytest.mark.parametrize("index", [[0], [1], [400], [998], [999]])
@pytest.mark.parametrize("width", [24, 40, 60, 80])
def test_a_long_row_keeps_within_the_width(width: int, index: list[int]) -> None:
    (block,) = lay_out({"input": np.linspace(-1, 1, 1000)}, width=width, index=index)
    assert len("  ".join(cell.text for cell in block.rows[0])) <= max(width, 3 * 12 + 2 * 3)


def test_columns_are_aligned_across_arrays() -> None:
    blocks = lay_out({"input": [1.0, -22.5], "target": [0.25, 3.0]}, width=60)
    for column in range(2):
        assert len({len(block.rows[0][column].text) for block in blocks}) == 1


def test_differences_are_marked_in_what_came_only() -> None:
    blocks = lay_out({"expected": [1.0, 2.0], "got": [1.0, 3.0]}, width=60, compare=COMPARED)
    assert text(blocks) == ["expected 1 2", "got 1 *3*"]


def test_nan_is_no_difference_from_nan() -> None:
    blocks = lay_out({"expected": [np.nan, 1.0], "got": [np.nan, np.nan]}, width=60, compare=COMPARED)
    assert text(blocks) == ["expected nan 1", "got nan *nan*"]


@pytest.mark.parametrize("factor", [1 + 1e-7, 1 + 1e-12, 1 + 2**-52])
def test_what_differs_is_written_differently(factor: float) -> None:
    expected = 0.7310585786300049
    blocks = lay_out({"expected": expected, "got": expected * factor}, width=60, compare=COMPARED)
    assert blocks[0].rows[0][0].text != blocks[1].rows[0][0].text


def test_shapes_that_differ_are_shown_side_by_side() -> None:
    blocks = lay_out({"expected": [[1.0, 2.0]], "got": [1.0, 2.0, 3.0]}, width=60, compare=COMPARED)
    assert text(blocks) == ["expected 1 2", "got 1 2 3"]


def test_a_long_row_keeps_both_ends_and_the_element_in_question() -> None:
    row = np.arange(1000.0)
    assert text(lay_out({"input": row}, width=26, index=[500])) == ["input 0 1 … 500 … 999"]
    got = row.copy()
    got[700] = -1.0
    lines = text(lay_out({"expected": row, "got": got}, width=40, compare=COMPARED))
    assert "700" in lines[0]
    assert "*-1*" in lines[1]


def test_many_rows_keep_both_ends_and_the_row_in_question() -> None:
    lines = text(lay_out({"input": np.arange(200.0).reshape(100, 2)}, width=60, index=[50, 1]))
    assert lines == ["input 0 1", " 2 3", " 4 5", " … …", " 100 101", " … …", " 198 199"]


def test_further_axes_run_together() -> None:
    assert text(lay_out({"input": np.arange(8.0).reshape(2, 2, 2)}, width=60)) == [
        "input 0 1", " 2 3", " 4 5", " 6 7",
    ]  # fmt: skip


@pytest.mark.parametrize("array", [[], np.zeros((0, 3)), np.zeros((3, 0)), 5.0, np.float32(5), [[[]]]])
def test_no_shape_is_too_small(array: object) -> None:
    assert len(lay_out({"input": array}, width=60)) == 1


def test_an_index_that_is_not_there_is_no_harm() -> None:
    assert text(lay_out({"input": [1.0, 2.0]}, width=60, index=[5])) == ["input 1 2"]


def test_order_is_that_of_the_arrays() -> None:
    arrays = {"a": [1.0, 2.0], "b": 3.0, "c": [4.0, 5.0]}
    assert [block.label for block in lay_out(arrays, width=60)] == ["a", "b", "c"]


def test_number_agrees_with_float_to_its_digits() -> None:
    for value in (1 / 3, 1e300, -2.5e-12, 123456.0):
        assert float(number(value, 17)) == value
