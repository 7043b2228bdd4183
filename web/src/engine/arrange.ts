// From a graph and what is open in it to a scene: every open group is drawn by itself, then stands as one node in the
// group around it. Edges cross a group's border through ports, one for each value that passes.
import type { Group, Hierarchy, Item, Op } from './hierarchy';
import { opsIn } from './hierarchy';
import { drawLayered, type LayerEdge, type LayerNode, type Point } from './layered';
import { type Box, type BoxKind, type Curve, curveThrough, type Scene } from './scene';

const HEADER = 26;
const PADDING = 10;
const BOX_HEIGHT = 38;
const PILL_HEIGHT = 22;
const MARGIN = 12;
/** So many edges that arrive at one box are drawn as one line with many beginnings. */
const MANY = 7;
// A monospaced font, so that text can be measured where there is no page.
const TITLE_ADVANCE = 7.5;
const DETAIL_ADVANCE = 6.3;
const PILL_ADVANCE = 6.3;

/** Middles of boxes in the last scene, by key: what is still there keeps its place in the order. */
export type Places = ReadonlyMap<string, number>;

interface Part {
  key: string;
  width: number;
  height: number;
  box: Omit<Box, 'x' | 'y'>;
  /** Of an open group. */
  inside: Inside | null;
}

interface Inside {
  width: number;
  height: number;
  parts: Part[];
  places: Point[];
  curves: { points: Point[]; value: string; from: Set<string>; to: Set<string>; arrives: boolean; key: string }[];
  /** Offset of each value's port from the group's middle. */
  entries: Map<string, number>;
  exits: Map<string, number>;
}

/**
 * An edge inside one container. An end is a child's key, or null for the container's port of that value. A value is named
 * by the box that it comes from; many that go to one box are one value, named by that box, so that they share ports.
 */
interface Link {
  value: string;
  joins: boolean;
  sources: Set<string>;
  from: string | null;
  to: string | null;
  targets: Set<string>;
}

export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}

export function arrange(hierarchy: Hierarchy, open: ReadonlySet<string>, places: Places): Scene {
  const links = collectLinks(hierarchy, open);
  const inside = drawInside(hierarchy.root, hierarchy, open, places, links, 0);
  const scene: Scene = {
    width: 0,
    height: 0,
    boxes: [],
    curves: [],
    hash: hierarchy.event.hash,
    step: hierarchy.event.step,
  };
  emit(inside, MARGIN, MARGIN, scene);
  scene.width = Math.max(0, ...scene.boxes.map((box) => box.x + box.width)) + MARGIN;
  scene.height = Math.max(0, ...scene.boxes.map((box) => box.y + box.height)) + MARGIN;
  return scene;
}

/** The closed group around an op, or the op itself: what of it can be seen. */
function seenAs(op: Op, open: ReadonlySet<string>): Item {
  let seen: Item = op;
  for (let group: Group | null = op.parent; group && group.kind !== 'root'; group = group.parent) {
    if (!open.has(group.key)) seen = group;
  }
  return seen;
}

function containers(item: Item): Group[] {
  const path: Group[] = [];
  for (let group = item.parent; group; group = group.parent) path.push(group);
  return path.reverse();
}

