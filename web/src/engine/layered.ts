// A layered drawing of one container: ranks by longest path, orders by barycentre sweeps, positions by least squares.
// Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", 1981.

export interface LayerNode {
  key: string;
  width: number;
  height: number;
  /** Where it was in an earlier drawing; nodes keep their order where they can. */
  hint?: number | undefined;
  /** Ports on the container's border: pinned to the first or the last rank. */
  pin?: 'first' | 'last' | undefined;
}

export interface LayerEdge {
  from: number;
  to: number;
  /** Where it leaves and arrives, from the middle of the node. */
  fromOffset: number;
  toOffset: number;
  /** One of many that arrive together: they join as soon as they meet, as if into a bus. */
  joins?: boolean | undefined;
}

export interface Point {
  x: number;
  y: number;
}

export interface Drawing {
  width: number;
  height: number;
  /** Top left corner of each node. */
  nodes: Point[];
  /** For each edge the points it passes, from the bottom of one node to the top of the other. */
  edges: Point[][];
}

export const GAP_X = 18;
const GAP_Y = 28;
const GAP_PORT = 6;
const GAP_TRUNK = 10;
const SWEEPS = 6;
const ALIGNMENTS = 6;

interface Cell {
  /** Index of the node, or -1 for a trunk: a long edge on its way through a rank. */
  node: number;
  width: number;
  height: number;
  x: number;
  hint: number | undefined;
  above: Link[];
  below: Link[];
}

interface Link {
  cell: Cell;
  /** Offsets from the middle: here, and at the other end. */
  here: number;
  there: number;
}

function rank(nodes: readonly LayerNode[], edges: readonly LayerEdge[]): number[] {
  const ranks: number[] = nodes.map(() => 0);
  const into: number[][] = nodes.map(() => []);
  const outOf: number[][] = nodes.map(() => []);
  for (const { from, to } of edges) {
    into[to]?.push(from);
    outOf[from]?.push(to);
  }
  // Longest path from the top, in topological order.
  const waiting = into.map((sources) => sources.length);
  const ready = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  const order: number[] = [];
  for (let i = 0; i < ready.length; i++) {
    const at = ready[i] as number;
    order.push(at);
    for (const to of outOf[at] ?? []) {
      ranks[to] = Math.max(ranks[to] as number, (ranks[at] as number) + 1);
      waiting[to] = (waiting[to] as number) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  // What nothing leads to moves down to where it is used, the last of them first.
  for (const at of order.toReversed()) {
    const users = outOf[at] ?? [];
    if ((into[at] ?? []).length > 0 || users.length === 0 || nodes[at]?.pin) continue;
    ranks[at] = Math.min(...users.map((to) => ranks[to] as number)) - 1;
  }
  const inner = ranks.filter((_, index) => nodes[index]?.pin === undefined);
  const first = nodes.some((node) => node.pin === 'first') ? 1 : 0;
  const shift = inner.length > 0 ? first - Math.min(...inner) : 0;
  const last = inner.length > 0 ? Math.max(...inner) + shift + 1 : first;
  return ranks.map((value, index) => {
    const pin = nodes[index]?.pin;
    return pin === 'first' ? 0 : pin === 'last' ? last : value + shift;
  });
}

/** The drawing of nodes, given in the order in which they were made, and of edges that lead from earlier to later ones. */
export function drawLayered(nodes: readonly LayerNode[], edges: readonly LayerEdge[]): Drawing {
  if (nodes.length === 0) return { width: 0, height: 0, nodes: [], edges: [] };
  const ranks = rank(nodes, edges);
  const layers: Cell[][] = Array.from({ length: Math.max(...ranks) + 1 }, () => []);
  const cells: Cell[] = nodes.map((node, index) => ({
    node: index,
    width: node.width,
    height: node.height,
    x: 0,
    hint: node.hint,
    above: [],
    below: [],
  }));
  cells.forEach((cell, index) => {
    layers[ranks[index] as number]?.push(cell);
  });
  const trunks = new Map<string, Cell>();
  const paths = edges.map((edge) => connect(edge, cells, ranks, layers, trunks));
  const filled = layers.filter((layer) => layer.length > 0);
  orderLayers(filled);
  alignLayers(filled);
  return measure(filled, nodes, cells, paths);
}

/**
 * Links an edge's ends through a trunk in each rank between them. Edges that leave a node at one point share trunks from
 * the start, edges that join share them to the end.
 */
function connect(
  edge: LayerEdge,
  cells: Cell[],
  ranks: number[],
  layers: Cell[][],
  trunks: Map<string, Cell>,
): { edge: LayerEdge; through: Cell[] } {
  const source = cells[edge.from] as Cell;
  const target = cells[edge.to] as Cell;
  const shared = edge.joins ? `to ${edge.to}:${edge.toOffset}` : `from ${edge.from}:${edge.fromOffset}`;
  const through: Cell[] = [];
  let previous = source;
  let offset = edge.fromOffset;
  let joined = false;
  for (let at = (ranks[edge.from] as number) + 1; at < (ranks[edge.to] as number); at++) {
    const key = `${shared}:${at}`;
    let trunk = trunks.get(key);
    if (!trunk) {
      trunk = { node: -1, width: 0, height: 0, x: 0, hint: edge.joins ? undefined : source.hint, above: [], below: [] };
      trunks.set(key, trunk);
      layers[at]?.push(trunk);
      link(previous, offset, trunk, 0);
    } else if (edge.joins && !joined) {
      link(previous, offset, trunk, 0);
      joined = true;
    }
    through.push(trunk);
    previous = trunk;
    offset = 0;
  }
  if (!joined) link(previous, offset, target, edge.toOffset);
  return { edge, through };
}

function link(upper: Cell, upperOffset: number, lower: Cell, lowerOffset: number): void {
  upper.below.push({ cell: lower, here: upperOffset, there: lowerOffset });
  lower.above.push({ cell: upper, here: lowerOffset, there: upperOffset });
}

/** Barycentre sweeps down and up; the order with the fewest crossings is kept. */
function orderLayers(layers: Cell[][]): void {
  const place = new Map<Cell, number>();
  const number = () => {
    for (const layer of layers) for (const [i, cell] of layer.entries()) place.set(cell, i);
  };
  for (const layer of layers) {
    if (layer.some((cell) => cell.hint !== undefined)) {
      layer.sort((a, b) => (a.hint ?? Number.POSITIVE_INFINITY) - (b.hint ?? Number.POSITIVE_INFINITY) || 0);
    }
  }
  number();
  let fewest = crossings(layers, place);
  let best = layers.map((layer) => layer.slice());
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const centre = new Map<Cell, number>();
      for (const [i, cell] of layer.entries()) {
        const links = down ? cell.above : cell.below;
        let sum = 0;
        for (const { cell: other, there } of links) {
          sum += (place.get(other) as number) + there / (other.width + 1);
        }
        centre.set(cell, links.length > 0 ? sum / links.length : i);
      }
      layer.sort((a, b) => (centre.get(a) as number) - (centre.get(b) as number));
      for (const [i, cell] of layer.entries()) place.set(cell, i);
    }
    const count = crossings(layers, place);
    if (count < fewest) {
      fewest = count;
      best = layers.map((layer) => layer.slice());
    }
  }
  for (const [i, layer] of layers.entries()) layer.splice(0, layer.length, ...(best[i] as Cell[]));
}

