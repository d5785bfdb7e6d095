"""Filling a constructor: from the reference's options, from the sizes of the case, and by what names mean.

What is filled is written as JSON, as in `backproof.checking.adapt.filling.arguments`; beside that
``{"random": "numpy"}`` stands for a generator of random numbers that always starts alike, and
``{"parents": ["input"]}`` for the nodes of a graph that hold those arguments.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Set

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import (
    Filled,
    coefficient,
    option_for,
    plain_value,
    randomness,
    usual,
    written,
)
from backproof.checking.adapt.words.names import canonical, means, normalise, word_set
from backproof.checking.adapt.words.signatures import Parameter
from backproof.checking.candidate import Signature

__all__ = ["LAYER_SIZES", "fill_constructor", "is_size"]

#: Letters of a name that says nothing, and how many of them a layer's sizes are.
_SHORT, _TWO = 2, 2

_CONVOLUTION = {"in_channels": ("input", 1), "out_channels": ("weight", 0), "kernel_size": ("weight", -1)}
_CELL = {"input_size": ("weight_ih", 1), "hidden_size": ("weight_hh", 1)}
#: For layers that are no linear map: what a constructor's argument is the size of.
LAYER_SIZES: Mapping[str | None, Mapping[str, tuple[str, int]]] = {
    "Conv1d": _CONVOLUTION,
    "Conv2d": _CONVOLUTION,
    "BatchNorm1d": {"num_features": ("input", 1)},
    "BatchNorm2d": {"num_features": ("input", 1)},
    "LayerNorm": {"normalized_shape": ("input", -1)},
    "RMSNorm": {"normalized_shape": ("input", -1)},
    "GroupNorm": {"num_channels": ("input", 1)},
    "PReLU": {"num_parameters": ("weight", 0)},
    "Embedding": {"num_embeddings": ("weight", 0), "embedding_dim": ("weight", 1)},
    "Bilinear": {
        "in1_features": ("input1", -1),
        "in2_features": ("input2", -1),
        "out_features": ("weight", 0),
    },
    "RNNCell": _CELL,
    "LSTMCell": _CELL,
    "GRUCell": _CELL,
    "MultiheadAttention": {"embed_dim": ("query", -1)},
}
#: What else such a size is called where it is the only one it could be.
_SIZE_NAMES: Mapping[str, frozenset[str]] = {
    "in_channels": word_set("in_ch c_in cin n_channels channels input_channels num_channels in_c ic depth"),
    "out_channels": word_set(
        "out_ch c_out cout n_filters num_filters filters output_channels out_c oc n_kernels num_kernels f"
    ),
    "kernel_size": word_set("kernel ksize k filter_size kernel_shape size window f_size kernel_width"),
    "num_features": word_set(
        "dim d n c size features n_features channels num_channels in_features n_in width"
    ),
    "normalized_shape": word_set(
        "dim d n size features n_features num_features shape hidden hidden_size hidden_dim d_model "
        "embed_dim normalized_dim normalized_size n_embd in_features width channels"
    ),
    "num_channels": word_set("channels c n_channels num_features dim d n features"),
    "num_parameters": word_set("channels n_channels num_channels features num_features n n_params dim size"),
    "num_embeddings": word_set(
        "vocab vocab_size n_vocab num_words n_words num_tokens n_tokens v voc_size input_dim n n_embeddings "
        "num_classes in_features"
    ),
    "embedding_dim": word_set(
        "dim d embed_dim emb_dim emb_size embed_size embedding_size d_model output_dim n_embd hidden "
        "hidden_size n_dim out_features features size"
    ),
    "in1_features": word_set("in1 in_1 n_in1 in1_dim dim1 d1 in_features1 left in_a n1"),
    "in2_features": word_set("in2 in_2 n_in2 in2_dim dim2 d2 in_features2 right in_b n2"),
    "out_features": word_set("out n_out out_dim d_out o"),
    "input_size": word_set("n_in in_size input_dim in_dim d_in n_x in_features n_inputs embed_dim d i inp"),
    "hidden_size": word_set(
        "n_hid n_hidden hidden hidden_dim hid_dim hid n_h nh d_h h units n_units hidden_units num_hidden "
        "out_features n_out out_dim num_units"
    ),
    "embed_dim": word_set("d_model dim d embed_size hidden_size n_embd model_dim emb_dim"),
}
#: What else a constructor needs for the layout of our cases.
_LAYOUTS: Mapping[str, object] = {"batch_first": True}
#: Words in the names of arguments that are made to say how many.
_SIZE_PARTS = (
    *("hidden", "size", "dim", "units", "n_", "num", "width", "classes", "neurons", "features"),
    *("channel", "kernel"),
)
#: What a component may be put together from: without any it is none.
_PARTS = word_set("layers modules blocks components stages nets networks functions submodules activations")
#: Arguments that are the sizes of all layers.
_LISTS = word_set("sizes layer_sizes layers_sizes layer_dims layers_dims dims architecture topology n_units")
#: What the nodes of a graph are called that a node is made from: ``Function(*parents)``.
_PARENTS = word_set("parents tensors inputs operands children variables nodes")
_SIZE_LETTERS = frozenset("hdnkmoijlpqr")


def fill_constructor(found: Sequence[Parameter], signature: Signature, *, model: bool = False) -> Filled:
    """Fill a constructor's arguments; those with defaults only where an option asks for them.

    Raises
    ------
    Obstacle
        If an argument that has no default stands for nothing known.
    """
    filled = _two_letters(found, signature)
    sizes = _Sizes(signature, model)
    by_name = {canonical(parameter.name, signature.options) for parameter in found}
    for parameter in found:
        if parameter.name in filled:
            continue
        if parameter.variadic and normalise(parameter.name) in _PARENTS:
            filled[parameter.name] = {"parents": list(signature.shapes)}
            continue
        entry = _known(parameter, signature, filled, by_name)
        if entry is None:
            entry = sizes.every(parameter) or sizes.entry(parameter) or randomness(parameter)
        needed = parameter.required or (parameter.variadic and parameter.name != "args")
        if entry is None and needed:
            entry = usual(parameter, signature) or coefficient(parameter, signature) or sizes.guess(parameter)
            entry = entry or sizes.in_order(filled)
            if entry is None and parameter.variadic and normalise(parameter.name) not in _PARTS:
                continue  # none of them is an answer, too
            if entry is None:
                raise Obstacle(
                    f"its constructor takes {written(found)}, and nothing known stands for {parameter.name}"
                )
        if entry:
            filled[parameter.name] = entry
    return filled


def _known(
    parameter: Parameter, signature: Signature, filled: Filled, by_name: Set[str | None]
) -> dict[str, object] | None:
    """Fill what the reference says: a size, or an option; empty for one best left at its own default."""
    known = LAYER_SIZES.get(signature.reference, {})
    size = _size_of(parameter, known, filled)
    if size:
        return {"size": list(known[size])}
    if known and parameter.name in _LAYOUTS:
        return {"value": _LAYOUTS[parameter.name]}
    option = option_for(parameter, signature.options)
    if option is None or (option[0] in by_name and not canonical(parameter.name, signature.options)):
        return None  # the second: PyTorch's old ``size_average``, beside the ``reduction`` that is filled
    unset = option[1] is None and parameter.default is not None
    return {} if unset and not parameter.required else {"value": plain_value(option[1])}


def _size_of(parameter: Parameter, known: Mapping[str, tuple[str, int]], filled: Filled) -> str | None:
    """Find which of a layer's sizes an argument is; a word that several answer to is the first not taken."""
    exact = next((size for size in known if normalise(size) == normalise(parameter.name)), None)
    if exact or not (parameter.required or isinstance(parameter.default, int)):
        return exact
    taken = [entry.get("size") for entry in filled.values()]
    for size, place in known.items():
        named = means(parameter.name, size) or normalise(parameter.name) in _SIZE_NAMES.get(size, frozenset())
        if named and list(place) not in taken and not isinstance(parameter.default, bool):
            return size
    return None


