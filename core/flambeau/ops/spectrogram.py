"""Short-time Fourier transforms, and the windows they look through.

Source: https://docs.pytorch.org/docs/stable/torch.html#spectral-ops
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import once
from .._tensor import Tensor
from ..dtype import C_NAMES, get_default_dtype, int64
from ..shape import Size
from .complex_numbers import view_as_real
from .creation import arange, ones, tensor, zeros
from .fourier import fft, ifft, irfft, rfft

# --- windows ----------------------------------------------------------------------------------------------------------


def _window(
    name: str, length: int, periodic: bool, weight: Callable[[int, int], float], options: dict[str, Any]
) -> Tensor:
    """`weight(k, steps)` at k = 0 .. length - 1, where a whole period has that many steps."""
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    kind = options.pop("dtype", None) or get_default_dtype()
    if not kind.is_floating_point:
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={C_NAMES[kind.name]}, device=cpu, "
            "layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    for ignored in ("layout", "pin_memory"):
        options.pop(ignored, None)
    steps = length if periodic else length - 1
    weights = [1.0] if length == 1 else [weight(k, steps) for k in range(length)]
    return tensor(weights, dtype=kind, **options)


def _cosines(*coefficients: float) -> Callable[[int, int], float]:
    def weight(k: int, steps: int) -> float:
        angle = 2 * math.pi * k / steps
        return sum((-1) ** i * a * math.cos(i * angle) for i, a in enumerate(coefficients))

    return weight


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """(1 - cos(2 pi k / N)) / 2, N the length, or one less if not `periodic`."""
    return _window("hann_window", window_length, periodic, _cosines(0.5, 0.5), options)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Tensor:
    """alpha - beta cos(2 pi k / N)."""
    return _window("hamming_window", window_length, periodic, _cosines(alpha, beta), options)


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """0.42 - 0.5 cos(2 pi k / N) + 0.08 cos(4 pi k / N)."""
    return _window("blackman_window", window_length, periodic, _cosines(0.42, 0.5, 0.08), options)


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A triangle: 1 - |2 k / N - 1|."""
    return _window("bartlett_window", window_length, periodic, lambda k, n: 1 - abs(2 * k / n - 1), options)


def bessel_i0(x: float) -> float:
    """The modified Bessel function of order 0, by its series."""
    total = term = 1.0
    i = 1
    while term > total * 1e-17:
        term *= (x / (2 * i)) ** 2
        total += term
        i += 1
    return total


def kaiser(beta: float) -> Callable[[int, int], float]:
    """The weights of Kaiser's window."""

    def weight(k: int, steps: int) -> float:
        off = 2 * k / steps - 1
        return bessel_i0(beta * math.sqrt(max(1 - off * off, 0.0))) / bessel_i0(beta)

    return weight


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Tensor:
    """I0(beta sqrt(1 - (2 k / N - 1)**2)) / I0(beta)."""
    return _window("kaiser_window", window_length, periodic, kaiser(beta), options)


# --- transforms -------------------------------------------------------------------------------------------------------


def _shown(x: Tensor | None, braces: bool = True) -> str:
    if x is None:
        return "None"
    size = list(x._shape)
    if x.dtype.is_complex:
        return f"CPU{x.dtype.legacy_name}Type{size}"
    return f"torch.{x.dtype.legacy_name}Tensor{{{size}}}" if braces else f"torch.{x.dtype.legacy_name}Tensor{size}"


def _flag(x: bool | None) -> str:
    return "None" if x is None else str(int(x))


