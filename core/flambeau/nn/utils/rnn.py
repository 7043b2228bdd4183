"""Sequences of different lengths in one batch: packed end to end, or padded.

Source: https://docs.pytorch.org/docs/stable/nn.html#module-torch.nn.utils.rnn
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

from ... import ops
from ..._tensor import Tensor
from ...dtype import float16, float32, float64, int8, int16, int32, int64, uint8
from ...shape import broadcast_shapes


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """The steps of several sequences end to end: all first steps, all second steps, ...

    Made by `pack_padded_sequence` and `pack_sequence`; recurrent layers take it and return it.

    Attributes:
        data: (Σ lengths, *).
        batch_sizes: int64 on the CPU: how many sequences are still running at each step.
        sorted_indices, unsorted_indices: the order of the batch by falling length, and the way back; None if sorted.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:  # PackedSequence((data, batch_sizes))
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. "
                "Instances of PackedSequence should never be created manually. "
                "They should be instantiated by functions like pack_sequence "
                "and pack_padded_sequences in nn.utils.rnn. "
                "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The data in another dtype or on another device; the sequence itself if nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = [None if t is None else t.to(data.device) for t in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(data, self.batch_sizes, *indices)

    def cpu(self) -> Self:
        """The data on the CPU."""
        return self.to("cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """Raises: there is no CUDA device."""
        return self.to(*(args or ("cuda",)), **kwargs)

    def double(self) -> Self:
        """The data in float64."""
        return self.to(dtype=float64)

    def float(self) -> Self:
        """The data in float32."""
        return self.to(dtype=float32)

    def half(self) -> Self:
        """The data in float16."""
        return self.to(dtype=float16)

    def long(self) -> Self:
        """The data in int64."""
        return self.to(dtype=int64)

    def int(self) -> Self:
        """The data in int32."""
        return self.to(dtype=int32)

    def short(self) -> Self:
        """The data in int16."""
        return self.to(dtype=int16)

    def char(self) -> Self:
        """The data in int8."""
        return self.to(dtype=int8)

    def byte(self) -> Self:
        """The data in uint8."""
        return self.to(dtype=uint8)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    def is_pinned(self) -> bool:
        """False: memory is never pinned."""
        return False

    def pin_memory(self) -> Self:
        """The sequence itself."""
        return self


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes a 1-D int64 one; None for None."""
    if permutation is None:
        return None
    return permutation.argsort()


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs (T, N, *), or (N, T, *) if `batch_first`, leaving out what lies beyond each length.

    Args:
        lengths: of each sequence, 1-D on the CPU.
        enforce_sorted: lengths must fall; with False the batch is sorted here, and its order remembered. Default True.

    Raises:
        RuntimeError: lengths are not sorted, not positive, or not as many as the batch has sequences.
    """
    if isinstance(lengths, Tensor):
        if lengths.device.type != "cpu" or lengths.dim() != 1:
            raise RuntimeError(
                "'lengths' argument should be a 1D CPU int64 tensor, but got "
                f"{lengths.dim()}D {lengths.device} {lengths.dtype.legacy_name} tensor"
            )
        sizes = [int(n) for n in lengths.tolist()]
    else:
        sizes = [int(n) for n in lengths]
    if batch_first:
        input = input.transpose(0, 1)
    sorted_indices = None
    if not enforce_sorted:
        order = sorted(range(len(sizes)), key=lambda i: -sizes[i])
        sizes = [sizes[i] for i in order]
        sorted_indices = ops.tensor(order, dtype=int64).to(input.device)
        input = input.index_select(1, sorted_indices)
    _check_lengths(input, sizes)
    batch = input.size(1)
    # How many sequences run at step t, and where their steps lie in the flattened (T · N) input.
    batch_sizes = [sum(n > t for n in sizes) for t in range(sizes[0])]
    positions = [t * batch + i for t, running in enumerate(batch_sizes) for i in range(running)]
    index = ops.tensor(positions, dtype=int64).to(input.device)
    flat = input.reshape(input.size(0) * batch, *input.shape[2:])
    return PackedSequence(flat.index_select(0, index), ops.tensor(batch_sizes, dtype=int64), sorted_indices)


def _check_lengths(input: Tensor, sizes: list[int]) -> None:
    if len(sizes) != input.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} (batch_size={input.size(1)})"
        )
    if not sizes:
        raise RuntimeError("Cannot pack empty tensors.")
    if sizes[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if any(a < b for a, b in pairwise(sizes)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if sizes[0] > input.size(0):
        raise RuntimeError(
            f"Expected lengths to be at most the length of the input in time, {input.size(0)}, but got {sizes[0]}"
        )


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The inverse of `pack_padded_sequence`: (T, N, *) or (N, T, *), and the lengths.

    Args:
        total_length: pad to this many steps; default the longest sequence.

    Raises:
        ValueError: a sequence is longer than `total_length`.
    """
    data = sequence.data
    batch_sizes = sequence.batch_sizes.tolist()
    steps = len(batch_sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    batch = batch_sizes[0]
    lengths = [sum(running > i for running in batch_sizes) for i in range(batch)]
    starts = [sum(batch_sizes[:t]) for t in range(len(batch_sizes))]
    order = range(batch) if sequence.unsorted_indices is None else sequence.unsorted_indices.tolist()
    # Every place of the padded result names a row of the data; the row after the last is padding.
    padding = data.size(0)
    rows = [[starts[t] + i if t < lengths[i] else padding for i in order] for t in range(steps)]
    if batch_first:
        rows = [list(column) for column in zip(*rows, strict=True)]
    index = ops.tensor(rows, dtype=int64).to(data.device)
    filler = ops.full((1, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.device)
    padded = ops.cat([data, filler], 0).index_select(0, index.reshape(-1))
    shape = (batch, steps) if batch_first else (steps, batch)
    return padded.reshape(*shape, *data.shape[1:]), ops.tensor([lengths[i] for i in order], dtype=int64)


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stacks sequences (L, *) of different lengths L: (T, N, *), or (N, T, *) if `batch_first`.

    Args:
        padding_side: "right" (default) or "left".

    Raises:
        RuntimeError: no iterable of tensors, nothing to pad, or trailing sizes that differ.
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    listed = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    if not listed:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(s.size(0) for s in listed)
    first = listed[0]
    padded = []
    for s in listed:
        broadcast_shapes((1, *first.shape[1:]), (1, *s.shape[1:]))  # for the error
        missing = longest - s.size(0)
        if missing:
            filler = ops.full((missing, *s.shape[1:]), padding_value, dtype=first.dtype, device=first.device)
            s = ops.cat([s, filler] if padding_side == "right" else [filler, s], 0)
        padded.append(s)
    return ops.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each at its own length."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [s[: int(n)] for s, n in zip(padded_sequences.unbind(0), lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences (L, *) of different lengths."""
    lengths = [s.size(0) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that `pack_sequence` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