/** How many pairs of links cross, by counting inversions rank by rank. */
function crossings(layers: Cell[][], place: Map<Cell, number>): number {
  let total = 0;
  for (const layer of layers) {
    const ends: number[] = [];
    for (const cell of layer) {
      const links = cell.below.map(({ cell: other, here, there }) => ({
        start: here,
        end: (place.get(other) as number) + there / (2 * other.width + 1),
      }));
      links.sort((a, b) => a.start - b.start || a.end - b.end);
      for (const { end } of links) ends.push(end);
    }
    total += inversions(ends);
  }
  return total;
}

function inversions(values: number[]): number {
  if (values.length < 2) return 0;
  const middle = values.length >> 1;
  const left = values.slice(0, middle);
  const right = values.slice(middle);
  let count = inversions(left) + inversions(right);
  let i = 0;
  let j = 0;
  for (let k = 0; k < values.length; k++) {
    const a = left[i];
    const b = right[j];
    if (b === undefined || (a !== undefined && a <= b)) {
      values[k] = a as number;
      i++;
    } else {
      values[k] = b;
      j++;
      count += left.length - i;
    }
  }
  return count;
}

/** Positions within the ranks: each rank as near to its neighbours above, then below, as its order and widths allow. */
function alignLayers(layers: Cell[][]): void {
  for (const layer of layers)
    spread(
      layer,
      layer.map((cell) => cell.hint ?? 0),
      layer.map(() => 1),
    );
  for (let pass = 0; pass < ALIGNMENTS; pass++) {
    const down = pass % 2 === 0;
    const last = pass === ALIGNMENTS - 1;
    for (const layer of down ? layers : layers.toReversed()) {
      const wishes: number[] = [];
      const weights: number[] = [];
      for (const cell of layer) {
        // The last pass looks both ways, so that neither end of an edge is left behind.
        const links = last ? [...cell.above, ...cell.below] : down ? cell.above : cell.below;
        let sum = 0;
        let total = 0;
        for (const { cell: other, here, there } of links) {
          // Boxes stand under boxes, and lines run on straight past the boxes where others leave or join them. With
          // equal pulls every rank would lean a little, and a long loop would be drawn as a staircase.
          const alike = other.node < 0 === cell.node < 0;
          const pull = alike ? 1 : 0.002;
          sum += pull * (other.x + there - here);
          total += pull;
        }
        wishes.push(total > 0 ? sum / total : cell.x);
        const straight = cell.node < 0 && links.length > 0 && links.some(({ cell: other }) => other.node < 0);
        weights.push(links.length === 0 ? 0.1 : straight ? 30 : 1 + links.length / 4);
      }
      spread(layer, wishes, weights);
    }
  }
}

