"""Box and Muller's transformation in float32, bit for bit as PyTorch computes it on x86 processors with AVX2.

PyTorch has its own logarithm, sine and cosine for this: polynomials of Cephes in float32, where the compiler has made
fused multiply-adds of most products and sums. So each step here is either rounded to float32 after one operation, or
is a product and a sum in float64, rounded together. That is what a fused multiply-add gives as long as the sum in
float64 does not round to the middle between two float32 numbers. The arguments are multiples of 2**-24, which are few
enough to try all: tests/random/test_box_muller.py.

PyTorch takes this way with AVX512, too; only where a processor (or ATEN_CPU_CAPABILITY=default) has no AVX2 it calls
the C library's functions, and its numbers differ from these in the last bits.

Source: ATen/native/cpu/avx_mathfun.h and DistributionTemplates.h of PyTorch; S. Moshier's Cephes (logf.c, sinf.c).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final


def _float32(values: list[float]) -> array[float]:
    """Each value rounded to float32."""
    return array("f", values)


_LOG: Final = _float32([
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
])  # fmt: skip
_SIN: Final = _float32([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1])
_COS: Final = _float32([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2])
_LN2: Final = _float32([0.693359375, -2.12194440e-4])  # the first has so few bits that its products are exact
_QUARTER_PI: Final = _float32([0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8])  # so do the first two
_TWO_PI, _FOUR_OVER_PI, _SQRT_HALF = _float32([2 * math.pi, 1.27323954473516, 0.707106781186547524])
_SQRT_HALF_BITS: Final = 0x3F3504F3
_CHUNK: Final = 1 << 16  # numbers made at a time by numpy: the scratch arrays then stay in the processor's cache


# --- without numpy ----------------------------------------------------------------------------------------------------


def normals(uniforms: Sequence[float]) -> array[float]:
    """Standard normals from uniform multiples of 2**-24, in blocks of 16: 8 for the radius and 8 for the angle."""
    starts = range(0, len(uniforms), 16)
    logs = logarithm(_float32([1 - u for i in starts for u in uniforms[i : i + 8]]))
    radii = _float32([math.sqrt(-2 * x) for x in logs])
    sines, cosines = sine_and_cosine(_float32([_TWO_PI * u for i in starts for u in uniforms[i + 8 : i + 16]]))
    out = array("f")
    for i in range(0, len(radii), 8):
        for factors in (cosines, sines):
            out.extend([r * f + 0.0 for r, f in zip(radii[i : i + 8], factors[i : i + 8], strict=True)])
    return out


def logarithm(arguments: Iterable[float]) -> array[float]:
    """The natural logarithm of float32 numbers above 0."""
    split = [(2 * m, e - 1) if m < _SQRT_HALF else (m, e) for m, e in map(math.frexp, arguments)]
    x = [m - 1 for m, _ in split]
    exponents = [e for _, e in split]
    y = _product(_polynomial(_LOG, x), x)
    z = _product(x, x)
    y = _sum(y, z, _float32([e * _LN2[1] for e in exponents]))
    y = _float32([a - 0.5 * b for a, b in zip(y, z, strict=True)])
    y = _float32([a + b for a, b in zip(x, y, strict=True)])
    return _float32([a + e * _LN2[0] for a, e in zip(y, exponents, strict=True)])


def sine_and_cosine(angles: Sequence[float]) -> tuple[list[float], list[float]]:
    """The sines and the cosines of float32 numbers from 0 to 2π."""
    octants = [int(y) + 1 & ~1 for y in _float32([x * _FOUR_OVER_PI for x in angles])]
    x: Sequence[float] = angles
    for part in _QUARTER_PI:
        x = _float32([a - j * part for a, j in zip(x, octants, strict=True)])
    z = _product(x, x)
    s = _sum(_product(_polynomial(_SIN, z), z), x, x)
    c = _sum(_product(_polynomial(_COS, z), z), z, [-0.5 * a for a in z])
    c = _float32([1 + a for a in c])
    sines, cosines = [], []
    for j, a, b in zip(octants, s, c, strict=True):
        if j & 2:
            a, b = b, a
        sines.append(-a if j & 4 else a)
        cosines.append(-b if j + 2 & 4 else b)
    return sines, cosines


def _polynomial(coefficients: Sequence[float], x: Sequence[float]) -> Sequence[float]:
    y: Sequence[float] = [coefficients[0]] * len(x)
    for c in coefficients[1:]:
        y = _float32([a * b + c for a, b in zip(y, x, strict=True)])
    return y


def _product(a: Sequence[float], b: Sequence[float]) -> array[float]:
    return _float32([x * y for x, y in zip(a, b, strict=True)])


def _sum(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> array[float]:
    """a * b + c."""
    return _float32([x * y + z for x, y, z in zip(a, b, c, strict=True)])


# --- with numpy -------------------------------------------------------------------------------------------------------


def normals_of_words(np: Any, words: Any) -> Any:
    """`normals` of the uniform numbers that 32-bit words stand for; a numpy array of float32."""
    out = np.empty(len(words), np.float32)
    half = min(len(words), _CHUNK) // 2
    scratch = [np.empty(half, np.float32) for _ in range(5)] + [np.empty(half, np.float64) for _ in range(2)]
    for start in range(0, len(words), _CHUNK):
        block = words[start : start + _CHUNK]
        # Octets as one element: numpy is slow at rows as short as these.
        octets = block.view("V32")
        some = [a[: len(block) // 2] for a in scratch]
        radius = _logarithm(np, _uniform(np, octets[0::2]), some)
        np.multiply(radius, np.float32(-2), out=radius)
        radius = np.sqrt(radius)
        sines, cosines = _sine_and_cosine(np, _uniform(np, octets[1::2]), some)
        np.multiply(sines, radius, out=sines)
        np.multiply(cosines, radius, out=cosines)
        if not radius.all():  # PyTorch adds the mean: no zero is negative
            np.add(sines, np.float32(0), out=sines)
            np.add(cosines, np.float32(0), out=cosines)
        made = out[start : start + _CHUNK].view("V32")
        made[0::2] = cosines.view("V32")
        made[1::2] = sines.view("V32")
    return out


def _uniform(np: Any, octets: Any) -> Any:
    """24 bits of each word, as int32."""
    words = octets.copy().view(np.int32)
    return np.bitwise_and(words, np.int32(0xFFFFFF), out=words)


def _logarithm(np: Any, below: Any, scratch: list[Any]) -> Any:
    """`logarithm` of 1 - below / 2**24; the first of the arrays to work in has the result."""
    x, y, z, e, _, wide, factor = scratch
    bits = x.view(np.int32)
    np.subtract(np.int32(1 << 24), below, out=below)
    x[...] = below
    np.add(bits, np.int32(0x3F800000 - _SQRT_HALF_BITS), out=bits)
    np.right_shift(bits, np.int32(23), out=below)
    np.subtract(below, np.int32(127 + 24), out=below)
    e[...] = below
    np.bitwise_and(bits, np.int32(0x7FFFFF), out=bits)
    np.add(bits, np.int32(_SQRT_HALF_BITS), out=bits)
    np.subtract(x, np.float32(1), out=x)
    factor[...] = x
    _evaluate(np, _LOG, factor, wide, y)
    np.multiply(y, x, out=y)
    np.multiply(x, x, out=z)
    wide[...] = y
    factor[...] = z
    np.multiply(wide, factor, out=wide)
    np.multiply(e, np.float32(_LN2[1]), out=y)
    np.add(wide, y, out=wide)
    y[...] = wide
    np.multiply(z, np.float32(0.5), out=z)
    np.subtract(y, z, out=y)
    np.add(x, y, out=x)
    np.multiply(e, np.float32(_LN2[0]), out=e)
    return np.add(x, e, out=x)


def _sine_and_cosine(np: Any, turns: Any, scratch: list[Any]) -> tuple[Any, Any]:
    """`sine_and_cosine` of 2π * turns / 2**24; in two of the arrays to work in."""
    x, y, z, s, c, wide, factor = scratch
    octants = turns
    x[...] = turns
    np.multiply(x, np.float32(_TWO_PI * 2.0**-24), out=x)
    np.multiply(x, np.float32(_FOUR_OVER_PI), out=y)
    np.copyto(octants, y, casting="unsafe")
    np.add(octants, np.int32(1), out=octants)
    np.bitwise_and(octants, np.int32(~1), out=octants)
    y[...] = octants
    for part in _QUARTER_PI[:2]:
        np.multiply(y, np.float32(part), out=z)
        np.subtract(x, z, out=x)
    wide[...] = x
    factor[...] = y
    np.multiply(factor, _QUARTER_PI[2], out=factor)
    np.subtract(wide, factor, out=wide)
    x[...] = wide
    np.multiply(x, x, out=z)
    factor[...] = z
    _evaluate(np, _COS, factor, wide, c)
    np.multiply(c, z, out=c)
    wide[...] = c
    np.multiply(wide, factor, out=wide)
    np.multiply(z, np.float32(0.5), out=y)
    np.subtract(wide, y, out=wide)
    c[...] = wide
    np.add(c, np.float32(1), out=c)
    _evaluate(np, _SIN, factor, wide, s)
    np.multiply(s, z, out=s)
    wide[...] = s
    factor[...] = x
    np.multiply(wide, factor, out=wide)
    np.add(wide, factor, out=wide)
    s[...] = wide
    _exchange(np, octants, s.view(np.int32), c.view(np.int32), x.view(np.int32))
    return s, c


def _exchange(np: Any, octants: Any, s: Any, c: Any, scratch: Any) -> None:
    """The bits of sine and cosine, exchanged and negated as the octant wants it."""
    np.left_shift(octants, np.int32(30), out=scratch)
    np.right_shift(scratch, np.int32(31), out=scratch)  # all ones where octants & 2
    changed = np.bitwise_xor(s, c)
    np.bitwise_and(changed, scratch, out=changed)
    np.bitwise_xor(s, changed, out=s)
    np.bitwise_xor(c, changed, out=c)
    for bits, turned in ((s, octants), (c, np.add(octants, np.int32(2), out=changed))):
        np.bitwise_and(turned, np.int32(4), out=scratch)
        np.left_shift(scratch, np.int32(29), out=scratch)
        np.bitwise_xor(bits, scratch, out=bits)


def _evaluate(np: Any, coefficients: Sequence[float], x: Any, wide: Any, out: Any) -> None:
    """A polynomial by Horner's rule; `x` and `wide` are float64, `out` float32."""
    np.multiply(x, coefficients[0], out=wide)
    np.add(wide, coefficients[1], out=wide)
    out[...] = wide
    for c in coefficients[2:]:
        wide[...] = out
        np.multiply(wide, x, out=wide)
        np.add(wide, c, out=wide)
        out[...] = wide
