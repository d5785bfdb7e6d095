"""What names say: the role of an argument, the option it stands for, the gradient an attribute holds.

Everything here is about words; nothing is called. Names are compared without case and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = [
    "BACKWARDS",
    "FORWARDS",
    "FUSED",
    "LOSS_WORDS",
    "MORE_FORWARDS",
    "canonical",
    "gradient_names",
    "is_cache",
    "is_gradient_of",
    "is_input",
    "is_output",
    "is_surely_output",
    "is_upstream",
    "means",
    "normalise",
    "side_of_bound",
    "split",
    "target_score",
    "word_set",
]


@lru_cache(maxsize=4096)
def normalise(name: str) -> str:
    """Give a name without case and underscores: ``grad_W`` is ``gradw``."""
    return name.replace("_", "").lower()


def split(name: str) -> list[str]:
    """Split a name into its words, in lower case.

    Examples
    --------
    >>> split("grad_sigmoid_manual"), split("dOut"), split("MSELoss"), split("d_relu2")
    (['grad', 'sigmoid', 'manual'], ['d', 'out'], ['mse', 'loss'], ['d', 'relu', '2'])
    """
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def word_set(text: str) -> frozenset[str]:
    """Give the words of a text, normalised."""
    return frozenset(normalise(word) for word in text.split())


#: By the canonical name of an option or a role: what else it is called; an optimizer's also in French,
#: Spanish and Portuguese, Italian, German.
_SYNONYMS: dict[str, frozenset[str]] = {
    "in_features": word_set(
        "in_features input_features in_dim input_dim dim_in d_in n_in in_n in_size input_size size_in "
        "fan_in n_inputs num_inputs n_input num_input in_units input_units in_channels n_features "
        "num_features n_in_features inputs in_feats n_x nin input_shape in_neurons input_neurons"
    ),
    "out_features": word_set(
        "out_features output_features out_dim output_dim dim_out d_out n_out out_n out_size "
        "output_size size_out fan_out n_outputs num_outputs n_output num_output out_units output_units "
        "out_channels units n_units num_units neurons n_neurons num_neurons n_out_features outputs "
        "out_feats n_y nout hidden_size hidden_dim num_classes n_classes output_shape out_neurons "
        "output_neurons"
    ),
    "dim": word_set("dim axis"),
    "negative_slope": word_set(
        "negative_slope alpha slope leak leakiness leaky_slope leak_rate neg_slope leaky"
    ),
    "reduction": word_set("reduction reduce_mode"),
    "average": word_set("average size_average averaged mean use_mean"),
    "lr": word_set(
        "lr learning_rate learn_rate learningrate alpha eta step_size stepsize rate lr0 base_lr gamma0 "
        "taux taux_apprentissage pas tasa tasa_aprendizaje taxa taxa_aprendizado tasso tasso_apprendimento "
        "lernrate schrittweite"
    ),
    "momentum": word_set(
        "momentum mu gamma beta rho mom momentum_coef momentum_factor inertie momento inercia impuls"
    ),
    "betas": word_set("betas beta_values"),
    "beta1": word_set("beta1 beta_1 b1 rho1 decay1 decay_rate1 beta_one momentum_decay beta_m"),
    "beta2": word_set("beta2 beta_2 b2 rho2 decay2 decay_rate2 beta_two beta_v"),
    "margin": word_set("margin alpha gap"),  # FaceNet's is α
    "eps": word_set("eps epsilon e fuzz small delta epsi"),
    "nesterov": word_set("nesterov use_nesterov is_nesterov"),
    "weight_decay": word_set("weight_decay decay wd l2 l2_penalty l2_reg"),
    "params": word_set(
        "params parameters param parameter model_params model_parameters parameters_list param_list "
        "params_list weights vars variables tensors theta thetas w ws model_params_list param_groups "
        "values parametres poids parametros pesos parametri pesi gewichte"
    ),
    "grads": word_set(
        "grads gradients grad gradient g gs dw dws dparams d_params dweights grads_list gradient_list "
        "grad_list param_grads dtheta gradiente gradientes gradienti gradienten"
    ),
    "model": word_set("model net network module"),
    "weight": word_set("weight weights w kernel theta ww weight_matrix w1 gamma scale g_weight"),
    "bias": word_set("bias biases b beta intercept offset bb b1"),
    "var": word_set("var variance variances sigma2 sigma_sq log_var logvar log_variance"),
    "input1": word_set("input1 x1 left xa"),
    "input2": word_set("input2 x2 right xb"),
    "query": word_set("query q queries"),
    "key": word_set("key k keys"),
    "value": word_set("value v values"),
    "hx": word_set("hx h h_prev prev_h hidden hidden_state h0 h_t h_last prev_hidden state prev_state"),
    "cx": word_set("cx c c_prev prev_c cell cell_state c0 c_last prev_cell"),
    "weight_ih": word_set("weight_ih w_ih wx w_x wxh w_xh w_ix w_i w_in win wih input_weights kernel"),
    "weight_hh": word_set("weight_hh w_hh wh w_h whh w_rec recurrent_kernel recurrent_weights u"),
    "bias_ih": word_set("bias_ih b_ih b bias bh b_h bx b_x b_i"),
    "bias_hh": word_set("bias_hh b_hh"),
    "p": word_set(
        "p dropout_ratio drop_prob rate ratio prob dropout_rate drop_rate dropout p_drop pdrop probability "
        "dropout_prob drop_p"
    ),
    "kernel_size": word_set("kernel_size pool_size k ksize kernel size pool window filter_size window_size"),
    "stride": word_set("stride strides s step"),
    "padding": word_set("padding pad pads"),
    "num_groups": word_set("num_groups groups n_groups g"),
    "num_heads": word_set("num_heads heads n_heads n_head nheads nhead h"),
    "seed": word_set("seed rng random_state random_seed generator"),
    "name": word_set("name label id"),
}


def means(name: str, canonical_name: str) -> bool:
    """Say whether a name is a known word for an option or role.

    Examples
    --------
    >>> means("learning_rate", "lr"), means("axis", "dim"), means("x", "dim")
    (True, True, False)
    """
    word = normalise(name)
    return word == normalise(canonical_name) or word in _SYNONYMS.get(canonical_name, frozenset())


def canonical(name: str, among: Iterable[str]) -> str | None:
    """Find which of the canonical names a name stands for; the same name wins over a synonym."""
    options = list(among)
    for option in options:
        if normalise(option) == normalise(name):
            return option
    return next((option for option in options if means(name, option)), None)


#: What the method that computes is called, the likeliest first; the later ones only beside a backward.
FORWARDS = ("__call__", "forward")
MORE_FORWARDS = (
    "forward_pass",
    "forward_propagation",
    "forward_prop",
    "propagate",
    "fprop",
    "loss",
    "call",
    "apply",
    "activate",
    "activation",
    "compute",
    "evaluate",
    "calculate",
    "f",
    "fn",
    "func",
    "function",
    "value",
)
#: What a method is called that gives a loss together with its gradients.
FUSED = (
    "loss",
    "loss_and_grad",
    "loss_and_gradients",
    "loss_and_grads",
    "forward_backward",
    "compute_loss",
    "cost",
    "compute_cost",
    "cost_and_grad",
    "value_and_grad",
)
#: What the method that gives gradients is called.
BACKWARDS = (
    "backward",
    "backward_pass",
    "backward_propagation",
    "back_propagation",
    "backward_prop",
    "backpropagate",
    "backprop",
    "bprop",
    "grad",
    "gradient",
    "gradients",
    "grads",
    "compute_gradients",
    "compute_grads",
    "get_gradients",
    "calc_gradients",
    "calculate_gradients",
    "gradiente",
    "gradientes",
    "derivative",
    "prime",
    "deriv",
    "d",
    "compute_gradient",
    "compute_grad",
    "get_gradient",
    "calculate_gradient",
    "backwards",
    "vjp",
    "df",
    "fprime",
    "f_prime",
    "dfunc",
    "derive",
    "derivate",
    "diff",
)
#: How a loss is called, also in French, Spanish and Portuguese, Italian, German.
LOSS_WORDS = word_set(
    "loss losses cost costs objective energy risk error err criterion nll sse mse likelihood "
    "perte cout erreur risque custo perda erro coste perdida costo perdita errore costi "
    "verlust kosten fehler verlustfunktion kostenfunktion zielfunktion"
)


# --- The roles of a call -------------------------------------------------------------------------

_TARGETS = word_set(
    "target targets true label labels truth gt actual actuals expected t tgt onehot yonehot ytrue "
    "groundtruth tonehot desired reference answer real ygt"
)
_TARGET_PARTS = word_set("target targets true label labels truth gt actual expected onehot hot real desired")
_PREDICTIONS = word_set(
    "input inputs pred preds prediction predictions predicted ypred yhat yp logits logit out output "
    "outputs score scores probs prob probabilities p x z h a estimate forecast yprob model_output "
    "ylogits"
)
_PREDICTION_PARTS = word_set(
    "pred preds prediction predictions predicted hat logits logit output outputs out score scores "
    "probs prob input inputs"
)
_UPSTREAMS = word_set(
    "grad_output grad_outputs output_grad output_gradient grad gradient grads g upstream upstream_grad "
    "upstream_gradient delta deltas dout dy dz da dh dl dj d dvalues douts doutput dout_put dldy dloss "
    "in_gradient in_grad ingrad incoming incoming_grad incoming_gradient out_grad out_gradient error "
    "err prev_grad accumulated_grad accum_grad top_diff dnext next_grad back grad_out grad_y gout gy "
    "gradients cotangent v dl_dy"
)
_INPUTS = word_set(
    "x z input inputs inp xin xs data features u net preactivation pre_activation bottom xx arr val value"
)
_OUTPUTS = word_set(
    "y out output outputs a s result activation activations yhat fx sx h sigmoid_x tanh_x act ys probs"
)
#: Activations, before or after the function.
_MAYBE_OUTPUTS = word_set("a s h act activation activations result")
_LOWER, _UPPER = word_set("lo low lower min minimum"), word_set("hi high upper max maximum")
_CACHES = word_set("cache saved memory context ctx state saved_tensors store mem tape mask")
#: Names that begin with a ``d`` and are no differential.
_NO_DIFFERENTIALS = word_set(
    "dim dims data dtype device depth decay derivative dict debug dropout degree distance"
)


def target_score(name: str) -> int:
    """Say how much a loss's argument looks like the target: 2 surely, -2 surely the prediction.

    Examples
    --------
    >>> [target_score(name) for name in ("y_true", "y", "a1", "y_hat")]
    [2, 1, 0, -2]
    """
    word, parts = normalise(name), set(split(name))
    if word in _TARGETS or parts & _TARGET_PARTS:
        return 2
    if word in _PREDICTIONS or parts & _PREDICTION_PARTS or re.fullmatch(r"y_?p\w?", name, re.IGNORECASE):
        return -2
    return 1 if parts & {"y", "yi", "yj"} else 0


def side_of_bound(name: str) -> int:
    """Say of which kind a bound is by its name: -1 a lower one, 1 an upper one, 0 none.

    Examples
    --------
    >>> [side_of_bound(name) for name in ("lo", "clip_max", "x")]
    [-1, 1, 0]
    """
    parts = set(split(name))
    return bool(parts & _UPPER) - bool(parts & _LOWER)


def is_upstream(name: str) -> bool:
    """Say whether an argument of a backward looks like the upstream gradient.

    Examples
    --------
    >>> [is_upstream(name) for name in ("grad_output", "dA", "dL_dY", "x", "dim")]
    [True, True, True, False, False]
    """
    word, parts = normalise(name), split(name)
    if word in _UPSTREAMS:
        return True
    if word in _NO_DIFFERENTIALS:
        return False
    if parts and parts[0] in ("grad", "upstream", "incoming", "gradient", "delta", "dnext", "dout"):
        return True
    if parts and parts[-1] in ("grad", "gradient"):
        return True
    return re.match(r"d_?([A-Z]|[a-z]{1,6}$)", name) is not None


def is_input(name: str) -> bool:
    """Say whether an argument of a backward looks like the forward's input."""
    return normalise(name) in _INPUTS


