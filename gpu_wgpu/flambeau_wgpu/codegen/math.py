"""WGSL functions for what WGSL's builtins do not promise: accuracy to a few units in the last place, nan, infinities,
signs.

The polynomials are least-squares fits made for this file (reweighted towards equal ripple, in float64 against mpmath),
with their range beside them. Constants of infinity and nan may not be written in WGSL, and a compiler may assume that
there are none: they are recognised by their bits.

No function returns early, and branches are selects: lanes of a GPU run both sides anyway, and Mesa's compiler (llvmpipe
of Mesa 22.3) gets nested early returns wrong when a function is called twice. Conditions are joined by & and |, because
&& and || are branches, too: SwiftShader took minutes to compile a loop with a few dozen of them.
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
fn eq_f(x: f32, y: f32) -> bool { return (x == y) & !is_nan(x) & !is_nan(y); }""",
    "maximum_f": """
fn maximum_f(x: f32, y: f32) -> f32 { return select(y, x, (x > y) | is_nan(x)); }""",
    "minimum_f": """
fn minimum_f(x: f32, y: f32) -> f32 { return select(y, x, (x < y) | is_nan(x)); }""",
    # x 2^n for a whole -252 <= n <= 254, in two factors so that the result may be as small or large as a float can be. What is
    # added, 1.5 * 2^23 and the exponent of 1, leaves n in the lowest bits: a conversion to an integer would check its range.
    "scale_2": """
fn scale_2(x: f32, n: f32) -> f32 {
  let both = bitcast<u32>(n + 12583166.0);
  let one = both >> 1u;
  return x * bitcast<f32>(one << 23u) * bitcast<f32>((both - one) << 23u);
}""",
    # exp(x) = 2^n exp(r), |r| <= ln(2) / 2. Of nan, r is nan, and so is the result.
    "exp_f": """
fn exp_f(x: f32) -> f32 {
  let n = floor(x * 1.44269504 + 0.5);
  let y = scale_2(exp_over_2(x, n), n);
  return select(select(y, 0.0, x < -104.0), x * 3.0e38, x > 88.73);
}""",
    # the same for |x| <= 87
    "exp_moderate": """
fn exp_moderate(x: f32) -> f32 {
  let n = floor(x * 1.44269504 + 0.5);
  return exp_over_2(x, n) * bitcast<f32>(bitcast<u32>(n + 12583039.0) << 23u);
}""",
    # the same for x <= 87, and 0 where the result would be smaller than a normal number
    "exp_low": """
fn exp_low(x: f32) -> f32 { return select(exp_moderate(x), 0.0, x < -87.0); }""",
    # exp(x) / 2^n, for n near x / ln(2)
    "exp_over_2": """
fn exp_over_2(x: f32, n: f32) -> f32 {
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  return 1.0 + (r + r * r * expm1_tail(r));
}""",
    # (exp(r) - 1 - r) / r^2 on |r| <= 0.3475
    "expm1_tail": """
fn expm1_tail(r: f32) -> f32 {
  return (((1.39467232e-3 * r + 8.3667431e-3) * r + 0.0416662768) * r + 0.16666542) * r + 0.5;
}""",
    "expm1_f": """
fn expm1_f(x: f32) -> f32 {
  return select(exp_f(x) - 1.0, x + x * x * expm1_tail(x), abs(x) <= 0.34);
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
  let subnormal = x < 1.17549435e-38;
  let bits = bitcast<u32>(select(x, x * 8388608.0, subnormal));
  let mantissa = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  let upper = mantissa > 1.41421356;
  let n = f32(i32(bits >> 23u) - 127 - select(0, 23, subnormal) + select(0, 1, upper));
  let y = n * 0.693359375 + (log_near_1(select(mantissa, mantissa * 0.5, upper) - 1.0) - n * 2.12194440e-4);
  let special = select(select(not_a_number(), x, x > 0.0), -infinity(), x == 0.0);
  return select(y, special, (x <= 0.0) | is_inf(x) | is_nan(x));
}""",
    "log1p_f": """
fn log1p_f(x: f32) -> f32 {
  return select(log_f(1.0 + x), log_near_1(x), (x > -0.29) & (x < 0.41));
}""",
    # sin and cos of r + k pi / 2, |r| <= pi / 4; pi / 2 in three parts, whose products are exact for k below 2^13
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
  let value = select(s, c, (quarter == 1.0) | (quarter == 3.0));
  return select(value, -value, quarter >= 2.0);
}""",
    "sin_f": """
