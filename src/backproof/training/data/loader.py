"""The loader: batches of a dataset, in an order that a seed and the epoch decide."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof._names import meant
from backproof.training.data.arguments import seed_of, whole
from backproof.training.data.collate import default_collate
from backproof.training.data.dataset import Dataset, Indices, rows_at_once
from backproof.training.data.reading import chunks, shuffled

__all__ = ["DataLoader"]

#: PyTorch's arguments that say how it loads, with their defaults. Here there is one way.
_LOADING: dict[str, Any] = {
    "batch_sampler": None,
    "num_workers": 0,
    "pin_memory": False,
    "timeout": 0,
    "worker_init_fn": None,
    "multiprocessing_context": None,
    "prefetch_factor": None,
    "persistent_workers": False,
    "pin_memory_device": "",
    "in_order": True,
}


class DataLoader:
    """Gives the batches of a dataset, as often as it is gone through.

    The order of an epoch depends on the seed and the number of the epoch alone. Each time that it is gone
    through is the next epoch, unless `set_epoch` says which comes.

    Parameters
    ----------
    dataset
        A `Dataset`, or anything with a length and samples by their numbers, such as one of
        ``torch.utils.data``.
    batch_size
        Samples a batch; the last one may have fewer.
    shuffle
        Whether each epoch has an order of its own. Rows that lie on a disk are shuffled in neighbourhoods.
    sampler
        The numbers of the samples, in their order, instead: an iterable, which is gone through in each
        epoch.
    drop_last
        Whether a last batch of fewer samples is left out.
    collate_fn
        Makes a batch of a list of samples; else `default_collate` does.
    generator
        Of NumPy or PyTorch: what the seed is taken from.
    seed
        What the orders are drawn from, by default 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, or out of its range, or one of PyTorch's that says how it loads
        (``num_workers``, ``pin_memory`` …) is not as by default: batches are made where they are asked for.

    Examples
    --------
    >>> from backproof.training.data.dataset import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(3.0), np.arange(3)), batch_size=2)
    >>> [(input.tolist(), target.tolist()) for input, target in loader]
    [([0.0, 1.0], [0, 1]), ([2.0], [2])]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Iterable[int] | None = None,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: Any = None,
        seed: int | None = None,
        **loading: Any,
    ) -> None:
        _refuse(loading)
        whole("DataLoader", 1, batch_size=batch_size)
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise TypeError(
                "DataLoader expects a dataset with a length and samples by their numbers; "
                f"got {type(dataset).__name__}"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader takes a sampler or shuffle=True, for each is an order; got both")
        self.dataset, self.batch_size, self.shuffle, self.sampler = dataset, int(batch_size), shuffle, sampler
        self.drop_last, self.collate_fn = drop_last, collate_fn
        self.seed = seed_of("DataLoader", seed, generator)
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes, from 0 on."""
        self._epoch = epoch
        tell = getattr(self.sampler, "set_epoch", None)
        if tell is not None:
            tell(epoch)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        count = len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        """Give the batches of the next epoch."""
        epoch, self._epoch = self._epoch, self._epoch + 1
        size, dataset = self.batch_size, self.dataset
        if self.collate_fn is not None or not isinstance(dataset, Dataset):
            collate = self.collate_fn or default_collate
            for indices in self._pieces(size, epoch):
                numbers = range(len(dataset))[indices] if isinstance(indices, slice) else indices.tolist()
                yield collate([dataset[number] for number in numbers])
            return
        many = rows_at_once(dataset) // size
        if many < 2:
            yield from map(dataset.take, self._pieces(size, epoch))
            return
        for indices in self._pieces(size * many, epoch):
            taken = dataset.take(indices)
            if len(taken[0]) <= size:
                yield taken
                continue
            cuts = [slice(start, start + size) for start in range(0, len(taken[0]), size)]
            yield from zip(*[map(rows.__getitem__, cuts) for rows in taken], strict=True)

    def _pieces(self, size: int, epoch: int) -> Iterator[Indices]:
        """Give the samples of the epoch, so many at a time; only the last piece may have fewer."""
        count, least = len(self.dataset), self.batch_size if self.drop_last else 1
        if self.sampler is None and not self.shuffle:
            end = count - count % least
            yield from (slice(start, min(start + size, end)) for start in range(0, end, size))
            return
        if self.sampler is None:
            nearby = self.dataset.nearby if isinstance(self.dataset, Dataset) else None
            orders = shuffled(count, self.seed, epoch, nearby)
        else:
            orders = _listed(self.sampler, size)
        for piece in chunks(orders, size):
            end = len(piece) - len(piece) % least
            if end:
                yield piece[:end]


def _listed(sampler: Iterable[int], size: int) -> Iterator[NDArray[np.int64]]:
    """Give the numbers that a sampler gives, so many at a time."""
    numbers = iter(sampler)
    while piece := list(islice(numbers, size)):
        yield np.array([operator.index(number) for number in piece], np.int64)


def _refuse(loading: dict[str, Any]) -> None:
    """Refuse PyTorch's arguments that mean nothing here, unless they are as by default, and any others."""
    for name, given in loading.items():
        if name not in _LOADING:
            known = ["batch_size", "collate_fn", "drop_last", "shuffle", *_LOADING]
            hint = meant(name, known, f"it has {', '.join(known)}")
            raise TypeError(f"DataLoader has no argument {name}; {hint}")
        if given != _LOADING[name] and given is not None:
            raise ValueError(
                f"DataLoader for NumPy takes {name}={_LOADING[name]!r} alone, for batches are made where "
                f"they are asked for; got {name}={given!r}"
            )
