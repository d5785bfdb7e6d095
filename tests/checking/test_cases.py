"""The cases tell things apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backproof.checking.cases import SIZES, extreme_cases, kink_case, ordinary_cases
from backproof.ops import CATALOGUE, Op

OPS = pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, n))


def test_sizes_are_primes_and_the_rows_differ_in_count() -> None:
    assert all(_is_prime(size) for sizes in SIZES for axis, size in sizes.items() if axis != "U")
    assert {sizes["U"] for sizes in SIZES} == {1}
    assert len({sizes["N"] for sizes in SIZES}) == len(SIZES)
    assert all(sizes["N"] not in (sizes["D"], sizes["C"], sizes["I"], sizes["O"]) for sizes in SIZES)


@OPS
def test_ordinary_cases_are_distinct_and_finite(op: Op) -> None:
    for case in ordinary_cases(op, 0, {}):
        for name, values in case.inputs.items():
            assert np.all(np.isfinite(values))
            if op.arguments[name].domain not in ("class", "binary", "sign", "mask"):
                assert len(np.unique(values)) == values.size
        assert len(np.unique(case.upstream)) == case.upstream.size
        assert not np.any(np.isclose(np.abs(case.upstream), 1, atol=0.1))
        for name, places in op.kinks.items():
            for place in places:
                away = case.inputs[name] - op.place(place, case.inputs, {})
                assert np.abs(away).min() > 0.05


@OPS
def test_cases_are_the_same_for_a_seed_and_others_for_another(op: Op) -> None:
    first, again, other = (list(ordinary_cases(op, seed, {})) for seed in (3, 3, 4))
    for a, b, c in zip(first, again, other, strict=True):
        assert all(np.array_equal(a.inputs[n], b.inputs[n]) for n in a.inputs)
        assert not np.array_equal(a.inputs[op.first], c.inputs[op.first])


@OPS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_grow_to_the_end_of_the_range(op: Op, dtype: str) -> None:
    cases = extreme_cases(op, dtype)
    if op.kind in ("layer", "elementary"):
        assert not cases
        return
    levels = [level for level, _ in cases]
    closer = op.arguments[op.first].domain == "probability"
    assert all((b < a) if closer else (b > a) for a, b in itertools.pairwise(levels))
    assert levels[-1] == 0.0 if closer else levels[-1] > np.finfo(dtype).max / 1e9
    for _, case in cases:
        assert case.inputs[op.first].dtype == dtype
        assert np.all(np.isfinite(case.inputs[op.first]))


def test_a_kink_case_has_both_sorts_of_elements() -> None:
    op = CATALOGUE["L1Loss"]
    ordinary = next(iter(ordinary_cases(op, 0, {})))
    case, at_kink = kink_case(op, "input", "target", ordinary, {})
    assert 0 < at_kink.sum() < at_kink.size
    assert np.array_equal(case.inputs["input"][at_kink], case.inputs["target"][at_kink])
    assert np.array_equal(case.inputs["input"][~at_kink], ordinary.inputs["input"][~at_kink])
