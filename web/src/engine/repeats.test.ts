import { describe, expect, it } from 'vitest';
import { foldRepeats } from './repeats';

const show = (text: string) =>
  foldRepeats(text.length, (i, j) => text[i] === text[j])
    .map(({ start, period, count }) => text.slice(start, start + period) + (count > 1 ? `×${count}` : ''))
    .join(' ');

describe('foldRepeats', () => {
  it('leaves alone what does not repeat', () => expect(show('abcd')).toBe('a b c d'));
  it('takes two of a kind for no loop', () => expect(show('abab')).toBe('a b a b'));
  it('folds one thing', () => expect(show('xaaaay')).toBe('x a×4 y'));
  it('folds a stretch, the shortest of those that cover most', () => expect(show('eababababs')).toBe('e ab×4 s'));
  it('takes the larger of two repetitions', () => expect(show('aabaabaab')).toBe('aab×3'));
  it('leaves a broken last round', () => expect(show('abcabcabcab')).toBe('abc×3 a b'));
  it('asks about the first round as such', () => {
    const asked: boolean[] = [];
    foldRepeats(4, (_, j, first) => {
      if (j < 4) asked.push(first);
      return true;
    });
    expect(asked.slice(0, 3)).toEqual([true, false, false]);
  });
  it('answers nothing for nothing', () => expect(foldRepeats(0, () => true)).toEqual([]));
});
