"""Random numbers: generators, and the distributions drawn from them with PyTorch's own CPU values.

A generator holds two streams. The first is mt19937, drawn in exactly PyTorch's order, so that `manual_seed(0); rand(3)`
gives the numbers that teaching material prints. Python's `random.Random` is the same mt19937, which makes its C code
ours: we install PyTorch's initial state and take many words at once. The second is counter-based (Philox), for devices
that make their numbers in the kernel that needs them: `Generator.philox` hands out (seed, offset) for `Backend.random`.

Each distribution takes a generator and a count, and returns `bytes`: the native-endian elements, ready for
`Backend.from_bytes`. Where the program has loaded numpy already, it does the arithmetic, with the same results.

Source: ATen/core/DistributionsHelper.h, ATen/native/cpu/DistributionTemplates.h and ATen/CPUGeneratorImpl.cpp of
PyTorch; compared with PyTorch 2.13 in tests/random.
"""

from __future__ import annotations

import math
import os
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ._box_muller import normals, normals_of_words
from .backends import registry
from .backends.reference import CODES, store
from .device import device
from .dtype import bfloat16, bool_, dtype, float16, float32, float64, int64, uint8

if TYPE_CHECKING:
    from ._tensor import Tensor

__all__ = ["fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state", "thread_safe_generator"]

DEFAULT_SEED: Final = 67280421310721  # PyTorch's, for generators that nobody has seeded
_WORDS: Final = 624  # of the state of mt19937
_MANY: Final = 1 << 14  # words from which on it pays to borrow numpy's mt19937
Data = bytes | memoryview
"""Random numbers as they lie in memory."""
_FIELDS: Final = struct.Struct("<QiiQ624Qdddi4xf?3x")
"""PyTorch's state of a CPU generator: seed, words left before the next refill, seeded, next word, the words; then what
`normal` keeps for its next call (unused, the value, unused, whether it is there), and as much for float32, unused."""


