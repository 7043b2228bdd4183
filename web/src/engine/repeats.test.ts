import { describe, expect, it } from 'vitest';
import { foldRepeats } from './repeats';

const show = (text: string) =>
  foldRepeats([...text].map((letter) => letter.charCodeAt(0)))
    .map(({ start, period, count }) => text.slice(start, start + period) + (count > 1 ? `×${count}` : ''))
    .join(' ');

describe('foldRepeats', () => {
  it('leaves alone what does not repeat', () => expect(show('abcd')).toBe('a b c d'));
  it('folds one thing', () => expect(show('xaaaay')).toBe('x a×4 y'));
  it('folds a stretch, the shortest of those that cover most', () => expect(show('eababababs')).toBe('e ab×4 s'));
  it('takes the larger of two repetitions', () => expect(show('aabaab')).toBe('aab×2'));
  it('leaves a broken last round', () => expect(show('abcabcab')).toBe('abc×2 a b'));
  it('answers nothing for nothing', () => expect(foldRepeats([])).toEqual([]));
});
