"""Complex numbers: values, printed forms, promotion, gradients and errors are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flambeau
from flambeau.autograd import gradcheck, gradgradcheck

from .lines import W, check

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PRINTED = """
repr(z)
repr(z*1e6)
repr(t.tensor([1+2j,-0.5-0.25j]))
repr(t.tensor(1j))
repr(z.to(t.complex128))
repr(t.zeros(0,dtype=t.complex64))
repr(t.zeros(30,dtype=t.cfloat))
repr(z.clone().requires_grad_())
t.complex64
t.complex32
""".split("\n")[1:-1]

VALUES = """
t.complex(r,r)
t.polar(r.abs(),r)
t.view_as_complex(r)
t.view_as_real(z)
[t.real(z),z.imag,r.real]
[z.conj(),t.conj(r),z.conj_physical(),z.resolve_conj(),z.resolve_neg(),z.is_conj(),z.is_neg(),z.mH,z.H,z.adjoint(),r.cfloat(),r.cdouble()]
[z.angle(),r.angle(),z.abs(),abs(z),z.sgn(),r.sgn()]
[t.is_complex(z),z.is_complex(),z.isreal(),t.cfloat.is_complex]
[z+w,z*w,z/w,z-1,1-z,z*2.5,z*1j]
[r*1j,i*1j,R*1j,r+z,R+z,i+z,z+R.sum()]
[z**2,z**0.5,z**w,2**z,r**(1+1j)]
[z==w,z!=z,t.equal(z,z),t.allclose(z,z),t.isclose(z,w)]
[z.exp(),z.log(),z.sin(),z.cos(),z.tan(),z.tanh(),z.sinh(),z.cosh(),z.asin(),z.acos(),z.atan()]
[z.sqrt(),w.rsqrt(),w.reciprocal(),z.sigmoid(),z.square(),z.neg(),z.expm1(),z.log1p(),z.log2(),z.log10()]
[z@w,z.mv(w[0]),t.dot(z[0],w[0]),t.vdot(z[0],w[0]),t.einsum('ij,jk->ik',z,w),t.outer(z[0],w[0]),t.addmm(z,z,w)]
[z.sum(),z.sum(0),z.mean(),z.prod(),z.cumsum(0),z.cumprod(1),z.norm(),z.var(),z.std(0)]
[z.T,z.diagonal(),t.cat([z,w]),t.stack([z,r]),z.reshape(-1),z[0,1],z[0],z.flip(0),z.repeat(2,1),t.where(r>0,z,w)]
[z[0,0].item(),z.tolist(),z.numpy().dtype,z.element_size(),complex(z[0,0]),bool(z[0,0])]
[z.to(t.complex128),z.to(t.float32),r.to(t.cfloat),z.float(),t.zeros(2,2).copy_(z)]
[t.zeros(2,dtype=t.cfloat),t.ones(2,dtype=t.cdouble),t.full((2,),1+2j),t.eye(2,dtype=t.cfloat),t.tensor([1,2.5,3j]),t.as_tensor(1j)]
[t.randn(3,dtype=t.cfloat),t.randn(20,dtype=t.cdouble),t.rand(3,dtype=t.cfloat)]
[t.promote_types(t.complex64,t.float64),t.promote_types(t.complex64,t.int64),t.result_type(z,R),t.result_type(r,1j),t.can_cast(t.complex64,t.float32)]
[t.complex64.to_real(),t.float64.to_complex(),t.finfo(t.complex64).eps]
[z.isnan(),z.isfinite(),z.isinf(),z.clone().fill_(1j),z.clone().add_(w),z.clone().mul_(2),z.masked_fill(r>0,1j)]
(lambda q: [q.real.fill_(7.),q])(z.clone())
(lambda q: (setattr(q,'imag',t.tensor(5.)),q)[1])(z.clone())
t.nn.functional.linear(z,w)
""".split("\n")[1:-1]

ERRORS = """
t.complex(r,R)
t.complex(i,i)
t.view_as_complex(r[:,:1])
t.view_as_complex(i)
t.view_as_real(r)
r.imag
z<w
z.max()
z.floor()
z.clamp(0,1)
t.sort(z)
t.sign(z)
t.relu(z)
t.maximum(z,z)
z.argmax()
z.item()
float(z[0,0])
r.clone().mul_(z)
(z.clone().requires_grad_()**2).sum().backward()
(z.clone().requires_grad_()**2).backward()
z.clone().requires_grad_().sum().backward(t.tensor(1.))
t.int64.to_complex()
""".split("\n")[1:-1]

GRADIENTS = """
grad(lambda x:x.abs(),z)
grad(lambda x:x.angle(),w)
grad(lambda x:x.real,z)
grad(lambda x:x.imag,z)
grad(lambda x:x.conj()*1,z)
grad(lambda x:x.sgn(),w)
grad(lambda x:x.exp()+x.sin()+x.tanh(),w)
grad(lambda x:x.log()*x.sqrt(),w)
grad(lambda x:x**3+x**2.5,w)
grad(lambda x:2**x,w)
grad(lambda x:x.sigmoid(),w)
grad(lambda x,y:x*y,z,w)
grad(lambda x,y:x/y,z,w)
grad(lambda x,y:x*y,z,r)
grad(lambda x,y:x**y,w,w)
grad(lambda x,y:x@y,z,w)
grad(lambda x,y:x*y,r,R*1j)
grad(lambda x,y:t.complex(x,y),r,r)
grad(lambda x,y:t.polar(x,y),r.abs(),r)
grad(lambda x:t.view_as_real(x),z)
grad(lambda x:t.view_as_complex(x),r)
grad(lambda x:x.mean(0)+x.prod(),w)
grad(lambda x:x.cumsum(0),z)
grad(lambda x:x[0]*x[1],z)
grad(lambda x:x.mH@x,z)
grad(lambda x:x.to(t.complex128)*2,z)
grad(lambda x:x*(1+2j),r)
grad(lambda x:(x*x.conj()).real,z)
grad(lambda x:t.cat([x,x*1j]),z)
grad(lambda x,y:t.where(r>0,x,y),z,w)
grad(lambda x:t.einsum('ij,kj->ik',x,x),w)
grad(lambda x:t.vdot(x[0],x[1]),w)
""".split("\n")[1:-1]

LINALG = """
[t.linalg.inv(w),t.linalg.det(w),t.linalg.solve(w,z),t.linalg.norm(z),t.linalg.svdvals(z),t.linalg.eigvalsh(z+z.mH)]
[t.linalg.cholesky(z@z.mH+2*t.eye(2)),t.linalg.matrix_exp(z),t.linalg.vecdot(z,w),t.linalg.slogdet(w),t.linalg.pinv(w)]
[t.linalg.eigvals(r),t.linalg.eig(r)[1].abs(),t.linalg.eig(w)[0],t.linalg.eigvals(t.zeros(0,2,2))]
t.linalg.eig(i)
t.linalg.eig(r[:1])
t.linalg.eig(t.tensor([[float('nan'),1],[1,1]]))
grad(lambda x:t.linalg.inv(x),w)
grad(lambda x:t.linalg.det(x),w)
grad(lambda x,y:t.linalg.solve(x,y),w,z)
grad(lambda x:t.linalg.slogdet(x)[1],w)
grad(lambda x:t.linalg.svdvals(x),w)
grad(lambda x:t.linalg.eigvalsh(x+x.mH),w)
grad(lambda x:t.linalg.cholesky(x@x.mH+2*t.eye(2)),w)
grad(lambda x:t.linalg.matrix_exp(x),w)
grad(lambda x:t.linalg.qr(x)[1].abs(),w)
grad(lambda x:t.linalg.pinv(x),w)
grad(lambda x:t.linalg.svd(x)[0].abs(),w)
grad(lambda x:t.linalg.eig(x)[0].abs(),w)
grad(lambda x:t.linalg.eig(x)[1].abs(),w)
grad(lambda x:t.linalg.eig(x)[1].abs(),r)
grad(lambda x:t.linalg.eigvals(x).real,r)
""".split("\n")[1:-1]


@pytest.mark.parametrize("code", [*PRINTED, *VALUES, *ERRORS, *GRADIENTS, *LINALG])
def test_as_torch(code: str) -> None:
    check(code)


SMOOTH: dict[str, Callable[..., Any]] = {
    "product": lambda x, y: x * y / (y + 3),
    "matmul": lambda x, y: x @ y.mH,
    "abs": lambda x, y: x.abs() * y.angle(),
    "parts": lambda x, y: flambeau.complex(x.real, y.imag) * x.conj(),
    "functions": lambda x, y: x.exp() + y.log() + x**3,
    "sgn": lambda x, y: x.sgn() * y,
    "solve": lambda x, y: flambeau.linalg.solve(y, x),
    "views": lambda x, y: flambeau.view_as_real(x * y),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_differences(name: str) -> None:
    leaves = [
        flambeau.tensor(v, dtype=flambeau.complex128, requires_grad=True)
        for v in ([[1 + 2j, -0.5 + 0.3j], [0.2j, 3 - 1j]], W)
    ]
    assert gradcheck(SMOOTH[name], leaves)
    assert gradgradcheck(SMOOTH[name], leaves)


def test_device_without_complex_numbers_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="doesn't support complex64"):
        flambeau.tensor([1j], device="reference")


def test_numpy_shares_memory() -> None:
    array = np.array([1 + 2j, 3j])
    tensor = flambeau.from_numpy(array)
    tensor.real[0] = 9.0
    assert array[0] == 9 + 2j
    assert tensor.numpy() is not None and tensor.dtype is flambeau.complex128