class Generator:
    """A seeded source of random numbers for a device.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
    """

    def __init__(self, device: device | str = "cpu") -> None:
        self.device: Final = _device(device)
        self._seed_with(DEFAULT_SEED)

    def _seed_with(self, seed: int) -> None:
        self._seed = seed
        self._twister: Random | None = None  # made when first needed: 624 words of Python arithmetic
        self._untouched = True
        self._spare_normal: float | None = None
        self._philox_offset = 0

    def manual_seed(self, seed: int) -> Generator:
        """Restart both streams from `seed`; negative seeds count from 2**64. Returns the generator.

        Raises:
            RuntimeError: `seed` is not an integer.
            ValueError: it has more than 64 bits.
        """
        if not isinstance(seed, int):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        self._seed_with(_checked(seed))
        return self

    def seed(self) -> int:
        """Restart from a seed of the operating system's choice, and return it."""
        self._seed_with(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed last set."""
        return self._seed

    # --- drawing ------------------------------------------------------------------------------------------------------

    def words(self, count: int) -> array[int]:
        """The next `count` 32-bit words of mt19937."""
        if count == 0:
            return array("I")
        self._untouched = False
        return array("I", self._engine().getrandbits(32 * count).to_bytes(4 * count, sys.byteorder))

    def doublewords(self, count: int) -> list[int]:
        """The next `count` 64-bit numbers: two words each, the upper one drawn first."""
        words = self.words(2 * count)
        return [upper << 32 | lower for upper, lower in zip(words[::2], words[1::2], strict=True)]

    def philox(self, count: int) -> tuple[int, int]:
        """(seed, offset) for `count` numbers of `Backend.random` that nobody else will be given."""
        offset = self._philox_offset
        self._philox_offset += (count + 3) // 4
        return self._seed, offset

    def get_offset(self) -> int:
        """Where in the counter-based stream the generator is, in words.

        Raises:
            RuntimeError: it is a CPU's, which has none that counts.
        """
        if self._on_host:
            raise RuntimeError("CPU Generator does not use offset")
        return 4 * self._philox_offset

    def set_offset(self, offset: int) -> None:
        """Go to a place in the counter-based stream.

        Raises:
            RuntimeError: it is a CPU's generator.
        """
        if self._on_host:
            raise RuntimeError("CPU Generator does not use offset")
        self._philox_offset = (offset + 3) // 4

    def graphsafe_get_state(self) -> Generator:
        """As PyTorch's CPU generators, which have no such thing.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("graphsafe_get_state is not supported in this Generator")

    def _engine(self) -> Random:
        if self._twister is None:
            word = self._seed & 0xFFFFFFFF
            words = [word]
            for i in range(1, _WORDS):
                word = 1812433253 * (word ^ word >> 30) + i & 0xFFFFFFFF
                words.append(word)
            self._twister = Random()
            self._twister.setstate((3, (*words, _WORDS), None))
        return self._twister

    # --- the state ----------------------------------------------------------------------------------------------------

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor, on the CPU; PyTorch's own 5056 bytes for a CPU generator."""
        from .ops.creation import tensor

        return tensor(list(self.state_bytes()), dtype=uint8)

    def set_state(self, state: Tensor | bytes) -> None:
        """Continue from a state of `get_state`.

        Raises:
            TypeError: `state` is not a uint8 tensor.
            RuntimeError: it is not a generator's state.
        """
        if not isinstance(state, (bytes, bytearray)):
            if getattr(state, "dtype", None) is not uint8:
                raise TypeError("RNG state must be a torch.ByteTensor")
            state = bytes(state.tolist())
        self.set_state_bytes(state)

    def clone_state(self) -> Generator:
        """Another generator in the same state."""
        other = Generator(self.device)
        other.set_state_bytes(self.state_bytes())
        return other

    def state_bytes(self) -> bytes:
        """The state as PyTorch lays it out; for devices other than the CPU, after the Philox seed and offset."""
        *words, position = self._engine().getstate()[1]
        spare = self._spare_normal
        following = 0 if self._untouched else position
        normal = (0.0, spare or 0.0, 0.0, spare is not None, 0.0, False)
        twister = _FIELDS.pack(self._seed, _WORDS + 1 - position, 1, following, *words, *normal)
        return twister if self._on_host else struct.pack("<QQ", self._seed, self._philox_offset) + twister

    def set_state_bytes(self, state: bytes | bytearray) -> None:
        """Continue from `state_bytes`; see `set_state` for the errors."""
        before = 0 if self._on_host else 16
        if len(state) != before + _FIELDS.size:
            raise RuntimeError(
                f"Expected a {'CPU' if self._on_host else ''}GeneratorImplState of size {before + _FIELDS.size} "
                f"but found the input RNG state size to be {len(state)}"
            )
        seed, left, seeded, following, *rest = _FIELDS.unpack_from(state, before)
        words, (_, spare, _, has_spare, *_) = rest[:_WORDS], rest[_WORDS:]
        if not (seeded and 1 <= left <= _WORDS and following <= _WORDS and max(words) < 1 << 32):
            raise RuntimeError("Invalid mt19937 state")
        self._seed, self._untouched = seed, following == 0
        self._twister = Random()
        self._twister.setstate((3, (*words, _WORDS + 1 - left), None))
        self._spare_normal = spare if has_spare else None
        self._philox_offset = 0 if self._on_host else struct.unpack_from("<Q", state, 8)[0]

    @property
    def _on_host(self) -> bool:
        return self.device.type in registry.HOST

    def __reduce__(self) -> tuple[Any, ...]:
        return Generator, (self.device,), (self._seed, None, self.get_state())

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.set_state(state[-1])


def _device(d: device | str) -> device:
    return d if isinstance(d, device) else device(d)


def _checked(seed: int) -> int:
    if not -(1 << 63) <= seed < 1 << 64:
        raise ValueError("Overflow when unpacking long long")
    return seed % (1 << 64)


# --- the default generators -------------------------------------------------------------------------------------------

default_generator: Final = Generator()
_defaults: Final[dict[device, Generator]] = {default_generator.device: default_generator}


def default_generator_of(device: device) -> Generator:
    """The generator that ops on a device use when none is given; seeded alike on every device."""
    generator = _defaults.get(device)
    if generator is None:
        generator = _defaults[device] = Generator(device).manual_seed(default_generator.initial_seed())
    return generator


def manual_seed(seed: int) -> Generator:
    """Restart the default generators of all devices from `seed`. Returns the CPU's.

    Raises:
        ValueError: `seed` has more than 64 bits.
    """
    seed = _checked(int(seed))
    for generator in _defaults.values():
        generator.manual_seed(seed)
    return default_generator


def seed() -> int:
    """Restart the default generators from a seed of the operating system's choice, and return it."""
    chosen = default_generator.seed()
    manual_seed(chosen)
    return chosen


def initial_seed() -> int:
    """The seed last set for the default generators."""
    return default_generator.initial_seed()


def thread_safe_generator() -> Generator | None:
    """None, outside of a worker of a data loader with threads."""
    return None


def get_rng_state() -> Tensor:
    """The state of the CPU's default generator, a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue the CPU's default generator from a state of `get_rng_state`."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Iterable[device | str] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """A context after which the default generators of the CPU and of `devices` (None: of all) are as they were before.

    Source: https://docs.pytorch.org/docs/stable/random.html#torch.random.fork_rng
    """
    if not enabled:
        yield
        return
    forked = (
        [default_generator, *(default_generator_of(_device(d)) for d in devices)]
        if devices is not None
        else list(_defaults.values())
    )
    states = [generator.state_bytes() for generator in forked]
    try:
        yield
    finally:
        for generator, state in zip(forked, states, strict=True):
            generator.set_state_bytes(state)


# --- the uniform numbers from which all others are made ---------------------------------------------------------------


def _numpy() -> ModuleType | None:
    """numpy, if somebody has imported it: it costs too much to load for a few thousand numbers."""
    return sys.modules.get("numpy")


def _words(generator: Generator, count: int) -> Any:
    """`generator.words`, as a numpy array where there is numpy."""
    np = _numpy()
    return generator.words(count) if np is None else _word_array(np, generator, count)


def _uniform24(generator: Generator, count: int) -> Any:
    """`count` multiples of 2**-24 on [0, 1): PyTorch's uniform float32. A numpy array, or a list."""
    return _of_24_bits(_words(generator, count))


def _uniform53(generator: Generator, count: int) -> Any:
    """`count` multiples of 2**-53 on [0, 1): PyTorch's uniform float64. A numpy array, or a list."""
    return _of_53_bits(_words(generator, 2 * count))


def _of_24_bits(words: Any) -> Any:
    if isinstance(words, array):
        return [(word & 0xFFFFFF) * 2.0**-24 for word in words]
    # Through int32, which converts to float32 faster than uint32 does.
    return (words & words.dtype.type(0xFFFFFF)).view("int32").astype("float32") * 2.0**-24


def _of_53_bits(words: Any) -> Any:
    """A number for each two words."""
    if isinstance(words, array):
        pairs = zip(words[::2], words[1::2], strict=True)
        return [((upper & 0x1FFFFF) << 32 | lower) * 2.0**-53 for upper, lower in pairs]
    upper, lower = words.reshape(-1, 2).T.astype("uint64")
    return ((upper & 0x1FFFFF) << 32 | lower) * 2.0**-53


def _word_array(np: Any, generator: Generator, count: int) -> Any:
    """`generator.words` as a numpy array; many of them by numpy's own mt19937, which is lent the state."""
    if count < _MANY:
        return np.frombuffer(generator.words(count), np.uint32)
    generator._untouched = False
    engine = generator._engine()
    version, state, spare = engine.getstate()
    twister = np.random.MT19937(0)
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(state[:-1], np.uint32), "pos": state[-1]},
    }
    words = np.random.Generator(twister).integers(0, 1 << 32, count, np.uint32)
    left: Any = twister.state["state"]
    engine.setstate((version, (*left["key"].tolist(), int(left["pos"])), spare))
    return words


