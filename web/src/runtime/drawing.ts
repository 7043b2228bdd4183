// The layout worker as the page sees it. While it draws, only the newest wish is kept.
import type { LayoutAnswer, LayoutRequest } from '../../worker/layout';

export class Drawing {
  readonly #worker: Worker;
  #busy = false;
  #next: LayoutRequest | null = null;

  constructor(worker: Worker, answer: (answer: LayoutAnswer) => void) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      this.#busy = false;
      const next = this.#next;
      this.#next = null;
      if (next) this.#send(next);
      answer(data);
    };
  }

  draw(request: LayoutRequest): void {
    if (!this.#busy) this.#send(request);
    // A wish for the same graph in another way must not lose the new graph that waits.
    else this.#next = { ...request, event: request.event ?? this.#next?.event ?? null };
  }

  #send(request: LayoutRequest): void {
    this.#busy = true;
    this.#worker.postMessage(request);
  }
}
