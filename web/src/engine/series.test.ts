import { describe, expect, it } from 'vitest';
import { decimate } from './decimate';
import { debiasedEma } from './ema';

describe('debiasedEma', () => {
  it('starts at the first value', () => expect(debiasedEma(0.9).push(5)).toBeCloseTo(5));
  it('stays at a constant', () => {
    const ema = debiasedEma(0.98);
    for (let i = 0; i < 20; i++) expect(ema.push(3)).toBeCloseTo(3);
  });
  it('is the weighted mean of all values', () => {
    const ema = debiasedEma(0.5);
    ema.push(1);
    ema.push(2);
    expect(ema.push(4)).toBeCloseTo((1 * 0.125 + 2 * 0.25 + 4 * 0.5) / 0.875);
  });
  it('passes over what is not a number', () => {
    const ema = debiasedEma(0.9);
    ema.push(2);
    expect(ema.push(Number.NaN)).toBeCloseTo(2);
  });
});

describe('decimate', () => {
  const x = Array.from({ length: 10_000 }, (_, i) => i);
  it('keeps the greatest and the least value, spikes included', () => {
    const y = x.map((i) => (i === 4321 ? 99 : i === 777 ? -99 : Math.sin(i)));
    const kept = decimate(x, y, 0, x.length, 200);
    expect(kept.x.length).toBeLessThanOrEqual(400);
    expect(kept.y[kept.x.indexOf(4321)]).toBe(99);
    expect(kept.y[kept.x.indexOf(777)]).toBe(-99);
    expect([...kept.x].sort((a, b) => a - b)).toEqual(kept.x);
  });
  it('keeps all of few points', () => expect(decimate(x, x, 100, 150, 200).x).toEqual(x.slice(100, 150)));
  it('keeps a gap', () => {
    const y = x.map((i) => (i === 5000 ? null : 1));
    expect(decimate(x, y, 0, x.length, 50).y).toContain(null);
  });
});