def _to_bytes(values: Any, dtype: dtype) -> Data:
    """A list, a numpy array or storage as bytes of `dtype`; integers wrap, floats are rounded.

    Those of 16 bits are rounded to float32 before, as PyTorch does.
    """
    np = _numpy()
    if dtype is float16 or dtype is bfloat16:
        if np is not None and isinstance(values, np.ndarray):
            return _half_bytes(np, values, dtype)
        rounded = store(store(list(values), float32), dtype)
        if dtype is float16:
            return struct.pack(f"{len(rounded)}e", *rounded)
        return array("H", [bits >> 16 for bits in array("I", rounded.tobytes())]).tobytes()
    if np is not None and isinstance(values, np.ndarray):
        dense = np.ascontiguousarray(values, np.bool_ if dtype is bool_ else dtype.name)
        return memoryview(dense).cast("B") if dense.size else b""
    if isinstance(values, array) and values.typecode == CODES[dtype]:
        return values.tobytes()
    return store(values, dtype).tobytes()


def _fused(xs: Any, factor: float, addend: float) -> Any:
    """`x * factor + addend` rounded once, as the fused multiply-add of the processors on which PyTorch runs."""
    np = _numpy()
    if np is not None:
        return _fused_array(np, np.asarray(xs, np.float64), factor, addend)
    if addend == 0:
        return [x * factor for x in xs]
    if factor == 1:
        return [x + addend for x in xs]
    from fractions import Fraction  # two milliseconds to import, for float64 of a mean or a range of one's own

    a, b = Fraction(factor), Fraction(addend)
    return [float(Fraction(x) * a + b) for x in xs]


