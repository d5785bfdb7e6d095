"""What a candidate is compared with: an op or an update rule with its options, found by name."""

from __future__ import annotations

import ast
import difflib
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof import ops, updates
from backproof.ops import Op
from backproof.updates import UpdateRule

__all__ = [
    "OpReference",
    "Reference",
    "RuleReference",
    "UnfitReference",
    "UnknownReference",
    "guess",
    "parse",
    "suggest",
    "words",
]

#: Words that say how a component was made, not which one it is.
_FILLERS = frozenset(
    # A column of these words would be harder to read than the words.
    "my our own custom manual hand handmade handwritten written naive simple basic stable vanilla plain "  # noqa: SIM905
    "numpy np torch pytorch scratch from impl implementation layer layers function func fn module class op "
    "jax tf pt forward version v v1 v2 v3 new old final the a wrong bad buggy broken good right correct "
    "fixed".split()
)
#: Words that say what sort of thing a component is: a reference of another kind is not meant.
_KINDS = {
    **dict.fromkeys(("activation", "act"), "activation"),
    **dict.fromkeys(("loss", "criterion", "cost", "objective"), "loss"),
    **dict.fromkeys(("optimizer", "optimiser", "optim"), "optimizer"),
}
#: The same word, written out.
_SPELLINGS = dict.fromkeys(("normalization", "normalisation"), "norm")
#: How a name ends that says that the gradient comes with the value.
_WITH_GRADIENT = re.compile(r"(?i)((_?(with|and))?_(vjp|pullback)|_(with|and)_(grad|gradient|backward))$")
#: Functions that are not in the catalogue: their number does not count attempts, as in ``tanh2``.
_NUMBERED = frozenset({"log2", "log10", "exp2", "atan2"})


class UnknownReference(ValueError):
    """A reference was named that is not in the catalogue, or not as a reference is written."""


class UnfitReference(UnknownReference):
    """A reference was named that a candidate cannot be held against."""


@dataclass(frozen=True)
class OpReference:
    """An op with the options it is meant to have."""

    op: Op
    options: Mapping[str, object]
    #: Whether its gradient rules are formulas; finite differences stand in for those of other things.
    exact: bool = True

    @property
    def kind(self) -> str:
        """activation, loss, layer or elementary."""
        return self.op.kind

    def __str__(self) -> str:
        return f"{self.op.room}.{self.op.name}({_written(self.options)})"


@dataclass(frozen=True)
class RuleReference:
    """An update rule with the hyperparameters it is meant to have."""

    rule: type[UpdateRule]
    options: Mapping[str, object]

    @property
    def kind(self) -> str:
        """Always optimizer."""
        return "optimizer"

    def __str__(self) -> str:
        return f"torch.optim.{self.rule.__name__}({_written(self.options)})"


Reference = OpReference | RuleReference


