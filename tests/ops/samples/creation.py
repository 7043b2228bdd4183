"""Samples of making tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sample import B, D, F, I, Op, S, T

X = F(2, 3)


def make(name: str, samples: list[Any], errors: list[Any] | None = None, **more: Any) -> Op:
    return Op(name, samples, errors or [], differentiable=False, **more)


def _shared(library: Any, array: Any) -> Any:
    made = library.from_numpy(array)
    return made * 1


OPS = [
    make("tensor", [S(1), S(1.5), S(True), S([1, 2]), S([1, 2.5]), S([[1, 2], [3, 4]]), S([]), S([[], []]), S([True, False]), S((1, (2))), S([True, 2]),
                    S([1, 2], dtype=D("float32")), S([1.7, -2.7], dtype=D("int64")), S([0, 2], dtype=D("bool")), S(X), S([F(), F()]), S([T([1.0]), 2.0]),
                    S(range(3)), S([300], dtype=D("int32")), S(1e40), S([float("nan"), float("inf")]), S(np.float32(1.5)), S(np.arange(3)),
                    S(np.ones((2, 2), np.float32)), S([np.float64(1.0), 2.0]), S([np.int32(1), 2]), S([np.array([1, 2]), np.array([3, 4])]),
                    S([1, 2], requires_grad=False), S([[1.0], [2.0]], dtype=D("float16"))],
         [S([[1, 2], [3]]), S([1, [2]]), S("a"), S(None), S([[1], 2]), S([None]), S({}), S([F(2), F(2)]), S(2**70), S([1], requires_grad=True)],
         on_gpu=False),
    make("as_tensor", [S([1.0, 2.0]), S(X), S(np.arange(3)), S([1], dtype=D("float32")), S(3)], on_gpu=False),
    make("asarray", [S([1.0, 2.0]), S(np.arange(3.0)), S(X, dtype=D("float64"))], on_gpu=False),
    make("from_numpy", [S(np.arange(6.0).reshape(2, 3)), S(np.arange(6)[::2]), S(np.arange(6, dtype=np.int32).reshape(2, 3).T), S(np.ones(2, bool)),
                        S(np.zeros((0, 2))), S(np.array(2.0))], [S([1.0]), S(np.arange(4)[::-1])], call=_shared,
         on_gpu=False),
    make("frombuffer", [S(bytearray(range(8)), dtype=D("uint8")), S(bytearray(range(8)), dtype=D("int16"), offset=2, count=2)], on_gpu=False),
    make("full", [S((2, 3), 1.5), S((2,), 7), S((), True), S([2], 1, dtype=D("float32")), S((0, 2), 3), S((2,), 2.7, dtype=D("int64"))],
         [S((-1,), 1), S((2,), "a")], on_gpu=False),
    *[make(name, [S(2, 3), S((2, 3)), S(()), S(0), S(2, dtype=D("int64")), S(size=(2,)), S([2, 1])], [S(-1), S(1.5), S("a")], on_gpu=False)
      for name in ("zeros", "ones")],
    make("empty", [S(2, 3), S((2, 3)), S(()), S(0), S(2, dtype=D("int64"))], [S(-1)], same_values=False, on_gpu=False),
    *[make(name, [S(X), S(I(2)), S(B(2)), S(X, dtype=D("int64")), S(F()), S(F(3, 2, layout="transposed"))]) for name in ("zeros_like", "ones_like")],
    make("empty_like", [S(X), S(I(2)), S(X, dtype=D("int64"))], same_values=False),
    make("full_like", [S(X, 2.5), S(I(2), 7), S(I(2), 2.5), S(X, 3, dtype=D("int64"))]),
    make("arange", [S(5), S(1, 6), S(1, 6, 2), S(5, 0, -2), S(0.0), S(2.5), S(0, 1, 0.25), S(1, 2, 0.3), S(0), S(5, dtype=D("float32")), S(0.5, 3),
                    S(end=4), S(start=1, end=4), S(3, dtype=D("int32")), S(1.0, 4, 1), S(-3, 3)],
         [S(1, 5, 0), S(5, 1), S(1, 5, -1)], on_gpu=False),
    make("range", [S(1, 4), S(0, 1, 0.5)], on_gpu=False),
    make("linspace", [S(0, 1, 5), S(1, 1, 3), S(0, 10, 1), S(3, -3, 7), S(0, 1, 0), S(0, 10, 5, dtype=D("int64")), S(-1.5, 2.5, 4)],
         [S(0, 1, -1)], on_gpu=False),
    make("logspace", [S(0, 2, 3), S(0, 3, 4, 2.0), S(1, 1, 1)], on_gpu=False),
    make("eye", [S(3), S(2, 3), S(3, 2), S(0), S(2, dtype=D("int64"))], [S(-1)], on_gpu=False),
    *[Op(name, [S(F(3, 3)), S(F(3, 4), 1), S(F(4, 3), -1), S(F(2, 2, 3)), S(F(3, 3), 5), S(F(3, 3), -5), S(I(3, 3)), S(B(3, 3)), S(F(0, 2)),
                S(F(3, 3, layout="transposed"))], [S(F(3))]) for name in ("tril", "triu")],
    Op("diag", [S(F(3)), S(F(3), 1), S(F(2), -1), S(F(3, 3)), S(F(3, 4), 1), S(I(3)), S(F(0))], [S(F(2, 2, 2)), S(F())]),
    Op("diag_embed", [S(F(3)), S(F(2, 3)), S(F(2), 1), S(F(2), -1)]),
    *[make(name, [S(X, 2, 3), S(X, (2,)), S(I(2), 2), S(X, 2, dtype=D("int64"))]) for name in (".new_zeros", ".new_ones")],
    make(".new_empty", [S(X, 2, 3), S(I(2), (2,))], same_values=False),
    make(".new_full", [S(X, (2, 3), 1.5), S(I(2), (2,), 7), S(X, (2,), 3, dtype=D("int64"))]),
    make(".new_tensor", [S(X, [1, 2]), S(I(2), [1, 2])], on_gpu=False),
    make(".new", [S(X, [1.0, 2.0]), S(X)], on_gpu=False),
]  # fmt: skip