def _fused_array(np: Any, xs: Any, factor: float, addend: float) -> Any:
    """`_fused` of a float64 array, for products that neither overflow nor vanish.

    Product and sum are each kept as a rounded number and its error. What is below the leading number is summed so that the
    last bit tells whether something was lost; then the final rounding cannot be misled.

    Source: S. Boldo and G. Melquiond, Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd.
    """
    product = xs * factor
    if addend == 0 or factor == 1:
        return product + addend
    halves = [(x_and_a := value * 134217729.0) - (x_and_a - value) for value in (xs, np.float64(factor))]
    (x_high, a_high), (x_low, a_low) = halves, (xs - halves[0], factor - halves[1])
    below = x_low * a_low - (((product - x_high * a_high) - x_low * a_high) - x_high * a_low)
    middle = addend + below
    total = product + middle
    lost, missing = _error_of_sum(below, addend, middle), _error_of_sum(product, middle, total)
    rest = lost + missing
    error = _error_of_sum(lost, missing, rest)
    even = (rest.view(np.int64) & 1) == 0
    return total + np.where((error != 0) & even, np.nextafter(rest, np.copysign(np.inf, error)), rest)


def _half_bytes(np: Any, values: Any, dtype: dtype) -> bytes:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        if dtype is float16:
            return bytes(single.astype(np.float16).tobytes())
    bits = single.view(np.uint32)
    return bytes(((bits + (bits >> 16 & 1) + 0x7FFF) >> 16).astype(np.uint16).tobytes())


_BELOW_FLOAT32: Final = (1 << 29) - 1  # the bits of a float64's significand that float32 has not
_TIE: Final = 1 << 28


