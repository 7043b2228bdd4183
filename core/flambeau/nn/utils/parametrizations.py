"""Ready parametrizations: `orthogonal`, `weight_norm`, `spectral_norm`.

Source: https://docs.pytorch.org/docs/stable/nn.html#parametrizations-implemented-using-the-new-parametrization-functionality
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from ... import ops
from ..._tensor import Tensor
from ...autograd.modes import no_grad
from ...layout import contiguous_format
from ...numeric_limits import finfo
from ...ops.matrix import mH
from ...ops.matrix_function import householder_product
from ...ops.solving import solve
from ...ops.weight_norm import _weight_norm, norm_except_dim
from .. import functional as F
from ..module import Module
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, default_dim

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _weight_of(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# --- orthogonal -------------------------------------------------------------------------------------------------------


class _OrthMaps(Enum):
    """How a matrix that may be any becomes an orthogonal one."""

    matrix_exp = auto()
    cayley = auto()
    householder = auto()


def _is_orthogonal(q: Tensor) -> bool:
    rows, columns = q.size(-2), q.size(-1)
    identity = ops.eye(columns, dtype=q.dtype, device=q.device)
    close: bool = ops.allclose(mH(q) @ q, identity, atol=10.0 * rows * finfo(q.dtype).eps)
    return close


def _make_orthogonal(a: Tensor) -> Tensor:
    """The Q of the QR decomposition whose R has a positive diagonal."""
    reflectors, tau = a.geqrf()
    return householder_product(reflectors, tau) * reflectors.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """An orthogonal matrix (or the transpose of one's first columns) from one of any numbers."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map is _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        rows, columns = X.size(-2), X.size(-1)
        transposed = rows < columns
        if transposed:
            X = X.mT
            rows, columns = columns, rows
        if self.orthogonal_map is _OrthMaps.householder:
            below = X.tril(-1)
            tau = 2.0 / (1.0 + (below * below).sum(dim=-2))
            # The diagonal of X holds signs, which are not learned.
            q = householder_product(below, tau) * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            X = X.tril()
            if rows != columns:
                X = ops.cat([X, X.new_zeros(rows, rows - columns).expand(*X.shape[:-2], -1, -1)], dim=-1)
            skew = X - mH(X)
            if self.orthogonal_map is _OrthMaps.matrix_exp:
                q = skew.matrix_exp()
            else:
                identity = ops.eye(rows, dtype=skew.dtype, device=skew.device)
                q = solve(identity - 0.5 * skew, identity + 0.5 * skew)
            if rows != columns:
                q = q[..., :columns]
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if transposed else q

    def right_inverse(self, Q: Tensor) -> Tensor:
        """A matrix from which the nearest orthogonal one to `Q` comes."""
        with no_grad():
            if Q.shape != self.shape:
                raise ValueError(
                    f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
                )
            start = Q
            rows, columns = Q.size(-2), Q.size(-1)
            transposed = rows < columns
            if transposed:
                Q = Q.mT
                rows, columns = columns, rows
            if not hasattr(self, "base"):
                if self.orthogonal_map is not _OrthMaps.householder:
                    raise NotImplementedError(
                        "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                        "use_trivialization=False."
                    )
                reflectors, tau = Q.geqrf()
                diagonal = reflectors.diagonal(dim1=-2, dim2=-1)
                diagonal.copy_(ops.where(tau == 0.0, -diagonal.sign(), diagonal.sign()))
                return reflectors.mT if transposed else reflectors
            if rows != columns:
                more = ops.randn(*Q.size()[:-2], rows, rows - columns, dtype=Q.dtype, device=Q.device)
                self.base = _make_orthogonal(ops.cat([Q, more], dim=-1))
            else:
                self.base = Q.clone() if _is_orthogonal(Q) else _make_orthogonal(Q)
            negative = ops.zeros_like(start)
            negative.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return negative


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a matrix orthogonal (its rows or columns, whichever are fewer, orthonormal). Returns the module.

    Args:
        orthogonal_map: "matrix_exp" (the default for square matrices), "cayley" or "householder".
        use_trivialization: start from the present value, as a factor that is not learned; allows to assign.

    Raises:
        ValueError: no such tensor, no matrix, or no such map.

    Source: Lezcano-Casado 2019, arXiv 1909.09501.
    """
    weight = _weight_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    kind = getattr(_OrthMaps, orthogonal_map, None)
    if kind is None:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, kind, use_trivialization=use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


# --- weight norm ------------------------------------------------------------------------------------------------------


class _WeightNorm(Module):
    """A weight from lengths and directions."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return _weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Its lengths, and itself as directions."""
        return norm_except_dim(weight, 2, self.dim), weight


class _OldNames:
    """Reads `name_g` and `name_v`, as the older weight norm wrote them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{self.name}{suffix}" for suffix in ("_g", "_v")]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(key)


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn a weight as lengths (`original0`) of its slices along `dim` and directions (`original1`).

    Args:
        dim: None for one length of all of it.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module._register_load_state_dict_pre_hook(_OldNames(name))
    return module


# --- spectral norm ----------------------------------------------------------------------------------------------------


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, which a power iteration follows."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            u = matrix.new_empty(matrix.size(0)).normal_(0, 1)
            v = matrix.new_empty(matrix.size(1)).normal_(0, 1)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        return as_matrix(weight, self.dim).flatten(1)

    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        with no_grad():
            for _ in range(n_power_iterations):
                self._u.copy_(F.normalize(ops.mv(matrix, self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(ops.mv(mH(matrix), self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # The next forward writes to the buffers, and this one's backward needs what they are now.
        u, v = self._u.clone(memory_format=contiguous_format), self._v.clone(memory_format=contiguous_format)
        return weight / ops.dot(u, ops.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, as a matrix with `dim` as rows. Returns the module.

    Args:
        n_power_iterations: whenever the weight is computed in training.
        dim: default 1 for transposed convolutions, else 0.

    Source: Miyato et al. 2018, arXiv 1802.05957.
    """
    weight = _weight_of(module, name)
    made = _SpectralNorm(weight, n_power_iterations, default_dim(module) if dim is None else dim, eps)
    return register_parametrization(module, name, made)
