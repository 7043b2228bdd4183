// Python's worker as the page sees it: started, run, paused, stopped, and started again where nothing else stops it.

import { calm, interrupt } from '../../worker/control';
import type { Boot, Device, FromWorker, Gpu, Outcome, Stream, ToWorker, WatchEvent } from '../../worker/messages';

export type State = 'booting' | 'ready' | 'running' | 'paused' | 'stopping' | 'broken';

export interface Listener {
  state(state: State): void;
  gpu(gpu: Gpu): void;
  ready(info: { python: string; boot: Boot; milliseconds: number; pausable: boolean }): void;
  output(text: string, stream: Stream): void;
  events(events: WatchEvent[]): void;
  finished(outcome: Outcome): void;
  /** Python had to be ended and started again, or could not be started. */
  notice(text: string): void;
}

/** How long a program may take to end after Stop before its Python is ended: it may be inside one long step. */
const GRACE_SHARED = 5000;
const GRACE = 1200;
/** How long Python's worker may take to hear of Stop before it is interrupted: it hears nothing in a loop that never waits. */
const DEAF = 150;
/** How long a program that has been told may go on to its next step before it is interrupted. */
const LEISURE = 1500;

const silent: Listener = {
  state() {},
  gpu() {},
  ready() {},
  output() {},
  events() {},
  finished() {},
  notice() {},
};

export class Session {
  state: State = 'booting';
  readonly #makeWorker: () => Worker;
  #worker: Worker;
  #listener: Listener = silent;
  #missed: FromWorker[] = [];
  #interrupt: SharedArrayBuffer | null = null;
  #run = 0;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #waiting: { code: string; file: string; device: Device } | null = null;
  readonly #boot: Boot;

  constructor(makeWorker: () => Worker, boot: Boot = 'snapshot') {
    this.#makeWorker = makeWorker;
    this.#boot = boot;
    this.#worker = this.#start();
  }

  /** What the worker said before anybody listened is told now. */
  listen(listener: Listener): void {
    this.#listener = listener;
    listener.state(this.state);
    for (const message of this.#missed.splice(0)) this.#hear(message);
  }

  /** Run a program, as soon as Python is ready. */
  run(code: string, file: string, device: Device): void {
    if (this.state === 'booting') {
      this.#waiting = { code, file, device };
      return;
    }
    if (this.state !== 'ready') return;
    this.#run++;
    calm(this.#interrupt);
    this.#tell({ type: 'run', run: this.#run, code, file, device });
    this.#become('running');
  }

  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** Ask the program to end; asked again, or not answered for long, end its Python and start another. */
  stop(): void {
    if (this.state === 'booting') {
      this.#waiting = null;
      this.#listener.finished('stopped');
    } else if (this.state === 'stopping') this.#restart();
    else if (this.state === 'running' || this.state === 'paused') {
      this.#become('stopping');
      this.#tell({ type: 'stop' });
      // An interrupt could strike Pyodide's own code while Python waits for the GPU or the page, so words come first.
      this.#patience = setTimeout(() => interrupt(this.#interrupt), DEAF);
      this.#grace = setTimeout(() => this.#restart(), this.#interrupt ? GRACE_SHARED : GRACE);
    }
  }

  /** Halt after the step that is running. */
  pause(): void {
    if (this.state === 'running') this.#tell({ type: 'pause' });
  }

  resume(): void {
    if (this.state === 'paused') this.#tell({ type: 'resume' });
  }

  /** One more step, then halt again. */
  step(): void {
    if (this.state === 'paused') this.#tell({ type: 'step' });
    else this.pause();
  }

  #start(): Worker {
    this.#interrupt = globalThis.crossOriginIsolated ? new SharedArrayBuffer(4) : null;
    const worker = this.#makeWorker();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker !== this.#worker) return; // the last words of one that was ended
      if (this.#listener === silent) this.#missed.push(data);
      else this.#hear(data);
    };
    worker.onerror = (event) =>
      this.#hear({ type: 'broken', message: event.message || 'its script could not be loaded' });
    worker.postMessage({ type: 'boot', boot: this.#boot, interrupt: this.#interrupt } satisfies ToWorker);
    return worker;
  }

  #restart(why = 'The program did not answer, so its Python was ended. A new one is starting.'): void {
    this.#forgetTimers();
    this.#worker.terminate();
    this.#become('booting');
    this.#worker = this.#start();
    this.#listener.notice(why);
    this.#listener.finished('stopped');
  }

  #forgetTimers(): void {
    clearTimeout(this.#grace);
    clearTimeout(this.#patience);
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #become(state: State): void {
    this.state = state;
    this.#listener.state(state);
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'gpu':
        this.#listener.gpu(message.gpu);
        break;
      case 'ready':
        this.#become('ready');
        this.#listener.ready(message);
        if (this.#waiting) {
          const { code, file, device } = this.#waiting;
          this.#waiting = null;
          this.run(code, file, device);
        }
        break;
      case 'hears':
        clearTimeout(this.#patience);
        if (this.state === 'stopping') this.#patience = setTimeout(() => interrupt(this.#interrupt), LEISURE);
        break;
      case 'broken':
        if (this.state !== 'booting' && this.state !== 'broken') {
          this.#restart(`Python itself failed (${message.message}). A new one is starting.`);
          break;
        }
        this.#become('broken');
        this.#listener.notice(`Python could not start: ${message.message}`);
        break;
      case 'output':
        this.#listener.output(message.text, message.stream);
        break;
      case 'events':
        this.#listener.events(JSON.parse(message.json) as WatchEvent[]);
        break;
      case 'paused':
        if (this.state === 'running') this.#become('paused');
        break;
      case 'resumed':
        if (this.state === 'paused') this.#become('running');
        break;
      case 'finished':
        if (message.run !== this.#run) break;
        this.#forgetTimers();
        this.#become('ready');
        this.#listener.finished(message.outcome);
        break;
    }
  }
}
