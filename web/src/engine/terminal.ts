// Text as a terminal shows it, as far as a progress bar needs: \n ends a line, \r goes back to its start, \b one back,
// and the escape sequences that move up (tqdm's nested bars) or set colours are understood or dropped.
import type { Stream } from '../../worker/messages';

export interface Line {
  id: number;
  text: string;
  stream: Stream;
}

const ESCAPE = /^\x1b\[([0-9;]*)([A-Za-z])/;

export class Terminal {
  lines: Line[] = [];
  /** Lines that were dropped at the top. */
  dropped = 0;
  #row = 0;
  #column = 0;
  #nextId = 0;
  readonly #limit: number;

  constructor(limit = 5000) {
    this.#limit = limit;
  }

  clear(): void {
    this.lines = [];
    this.dropped = 0;
    this.#row = 0;
    this.#column = 0;
  }

  write(text: string, stream: Stream): void {
    let at = 0;
    while (at < text.length) {
      const character = text[at];
      if (character === '\n') {
        this.#row++;
        this.#column = 0;
        at++;
      } else if (character === '\r') {
        this.#column = 0;
        at++;
      } else if (character === '\b') {
        this.#column = Math.max(0, this.#column - 1);
        at++;
      } else if (character === '\x1b') {
        const sequence = ESCAPE.exec(text.slice(at, at + 24));
        if (sequence) this.#obey(sequence[1] ?? '', sequence[2] ?? '');
        at += sequence ? sequence[0].length : 1;
      } else {
        let end = at + 1;
        while (end < text.length && !'\n\r\b\x1b'.includes(text[end] as string)) end++;
        this.#put(text.slice(at, end), stream);
        at = end;
      }
    }
    this.#trim();
  }

  #put(piece: string, stream: Stream): void {
    while (this.lines.length <= this.#row) this.lines.push({ id: this.#nextId++, text: '', stream });
    const line = this.lines[this.#row] as Line;
    const padded = line.text.padEnd(this.#column);
    const text = padded.slice(0, this.#column) + piece + padded.slice(this.#column + piece.length);
    this.lines[this.#row] = { id: line.id, text, stream: line.text.trim() === '' ? stream : line.stream };
    this.#column += piece.length;
  }

  #obey(parameters: string, command: string): void {
    const count = Number.parseInt(parameters, 10) || 1;
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'K') {
      const line = this.lines[this.#row];
      if (line) this.lines[this.#row] = { ...line, text: line.text.slice(0, this.#column) };
    }
  }

  #trim(): void {
    const extra = this.lines.length - this.#limit;
    if (extra > 0) {
      this.lines.splice(0, extra);
      this.dropped += extra;
      this.#row = Math.max(0, this.#row - extra);
    }
  }
}
