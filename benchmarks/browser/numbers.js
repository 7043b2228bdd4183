// Numbers for the inputs and weights of all contestants written in JavaScript. Values do not matter to the time a step takes; that
// they repeat does to whoever looks for a fault.

let state = 1;

/** In [0, 1). */
function next() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

export const size = (shape) => shape.reduce((a, b) => a * b, 1);

/** A Float32Array of numbers between -bound and bound. */
export function uniform(shape, bound = 1) {
  return Float32Array.from({ length: size(shape) }, () => (2 * next() - 1) * bound);
}

/** An Int32Array of classes. */
export function labels(count, classes) {
  return Int32Array.from({ length: count }, () => Math.floor(next() * classes));
}

/** Classes as rows of zeros with a one. */
export function oneHot(classes, of) {
  const rows = new Float32Array(classes.length * of);
  classes.forEach((label, row) => {
    rows[row * of + label] = 1;
  });
  return rows;
}

/** The blocks of ResNet-18: channels in, channels out, stride. */
export const RESNET_BLOCKS = [
  [64, 64, 1],
  [64, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
  [128, 256, 2],
  [256, 256, 1],
  [256, 512, 2],
  [512, 512, 1],
];
