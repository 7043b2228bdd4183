// The graph as a flat list of tree rows: what the keyboard and a screen reader walk.
import { groupTitle, shapeText } from './arrange';
import type { Group, Item } from './hierarchy';
import { opsIn } from './hierarchy';

export interface Row {
  key: string;
  level: number;
  /** Undefined for what has nothing inside. */
  expanded: boolean | undefined;
  position: number;
  siblings: number;
  title: string;
  detail: string;
  lines: number[];
}

export function outline(root: Group, open: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const walk = (items: Item[], level: number) => {
    for (const [index, item] of items.entries()) {
      rows.push({ ...describe(item, open), level, position: index + 1, siblings: items.length });
      if (item.kind !== 'op' && open.has(item.key)) walk(item.children, level + 1);
    }
  };
  walk(root.children, 1);
  return rows;
}

function describe(item: Item, open: ReadonlySet<string>): Pick<Row, 'key' | 'expanded' | 'title' | 'detail' | 'lines'> {
  const lines = [...new Set(opsIn(item).map((op) => op.site.line))].sort((a, b) => a - b);
  const where = lines.length > 1 ? `lines ${lines[0]} to ${lines.at(-1)}` : `line ${lines[0]}`;
  if (item.kind === 'op') {
    const leaves = item.leaves.map((leaf) => leaf.name || leaf.kind).join(', ');
    const detail = `${shapeText(item.site.shape)} ${item.site.dtype}, ${where}${leaves ? `, of ${leaves}` : ''}`;
    return { key: item.key, expanded: undefined, title: item.site.op, detail, lines };
  }
  const { title, times } = groupTitle(item);
  const type = item.kind === 'call' && item.type !== title ? `${item.type}, ` : '';
  const detail = `${type}${item.size} ${item.size === 1 ? 'op' : 'ops'}, ${where}`;
  return { key: item.key, expanded: open.has(item.key), title: `${title} ${times}`.trim(), detail, lines };
}
