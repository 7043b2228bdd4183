// Which groups are open: what the user opened or closed, and for the rest as much as fits.
import { type Group, type Item, opsIn, sizeOf } from './hierarchy';

/** How much is open where the user has not said: nothing, as much as fits, all. */
export type Depth = 'folded' | 'auto' | 'unfolded';

/** What the user opened (true) or closed (false), by key; it outlives the graph that it was said of. */
export type Choices = ReadonlyMap<string, boolean>;

const BUDGET = 30;
const LARGEST_OPEN_REPEAT = 16;
/** How large a group may be that is opened although it does not fit, for the sake of showing something. */
const LARGEST_SPECIMEN = 90;

/** A layer of a library: all its ops are credited to the one line that called it. Its inside is seldom of interest. */
function isLayer(group: Group): boolean {
  if (group.kind !== 'call') return false;
  if (group.children.some((child) => child.kind === 'call')) return false;
  const lines = new Set(opsIn(group).map((op) => op.site.line));
  return lines.size <= 1;
}

/** The keys of the open groups. The root is always open. */
export function openGroups(root: Group, depth: Depth, choices: Choices): Set<string> {
  const open = new Set<string>();
  let shown = root.children.length;
  // Breadth first, so that what fits is open to an even depth.
  let level: Item[] = root.children;
  while (level.length > 0) {
    const next: Item[] = [];
    const before = open.size;
    for (const item of level) {
      if (item.kind === 'op') continue;
      const choice = choices.get(item.key);
      const cost = item.children.length - 1;
      const fits = () =>
        shown + cost <= BUDGET && !isLayer(item) && (item.kind !== 'repeat' || sizeOf(item) <= LARGEST_OPEN_REPEAT);
      if (choice ?? (depth === 'unfolded' || (depth === 'auto' && fits()))) {
        open.add(item.key);
        shown += cost;
        next.push(...item.children);
      }
    }
    // Where all of a level's modules are too large, such as a batch of trees, one of them shows what they are like.
    if (depth === 'auto' && open.size === before) {
      const specimen = level.find(
        (item): item is Group =>
          item.kind === 'call' && !isLayer(item) && !choices.has(item.key) && item.children.length <= LARGEST_SPECIMEN,
      );
      if (specimen) {
        open.add(specimen.key);
        shown = BUDGET;
        next.push(...specimen.children);
      }
    }
    level = next;
  }
  return open;
}
