// Stretches of a sequence that repeat: a b a b a b c → (a b) × 3, c.

export interface Run {
  start: number;
  /** Length of what repeats. */
  period: number;
  /** How often; 1 for what does not repeat. */
  count: number;
}

const LONGEST_PERIOD = 200;

/** Covers the sequence from left to right, each time with the repetition that covers most; of equals the shortest. */
export function foldRepeats(sequence: readonly number[]): Run[] {
  const runs: Run[] = [];
  const length = sequence.length;
  let at = 0;
  while (at < length) {
    let best: Run = { start: at, period: 1, count: 1 };
    let covered = 1;
    const longest = Math.min(LONGEST_PERIOD, Math.floor((length - at) / 2));
    for (let period = 1; period <= longest; period++) {
      if (sequence[at] !== sequence[at + period]) continue;
      let end = at + period;
      while (end < length && sequence[end] === sequence[end - period]) end++;
      const count = Math.floor((end - at) / period);
      if (count > 1 && count * period > covered) {
        best = { start: at, period, count };
        covered = count * period;
      }
    }
    runs.push(best);
    at += covered;
  }
  return runs;
}
