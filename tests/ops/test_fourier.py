"""Fourier transforms and spectrograms: values, dtypes, gradients and errors are torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import flambeau
from flambeau.autograd import gradcheck, gradgradcheck

from .lines import check

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ONE = [f"t.fft.{name}({x}{rest})"
       for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for x in ("r", "z", "R", "i")
       for rest in ("", ", n=5", ", n=3, dim=0, norm='ortho'", ", norm='forward'", ", 1")]  # fmt: skip
MANY = [f"t.fft.{name}({x}{rest})"
        for name in ("fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn", "fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2")
        for x in ("r", "z") for rest in ("", ", s=(3, 5)", ", dim=(0,), norm='ortho'", ", s=(3, -1), norm='forward'")]  # fmt: skip

OTHERS = """
[t.fft.fftfreq(5),t.fft.fftfreq(4,0.5),t.fft.rfftfreq(5),t.fft.rfftfreq(6,2.0,dtype=t.float64),t.fft.fftfreq(0)]
[t.fft.fftshift(t.arange(5)),t.fft.ifftshift(t.arange(5)),t.fft.fftshift(z),t.fft.fftshift(t.arange(12).reshape(3,4),dim=1)]
[t.fft.ifft(t.fft.fft(z)),t.fft.irfft(t.fft.rfft(r),2),t.fft.irfftn(t.fft.rfftn(R),(2,2))]
[f(n,p) for f in (t.hann_window,t.hamming_window,t.blackman_window) for n in (0,1,2,7) for p in (True,False)]
[f(n,p) for f in (t.bartlett_window,t.kaiser_window) for n in (0,1,2,7) for p in (True,False)]
[t.hamming_window(5,True,0.6,0.4),t.kaiser_window(5,False,3.0,dtype=t.float64)]
[getattr(t.signal.windows,n)(m,sym=s) for n in ('bartlett','blackman','cosine','hamming','hann') for m in (0,1,6) for s in (True,False)]
[getattr(t.signal.windows,n)(m,sym=s) for n in ('kaiser','nuttall','gaussian','exponential') for m in (0,1,6) for s in (True,False)]
[t.signal.windows.general_cosine(5,a=[0.4,0.6]),t.signal.windows.general_hamming(5,alpha=0.7),t.signal.windows.exponential(5,center=1.0,tau=2.0,sym=False)]
t.stft((t.arange(20.)/9)**1.5,8,return_complex=True,window=t.hann_window(8))
t.stft(t.arange(40.).reshape(2,20).sin(),8,3,6,t.hann_window(6),return_complex=False,normalized=True)
t.stft(t.arange(20.).cos(),8,center=False,onesided=False,return_complex=True,window=t.ones(8))
t.stft(t.arange(20.).cos()*1j,8,window=t.ones(8))
t.istft(t.stft(t.arange(20.).sin(),8,return_complex=True,window=t.hann_window(8)),8,window=t.hann_window(8))
t.istft(t.stft(t.arange(40.).reshape(2,20).sin(),8,2,6,t.hann_window(6),return_complex=True,normalized=True),8,2,6,t.hann_window(6),normalized=True,length=18)
t.fft.fft(r,out=t.zeros(2,2,dtype=t.cfloat))
repr(t.fft.fft(r.clone().requires_grad_()).shape)
""".split("\n")[1:-1]

ERRORS = """
t.fft.fft(r,0)
t.fft.fft(r,dim=2)
t.fft.fft(r,norm='x')
t.fft.fft(t.tensor(1.))
t.fft.fft(r.half())
t.fft.fft(t.zeros(3,0))
t.fft.fft([1])
t.fft.rfft(z)
t.fft.ihfft(z)
t.fft.irfft(z[:,:1])
t.fft.fftn(r,s=(1,2,3))
t.fft.fftn(r,s=(1,2),dim=(0,))
t.fft.fftn(r,dim=(0,0))
t.fft.rfftn(z)
t.fft.rfftn(r,dim=())
t.fft.fft2(r[0])
t.fft.fftfreq(4,dtype=t.int64)
t.hann_window(-1)
t.hann_window(4,dtype=t.int64)
t.stft(r,4)
t.stft(r,40,return_complex=True)
t.stft(r,2,window=t.ones(3),return_complex=True)
t.stft(r,2,hop_length=0,return_complex=True,window=t.ones(2))
t.stft(r,2,win_length=5,return_complex=True)
t.stft(z,2,return_complex=True,window=t.ones(2),onesided=True)
t.istft(r,2,window=t.ones(2))
t.istft(z,2,1,window=t.zeros(2))
t.istft(z,2,1,window=t.ones(3))
t.signal.windows.hann(-5)
t.signal.windows.gaussian(5,std=-1)
t.signal.windows.kaiser(5,beta=-1)
t.signal.windows.exponential(5,center=2)
t.signal.windows.general_cosine(5,a=[])
""".split("\n")[1:-1]

GRADIENTS = """
grad(lambda x:t.fft.fft(x,3),z)
grad(lambda x:t.fft.fft(x,norm='ortho'),r)
grad(lambda x:t.fft.ifft(x,dim=0),z)
grad(lambda x:t.fft.rfft(x,5),r)
grad(lambda x:t.fft.irfft(x,4),z)
grad(lambda x:t.fft.irfft(x,5),z)
grad(lambda x:t.fft.hfft(x),z)
grad(lambda x:t.fft.ihfft(x)*1,r)
grad(lambda x:t.fft.fftn(x,(3,2)),z)
grad(lambda x:t.fft.rfftn(x),r)
grad(lambda x:t.fft.irfftn(x,norm='forward'),z)
grad(lambda x:t.fft.fftshift(x).abs(),z)
grad(lambda x:t.stft(x.reshape(-1).repeat(4),8,return_complex=True,window=t.hann_window(8)).abs(),r+0.5)
""".split("\n")[1:-1]


@pytest.mark.parametrize("code", [*ONE, *MANY, *OTHERS, *ERRORS, *GRADIENTS])
def test_as_torch(code: str) -> None:
    check(code)


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "fft": lambda z: flambeau.fft.fft(z, 3),
    "irfft": lambda z: flambeau.fft.irfft(z, 5),
    "rfft": lambda z: flambeau.fft.rfft(z.real),
    "hfftn": lambda z: flambeau.fft.hfftn(z),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_differences(name: str) -> None:
    z = flambeau.tensor([[1 + 2j, -0.5 + 0.3j], [0.2j, 3 - 1j]], dtype=flambeau.complex128, requires_grad=True)
    assert gradcheck(SMOOTH[name], [z])
    assert gradgradcheck(SMOOTH[name], [z])


def test_convolution_by_spectra() -> None:
    """A layer of a Fourier neural operator: spectra, weighted, and back."""
    flambeau.manual_seed(0)
    x = flambeau.randn(2, 3, 8)
    weights = flambeau.randn(3, 3, 5, dtype=flambeau.cfloat, requires_grad=True)
    y = flambeau.fft.irfft(flambeau.einsum("bik,iok->bok", flambeau.fft.rfft(x), weights), 8)
    y.square().mean().backward()
    assert y.dtype is flambeau.float32
    assert weights.grad is not None and weights.grad.dtype is flambeau.complex64
    assert weights.grad.abs().sum().item() > 0
