"""Rows on a disk are read in constant memory, in an order that is nearly as good as any."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof import data
from backproof.training.data.reading import chunks, is_mapped, reader, shuffled

COUNT = 10_007


def mapped(path: Path, shape: tuple[int, ...] = (COUNT, 3), dtype: Any = np.float64) -> Any:
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    array.reshape(shape[0], -1)[:, 0] = np.arange(shape[0])
    array.flush()
    return np.load(path, mmap_mode="r")


def test_what_is_mapped(tmp_path: Path) -> None:
    array = mapped(tmp_path / "x.npy")
    plain = np.memmap(tmp_path / "x.npy", np.uint8, "r")
    for there in (
        array,
        np.asarray(array),
        array[5:],
        array[:, 1],
        array.T,
        np.asarray(array)[:, None],
        plain,
    ):
        assert is_mapped(there)
    for copied in (
        array[[1, 2]],
        np.array(array),
        np.ones(3),
        np.ones(3)[1:],
        np.frombuffer(b"abcd", np.uint8),
    ):
        assert not is_mapped(copied)


@pytest.mark.parametrize("nearby", [None, 1, 7, 100, 10**6])
def test_every_number_comes_once(nearby: int | None) -> None:
    orders = list(shuffled(COUNT, 0, 0, nearby))
    assert sorted(np.concatenate(orders).tolist()) == list(range(COUNT))
    if nearby is not None and nearby * 64 < COUNT:
        assert max(map(len, orders)) <= 64 * nearby


def test_neighbourhoods_are_far_apart_and_mixed() -> None:
    order = next(shuffled(100_000, 0, 0, nearby=100))
    assert len(np.unique(order // 100)) == 64  # of 1000 neighbourhoods
    assert len(np.unique(order[:64] // 100)) > 30  # 64 draws of 64 hit 64 (1 − 1/e) = 40 in the mean
    assert order.std() > 15_000  # uniform over all rows it is 28,868


@pytest.mark.parametrize("sizes", [[], [1], [5, 5], [3, 0, 4, 1], [10]], ids=str)
@pytest.mark.parametrize("size", [1, 3, 5, 20])
def test_pieces_are_of_a_size(sizes: list[int], size: int) -> None:
    numbers = np.arange(sum(sizes))
    pieces = list(chunks(iter(np.split(numbers, np.cumsum(sizes)[:-1]) if sizes else []), size))
    assert [len(piece) for piece in pieces] == [
        min(size, len(numbers) - start) for start in range(0, len(numbers), size)
    ]
    assert [number for piece in pieces for number in piece] == numbers.tolist()


LAYOUTS = {
    "in rows": lambda array: array,
    "in columns": np.asfortranarray,
    "every other": lambda array: np.repeat(array, 2, axis=0)[::2],
    "backwards": lambda array: array[::-1],
    "of other bytes": lambda array: array.astype(array.dtype.newbyteorder()),
    "read-only": lambda array: np.broadcast_to(array, array.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_rows_are_read_from_any_layout(layout: Any) -> None:
    array, indices = layout(np.arange(12.0).reshape(4, 3)), np.array([3, 0, 3])
    np.testing.assert_array_equal(reader(array)(indices), array[indices])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_is_gone_through_in_constant_memory(tmp_path: Path, shuffle: bool, order: Any) -> None:
    rows = 40_000
    path = tmp_path / "x.npy"
    array = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float64, shape=(rows, 50), fortran_order=order == "F"
    )
    array[:, 0] = np.arange(rows)
    array.flush()
    total = array.nbytes  # 16 MB
    loader = data.DataLoader(data.TensorDataset(np.load(path, mmap_mode="r")), 100, shuffle)
    tracemalloc.start()
    try:
        seen = np.sort(np.concatenate([batch[:, 0].copy() for (batch,) in loader]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(seen, np.arange(rows))
    assert peak < total / 4


def test_what_was_read_of_a_file_does_not_stay_in_memory(tmp_path: Path) -> None:
    if not Path("/proc/self/smaps").exists():
        pytest.skip("says how much of a file is in memory on Linux alone")
    size = 2**27
    array = np.lib.format.open_memmap(
        tmp_path / "x.npy", mode="w+", dtype=np.float64, shape=(size // 512, 64)
    )
    del array  # it has nothing but holes, and takes no place on the disk
    array = np.load(tmp_path / "x.npy", mmap_mode="r")
    for shuffle in (False, True):
        found = []
        for (batch,) in data.DataLoader(data.TensorDataset(array), 10_000, shuffle):
            batch.sum()
            found.append(resident(tmp_path / "x.npy"))
        # Linux maps what lies around what is read, too, so that little of a small file is left out.
        assert min(found[len(found) // 2 :]) < 2**24
        assert shuffle or max(found) < size / 2


def resident(path: Path) -> int:
    """Give how many bytes of a file this process has in memory."""
    lines = Path("/proc/self/smaps").read_text("utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.endswith(str(path)))
    return 1024 * int(next(line.split()[1] for line in lines[start:] if line.startswith("Rss:")))


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_what_was_written_to_a_map_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    monkeypatch.setattr("backproof.training.data.reading._KEPT", 100)
    mapped(tmp_path / "x.npy")
    array = np.load(tmp_path / "x.npy", mmap_mode=mode)
    array[:, 1] = 7.0
    for _ in range(2):
        assert all((batch[:, 1] == 7).all() for (batch,) in data.DataLoader(data.TensorDataset(array), 100))
