"""Optimizers whose name tells no rule, defaults that nobody sees, and what stands beside the rule."""

from __future__ import annotations

import linecache
from textwrap import dedent, indent

import pytest

from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import HEAD, the_candidate

CLASS = """
class {name}:
    def __init__(self, lr=0.01{more}):
        self.lr, self.t, self.s = lr, 0, {{}}
{init}
    def step(self, params, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
{body}
"""
ADAM = """
m, v = self.s.get(i, (0, 0))
m, v = self.beta1 * m + (1 - self.beta1) * g, self.beta2 * v + (1 - self.beta2) * g ** 2
self.s[i] = m, v
p -= self.lr * (m / (1 - self.beta1 ** self.t)) / (np.sqrt(v / (1 - self.beta2 ** self.t)) + 1e-8)
"""
KEPT = "self.beta1, self.beta2 = beta1, beta2"


def written(name: str, body: str, init: str = "", more: str = "") -> str:
    inner = {"init": indent(dedent(init), " " * 8), "body": indent(dedent(body), " " * 12)}
    return CLASS.format(name=name, more=more, **inner)


@pytest.mark.parametrize(
    ("betas", "diagnoses"),
    [("0.999, 0.9", ["betas-swapped"]), ("0.9, 0.999", []), ("0.5, 0.999", []), ("0.95, 0.98", [])],
)
@pytest.mark.parametrize("by", ["arguments", "attributes"])
def test_defaults_that_are_exchanged_are_seen_though_the_course_sets_others(
    by: str, betas: str, diagnoses: list[str]
) -> None:
    first, second = betas.split(", ")
    text = written("Adam", ADAM, KEPT, f", beta1={first}, beta2={second}")
    if by == "attributes":
        text = written("Adam", ADAM, f"self.beta1, self.beta2 = {betas}")
    judgement = judge(the_candidate(text))
    assert [finding.diagnosis for finding in judgement.findings] == diagnoses
    assert judgement.verdict is (Verdict.FAIL if diagnoses else Verdict.PASS)


VELOCITY = "self.s[i] = self.mu * self.s.get(i, 0) + {new}\np -= self.lr * self.s[i]"
#: The name, the body, what more its constructor takes; then the reference, and what is said without accusing.
KNOWN_BY_ITS_PATH = {
    "itself": ("Descender", "p -= self.lr * g", "", "SGD()", []),
    "momentum": ("Roller", VELOCITY.format(new="g"), ", mu=0.9", "SGD(momentum=0.9)", []),
    "averaged": (
        "EMAStep",
        VELOCITY.format(new="(1 - self.mu) * g"),
        ", mu=0.9",
        "SGD(momentum=0.9)",
        ["momentum-averaged"],
    ),
    "clipped": ("ClippedSGD", "p -= self.lr * np.clip(g, -self.clip, self.clip)", ", clip=0.1", "SGD()", []),
}


@pytest.mark.parametrize(
    ("name", "body", "more", "reference", "notes"), KNOWN_BY_ITS_PATH.values(), ids=KNOWN_BY_ITS_PATH
)
def test_a_rule_is_known_by_its_path(
    name: str, body: str, more: str, reference: str, notes: list[str]
) -> None:
    argument = more.strip(", ").partition("=")[0]
    judgement = judge(
        the_candidate(written(name, body, f"self.{argument} = {argument}" if argument else "", more))
    )
    assert judgement.verdict is Verdict.PASS
    assert judgement.reference == f"torch.optim.{reference}"
    assert "its path is that of" in judgement.reason
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [(n, Severity.NOTE) for n in notes]


LION = """
m = self.s.get({key}, 0)
p -= self.lr * np.sign(0.9 * m + 0.1 * g)
self.s[{key}] = 0.99 * m + 0.01 * g
"""
#: What is left to be seen of a rule that nobody knows: the body, and what is said.
UNKNOWN = {
    "right": (LION.format(key="i"), []),
    "the norm of all": ("p -= self.lr * g / np.sqrt(sum((d ** 2).sum() for d in grads))", []),
    "one state": (LION.format(key="0"), ["state-shared"]),
    "one state for a shape": (LION.format(key="p.shape"), ["state-shared"]),
    "divides by 0": ("p -= self.lr * g / np.abs(g)", ["not-finite"]),
    "makes a new one": ("p = p - self.lr * np.sign(g)", ["parameter-rebound"]),
}


@pytest.mark.parametrize(("body", "diagnoses"), UNKNOWN.values(), ids=UNKNOWN)
def test_of_a_rule_that_nobody_knows_the_discipline_is_judged(body: str, diagnoses: list[str]) -> None:
    judgement = judge(the_candidate(written("Lion", body)))
    assert [finding.diagnosis for finding in judgement.findings] == diagnoses
    assert judgement.verdict is (Verdict.FAIL if diagnoses else Verdict.PASS)
    assert judgement.reference is None
    if not diagnoses:
        assert "tried were SGD, Adadelta" in judgement.reason


