// What is drawn: boxes, frames and curves with their places, ready for SVG.

export type BoxKind = 'op' | 'group' | 'frame' | 'parameter' | 'data' | 'loss';

export interface Box {
  key: string;
  kind: BoxKind;
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
  detail: string;
  /** "× 32" where the box stands for a repetition. */
  times: string;
  /** The lines of the program that its ops come from. */
  lines: number[];
  /** The op to describe when the box is selected: its number in the event, or -1. */
  node: number;
  /** How many ops it stands for. */
  size: number;
  /** Whether it can be opened (closed groups) or closed (frames). */
  folds: boolean;
  /** Nesting depth of a frame. */
  depth: number;
}

export interface Curve {
  key: string;
  path: string;
  /** Pieces of one line, in the frames that it passes, have the same. */
  value: string;
  from: string[];
  to: string[];
  /** The end has an arrowhead: it arrives at a box, not at a frame's border. */
  arrives: boolean;
}

export interface Scene {
  width: number;
  height: number;
  boxes: Box[];
  curves: Curve[];
  hash: string;
  step: number;
}

/** A smooth curve through points, leaving and arriving vertically. */
export function curveThrough(points: readonly { x: number; y: number }[]): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  let path = '';
  let before: { x: number; y: number } | undefined;
  for (const point of points) {
    const { x, y } = { x: round(point.x), y: round(point.y) };
    if (!before) path = `M${x} ${y}`;
    else if (Math.abs(before.x - x) < 0.5) path += `L${x} ${y}`;
    else {
      const middle = round((before.y + y) / 2);
      path += `C${before.x} ${middle} ${x} ${middle} ${x} ${y}`;
    }
    before = { x, y };
  }
  return path;
}