fn sin_f(x: f32) -> f32 {
  let a = reduce_angle(x);
  return select(select(sin_cos(a.x, a.y), x, x == 0.0), not_a_number(), is_nan(x) | is_inf(x));
}""",
    "cos_f": """
fn cos_f(x: f32) -> f32 {
  let a = reduce_angle(x);
  return select(sin_cos(a.x, select(a.y + 1.0, 0.0, a.y == 3.0)), not_a_number(), is_nan(x) | is_inf(x));
}""",
    "tan_f": """
fn tan_f(x: f32) -> f32 { return sin_f(x) / cos_f(x); }""",
    # (atan(x) - x) / x^3 on [0, tan(pi / 8)], in z = x^2
    "atan_f": """
fn atan_f(x: f32) -> f32 {
  let a = abs(x);
  let large = a > 2.41421356;
  let middle = a > 0.414213562;
  let shift = select(select(0.0, 0.785398163, middle), 1.57079633, large);
  let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, large);
  let z = t * t;
  let y = t + t * z * ((((-0.0646681637 * z + 0.107488513) * z - 0.142645061) * z + 0.199995592) * z - 0.333333313);
  return select(with_sign(shift + y, x), x, is_nan(x));
}""",
    "atan2_f": """
fn atan2_f(y: f32, x: f32) -> f32 {
  let behind = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let steep = abs(y) > abs(x);
  let ratio = select(abs(y) / abs(x), abs(x) / abs(y), steep);
  let both = is_inf(x) & is_inf(y);
  let acute = select(atan_f(ratio), 0.785398163, both);
  let angle = select(select(acute, 1.57079633 - acute, steep), 0.0, y == 0.0);
  let result = with_sign(select(angle, 3.14159265 - angle, behind), y);
  return select(result, not_a_number(), is_nan(x) | is_nan(y));
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
  let large = a > 0.5;
  let y = asin_small(select(a, sqrt((1.0 - a) * 0.5), large));
  return select(with_sign(select(y, 1.57079633 - 2.0 * y, large), x), not_a_number(), is_nan(x) | (a > 1.0));
}""",
    "acos_f": """
fn acos_f(x: f32) -> f32 {
  let a = abs(x);
  let large = a > 0.5;
  let y = asin_small(select(x, sqrt((1.0 - a) * 0.5), large));
  let result = select(1.57079633 - y, select(2.0 * y, 3.14159265 - 2.0 * y, x < 0.0), large);
  return select(result, not_a_number(), is_nan(x) | (a > 1.0));
}""",
    # (sinh(x) - x) / x^3 on [0, 1], in z = x^2
    "sinh_f": """
fn sinh_f(x: f32) -> f32 {
  let z = x * x;
  let small = x + x * z * (((2.80629160e-6 * z + 1.98381007e-4) * z + 8.33333936e-3) * z + 0.166666672);
  let e = exp_f(abs(x) * 0.5);
  let large = with_sign((0.5 * e) * e - (0.5 / e) / e, x);
  return select(select(large, small, abs(x) <= 1.0), x, is_nan(x));
}""",
    "cosh_f": """
fn cosh_f(x: f32) -> f32 {
  let e = exp_f(abs(x) * 0.5);
  return (0.5 * e) * e + (0.5 / e) / e;
}""",
    # tanh(x) / x on [0, 9.01], a rational function of x^2
    "tanh_f": """
fn tanh_f(x: f32) -> f32 {
  let z = x * x;
  let p = (((1.34016571e-8 * z + 2.06482414e-5) * z + 3.49820806e-3) * z + 0.133833178) * z + 1.0;
  let q = (((7.79732204e-7 * z + 3.28974744e-4) * z + 0.0258872116) * z + 0.467166392) * z + 1.0;
  let y = x * p / q;
  return select(y, with_sign(1.0, x), (abs(x) > 9.0) | (abs(y) > 1.0));
}""",
    # erf(x) / x on [0, 1] in z = x^2; log(erfc(x)) on [1, 4]
    "erf_f": """