def test_without_a_reference_nothing_is_guessed() -> None:
    judgement = judge(the_candidate(written("Adam", "p += self.lr * g")), like=None)
    assert (judgement.verdict, judgement.findings, judgement.reference) == (Verdict.PASS, [], None)
    assert judgement.reason.startswith("it has no reference: judged was only")


def test_parameters_that_change_their_dtype_are_a_warning() -> None:
    text = """
        class Lion:
            def __init__(self, lr=0.1):
                self.lr, self.m = lr, None
            def update(self, w, dw):
                m = np.zeros(w.shape) if self.m is None else self.m
                self.m = 0.99 * m + 0.01 * dw
                return w - self.lr * np.sign(0.9 * m + 0.1 * dw)
    """
    judgement = judge(the_candidate(text))
    assert [f.diagnosis for f in judgement.findings] == ["forward-dtype"]
    assert judgement.verdict is Verdict.PASS


def test_a_mistake_of_the_rule_that_an_odd_name_begins_like_is_a_warning() -> None:
    judgement = judge(the_candidate(written("SGDWithoutSign", "p += self.lr * g")))
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("update-sign", Severity.WARNING)]
    assert "comes nearest to it" in judgement.reason


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("SGD", "p -= self.lr * g / p.size", "number of elements"),
        ("SGD", "p -= self.lr * g / len(p)", "first size"),
        ("AveragedSGD", "p -= self.lr * g / len(params)", "number of parameters"),
    ],
)
def test_a_count_that_a_step_is_divided_by_is_told(name: str, body: str, says: str) -> None:
    (finding,) = judge(the_candidate(written(name, body))).findings
    assert finding.diagnosis == "update-scale"
    assert says in finding.message


def test_a_schedule_inside_is_put_to_rest() -> None:
    body = "p -= self.lr / (1 + self.decay * self.t) * g"
    assert judge(the_candidate(written("SGD", body, "self.decay = decay", ", decay=0.1"))).findings == []


def test_what_moves_only_with_an_option_is_not_taken_for_standing_still() -> None:
    body = """
        self.s[i] = self.mu * self.s.get(i, 0) + self.dampening * g
        p -= self.lr * self.s[i]
    """
    text = written(
        "SGD", body, "self.mu, self.dampening = momentum, dampening", ", momentum=0.9, dampening=0.0"
    )
    found = judge(the_candidate(text)).findings
    assert "update-value" in {finding.diagnosis for finding in found}
    assert any("dampening" in finding.message for finding in found)


def test_a_schedule_that_cannot_be_put_to_rest_is_a_warning_and_says_its_rates() -> None:
    body = "p -= self.lr * 0.5 ** (self.t // 4) * g"
    judgement = judge(the_candidate(written("StepDecaySGD", body)))
    assert judgement.verdict is Verdict.PASS
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("update-value", Severity.WARNING)]
    assert "0.1, 0.1, 0.1, 0.05" in judgement.findings[0].message


@pytest.mark.parametrize(
    ("rate", "power", "more", "severity"),
    [
        ("min(1, self.t / 5)", "self.t", ", beta1=0.9, beta2=0.999", Severity.WARNING),
        ("1 / (1 + self.t)", "self.t", ", beta1=0.9, beta2=0.999, weight_decay=0.01", Severity.WARNING),
        ("0.95 ** (self.t - 1)", "self.t", "", Severity.WARNING),
        ("1", "np.sqrt(self.t)", ", beta1=0.9, beta2=0.999", Severity.ERROR),
    ],
)
def test_a_schedule_is_told_from_a_wrong_correction_of_the_bias(
    rate: str, power: str, more: str, severity: Severity
) -> None:
    body = ADAM.replace("self.lr", f"self.lr * {rate}").replace("beta1 ** self.t", f"beta1 ** {power}")
    init = KEPT if more else "self.beta1, self.beta2 = 0.9, 0.999"
    name = "Adam"
    if "weight_decay" in more:
        body, init, name = (
            f"p *= 1 - self.lr * {rate} * self.wd\n{body}",
            f"{init}\nself.wd = weight_decay",
            "AdamW",
        )
    (finding,) = judge(the_candidate(written(name, body, init, more))).findings
    assert (finding.diagnosis, finding.severity) == ("update-value", severity)
    assert ("learning rates of its own" in finding.message) is (severity is Severity.WARNING)


@pytest.mark.parametrize(
    ("name", "body", "diagnosis"),
    [
        ("RMSprop", "p -= self.lr * g / np.sqrt(-g * g)", "update-value"),
        ("Adam", ADAM.replace("self.t", "(self.t - 1)"), "bias-correction-step"),
    ],
)
def test_of_a_path_without_numbers_only_what_divides_by_0_can_be_the_cause(
    name: str, body: str, diagnosis: str
) -> None:
    judgement = judge(the_candidate(written(name, body, "self.beta1, self.beta2 = 0.9, 0.999")))
    assert [finding.diagnosis for finding in judgement.findings] == [diagnosis]


