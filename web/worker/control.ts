// Pause, Step and Stop. Python ends each training step by waiting for `tick()`: a turn of the event loop, in which the
// page's messages arrive, and longer while paused.

export const GO_ON = 0;
export const STOP = 1;

const INTERRUPT = 2; // SIGINT, as Pyodide reads it from the interrupt buffer

export class Control {
  #stop = false;
  #paused = false;
  #stepping = false;
  #halting = false;
  #wake: ((order: number) => void) | null = null;
  readonly #channel = new MessageChannel();
  readonly #report: (message: { type: 'paused' } | { type: 'resumed' }) => void;

  constructor(report: (message: { type: 'paused' } | { type: 'resumed' }) => void) {
    this.#report = report;
    this.#channel.port1.onmessage = () => this.#turn();
  }

  /** Forget what was asked of an earlier run. */
  begin(paused: boolean): void {
    this.#stop = false;
    this.#paused = false;
    this.#stepping = paused;
    this.#wake = null;
  }

  /** Resolves to GO_ON or STOP; for Python, at the end of a step. */
  tick = (): Promise<number> =>
    new Promise((resolve) => {
      // An order that arrives in this turn holds from the next step on, which Python then reports in full.
      this.#halting = this.#stepping;
      this.#wake = resolve;
      this.#channel.port2.postMessage(null);
    });

  /** True while each step is waited for, so that Python must not skip its tick. */
  attentive = (): boolean => this.#stop || this.#paused || this.#stepping;

  stop(): void {
    this.#stop = true;
    if (this.#paused) this.#release();
  }

  pause(): void {
    this.#stepping = true;
  }

  resume(): void {
    this.#stepping = false;
    if (this.#paused) this.#release();
  }

  step(): void {
    this.#stepping = true;
    if (this.#paused) this.#release();
  }

  #turn(): void {
    if (this.#halting && !this.#stop) {
      this.#paused = true;
      this.#report({ type: 'paused' });
      return;
    }
    this.#answer();
  }

  #release(): void {
    this.#paused = false;
    this.#report({ type: 'resumed' });
    this.#answer();
  }

  #answer(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.(this.#stop ? STOP : GO_ON);
  }
}

const QUIET = 0;

/** Ask for an interrupt where memory is shared with the worker: reaches a loop that never waits. */
export function interrupt(buffer: SharedArrayBuffer | null): void {
  if (buffer !== null) Atomics.store(new Int32Array(buffer), 0, INTERRUPT);
}

/** Take an interrupt back that is not needed any more. */
export function calm(buffer: SharedArrayBuffer | null): void {
  if (buffer !== null) Atomics.store(new Int32Array(buffer), 0, QUIET);
}
