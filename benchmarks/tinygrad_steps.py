"""The steps of `gpu_steps.py` written for tinygrad, each one captured by its TinyJit, which is how tinygrad is meant to train.

Runs as a contestant, with the Python of an environment in which tinygrad is installed.
"""

from collections.abc import Callable
from typing import Any

from tinygrad import Context, Device, Tensor, TinyJit, dtypes, nn

from contest import Step, serve

Run = Callable[[], Tensor]


def trainer(model: Any, loss_of: Run) -> Step:
    optimizer = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)

    def step() -> Tensor:
        with Context(TRAINING=1):
            optimizer.zero_grad()
            loss = loss_of()
            loss.backward()
            return loss.realize(*optimizer.schedule_step())

    captured: Step = TinyJit(step)
    return captured


def labels(classes: int, *shape: int) -> Tensor:
    return Tensor.randint(*shape, high=classes, dtype=dtypes.int32).realize()


def normal(*shape: int) -> Tensor:
    return Tensor.randn(*shape).realize()


def mlp() -> Step:
    first, last = nn.Linear(784, 256), nn.Linear(256, 10)
    x, y = normal(64, 784), labels(10, 64)
    return trainer([first, last], lambda: last(first(x).relu()).sparse_categorical_crossentropy(y))


def rnn_loop() -> Step:
    read, memory_layer, output = nn.Linear(128, 128), nn.Linear(128, 128), nn.Linear(128, 64)
    inputs, targets = normal(32, 32, 128), labels(64, 32 * 32)

    def loss_of() -> Tensor:
        memory = Tensor.zeros(32, 128)
        memories = []
        for step in range(32):
            memory = (read(inputs[step]) + memory_layer(memory)).tanh()
            memories.append(memory)
        return output(Tensor.stack(*memories)).flatten(0, 1).sparse_categorical_crossentropy(targets)

    return trainer([read, memory_layer, output], loss_of)


def gru() -> Step:
    read, memory_layer, output = nn.Linear(128, 384), nn.Linear(128, 384), nn.Linear(128, 64)
    inputs, targets = normal(32, 32, 128), labels(64, 32 * 32)

    def loss_of() -> Tensor:
        memory = Tensor.zeros(32, 128)
        memories = []
        seen = read(inputs)
        for step in range(32):
            r, z, n = seen[step].chunk(3, 1)
            hr, hz, hn = memory_layer(memory).chunk(3, 1)
            z = (z + hz).sigmoid()
            n = (n + (r + hr).sigmoid() * hn).tanh()
            memory = (1 - z) * n + z * memory
            memories.append(memory)
        return output(Tensor.stack(*memories)).flatten(0, 1).sparse_categorical_crossentropy(targets)

    return trainer([read, memory_layer, output], loss_of)


def lenet() -> Step:
    conv1, conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
    lines = [nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)]
    x, y = normal(64, 1, 28, 28), labels(10, 64)

    def loss_of() -> Tensor:
        seen = conv2(conv1(x).relu().max_pool2d(2)).relu().max_pool2d(2).flatten(1)
        return lines[2](lines[1](lines[0](seen).relu()).relu()).sparse_categorical_crossentropy(y)

    return trainer([conv1, conv2, lines], loss_of)


def transformer() -> Step:
    project, output = nn.Linear(128, 384), nn.Linear(128, 128)
    widen, narrow = nn.Linear(128, 512), nn.Linear(512, 128)
    norm1, norm2 = nn.LayerNorm(128), nn.LayerNorm(128)
    inputs, targets = normal(16, 64, 128), normal(16, 64, 128)

    def loss_of() -> Tensor:
        q, k, v = (part.reshape(16, 64, 4, 32).transpose(1, 2) for part in project(inputs).chunk(3, 2))
        seen = q.scaled_dot_product_attention(k, v).transpose(1, 2).reshape(16, 64, 128)
        x = norm1(inputs + output(seen))
        y = norm2(x + narrow(widen(x).relu()))
        return (y - targets).square().mean()

    return trainer([project, output, widen, narrow, norm1, norm2], loss_of)


class Block:
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        self.conv1, self.bn1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm(outside)
        self.conv2, self.bn2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm(outside)
        self.short: list[Any] = []
        if stride != 1:
            self.short = [nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm(outside)]

    def __call__(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + x.sequential(self.short)).relu()


def resnet18() -> Step:
    stem, norm, last = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm(64), nn.Linear(512, 10)
    blocks = [
        Block(inside, outside, stride)
        for inside, outside, stride in (
            (64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1),
            (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1),
        )
    ]  # fmt: skip
    x, y = normal(16, 3, 32, 32), labels(10, 16)

    def loss_of() -> Tensor:
        seen = norm(stem(x)).relu().sequential(blocks)
        return last(seen.mean((2, 3))).sparse_categorical_crossentropy(y)

    return trainer([stem, norm, blocks, last], loss_of)


def kept(run: Run) -> Step:
    captured = TinyJit(lambda: run().realize())

    def step() -> Tensor:
        result = captured()
        Device[Device.DEFAULT].synchronize()
        return result.flatten()[0]

    return step


def matmul() -> Step:
    x, y = normal(1024, 1024), normal(1024, 1024)
    return kept(lambda: x @ y)


def softmax() -> Step:
    x = normal(4096, 4096)
    return kept(lambda: x.softmax(1))


def chain() -> Step:
    x = normal(1 << 24)

    def run() -> Tensor:
        y = x
        for _ in range(5):
            y = (y * 1.5).tanh()
        return y

    return kept(run)


if __name__ == "__main__":
    Tensor.manual_seed(0)
    serve(lambda name: globals()[name]())