def _two_letters(found: Sequence[Parameter], signature: Signature) -> Filled:
    """Fill two letters for the sizes of a linear layer, in and out, or of a cell: of its input, its state."""
    required = [parameter.name for parameter in found if parameter.required]
    if len(required) != _TWO or not all(_says_nothing(name) for name in required):
        return {}
    linear = len(signature.shapes.get("weight", ())) == _TWO and signature.reference not in LAYER_SIZES
    if linear:
        return {required[0]: {"size": ["weight", 1]}, required[1]: {"size": ["weight", 0]}}
    roles = [role for role, shape in signature.shapes.items() if shape]
    cell = signature.reference is None and len(roles) == _TWO and all(name.isupper() for name in required)
    return {name: {"size": [role, -1]} for name, role in zip(required, roles, strict=True)} if cell else {}


def _says_nothing(name: str) -> bool:
    return len(name) <= _SHORT and not any(means(name, role) for role in ("weight", "bias"))


#: Roles that no constructor takes.
_DATA = frozenset({"input", "target", "input1", "input2", "hx", "cx", "query", "key", "value", "mask"})


class _Sizes:
    """The sizes that a constructor asks for, as axes of the case's arguments."""

    #: Sizes inside a model, which no argument has: primes that occur nowhere else.
    INNER = (11, 13, 17, 19, 23)

    def __init__(self, signature: Signature, model: bool) -> None:
        self.shapes, self.kind, self.reference = signature.shapes, signature.kind, signature.reference
        self.model = model
        self.inner = itertools.cycle(self.INNER)
        self.guessed = 0

    def every(self, parameter: Parameter) -> dict[str, object] | None:
        """Give the sizes of all layers to an argument that takes them together."""
        asked = parameter.required and self.reference is None and normalise(parameter.name) in _LISTS
        return {"value": [5, 4, 3]} if asked else None

    def entry(self, parameter: Parameter) -> dict[str, object] | None:
        if not parameter.required and not self._always(parameter):
            return None
        for role in self.shapes:
            if self._is_array(parameter, role):
                return {"array": role} if parameter.required else None
        if parameter.name == "axis" or (parameter.name == "dim" and self.kind == "activation"):
            return {"value": -1}
        matrix = "weight" if len(self.shapes.get("weight", ())) > 1 else None
        if means(parameter.name, "in_features") or parameter.name in ("dim", "size", "n", "d", "features"):
            return {"size": [matrix, 1]} if matrix else self._of_input()
        if means(parameter.name, "out_features"):
            return {"size": [matrix, 0]} if matrix else self._of_output()
        return {"value": next(self.inner)} if self.model and is_size(parameter.name) else None

    def _is_array(self, parameter: Parameter, role: str) -> bool:
        """Say whether an argument is a parameter of the layer, handed over as an array."""
        if parameter.default is not None or role in _DATA:
            return False
        return normalise(parameter.name) == normalise(role) or means(parameter.name, role)

    def _always(self, parameter: Parameter) -> bool:
        """Sizes are given even where they have defaults: the case's shapes go with them."""
        sized = means(parameter.name, "in_features") or means(parameter.name, "out_features")
        whole = isinstance(parameter.default, int) and not isinstance(parameter.default, bool)
        return sized and whole and not self.model and "weight" in self.shapes

    def _of_input(self) -> dict[str, object] | None:
        if self.model:
            return {"value": 5}
        shape = self.shapes.get("input")
        if not shape:
            return None
        # Of an image the features are the channels, first or last: there are fewer of them than pixels.
        first = len(shape) == _IMAGE and shape[1] <= shape[-1]
        return {"size": [self._featured(shape), 1 if first else -1]}

    def _featured(self, shape: tuple[int, ...]) -> str:
        """Name the role that has features: not a square matrix that mixes the rows of another."""
        square = len(shape) == _TWO and shape[0] == shape[1]
        rows = (r for r, s in self.shapes.items() if square and len(s) == _TWO and s[0] == shape[0] != s[1])
        return next(rows, "input")

    def _of_output(self) -> dict[str, object] | None:
        return {"value": 3} if self.model else self._of_input()

    def guess(self, parameter: Parameter) -> dict[str, object] | None:
        """Give a small size to an argument of what has no reference, unless its name is that of an array."""
        array = parameter.name[:1].isupper() or any(
            means(parameter.name, role) for role in ("weight", "bias")
        )
        if self.reference is not None or parameter.variadic or array:
            return None
        self.guessed += 1
        first = self._of_input() if self.guessed == 1 and not self.model else None
        return first or {"value": (2, 3, 5)[self.guessed % 3], "guessed": True}

    def in_order(self, filled: Filled) -> dict[str, object] | None:
        """Give the first of a layer's sizes that no argument has been given yet, to one of any other name."""
        linear = {"in_features": ("weight", 1), "out_features": ("weight", 0)}
        known = LAYER_SIZES.get(self.reference, linear if self.reference == "Linear" else {})
        taken = [entry.get("size") for entry in filled.values()]
        left = [list(place) for place in known.values() if list(place) not in taken]
        return {"size": left[0]} if left else None


_IMAGE = 4


def is_size(name: str) -> bool:
    """Say whether a name may be that of a number of features, units or classes; ``W`` is an array.

    Examples
    --------
    >>> [is_size(name) for name in ("hidden_dim", "n", "W", "gamma")]
    [True, True, False, False]
    """
    if name[:1].isupper():
        return False
    parts = any(part in name.lower() for part in _SIZE_PARTS)
    return parts or name.lower() in _SIZE_LETTERS or normalise(name) in _SIZE_WORDS


_SIZE_WORDS = frozenset(word for words in _SIZE_NAMES.values() for word in words)
