"""Datasets: samples by their numbers. The names are those of ``torch.utils.data``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.training.data.arguments import seed_of, share, whole
from backproof.training.data.collate import default_collate, merged
from backproof.training.data.reading import AT_ONCE, Pages, is_mapped, reader, row_bytes

__all__ = [
    "ConcatDataset",
    "Dataset",
    "Indices",
    "Subset",
    "TensorDataset",
    "random_split",
    "rows_at_once",
    "set_apart",
]

#: Which samples: some in a row, or by their numbers.
Indices: TypeAlias = slice | NDArray[np.int64]


class Dataset:
    """Base of datasets: yours has ``__len__`` and ``__getitem__``, which gives a sample.

    Examples
    --------
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return np.array([index]), index**2
    >>> Squares().take(np.array([2, 3]))
    (array([[2],
           [3]]), array([4, 9]))
    """

    #: How many samples `take` gives as quickly as one; it is then a tuple of arrays that it gives.
    at_once: int = 1
    #: How many samples that follow each other lie together on a disk; ``None`` if they are in memory.
    nearby: int | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__getitem__" in vars(cls) and "take" not in vars(cls):
            cls.take = Dataset.take  # type: ignore[method-assign]  # of the samples that are the class's own

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no samples: write `def __getitem__(self, index)`, which gives one, "
            "such as (input, target)"
        )

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no length: write `def __len__(self)`")

    def take(self, indices: Indices) -> Any:
        """Give a batch of samples: `default_collate` of them."""
        if isinstance(indices, slice):
            return default_collate([self[index] for index in range(*indices.indices(len(self)))])
        return default_collate([self[index] for index in indices.tolist()])

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


def rows_at_once(dataset: Any) -> int:
    """Give how many samples a dataset gives as quickly as one."""
    # A class that has samples of its own does not give those of the class that it is derived from.
    own = not isinstance(dataset, Dataset) or type(dataset).take is Dataset.take
    return 1 if own else dataset.at_once


class TensorDataset(Dataset):
    """Arrays with a sample in each row: the sample of a number is the tuple of their rows.

    Nothing is copied. Arrays that are mapped to files stay there, but for the rows that are asked for.

    Parameters
    ----------
    *tensors
        The arrays, as long as each other.

    Raises
    ------
    ValueError
        If there are none, or their lengths differ.

    Examples
    --------
    >>> dataset = TensorDataset(np.array([[1.0], [2.0], [3.0]]), np.array([4, 5, 6]))
    >>> len(dataset), dataset[1]
    (3, (array([2.]), np.int64(5)))
    """

    def __init__(self, *tensors: Any) -> None:
        arrays = tuple(np.asarray(tensor) for tensor in tensors)
        shapes = [array.shape for array in arrays]
        if not arrays or len({shape[:1] for shape in shapes}) > 1 or () in shapes:
            raise ValueError(f"expected arrays with as many rows each; got the shapes {shapes}")
        self.tensors = arrays
        self._read = [reader(array) for array in arrays]
        self._pages, self._row = Pages(arrays), sum(map(row_bytes, arrays))
        self.at_once = max(1, AT_ONCE // self._row)
        self.nearby = self.at_once if any(map(is_mapped, arrays)) else None

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(array[index] for array in self.tensors)

    def take(self, indices: Indices) -> tuple[NDArray[Any], ...]:
        """Give the rows: views of them for a slice."""
        rows = self[indices] if isinstance(indices, slice) else tuple([read(indices) for read in self._read])
        self._pages.read(len(rows[0]) * self._row)
        return rows


class Subset(Dataset):
    """Some samples of a dataset, by their numbers there.

    Examples
    --------
    >>> Subset(TensorDataset(np.array([5.0, 6.0, 7.0])), [2, 0])[0]
    (np.float64(7.0),)
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | NDArray[Any]) -> None:
        found = np.asarray(indices)
        if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
            raise TypeError(
                f"expected indices, a list of whole numbers; got dtype={found.dtype} and shape={found.shape}"
            )
        count = len(dataset)
        if found.size and not (-count <= found.min() and found.max() < count):
            raise IndexError(
                f"expected indices of the {count} samples; got {int(found.min())} to {int(found.max())}"
            )
        self.dataset, self.indices = dataset, np.where(found < 0, found + count, found).astype(np.int64)
        self.at_once, self.nearby = rows_at_once(dataset), getattr(dataset, "nearby", None)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[int(self.indices[index])]

    def take(self, indices: Indices) -> Any:
        """Give a batch of samples."""
        if isinstance(self.dataset, Dataset):
            return self.dataset.take(self.indices[indices])
        return super().take(indices)


