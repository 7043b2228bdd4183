"""WGSL functions for what WGSL's builtins do not promise: accuracy to a few units in the last place, nan, infinities,
signs.

The polynomials are least-squares fits made for this file (reweighted towards equal ripple, in float64 against mpmath),
with their range beside them. Constants of infinity and nan may not be written in WGSL, and a compiler may assume that
there are none: they are recognised by their bits.
"""

from __future__ import annotations

import re

FUNCTIONS: dict[str, str] = {
    "is_nan": """
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }""",
    "is_inf": """
fn is_inf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }""",
    "infinity": """
var<private> infinity_bits: u32 = 0x7f800000u;
fn infinity() -> f32 { return bitcast<f32>(infinity_bits); }""",
    "not_a_number": """
var<private> nan_bits: u32 = 0x7fc00000u;
fn not_a_number() -> f32 { return bitcast<f32>(nan_bits); }""",
    "with_sign": """
fn with_sign(magnitude: f32, sign: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(magnitude) & 0x7fffffffu) | (bitcast<u32>(sign) & 0x80000000u));
}""",
    "eq_f": """
fn eq_f(x: f32, y: f32) -> bool { return x == y && !is_nan(x) && !is_nan(y); }""",
    "maximum_f": """
fn maximum_f(x: f32, y: f32) -> f32 { return select(select(y, x, x > y), x, is_nan(x)); }""",
    "minimum_f": """
fn minimum_f(x: f32, y: f32) -> f32 { return select(select(y, x, x < y), x, is_nan(x)); }""",
    # 2^n for -252 <= n <= 254, in two factors so that the result may be as small or large as a float can be.
    "scale_2": """
fn scale_2(x: f32, n: i32) -> f32 {
  let half = n >> 1u;
  return x * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(n - half + 127) << 23u);
}""",
    # exp(x) = 2^n exp(r), |r| <= ln(2) / 2
    "exp_f": """
fn exp_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let y = clamp(x, -104.0, 89.0);
  let n = round(y * 1.44269504);
  let r = (y - n * 0.693359375) + n * 2.12194440e-4;
  return scale_2(1.0 + (r + r * r * expm1_tail(r)), i32(n));
}""",
    # (exp(r) - 1 - r) / r^2 on |r| <= 0.35
    "expm1_tail": """
fn expm1_tail(r: f32) -> f32 {
  return ((((1.9908889e-4 * r + 1.39345345e-3) * r + 8.33328441e-3) * r + 0.0416664556) * r + 0.166666672) * r + 0.5;
}""",
    "expm1_f": """
fn expm1_f(x: f32) -> f32 {
  if (abs(x) <= 0.34) { return x + x * x * expm1_tail(x); }
  return exp_f(x) - 1.0;
}""",
    # log(1 + f) = 2 atanh(s), s = f / (2 + f), for |s| <= 0.1716
    "log_near_1": """
fn log_near_1(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  return s * (2.0 + z * (((0.233278573 * z + 0.285509735) * z + 0.400001198) * z + 0.666666687));
}""",
    "log_f": """
fn log_f(x: f32) -> f32 {
  if (is_nan(x) || x < 0.0) { return not_a_number(); }
  if (x == 0.0) { return -infinity(); }
  if (is_inf(x)) { return x; }
  let subnormal = x < 1.17549435e-38;
  let bits = bitcast<u32>(select(x, x * 8388608.0, subnormal));
  var exponent = i32(bits >> 23u) - 127 - select(0, 23, subnormal);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  if (m > 1.41421356) { m = m * 0.5; exponent = exponent + 1; }
  let n = f32(exponent);
  return n * 0.693359375 + (log_near_1(m - 1.0) - n * 2.12194440e-4);
}""",
    "log1p_f": """
fn log1p_f(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return log_near_1(x); }
  return log_f(1.0 + x);
}""",
    # sin and cos of r + k pi / 2, |r| <= pi / 4; pi / 2 in three parts, exact for k below 2^16
    "reduce_angle": """
fn reduce_angle(x: f32) -> vec2<f32> {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.83751297e-4) - k * 7.54978997e-8;
  return vec2<f32>(r, k - 4.0 * floor(k * 0.25));
}""",
    "sin_cos": """
fn sin_cos(r: f32, quarter: f32) -> f32 {
  let z = r * r;
  let s = r + r * z * (((2.72515649e-6 * z - 1.98401205e-4) * z + 8.33333191e-3) * z - 0.166666672);
  let c = 1.0 - 0.5 * z + z * z * (((-2.7557319e-7 * z + 2.48015873e-5) * z - 1.38888889e-3) * z + 0.0416666667);
  let value = select(s, c, quarter == 1.0 || quarter == 3.0);
  return select(value, -value, quarter >= 2.0);
}""",
    "sin_f": """
fn sin_f(x: f32) -> f32 {
  if (is_nan(x) || is_inf(x)) { return not_a_number(); }
  let a = reduce_angle(x);
  return select(sin_cos(a.x, a.y), x, x == 0.0);
}""",
    "cos_f": """
fn cos_f(x: f32) -> f32 {
  if (is_nan(x) || is_inf(x)) { return not_a_number(); }
  let a = reduce_angle(x);
  return sin_cos(a.x, select(a.y + 1.0, 0.0, a.y == 3.0));
}""",
    "tan_f": """
fn tan_f(x: f32) -> f32 { return sin_f(x) / cos_f(x); }""",
    # (atan(x) - x) / x^3 on [0, tan(pi / 8)], in z = x^2
    "atan_f": """
fn atan_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  var shift = 0.0;
  var t = a;
  if (a > 2.41421356) { shift = 1.57079633; t = -1.0 / a; }
  else if (a > 0.414213562) { shift = 0.785398163; t = (a - 1.0) / (a + 1.0); }
  let z = t * t;
  let y = t + t * z * ((((-0.0646681637 * z + 0.107488513) * z - 0.142645061) * z + 0.199995592) * z - 0.333333313);
  return with_sign(shift + y, x);
}""",
    "atan2_f": """
fn atan2_f(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  let behind = (bitcast<u32>(x) & 0x80000000u) != 0u;
  var angle: f32;
  if (y == 0.0) { angle = 0.0; }
  else if (is_inf(y)) { return with_sign(select(1.57079633, select(0.785398163, 2.35619449, behind), is_inf(x)), y); }
  else if (is_inf(x)) { angle = 0.0; }
  else if (x == 0.0) { return with_sign(1.57079633, y); }
  else if (abs(y) <= abs(x)) { angle = atan_f(abs(y) / abs(x)); }
  else { angle = 1.57079633 - atan_f(abs(x) / abs(y)); }
  return with_sign(select(angle, 3.14159265 - angle, behind), y);
}""",
    # (asin(x) - x) / x^3 on [0, 1 / 2], in z = x^2
    "asin_small": """
fn asin_small(x: f32) -> f32 {
  let z = x * x;
  return x + x * z * ((((0.0383273736 * z + 0.0264338274) * z + 0.0450201444) * z + 0.0749876201) * z + 0.166666731);
}""",
    "asin_f": """
fn asin_f(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x) || a > 1.0) { return not_a_number(); }
  if (a <= 0.5) { return asin_small(x); }
  return with_sign(1.57079633 - 2.0 * asin_small(sqrt((1.0 - a) * 0.5)), x);
}""",
    "acos_f": """
fn acos_f(x: f32) -> f32 {
  if (is_nan(x) || abs(x) > 1.0) { return not_a_number(); }
  if (abs(x) <= 0.5) { return 1.57079633 - asin_small(x); }
  let y = 2.0 * asin_small(sqrt((1.0 - abs(x)) * 0.5));
  return select(y, 3.14159265 - y, x < 0.0);
}""",
    # (sinh(x) - x) / x^3 on [0, 1], in z = x^2
    "sinh_f": """
fn sinh_f(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x)) { return x; }
  if (a <= 1.0) {
    let z = x * x;
    return x + x * z * (((2.80629160e-6 * z + 1.98381007e-4) * z + 8.33333936e-3) * z + 0.166666672);
  }
  let e = exp_f(a * 0.5);
  return with_sign((0.5 * e) * e - 0.5 / (e * e), x);
}""",
    "cosh_f": """
fn cosh_f(x: f32) -> f32 {
  let e = exp_f(abs(x) * 0.5);
  return (0.5 * e) * e + (0.5 / e) / e;
}""",
    # (tanh(x) - x) / x^3 on [0, 5 / 8], in z = x^2
    "tanh_f": """
fn tanh_f(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x)) { return x; }
  if (a < 0.625) {
    let z = x * x;
    return x + x * z * ((((-6.11318089e-3 * z + 0.0210100729) * z - 0.0538540669) * z + 0.133327946) * z - 0.333333284);
  }
  return with_sign(1.0 - 2.0 / (exp_f(2.0 * min(a, 10.0)) + 1.0), x);
}""",
    # erf(x) / x on [0, 1] in z = x^2; log(erfc(x)) on [1, 4]
    "erf_f": """
fn erf_f(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan(x)) { return x; }
  if (a <= 1.0) {
    let z = x * x;
    let low = (((7.88911566e-5 * z - 8.02083989e-4) * z + 5.18953521e-3) * z - 0.0268544443) * z + 0.112836003;
    return x * ((low * z - 0.37612626) * z + 1.12837911);
  }
  let t = min(a, 4.0);
  let high = ((2.51327862e-7 * t - 2.53148264e-5) * t + 4.63788136e-4) * t - 4.28238278e-3;
  let p = ((((high * t + 0.0253735557) * t - 0.108639002) * t - 0.633039594) * t - 1.1296612) * t + 2.04359938e-4;
  return with_sign(1.0 - exp_f(p), x);
}""",
    # Remainder of the division of magnitudes, exactly: subtracting y * 2^k where it fits loses no bit.
    "fmod_f": """
fn fmod_f(x: f32, y: f32) -> f32 {
  var r = abs(x);
  let b = abs(y);
  if (is_nan(x) || is_nan(y) || is_inf(x) || b == 0.0) { return not_a_number(); }
  if (is_inf(y) || r < b) { return x; }
  var k = i32(bitcast<u32>(r) >> 23u) - i32(bitcast<u32>(b) >> 23u);
  loop {
    if (k < 0) { break; }
    let t = scale_2(b, k);
    if (t <= r) { r = r - t; }
    k = k - 1;
  }
  return with_sign(r, x);
}""",
    "remainder_f": """
fn remainder_f(x: f32, y: f32) -> f32 {
  let m = fmod_f(x, y);
  if (m == 0.0) { return with_sign(0.0, y); }
  return select(m, m + y, (m < 0.0) != (y < 0.0) && !is_nan(m));
}""",
    "floordiv_f": """
fn floordiv_f(x: f32, y: f32) -> f32 {
  if (y == 0.0 || is_nan(x) || is_nan(y)) { return x / y; }
  if (is_inf(x)) { return select(x / y, not_a_number(), is_inf(y)); }
  if (is_inf(y)) {
    let zero = with_sign(0.0, with_sign(1.0, x) * with_sign(1.0, y));
    return select(zero, -1.0, x != 0.0 && (x < 0.0) != (y < 0.0));
  }
  let m = fmod_f(x, y);
  var q = (x - m) / y;
  if (m != 0.0 && (m < 0.0) != (y < 0.0)) { q = q - 1.0; }
  let f = floor(q);
  return select(with_sign(0.0, x / y), f + select(0.0, 1.0, q - f > 0.5), q != 0.0);
}""",
    "floordiv_i": """
fn floordiv_i(x: i32, y: i32) -> i32 {
  if (y == 0) { return 0; }
  if (y == -1) { return -x; }
  let q = x / y;
  return select(q, q - 1, q * y != x && (x < 0) != (y < 0));
}""",
    "remainder_i": """
fn remainder_i(x: i32, y: i32) -> i32 {
  if (y == 0 || y == -1) { return 0; }
  let r = x - y * (x / y);
  return select(r, r + y, r != 0 && (r < 0) != (y < 0));
}""",
    "pow_i": """
fn pow_i(x: i32, y: i32) -> i32 {
  var result = 1;
  var base = x;
  var n = u32(max(y, 0));
  loop {
    if (n == 0u) { break; }
    if ((n & 1u) != 0u) { result = result * base; }
    base = base * base;
    n = n >> 1u;
  }
  return result;
}""",
    # Small whole exponents by multiplying (exact where the result is); else through log and exp with a compensated
    # product.
    "pow_f": """
fn pow_f(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return not_a_number(); }
  let whole = y == trunc(y);
  let odd = whole && abs(y) < 16777216.0 && (i32(y) & 1) != 0;
  if (whole && abs(y) <= 64.0) {
    var result = 1.0;
    var base = x;
    var n = u32(abs(y));
    loop {
      if ((n & 1u) != 0u) { result = result * base; }
      n = n >> 1u;
      if (n == 0u) { break; }
      base = base * base;
    }
    return select(result, 1.0 / result, y < 0.0);
  }
  let a = abs(x);
  var magnitude: f32;
  if (is_inf(y)) {
    if (a == 1.0) { return 1.0; }
    return select(0.0, infinity(), (a > 1.0) == (y > 0.0));
  }
  if (a == 0.0 || is_inf(a)) { magnitude = select(infinity(), 0.0, (a == 0.0) == (y > 0.0)); }
  else { magnitude = exp_f_of_product(a, y); }
  if (x < 0.0 && !whole && !is_inf(x) ) { return not_a_number(); }
  return select(magnitude, -magnitude, odd && (bitcast<u32>(x) & 0x80000000u) != 0u);
}""",
    # a^y = 2^(n y) m^y, with a = m 2^n: the whole part of n y goes straight into the exponent
    "exp_f_of_product": """
fn exp_f_of_product(a: f32, y: f32) -> f32 {
  let subnormal = a < 1.17549435e-38;
  let bits = bitcast<u32>(select(a, a * 8388608.0, subnormal));
  var exponent = i32(bits >> 23u) - 127 - select(0, 23, subnormal);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  if (m > 1.41421356) { m = m * 0.5; exponent = exponent + 1; }
  let f = f32(exponent) * y;
  if (f > 300.0) { return infinity(); }
  if (f < -300.0) { return 0.0; }
  let n = round(f);
  let part = fma(f32(exponent), y, -n) * 0.693147181 + y * log_near_1(m - 1.0);
  let k = round(part * 1.44269504);
  let r = (part - k * 0.693359375) + k * 2.12194440e-4;
  let total = n + k;
  if (total > 200.0) { return infinity(); }
  if (total < -200.0) { return 0.0; }
  return scale_2(1.0 + (r + r * r * expm1_tail(r)), i32(total));
}""",
    "mul_hi_lo": """
fn mul_hi_lo(x: u32, y: u32) -> vec2<u32> {
  let a = x >> 16u; let b = x & 0xffffu; let c = y >> 16u; let d = y & 0xffffu;
  let low = b * d;
  let middle = a * d + (low >> 16u);
  let other = b * c + (middle & 0xffffu);
  return vec2<u32>(a * c + (middle >> 16u) + (other >> 16u), x * y);
}""",
    # Philox4x32-10. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    "philox": """
fn philox(block: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
  var counter = block;
  var key = seed;
  for (var round = 0u; round < 10u; round = round + 1u) {
    let p = mul_hi_lo(0xD2511F53u, counter.x);
    let q = mul_hi_lo(0xCD9E8D57u, counter.z);
    counter = vec4<u32>(q.x ^ counter.y ^ key.x, q.y, p.x ^ counter.w ^ key.y, p.y);
    key = key + vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}
fn uniform_random(i: u32, seed_low: u32, seed_high: u32, low: u32, high: u32) -> f32 {
  let first = low + (i >> 2u);
  let words = philox(vec4<u32>(first, high + select(0u, 1u, first < low), 0u, 0u), vec2<u32>(seed_low, seed_high));
  return f32(words[i & 3u] >> 8u) * 5.9604644775390625e-8;
}""",
}
ALSO = {"uniform_random": "philox"}  # defined along with another

_CALL = re.compile(r"\b([a-z_0-9]+)\(")


def functions_for(code: str) -> str:
    """The definitions that `code` calls, and those that these call."""
    found: dict[str, str] = {}
    pending = [code]
    while pending:
        for name in _CALL.findall(pending.pop()):
            name = ALSO.get(name, name)
            if name in FUNCTIONS and name not in found:
                found[name] = FUNCTIONS[name].strip()
                pending.append(found[name])
    return "\n".join(found.values())
