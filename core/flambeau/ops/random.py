"""Random tensors, and filling tensors at random. On the CPU the values are PyTorch's for the same seed.

Source: https://docs.pytorch.org/docs/stable/torch.html#random-sampling
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from .. import random as generators
from .._tensor import Tensor, from_array, needs_grad
from ..autograd.modes import GradMode
from ..device import device as Device
from ..device import resolve
from ..dtype import bool_, dtype, int64
from ..random import Generator
from ..shape import checked_sizes
from . import device_random, vmap_levels
from .creation import Place, _home, _shape, empty
from .inplace import check_overlap, check_writable, fill_
from .memory_order import laid, placed
from .no_derivative import constant, underivable

F = TypeVar("F", bound=Callable[..., Any])

HOST = ("cpu", "numpy", "reference")


def _generator(x: Tensor, generator: Generator | None) -> Generator:
    if generator is None:
        return generators.default_generator_of(x.device) if x.device.type not in HOST else generators.default_generator
    if (generator.device.type in HOST) != (x.device.type in HOST):
        raise RuntimeError(
            f"Expected a '{x.device.type}' device type for generator but found '{generator.device.type}'"
        )
    return generator


def _fill(x: Tensor, data: generators.Data) -> Tensor:
    """Overwrite `x` with elements drawn on the host: in the order in which they lie in memory, as PyTorch does."""
    backend = x._storage.backend
    made = getattr(backend, "from_buffer", backend.from_bytes)  # not copied, where it need not be before it is written
    found = laid(x)
    if found is None:
        return _replace(x, made(data, x._shape, x.dtype))
    drawn = made(data, found.sizes, x.dtype)
    back = tuple([found.order.index(d) for d in range(len(found.order))])
    return _replace(x, backend.copy(backend.permute(drawn, back)))


def _in_vmap(method: F) -> F:
    """A method that fills a tensor, also within `vmap`: with numbers for each sample, or the same for all, as that was told.

    Raises:
        RuntimeError: the vmap was told neither, or the tensor is not of the kind that it takes.
    """

    @wraps(method)
    def call(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not vmap_levels.levels:
            return method(input, *args, **kwargs)
        from . import batching

        level = vmap_levels.levels[-1]
        check_randomness(level)
        if level.randomness == "same":
            return method(input, *args, **kwargs)
        if level not in batching.levels_of(input):
            raise RuntimeError(
                "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same randomness. "
                "If this is necessary for your usage, please file an issue with functorch."
            )
        whole = batching.take_out(input.detach(), level)
        vmap_levels.levels.pop()
        try:
            drawn = call(_empty(whole._shape, dtype=whole.dtype, device=whole.device), *args, **kwargs)
        finally:
            vmap_levels.levels.append(level)
        drawn = batching.lift(drawn, batching.levels_of(whole))
        return _replace(input, batching.put_in(drawn, level)._array())

    return call  # type: ignore[return-value]


def check_randomness(level: Any) -> None:
    """Raise where a vmap was not told what random numbers are to be in it."""
    if level.randomness == "error":
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )


def _empty(shape: tuple[int, ...], **options: Any) -> Tensor:
    """A tensor to be filled; within a vmap with different numbers for each sample, one of it."""
    if vmap_levels.levels and vmap_levels.levels[-1].randomness == "different":
        from . import batching

        level = vmap_levels.levels[-1]
        place = options.get("device")
        if isinstance(place, batching.BatchedDevice):
            options["device"] = Device(place.type, place.index)
        vmap_levels.levels.pop()
        try:
            outer = _empty((level.size, *shape), **options)
        finally:
            vmap_levels.levels.append(level)
        return batching.put_in(batching.lift(outer, vmap_levels.levels[:-1]), level)
    return empty(shape, **options)


def _replace(x: Tensor, array: Any) -> Tensor:
    check_overlap(x)
    if GradMode.enabled and needs_grad(x):
        # The old values no longer matter: as PyTorch, the gradient through a random fill is 0.
        fill_(x, 0)
        with_history = x._node
        x._write(array)
        x._node = with_history
        return x
    x._write(array)
    return x


def _on_host(x: Tensor) -> bool:
    return x.device.type in HOST


@_in_vmap
def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Fill with numbers uniform on [from, to).

    Raises:
        RuntimeError: `from` is above `to`, or the elements are integers.
    """
    low, high = float(named.get("from", from_)), float(to)
    check_writable(input)
    if input.dtype.is_complex:
        parts = empty((*input._shape, 2), dtype=input.dtype.to_real(), device=input.device)
        return _replace(input, _joined(uniform_(parts, low, high, generator=generator)))
    _floating("check_uniform_bounds", input)
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    source = _generator(input, generator)
    if _on_host(input):
        return _fill(input, generators.uniform(source, input.numel(), input.dtype, low, high))
    drawn = device_random.uniform(input._shape, input, source) * (high - low) + low
    return _replace(input, drawn.to(input.dtype)._array())