def _scaled(values: Any, factor: float, addend: float) -> Any:
    """`values * factor + addend` of float32 numbers as a fused multiply-add, to be rounded to float32 by the caller.

    The product is exact in float64, and the sum nearly always as good as exact. Only where it was rounded to the middle
    between two float32 numbers, it is moved to the side on which the exact sum is.
    """
    np = _numpy()
    if np is None:
        sums = array("d", [x * factor + addend for x in values])
        for i, bits in enumerate(array("Q", sums.tobytes())):
            if bits & _BELOW_FLOAT32 == _TIE:
                error = _error_of_sum(values[i] * factor, addend, sums[i])
                sums[i] = math.nextafter(sums[i], math.copysign(math.inf, error)) if error else sums[i]
        return sums
    sums = np.multiply(values, factor, dtype=np.float64)
    if addend == 0:
        sums += 0.0
        return sums
    sums += addend
    ties = np.flatnonzero(sums.view(np.int64) & _BELOW_FLOAT32 == _TIE)
    if len(ties):
        tied = sums[ties]
        error = _error_of_sum(values[ties].astype(np.float64) * factor, addend, tied)
        sums[ties] = np.where(error == 0, tied, np.nextafter(tied, np.copysign(np.inf, error)))
    return sums


def _error_of_sum(a: Any, b: Any, total: Any) -> Any:
    """What `total`, which is a + b rounded, lacks of it (D. Knuth's TwoSum)."""
    of_b = total - a
    return (a - (total - of_b)) + (b - of_b)


def _float32(x: float) -> float:
    return float(store((x,), float32)[0])


# --- continuous distributions -----------------------------------------------------------------------------------------


def uniform(generator: Generator, count: int, dtype: dtype = float32, low: float = 0.0, high: float = 1.0) -> Data:
    """Uniform on [low, high)."""
    if dtype is float64:
        values = _uniform53(generator, count)
        if (low, high) != (0, 1):
            values = _fused(values, high - low, low)
        return _to_bytes(values, dtype)
    start, end = _float32(low), _float32(high)
    span = _float32(end - start)
    values = _uniform24(generator, count)
    if (start, span) != (0, 1):
        values = _scaled(values, span, start)
    if dtype is float32:
        return _to_bytes(values, dtype)
    rounded = store(store(list(values), float32), dtype)
    first, excluded = store((low, high), dtype)
    return _to_bytes([x if x < excluded else first for x in rounded], dtype)


def normal(generator: Generator, count: int, dtype: dtype = float32, mean: float = 0.0, std: float = 1.0) -> Data:
    """Normal with the given mean and standard deviation, by Box and Muller's transformation.

    16 and more are made in blocks of 16 from uniform numbers of the dtype; fewer one by one from float64, the second
    value of a pair waiting in the generator for the next call.
    """
    if count < 16:
        return _to_bytes(_fused(_normals(generator, count), std, mean), dtype)
    if dtype is float64:
        uniforms = list(_of_53_bits(_block_words(generator, count, 2, True)))
        return _to_bytes(_fused(_last_moved(_box_muller(uniforms), count), std, mean), dtype)
    words = _block_words(generator, count, 1, dtype is float32)
    np = _numpy()
    if np is None:
        values = _last_moved(normals(_of_24_bits(words)), count)
    else:
        values = _last_moved(normals_of_words(np, words), count)
    if (mean, std) != (0, 1):
        values = _scaled(values, _float32(std), _float32(mean))
    return _to_bytes(values, dtype)


def normal_one_by_one(
    generator: Generator, count: int, dtype: dtype = float32, mean: float = 0.0, std: float = 1.0
) -> Data:
    """As few numbers of `normal` are made, for any count: where memory has gaps, PyTorch makes no blocks."""
    return _to_bytes(_fused(_normals(generator, count), std, mean), dtype)


def _normals(generator: Generator, count: int) -> list[float]:
    """`count` standard normal float64, one pair at a time."""
    values: list[float] = []
    while len(values) < count:
        if generator._spare_normal is not None:
            values.append(generator._spare_normal)
            generator._spare_normal = None
            continue
        u1, u2 = _uniform53(generator, 2)
        radius, theta = math.sqrt(-2 * math.log1p(-u2)), 2 * math.pi * u1
        generator._spare_normal = radius * math.sin(theta)
        values.append(radius * math.cos(theta))
    return values


