// TensorFlow.js, on its `webgpu` or `wasm` backend. Layers are written with its operations, images channels last, as it prefers.

import { labels, oneHot, RESNET_BLOCKS, uniform } from './numbers.js';

async function script(address) {
  await new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement('script'), { src: address, onload: resolve, onerror: reject });
    document.head.append(element);
  });
}

export async function open(backend) {
  const scope = './node_modules/@tensorflow/';
  await script(`${scope}tfjs/dist/tf.min.js`);
  await script(`${scope}tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  const tf = globalThis.tf;
  if (backend === 'wasm') tf.wasm.setWasmPaths(`${scope}tfjs-backend-wasm/dist/`);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} here`);
  await tf.ready();

  let variables = [];
  const constant = (shape, bound) => tf.keep(tf.tensor(uniform(shape, bound), shape));
  const weight = (...shape) => {
    const made = tf.variable(tf.tensor(uniform(shape, 1 / Math.sqrt(shape[0])), shape));
    variables.push(made);
    return made;
  };
  const filled = (shape, value) => {
    const made = tf.variable(tf.fill(shape, value));
    variables.push(made);
    return made;
  };
  const linear = (inside, outside) => {
    const [w, b] = [weight(inside, outside), weight(outside)];
    return (x) => x.matMul(w).add(b);
  };
  const convolution = (kernel, inside, outside, stride, padding, bias = true) => {
    const w = tf.variable(
      tf.tensor(uniform([kernel, kernel, inside, outside], 0.1), [kernel, kernel, inside, outside]),
    );
    variables.push(w);
    const b = bias ? weight(outside) : null;
    return (x) => {
      const y = tf.conv2d(x, w, stride, padding);
      return b ? y.add(b) : y;
    };
  };
  const batchNorm = (channels) => {
    const [scale, shift] = [filled([channels], 1), filled([channels], 0)];
    return (x) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean, variance, shift, scale, 1e-5);
    };
  };
  const layerNorm = (width) => {
    const [scale, shift] = [filled([width], 1), filled([width], 0)];
    return (x) => {
      const { mean, variance } = tf.moments(x, -1, true);
      return x.sub(mean).div(variance.add(1e-5).sqrt()).mul(scale).add(shift);
    };
  };
  const classes = (count, of) => tf.keep(tf.tensor(oneHot(labels(count, of), of), [count, of]));
  const crossEntropy = (logits, target) => tf.losses.softmaxCrossEntropy(target, logits);
  const training = (loss) => {
    const optimizer = tf.train.adam(1e-3);
    return () => tf.tidy(() => optimizer.minimize(loss, true));
  };

  const steps = {
    mlp() {
      const [first, second] = [linear(784, 256), linear(256, 10)];
      const [x, y] = [constant([64, 784]), classes(64, 10)];
      return training(() => crossEntropy(second(first(x).relu()), y));
    },
    rnn_loop() {
      const [input, memory, output] = [linear(128, 128), linear(128, 128), linear(128, 64)];
      const xs = Array.from({ length: 32 }, () => constant([32, 128]));
      const y = classes(1024, 64);
      return training(() => {
        let h = tf.zeros([32, 128]);
        const memories = [];
        for (const x of xs) {
          h = tf.tanh(input(x).add(memory(h)));
          memories.push(h);
        }
        return crossEntropy(output(tf.concat(memories)), y);
      });
    },
    gru() {
      const [input, memory, output] = [linear(128, 384), linear(128, 384), linear(128, 64)];
      const xs = constant([1024, 128]);
      const y = classes(1024, 64);
      return training(() => {
        let h = tf.zeros([32, 128]);
        const memories = [];
        for (const read of tf.split(input(xs), 32)) {
          const [xr, xz, xn] = tf.split(read, 3, 1);
          const [hr, hz, hn] = tf.split(memory(h), 3, 1);
          const [r, z] = [tf.sigmoid(xr.add(hr)), tf.sigmoid(xz.add(hz))];
          const n = tf.tanh(xn.add(r.mul(hn)));
          h = n.add(z.mul(h.sub(n)));
          memories.push(h);
        }
        return crossEntropy(output(tf.concat(memories)), y);
      });
    },
    lenet() {
      const [c1, c2] = [convolution(5, 1, 6, 1, 'same'), convolution(5, 6, 16, 1, 'valid')];
      const [l1, l2, l3] = [linear(400, 120), linear(120, 84), linear(84, 10)];
      const [x, y] = [constant([64, 28, 28, 1]), classes(64, 10)];
      return training(() => {
        const a = tf.maxPool(c1(x).relu(), 2, 2, 'valid');
        const b = tf.maxPool(c2(a).relu(), 2, 2, 'valid').reshape([64, 400]);
        return crossEntropy(l3(l2(l1(b).relu()).relu()), y);
      });
    },
    resnet18() {
      const block = (inside, outside, stride) => {
        const [conv1, norm1] = [convolution(3, inside, outside, stride, 'same', false), batchNorm(outside)];
        const [conv2, norm2] = [convolution(3, outside, outside, 1, 'same', false), batchNorm(outside)];
        const [conv3, norm3] =
          stride === 1 ? [null, null] : [convolution(1, inside, outside, stride, 'same', false), batchNorm(outside)];
        return (x) =>
          norm2(conv2(norm1(conv1(x)).relu()))
            .add(conv3 ? norm3(conv3(x)) : x)
            .relu();
      };
      const [stem, norm] = [convolution(3, 3, 64, 1, 'same', false), batchNorm(64)];
      const blocks = RESNET_BLOCKS.map((sizes) => block(...sizes));
      const head = linear(512, 10);
      const [x, y] = [constant([16, 32, 32, 3]), classes(16, 10)];
      return training(() => {
        let h = norm(stem(x)).relu();
        for (const b of blocks) h = b(h);
        return crossEntropy(head(h.mean([1, 2])), y);
      });
    },
    transformer() {
      const [query, key, value, out] = Array.from({ length: 4 }, () => linear(128, 128));
      const [wide, narrow] = [linear(128, 512), linear(512, 128)];
      const [norm1, norm2] = [layerNorm(128), layerNorm(128)];
      const [x, y] = [constant([1024, 128]), constant([1024, 128])];
      const heads = (rows) => rows.reshape([16, 64, 4, 32]).transpose([0, 2, 1, 3]);
      return training(() => {
        const scores = tf.matMul(heads(query(x)), heads(key(x)), false, true).mul(1 / Math.sqrt(32));
        const seen = tf
          .matMul(tf.softmax(scores), heads(value(x)))
          .transpose([0, 2, 1, 3])
          .reshape([1024, 128]);
        const a = norm1(x.add(out(seen)));
        const b = norm2(a.add(narrow(wide(a).relu())));
        return tf.losses.meanSquaredError(y, b);
      });
    },
    matmul() {
      const [x, y] = [constant([1024, 1024]), constant([1024, 1024])];
      return kept(() => tf.matMul(x, y));
    },
    softmax() {
      const x = constant([4096, 4096]);
      return kept(() => tf.softmax(x));
    },
    chain() {
      const x = constant([1 << 24]);
      return kept(() => {
        let y = x;
        for (let i = 0; i < 5; i++) y = tf.tanh(y.mul(1.5));
        return y;
      });
    },
  };
  const kept = (run) => () => tf.tidy(() => run().flatten().slice([0], [1]));

  return {
    steps,
    drop: (loss) => loss.dispose(),
    number: async (loss) => (await loss.data())[0],
    clear: () => {
      tf.disposeVariables();
      variables = [];
    },
  };
}