def test_parameters_that_cannot_be_read_are_no_mistake() -> None:
    text = """
        class Wrapped:
            def __init__(self, array):
                self.array = array
        class SGD:
            def __init__(self, lr=0.1):
                self.lr = lr
            def step(self, params, grads):
                for i, p in enumerate(params):
                    params[i] = Wrapped(getattr(p, "array", p) - self.lr * grads[i])
    """
    judgement = judge(the_candidate(text))
    assert (judgement.verdict, judgement.findings) == (Verdict.SKIPPED, [])
    assert "parameter 0 is of type" in judgement.reason


def test_a_base_class_that_steps_by_what_others_write_is_not_accused() -> None:
    text = """
        class Optimizer:
            def __init__(self, params, lr):
                self.params, self.lr = params, lr
            def step(self):
                for i, p in enumerate(self.params):
                    self.update(i, p)
    """
    judgement = judge(the_candidate(text))
    assert (judgement.verdict, judgement.findings) == (Verdict.SKIPPED, [])
    assert "a base for others" in judgement.reason


TAUGHT = """
class Momentum:
    {says}
    def __init__(self, lr=0.01, beta=0.9):
        self.lr, self.beta, self.v = lr, beta, {{}}
    def step(self, params, grads):
        for i, (p, g) in enumerate(zip(params, grads)):
            self.v[i] = self.beta * self.v.get(i, 0) + (1 - self.beta) * g
            p -= self.lr * self.v[i]
"""


@pytest.mark.parametrize(
    ("says", "severity"),
    [
        ('"""v is an exponentially weighted average of the gradients."""', Severity.NOTE),
        ("# as the course has it: an exponentially weighted average", Severity.NOTE),
        ('"""v <- beta * v + gradient"""', Severity.ERROR),
        ("", Severity.ERROR),
    ],
)
def test_a_velocity_that_is_said_to_be_an_average_is_no_mistake(
    says: str, severity: Severity, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TAUGHT.format(says=says)
    lines = (HEAD + text).splitlines(keepends=True)
    monkeypatch.setattr(linecache, "getlines", lambda *_: lines)
    judgement = judge(the_candidate(text))
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("momentum-averaged", severity)]


UNUSED = """
class SGD:
    def __init__(self, lr=0.01{more}, weight_decay=0.0):
        self.lr, self.weight_decay = lr, weight_decay
        {init}
    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.lr * g
"""


def test_an_option_that_is_off_and_never_read_is_a_warning_but_not_the_momentum() -> None:
    judgement = judge(the_candidate(UNUSED.format(more="", init="")))
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("update-value", Severity.WARNING)]
    text = UNUSED.format(more=", momentum=0.0", init="self.momentum = momentum")
    assert ("momentum-missing", Severity.ERROR) in [
        (f.diagnosis, f.severity) for f in judge(the_candidate(text)).findings
    ]


BELIEF = """
self.k += 1
m, v = self.s.get(i, (0, 0))
m = 0.9 * m + 0.1 * g
v = 0.999 * v + 0.001 * {square} ** 2 + 1e-12
self.s[i] = m, v
p -= self.lr * m / (1 - 0.9 ** {k}) / (np.sqrt(v / (1 - 0.999 ** {k})) + 1e-8)
"""
#: The square that is averaged, the count, and what the rule is judged as.
COUNTED = {
    "a rule that nobody knows": ("(g - m)", "self.k", None, ["bias-correction-step"]),
    "the same, counted once": ("(g - m)", "self.t", None, []),
    "Adam by another name": ("g", "self.k", "torch.optim.Adam()", ["bias-correction-step"]),
    "a rate for each": ("(g - m)", "1.5 ** i", None, []),
}


@pytest.mark.parametrize(("square", "count", "reference", "diagnoses"), COUNTED.values(), ids=COUNTED)
def test_a_count_that_every_parameter_advances_is_seen_without_a_name(
    square: str, count: str, reference: str | None, diagnoses: list[str]
) -> None:
    body = BELIEF.format(square=square, k=count).replace(" + 1e-12" if square == "g" else "\0", "")
    judgement = judge(the_candidate(written("Believer", body, "self.k = 0")))
    assert [finding.diagnosis for finding in judgement.findings] == diagnoses
    assert judgement.reference == reference


SIGNED = """
m = self.s.get(i, np.zeros_like(p))
p {sign}= self.lr * np.sign(0.9 * m + 0.1 * g)
self.s[i] = 0.99 * m + 0.01 * g
"""


@pytest.mark.parametrize(
    ("name", "sign", "diagnoses"),
    [("Lion", "-", []), ("Lion", "+", ["update-sign"]), ("LionAscent", "+", [])],
)
def test_what_has_no_reference_has_to_go_downhill(name: str, sign: str, diagnoses: list[str]) -> None:
    judgement = judge(the_candidate(written(name, SIGNED.format(sign=sign))))
    assert [finding.diagnosis for finding in judgement.findings] == diagnoses
    assert judgement.verdict is (Verdict.FAIL if diagnoses else Verdict.PASS)
    assert judgement.reference is None
