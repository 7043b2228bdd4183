// Starts Python before the page has drawn anything: it is what takes longest.
import { Session } from './runtime/session';

/** `?boot=plain` starts Python without the memory image, which the tests need and a doubtful visitor may want. */
const plain = new URLSearchParams(location.search).get('boot') === 'plain';

export const session = new Session(
  () => new Worker(new URL('../worker/python.ts', import.meta.url), { type: 'module', name: 'python' }),
  plain ? 'plain' : 'snapshot',
);