@_in_vmap
def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers.

    Raises:
        RuntimeError: `std` is negative, or the elements are integers.
    """
    check_writable(input)
    if input.dtype.is_complex:  # the variance is shared by the parts
        parts = empty((*input._shape, 2), dtype=input.dtype.to_real(), device=input.device)
        return _replace(input, _joined(normal_(parts, mean, std / math.sqrt(2.0), generator=generator)))
    _floating("normal_kernel_cpu", input)
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {float(std):g}")
    source = _generator(input, generator)
    if _on_host(input):
        draw = generators.normal if input.is_contiguous() else generators.normal_one_by_one
        return _fill(input, draw(source, input.numel(), input.dtype, float(mean), float(std)))
    drawn = device_random.normal(input._shape, input, source) * std + mean
    return _replace(input, drawn.to(input.dtype)._array())


def _joined(parts: Tensor) -> Any:
    from .complex_numbers import view_as_complex

    return view_as_complex(parts)._array()


def _floating(name: str, x: Tensor) -> None:
    if not x.dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{x.dtype.legacy_name}'")


@_in_vmap
def random_(
    input: Tensor, from_: Any = None, to: Any = None, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Fill with random integers: of [from, to), of [0, from) if only one is given, or of all the dtype can hold.

    Raises:
        RuntimeError: the range is empty, or the dtype cannot hold it.
    """
    check_writable(input)
    from_ = named.get("from", from_)
    if from_ is None and to is not None:
        from_ = 0
    if from_ is not None:
        least, limit = (0, from_) if to is None else (from_, to)
        _check_range(least, limit, input.dtype)
    source = _generator(input, generator)
    if not _on_host(input):
        low, high = (0, 2**24) if from_ is None else (0, from_) if to is None else (from_, to)
        if from_ is None and not input.dtype.is_floating_point and input.dtype.itemsize < 4:
            high = 2 if input.dtype is bool_ else 1 << (8 * input.dtype.itemsize - input.dtype.is_signed)
        drawn = device_random.integers(input, low, high, source)
        return _replace(input, drawn.to(input.dtype)._array())
    if from_ is None:
        return _fill(input, generators.random_(source, input.numel(), input.dtype))
    low, high = (0, from_) if to is None else (from_, to)
    return _fill(input, generators.randint(source, input.numel(), low, high, input.dtype))


_C_INTEGERS = {"uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "bool": "bool"}


def _check_range(low: int, high: int, kind: dtype) -> None:
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if kind.name in _C_INTEGERS:
        bits = 8 * kind.itemsize - kind.is_signed
        least, most = (0, 1) if kind is bool_ else (-(1 << bits) if kind.is_signed else 0, (1 << bits) - 1)
        for name, value in (("from", low), ("to - 1", high - 1)):
            if not least <= value <= most:
                raise RuntimeError(f"{name} is out of bounds for {_C_INTEGERS[kind.name]}")


@_in_vmap
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor of them), else 0."""
    check_writable(input)
    source = _generator(input, generator)
    if isinstance(p, Tensor):
        return _replace(input, bernoulli(p.expand(input._shape), generator=generator).to(input.dtype)._array())
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    if _on_host(input):
        return _fill(input, generators.bernoulli(source, input.numel(), float(p), input.dtype))
    return _replace(input, (device_random.uniform(input._shape, input, source) < p).to(input.dtype)._array())


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability each element of `input` gives, else 0.

    Raises:
        RuntimeError: an element is not a probability.
    """
    if p is not None:
        drawn = bernoulli_(_empty(input._shape, dtype=input.dtype, device=input.device), p, generator=generator)
        return underivable(drawn, "bernoulli", input)
    return constant("BernoulliBackward0", _bernoulli(input, generator), input)


