"""Code of PyTorch's first years, which courses still teach: it gives what today's PyTorch gives, warnings and refusals too."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

RUNS = r"""
Variable=torch.autograd.Variable; x=torch.ones(2,requires_grad=True); v=Variable(x); [v, v.requires_grad, v is x, v.data_ptr()==x.data_ptr(), isinstance(x,Variable), isinstance(3,Variable)]
v=torch.autograd.Variable(torch.ones(2),volatile=True); [v,v.requires_grad,v.volatile]
torch.autograd.Variable()
torch.FloatTensor(2,3).shape
[torch.FloatTensor([1,2]),torch.FloatTensor(torch.ones(2)),torch.FloatTensor((1,2)),torch.LongTensor([1.5]),torch.FloatTensor()]
[torch.FloatTensor.dtype,torch.FloatTensor.is_cuda,torch.FloatTensor.layout]
x=torch.ones(2); [x.type(),x.type(torch.DoubleTensor),x.type('torch.LongTensor'),x.type(torch.int8)]
x=torch.ones(2); [x.new([1,2]),x.new(2,3).shape,x.new(),x.new(torch.ones(3)),x.new(x.size()).shape,x.new_tensor([1,2]),torch.ones(2).long().new([1.5,2])]
x=torch.ones(2); [x.type_as(torch.ones(1).long()),x.is_same_size(x)]
[torch.Tensor([1,2]),torch.Tensor(2).shape,torch.Tensor(2,3).shape,torch.Tensor((2,3)),torch.Tensor(torch.Size([2,3])).shape,torch.Tensor(torch.ones(2)),torch.Tensor(torch.ones(2).long()),torch.Tensor(range(3))]
torch.Tensor(data=[1.])
torch.Tensor([1], device='cpu')
[torch.FloatTensor(2,3).zero_(),torch.FloatTensor(3).fill_(1),torch.ByteTensor([1,0])]
torch.tensor([1.,2.])[torch.ByteTensor([1,0])]
torch.FloatTensor([1,2]).add_(1, torch.ones(2))
torch.FloatTensor([1,2]).add_(-.1, torch.ones(2))
torch.FloatTensor([1,2]).mul_(2).addcmul_(1, torch.ones(2), torch.ones(2))
torch.FloatTensor([1,2]).addcdiv_(-1, torch.ones(2), torch.ones(2))
torch.FloatTensor([1,2]).sub_(1, torch.ones(2))
torch.addmm(1, torch.ones(2,2), 1, torch.ones(2,2), torch.ones(2,2))
torch.add(torch.ones(2), 2, torch.ones(2))
torch.addmm(torch.ones(2,2),torch.ones(2,2), torch.ones(2,2),beta=.5)
isinstance(torch.ones(2),torch.FloatTensor)
isinstance(nn.Parameter(torch.ones(2)),torch.FloatTensor)
torch.ones(2).type()==torch.FloatTensor
nn.Parameter(torch.ones(2)).type()
F.softmax(torch.ones(2,2))
F.sigmoid(torch.ones(2))
F.tanh(torch.ones(2))
nn.MSELoss(size_average=False)
F.cross_entropy(torch.ones(2,2), torch.tensor([0,1]), size_average=False)
F.mse_loss(torch.ones(2), torch.zeros(2), reduce=False)
nn.init.xavier_uniform(torch.ones(2,2)).shape
nn.utils.clip_grad_norm([torch.ones(2)],1)
torch.range(0,3)
F.softmax(torch.ones(2,2,2)).shape
F.log_softmax(torch.ones(2,2))
nn.Softmax()(torch.ones(2,2))
nn.LogSoftmax()(torch.ones(2,2))
torch.max(torch.ones(2,2),1)[1].data
torch.ger(torch.ones(2),torch.ones(2))
nn.CrossEntropyLoss(size_average=False, reduce=True)
nn.CrossEntropyLoss(reduce=False)
nn.NLLLoss(size_average=True)(torch.zeros(2,2), torch.tensor([0,1]))
torch.set_default_tensor_type(torch.DoubleTensor); r=torch.ones(2).dtype; torch.set_default_tensor_type('torch.FloatTensor'); [r, torch.ones(2).dtype]
x=torch.ones(2,2); [x.t_(), x.unsqueeze_(0), x.squeeze_(), x.size(), x.storage()]
torch.ones(2).storage()
list(torch.ones(2).storage())
torch.ones(2).untyped_storage().nbytes()
torch.ones(2).expand_as(torch.ones(3,2))
torch.ones(2).resize_(3,2).shape
torch.ones(2).resize_as_(torch.ones(3,2)).shape
F.upsample(torch.ones(1,1,2,2), scale_factor=2)
torch.norm(torch.ones(3)), torch.ones(3).norm(2), torch.dist(torch.ones(2),torch.zeros(2))
str(torch.ones(2,2))+repr(torch.tensor(3))+'{:.4f}'.format(torch.tensor(1.5))+'%.2f'%torch.tensor(2.5)
torch.manual_seed(1); torch.FloatTensor(3).normal_()
torch.manual_seed(1); torch.FloatTensor(3).uniform_(-1,1)
torch.bernoulli(torch.FloatTensor([0,1.]))
torch.ones(2).eq(torch.ones(2)).sum(), (torch.ones(2)==1).sum().item(), torch.ones(2).gt(0).type(torch.FloatTensor)
torch.sum(torch.ones(2,2),1,True), torch.ones(2,2).sum(1,keepdim=True), torch.ones(2,2).max(0), torch.ones(2,2).max(0,True)[0]
torch.stack([torch.ones(2)]*2,1).squeeze(1)
torch.cat((torch.ones(2,1),torch.ones(2,1)),1).view(-1)
"""
REFUSED = r"""
torch.autograd.Variable([1,2])
torch.autograd.Variable(3)
torch.autograd.Variable(torch.arange(2),requires_grad=True)
torch.autograd.Variable(torch.ones(2),requires_grad=True, volatile=True)
torch.tensor(3.).data[0]
torch.tensor(3.)[0]
torch.LongTensor(torch.ones(2))
torch.cuda.FloatTensor(2)
torch.ones(2).type('foo')
torch.ones(2).type(3)
torch.Tensor(2.5)
torch.Tensor([[1,2],[3]])
torch.Tensor('a')
torch.Tensor(None)
torch.Tensor(-1)
torch.ones(2).cuda()
torch.ones(2).to('cuda')
torch.ones(2,device='cuda')
torch.symeig(torch.eye(2))
torch.rand(2)(1)
torch.set_default_tensor_type(torch.cuda.FloatTensor)
torch.set_default_tensor_type(torch.LongTensor)
torch.squeeze(torch.ones(1,2)).masked_fill_(torch.ByteTensor([0,1]),2.)
torch.ones(2).masked_select(torch.ByteTensor([0,1]))
"""


def check(same: Callable[..., None], line: str, fails: bool) -> None:
    tree = ast.parse(line)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    statements, value = compile(tree, line, "exec"), compile(ast.Expression(last.value), line, "eval")

    def run(torch: Any) -> Any:
        names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
        exec(statements, names)
        return eval(value, names)

    same(run, fails=fails)


@pytest.mark.parametrize("line", RUNS.strip().splitlines())
def test_runs(same: Callable[..., None], line: str) -> None:
    check(same, line, fails=False)


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_is_refused_in_the_same_words(same: Callable[..., None], line: str) -> None:
    check(same, line, fails=True)
