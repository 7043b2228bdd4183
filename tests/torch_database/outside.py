"""What of torch's databases is not asked of flambeau, and why: the only place where something is left out.

A row has names (a regular expression for the full name of an op, a layer or an optimizer), what is not compared, and the reason.
"op": nothing is. "values": dtypes and shapes are. "unprocessed values": the values are, after the database's own processing.
"on a GPU", "values on a GPU": on the CPU they are.
"indices": the values are, not which of equal elements they are. "gradients", "second gradients": the results are. "precision": the values
are, to three digits. "complex numbers": real ones are. "error": a text that torch alone has, whose beginning follows.
"""

from __future__ import annotations

import re

CUDA = "runs on CUDA only"
DENSE = "tensors are dense"
INTERNAL = "an entry point of torch's own code, without a public name"
SIGNS = "unique but for signs and phases, which two builds of LAPACK choose each for itself"
TIES = "which of equal elements is found is not specified, and differs between torch's kernels"
RANDOM = "drawn from a generator of the device's own"
CEPHES = "torch has Cephes' rational approximations, which are good to five digits; here there are more"

LEFT_OUT: list[tuple[str, str, str]] = [
    (r"sparse\..*|to_sparse|masked\..*", "op", DENSE),
    (r"jiterator_.*|nn.functional.batch_norm.without_cudnn|torch._scaled_mm.*", "op", CUDA),
    (r"_softmax_backward_data|_native_batch_norm_legit|_batch_norm_with_update|_upsample_bilinear2d_aa|_chunk_cat", "op", INTERNAL),
    (r"_segment_reduce.*|_unsafe_masked_index.*|torch.ops.aten.*|max_pool2d_with_indices_backward|native_dropout_backward", "op", INTERNAL),
    (r"hash_tensor|slice", "op", INTERNAL),
    (r"chalf", "op", "complex numbers of two halves, with which torch computes little on the CPU"),
    (r"empty|empty_like|new_empty|empty_strided|new_empty_strided|empty_permuted", "values", "the elements are whatever was in memory"),
    (r"svd|svd_lowrank|pca_lowrank|linalg.(svd|eig|eigh)", "unprocessed values", SIGNS),
    (r"kthvalue|topk|mode|sort|argsort|median|nanmedian", "indices", TIES),
    (r"special.bessel_.*", "precision", CEPHES),
    (r"matrix_exp|(special.)?polygamma.*|special.hermite_polynomial_he", "precision", "computed in float32 by torch, and in float64 here"),
    (r"linalg.ldl_.*", "complex numbers", "symmetric complex matrices are decomposed, Hermitian ones not yet"),
    (r"as_strided_scatter", "gradients", "torch gives the input the gradient of the elements that were overwritten, and not of the others"),
    (r"linalg.norm.subgradients_at_zero", "second gradients", "nan in torch, where the first gradient is a subgradient by convention"),
    (r"nn.functional.linear_cross_entropy.chunked.*|nn.LinearCrossEntropyLoss", "second gradients", "torch's chunks have first gradients only"),
    (r"native_layer_norm", "second gradients", "torch's formula fails where there is no weight"),
    (r"exponential|uniform|bernoulli|multinomial|normal.*|rand.*_like", "values on a GPU", RANDOM),
    (r"nn.functional.(.*dropout.*|fractional_max_pool.*|multi_head_attention_forward)", "values on a GPU", RANDOM),
    (r"special.airy_ai", "values on a GPU", "terms of its series cancel, for which float32 is too short"),
    (r"nn.Lazy.*", "values on a GPU", RANDOM),
    (r"nn.FractionalMaxPool.*", "on a GPU", "the database's samples are float64"),
    (r"LBFGS", "on a GPU", "how many steps its searches take depends on the last bits"),
    (r"tensor_split", "on a GPU", "indices are wanted on the CPU, by torch too"),
    (r"__r.*__", "error: descriptor", "torch's methods are written in C, and Python checks their first argument"),
]  # fmt: skip


def left_out(name: str, what: str) -> str | None:
    """Why something is not compared, or None where it is."""
    return next((why for names, which, why in LEFT_OUT if which == what and re.fullmatch(names, name)), None)


def is_torchs_own(name: str, error: str) -> bool:
    """Whether an error's text is one that torch alone has."""
    rows = [(names, which.removeprefix("error: ")) for names, which, _ in LEFT_OUT if which.startswith("error: ")]
    return any(re.fullmatch(names, name) and error.startswith(beginning) for names, beginning in rows)
