// Curves that grow by a point at a time.
import type { JsonNumber } from '../../worker/messages';
import { debiasedEma, type Ema } from './ema';

export class Series {
  readonly name: string;
  readonly x: number[] = [];
  /** null where the value is not finite: a gap in the curve. */
  readonly raw: (number | null)[] = [];
  smooth: (number | null)[] = [];
  /** How many values were not finite. */
  broken = 0;
  #ema: Ema;

  constructor(name: string, weight: number) {
    this.name = name;
    this.#ema = debiasedEma(weight);
  }

  push(x: number, value: JsonNumber): void {
    const known = typeof value === 'number' && Number.isFinite(value);
    if (!known) this.broken++;
    this.x.push(x);
    this.raw.push(known ? value : null);
    this.smooth.push(known ? this.#ema.push(value) : null);
  }

  /** Smooth all of it again, with another weight. */
  reweigh(weight: number): void {
    this.#ema = debiasedEma(weight);
    this.smooth = this.raw.map((value) => (value === null ? null : this.#ema.push(value)));
  }

  get last(): number | null {
    return this.raw.at(-1) ?? null;
  }
}

/** The index of the first element that is at least `value`, in ascending numbers. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