fn erf_f(x: f32) -> f32 {
  let a = abs(x);
  let z = x * x;
  let low = (((7.88911566e-5 * z - 8.02083989e-4) * z + 5.18953521e-3) * z - 0.0268544443) * z + 0.112836003;
  let t = min(a, 4.0);
  let high = ((2.51327862e-7 * t - 2.53148264e-5) * t + 4.63788136e-4) * t - 4.28238278e-3;
  let p = ((((high * t + 0.0253735557) * t - 0.108639002) * t - 0.633039594) * t - 1.1296612) * t + 2.04359938e-4;
  let large = with_sign(1.0 - exp_moderate(p), x);
  return select(select(large, x * ((low * z - 0.37612626) * z + 1.12837911), a <= 1.0), x, is_nan(x));
}""",
    # Remainder of the division of magnitudes, exactly: subtracting y * 2^k where it fits loses no bit.
    "fmod_f": """
fn fmod_f(x: f32, y: f32) -> f32 {
  var r = abs(x);
  let b = abs(y);
  let defined = !(is_nan(x) | is_nan(y) | is_inf(x) | (b == 0.0));
  var k = i32(bitcast<u32>(r) >> 23u) - i32(bitcast<u32>(b) >> 23u);
  k = select(-1, k, defined & !is_inf(y));
  while (k >= 0) {
    let t = scale_2(b, f32(k));
    if (t <= r) { r = r - t; }
    k = k - 1;
  }
  return select(not_a_number(), with_sign(r, x), defined);
}""",
    "remainder_f": """
fn remainder_f(x: f32, y: f32) -> f32 {
  let m = fmod_f(x, y);
  let other_side = ((m < 0.0) != (y < 0.0)) & !is_nan(m);
  return select(select(m, m + y, other_side), with_sign(0.0, y), m == 0.0);
}""",
    "floordiv_f": """
fn floordiv_f(x: f32, y: f32) -> f32 {
  let m = fmod_f(x, y);
  let opposite = (m != 0.0) & ((m < 0.0) != (y < 0.0));
  let q = (x - m) / y - select(0.0, 1.0, opposite);
  let f = floor(q);
  let whole = select(with_sign(0.0, x / y), f + select(0.0, 1.0, q - f > 0.5), q != 0.0);
  let by_infinity = select(with_sign(0.0, x / y), -1.0, (x != 0.0) & ((x < 0.0) != (y < 0.0)));
  let undefined = is_nan(x) | is_nan(y) | (is_inf(x) & (y != 0.0));
  let special = select(select(x / y, by_infinity, is_inf(y)), not_a_number(), undefined);
  return select(whole, special, (y == 0.0) | is_nan(x) | is_nan(y) | is_inf(x) | is_inf(y));
}""",
    "floordiv_i": """
fn floordiv_i(x: i32, y: i32) -> i32 {
  let d = select(y, 1, (y == 0) | (y == -1));
  let q = x / d;
  let rounded = select(q, q - 1, (q * d != x) & ((x < 0) != (d < 0)));
  return select(select(rounded, -x, y == -1), 0, y == 0);
}""",
    "remainder_i": """
fn remainder_i(x: i32, y: i32) -> i32 {
  let d = select(y, 1, (y == 0) | (y == -1));
  let r = x - d * (x / d);
  return select(r, r + d, (r != 0) & ((r < 0) != (d < 0)));
}""",
    "pow_i": """
