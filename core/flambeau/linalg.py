"""`flambeau.linalg`: decompositions, solvers and norms of matrices.

Source: https://docs.pytorch.org/docs/stable/linalg.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .linalg_error import _LinAlgError as LinAlgError
from .ops import decomposition as _decomposition
from .ops import matmul as _products
from .ops import matrix_function as _functions
from .ops import solving as _solving
from .ops.out import with_out_as as _with_out_as

__all__ = [  # noqa: F822 - made below
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex",
    "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "matmul",
    "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip


def _public() -> dict[str, Callable[..., Any]]:
    made = {}
    for name in __all__[1:]:
        for family in (_decomposition, _solving, _functions, _products):
            if getattr(family.__dict__.get(name), "__module__", None) == family.__name__:
                made[name] = _with_out_as(family.__dict__[name], f"linalg_{name}")
                break
    return made


globals().update(_public())

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
