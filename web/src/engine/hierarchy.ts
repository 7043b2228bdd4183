// An iteration's graph as a tree: ops inside module calls, and stretches that repeat folded into one group "× n".
import type { Call, GraphEvent, Leaf, Site } from '../../worker/messages';
import { foldRepeats } from './repeats';

export interface Op {
  kind: 'op';
  key: string;
  /** Its number in the event. */
  node: number;
  site: Site;
  leaves: Leaf[];
  parent: Group;
}

export interface Group {
  kind: 'root' | 'call' | 'repeat' | 'iteration';
  key: string;
  /** What it is called: a module's path, "× 32", "t = 3". */
  label: string;
  /** A module's class. */
  type: string;
  children: Item[];
  parent: Group | null;
  /** How many ops are in it, at any depth. */
  size: number;
}

export type Item = Op | Group;

export interface Hierarchy {
  root: Group;
  /** By number in the event. */
  ops: Op[];
  event: GraphEvent;
}

interface Draft {
  call: number;
  children: (number | Draft)[];
}

/** The calls with what they hold, in the order in which it was made. Calls are numbered callers first. */
function nest(event: GraphEvent): Draft {
  const root: Draft = { call: -1, children: [] };
  const drafts = new Map<number, Draft>([[-1, root]]);
  const draftOf = (call: number): Draft => {
    const known = drafts.get(call);
    if (known) return known;
    const made: Draft = { call, children: [] };
    drafts.set(call, made);
    draftOf(event.calls[call]?.parent ?? -1).children.push(made);
    return made;
  };
  event.nodes.forEach(([, call], node) => {
    draftOf(call).children.push(node);
  });
  return root;
}

export function callLabel(call: Call): string {
  return call.path || call.type;
}

/** The ops of a draft, in order. */
function numbersIn(draft: number | Draft): number[] {
  return typeof draft === 'number' ? [draft] : draft.children.flatMap(numbersIn);
}

/**
 * Whether ops b do one round later what ops a do, which are of the same structure: each input is the same one, or made so many
 * ops before. So a loop folds, and the joints of a tree do not. What the first round is given from outside, the next
 * may be given by the first.
 */
function continues(event: GraphEvent, a: number[], b: number[], first: boolean): boolean {
  const begin = a[0] ?? 0;
  return b.every((later, i) => {
    const earlier = a[i] as number;
    const given = event.nodes[later]?.[2] ?? [];
    const before = event.nodes[earlier]?.[2] ?? [];
    return given.every((input, k) => {
      const same = before[k];
      if (same === undefined) return false;
      if (input === same || (input >= 0 && same >= 0 && later - input === earlier - same)) return true;
      return first && same < begin && input >= begin;
    });
  });
}

export function buildHierarchy(event: GraphEvent): Hierarchy {
  const ops: Op[] = new Array(event.nodes.length);
  const signatures = new Map<string, number>();
  const signatureOf = (text: string): number => {
    const known = signatures.get(text);
    if (known !== undefined) return known;
    signatures.set(text, signatures.size);
    return signatures.size - 1;
  };
  const drafted = new Map<number | Draft, number>();

  /** A number that two children share exactly when they have the same structure. */
  const sign = (child: number | Draft): number => {
    let signature = drafted.get(child);
    if (signature === undefined) {
      if (typeof child === 'number') signature = signatureOf(`op ${event.nodes[child]?.[0]}`);
      else {
        const call = event.calls[child.call];
        signature = signatureOf(`call ${call?.path}:${call?.type}(${child.children.map(sign).join(',')})`);
      }
      drafted.set(child, signature);
    }
    return signature;
  };

  const newGroup = (kind: Group['kind'], key: string, label: string, type: string, parent: Group | null): Group => ({
    kind,
    key,
    label,
    type,
    parent,
    children: [],
    size: 0,
  });

  // Ops and calls are numbered within their call, not within a repetition, so that a loop that runs once more or once less
  // keeps the keys of what it did before.
  const fill = (group: Group, children: (number | Draft)[], callKey: string, seen: Map<string, number>): void => {
    const unique = (name: string): string => {
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return count === 0 ? `${callKey}/${name}` : `${callKey}/${name}#${count}`;
    };
    const same = (i: number, j: number, first: boolean): boolean => {
      const [a, b] = [children[i] as number | Draft, children[j] as number | Draft];
      return sign(a) === sign(b) && continues(event, numbersIn(a), numbersIn(b), first);
    };
    for (const run of foldRepeats(children.length, same)) {
      if (run.count === 1) {
        for (const child of children.slice(run.start, run.start + run.period)) place(group, child, unique);
        continue;
      }
      const first = children[run.start] as number | Draft;
      const repeat = newGroup('repeat', unique(`×${nameOf(first)}`), `× ${run.count}`, '', group);
      group.children.push(repeat);
      for (let t = 0; t < run.count; t++) {
        const start = run.start + t * run.period;
        const body = children.slice(start, start + run.period);
        if (run.period === 1) {
          place(repeat, body[0] as number | Draft, unique);
          continue;
        }
        const iteration = newGroup('iteration', `${repeat.key}[${t}]`, `${t}`, '', repeat);
        repeat.children.push(iteration);
        fill(iteration, body, callKey, seen);
        repeat.size += iteration.size;
      }
      if (run.period === 1) repeat.size = repeat.children.reduce((sum, child) => sum + sizeOf(child), 0);
    }
    if (group.kind !== 'repeat') group.size = group.children.reduce((sum, child) => sum + sizeOf(child), 0);
  };

  const nameOf = (child: number | Draft): string => {
    if (typeof child !== 'number') return callLabel(event.calls[child.call] as Call);
    const site = siteOf(child);
    return `${site.op}@${site.line}:${site.column}`;
  };

  const siteOf = (node: number): Site => event.sites[event.nodes[node]?.[0] ?? 0] as Site;

  const place = (group: Group, child: number | Draft, unique: (name: string) => string): void => {
    const key = unique(nameOf(child));
    if (typeof child === 'number') {
      const inputs = event.nodes[child]?.[2] ?? [];
      const leaves = inputs.filter((input) => input < 0).map((input) => event.leaves[-1 - input] as Leaf);
      const op: Op = { kind: 'op', key, node: child, site: siteOf(child), leaves, parent: group };
      ops[child] = op;
      group.children.push(op);
      return;
    }
    const call = event.calls[child.call] as Call;
    const made = newGroup('call', key, callLabel(call), call.type, group);
    group.children.push(made);
    fill(made, child.children, key, new Map());
  };

  const root = newGroup('root', '', '', '', null);
  fill(root, nest(event).children, '', new Map());
  return { root, ops, event };
}

export function sizeOf(item: Item): number {
  return item.kind === 'op' ? 1 : item.size;
}

/** All ops in an item. */
export function opsIn(item: Item): Op[] {
  return item.kind === 'op' ? [item] : item.children.flatMap(opsIn);
}
