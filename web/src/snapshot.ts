// Opened by the build in a headless browser: makes Python's memory image and hands it to the build's server.
import type { FromWorker, ToWorker } from '../worker/messages';

const worker = new Worker(new URL('../worker/python.ts', import.meta.url), { type: 'module' });
worker.onmessage = async ({ data }: MessageEvent<FromWorker>) => {
  if (data.type === 'snapshot') await fetch('/snapshot', { method: 'PUT', body: data.bytes });
  else if (data.type === 'broken') await fetch('/failed', { method: 'PUT', body: data.message });
};
worker.onerror = (event) => void fetch('/failed', { method: 'PUT', body: event.message });
worker.postMessage({ type: 'make-snapshot' } satisfies ToWorker);
