"""The PyTorch function of an op: its forward and its gradient rules as a ``torch.autograd.Function``.

The rules run on tensors as differentiable code, over what is saved: inputs and outputs. So second
derivatives, ``torch.func`` and ``torch.compile`` follow from the definition. A loss is two
functions, one for the values and one for the reduction, as in its definition.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch.autograd import forward_ad

from backproof.ops import Op
from backproof.ops.reduction import Reduction
from backproof.ops.rule import Rule, take
from backproof.torch.nn import autocast
from backproof.torch.nn.namespace import xp
from backproof.torch.nn.second import tied

__all__ = ["function", "functional"]

#: A tensor, or several: what an op gives.
Output: TypeAlias = Any
#: Options in a form that the compiler can hold on to.
Options: TypeAlias = tuple[tuple[str, Any], ...]
#: ``apply(options, *inputs)`` of a ``torch.autograd.Function``.
Apply: TypeAlias = Callable[..., Output]


def functional(op: Op, *inputs: torch.Tensor | None, **options: object) -> Output:
    """Call an op on tensors, with its own gradient rules as backward.

    Parameters
    ----------
    op
        An op, of the catalogue or made from one.
    *inputs
        Its arguments in order, ``None`` for one that is left out, also at the end.
    **options
        Its options; what is not given has its default.

    Raises
    ------
    TypeError
        If the op has no such option, or fewer arguments.
    ValueError
        If the loss has no such reduction.
    RuntimeError
        If a tensor needs a gradient for which the op has no rule.

    Examples
    --------
    >>> import torch
    >>> from backproof.ops import CATALOGUE
    >>> x = torch.tensor([0.0, 1.0], requires_grad=True)
    >>> functional(CATALOGUE["Tanh"], x).sum().backward()
    >>> x.grad
    tensor([1.0000, 0.4200])
    """
    return function(op)(*inputs, **options)


def function(op: Op) -> Callable[..., Output]:
    """Give the PyTorch function of an op, ``function(op)(*inputs, **options)``, made once.

    To be compiled, take it before: the compiler traces the function, not the op.

    Examples
    --------
    >>> import torch
    >>> from backproof.ops import CATALOGUE
    >>> mse = function(CATALOGUE["MSELoss"])
    >>> mse(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0]), reduction="sum")
    tensor(13.)
    >>> mse is function(CATALOGUE["MSELoss"])
    True
    """
    # An op holds mappings and has no hash; held here with its function, it keeps its identity.
    found = _MADE.get(id(op))
    if found is None:
        found = _MADE.setdefault(id(op), (op, _make(op)))
    return found[1]


_MADE: dict[int, tuple[Op, Callable[..., Output]]] = {}


def _make(op: Op) -> Callable[..., Output]:
    """Make the function that takes an op's inputs as people give them."""
    name, known, arguments = op.name, dict(op.options), tuple(op.arguments)
    ruled = tuple(argument in op.rules for argument in arguments)
    compute = _values(op)

    def call(*inputs: torch.Tensor | None, **options: object) -> Output:
        if not options.keys() <= known.keys() or len(inputs) > len(arguments):
            raise TypeError(_misfit(name, arguments, known, inputs, options))
        roles = (*inputs, *[None] * (len(arguments) - len(inputs)))
        if torch.is_grad_enabled():
            _require_rules(name, arguments, ruled, roles)
        return autocast.run(op, roles, lambda cast: compute(cast, {**known, **options}))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = op.__doc__
    return call


def _misfit(
    name: str,
    arguments: Sequence[str],
    known: Mapping[str, object],
    inputs: Sequence[object],
    options: Mapping[str, object],
) -> str:
    if len(inputs) > len(arguments):
        return f"{name} takes the arguments {', '.join(arguments)}; got {len(inputs)} inputs"
    unknown = next(option for option in options if option not in known)
    return f"{name} has the options {', '.join(known) or 'none'}; got option={unknown!r}"


def _require_rules(
    name: str, arguments: Sequence[str], ruled: Sequence[bool], roles: Sequence[torch.Tensor | None]
) -> None:
    """Refuse to be silent about a gradient that nobody would compute."""
    for argument, has_rule, tensor in zip(arguments, ruled, roles, strict=True):
        if tensor is not None and tensor.requires_grad and not has_rule:
            raise RuntimeError(
                f"{name} has no gradient rule for {argument!r}, which requires a gradient; "
                f"give it detached: {argument}.detach()"
            )


