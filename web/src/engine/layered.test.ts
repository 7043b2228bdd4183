import { describe, expect, it } from 'vitest';
import { drawLayered, type LayerEdge, type LayerNode } from './layered';

const box = (key: string, more: Partial<LayerNode> = {}): LayerNode => ({ key, width: 60, height: 40, ...more });
const edge = (from: number, to: number): LayerEdge => ({ from, to, fromOffset: 0, toOffset: 0 });

function overlaps(nodes: LayerNode[], places: { x: number; y: number }[]): string[] {
  const found: string[] = [];
  nodes.forEach((a, i) => {
    nodes.slice(i + 1).forEach((b, k) => {
      const p = places[i] ?? { x: 0, y: 0 };
      const q = places[i + 1 + k] ?? { x: 0, y: 0 };
      const apart = p.x + a.width <= q.x || q.x + b.width <= p.x || p.y + a.height <= q.y || q.y + b.height <= p.y;
      if (!apart) found.push(`${a.key} ${b.key}`);
    });
  });
  return found;
}

describe('drawLayered', () => {
  it('draws a chain straight down', () => {
    const drawing = drawLayered([box('a'), box('b', { width: 100 }), box('c')], [edge(0, 1), edge(1, 2)]);
    const middles = drawing.nodes.map((place, i) => place.x + [60, 100, 60][i]! / 2);
    expect(new Set(middles.map(Math.round)).size).toBe(1);
    expect(drawing.nodes[0]!.y).toBeLessThan(drawing.nodes[1]!.y);
    expect(drawing.nodes[1]!.y).toBeLessThan(drawing.nodes[2]!.y);
  });

  it('keeps boxes apart', () => {
    const nodes = Array.from({ length: 40 }, (_, i) => box(`${i}`, { width: 30 + ((i * 37) % 90) }));
    const edges = nodes.slice(1).flatMap((_, i) => [edge(i >> 1, i + 1), edge(i >> 2, i + 1)]);
    const drawing = drawLayered(nodes, edges);
    expect(overlaps(nodes, drawing.nodes)).toEqual([]);
    for (const [i, { x }] of drawing.nodes.entries()) {
      expect(x).toBeGreaterThanOrEqual(-1e-6);
      expect(x + nodes[i]!.width).toBeLessThanOrEqual(drawing.width + 1e-6);
    }
  });

  it('uncrosses edges that need not cross', () => {
    // a → d, b → c, with c made before d.
    const drawing = drawLayered([box('a'), box('b'), box('c'), box('d')], [edge(0, 3), edge(1, 2)]);
    const [a, b, c, d] = drawing.nodes;
    expect(Math.sign(a!.x - b!.x)).toBe(Math.sign(d!.x - c!.x));
  });

  it('leads a long edge around the boxes between', () => {
    const drawing = drawLayered([box('a'), box('b'), box('c')], [edge(0, 1), edge(1, 2), edge(0, 2)]);
    const long = drawing.edges[2]!;
    const b = drawing.nodes[1]!;
    const passing = long.filter((point) => point.y > b.y - 1 && point.y < b.y + 41);
    expect(passing.length).toBeGreaterThan(0);
    for (const { x } of passing) expect(x < b.x || x > b.x + 60).toBe(true);
  });

  it('brings a leaf down to where it is used', () => {
    const drawing = drawLayered([box('a'), box('b'), box('leaf'), box('c')], [edge(0, 1), edge(1, 3), edge(2, 3)]);
    expect(drawing.nodes[2]!.y).toBe(drawing.nodes[1]!.y);
  });

  it('keeps the order that nodes had', () => {
    const nodes = [box('top'), box('l', { hint: 500 }), box('r', { hint: 100 })];
    const drawing = drawLayered(nodes, [edge(0, 1), edge(0, 2)]);
    expect(drawing.nodes[1]!.x).toBeGreaterThan(drawing.nodes[2]!.x);
  });

  it('pins ports to the border', () => {
    const nodes = [box('in', { height: 0, pin: 'first' }), box('a'), box('b'), box('out', { height: 0, pin: 'last' })];
    const drawing = drawLayered(nodes, [edge(0, 2), edge(1, 2), edge(1, 3)]);
    const ys = drawing.nodes.map((place) => place.y);
    expect(ys[0]).toBe(Math.min(...ys));
    expect(ys[3]).toBe(Math.max(...ys));
  });

  it('draws 500 nodes', () => {
    const nodes = Array.from({ length: 500 }, (_, i) => box(`${i}`));
    const edges = nodes.slice(2).flatMap((_, i) => [edge(i, i + 2), edge(i + 1, i + 2)]);
    expect(drawLayered(nodes, edges).nodes.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
  });
});
