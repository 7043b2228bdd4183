// The loss curves in uPlot: each raw and faint, and smoothed. What the user zoomed to stays while points arrive.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { decimate } from '../../engine/decimate';
import { lowerBound, type Series } from '../../engine/series';

type Row = (number | null | undefined)[];

export class LossPlot {
  readonly #host: HTMLElement;
  readonly #onzoom: (zoomed: boolean) => void;
  #plot: uPlot | null = null;
  #series: Series[] = [];
  #shape = '';
  #log = false;
  #range: [number, number] | null = null;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');

  constructor(host: HTMLElement, onzoom: (zoomed: boolean) => void) {
    this.#host = host;
    this.#onzoom = onzoom;
    this.#dark.addEventListener('change', this.restyle);
  }

  show(series: Series[], log: boolean): void {
    this.#series = series;
    this.#log = log;
    if (series.every((each) => each.x.length === 0)) this.#setRange(null);
    const shape = `${series.map((each) => each.name).join('\n')}:${log}`;
    if (shape !== this.#shape || !this.#plot) {
      this.#shape = shape;
      this.#build();
    }
    this.#fill();
  }

  unzoom(): void {
    this.#setRange(null);
    this.#fill();
  }

  resize(): void {
    this.#plot?.setSize(this.#size());
    this.#fill();
  }

  restyle = (): void => {
    if (!this.#plot) return;
    this.#build();
    this.#fill();
  };

  destroy(): void {
    this.#dark.removeEventListener('change', this.restyle);
    this.#plot?.destroy();
  }

  #size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.#host;
    return { width: Math.max(clientWidth - 8, 60), height: Math.max(clientHeight - 4, 60) };
  }

  #setRange(range: [number, number] | null): void {
    if ((range === null) !== (this.#range === null)) this.#onzoom(range !== null);
    this.#range = range;
  }

  #build(): void {
    this.#plot?.destroy();
    const style = getComputedStyle(this.#host);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: `11px ${style.fontFamily}`,
    };
    const curves = this.#series.flatMap((_, i): uPlot.Series[] => {
      const stroke = colour(`--series-${(i % 4) + 1}`);
      const points = { show: false };
      return [
        { stroke, width: 1, alpha: 0.3, points },
        { stroke, width: 2, points },
      ];
    });
    this.#plot = new uPlot(
      {
        ...this.#size(),
        series: [{}, ...curves],
        scales: { x: { time: false }, y: { distr: this.#log ? 3 : 1 } },
        axes: [
          { ...axis, size: 30 },
          { ...axis, size: 48 },
        ],
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        hooks: {
          setSelect: [(plot) => this.#zoomTo(plot)],
        },
      },
      [[], ...curves.map(() => [])],
      this.#host,
    );
    this.#plot.over.addEventListener('dblclick', () => this.unzoom());
  }

  #zoomTo(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.#setRange([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#fill();
  }

  /** Hands uPlot what can be seen: in each pixel column the least and the greatest value. */
  #fill(): void {
    const plot = this.#plot;
    if (!plot) return;
    const longest = Math.max(0, ...this.#series.map((each) => each.x.at(-1) ?? 0));
    const [low, high] = this.#range ?? [0, Math.max(longest, 10)];
    const buckets = Math.max(100, Math.floor(this.#size().width / 2));
    // Smooth and raw curve are thinned out apart, so their points differ; all share one ascending x for uPlot.
    const pieces = this.#series.flatMap((series) => {
      const from = Math.max(0, lowerBound(series.x, low) - 1);
      const to = Math.min(series.x.length, lowerBound(series.x, high) + 2);
      return [series.raw, series.smooth].map((values) => decimate(series.x, this.#logSafe(values), from, to, buckets));
    });
    const x = [...new Set(pieces.flatMap((piece) => piece.x))].sort((a, b) => a - b);
    const place = new Map(x.map((value, i) => [value, i]));
    const rows = pieces.map((piece) => {
      const row: Row = new Array(x.length).fill(undefined);
      piece.x.forEach((value, i) => {
        row[place.get(value) as number] = piece.y[i] ?? null;
      });
      return row;
    });
    plot.batch(() => {
      plot.setData([x, ...rows] as uPlot.AlignedData, false);
      plot.setScale('x', { min: low, max: high });
    });
  }

  #logSafe(values: (number | null)[]): (number | null)[] {
    return this.#log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values;
  }
}