def _block_words(generator: Generator, count: int, each: int, discarding: bool) -> Any:
    """`each` words for each number of the blocks of 16 that are in `count`, and of one more block if a rest is left.

    If `discarding`, the numbers of the rest cost as many words, which nobody gets to see.
    """
    rest = count % 16
    words = _words(generator, each * (count - rest))
    if rest == 0:
        return words
    if discarding:
        generator.words(each * rest)
    last = _words(generator, each * 16)
    np = _numpy()
    return words + last if np is None else np.concatenate((words, last))


def _last_moved(values: Any, count: int) -> Any:
    """The first `count` numbers, of which those of a last block of their own take the last 16 places."""
    if len(values) == count:
        return values
    np = _numpy()
    if np is not None and isinstance(values, np.ndarray):
        return np.concatenate((values[: count - 16], values[-16:]))
    return values[: count - 16] + values[-16:]


def _box_muller(uniforms: list[float]) -> list[float]:
    """Blocks of 16 uniform float64 as normal ones: in each, 8 for the radius and 8 for the angle."""
    out: list[float] = []
    for i in range(0, len(uniforms), 16):
        radii = [math.sqrt(-2 * math.log(1 - u)) for u in uniforms[i : i + 8]]
        angles = [2 * math.pi * u for u in uniforms[i + 8 : i + 16]]
        out += [r * math.cos(a) for r, a in zip(radii, angles, strict=True)]
        out += [r * math.sin(a) for r, a in zip(radii, angles, strict=True)]
    return out


def exponential(generator: Generator, count: int, dtype: dtype = float32, rate: float = 1.0) -> Data:
    """Exponential with density `rate * exp(-rate * x)`."""
    return _to_bytes([-1 / rate * math.log1p(-u) for u in _uniform53(generator, count)], dtype)


def cauchy(generator: Generator, count: int, dtype: dtype = float32, median: float = 0.0, sigma: float = 1.0) -> Data:
    """Cauchy with the given median and half width at half maximum."""
    return _to_bytes(
        _fused([math.tan(math.pi * (u - 0.5)) for u in _uniform53(generator, count)], sigma, median), dtype
    )


def log_normal(generator: Generator, count: int, dtype: dtype = float32, mean: float = 1.0, std: float = 2.0) -> Data:
    """`exp` of normal numbers, all drawn as the few are in `normal`."""
    return _to_bytes([math.exp(x) for x in _fused(_normals(generator, count), std, mean)], dtype)


# --- discrete distributions -------------------------------------------------------------------------------------------


def bernoulli(generator: Generator, count: int, p: float, dtype: dtype = float32) -> Data:
    """1 with probability `p`, else 0.

    PyTorch's values where it does not hand this one over to Intel's MKL, which it does on Intel's own processors.
    """
    np = _numpy()
    if np is None or not 0 < p < 1:
        uniforms = _uniform53(generator, count)
        return _to_bytes([u < p for u in uniforms] if isinstance(uniforms, list) else uniforms < p, dtype)
    # `_uniform53` < p, in integers: the upper 21 of the 53 bits decide, and where they are equal the lower 32.
    words = _word_array(np, generator, 2 * count)
    bound, below = divmod(math.ceil(p * 2.0**53), 1 << 32)
    upper = words[::2] & np.uint32(0x1FFFFF)
    drawn = upper < np.uint32(bound)
    ties = np.flatnonzero(upper == np.uint32(bound))
    drawn[ties] = words[1::2][ties] < below
    return _to_bytes(drawn, dtype)


def bernoulli_each(generator: Generator, p: Sequence[float], p_dtype: dtype, dtype: dtype = float32) -> Data:
    """For each probability 1 with that probability, else 0."""
    uniforms = (_uniform53 if p_dtype is float64 else _uniform24)(generator, len(p))
    if isinstance(uniforms, list):
        return _to_bytes([u < q for u, q in zip(uniforms, p, strict=True)], dtype)
    return _to_bytes(uniforms < array("d", p), dtype)


