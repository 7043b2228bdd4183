"""The reference backend beyond conformance: its rounding to the last bit, its independence, its speed."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flambeau.backends.protocol import Backend
from flambeau.backends.reference import FlatArray, ReferenceBackend, philox, store
from flambeau.dtype import ALL, bfloat16, dtype, float16, float32, float64, int64

backend: Backend = ReferenceBackend()


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        (0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, 2**128 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        # the digits of pi, lowest word first
        (0x299F31D0_A4093822, 0x03707344_13198A2E_85A308D3_243F6A88, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_known_answers(key: int, counter: int, words: str) -> None:
    """The vectors published with the Random123 library (kat_vectors, philox4x32 10)."""
    assert " ".join(f"{word:08x}" for word in philox(key, counter)) == words


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20), st.sampled_from([float32, float16, bfloat16])
)
def test_rounding(values: list[float], d: dtype) -> None:
    """Rounded once to float32 and from there as PyTorch rounds."""
    single = torch.tensor(values, dtype=torch.float64).to(torch.float32)
    expected = single.to(getattr(torch, d.name))
    got = torch.tensor(store(store(values, float32), d).tolist(), dtype=torch.float64)
    torch.testing.assert_close(got, expected.to(torch.float64), rtol=0, atol=0, equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-(2**70), 2**70), max_size=10), st.sampled_from([d for d in ALL if d.is_integral]))
def test_wrapping(values: list[int], d: dtype) -> None:
    bits = 8 * d.itemsize
    for value, stored in zip(values, store(values, d), strict=True):
        assert (stored - value) % (1 << bits) == 0


def test_arrays_show_themselves() -> None:
    assert repr(backend.full((2,), 1, float64)) == "FlatArray([1.0, 1.0], shape=(2,), dtype=torch.float64)"


@pytest.mark.slow
def test_nothing_is_imported_but_python() -> None:
    program = "import sys, flambeau.backends.reference; print({'numpy', 'torch'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "set()", result.stderr


def test_large_powers_end() -> None:
    """`3 ** 10**9` is computed modulo 2**64, not with half a gigabyte of digits."""
    base, exponent = backend.full((1,), 3, int64), backend.full((1,), 10**9, int64)
    result = backend.pow(base, exponent)
    assert isinstance(result, FlatArray)
    assert result.data[0] % 2**64 == pow(3, 10**9, 2**64)
