// Marks that come from the run: where it failed, and which lines the selected part of the graph comes from.
import { type Range, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';

export interface ErrorMark {
  line: number;
  endLine: number;
  /** From 0; -1 where unknown. */
  column: number;
  endColumn: number;
  message: string;
}

export const showError = StateEffect.define<ErrorMark | null>();
export const showLines = StateEffect.define<readonly number[]>();

class Message extends WidgetType {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override eq(other: Message): boolean {
    return other.text === this.text;
  }

  toDOM(): HTMLElement {
    // Room around the text is padding of an outer box: the editor does not see margins.
    const element = document.createElement('div');
    element.className = 'cm-error-message';
    const text = element.appendChild(document.createElement('div'));
    text.textContent = this.text;
    return element;
  }
}

const errorLine = Decoration.line({ class: 'cm-error-line' });
const errorRange = Decoration.mark({ class: 'cm-error-range' });
const markedLine = Decoration.line({ class: 'cm-marked-line' });

/** Errors stay with their text while other lines are edited. */
const errors = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let current = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(showError)) continue;
      const { doc } = transaction.state;
      const mark = effect.value;
      if (mark === null || mark.line < 1 || mark.line > doc.lines) {
        current = Decoration.none;
        continue;
      }
      const line = doc.line(mark.line);
      const last = doc.line(Math.min(Math.max(mark.endLine, mark.line), doc.lines));
      const indent = line.text.length - line.text.trimStart().length;
      const start = line.from + Math.min(mark.column >= 0 ? mark.column : indent, line.length);
      const end = mark.endColumn >= 0 ? Math.min(last.from + mark.endColumn, last.to) : line.to;
      const ranges: Range<Decoration>[] = [errorLine.range(line.from)];
      if (end > start) ranges.push(errorRange.range(start, end));
      ranges.push(Decoration.widget({ widget: new Message(mark.message), block: true, side: 1 }).range(last.to));
      current = Decoration.set(ranges, true);
    }
    return current;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const lines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let current = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(showLines)) continue;
      const { doc } = transaction.state;
      const known = [...new Set(effect.value)].filter((line) => line >= 1 && line <= doc.lines);
      current = Decoration.set(
        known.map((line) => markedLine.range(doc.line(line).from)),
        true,
      );
    }
    return current;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export const marks = [errors, lines];
