"""Which update rule an optimizer's name means, where it says more than the rule's name.

A class is known to be an optimizer by its methods, so that a part of its name may tell which:
``SGDWithWeightDecay``, ``AdamFromZero``, ``update_parameters_with_adam``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from backproof.checking.adapt.words.names import word_set
from backproof.checking.references import RuleReference, guess, words

__all__ = ["guess_rule"]

#: Words beside the rule's name that do not make it another rule.
_PLAIN = word_set(
    "with and using weight decay wd l2 lr rate optim update updates updater step steps params rule "
    "make create build new get init generator gen closure fn factory "
    "parameters classical classic polyak heavy ball momentum nesterov regularization reg mini batch minibatch"
)
#: Words that say that it is another rule, or wrong on purpose.
_OTHER = word_set(
    "without no not non sign clip clipped clipping normalized normalised norm ema lookahead belief "
    "bound lars lamb lion noisy langevin sam cyclic trainer scheduler schedule"
)

#: A word, the capital after it, and more capitals.
_ACRONYM = re.compile(r"([A-Z][a-z]+)([A-Z])([A-Z]+)(?![a-z])")
#: Words for a hyperparameter that are not its name.
_HYPERPARAMETERS = {"dampened": "dampening", "centred": "centered"}


def guess_rule(name: str) -> tuple[RuleReference, bool] | None:
    """Find the update rule that a part of an optimizer's name tells, and whether the rest is plain.

    Examples
    --------
    >>> for name in ("MomentumSGD", "AdamEpsInside", "SGDM"):
    ...     reference, sure = guess_rule(name)
    ...     print(reference, sure)
    torch.optim.SGD(momentum=0.9) True
    torch.optim.Adam() False
    torch.optim.SGD(momentum=0.9) True
    >>> guess_rule("SignSGD") is guess_rule("Trainer") is None
    True
    """
    parts = [part for word in words(_ACRONYM.sub(_divided, name)) for part in _apart(word)]
    if _OTHER & set(parts):
        return None
    found: list[RuleReference] = []
    rest = set(range(len(parts)))
    for start, end in sorted(
        itertools.combinations(range(len(parts) + 1), 2), key=lambda span: span[0] - span[1]
    ):
        reference = _exactly(parts[start:end])
        if reference is not None and rest.issuperset(range(start, end)):
            found.append(reference)
            rest -= set(range(start, end))
    if len({reference.rule for reference in found}) != 1:
        return None
    options = {key: value for reference in found for key, value in reference.options.items()}
    known = found[0].rule.hyperparameters()
    named = {parts[i]: _HYPERPARAMETERS.get(parts[i], parts[i]) for i in rest}
    named = {part: option for part, option in named.items() if option in known}
    options |= {option: True for option in named.values() if known[option] is False}
    if "weight_decay" in found[0].rule.hyperparameters() and {"l2", "wd"} & set(parts):
        options.setdefault("weight_decay", 0.01)
    return RuleReference(found[0].rule, options), {parts[i] for i in rest} <= _PLAIN | named.keys()


def _divided(found: re.Match[str]) -> str:
    """Take ``AdamWHW`` apart where a rule's name ends; ``AdamWD`` is Adam with weight decay.

    Examples
    --------
    >>> str(guess_rule("AdamWHW")[0]), str(guess_rule("AdamWD")[0])
    ('torch.optim.AdamW()', 'torch.optim.Adam(weight_decay=0.01)')
    """
    word, first, rest = found.groups()
    ends = (first + rest).lower() not in _PLAIN and _exactly([(word + first).lower()]) is not None
    return f"{word}{first} {rest}" if ends else found[0]


def _apart(word: str) -> list[str]:
    """Take ``sgdm`` apart, which is SGD with momentum."""
    bare = word.rstrip("0123456789")
    return [bare[:-1], "momentum"] if bare in ("sgdm", "rmspropm") else [word]


def _exactly(parts: Sequence[str]) -> RuleReference | None:
    reference = guess(" ".join(parts)) if set(parts) - {"momentum"} or len(parts) == 1 else None
    return reference if isinstance(reference, RuleReference) else None