def geometric(generator: Generator, count: int, p: float, dtype: dtype = float32) -> Data:
    """The number of trials of probability `p` up to and including the first success."""
    scale = math.log(1 - p)
    # A uniform 0 would be an infinite wait; 2**-54 stands for it as it would for any number below 2**-53.
    return _to_bytes([math.ceil(math.log(u or 2.0**-54) / scale) for u in _uniform53(generator, count)], dtype)


def randint(generator: Generator, count: int, low: int, high: int, dtype: dtype = int64) -> Data:
    """Integers of [low, high), of any dtype; from one word each, or two where the range is 2**28 and more."""
    if dtype.is_floating_point:
        low, high = _representable(low, dtype, 1), _representable(high, dtype, -1)
    span = high - low
    np = _numpy()
    if np is not None and span < 1 << 28:
        values = _word_array(np, generator, count) % np.uint32(span) + np.int64(low)
        return _to_bytes(values, dtype)
    draws = generator.words(count) if span < 1 << 28 else generator.doublewords(count)
    return _to_bytes([draw % span + low for draw in draws], dtype)


def random_(generator: Generator, count: int, dtype: dtype) -> Data:
    """Integers from 0 to the largest of the dtype; of a floating-point dtype, to where its integers have gaps."""
    draws = generator.doublewords(count) if dtype in (int64, float64) else generator.words(count)
    limit = 2 if dtype is bool_ else (1 << _PRECISION[dtype]) + 1 if dtype.is_floating_point else 1 << _bits(dtype)
    return _to_bytes([draw % limit for draw in draws], dtype)


_PRECISION: Final = {float64: 53, float32: 24, float16: 11, bfloat16: 8}  # bits of the significand


def _bits(dtype: dtype) -> int:
    """Bits of the largest integer of a dtype."""
    return 8 * dtype.itemsize - dtype.is_signed


def _representable(bound: int, dtype: dtype, step: int) -> int:
    """A bound of `randint` moved inwards (`step` 1 or -1) where its neighbour rounds to a number on the other side."""
    inside = bound + step
    nearest = int(store((inside,), dtype)[0])
    if nearest >= bound if step < 0 else nearest < bound:
        return nearest + step * (1 << abs(inside).bit_length() - _PRECISION[dtype])
    return bound


def randperm(generator: Generator, n: int) -> array[int]:
    """A permutation of 0 .. n - 1, as int64 storage."""
    order = array("q", range(n))
    if n < ((1 << 32) - 1) // 20:
        for i, word in enumerate(generator.words(max(n - 1, 0))):
            j = i + word % (n - i)
            order[i], order[j] = order[j], order[i]
        return order
    for i in range(n):  # one word is too coarse here: from the inside out, with two
        j = generator.doublewords(1)[0] % (i + 1)
        order[i], order[j] = order[j], i
    return order


def multinomial(
    generator: Generator, weights: Sequence[Sequence[float]], samples: int, replacement: bool, dtype: dtype = float32
) -> list[list[int]]:
    """For each row of `weights` (of `dtype`, not negative, not all 0), `samples` column numbers drawn in proportion.

    Without replacement, and for one sample, they are the largest of weight / exponential number, largest first.
    """
    if replacement and samples > 1:
        uniforms = iter(_uniform53(generator, samples * len(weights)))
        drawn = []
        for row in weights:
            sums = list(accumulate(row, lambda total, w: float(store((total + w,), dtype)[0])))
            shares = store([total / sums[-1] for total in sums], dtype)
            drawn.append([bisect_left(shares, next(uniforms)) for _ in range(samples)])
        return drawn
    columns = len(weights[0]) if weights else 0
    clocks = store([-math.log1p(-u) for u in _uniform53(generator, columns * len(weights))], dtype)
    orders = []
    for i, row in enumerate(weights):
        clock = clocks[i * columns : (i + 1) * columns]
        race = store([w / c if c else math.inf for w, c in zip(row, clock, strict=True)], dtype)
        orders.append(sorted(range(columns), key=race.__getitem__, reverse=True)[:samples])
    return orders
