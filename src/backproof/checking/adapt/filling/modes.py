"""The modes of a component that draws random numbers: training, and evaluation, in which it draws none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from backproof.checking.adapt.execution import Obstacle
from backproof.checking.adapt.filling.arguments import Filled
from backproof.checking.adapt.words.names import normalise, split, word_set
from backproof.checking.adapt.words.signatures import Parameter

__all__ = ["evaluate", "evaluating", "says_random", "says_random_inside"]

_SWITCHES = word_set("training train is_training train_flag train_flg train_mode is_train")
_TRAIN, _TEST = "train", "test"
#: Parts of words that say of a dropout that it drops in evaluation as well.
_ALWAYS = re.compile(r"monte|bayes|\bmc")
#: Parts of words that say of a component that it draws.
_RANDOM = re.compile(
    r"drop|nois|random|stochast|sampl|gumbel|bernoulli|augment|perturb|jitter|monte|reparam|variational|drawn|rrelu|\bvae\b"
)
#: A dropout that drops in evaluation too, unless it is handed the mode.
_UNSWITCHED = re.compile(r"\b(F|functional) \. \w*dropout\w* \((?!([^()]|\([^()]*\))*train)")
#: What only a component that draws takes.
_CHANCES = word_set(
    "p rate prob drop_prob keep_prob dropout drop_rate dropout_rate rng generator key sigma std"
)


def says_random(name: str, texts: Iterable[str | None], found: Iterable[Parameter]) -> str:
    """Say whether name, docstrings or arguments tell that a component draws random numbers.

    Gives ``dropout`` for one that its name says to draw in training only, ``said`` for another.

    Examples
    --------
    >>> says_random("Dropout2d", [], []), says_random("Gate", ["Jitters."], []), says_random("Gate", [], [])
    ('dropout', 'said', '')
    """
    told = " ".join([name, *(text or "" for text in texts)]).lower()
    if "drop" in name.lower() and not _ALWAYS.search(told):
        return "dropout"
    taken = [p.name for p in found]
    # Beside a query a key is what it is compared with, not one of JAX's.
    chances = _CHANCES - {"key"} if any(normalise(one) in ("query", "queries") for one in taken) else _CHANCES
    drawn = any(normalise(one) in chances or "dropout" in split(one) for one in taken)
    return "said" if _RANDOM.search(told) or drawn else ""


def says_random_inside(name: str, code: Sequence[str]) -> str:
    """Say whether the words of its own code (``code``, its tokens) tell that it draws, as `says_random` does.

    A library's module of random numbers tells nothing: a mistake has to call it, too.

    Examples
    --------
    >>> says_random_inside("Block", "F . dropout ( x )".split()), says_random_inside("Gate", ["noise"])
    ('dropout', 'said')
    >>> says_random_inside("Gate", ["np", ".", "random", ".", "rand", "(", ")"])
    ''
    """
    told = " ".join(word for word in code if word != "random")
    words = " ".join(split(name)) + " " + told.lower()
    if _UNSWITCHED.search(told) and not _ALWAYS.search(words):
        return "dropout"
    return "said" if _RANDOM.search(words) else ""


def evaluating(found: Sequence[Parameter], call: Filled) -> Filled:
    """Give a call with the arguments that switch training on switched off; those of settings, too."""
    changed = dict(call)
    for parameter in found:
        word, entry = normalise(parameter.name), call.get(parameter.name)
        if word in _SWITCHES:
            changed[parameter.name] = {"value": False}
        elif word == "mode":
            changed[parameter.name] = {"value": _TEST}
        elif isinstance(entry, dict) and isinstance(entry.get("value"), dict) and "mode" in entry["value"]:
            changed[parameter.name] = {"value": {**entry["value"], "mode": _TEST}}
    return changed


def evaluate(instance: object, *, called: bool) -> None:
    """Bring an instance to its evaluation mode; ``called`` says that an argument of the call does so.

    Raises
    ------
    Obstacle
        If it has no such mode.
    """
    switch: Callable[[], Any] | None = getattr(instance, "eval", None)
    held: Mapping[str, object] = getattr(instance, "__dict__", {})
    flags = [name for name, value in held.items() if normalise(name) in _SWITCHES and value is True]
    if callable(switch):
        switch()
    for name in flags:
        setattr(instance, name, False)
    if held.get("mode") == _TRAIN:
        instance.mode = _TEST  # type: ignore[attr-defined]  # it has been seen to be there
        flags.append("mode")
    if not (called or flags or callable(switch)):
        raise Obstacle("it has no evaluation mode")