class ConcatDataset(Dataset):
    """Datasets one after the other.

    Examples
    --------
    >>> both = TensorDataset(np.array([1.0, 2.0])) + TensorDataset(np.array([3.0]))
    >>> len(both), both[2], both.take(np.array([2, 0]))
    (3, (np.float64(3.0),), (array([3., 1.]),))
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("expected datasets to put one after the other; got none")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))
        self.at_once = min(map(rows_at_once, self.datasets))
        self.nearby = min(
            filter(None, (getattr(each, "nearby", None) for each in self.datasets)), default=None
        )

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"expected the number of one of the {count} samples; got index={index}")
        index %= count
        which = int(np.searchsorted(self.cumulative_sizes, index, side="right"))
        return self.datasets[which][index - (self.cumulative_sizes[which] - len(self.datasets[which]))]

    def take(self, indices: Indices) -> Any:
        """Give a batch of samples: of each dataset those that are its own, brought into their order."""
        if self.at_once == 1:
            return super().take(indices)
        numbers = np.arange(len(self))[indices] if isinstance(indices, slice) else indices
        which = np.searchsorted(self.cumulative_sizes, numbers, side="right")
        order = np.argsort(which, kind="stable")
        parts = []
        for number in np.unique(which).tolist():
            start = self.cumulative_sizes[number] - len(self.datasets[number])
            parts.append(self.datasets[number].take(numbers[which == number] - start))
        back = np.argsort(order)
        return merged(parts, lambda arrays: np.concatenate(arrays)[back])


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Any = None, *, seed: int | None = None
) -> list[Subset]:
    """Split a dataset at random into parts that have no sample in common, each in the dataset's order.

    Parameters
    ----------
    dataset
        What is split.
    lengths
        How many samples each part gets, or which share of them; shares add up to 1.
    generator, seed
        What the parts are drawn from, by default the seed 0.

    Raises
    ------
    ValueError
        If a part would be empty, or the parts are not the whole.

    Examples
    --------
    >>> parts = random_split(TensorDataset(np.arange(10.0)), [0.7, 0.3], seed=1)
    >>> [len(part) for part in parts]
    [7, 3]
    """
    count = len(dataset)
    sizes = _sizes(count, list(lengths))
    order = np.random.default_rng(seed_of("random_split", seed, generator)).permutation(count)
    return [Subset(dataset, np.sort(part)) for part in np.split(order, np.cumsum(sizes)[:-1])]


def _sizes(count: int, lengths: list[float]) -> list[int]:
    """Give how many samples each part gets; what shares leave over goes to the first parts, one each."""
    sizes: list[Any] = lengths
    if lengths and math.isclose(sum(lengths), 1) and any(length != 1 for length in lengths):
        sizes = [math.floor(count * length) for length in lengths]
        for place in range(count - sum(sizes)):
            sizes[place % len(sizes)] += 1
    if not sizes or min(sizes) < 1 or sum(sizes) != count:
        raise ValueError(
            f"expected lengths that split the {count} samples into parts of at least one: whole numbers that "
            f"add up to {count}, or shares that add up to 1; got lengths={lengths}"
        )
    whole("random_split", 1, **{f"lengths[{place}]": size for place, size in enumerate(sizes)})
    return sizes


def set_apart(dataset: Any, validation: Any, seed: int) -> tuple[Subset, Subset]:
    """Give what is left for training and what is set apart, a share of the samples drawn from a seed."""
    count = share("fit", len(dataset), validation=validation)
    first, second = random_split(dataset, [len(dataset) - count, count], seed=seed)
    return first, second
