import { describe, expect, it } from 'vitest';
import { Terminal } from './terminal';

const shown = (...pieces: string[]) => {
  const terminal = new Terminal();
  for (const piece of pieces) terminal.write(piece, 'out');
  return terminal.lines.map((line) => line.text);
};

describe('Terminal', () => {
  it('splits lines, across pieces too', () => expect(shown('a\nb', 'c\n', 'd')).toEqual(['a', 'bc', 'd']));
  it('lets a progress bar overwrite itself', () =>
    expect(shown('  0%|  |', '\r 50%|# |', '\r100%|##|')).toEqual(['100%|##|']));
  it('keeps what a shorter text does not reach, as a terminal does', () =>
    expect(shown('long text\rab')).toEqual(['abng text']));
  it('erases a line on ESC[K, and as tqdm does it', () => {
    expect(shown('long text\r\x1b[Kab')).toEqual(['ab']);
    expect(shown('bar 10%', '\r       \r', 'said\n', 'bar 11%')).toEqual(['said   ', 'bar 11%']);
  });
  it('moves up for nested bars', () => expect(shown('outer\n', 'inner', '\x1b[A\rOUTER')).toEqual(['OUTER', 'inner']));
  it('drops colours', () => expect(shown('\x1b[31mred\x1b[0m')).toEqual(['red']));
  it('treats markup as text', () =>
    expect(shown('<img src=x onerror=alert(1)>')).toEqual(['<img src=x onerror=alert(1)>']));
  it('keeps the last lines of very long output', () => {
    const terminal = new Terminal(100);
    for (let i = 0; i < 1000; i++) terminal.write(`${i}\n`, 'out');
    expect(terminal.lines.at(-1)?.text).toBe('999');
    expect(terminal.lines.length).toBeLessThanOrEqual(100);
    expect(terminal.dropped).toBe(900);
  });
});
