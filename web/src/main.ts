import type { FromWorker } from '../worker/messages';

const worker = new Worker(new URL('../worker/python.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
  console.log(JSON.stringify(data).slice(0, 500), performance.now());
  (globalThis as any).last = data;
};
worker.postMessage({ type: 'boot', boot: 'snapshot', interrupt: null });