def _bernoulli(input: Tensor, generator: Generator | None) -> Tensor:
    _floating("bernoulli_tensor_cpu_p_", input)
    if vmap_levels.levels:
        check_randomness(vmap_levels.levels[-1])
        like = _empty(input._shape, dtype=input.dtype, device=input.device)
        return (uniform_(like, generator=generator) < input.detach()).to(input.dtype)
    source = _generator(input, generator)
    if not _on_host(input):
        return (device_random.uniform(input._shape, input, source) < input.detach()).to(input.dtype)
    chances = input.detach()._flat()
    if any(not 0 <= q <= 1 for q in chances):
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )
    data = generators.bernoulli_each(source, chances, input.dtype, input.dtype)
    return from_array(input._storage.backend.from_bytes(data, input._shape, input.dtype), input.dtype, input._storage)


@_in_vmap
def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of a rate.

    Raises:
        RuntimeError: the rate is not positive.
    """
    check_writable(input)
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified "
            f"{input.dtype.legacy_name}"
        )
    if lambd <= 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    source = _generator(input, generator)
    if _on_host(input):
        return _fill(input, generators.exponential(source, input.numel(), input.dtype, lambd))
    return _replace(input, (device_random.exponential(input._shape, input, source) / lambd).to(input.dtype)._array())


# --- new tensors ------------------------------------------------------------------------------------------------------


def _new(name: str, size: tuple[Any, ...], options: dict[str, Any], kind: dtype | None) -> Tensor:
    options.pop("out", None)
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    shape = _shape(size, options, name)
    return _empty(shape, dtype=kind, **options)


def rand(
    *size: Any,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Numbers uniform on [0, 1)."""
    x = uniform_(_new("rand", size, options, dtype), generator=generator)
    return x.requires_grad_() if requires_grad else x