def is_output(name: str) -> bool:
    """Say whether an argument of a backward looks like the forward's output."""
    return normalise(name) in _OUTPUTS


def is_surely_output(name: str) -> bool:
    """Say whether a name can only be the forward's output: ``y``, but not ``a``."""
    return normalise(name) in _OUTPUTS - _MAYBE_OUTPUTS


def is_cache(name: str) -> bool:
    """Say whether an argument of a backward looks like what the forward kept for it."""
    return normalise(name) in _CACHES


# --- Where gradients are kept --------------------------------------------------------------------

_ROLE_WORDS = {
    "input": ("input", "inputs", "x", "in", "z", "pred", "ypred", "yhat", "logits"),
    "target": ("target", "targets", "ytrue"),
    "weight": ("weight", "weights", "w", "kernel", "theta"),
    "bias": ("bias", "biases", "b", "beta"),
}
#: How the gradient of ``{0}`` is called, normalised.
_GRADIENT_PATTERNS = (
    "d{0} grad{0} {0}grad {0}gradient gradient{0} {0}gradients {0}grads gradients{0} "  # noqa: SIM905
    "grads{0} delta{0} dld{0} djd{0} dlossd{0} nabla{0} {0}delta gradwrt{0} gradof{0} del{0} dd{0} "
    "dcostd{0} ded{0} g{0} {0}g".split()
)


@lru_cache(maxsize=256)
def gradient_names(role: str, own: str = "") -> frozenset[str]:
    """Give the normalised names under which the gradient of an argument is kept.

    ``own`` is the candidate's own name for it.

    Examples
    --------
    >>> "dw" in gradient_names("weight"), normalise("grad_gamma") in gradient_names("scale", "gamma")
    (True, True)
    """
    words = {normalise(word) for word in (*_ROLE_WORDS.get(role, (role,)), own) if word}
    return frozenset(pattern.format(word) for pattern in _GRADIENT_PATTERNS for word in words)


def is_gradient_of(name: str, arguments: Iterable[str]) -> bool:
    """Say whether a variable is by its name the gradient of one of the arguments, or of anything.

    Examples
    --------
    >>> [is_gradient_of(name, ["preds", "W1"]) for name in ("grad", "d_preds", "gW1", "dx", "dist", "preds")]
    [True, True, True, True, False, False]
    """
    if {"grad", "grads", "gradient", "gradients", "derivative", "nabla"} & set(split(name)):
        return True
    return bool(re.fullmatch(r"d_?[a-zA-Z]\d?|gs?", name)) or any(
        normalise(name) in gradient_names(one) for one in arguments
    )
