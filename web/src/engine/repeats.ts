// Stretches of a sequence that repeat: a b a b a b c → (a b) × 3, c.

export interface Run {
  start: number;
  /** Length of what repeats. */
  period: number;
  /** How often; 1 for what does not repeat. */
  count: number;
}

const LONGEST_PERIOD = 200;
/** Two of a kind are no loop. */
const FEWEST_ROUNDS = 3;

/**
 * Covers a sequence of `length` from left to right, each time with the repetition that covers most; of equals the shortest.
 * `same(i, j, first)` tells whether j continues i one round later; `first` if i lies in the first round.
 */
export function foldRepeats(length: number, same: (i: number, j: number, first: boolean) => boolean): Run[] {
  const runs: Run[] = [];
  let at = 0;
  while (at < length) {
    let best: Run = { start: at, period: 1, count: 1 };
    let covered = 1;
    const longest = Math.min(LONGEST_PERIOD, Math.floor((length - at) / FEWEST_ROUNDS));
    for (let period = 1; period <= longest; period++) {
      let end = at + period;
      while (end < length && same(end - period, end, end < at + 2 * period)) end++;
      const count = Math.floor((end - at) / period);
      if (count >= FEWEST_ROUNDS && count * period > covered) {
        best = { start: at, period, count };
        covered = count * period;
      }
    }
    runs.push(best);
    at += covered;
  }
  return runs;
}