def randn(
    *size: Any,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Normal numbers, mean 0 and variance 1."""
    x = normal_(_new("randn", size, options, dtype), generator=generator)
    return x.requires_grad_() if requires_grad else x


def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers of [low, high), or of [0, low) if `high` is left out; int64.

    Raises:
        RuntimeError: the range is empty.
    """
    if size is not None and (low is None or high is None):
        low, high = 0, high if low is None else low
    elif size is None:
        low, high, size = 0, low, high
        if not isinstance(size, (tuple, list)):
            raise TypeError(f"randint(): argument 'size' (position 2) must be tuple of ints, not {type(size).__name__}")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    x = random_(_empty(checked_sizes((size,)), dtype=dtype or int64, device=device), low, high, generator=generator)
    return x.requires_grad_() if requires_grad else x


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Place = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers 0 .. n - 1 in random order, int64."""
    checked_sizes((n,))
    if vmap_levels.levels:
        check_randomness(vmap_levels.levels[-1])
        if vmap_levels.levels[-1].randomness == "different":
            return _permutations(n, generator).to(dtype=dtype or int64)
    place = resolve(device)[1]
    if place.type not in HOST and (generator is None or generator.device.type == place.type):
        like = empty((0,), device=place)
        order = device_random.permutation(n, like, _generator(like, generator))
        return order if dtype is None else order.to(dtype)
    source = generators.default_generator if generator is None else generator
    home = _home("cpu", int64)
    order = from_array(home.backend.from_bytes(generators.randperm(source, n).tobytes(), (n,), int64), int64, home)
    return order.to(dtype=dtype or int64, device=resolve(device)[1])


def _permutations(n: int, generator: Generator | None) -> Tensor:
    """One for each sample of the running vmap."""
    from . import batching
    from .joining import stack

    level = vmap_levels.levels.pop()
    try:
        each = stack([randperm(n, generator=generator) for _ in range(level.size)])
    finally:
        vmap_levels.levels.append(level)
    return batching.put_in(batching.lift(each, vmap_levels.levels[:-1]), level)


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    requires_grad: bool = False,
    **options: Any,
) -> Tensor:
    """Normal numbers with a mean and a standard deviation each, given as tensors or numbers."""
    if size is not None:
        x = _new("normal", (size,), options, options.pop("dtype", None))
        normal_(x, float(mean), float(std), generator=generator)
        return x.requires_grad_() if requires_grad else x
    like = mean if isinstance(mean, Tensor) else std
    if not isinstance(like, Tensor):
        raise TypeError("normal() needs a size where mean and std are numbers")
    if isinstance(mean, Tensor) and isinstance(std, Tensor):
        from .joining import broadcast_tensors

        mean, std = broadcast_tensors(mean, std)
        like = mean
    if isinstance(std, Tensor) and _on_host(std) and std.numel() and not vmap_levels.levels and std.min().item() < 0:
        raise RuntimeError("normal expects all elements of std >= 0.0")
    drawn = normal_(like.new_empty(like._shape), generator=generator)
    fixed = [x.detach() if isinstance(x, Tensor) else x for x in (std, mean)]
    label = f"NormalBackward{(1 if isinstance(mean, Tensor) else 0) + (2 if isinstance(std, Tensor) else 0)}"
    return constant(label, drawn * fixed[0] + fixed[1], *[x for x in (mean, std) if isinstance(x, Tensor)])


def _drawn_like(
    draw: Callable[..., Tensor], input: Tensor, kind: dtype | None, place: Place, options: dict[str, Any]
) -> Tensor:
    """`rand` or `randn` for `input`, with its dimensions in the same order in memory unless a format is asked for."""
    format = options.pop("memory_format", None)
    options |= {"dtype": kind or input.dtype, "device": place or input.device}
    found = laid(input) if format is None or format.name == "preserve_format" else None
    if found is None or vmap_levels.levels:
        return draw(input._shape, **options)
    generator, tracked = options.pop("generator", None), options.pop("requires_grad", False)
    made = placed(_new(draw.__name__, (input._shape,), options, options.pop("dtype")), input._shape, found.strides)
    made = (uniform_ if draw is rand else normal_)(made, generator=generator)
    return made.requires_grad_() if tracked else made


def rand_like(input: Tensor, *, dtype: dtype | None = None, device: Place = None, **options: Any) -> Tensor:
    """Uniform numbers of the shape, dtype and device of `input`, in its order in memory."""
    return _drawn_like(rand, input, dtype, device, options)


def randn_like(input: Tensor, *, dtype: dtype | None = None, device: Place = None, **options: Any) -> Tensor:
    """Normal numbers of the shape, dtype and device of `input`, in its order in memory."""
    return _drawn_like(randn, input, dtype, device, options)


def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: dtype | None = None, **options: Any
) -> Tensor:
    """Integers of [low, high) of the shape, dtype and device of `input`."""
    if high is None:
        low, high = 0, low
    options.setdefault("device", input.device)
    return randint(low, high, input._shape, dtype=dtype or input.dtype, **options)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Column numbers drawn by the weights of each row: (C) gives (n), (N, C) gives (N, n).

    Raises:
        RuntimeError: no samples, more than there are without replacement, or weights that are no distribution.
    """
    if input.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.dtype.is_floating_point:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype.legacy_name}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input._shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if input._shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if not _on_host(input):
        drawn = device_random.categories(
            input if input.dim() == 2 else input.unsqueeze(0), num_samples, replacement, _generator(input, generator)
        )
        return drawn if input.dim() == 2 else drawn.squeeze(0)
    weights = input.detach().tolist()
    rows = [weights] if input.dim() == 1 else weights
    for row in rows:
        wrong = next((w for w in row if not w >= 0 or w == math.inf), None)
        if wrong is not None and replacement and num_samples > 1:
            what = "probability entry < 0" if not wrong >= 0 else "probability entry = infinity or NaN"
            raise RuntimeError(f"invalid multinomial distribution (encountering {what})")
        if wrong is not None:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if not sum(row) > 0:
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    source = generators.default_generator if generator is None else generator
    columns = generators.multinomial(source, rows, num_samples, replacement, input.dtype)
    from .creation import tensor

    return tensor(columns[0] if input.dim() == 1 else columns, dtype=int64, device=input.device)


FUNCTIONS = (
    rand, randn, randint, randperm, normal, rand_like, randn_like, randint_like, bernoulli, multinomial
)  # fmt: skip
METHODS = (uniform_, normal_, random_, bernoulli_, bernoulli, exponential_, multinomial)
