// The worker in which Python runs.
/// <reference lib="webworker" />
import type { PyodideInterface } from 'pyodide';
import type { PyCallable } from 'pyodide/ffi';
import * as wgpuTransport from '../../gpu_wgpu/flambeau_wgpu/device/browser.js';
import { boot, makeSnapshot } from './boot';
import { Control } from './control';
import { fetchExamples, HOME, writeExamples } from './files';
import { findGpu } from './gpu';
import type { FromWorker, Outcome, Stream, ToWorker } from './messages';

declare const self: DedicatedWorkerGlobalScope;

// The site's root: this file is in its assets/ folder, or, in the dev server, in worker/.
const site = new URL(import.meta.env.DEV ? '/' : '../', self.location.href);

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

const control = new Control(post);
let python: PyodideInterface | null = null;
let examples: Promise<void> = Promise.resolve();

async function start(message: Extract<ToWorker, { type: 'boot' }>): Promise<void> {
  const began = performance.now();
  const exampleFiles = fetchExamples(site);
  void findGpu().then((gpu) => post({ type: 'gpu', gpu }));
  const { pyodide, boot: booted } = await boot(site, message.boot);
  pyodide.registerJsModule('flambeau_page_js', {
    output: (text: string, stream: Stream) => post({ type: 'output', text, stream }),
    events: (json: string) => post({ type: 'events', json }),
    tick: control.tick,
    attentive: control.attentive,
  });
  // Named where the plugin looks for it; asks for no GPU before Python does.
  pyodide.registerJsModule('flambeau_wgpu_js', wgpuTransport);
  if (message.interrupt !== null) pyodide.setInterruptBuffer(new Int32Array(message.interrupt));
  examples = exampleFiles.then((files) => writeExamples(pyodide.FS, files));
  python = pyodide;
  post({
    type: 'ready',
    python: pyodide.runPython('import sys; sys.version.split()[0]') as string,
    boot: booted,
    milliseconds: performance.now() - began,
    pausable: 'Suspending' in WebAssembly,
  });
}

async function run(message: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  if (python === null) throw new Error('Run was asked for before Python was ready.');
  await examples;
  control.begin(false);
  post({ type: 'started', run: message.run });
  const driver = python.pyimport('flambeau_page.run') as unknown as { run: PyCallable };
  const call = 'Suspending' in WebAssembly ? driver.run.callPromising.bind(driver.run) : driver.run;
  let outcome: Outcome;
  try {
    outcome = (await call(message.code, message.file, message.device, HOME)) as Outcome;
  } catch (error) {
    // An interrupt that came when the program had ended already.
    if ((error as { type?: string }).type !== 'KeyboardInterrupt') throw error;
    outcome = 'stopped';
  }
  post({ type: 'finished', run: message.run, outcome });
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  post({ type: 'broken', message });
  console.error(message, error);
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'boot':
      start(data).catch(fail);
      break;
    case 'make-snapshot':
      makeSnapshot(site).then((bytes) => post({ type: 'snapshot', bytes }, [bytes]), fail);
      break;
    case 'run':
      run(data).catch(fail);
      break;
    case 'stop':
      control.stop();
      post({ type: 'hears' });
      break;
    case 'pause':
      control.pause();
      break;
    case 'resume':
      control.resume();
      break;
    case 'step':
      control.step();
      break;
  }
};
