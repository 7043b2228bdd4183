// Fewer points that draw the same line: in each stretch of x the least and the greatest value stay, in their order.

export interface Points {
  x: number[];
  y: (number | null)[];
}

/** Points of `x[from..to)`, at most two for each of `buckets` stretches and one gap; all of them if they are few. */
export function decimate(
  x: readonly number[],
  y: readonly (number | null)[],
  from: number,
  to: number,
  buckets: number,
): Points {
  const count = to - from;
  if (count <= 2 * buckets) return { x: x.slice(from, to), y: y.slice(from, to) };
  const kept: Points = { x: [], y: [] };
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = from + Math.floor((bucket * count) / buckets);
    const end = from + Math.floor(((bucket + 1) * count) / buckets);
    let least = -1;
    let greatest = -1;
    let gap = -1;
    for (let i = start; i < end; i++) {
      const value = y[i];
      if (value === null || value === undefined) gap = i;
      else {
        if (least < 0 || value < (y[least] as number)) least = i;
        if (greatest < 0 || value > (y[greatest] as number)) greatest = i;
      }
    }
    const chosen = new Set([least, greatest, gap].filter((i) => i >= 0));
    for (const i of [...chosen].sort((a, b) => a - b)) {
      kept.x.push(x[i] as number);
      kept.y.push(y[i] ?? null);
    }
  }
  return kept;
}
