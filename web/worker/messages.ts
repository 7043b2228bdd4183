// What the page and the Python worker say to each other.

/** How Python was started: from the memory image made at build time, or from nothing. */
export type Boot = 'snapshot' | 'plain';

export interface Gpu {
  available: boolean;
  /** The adapter's name, or why there is none, in words. */
  name: string;
}

export type ToWorker =
  | { type: 'boot'; boot: Boot; interrupt: SharedArrayBuffer | null }
  | { type: 'make-snapshot' }
  | { type: 'run'; run: number; code: string; file: string; device: Device }
  | { type: 'stop' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'step' };

export type Device = 'wgpu' | 'cpu';

export type FromWorker =
  | { type: 'gpu'; gpu: Gpu }
  | { type: 'ready'; python: string; boot: Boot; milliseconds: number; pausable: boolean }
  | { type: 'broken'; message: string }
  | { type: 'snapshot'; bytes: ArrayBuffer }
  | { type: 'started'; run: number }
  | { type: 'output'; text: string; stream: Stream }
  | { type: 'events'; json: string }
  /** Stop has arrived; it takes effect at the end of the step. */
  | { type: 'hears' }
  | { type: 'paused' }
  | { type: 'resumed' }
  | { type: 'finished'; run: number; outcome: Outcome };

export type Stream = 'out' | 'err';

export type Outcome = 'done' | 'stopped' | 'error';

/** A number, or the name of one that JSON cannot hold: "NaN", "Infinity", "-Infinity". */
export type JsonNumber = number | string;

export interface ScalarEvent {
  type: 'scalar';
  step: number;
  name: string;
  value: JsonNumber;
}

export interface StepEvent {
  type: 'step';
  step: number;
  ms: number;
  graph: string | null;
}

export interface Site {
  op: string;
  node: string;
  shape: number[];
  dtype: string;
  file: string;
  line: number;
  endLine: number;
  column: number;
  endColumn: number;
}

export interface Leaf {
  kind: 'parameter' | 'leaf' | 'before' | 'data';
  name: string;
  shape: number[];
}

export interface Call {
  parent: number;
  path: string;
  type: string;
}

/** Documented in core/flambeau/watch/graph.py. */
export interface GraphEvent {
  type: 'graph';
  step: number;
  hash: string;
  partial: boolean;
  root: number;
  sites: Site[];
  /** [site, call, inputs]; an input is a node, or -1 - n for leaf n. */
  nodes: [number, number, number[]][];
  leaves: Leaf[];
  calls: Call[];
}

export interface SampleEvent {
  type: 'sample';
  step: number;
  name: string;
  text: string;
}

export interface Frame {
  file: string;
  function: string;
  line: number;
  endLine: number;
  column: number;
  endColumn: number;
}

export interface ErrorEvent {
  type: 'error';
  step: number;
  kind: string;
  message: string;
  frames: Frame[];
}

export type WatchEvent = ScalarEvent | StepEvent | GraphEvent | SampleEvent | ErrorEvent;