function distance(a: Cell, b: Cell): number {
  const gap = a.node < 0 && b.node < 0 ? GAP_TRUNK : GAP_X;
  return a.width / 2 + gap + b.width / 2;
}

/** Middles nearest to the wishes, in order and apart: least squares, by pooling neighbours that would overlap. */
export function spread(layer: Cell[], wishes: number[], weights: number[]): void {
  // With `lead`, the room that the cells before it need, a cell's wish minus its lead need only be in ascending order.
  const blocks: { sum: number; weight: number; count: number }[] = [];
  let lead = 0;
  const leads: number[] = [];
  for (const [i, cell] of layer.entries()) {
    if (i > 0) lead += distance(layer[i - 1] as Cell, cell);
    leads.push(lead);
    const weight = weights[i] as number;
    let block = { sum: ((wishes[i] as number) - lead) * weight, weight, count: 1 };
    for (
      let before = blocks.at(-1);
      before && before.sum / before.weight > block.sum / block.weight;
      before = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: before.sum + block.sum, weight: before.weight + block.weight, count: before.count + block.count };
    }
    blocks.push(block);
  }
  let i = 0;
  for (const block of blocks) {
    for (let k = 0; k < block.count; k++, i++) (layer[i] as Cell).x = block.sum / block.weight + (leads[i] as number);
  }
}

function measure(
  layers: Cell[][],
  nodes: readonly LayerNode[],
  cells: Cell[],
  paths: { edge: LayerEdge; through: Cell[] }[],
): Drawing {
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  const tops = new Map<Cell, number>();
  const bottoms = new Map<Cell, number>();
  let y = 0;
  // Ports lie close to what is drawn: there is nothing to tell apart on the way to them.
  const portsOnly = layers.map((layer) => layer.every((cell) => cell.node >= 0 && nodes[cell.node]?.pin !== undefined));
  const gapAfter = (index: number) =>
    index === layers.length - 1 ? 0 : portsOnly[index] || portsOnly[index + 1] ? GAP_PORT : GAP_Y;
  for (const [index, layer] of layers.entries()) {
    const height = Math.max(...layer.map((cell) => cell.height));
    for (const cell of layer) {
      left = Math.min(left, cell.x - cell.width / 2);
      right = Math.max(right, cell.x + cell.width / 2);
      // Trunks run through the whole rank; leaves hang at its bottom, near their users.
      const top = cell.node < 0 ? y : y + (height - cell.height) / 2;
      tops.set(cell, top);
      bottoms.set(cell, cell.node < 0 ? y + height : top + cell.height);
    }
    y += height + gapAfter(index);
  }
  const edges = paths.map(({ edge, through }) => {
    const source = cells[edge.from] as Cell;
    const target = cells[edge.to] as Cell;
    const points: Point[] = [{ x: source.x + edge.fromOffset - left, y: bottoms.get(source) as number }];
    for (const trunk of through) {
      points.push({ x: trunk.x - left, y: tops.get(trunk) as number });
      if (bottoms.get(trunk) !== tops.get(trunk)) points.push({ x: trunk.x - left, y: bottoms.get(trunk) as number });
    }
    points.push({ x: target.x + edge.toOffset - left, y: tops.get(target) as number });
    return points;
  });
  return {
    width: right - left,
    height: y,
    nodes: cells.map((cell) => ({ x: cell.x - cell.width / 2 - left, y: tops.get(cell) as number })),
    edges,
  };
}
