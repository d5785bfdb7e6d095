"""Tensors that carry a tangent through a forward, as `following.tangents` wants it.

PyTorch knows the derivative of each of its functions. A mode sees each call; what the tensors carry is
kept beside them, so that a forward may work on ``.data``, or in an ``autograd.Function``, all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode, resolve_name

from backproof.checking.adapt.following.tangents import Follower, Node, Part, words

__all__ = ["Following"]

#: Functions whose result at each element is made of the operands' at the same.
_MIXING = words(
    "softmax log_softmax matmul mm bmm addmm linear einsum conv1d conv2d conv3d cumsum flip roll sort "
    "transpose t permute layer_norm batch_norm group_norm instance_norm rms_norm normalize logcumsumexp "
    "scaled_dot_product_attention bilinear cumprod dot inner outer"
)
#: What is asked of a tensor, and what reads its numbers.
_ASKED = words("__get__ size dim numel item tolist numpy __len__ is_floating_point stride type")


class Following(TorchFunctionMode):
    """Follows tensors through every function that is called within its context."""

    def __init__(self, follower: Follower) -> None:
        super().__init__()
        self.follower = follower
        self.nodes: dict[int, tuple[Any, Node]] = {}  # the tensor too, so that its id stays its own

    def carry(self, array: NDArray[Any], tangent: NDArray[Any] | None) -> Any:
        """Make a tensor that carries a tangent, where there is one."""
        tensor = torch.from_numpy(array.copy())
        if tangent is not None:
            self.nodes[id(tensor)] = tensor, Node(tensor.clone(), torch.from_numpy(tangent.copy()), "input")
        return tensor

    def tangent(self, value: Any) -> NDArray[Any] | None:
        """Give the tangent that a tensor carries."""
        node = self.node(value)
        return None if node is None else node.tangent.numpy()

    def node(self, value: Any) -> Node | None:
        """Give what a tensor carries."""
        found = self.nodes.get(id(value))
        return found[1] if found else None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        named: Mapping[str, Any] = kwargs or {}
        tensors = list(dict.fromkeys(v for v in _leaves((args, named)) if self.node(v)))
        plain = [tensor.detach().clone() for tensor in tensors]
        result = func(*args, **named)
        if not tensors or not _floating(result):
            return result
        name = _name(func)
        if name in ("detach", "data", "clone", "requires_grad_", "contiguous", "to"):
            self.nodes[id(result)] = result, self.nodes[id(tensors[0])][1]
            return result
        if name in _ASKED:
            return result
        self._carry(name, func, args, named, tensors, plain, result)
        return result

    def _carry(
        self,
        name: str,
        func: Callable[..., Any],
        args: Sequence[Any],
        named: Mapping[str, Any],
        tensors: Sequence[Any],
        plain: Sequence[Any],
        result: Any,
    ) -> None:
        nodes = [self.nodes[id(tensor)][1] for tensor in tensors]
        given = [id(leaf) for leaf in _leaves((args, named))]
        positions = [given.index(id(tensor)) for tensor in tensors]
        outputs = _tensors(result)
        tangents = []
        for index, node in enumerate(nodes):

            def alone(one: Any, index: int = index) -> tuple[Any, ...]:
                others = [one if i == index else p.clone() for i, p in enumerate(plain)]
                known = {id(t): other for t, other in zip(tensors, others, strict=True)}
                return tuple(_tensors(func(*_exchanged(args, known), **_exchanged(named, known))))

            tangents.append(torch.func.jvp(alone, (plain[index].clone(),), (node.tangent,))[1])
        for number, output in enumerate(outputs):
            every = [
                Part(node, tangent[number], position)
                for node, tangent, position in zip(nodes, tangents, positions, strict=True)
            ]
            parts = [part for part in every if part.tangent.any()] or every[:1]
            node = self.follower.step(name, output.detach(), parts, elementwise=name not in _MIXING)
            self.nodes[id(output)] = output, node


def _name(func: Callable[..., Any]) -> str:
    name = getattr(func, "__name__", "")
    if name == "__get__":
        return (resolve_name(func) or "").split(".")[-2]
    return name.strip("_")


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in _leaves(one)]
    if isinstance(value, Mapping):
        return _leaves(list(value.values()))
    return [value] if isinstance(value, torch.Tensor) else []


def _tensors(result: Any) -> list[Any]:
    return [value for value in _leaves(result) if value.is_floating_point()]


def _floating(result: Any) -> bool:
    return bool(_tensors(result))


def _exchanged(value: Any, known: Mapping[int, Any]) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_exchanged(v, known) for v in value))
    if isinstance(value, list | tuple):
        return type(value)(_exchanged(v, known) for v in value)
    if isinstance(value, Mapping):
        return {name: _exchanged(v, known) for name, v in value.items()}
    return known.get(id(value), value)