fn pow_i(x: i32, y: i32) -> i32 {
  var result = 1;
  var base = x;
  var n = u32(max(y, 0));
  while (n != 0u) {
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
  let a = abs(x);
  let whole = y == trunc(y);
  let by_products = whole & (abs(y) < 64.0);
  let n = select(0u, u32(abs(y)), by_products);
  let a2 = a * a;
  let a4 = a2 * a2;
  let a8 = a4 * a4;
  let a16 = a8 * a8;
  let a32 = a16 * a16;
  let few = select(1.0, a, (n & 1u) != 0u) * select(1.0, a2, (n & 2u) != 0u) * select(1.0, a4, (n & 4u) != 0u);
  let more = select(1.0, a8, (n & 8u) != 0u) * select(1.0, a16, (n & 16u) != 0u) * select(1.0, a32, (n & 32u) != 0u);
  let product = few * more;
  let extreme = (a == 0.0) | is_inf(a) | is_inf(y);
  let grows = select(a > 1.0, !(a == 0.0), (a == 0.0) | is_inf(a)) == (y > 0.0);
  let at_extreme = select(select(0.0, infinity(), grows), 1.0, a == 1.0);
  let finite = select(exp_f_of_product(a, y), select(product, 1.0 / product, y < 0.0), by_products);
  let magnitude = select(finite, at_extreme, extreme);
  let odd = whole & (abs(y) < 16777216.0) & ((i32(y) & 1) != 0);
  let signed = select(magnitude, -magnitude, odd & ((bitcast<u32>(x) & 0x80000000u) != 0u));
  let undefined = is_nan(x) | is_nan(y) | ((x < 0.0) & !whole & !is_inf(x));
  return select(select(signed, not_a_number(), undefined), 1.0, (y == 0.0) | (x == 1.0));
}""",
    # a^y = 2^(n y) m^y, with a = m 2^n: the whole part of n y goes straight into the exponent. The rest of it is exact
    # because n has 8 bits and the upper part of y 12, of the 24 there are.
    "exp_f_of_product": """
fn exp_f_of_product(a: f32, y: f32) -> f32 {
  let subnormal = a < 1.17549435e-38;
  let bits = bitcast<u32>(select(a, a * 8388608.0, subnormal));
  let mantissa = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  let upper = mantissa > 1.41421356;
  let exponent = f32(i32(bits >> 23u) - 127 - select(0, 23, subnormal) + select(0, 1, upper));
  let n = clamp(round(exponent * y), -300.0, 300.0);
  let log_m = log_near_1(select(mantissa, mantissa * 0.5, upper) - 1.0);
  let upper_y = bitcast<f32>(bitcast<u32>(y) & 0xfffff000u);
  let rest = (exponent * upper_y - n) + exponent * (y - upper_y);
  let part = clamp(rest * 0.693147181 + y * log_m, -1000.0, 1000.0);
  let k = floor(part * 1.44269504 + 0.5);
  return scale_2(exp_over_2(part, k), clamp(n + k, -250.0, 250.0));
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
fn random_words(number: u32, seed: vec2<u32>, low: u32, high: u32) -> vec4<u32> {
  let first = low + number;
  return philox(vec4<u32>(first, high + select(0u, 1u, first < low), 0u, 0u), seed);
}
fn uniform_random(i: u32, seed_low: u32, seed_high: u32, low: u32, high: u32) -> f32 {
  return f32(random_words(i >> 2u, vec2<u32>(seed_low, seed_high), low, high)[i & 3u] >> 8u) * 5.9604644775390625e-8;
}
fn uniform_random_4(i: u32, seed_low: u32, seed_high: u32, low: u32, high: u32) -> vec4<f32> {
  let seed = vec2<u32>(seed_low, seed_high);
  let shift = i & 3u;
  var words = random_words(i >> 2u, seed, low, high);
  if (shift != 0u) {
    let next = random_words((i >> 2u) + 1u, seed, low, high);
    let inside = vec4<u32>(0u, 1u, 2u, 3u) + shift;
    let turned = inside & vec4<u32>(3u);
    let these = vec4<u32>(words[turned.x], words[turned.y], words[turned.z], words[turned.w]);
    let those = vec4<u32>(next[turned.x], next[turned.y], next[turned.z], next[turned.w]);
    words = select(these, those, inside > vec4<u32>(3u));
  }
  return vec4<f32>(words >> vec4<u32>(8u)) * 5.9604644775390625e-8;
}""",
}
ALSO = {"uniform_random": "philox", "uniform_random_4": "philox"}  # defined along with another

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
