"""Functions of functions: derivatives, Jacobians, `vmap`, and modules called with other parameters.

Source: https://docs.pytorch.org/docs/stable/func.html
"""

from __future__ import annotations

from .jacobians import hessian, jacfwd, jacrev
from .modules import functional_call, functionalize, replace_all_batch_norm_modules_, stack_module_state
from .rearranging import rearrange
from .transforms import grad, grad_and_value, jvp, linearize, vjp
from .vectorize import vmap

__all__ = [
    "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "rearrange",
    "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]  # fmt: skip