/** Cuts every edge between two visible items into one link per container that it passes. */
function collectLinks(hierarchy: Hierarchy, open: ReadonlySet<string>): Map<string, Map<string, Link>> {
  const byContainer = new Map<string, Map<string, Link>>();
  const add = (
    container: Group,
    joins: boolean,
    source: string,
    from: string | null,
    to: string | null,
    target: string,
  ) => {
    let links = byContainer.get(container.key);
    if (!links) byContainer.set(container.key, (links = new Map()));
    const value = joins ? `→ ${target}` : source;
    const key = `${value}\n${from ?? ''}\n${to ?? ''}`;
    const known = links.get(key);
    if (known) {
      known.sources.add(source);
      known.targets.add(target);
    } else links.set(key, { value, joins, sources: new Set([source]), from, to, targets: new Set([target]) });
  };
  const seen = hierarchy.ops.map((op) => seenAs(op, open));
  const sourcesOf = new Map<Item, Set<Item>>();
  hierarchy.event.nodes.forEach(([, , inputs], node) => {
    const target = seen[node] as Item;
    let sources = sourcesOf.get(target);
    if (!sources) sourcesOf.set(target, (sources = new Set()));
    for (const input of inputs) {
      const source = input < 0 ? undefined : seen[input];
      if (source && source !== target) sources.add(source);
    }
  });
  const paths = new Map<string, Group[]>();
  const pathOf = (item: Item): Group[] => {
    let path = paths.get(item.key);
    if (!path) paths.set(item.key, (path = containers(item)));
    return path;
  };
  hierarchy.event.nodes.forEach(([, , inputs], node) => {
    const target = seen[node];
    for (const input of inputs) {
      const source = input < 0 ? undefined : seen[input];
      if (!source || !target || source === target) continue;
      const joins = (sourcesOf.get(target)?.size ?? 0) >= MANY;
      const above = pathOf(source);
      const below = pathOf(target);
      let common = 0;
      while (common < above.length && above[common] === below[common]) common++;
      const child = (path: Group[], index: number, last: Item) => (path[index] ?? last).key;
      for (let i = above.length - 1; i >= common; i--) {
        add(above[i] as Group, joins, source.key, child(above, i + 1, source), null, target.key);
      }
      add(
        above[common - 1] as Group,
        joins,
        source.key,
        child(above, common, source),
        child(below, common, target),
        target.key,
      );
      for (let i = common; i < below.length; i++) {
        add(below[i] as Group, joins, source.key, null, child(below, i + 1, target), target.key);
      }
    }
  });
  return byContainer;
}

function drawInside(
  container: Group,
  hierarchy: Hierarchy,
  open: ReadonlySet<string>,
  places: Places,
  allLinks: Map<string, Map<string, Link>>,
  depth: number,
): Inside {
  const links = [...(allLinks.get(container.key)?.values() ?? [])];
  const parts: Part[] = [];
  const nodes: LayerNode[] = [];
  const edges: LayerEdge[] = [];
  const described: { link: Link; arrives: boolean; entry: boolean; exit: boolean }[] = [];
  const indexOf = new Map<string, number>();
  const entryOf = new Map<string, number>();
  const exitOf = new Map<string, number>();

  for (const { value, from } of links) {
    if (from === null && !entryOf.has(value)) {
      entryOf.set(value, nodes.length);
      nodes.push({ key: `→${value}`, width: 4, height: 0, pin: 'first', hint: places.get(value) });
    }
  }
  const addPart = (part: Part) => {
    indexOf.set(part.key, nodes.length);
    nodes.push({ key: part.key, width: part.width, height: part.height, hint: places.get(part.key) });
    parts.push(part);
  };
  const firstPart = nodes.length;
  const leafEdges: { from: string; to: string }[] = [];
  for (const child of container.children) {
    if (child.kind === 'op') {
      child.leaves.forEach((_, i) => {
        const pill = leafPart(child, i);
        addPart(pill);
        leafEdges.push({ from: pill.key, to: child.key });
      });
      addPart(opPart(child, hierarchy));
    } else if (open.has(child.key)) addPart(framePart(child, hierarchy, open, places, allLinks, depth + 1));
    else addPart(groupPart(child));
  }
  for (const { value, to } of links) {
    if (to === null && !exitOf.has(value)) {
      exitOf.set(value, nodes.length);
      nodes.push({ key: `${value}→`, width: 4, height: 0, pin: 'last', hint: places.get(value) });
    }
  }
  const part = (index: number): Part | undefined => parts[index - firstPart];
  const connect = (from: number, to: number, link: Link, entry: boolean, exit: boolean) => {
    const below = part(to)?.inside;
    edges.push({
      from,
      to,
      fromOffset: part(from)?.inside?.exits.get(link.value) ?? 0,
      toOffset: below?.entries.get(link.value) ?? 0,
      joins: link.joins,
    });
    described.push({ link, arrives: !below && !exit, entry, exit });
  };
  for (const link of links) {
    const start = link.from === null ? entryOf.get(link.value) : indexOf.get(link.from);
    const end = link.to === null ? exitOf.get(link.value) : indexOf.get(link.to);
    if (start !== undefined && end !== undefined) connect(start, end, link, link.from === null, link.to === null);
  }
  for (const { from, to } of leafEdges) {
    const ends = { sources: new Set([from]), targets: new Set([to]) };
    const link: Link = { value: from, joins: false, from, to, ...ends };
    connect(indexOf.get(from) as number, indexOf.get(to) as number, link, false, false);
  }

  const drawing = drawLayered(nodes, edges);
  const middle = drawing.width / 2;
  const offsets = (ports: Map<string, number>) =>
    new Map([...ports].map(([value, index]) => [value, (drawing.nodes[index]?.x ?? 0) + 2 - middle]));
  return {
    width: drawing.width,
    height: drawing.height,
    parts,
    places: drawing.nodes.slice(firstPart, firstPart + parts.length),
    curves: drawing.edges.map((points, i) => {
      const { link, arrives, entry, exit } = described[i] as (typeof described)[number];
      const { value, sources, targets } = link;
      const first = points[0] as Point;
      const last = points.at(-1) as Point;
      // Ports lie on the frame's border, beyond its header and padding.
      const drawn = [
        ...(entry ? [{ x: first.x, y: -HEADER }] : []),
        ...points,
        ...(exit ? [{ x: last.x, y: drawing.height + PADDING }] : []),
      ];
      const key = `${container.key}|${value}|${link.from ?? ''}>${link.to ?? ''}`;
      return { points: drawn, value, from: sources, to: targets, arrives, key };
    }),
    entries: offsets(entryOf),
    exits: offsets(exitOf),
  };
}

