"""Complex numbers: values, printed forms, promotion, gradients and errors are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

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


USES = """
(lambda d,T: t.polar(t.ones(T,d//2),t.outer(t.arange(T).float(),1.0/(10000.0**(t.arange(0,d,2).float()/d)))))(8,5)
t.exp(1j*r)
t.exp(1j*t.arange(3)*3.14)
(lambda q:[q.__iadd__(w),q])(z.clone())
(lambda q:[q.__setitem__(0,1j),q][1])(z.clone())
(lambda q:[q.__setitem__((0,1),2.5),q][1])(z.clone())
(lambda q:[q.real.add_(1),q][1])(z.clone())
z.abs()**2
t.where(r>0,z,0)
t.where(r>0,1j,z)
[t.zeros_like(z),t.ones_like(z),t.randn_like(z).dtype,z.new_zeros(2),z.contiguous(),t.empty_like(z).dtype]
z.sum(1,keepdim=True)
[t.tensor(__import__('numpy').ones((2,2))*1j),t.as_tensor(__import__('numpy').array(1j))]
t.tensor([z[0,0],w[0,0]])
t.stack([z.real,z.imag],-1)
z.tolist()
t.autograd.grad((z.requires_grad_()*w).abs().sum(), z)
t.block_diag(z,w)
t.cov(z)
z.nansum()
z.logsumexp(0)
t.cumulative_trapezoid(z)
z.std()
z.nonzero()
z.any()
z.all()
z.count_nonzero()
z.logical_not()
z.bool()
t.isclose(z,z+1e-9)
z.index_add(0,t.tensor([0]),w[:1])
z.scatter_add(0,t.zeros(1,2,dtype=t.int64),w[:1])
z.nan_to_num()
t.complex(t.tensor(float('nan')),t.tensor(1.))
repr(t.tensor([complex('nan'),complex('inf'),1e-5j,1e5]))
repr(t.tensor([1.5+2j,-1-0j]))
t.zeros(3,dtype=t.complex64).numpy().dtype
t.fft.fft(t.ones(4))[0].item()
z.chunk(2)
t.nn.Linear(2,2,dtype=t.cfloat)(z)
t.nn.init.normal_(t.empty(2,2,dtype=t.cfloat))
t.nn.init.xavier_uniform_(t.empty(2,2,dtype=t.cfloat))
t.nn.init.zeros_(t.empty(2,2,dtype=t.cfloat))
t.linalg.multi_dot([z,w,z])
t.linalg.matrix_power(z,3)
t.linalg.cond(w)
t.linalg.matrix_norm(z,'nuc')
t.linalg.lstsq(w,z).solution
t.linalg.eigh(z+z.mH)[0]
t.linalg.svd(z)[1]
t.linalg.lu(w)[2]
t.linalg.solve_triangular(w,z,upper=True)
t.linalg.matrix_rank(w)
t.linalg.householder_product(w,z[0])
t.linalg.cross(t.ones(3,dtype=t.cfloat),t.arange(3)*1j)
""".split("\n")[1:-1]

GRADIENTS_OF_USES = """
grad(lambda x: t.view_as_real(t.view_as_complex(x.reshape(2,1,2))*t.polar(t.ones(1),t.ones(1))).flatten(1), r)
grad(lambda x: x[:,0]*x[0], z)
grad(lambda x: (x.real**2+x.imag**2), z)
grad(lambda x: t.exp(1j*x).real, r)
grad(lambda x: x.reshape(4)[1:3].abs(), z)
grad(lambda x: x.sum(0,keepdim=True).expand(2,2)*x, z)
grad(lambda x: t.stack([x.real,x.imag]), z)
grad(lambda x: x.unsqueeze(-1).squeeze(-1).T.contiguous(), z)
grad(lambda x: t.roll(x,1,0)*x.flip(1), z)
grad(lambda x: x.pow(2).mean(), z)
grad(lambda x: x.norm(), z)
grad(lambda x: (x-x.mean()).abs().square(), z)
grad(lambda x: t.nn.functional.mse_loss(t.view_as_real(x),t.view_as_real(w)), z)
grad(lambda x: x.var(), z)
grad(lambda x: x.matmul(w).trace(), z)
grad(lambda x: t.tensordot(x,w,1), z)
grad(lambda x: t.kron(x,w), z)
grad(lambda x: x.gather(1,i.clamp(max=1)), z)
grad(lambda x: x.index_select(0,t.tensor([1,0,1])), z)
grad(lambda x: x.masked_fill(r>1,0), z)
grad(lambda x: x.tril()+x.triu(1).conj(), z)
grad(lambda x: x.diagonal().prod(), z)
grad(lambda x: (x.clone().mul_(w)).add_(1j), z)
grad(lambda x: t.cat([x,x.conj()],1).abs(), z)
grad(lambda x: x.cumprod(0), w)
grad(lambda x: x.log2()+x.log10()+x.log1p()+x.expm1(), w)
grad(lambda x: x.sin()*x.cos()+x.sinh()*x.cosh()+x.tan(), w)
grad(lambda x: x.asin()+x.acos()+x.atan(), w)
grad(lambda x: x.asinh()+x.acosh()+x.atanh(), w)
grad(lambda x: x.rsqrt(), w)
grad(lambda x: t.nn.functional.linear(x,w,z[0]), z)
grad(lambda x: t.addmm(z,x,w,beta=0.5,alpha=2), z)
grad(lambda x: t.bmm(x[None],w[None]), z)
grad(lambda x: t.baddbmm(z[None],x[None],w[None]), z)
grad(lambda x: x.mv(w[0]), z)
grad(lambda x: t.outer(x[0],x[1]), z)
grad(lambda x: t.nn.functional.pad(x,(1,1)), z)
grad(lambda x: t.nn.functional.dropout(x,0.0), z)
grad(lambda x: t.lerp(x,w,0.3), z)
grad(lambda x: t.addcmul(x,w,z), z)
grad(lambda x: t.addcdiv(x,z,w), z)
grad(lambda x: x.div(w+1), z)
grad(lambda x: 1/x, w)
grad(lambda x: x**-1, w)
grad(lambda x: x**0, w)
grad(lambda x: x**(1j), w)
grad(lambda x: (1+1j)**x, w)
grad(lambda x: r**x, w)
grad(lambda x: t.softmax(x.abs(),-1)*x, w)
""".split("\n")[1:-1]


@pytest.mark.parametrize("code", [*PRINTED, *VALUES, *ERRORS, *GRADIENTS, *LINALG, *USES, *GRADIENTS_OF_USES])
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


def test_rotary_positions() -> None:
    """Queries turned by angles that grow with their places, as in Llama: complex products, seen as real numbers."""
    for library in (torch, flambeau):
        x = library.arange(80.0).reshape(1, 5, 2, 8).requires_grad_()
        turn = library.polar(
            library.ones(5, 4), library.outer(library.arange(5).float(), library.tensor([1.0, 0.1, 0.01, 0.001]))
        )
        pairs = library.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        y = library.view_as_real(pairs * turn.view(1, 5, 1, 4)).flatten(3).type_as(x)
        (y * library.arange(80.0).reshape(y.shape).sin()).sum().backward()
        if library is torch:
            expected = y.tolist(), x.grad.tolist()
    np.testing.assert_allclose(y.tolist(), expected[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(x.grad.tolist(), expected[1], rtol=1e-5, atol=1e-5)


REAL = ("bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64")


@pytest.mark.parametrize("kind", ["complex64", "complex128", "complex32"])
def test_promotion(kind: str) -> None:
    for other in (*REAL, "complex64", "complex128"):
        names = [str(t.promote_types(getattr(t, kind), getattr(t, other))) for t in (torch, flambeau)]
        assert names[0] == names[1], other
    if kind != "complex32":
        for other in REAL:
            for number in (2, 2.5, 1j):
                check(f"t.result_type(t.ones(2,dtype=t.{other}),{number})")
                if (other, number) != ("float16", 1j):  # complex32, which is no more than a name here
                    check(f"(t.ones(2,dtype=t.{other})*{number}).dtype")
            check(f"t.result_type(t.ones(2,dtype=t.{kind}),t.ones((),dtype=t.{other}))")
            check(f"t.result_type(t.ones((),dtype=t.{kind}),t.ones(2,dtype=t.{other}))")
            check(f"(t.ones(2,dtype=t.{kind})+t.ones(2,dtype=t.{other})).dtype")
