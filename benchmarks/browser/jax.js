// jax-js on WebGPU: a whole training step, Adam included, is one `jit`. Every use of an array but its last takes a `.ref`.

import { labels, oneHot, RESNET_BLOCKS, uniform } from './numbers.js';

export async function open() {
  const jax = await import('./node_modules/@jax-js/jax/dist/index.js');
  await jax.init('webgpu');
  jax.defaultDevice('webgpu');
  const { numpy: np, nn, tree, lax } = jax;
  const constant = (shape, bound) => np.array(uniform(shape, bound)).reshape(shape);
  const classes = (count, of) => np.array(oneHot(labels(count, of), of)).reshape([count, of]);
  const weight = (...shape) => constant(shape, 1 / Math.sqrt(shape[0]));
  const linear = (inside, outside) => ({ w: weight(inside, outside), b: weight(outside) });
  const apply = ({ w, b }, x) => np.matmul(x, w).add(b);
  const shared = ({ w, b }) => ({ w: w.ref, b: b.ref });
  const crossEntropy = (logits, target) => np.sum(nn.logSoftmax(logits, -1).mul(target), -1).mean().mul(-1);

  /** Adam over the leaves of `parameters`. */
  function training(parameters, inputs, loss) {
    const zeros = () => tree.map((p) => np.zeros(p.shape), parameters);
    let state = [parameters, zeros(), zeros(), np.array(0)];
    const step = jax.jit((p, m, v, t, ...data) => {
      const [value, gradient] = jax.valueAndGrad(loss)(tree.ref(p), ...data);
      const now = t.add(1);
      const [leaves, treedef] = tree.flatten(p);
      const [gs] = tree.flatten(gradient);
      const [ms] = tree.flatten(m);
      const [vs] = tree.flatten(v);
      const moments = gs.map((g, i) => [
        ms[i].mul(0.9).add(g.ref.mul(0.1)),
        vs[i].mul(0.999).add(np.square(g).mul(0.001)),
      ]);
      const first = np.power(0.9, now.ref).mul(-1).add(1);
      const second = np.power(0.999, now.ref).mul(-1).add(1);
      const updated = leaves.map((leaf, i) => {
        const [a, b] = moments[i];
        return leaf.sub(
          a.ref
            .div(first.ref)
            .mul(1e-3)
            .div(np.sqrt(b.ref.div(second.ref)).add(1e-8)),
        );
      });
      first.dispose();
      second.dispose();
      return [
        value,
        tree.unflatten(treedef, updated),
        tree.unflatten(
          treedef,
          moments.map(([a]) => a),
        ),
        tree.unflatten(
          treedef,
          moments.map(([, b]) => b),
        ),
        now,
      ];
    });
    return () => {
      const [value, ...after] = step(...state, ...inputs.map((input) => input.ref));
      state = after;
      return value;
    };
  }

  const kept = (run, ...inputs) => {
    const compiled = jax.jit(run);
    return async () => {
      const result = compiled(...inputs.map((input) => input.ref));
      await result.blockUntilReady();
      return result;
    };
  };

  const steps = {
    mlp() {
      const parameters = { first: linear(784, 256), second: linear(256, 10) };
      const inputs = [constant([64, 784]), classes(64, 10)];
      return training(parameters, inputs, ({ first, second }, x, y) =>
        crossEntropy(apply(second, nn.relu(apply(first, x))), y),
      );
    },
    rnn_loop() {
      const parameters = { input: linear(128, 128), memory: linear(128, 128), output: linear(128, 64) };
      const inputs = [constant([32, 32, 128]), classes(1024, 64)];
      return training(parameters, inputs, ({ input, memory, output }, xs, y) => {
        let h = np.zeros([32, 128]);
        const memories = [];
        for (let t = 0; t < 32; t++) {
          const x = xs.ref.slice(t);
          h = np.tanh(apply(shared(input), x).add(apply(shared(memory), h)));
          memories.push(h.ref);
        }
        tree.dispose([xs, input, memory, h]);
        return crossEntropy(apply(output, np.concatenate(memories)), y);
      });
    },
    gru() {
      const gates = () => [linear(128, 128), linear(128, 128), linear(128, 128)];
      const parameters = { input: gates(), memory: gates(), output: linear(128, 64) };
      const inputs = [constant([32, 32, 128]), classes(1024, 64)];
      return training(parameters, inputs, ({ input, memory, output }, xs, y) => {
        let h = np.zeros([32, 128]);
        const memories = [];
        for (let t = 0; t < 32; t++) {
          const x = xs.ref.slice(t);
          const [xr, xz, xn] = input.map((gate) => apply(shared(gate), x.ref));
          const [hr, hz, hn] = memory.map((gate) => apply(shared(gate), h.ref));
          x.dispose();
          const r = nn.sigmoid(xr.add(hr));
          const z = nn.sigmoid(xz.add(hz));
          const n = np.tanh(xn.add(r.mul(hn)));
          h = n.ref.add(z.mul(h.sub(n)));
          memories.push(h.ref);
        }
        tree.dispose([xs, input, memory, h]);
        return crossEntropy(apply(output, np.concatenate(memories)), y);
      });
    },
    lenet() {
      const filter = (outside, inside) => ({
        w: constant([outside, inside, 5, 5], 0.2),
        b: constant([1, outside, 1, 1], 0.1),
      });
      const parameters = {
        c1: filter(6, 1),
        c2: filter(16, 6),
        l1: linear(400, 120),
        l2: linear(120, 84),
        l3: linear(84, 10),
      };
      const pool = (x) => {
        const [n, c, height, width] = x.shape;
        return np.max(x.reshape([n, c, height / 2, 2, width / 2, 2]), [3, 5]);
      };
      const convolve = ({ w, b }, x, padding) => lax.conv(x, w, [1, 1], padding).add(b);
      const inputs = [constant([64, 1, 28, 28]), classes(64, 10)];
      return training(parameters, inputs, ({ c1, c2, l1, l2, l3 }, x, y) => {
        const a = pool(nn.relu(convolve(c1, x, 'SAME')));
        const b = pool(nn.relu(convolve(c2, a, 'VALID'))).reshape([64, 400]);
        return crossEntropy(apply(l3, nn.relu(apply(l2, nn.relu(apply(l1, b))))), y);
      });
    },
    resnet18() {
      const filter = (outside, inside, side) =>
        constant([outside, inside, side, side], 1 / Math.sqrt(inside * side * side));
      const affine = (channels) => ({ scale: np.ones([1, channels, 1, 1]), shift: np.zeros([1, channels, 1, 1]) });
      const unit = (inside, outside, side) => ({ w: filter(outside, inside, side), norm: affine(outside) });
      const same = [
        [1, 1],
        [1, 1],
      ];
      const convolve = ({ w, norm: { scale, shift } }, x, stride, padding) =>
        nn
          .standardize(lax.conv(x, w, [stride, stride], padding), [0, 2, 3])
          .mul(scale)
          .add(shift);
      const parameters = {
        stem: unit(3, 64, 3),
        blocks: RESNET_BLOCKS.map(([inside, outside, stride]) => ({
          first: unit(inside, outside, 3),
          second: unit(outside, outside, 3),
          ...(stride === 1 ? {} : { short: unit(inside, outside, 1) }),
        })),
        head: linear(512, 10),
      };
      const inputs = [constant([16, 3, 32, 32]), classes(16, 10)];
      return training(parameters, inputs, ({ stem, blocks, head }, x, y) => {
        let h = nn.relu(convolve(stem, x, 1, same));
        blocks.forEach(({ first, second, short }, i) => {
          const stride = RESNET_BLOCKS[i][2];
          const seen = convolve(second, nn.relu(convolve(first, h.ref, stride, same)), 1, same);
          h = nn.relu(seen.add(short ? convolve(short, h, stride, 'VALID') : h));
        });
        return crossEntropy(apply(head, np.mean(h, [2, 3])), y);
      });
    },
    transformer() {
      const parameters = {
        query: linear(128, 128),
        key: linear(128, 128),
        value: linear(128, 128),
        out: linear(128, 128),
        wide: linear(128, 512),
        narrow: linear(512, 128),
        norm1: { scale: np.ones([128]), shift: np.zeros([128]) },
        norm2: { scale: np.ones([128]), shift: np.zeros([128]) },
      };
      const norm = ({ scale, shift }, x) => nn.standardize(x, -1).mul(scale).add(shift);
      const heads = (rows) => rows.reshape([16, 64, 4, 32]);
      const inputs = [constant([1024, 128]), constant([1024, 128])];
      return training(parameters, inputs, ({ query, key, value, out, wide, narrow, norm1, norm2 }, x, y) => {
        const seen = nn.dotProductAttention(
          heads(apply(query, x.ref)),
          heads(apply(key, x.ref)),
          heads(apply(value, x.ref)),
        );
        const a = norm(norm1, x.add(apply(out, seen.reshape([1024, 128]))));
        const b = norm(norm2, a.ref.add(apply(narrow, nn.relu(apply(wide, a)))));
        return np.mean(np.square(b.sub(y)));
      });
    },
    matmul: () => kept((x, y) => np.matmul(x, y), constant([1024, 1024]), constant([1024, 1024])),
    softmax: () => kept((x) => nn.softmax(x, -1), constant([4096, 4096])),
    chain: () =>
      kept(
        (x) => {
          let y = x;
          for (let i = 0; i < 5; i++) y = np.tanh(y.mul(1.5));
          return y;
        },
        constant([1 << 24]),
      ),
  };
  return {
    steps,
    drop: (loss) => loss.dispose(),
    number: async (loss) => (loss.shape.length === 0 ? (await loss.data())[0] : 0),
  };
}
