"""One call in both libraries: results, gradients and errors side by side."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

import flambeau

Library = Any  # torch or flambeau: the same code runs with either

TOLERANCE = {"float64": 1e-7, "complex128": 1e-7, "float32": 2e-5, "complex64": 2e-5, "float16": 2e-3, "bfloat16": 2e-2}
"""Relative and absolute, by the dtype of a result; other dtypes are equal or not."""


def short(x: Any) -> str:
    """The name of a dtype, without that of the library."""
    return str(x).removeprefix("torch.").removeprefix("flambeau.")


def tensors_in(result: Any, library: Library) -> list[Any]:
    """The tensors of a result, in order."""
    if isinstance(result, library.Tensor):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    return [t for item in result for t in tensors_in(item, library)] if isinstance(result, (list, tuple)) else []


def skeleton(result: Any, library: Library) -> Any:
    """A result with its tensors described, and nothing left of the library it comes from."""
    if isinstance(result, library.Tensor):
        return f"{short(result.dtype)}{list(result.shape)}{' requires grad' if result.requires_grad else ''}"
    if isinstance(result, dict):
        return {key: skeleton(item, library) for key, item in result.items()}
    if isinstance(result, (list, tuple)):
        return [skeleton(item, library) for item in result]
    if isinstance(result, (library.dtype, library.device)):
        return short(result)
    if isinstance(result, float):
        return f"{result:.5g}"
    return result if isinstance(result, (int, complex, str)) or result is None else type(result).__name__


def numbers(x: Any) -> np.ndarray[Any, Any]:
    """The elements of a tensor of either library."""
    x = x.detach()
    if isinstance(x, torch.Tensor):
        if x._is_zerotensor():
            return np.zeros(tuple(x.shape))  # torch's own shorthand for zeros cannot be read
        x = x.resolve_conj().resolve_neg()
    return (x.float() if short(x.dtype) == "bfloat16" else x).cpu().numpy()


def differences(
    theirs: Any, ours: Any, *, factor: float = 1.0, values: bool = True, integers: bool = True
) -> Iterator[str]:
    """What differs between a result of torch and one of flambeau.

    `factor` is one on the tolerance; without `values`, or `integers`, the elements (of integer dtypes) do not count.
    """
    expected, found = skeleton(theirs, torch), skeleton(ours, flambeau)
    if expected != found and str(expected) != str(found):  # nan is not itself
        yield f"torch gives {expected}, here it is {found}"
        return
    for place, (x, y) in enumerate(zip(tensors_in(theirs, torch), tensors_in(ours, flambeau), strict=True)):
        tolerance = factor * TOLERANCE.get(short(x.dtype), 0)
        a, b = numbers(x), numbers(y)
        with np.errstate(all="ignore"):
            same = np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
        if values and not same.all() and (integers or short(x.dtype) in TOLERANCE):
            yield (
                f"{np.sum(~same)} of {same.size} elements of tensor {place} differ: "
                f"{a[~same].ravel()[:3]} in torch, {b[~same].ravel()[:3]} here"
            )


def outcome(call: Callable[[], Any]) -> Any:
    """The result of a call, or the exception it raised. The random numbers of both libraries begin anew."""
    torch.manual_seed(0)
    flambeau.manual_seed(0)
    random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            return error


def text(error: Exception) -> str:
    """An error's text without where in torch it was raised, and without the names of packages."""
    said = re.sub(r"\s*(\(Triggered internally at|Exception raised from) .*", "", str(error), flags=re.DOTALL)
    return re.sub(r"\b(?:torch|flambeau)(?:\.\w+)*\.(?=\w)", "", said)


def same_error(theirs: Exception, ours: Any) -> bool:
    """Whether flambeau raised torch's error."""
    if type(ours).__name__ != type(theirs).__name__:
        return False
    # The list of C++ overloads that follows is torch's own.
    return "invalid combination of arguments" in str(theirs) or text(ours) == text(theirs)


# --- gradients --------------------------------------------------------------------------------------------------------


def leaves(arguments: Any, library: Library) -> list[Any]:
    """The tensors among arguments that gradients are asked for, each once."""
    return [t for t in {id(t): t for t in tensors_in(arguments, library)}.values() if t.requires_grad]


def _weights(results: Sequence[Any], library: Library, seed: int) -> list[Any]:
    generator = np.random.default_rng(seed)
    made = []
    for y in results:
        w = generator.uniform(0.5, 1.5, (2, *y.shape))
        w = w[0] + 1j * w[1] if y.dtype.is_complex else w[0]
        made.append(library.from_numpy(np.asarray(w)).to(y.dtype).to(y.device))
    return made


def gradients(result: Any, inputs: list[Any], library: Library, twice: bool) -> list[list[Any]]:
    """The gradients of a weighted sum of a result; with `twice` those of these gradients too."""
    results = [y for y in tensors_in(result, library) if y.requires_grad]
    if not results or not inputs:
        return []
    weights = _weights(results, library, 1)
    first = library.autograd.grad(results, inputs, weights, allow_unused=True, create_graph=twice)
    again = [g for g in first if g is not None and g.requires_grad]
    found = [[None if g is None else g.detach() for g in first]]
    if again:
        second = library.autograd.grad(again, inputs, _weights(again, library, 2), allow_unused=True)
        # Which of those that vanish everywhere are written down as zeros is an affair of torch's kernels.
        found.append([None if g is None or np.allclose(numbers(g), 0, atol=1e-9) else g.detach() for g in second])
    if len(found) == 2 and found[1] == [None] * len(inputs):
        del found[1]
    return found


def undefined_where_torchs_are(theirs: list[list[Any]], ours: list[list[Any]]) -> list[list[Any]]:
    """flambeau's gradients, of which zeros do not count where torch has none: undefined gradients stand for zeros."""
    found = []
    for expected, result in zip(theirs, ours, strict=False):
        found.append(
            [None if x is None and y is not None and not y.any() else y for x, y in zip(expected, result, strict=True)]
        )
    return found + ours[len(found) :]
