import { describe, expect, it } from 'vitest';
import { dynamic, recurrent, tree } from './fixtures/graphs';
import { buildHierarchy, type Group, type Item, opsIn } from './hierarchy';
import { openGroups } from './visible';

function outline(item: Item, indent = ''): string[] {
  if (item.kind === 'op') return [indent + item.site.op];
  return [`${indent}${item.kind} ${item.label}`, ...item.children.flatMap((child) => outline(child, `${indent}  `))];
}

const find = (group: Group, test: (item: Item) => boolean): Item | undefined => {
  for (const child of group.children) {
    if (test(child)) return child;
    const found = child.kind === 'op' ? undefined : find(child, test);
    if (found) return found;
  }
  return undefined;
};

describe('buildHierarchy', () => {
  it('nests ops in calls and folds the loop of a recurrent network', () => {
    const { root } = buildHierarchy(recurrent(3));
    expect(outline(root).slice(0, 12)).toEqual([
      'root ',
      '  call CharRNN',
      '    call embed',
      '      embedding',
      '    unbind',
      '    repeat × 3',
      '      iteration 0',
      '        call i2h',
      '          linear',
      '        call h2h',
      '          linear',
      '        add',
    ]);
  });

  it('does not take a tree for a loop', () => {
    const { root, ops } = buildHierarchy(tree(16));
    expect(ops.every((op) => op.parent.kind === 'root' || op.parent.kind === 'call')).toBe(true);
    expect(root.children).toHaveLength(2 + 15 * 3);
  });

  it('keeps every op exactly once, with a key of its own', () => {
    const event = recurrent(20);
    const { root, ops } = buildHierarchy(event);
    expect(
      opsIn(root)
        .map((op) => op.node)
        .sort((a, b) => a - b),
    ).toEqual(event.nodes.map((_, i) => i));
    expect(new Set(ops.map((op) => op.key)).size).toBe(event.nodes.length);
    expect(root.size).toBe(event.nodes.length);
  });

  it('gives ops the same keys however often the loop ran', () => {
    const keys = (depth: number) => new Set(buildHierarchy(dynamic(depth)).ops.map((op) => op.key));
    const three = keys(3);
    for (const key of keys(1)) expect(three).toContain(key);
  });

  it('gives each use of a parameter a leaf of its own', () => {
    const uses = buildHierarchy(dynamic(3)).ops.flatMap((op) =>
      op.leaves.filter((leaf) => leaf.name === 'middle.weight'),
    );
    expect(uses).toHaveLength(3);
  });
});

describe('openGroups', () => {
  it('opens what fits and keeps layers and long loops closed', () => {
    const { root } = buildHierarchy(recurrent(32));
    const open = openGroups(root, 'auto', new Map());
    expect([...open]).toEqual(['/CharRNN']);
  });

  it('opens a short loop', () => {
    const { root } = buildHierarchy(dynamic(3));
    const repeat = find(root, (item) => item.kind === 'repeat');
    expect(openGroups(root, 'auto', new Map()).has(repeat?.key ?? '')).toBe(true);
  });

  it('does what the user says, also where the rule says otherwise', () => {
    const { root } = buildHierarchy(recurrent(32));
    const loop = find(root, (item) => item.kind === 'repeat') as Group;
    const open = openGroups(root, 'auto', new Map([[loop.key, true]]));
    expect(open.has(loop.key)).toBe(true);
    expect(openGroups(root, 'auto', new Map([['/CharRNN', false]])).size).toBe(0);
  });

  it('folds and unfolds all', () => {
    const { root } = buildHierarchy(recurrent(4));
    expect(openGroups(root, 'folded', new Map()).size).toBe(0);
    expect(openGroups(root, 'unfolded', new Map()).size).toBe(1 + 1 + 1 + 4 * 3 + 1);
  });
});