_RECTANGULAR = (
    "To suppress this warning and use a rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`."
)


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The spectra of successive windows of a signal: (T) or (B, T) gives (..., frequencies, windows), complex.

    Args:
        hop_length: steps from one window to the next; default n_fft // 4.
        win_length: the window's length, filled up with zeros on both sides; default n_fft.
        center: pad the signal so that the windows are centred at multiples of `hop_length`.
        normalized: divide by sqrt(n_fft).
        onesided: the first n_fft // 2 + 1 frequencies only; default for real signals.
        return_complex: False gives pairs of real numbers along a last dimension.
    """
    if window is None:
        once.warn(
            "A window was not provided. A rectangular window will be applied,which is known to cause spectral leakage. "
            "Other windows such as torch.hann_window or torch.hamming_window are recommended to reduce spectral leakage."
            + _RECTANGULAR,
            stacklevel=2,
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    x = input
    if center and x.dim() in (1, 2):
        from .padding import pad

        half = n_fft // 2
        x = pad(x.reshape((1,) * (3 - x.dim()) + x.shape), (half, half), mode=pad_mode).reshape((*x.shape[:-1], -1))
    if return_complex is None and not input.dtype.is_complex and not (window is not None and window.dtype.is_complex):
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    label = (
        f"stft({_shown(x, False)}, n_fft={n_fft}, hop_length={hop}, win_length={width}, window={_shown(window)}, "
        f"normalized={_flag(normalized)}, onesided={_flag(onesided)}, return_complex={_flag(return_complex)}, "
        f"align_to_window={_flag(align_to_window)}) : expected "
    )
    if x.dtype.priority < 2:
        raise RuntimeError(label + "a tensor of floating point or complex values")
    if x.dim() not in (1, 2):
        raise RuntimeError(label + "a 1D or 2D tensor")
    if not 0 < n_fft <= x.shape[-1]:
        raise RuntimeError(f"{label}0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{label}hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise RuntimeError(f"{label}0 < win_length <= n_fft, but got win_length={width}")
    if window is not None and window._shape != (width,):
        raise RuntimeError(
            f"{label}a 1D window tensor of size equal to win_length={width}, but got window with size "
            f"{list(window._shape)}"
        )
    frames = x.unfold(-1, n_fft, hop)
    if window is not None:
        frames = frames * _filled_up(window, n_fft)
    elif width < n_fft:
        frames = frames * _filled_up(ones(width, dtype=x.dtype, device=x.device), n_fft)
    is_complex = frames.dtype.is_complex
    if onesided is None:
        onesided = not is_complex
    if is_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    norm = "ortho" if normalized else None
    if return_complex is False:
        once.warn(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for "
            "all inputs, and return_complex=False will raise an error.\nNote: you can still call torch.view_as_real on the "
            "complex output to recover the old return format.",
            stacklevel=2,
        )
    found = (rfft(frames, norm=norm) if onesided else fft(frames, norm=norm)).transpose(-2, -1)
    return found if return_complex or return_complex is None else view_as_real(found)


def _filled_up(window: Tensor, n: int) -> Tensor:
    """A window with zeros on both sides."""
    width = window._shape[0]
    if width == n:
        return window
    from .joining import cat

    left = (n - width) // 2
    return cat([window.new_zeros(left), window, window.new_zeros(n - width - left)])


def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose `stft` comes nearest: windows are added up where they overlap, over the sum of their squares.

    Raises:
        RuntimeError: somewhere the windows add up to nothing.
    """
    if window is None:
        once.warn(
            "A window was not provided. A rectangular window will be applied.Please provide the same window used by stft to "
            "make the inversion lossless." + _RECTANGULAR,
            stacklevel=2,
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    label = (
        f"istft(CPU{input.dtype.legacy_name}Type{list(input._shape)}, n_fft={n_fft}, hop_length={hop}, "
        f"win_length={width}, window={_shown(window)}, center={_flag(center)}, normalized={_flag(normalized)}, "
        f"onesided={_flag(onesided)}, length={length}, return_complex={_flag(return_complex)}) "
    )
    if not input.dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if input.numel() == 0:
        raise RuntimeError(f"{label}: input tensor cannot be empty.")
    if input.dim() not in (2, 3):
        raise RuntimeError(f"{label}: expected a tensor with 3 or 4 dimensions, but got {input.dim() + 1}")
    if onesided is None:
        onesided = input._shape[-2] != n_fft
    rows = n_fft // 2 + 1 if onesided else n_fft
    if input._shape[-2] != rows:
        raise RuntimeError(
            f"{label}: expected the frequency dimension (3rd to the last) of the input tensor to match "
            f"{'n_fft / 2 + 1' if onesided else 'n_fft'} when onesided={'True' if onesided else 'False'}, but got "
            f"{input._shape[-2]}"
        )
    if not 0 < hop <= width:
        raise RuntimeError(f"{label}: expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise RuntimeError(f"{label}: expected 0 < win_length <= n_fft")
    if window is not None and window._shape != (width,):
        raise RuntimeError(f"{label}: Invalid window shape. window has to be 1D and length of `win_length`")
    x = input.unsqueeze(0) if input.dim() == 2 else input
    real = x.dtype.to_real()
    shape = ones(width, dtype=real, device=x.device) if window is None else window
    shape = _filled_up(shape, n_fft)
    spectra = x.transpose(-2, -1)
    norm = "ortho" if normalized else None
    if return_complex:
        frames = ifft(spectra, norm=norm)
    else:
        frames = irfft(spectra if onesided else spectra[..., : n_fft // 2 + 1], n_fft, norm=norm)
    frames = frames * shape
    count = frames._shape[1]
    total = n_fft + hop * (count - 1)
    place = (arange(count, device=x.device).unsqueeze(1) * hop + arange(n_fft, device=x.device)).reshape(-1).to(int64)
    added = _overlapped(frames.reshape(frames._shape[0], -1), place, total)
    squares = (shape * shape).expand(1, count, n_fft).reshape(1, -1)
    envelope = _overlapped(squares, place, total)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else total - n_fft // 2 if center else total
    stop = min(end, total)
    added, envelope = added[:, start:stop], envelope[:, start:stop]
    lowest = envelope.detach().abs().min().item()
    if lowest <= 1e-11:
        raise RuntimeError(f"{label}window overlap add min: 1")
    found = added / envelope
    if end > total:
        from .joining import cat

        found = cat([found, found.new_zeros((found._shape[0], end - total))], 1)
    return found.squeeze(0) if input.dim() == 2 else found


def _overlapped(values: Tensor, place: Tensor, total: int) -> Tensor:
    """Each row's values added up at their places."""
    empty = zeros(Size((values._shape[0], total)), dtype=values.dtype, device=values.device)
    found: Tensor = empty.index_add(1, place, values)
    return found
