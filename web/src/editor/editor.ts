// The editor of the program: Python, with the keys that editors have.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { bracketMatching, foldGutter, indentOnInput, indentUnit } from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { marks } from './marks';
import { theme } from './theme';

export interface EditorListener {
  edited(code: string): void;
  /** The cursor moved to another line, counted from 1. */
  caret(line: number): void;
  run(): void;
  stop(): void;
}

/** A key binding that always counts as handled. */
function done(action: () => void): () => boolean {
  return () => {
    action();
    return true;
  };
}

function newState(code: string, listener: EditorListener): EditorState {
  return EditorState.create({
    doc: code,
    extensions: [
      keymap.of([
        // Before the usual keys, which give Ctrl+Enter a meaning of their own.
        { key: 'Mod-Enter', run: done(listener.run) },
        { key: 'Mod-.', run: done(listener.stop) },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        indentWithTab,
      ]),
      lineNumbers(),
      foldGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      drawSelection(),
      history(),
      bracketMatching(),
      closeBrackets(),
      indentOnInput(),
      highlightSelectionMatches(),
      indentUnit.of('    '),
      EditorState.tabSize.of(4),
      python(),
      theme,
      marks,
      EditorView.contentAttributes.of({
        tabindex: '0',
        'aria-label': 'Program, main.py. Escape, then Tab, leaves the editor.',
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) listener.edited(update.state.doc.toString());
        if (update.selectionSet || update.docChanged) {
          listener.caret(update.state.doc.lineAt(update.state.selection.main.head).number);
        }
      }),
    ],
  });
}

export class Editor {
  readonly view: EditorView;
  readonly #listener: EditorListener;

  constructor(parent: HTMLElement, code: string, listener: EditorListener) {
    this.#listener = listener;
    this.view = new EditorView({ parent, state: newState(code, listener) });
  }

  /** Another program, with a history of its own; the same one is left as it is. */
  open(code: string): void {
    if (code !== this.view.state.doc.toString()) this.view.setState(newState(code, this.#listener));
  }

  reveal(line: number): void {
    const { doc } = this.view.state;
    if (line < 1 || line > doc.lines) return;
    this.view.dispatch({ effects: EditorView.scrollIntoView(doc.line(line).from, { y: 'center' }) });
  }

  destroy(): void {
    this.view.destroy();
  }
}
