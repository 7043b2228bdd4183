import { describe, expect, it } from 'vitest';
import { arrange, placesOf } from './arrange';
import { dynamic, ladder, recurrent } from './fixtures/graphs';
import { buildHierarchy } from './hierarchy';
import type { Box } from './scene';
import { type Depth, openGroups } from './visible';

function sceneOf(event: ReturnType<typeof recurrent>, depth: Depth = 'auto', places = new Map<string, number>()) {
  const hierarchy = buildHierarchy(event);
  return arrange(hierarchy, openGroups(hierarchy.root, depth, new Map()), places);
}

const contains = (frame: Box, box: Box) =>
  box.x >= frame.x - 0.01 &&
  box.y >= frame.y - 0.01 &&
  box.x + box.width <= frame.x + frame.width + 0.01 &&
  box.y + box.height <= frame.y + frame.height + 0.01;

const apart = (a: Box, b: Box) =>
  a.x + a.width <= b.x + 0.01 ||
  b.x + b.width <= a.x + 0.01 ||
  a.y + a.height <= b.y + 0.01 ||
  b.y + b.height <= a.y + 0.01;

describe('arrange', () => {
  it('shows a recurrent network folded: layers, one loop "× 32", and the loss', () => {
    const scene = sceneOf(recurrent(32));
    const titles = scene.boxes.filter((box) => box.kind !== 'frame').map((box) => `${box.title} ${box.times}`.trim());
    expect(titles).toContain('i2h · h2h · add · tanh × 32');
    expect(titles).toContain('h2o');
    expect(scene.boxes.filter((box) => box.kind === 'loss').map((box) => box.title)).toEqual(['nll_loss']);
    expect(scene.boxes.length).toBeLessThan(12);
  });

  it.each([
    ['recurrent', recurrent(5)],
    ['dynamic', dynamic(3)],
    ['ladder', ladder(60)],
  ])('keeps boxes apart or inside one another, unfolded: %s', (_, event) => {
    const { boxes } = sceneOf(event, 'unfolded');
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const nested = a.kind === 'frame' && contains(a, b);
        expect(nested || apart(a, b), `${a.key} and ${b.key}`).toBe(true);
      }
    });
  });

  it('draws a curve from every op to its user', () => {
    const event = dynamic(2);
    const scene = sceneOf(event, 'unfolded');
    const { ops } = buildHierarchy(event);
    for (const op of ops) {
      for (const input of event.nodes[op.node]?.[2] ?? []) {
        if (input < 0) continue;
        const source = ops[input]?.key;
        expect(scene.curves.some((curve) => curve.from.includes(source ?? '') && curve.to.includes(op.key))).toBe(true);
      }
    }
  });

  it('joins the pieces of a curve at the borders that it crosses', () => {
    const scene = sceneOf(dynamic(2), 'unfolded');
    const ends = (path: string) => {
      const numbers = path.match(/-?[\d.]+/g)?.map(Number) ?? [];
      return { start: numbers.slice(0, 2).join(), end: numbers.slice(-2).join() };
    };
    const starts = new Set(scene.curves.map((curve) => `${curve.value} ${ends(curve.path).start}`));
    for (const curve of scene.curves.filter((each) => !each.arrives)) {
      expect(starts, curve.key).toContain(`${curve.value} ${ends(curve.path).end}`);
    }
  });

  it('leads many edges to one box as one line', () => {
    const scene = sceneOf(recurrent(12), 'unfolded');
    const loop = scene.boxes.find((box) => box.times === '× 12');
    const stack = scene.boxes.find((box) => box.title === 'stack');
    const leaving = scene.curves.filter((curve) => curve.arrives && curve.to.includes(stack?.key ?? ''));
    expect(leaving).toHaveLength(1);
    expect(leaving[0]?.from).toHaveLength(12);
    expect(loop?.width).toBeLessThan(900);
  });

  it('has a leaf for each use of a shared parameter', () => {
    const scene = sceneOf(dynamic(3), 'unfolded');
    expect(scene.boxes.filter((box) => box.title === 'middle.weight')).toHaveLength(3);
  });

  it('keeps boxes where they were when the same graph comes again', () => {
    const first = sceneOf(dynamic(3));
    const second = sceneOf(dynamic(3), 'auto', placesOf(first));
    expect(second.boxes.map(({ key, x, y }) => ({ key, x: Math.round(x), y: Math.round(y) }))).toEqual(
      first.boxes.map(({ key, x, y }) => ({ key, x: Math.round(x), y: Math.round(y) })),
    );
  });

  it('arranges an unfolded network of 500 ops', () => {
    expect(sceneOf(recurrent(100), 'unfolded').boxes.length).toBeGreaterThan(900);
  });
});
