// The editor in the page's colours: they are variables, so that a change of theme needs no other editor.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '13.5px', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--accent)', padding: '6px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--caret-line)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--op-line) 30%, transparent) !important',
  },
  '.cm-matchingBracket': { backgroundColor: 'color-mix(in srgb, var(--op-line) 35%, transparent) !important' },
  '.cm-marked-line': { backgroundColor: 'var(--mark) !important', boxShadow: 'inset 3px 0 0 var(--loss-line)' },
  '.cm-error-line': { backgroundColor: 'var(--danger-soft) !important' },
  '.cm-error-range': { textDecoration: 'underline wavy var(--danger) 1.5px', textUnderlineOffset: '4px' },
  '.cm-error-message': { padding: '2px 12px 6px' },
  '.cm-error-message > div': {
    // As wide as the pane, not as the longest line.
    maxWidth: 'calc(100cqi - 5rem)',
    padding: '4px 10px',
    fontFamily: 'var(--sans)',
    fontSize: '13px',
    whiteSpace: 'pre-wrap',
    color: 'var(--danger)',
    backgroundColor: 'var(--danger-soft)',
    borderLeft: '3px solid var(--danger)',
    borderRadius: '4px',
  },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)' },
  '.cm-panels input, .cm-panels button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
  },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', border: '1px solid var(--line)', color: 'var(--text)' },
});

const syntax = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--syntax-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--syntax-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--syntax-number)' },
  { tag: [tags.comment, tags.docComment], color: 'var(--syntax-comment)', fontStyle: 'italic' },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))],
    color: 'var(--syntax-function)',
  },
  { tag: [tags.className, tags.definition(tags.className)], color: 'var(--syntax-class)' },
  { tag: [tags.meta], color: 'var(--syntax-class)' },
]);

export const theme = [look, syntaxHighlighting(syntax)];