const unique = (values: number[]) => [...new Set(values)].sort((a, b) => a - b);

function boxWidth(title: string, detail: string, badge = ''): number {
  return (
    Math.max(
      title.length * TITLE_ADVANCE + (badge ? badge.length * DETAIL_ADVANCE + 14 : 0),
      detail.length * DETAIL_ADVANCE,
    ) + 22
  );
}

function makePart(
  item: { key: string },
  kind: BoxKind,
  title: string,
  detail: string,
  times: string,
  lines: number[],
  node: number,
  size: number,
): Part {
  const pill = kind === 'parameter' || kind === 'data';
  const width = pill ? title.length * PILL_ADVANCE + 20 : boxWidth(title, detail, times);
  const height = pill ? PILL_HEIGHT : BOX_HEIGHT;
  const folds = kind === 'group';
  return {
    key: item.key,
    width,
    height,
    inside: null,
    box: { key: item.key, kind, width, height, title, detail, times, lines, node, size, folds, depth: 0 },
  };
}

function opPart(op: Op, hierarchy: Hierarchy): Part {
  const kind = op.node === hierarchy.event.root ? 'loss' : 'op';
  return makePart(op, kind, op.site.op, describePlace(op), '', [op.site.line], op.node, 1);
}

function describePlace(op: Op): string {
  return `${shapeText(op.site.shape)} · line ${op.site.line}`;
}

function leafPart(op: Op, index: number): Part {
  const leaf = op.leaves[index];
  const kind = leaf?.kind === 'parameter' || leaf?.kind === 'leaf' ? 'parameter' : 'data';
  const title = leaf?.name || (leaf?.kind === 'before' ? 'earlier step' : leaf?.kind === 'data' ? 'data' : 'tensor');
  const detail = leaf && leaf.kind !== 'data' && leaf.kind !== 'before' ? shapeText(leaf.shape) : '';
  return makePart({ key: `${op.key}|${index}` }, kind, title, detail, '', [op.site.line], op.node, 0);
}