def _values(op: Op) -> Callable[[Sequence[torch.Tensor | None], dict[str, Any]], Output]:
    """Give the function from inputs and options to the output, reduced if the op is a loss."""
    apply = _apply(_rules(op))
    if op.reduction is None:
        return lambda inputs, options: apply(tuple(options.items()), *inputs)
    require, counting = op.reduction.require, op.counting
    reduce, several = _apply(_reducing(op.reduction)), len(op.outputs) > 1

    def reduced(inputs: Sequence[torch.Tensor | None], options: dict[str, Any]) -> torch.Tensor:
        how = options.pop("reduction")
        require(how)
        given = apply(tuple(options.items()), *inputs)
        values: torch.Tensor = given[0] if several else given
        if how == "none":
            return values
        count = counting(how)
        counts = count(xp, *inputs, **options) if count else None
        total: torch.Tensor = reduce((("how", how),), values, counts)
        return total

    return reduced


# --- torch.autograd.Function -------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """What an autograd function is made of: plain functions, which the compiler can trace.

    ``forward(inputs, options)`` gives the output; ``backward(upstream, inputs, output, options,
    shapes, needed)`` gives for each input its gradient, or ``None`` where it is not needed. ``kept``
    says for each input, then each output, whether backward looks at it; it gets ``None`` for others.
    ``seen`` says at which of these, by place, it looks for the gradient of each input. ``inner`` says that
    outputs after the first are mostly looked at by backward alone, which then gets ``None`` for their
    upstream gradients.
    """

    name: str
    arguments: int
    outputs: int
    constant: tuple[int, ...]
    kept: tuple[bool, ...]
    seen: tuple[tuple[int, ...], ...]
    forward: Callable[..., Output]
    backward: Callable[..., list[torch.Tensor | None]]
    inner: bool = False


def _rules(op: Op) -> Definition:
    """Read an op as the parts of an autograd function; a loss without its reduction."""
    arguments, sum_to, forward = tuple(op.arguments), op.broadcasting.gradient, op.forward
    calls: list[tuple[Rule, tuple[int, ...], tuple[int, ...] | None]] = [
        # Of one that says what it needs, what asserts annotations, in tests, is taken off: the rest is None.
        (
            inspect.unwrap(rule) if names[0] in op.needs else rule,
            tuple(arguments.index(name) for name in names),
            shares,
        )
        for rule, names, shares in op.calls(op.rules)
    ]

    def evaluate(inputs: Sequence[Any], options: Options) -> Output:
        return forward(xp, *inputs, **dict(options))

    def backward(
        upstream: Output,
        inputs: Sequence[Any],
        output: Output,
        options: Options,
        shapes: Sequence[Any],
        needed: Sequence[bool],
    ) -> list[torch.Tensor | None]:
        found: list[torch.Tensor | None] = [None] * len(inputs)
        for rule, places, shares in calls:
            if not any(needed[place] for place in places):
                continue
            result: Any = rule(xp, upstream, *inputs, output, **dict(options))
            for place, gradient in zip(places, take(result, shares), strict=True):
                if needed[place]:
                    found[place] = sum_to(xp, gradient, shapes[place])
        return found

    constant = tuple(index for index, output in enumerate(op.outputs) if output in op.constant)
    roles = (*arguments, *op.outputs)
    kept = tuple(name in op.kept for name in roles)
    seen = tuple(
        tuple(roles.index(name) for name in (op.needs.get(argument, roles) if argument in op.rules else ()))
        for argument in arguments
    )
    inner = op.reduction is not None and len(op.outputs) > 1
    return Definition(
        op.name, len(arguments), len(op.outputs), constant, kept, seen, evaluate, backward, inner
    )


def _reducing(reduction: Reduction) -> Definition:
    """Read a reduction as the parts of an autograd function of the values and what they count."""
    forward, gradient = reduction.forward, reduction.gradient

    def evaluate(inputs: Sequence[Any], options: Options) -> torch.Tensor:
        (_, how), (values, counts) = options[0], inputs
        reduced: torch.Tensor = forward(xp, values, how, counts)
        return reduced

    def backward(
        upstream: torch.Tensor,
        inputs: Sequence[Any],
        output: Output,
        options: Options,
        shapes: Sequence[Any],
        needed: Sequence[bool],
    ) -> list[torch.Tensor | None]:
        (_, how), (_, counts) = options[0], inputs
        # Of the values only the shape counts: what was reduced to one number need not be kept.
        return [gradient(xp, upstream, upstream.expand(shapes[0]), how, counts), None]

    return Definition("Reduction", 2, 1, (), (False, True, False), ((), ()), evaluate, backward)


def _apply(definition: Definition) -> Apply:
    """Give ``apply`` of the autograd function: with forward mode, except where it is compiled.

    The compiler takes no function that defines ``jvp``.
    """
    evaluate, made = definition.forward, _reverse(definition)
    reverse: Any = made
    both: Any = _both(made, definition)

    def apply(options: Options, *inputs: torch.Tensor | None) -> Output:
        if torch.compiler.is_compiling():
            return reverse.apply(options, *_distinct(inputs))
        if _only_numbers(inputs):
            return evaluate(inputs, options)
        return both.apply(options, *inputs)

    return apply


def _distinct(roles: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """Give tensors none of which is there twice: the compiler takes no such inputs."""
    return [
        tensor.view_as(tensor)
        if tensor is not None and any(tensor is other for other in roles[:at])
        else tensor
        for at, tensor in enumerate(roles)
    ]


def _only_numbers(roles: Sequence[torch.Tensor | None]) -> bool:
    """Say whether nobody differentiates or transforms: then the forward alone is all there is to do."""
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in roles):
        return False
    # What `torch.autograd.Function.apply` asks, and what `torch.autograd.forward_ad` keeps.
    return not torch._C._are_functorch_transforms_active() and forward_ad._current_level < 0


def _reverse(definition: Definition) -> type[torch.autograd.Function]:
    """Make the autograd function; its saved tensors are inputs and outputs, and nothing between."""
    several, constant, kept = definition.outputs > 1, definition.constant, definition.kept
    inner, seen = definition.inner, definition.seen
    evaluate, differentiate, split = definition.forward, definition.backward, _split(definition)

    def forward(options: Options, *inputs: torch.Tensor | None) -> Output:
        return evaluate(inputs, options)

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Output) -> None:
        outputs = output if several else (output,)
        ctx.options = inputs[0]
        ctx.shapes = tuple(None if tensor is None else tensor.shape for tensor in inputs[1:])
        if inner:
            ctx.set_materialize_grads(False)
            ctx.first = outputs[0].shape
        if constant:
            ctx.mark_non_differentiable(*[outputs[index] for index in constant])
        roles = (*inputs[1:], *outputs)
        ctx.save_for_backward(*[role if keep else None for role, keep in zip(roles, kept, strict=True)])

    def backward(ctx: Any, *grad_outputs: Any) -> tuple[torch.Tensor | None, ...]:
        if inner and grad_outputs[0] is None:
            grad_outputs = (grad_outputs[1].new_zeros(ctx.first), *grad_outputs[1:])
        saved = ctx.saved_tensors
        inputs, output = split(saved)
        upstream = tuple(None if index in constant else grad for index, grad in enumerate(grad_outputs))
        needed = ctx.needs_input_grad[1:]
        given = upstream if several else upstream[0]
        device = grad_outputs[0].device.type
        # A rule computes in the dtypes that the forward computed in.
        within = autocast.disabled(device) if autocast.enabled(device) else contextlib.nullcontext()
        with within:
            found = differentiate(given, inputs, output, ctx.options, ctx.shapes, needed)
        return None, *tied(found, seen, saved)

    # PyTorch asks for the signature in every call, and looks here first.
    vars(forward)["__signature__"] = inspect.signature(forward)
    parts: dict[str, Any] = {"forward": forward, "setup_context": setup_context, "backward": backward}
    return type(
        definition.name,
        (torch.autograd.Function,),
        {"generate_vmap_rule": True, **{name: staticmethod(part) for name, part in parts.items()}},
    )


def _split(definition: Definition) -> Callable[[Sequence[Any]], tuple[Sequence[Any], Output]]:
    """Give what takes the saved tensors apart into the inputs and the output."""
    count, several = definition.arguments, definition.outputs > 1
    return lambda saved: (saved[:count], saved[count:] if several else saved[count])


def _both(reverse: type[torch.autograd.Function], definition: Definition) -> type[torch.autograd.Function]:
    """Give the autograd function forward mode too, from its backward.

    The gradient is linear in the upstream gradient, g ↦ Jᵀ g. Its own gradient for g, with a tangent
    t for the upstream gradient, is J t: what forward mode asks for.
    """
    several, constant, indices = definition.outputs > 1, definition.constant, range(definition.outputs)
    differentiate, split = definition.backward, _split(definition)
    moving = [index for index in indices if index not in constant]

    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Output) -> None:
        reverse.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs[1:], *(output if several else (output,)))

    def jvp(ctx: Any, *tangents: torch.Tensor | None) -> Output:
        inputs, output = split(ctx.saved_tensors)
        needed = [tangent is not None for tangent in tangents[1:]]
        moved: list[torch.Tensor | None] = []

        def transposed(*upstreams: torch.Tensor) -> list[torch.Tensor]:
            at = dict(zip(moving, upstreams, strict=True))
            upstream = tuple(at.get(index) for index in indices) if several else upstreams[0]
            found = differentiate(upstream, inputs, output, ctx.options, ctx.shapes, needed)
            moved[:] = [t for t, gradient in zip(tangents[1:], found, strict=True) if gradient is not None]
            return [gradient for gradient in found if gradient is not None]

        outputs = output if several else (output,)
        pull: Any = torch.func.vjp(transposed, *[torch.zeros_like(outputs[index]) for index in moving])[1]
        pushed = dict(zip(moving, pull(moved), strict=True))
        return tuple(pushed.get(index) for index in indices) if several else pushed[0]

    parts = {"setup_context": staticmethod(setup_context), "jvp": staticmethod(jvp)}
    return type(definition.name, (reverse,), parts)