def _written(options: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def words(name: str) -> list[str]:
    """Split a name into lower-case words, without those that only say what sort of thing it is.

    Examples
    --------
    >>> words("GradientDescentOptimizer"), words("my_tanh"), words("CELoss"), words("L2Loss")
    (['gradient', 'descent'], ['tanh'], ['ce'], ['l2'])
    """
    return [word for word in _split_words(name) if word not in _FILLERS and word not in _KINDS]


def _split_words(name: str) -> list[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+", name)
    return [_SPELLINGS.get(part.lower(), part.lower()) for part in parts]


def _ops() -> list[Op]:
    """Give the ops, those of ``torch.nn`` first: ``tanh`` means the activation."""
    return sorted(ops.CATALOGUE.values(), key=lambda op: op.kind == "elementary")


def _names() -> Iterator[tuple[str, Reference]]:
    for op in _ops():
        yield op.name, OpReference(op.main, {})
        for alias, options in op.aliases.items():
            yield alias, OpReference(op.main, options)
    for rule in updates.CATALOGUE.values():
        yield rule.__name__, RuleReference(rule, {})
        for alias, options in rule.aliases.items():
            yield alias, RuleReference(rule, options)


def _table() -> dict[str, Reference]:
    return _table_of(tuple(ops.CATALOGUE), tuple(updates.CATALOGUE))


@functools.lru_cache(maxsize=1)
def _table_of(known: tuple[str, ...], rules: tuple[str, ...]) -> dict[str, Reference]:
    """Make the table of the catalogues as they are now, which the names say."""
    table: dict[str, Reference] = {}
    for name, reference in _names():
        table.setdefault("".join(_split_words(name)), reference)
    for op in _ops():
        # ``MSE`` is MSELoss; but what the alias ``log loss`` leaves without ``loss`` is another function, and
        # ``Norm`` may be any: of LayerNorm the layer is a part.
        short = [word for word in _split_words(op.name) if word not in _KINDS]
        table.setdefault("".join(short), OpReference(op.main, {}))
    return table


def guess(name: str) -> Reference | None:
    """Find what a component of this name is meant to be; ``None`` if the name does not tell.

    Words such as ``my`` and ``layer`` are passed over. A word such as ``loss`` may be passed over
    too, but then the reference must be one.

    Examples
    --------
    >>> str(guess("MyTanh")), str(guess("L2Loss")), str(guess("MomentumOptimizer")), guess("Net")
    ('torch.nn.Tanh()', 'torch.nn.MSELoss()', 'torch.optim.SGD(momentum=0.9)', None)
    >>> guess("SigmoidLoss") is None, str(guess("kl_div_batchmean"))
    (True, "torch.nn.KLDivLoss(reduction='batchmean')")
    """
    table = _table()
    parts = _split_words(_WITH_GRADIENT.sub("", name))
    kinds = {_KINDS[word] for word in parts if word in _KINDS}
    made = [word for word in parts if word not in _FILLERS]
    layer = [word for word in parts if word not in _FILLERS or word == "layer"]
    layer = layer[:-1] if layer[1:] and layer[-1] == "layer" else layer
    bare = [word for word in parts if word not in _KINDS]
    for chosen in (parts, layer, made, bare, words(name)):
        found = _look_up(table, "".join(chosen))
        if found and kinds <= {found.kind}:
            return found
    return _reduced(parts)


def _reduced(parts: Sequence[str]) -> Reference | None:
    """Find a loss whose name ends with its reduction: ``kl_div_batchmean``."""
    *rest, last = parts or ("",)
    found = guess(" ".join(rest)) if rest and last in ("sum", "mean", "batchmean") else None
    reduction = found.op.reduction if isinstance(found, OpReference) else None
    if not isinstance(found, OpReference) or reduction is None or last not in reduction.ways:
        return None
    return OpReference(found.op, {**found.options, "reduction": last})


def _look_up(table: Mapping[str, Reference], key: str) -> Reference | None:
    """Find a name; a number at its end only counts the attempts, unless it is part of it (``l2``)."""
    while key not in table and key not in _NUMBERED and key[-1:].isdigit():
        key = key[:-1]
    return table.get(key)


def suggest(name: str) -> str:
    """Name the reference that a candidate's name begins or ends like; nothing where there is none.

    It is a hint for people: ``AdamEpsIn`` may be an Adam, ``SoftmaxRegression`` is no softmax.

    Examples
    --------
    >>> suggest("AdamEpsIn"), suggest("MySoftmaxAxis"), suggest("Net")
    ('Adam', 'Softmax', '')
    """
    parts, table = words(name), _table()
    for count in range(len(parts) - 1, 0, -1):
        for chosen in (parts[:count], parts[-count:]):
            found = table.get("".join(chosen))
            if found is not None:
                return found.op.name if isinstance(found, OpReference) else found.rule.__name__
    return ""


def parse(text: str) -> Reference | None:
    """Read a reference as a user writes it: ``mse``, ``torch.nn.Softmax(dim=0)``, ``none``.

    ``none`` gives ``None``: judge the candidate by its own forward alone.

    Raises
    ------
    UnknownReference
        If the text names nothing in the catalogue, an option that it does not have, or a value that
        the option cannot have.

    Examples
    --------
    >>> str(parse("torch.nn.MSELoss(reduction='sum')")), parse("none")
    ("torch.nn.MSELoss(reduction='sum')", None)
    """
    if text.strip().lower() in ("none", "self", "own"):
        return None
    name, options = _split(text)
    found = guess(name)
    if found is None:
        known = {n.lower(): n for n, _ in reversed(list(_names()))}
        close = difflib.get_close_matches(name.lower(), known, 1)
        every = ", ".join(sorted(known.values()))
        hint = f"; did you mean {known[close[0]]}?" if close else f"; known are {every}"
        raise UnknownReference(f"expected the name of a reference, got {text!r}{hint}")
    merged: dict[str, Any] = {**found.options, **options}
    if isinstance(found, OpReference):
        _check(name, options, found.op.options)
        ways = found.op.reduction.ways if found.op.reduction else ()
        if ways and merged.get("reduction", "mean") not in ways:
            raise UnknownReference(
                f"{name} takes reduction={' or '.join(map(repr, ways))}; "
                f"got reduction={merged['reduction']!r}"
            )
        return OpReference(found.op, merged)
    _check(name, options, found.rule.hyperparameters())
    try:
        found.rule(**merged)
    except ValueError as error:
        raise UnknownReference(f"{name}: {error}") from error
    return RuleReference(found.rule, merged)


def _check(name: str, options: Mapping[str, object], allowed: Mapping[str, object]) -> None:
    for option, value in options.items():
        if option not in allowed:
            raise UnknownReference(
                f"{name} has the options {', '.join(allowed) or 'none'}; got {option}={value!r}"
            )


def _split(text: str) -> tuple[str, dict[str, object]]:
    """Take ``a.b.Name(option=value)`` apart; words with blanks or dashes between them are a name."""
    if re.fullmatch(r"\s*\w+([\s-]+\w+)+\s*", text):
        return text.strip(), {}
    unreadable = UnknownReference(
        f"expected a reference such as torch.nn.MSELoss(reduction='sum'), got {text!r}"
    )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        function, options = tree, {}
        if isinstance(tree, ast.Call):
            function, options = tree.func, {k.arg or "**": ast.literal_eval(k.value) for k in tree.keywords}
    except (SyntaxError, ValueError):
        raise unreadable from None
    if not isinstance(function, ast.Name | ast.Attribute):
        raise unreadable
    if isinstance(tree, ast.Call) and tree.args:
        raise UnknownReference(
            f"expected the options of {ast.unparse(function)} by their names, such as "
            f"reduction='sum', got {text!r}"
        )
    return ast.unparse(function).rpartition(".")[2], options