/** What a group is called: a repetition of one thing by that thing's name, with the number of times beside it. */
export function groupTitle(group: Group): { title: string; times: string } {
  if (group.kind === 'iteration') return { title: `t = ${group.label}`, times: '' };
  if (group.kind === 'repeat') {
    const body = group.children[0];
    const names = body?.kind === 'iteration' ? body.children.map(shortName) : body ? [shortName(body)] : [];
    const shown = names.length > 4 ? [...names.slice(0, 3), '…', names.at(-1) ?? ''] : names;
    return { title: shown.join(' · '), times: group.label };
  }
  return { title: group.label === group.type ? group.type : group.label, times: '' };
}

function shortName(item: Item): string {
  if (item.kind === 'op') return item.site.op;
  return item.kind === 'repeat' ? `(${groupTitle(item).title}) ${item.label}` : item.label;
}

function groupPart(group: Group): Part {
  const ops = opsIn(group);
  const last = ops.at(-1);
  const { title, times } = groupTitle(group);
  const lines = unique(ops.map((op) => op.site.line));
  const range = lines.length > 1 ? `lines ${lines[0]}–${lines.at(-1)}` : `line ${lines[0]}`;
  const type = group.kind === 'call' && group.type !== group.label ? `${group.type} ` : '';
  const detail = last ? `${type}${shapeText(last.site.shape)} · ${range}` : range;
  return makePart(group, 'group', title, detail, times, lines, last?.node ?? -1, ops.length);
}

function framePart(
  group: Group,
  hierarchy: Hierarchy,
  open: ReadonlySet<string>,
  places: Places,
  links: Map<string, Map<string, Link>>,
  depth: number,
): Part {
  const inside = drawInside(group, hierarchy, open, places, links, depth);
  const { title, times } = groupTitle(group);
  const type = group.kind === 'call' && group.type !== group.label ? group.type : '';
  const width = Math.max(inside.width + 2 * PADDING, boxWidth(title, '', times + type) + 24);
  const height = inside.height + HEADER + PADDING;
  const ops = opsIn(group);
  return {
    key: group.key,
    width,
    height,
    inside: { ...inside, places: centred(inside, width), curves: centredCurves(inside, width) },
    box: {
      key: group.key,
      kind: 'frame',
      width,
      height,
      title,
      detail: type,
      times,
      size: ops.length,
      folds: true,
      depth,
      lines: unique(ops.map((op) => op.site.line)),
      node: ops.at(-1)?.node ?? -1,
    },
  };
}

function centred(inside: Inside, width: number): Point[] {
  const shift = (width - inside.width) / 2;
  return inside.places.map(({ x, y }) => ({ x: x + shift, y: y + HEADER }));
}

function centredCurves(inside: Inside, width: number): Inside['curves'] {
  const shift = (width - inside.width) / 2;
  return inside.curves.map((curve) => ({
    ...curve,
    points: curve.points.map(({ x, y }) => ({ x: x + shift, y: y + HEADER })),
  }));
}

/** Boxes and curves with their places in the scene; a frame comes before what is in it. */
function emit(inside: Inside, left: number, top: number, scene: Scene): void {
  inside.parts.forEach((part, i) => {
    const place = inside.places[i] as Point;
    const x = left + place.x;
    const y = top + place.y;
    scene.boxes.push({ ...part.box, x, y });
    if (part.inside) emit(part.inside, x, y, scene);
  });
  for (const { points, value, from, to, arrives, key } of inside.curves) {
    const moved = points.map((point) => ({ x: left + point.x, y: top + point.y }));
    const curve: Curve = { key, path: curveThrough(moved), value, from: [...from], to: [...to], arrives };
    scene.curves.push(curve);
  }
}

/** Middles of the boxes of a scene, to arrange the next one like it. */
export function placesOf(scene: Scene): Map<string, number> {
  return new Map(scene.boxes.map((box) => [box.key, box.x + box.width / 2]));
}
