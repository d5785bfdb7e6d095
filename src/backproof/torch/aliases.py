"""The submodules of ``torch.nn`` and ``torch.optim``, also under the names of the packages here.

``from backproof.torch.nn.utils import clip_grad_norm_`` imports from ``torch.nn.utils``, of which there is
one module under two names: nothing is loaded twice, and a class is one class.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

__all__ = ["Aliases", "install"]


class Aliases(MetaPathFinder, Loader):
    """Finds what a package of ours lacks in PyTorch's package of the other name.

    Examples
    --------
    >>> import torch.nn.functional
    >>> from backproof.torch.nn import functional
    >>> import backproof.torch.nn.utils.rnn
    >>> functional is torch.nn.functional, backproof.torch.nn.utils.rnn is torch.nn.utils.rnn
    (True, True)
    """

    def __init__(self, ours: str, theirs: str) -> None:
        self.ours, self.theirs = ours, theirs

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of a submodule that PyTorch has and the package here has not."""
        package, _, _ = fullname.rpartition(".")
        if not fullname.startswith(f"{self.ours}."):
            return None
        if package == self.ours and PathFinder.find_spec(fullname, path) is not None:
            return None
        if importlib.util.find_spec(self._name(fullname)) is None:
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Put PyTorch's module in the place of the new one."""
        sys.modules[module.__name__] = importlib.import_module(self._name(module.__name__))

    def _name(self, ours: str) -> str:
        return self.theirs + ours.removeprefix(self.ours)


def install(ours: str, theirs: str) -> None:
    """Look for submodules of the package ``ours`` in PyTorch's ``theirs``, where it has none of the name."""
    sys.meta_path.insert(0, Aliases(ours, theirs))
