// The worker that folds and draws graphs, so that a large one does not hold up the page.
/// <reference lib="webworker" />
import { arrange, placesOf } from '../src/engine/arrange';
import { buildHierarchy, type Hierarchy } from '../src/engine/hierarchy';
import { outline, type Row } from '../src/engine/outline';
import type { Scene } from '../src/engine/scene';
import { type Depth, openGroups } from '../src/engine/visible';
import type { GraphEvent } from './messages';

declare const self: DedicatedWorkerGlobalScope;

export interface LayoutRequest {
  /** Null to draw the last one again, with other choices. */
  event: GraphEvent | null;
  depth: Depth;
  choices: Map<string, boolean>;
}

export interface LayoutAnswer {
  scene: Scene;
  rows: Row[];
  event: GraphEvent;
  milliseconds: number;
}

let hierarchy: Hierarchy | null = null;
let places = new Map<string, number>();

self.onmessage = ({ data }: MessageEvent<LayoutRequest>) => {
  const began = performance.now();
  if (data.event) hierarchy = buildHierarchy(data.event);
  if (!hierarchy) return;
  const open = openGroups(hierarchy.root, data.depth, data.choices);
  const scene = arrange(hierarchy, open, places);
  places = placesOf(scene);
  const rows = outline(hierarchy.root, open);
  const answer: LayoutAnswer = { scene, rows, event: hierarchy.event, milliseconds: performance.now() - began };
  self.postMessage(answer);
};
