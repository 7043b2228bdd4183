// Where the drawing is looked at from.

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

interface Size {
  width: number;
  height: number;
}

const SMALLEST_FIT = 0.28;
const LARGEST_FIT = 1.15;

/** All of the drawing in the middle of the pane; of one too large to be read so, its width or its end. */
export function fitCamera(scene: Size | null, pane: Size): Camera {
  if (!scene || scene.width === 0 || pane.width === 0) return { x: 0, y: 0, scale: 1 };
  const whole = Math.min(pane.width / scene.width, pane.height / scene.height);
  const scale = Math.min(LARGEST_FIT, Math.max(SMALLEST_FIT, whole));
  const x = (pane.width - scene.width * scale) / 2;
  const y = Math.min((pane.height - scene.height * scale) / 2, pane.height - scene.height * scale);
  return { x, y: scene.height * scale <= pane.height ? (pane.height - scene.height * scale) / 2 : y, scale };
}

const READABLE = 0.55;

interface Rectangle extends Size {
  x: number;
  y: number;
}

/** Where a frame begins that is too large to be read as part of the whole; null if the whole is readable. */
export function cameraOn(frame: Rectangle, first: Rectangle, scene: Size, pane: Size): Camera | null {
  if (fitCamera(scene, pane).scale >= READABLE || pane.width === 0) return null;
  const scale = Math.min(1, Math.max(READABLE, (pane.width - 24) / frame.width));
  const middle = frame.width * scale <= pane.width ? frame.x + frame.width / 2 : first.x + first.width / 2;
  return { scale, x: pane.width / 2 - middle * scale, y: 12 - frame.y * scale };
}

/** Nearer or farther, with the point under the mouse staying where it is. */
export function zoomAt(camera: Camera, at: { x: number; y: number }, factor: number): Camera {
  const scale = Math.min(4, Math.max(0.05, camera.scale * factor));
  const change = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * change, y: at.y - (at.y - camera.y) * change };
}
