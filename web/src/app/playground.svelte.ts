// The state of the page: what the session said, ready to be drawn. Fast news is gathered and shown once per frame.

import type { Example, Manifest } from '../../worker/files';
import type { LayoutAnswer } from '../../worker/layout';
import type { Device, ErrorEvent, Gpu, GraphEvent, Outcome, SampleEvent, WatchEvent } from '../../worker/messages';
import { Series } from '../engine/series';
import { Terminal } from '../engine/terminal';
import type { Depth } from '../engine/visible';
import { readAddress } from '../runtime/address';
import { Drawing } from '../runtime/drawing';
import { keepForLater } from '../runtime/offline';
import type { Session, State } from '../runtime/session';
import { savedProgram, savedSetting, saveProgram, saveSetting } from '../runtime/storage';

export type Theme = 'auto' | 'light' | 'dark';
export type Pane = 'code' | 'output' | 'graph' | 'loss';

const SAMPLES_KEPT = 200;

export class Playground {
  readonly session: Session;

  state = $state<State>('booting');
  /** Run was pressed before Python was ready. */
  waiting = $state(false);
  outcome = $state<Outcome | null>(null);
  gpu = $state<Gpu | null>(null);
  chosenDevice = $state<Device>('wgpu');
  python = $state<{ version: string; seconds: number; boot: string } | null>(null);
  pausable = $state(false);
  notice = $state('');
  /** The site is kept in this browser and works without a network. */
  offline = $state(false);

  examples = $state.raw<Example[]>([]);
  file = $state('');
  code = $state('');
  original = $state('');

  /** Finished steps of this run. */
  step = $state(0);
  milliseconds = $state<number | null>(null);
  error = $state.raw<ErrorEvent | null>(null);
  samples = $state.raw<SampleEvent[]>([]);

  readonly terminal = new Terminal();
  /** Counted up when the terminal's lines have changed. */
  terminalVersion = $state(0);

  series = $state.raw<Series[]>([]);
  smoothing = $state(0.9);
  /** Counted up when points were added. */
  seriesVersion = $state(0);

  graph = $state.raw<LayoutAnswer | null>(null);
  /** Hash of the graph of the last step, and how many steps in a row had it. */
  structure = $state<{ hash: string; times: number } | null>(null);
  follow = $state(true);
  depth = $state<Depth>('auto');
  choices = $state.raw<Map<string, boolean>>(new Map());
  selected = $state<string | null>(null);
  /** Lines of the program to mark: those of the box that is selected or pointed at. */
  markedLines = $state.raw<number[]>([]);
  /** The line that the cursor is on. */
  caretLine = $state(0);
  /** Counted up with each wish to see a line. */
  reveal = $state.raw<{ line: number; count: number }>({ line: 0, count: 0 });

  theme = $state<Theme>('auto');
  pane = $state<Pane>('code');

