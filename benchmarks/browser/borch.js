// pyborch's WebGPU runtime, from its wheel: each step recorded once and replayed, its fastest way to train.

import { labels, RESNET_BLOCKS, uniform } from './numbers.js';

export async function open() {
  const borch = await import('./borch/_borch.js');
  await borch.init({ allowSoftware: true });
  const { nn, Tensor } = borch;
  const constant = (shape) => borch.keepAlive(Tensor.from(uniform(shape), shape));
  const classes = (count, of) => borch.keepAlive(Tensor.from(Float32Array.from(labels(count, of)), [count]));
  const parameters = (...modules) => modules.flatMap((module) => [...module.parameters()]);

  function training(modules, inputs, lossOf) {
    const optimizer = new borch.optim.Adam(parameters(...modules), 1e-3);
    const step = borch.compiled((...tensors) => {
      optimizer.zeroGrad();
      const loss = lossOf(...tensors);
      loss.backward();
      optimizer.step();
      return loss;
    });
    return () => step.call(...inputs);
  }

  class Block extends nn.Module {
    constructor(inside, outside, stride) {
      super();
      this.conv1 = new nn.Conv2d(inside, outside, 3, stride, 1, 1, 1, false);
      this.bn1 = new nn.BatchNorm2d(outside);
      this.conv2 = new nn.Conv2d(outside, outside, 3, 1, 1, 1, 1, false);
      this.bn2 = new nn.BatchNorm2d(outside);
      if (stride !== 1) {
        this.short = new nn.Sequential(
          new nn.Conv2d(inside, outside, 1, stride, 0, 1, 1, false),
          new nn.BatchNorm2d(outside),
        );
      }
    }

    forward(x) {
      const y = this.bn2.call(this.conv2.call(this.bn1.forwardRelu(this.conv1.call(x))));
      return y.add(this.short ? this.short.call(x) : x).unary('relu');
    }
  }

  const kept = (run) => async () => {
    let first;
    await borch.scope(
      async () => {
        first = run().reshape([-1]).narrow(0, 0, 1);
      },
      () => [first],
    );
    return first;
  };

  const steps = {
    mlp() {
      const model = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
      return training([model], [constant([64, 784]), classes(64, 10)], (x, y) => model.call(x).crossEntropy(y));
    },
    rnn_loop() {
      const [input, memory, output] = [new nn.Linear(128, 128), new nn.Linear(128, 128), new nn.Linear(128, 64)];
      const inputs = [constant([32, 32, 128]), classes(1024, 64)];
      return training([input, memory, output], inputs, (xs, y) => {
        let h = Tensor.zeros([32, 128]);
        const memories = [];
        for (let t = 0; t < 32; t++) {
          h = input.call(xs.select(0, t)).add(memory.call(h)).unary('tanh');
          memories.push(h);
        }
        return output.call(Tensor.cat(memories, 0)).crossEntropy(y);
      });
    },
    gru() {
      const [read, output] = [new nn.GRU(128, 128), new nn.Linear(128, 64)];
      return training([read, output], [constant([32, 32, 128]), classes(1024, 64)], (xs, y) =>
        output.call(read.call(xs).reshape([1024, 128])).crossEntropy(y),
      );
    },
    lenet() {
      const model = new nn.Sequential(
        new nn.Conv2d(1, 6, 5, 1, 2),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(6, 16, 5),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(400, 120),
        new nn.ReLU(),
        new nn.Linear(120, 84),
        new nn.ReLU(),
        new nn.Linear(84, 10),
      );
      return training([model], [constant([64, 1, 28, 28]), classes(64, 10)], (x, y) => model.call(x).crossEntropy(y));
    },
    resnet18() {
      const model = new nn.Sequential(
        new nn.Conv2d(3, 64, 3, 1, 1, 1, 1, false),
        new nn.BatchNorm2d(64),
        new nn.ReLU(),
        ...RESNET_BLOCKS.map((sizes) => new Block(...sizes)),
        new nn.AdaptiveAvgPool2d(1),
        new nn.Flatten(),
        new nn.Linear(512, 10),
      );
      return training([model], [constant([16, 3, 32, 32]), classes(16, 10)], (x, y) => model.call(x).crossEntropy(y));
    },
    transformer() {
      const model = new nn.TransformerEncoderLayer(128, 4, 512, 0, 'relu', 1e-5, true);
      const inputs = [constant([16, 64, 128]), constant([16, 64, 128])];
      return training([model], inputs, (x, y) => {
        const difference = model.call(x).sub(y);
        return difference.mul(difference).mean();
      });
    },
    matmul() {
      const [x, y] = [constant([1024, 1024]), constant([1024, 1024])];
      return kept(() => x.matmul(y));
    },
    softmax() {
      const x = constant([4096, 4096]);
      return kept(() => x.softmax(1));
    },
    chain() {
      const x = constant([1 << 24]);
      const factor = borch.keepAlive(Tensor.full([], 1.5));
      return kept(() => {
        let y = x;
        for (let i = 0; i < 5; i++) y = y.mul(factor).unary('tanh');
        return y;
      });
    },
  };
  return { steps, number: async (loss) => (await loss.toArray())[0] };
}