  readonly #drawing: Drawing;
  #pending: WatchEvent[] = [];
  #frame = 0;
  #sources = new Map<string, string>();
  #latestGraph: GraphEvent | null = null;
  /** Another program was opened: what the one before still says is of no interest. */
  #ignoring = false;
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.session = session;
    this.#drawing = new Drawing(
      new Worker(new URL('../../worker/layout.ts', import.meta.url), { type: 'module', name: 'layout' }),
      (answer) => {
        this.graph = answer;
      },
    );
    const theme = savedSetting('theme');
    if (theme === 'light' || theme === 'dark') this.theme = theme;
    if (savedSetting('device') === 'cpu') this.chosenDevice = 'cpu';
    session.listen({
      state: (state) => this.#onState(state),
      gpu: (gpu) => {
        this.gpu = gpu;
      },
      ready: (info) => {
        this.python = { version: info.python, seconds: info.milliseconds / 1000, boot: info.boot };
        this.pausable = info.pausable;
      },
      output: (text, stream) => {
        if (this.#ignoring) return;
        this.terminal.write(text, stream);
        this.#draw();
      },
      events: (events) => {
        if (this.#ignoring) return;
        this.#pending.push(...events);
        this.#draw();
      },
      finished: (outcome) => this.#onFinished(outcome),
      notice: (text) => {
        this.notice = text;
        this.terminal.write(`${text}\n`, 'err');
        this.#draw();
      },
    });
    void this.#loadExamples();
    keepForLater(
      () => this.state !== 'ready',
      () => {
        this.offline = true;
      },
    );
    addEventListener('hashchange', () => this.#obeyAddress());
    addEventListener('pagehide', () => this.save());
  }

  /** What a run would use: the GPU only where there is one. */
  get device(): Device {
    return this.gpu?.available === false ? 'cpu' : this.chosenDevice;
  }

  get example(): Example | undefined {
    return this.examples.find((example) => example.file === this.file);
  }

  get busy(): boolean {
    return this.state === 'running' || this.state === 'paused' || this.state === 'stopping' || this.waiting;
  }

  get edited(): boolean {
    return this.code !== this.original;
  }

  async #loadExamples(): Promise<void> {
    const folder = new URL('examples/', document.baseURI);
    const manifest = (await (await fetch(new URL('manifest.json', folder))).json()) as Manifest;
    const sources = manifest.examples.map(async ({ file }) => (await fetch(new URL(file, folder))).text());
    for (const [index, source] of (await Promise.all(sources)).entries()) {
      this.#sources.set(manifest.examples[index]?.file ?? '', source);
    }
    this.examples = manifest.examples;
    this.#obeyAddress();
  }

  #obeyAddress(): void {
    const wish = readAddress(location.hash);
    const known = wish.example !== null && this.#sources.has(wish.example);
    const file = known ? wish.example : this.file || this.examples[0]?.file;
    if (file && file !== this.file) this.open(file);
    // Only our own, unedited examples start by themselves.
    if (wish.run && !this.edited) this.run();
  }

  open(file: string): void {
    if (this.busy) {
      this.#ignoring = true;
      this.stop();
    }
    this.save();
    this.file = file;
    this.original = this.#sources.get(file) ?? '';
    this.code = savedProgram(file) ?? this.original;
    this.#clearRun();
    this.graph = null;
    this.choices = new Map();
    const name = file.replace(/\.py$/, '');
    if (readAddress(location.hash).example !== file) history.replaceState(null, '', `#${name}`);
  }

  edit(code: string): void {
    this.code = code;
    if (this.error) this.error = null;
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.save(), 500);
  }

  save(): void {
    clearTimeout(this.#saving);
    if (this.file) saveProgram(this.file, this.code, this.original);
  }

  /** Back to the example as it is shipped. */
  reset(): void {
    this.code = this.original;
    this.error = null;
    this.save();
  }

  run(): void {
    if (this.busy || this.state === 'broken' || !this.file) return;
    this.save();
    this.#clearRun();
    this.session.run(this.code, this.file, this.device);
    this.waiting = this.session.isWaiting;
  }

  stop(): void {
    this.session.stop();
  }

  togglePause(): void {
    if (this.state === 'paused') this.session.resume();
    else this.session.pause();
  }

  oneStep(): void {
    this.session.step();
  }

  chooseDevice(device: Device): void {
    this.chosenDevice = device;
    saveSetting('device', device === 'cpu' ? 'cpu' : null);
  }

  chooseTheme(theme: Theme): void {
    this.theme = theme;
    saveSetting('theme', theme === 'auto' ? null : theme);
  }

  chooseSmoothing(weight: number): void {
    this.smoothing = weight;
    for (const series of this.series) series.reweigh(weight);
    this.seriesVersion++;
  }

  chooseDepth(depth: Depth): void {
    this.depth = depth;
    this.choices = new Map();
    this.#redraw();
  }

  /** Open or close a group of the graph; it stays so in the graphs to come. */
  toggle(key: string, open: boolean): void {
    this.choices = new Map(this.choices).set(key, open);
    this.#redraw();
  }

  toggleFollow(): void {
    this.follow = !this.follow;
    if (this.follow && this.#latestGraph) this.#drawing.draw(this.#request(this.#latestGraph));
  }

  select(key: string | null, lines: number[] = []): void {
    this.selected = key;
    this.markedLines = lines;
    const [line] = lines;
    if (line !== undefined) this.showLine(line);
  }

  /** Bring a line of the program into view. */
  showLine(line: number): void {
    this.reveal = { line, count: this.reveal.count + 1 };
  }

  #request(event: GraphEvent | null) {
    return { event, depth: this.depth, choices: this.choices };
  }

  #redraw(): void {
    this.#drawing.draw(this.#request(null));
  }

  #clearRun(): void {
    this.terminal.clear();
    this.terminalVersion++;
    this.#pending = [];
    this.outcome = null;
    this.error = null;
    this.notice = '';
    this.samples = [];
    this.series = [];
    this.seriesVersion++;
    this.step = 0;
    this.milliseconds = null;
    this.structure = null;
    this.#latestGraph = null;
    this.selected = null;
    this.markedLines = [];
  }

  #onState(state: State): void {
    // Who reads "paused" finds the numbers of the step that ended before it.
    if (state === 'paused') this.#flush();
    this.state = state;
    if (state !== 'booting') this.waiting = false;
    if (state === 'running') this.outcome = null;
  }

  #onFinished(outcome: Outcome): void {
    this.waiting = false;
    if (this.#ignoring) {
      this.#ignoring = false;
      return;
    }
    this.#flush();
    this.outcome = outcome;
  }

  #draw(): void {
    // A page in the background gets no frames; its news must not pile up without end.
    if (document.hidden) this.#flush();
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.terminalVersion++;
    const events = this.#pending;
    if (events.length === 0) return;
    this.#pending = [];
    let graph: GraphEvent | null = null;
    let samples: SampleEvent[] = [];
    let steps = 0;
    let elapsed = 0;
    for (const event of events) {
      switch (event.type) {
        case 'scalar':
          this.#seriesNamed(event.name).push(event.step, event.value);
          break;
        case 'step':
          steps++;
          elapsed += event.ms;
          this.step = event.step + 1;
          this.#countStructure(event.graph);
          break;
        case 'graph':
          graph = event;
          break;
        case 'sample':
          samples = [...samples, event];
          break;
        case 'error':
          this.error = event;
          break;
      }
    }
    if (steps > 0) this.milliseconds = elapsed / steps;
    if (samples.length > 0) this.samples = [...this.samples, ...samples].slice(-SAMPLES_KEPT);
    this.seriesVersion++;
    if (graph) {
      this.#latestGraph = graph;
      if (this.follow) this.#drawing.draw(this.#request(graph));
    }
  }

  #seriesNamed(name: string): Series {
    const known = this.series.find((series) => series.name === name);
    if (known) return known;
    const made = new Series(name, this.smoothing);
    this.series = [...this.series, made];
    return made;
  }

  #countStructure(hash: string | null): void {
    if (hash === null) return;
    if (this.structure?.hash === hash) this.structure.times++;
    else this.structure = { hash, times: 1 };
  }
}
