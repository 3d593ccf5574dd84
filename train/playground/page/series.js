// A series: its values, forecasts one step ahead and by free running; and the pad on which a user draws one.

import { theme } from "./colours.js";

const BEFORE = 120; // steps that are shown before the first forecast
const DRAWN = 600; // values of a drawn series

/** Pen and size of a canvas in the pixels of the device. */
function pen(canvas) {
  const scale = devicePixelRatio;
  const width = (canvas.width = Math.max(50, Math.round(canvas.clientWidth * scale)));
  const height = (canvas.height = Math.max(50, Math.round(canvas.clientHeight * scale)));
  return { pen: canvas.getContext("2d"), width, height, scale };
}

export class Forecast {
  constructor(canvas) { this.canvas = canvas; }

  built(message) {
    this.about = message;
    this.values = message.arrays.values;
    this.frame = null;
  }

  show(frame) { this.frame = frame; this.draw(); }

  draw() {
    if (!this.about || !this.canvas.clientWidth) return;
    const { pen: ink, width, height, scale } = pen(this.canvas), { start, cut } = this.about;
    const { one, free } = this.frame?.arrays ?? {};
    const first = Math.max(0, start - BEFORE), last = Math.min(this.values.length, start + (one?.length ?? 0) + 1);
    const seen = this.values.subarray(first, last);
    const low = Math.min(...seen), high = Math.max(...seen, low + 1e-9), edge = 0.15 * (high - low);
    const x = (step) => ((step - first) / Math.max(1, last - first - 1)) * width;
    const y = (value) => height - ((value - low + edge) / (high - low + 2 * edge)) * height;
    ink.fillStyle = `rgb(${theme().middle})`;
    ink.fillRect(0, 0, width, height);
    ink.fillStyle = theme().ink;
    ink.globalAlpha = 0.06;
    ink.fillRect(0, 0, x(cut), height); // the training part
    ink.globalAlpha = 1;
    const line = (values, from, colour, dash, thick) => {
      ink.strokeStyle = colour;
      ink.lineWidth = thick * scale;
      ink.setLineDash(dash.map((part) => part * scale));
      ink.beginPath();
      values.forEach((value, i) => ink.lineTo(x(from + i), y(value)));
      ink.stroke();
    };
    line(seen, first, theme().ink, [], 1.2);
    if (free) line([this.values[start - 1], ...free], start - 1, `rgb(${theme().neg})`, [7, 4], 2.4);
    if (one) {
      ink.fillStyle = `rgb(${theme().pos})`;
      one.forEach((value, i) => ink.fillRect(x(start + i) - 1.6 * scale, y(value) - 1.6 * scale, 3.2 * scale, 3.2 * scale));
    }
    ink.strokeStyle = theme().ink;
    ink.lineWidth = scale;
    ink.setLineDash([2 * scale, 3 * scale]);
    ink.beginPath();
    ink.moveTo(x(start - 0.5), 0);
    ink.lineTo(x(start - 0.5), height);
    ink.stroke();
  }

  /** Root mean squared errors of the forecasts that are drawn. */
  words() {
    if (!this.frame) return "";
    const { start } = this.about, truth = this.values.subarray(start);
    const rmse = (made) => Math.sqrt(made.reduce((sum, value, i) => sum + (value - truth[i]) ** 2, 0) / made.length);
    const { one, free } = this.frame.arrays;
    return `RMSE of the ${one.length} steps drawn: one step ahead ${rmse(one).toPrecision(3)}, free running ${rmse(free).toPrecision(3)}`;
  }
}

/** The pad: a pointer drawn from left to right leaves a value under it; what it skips is joined by a line. */
export class Pad {
  constructor(canvas, onDrawn) {
    Object.assign(this, { canvas, onDrawn, values: new Float64Array(DRAWN), last: null });
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.last = null; this.move(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) this.move(event); });
    canvas.addEventListener("pointerup", () => { this.last = null; onDrawn(this.drawn()); });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  move(event) {
    const box = this.canvas.getBoundingClientRect(), most = DRAWN - 1;
    const at = Math.max(0, Math.min(most, Math.round(((event.clientX - box.left) / box.width) * most)));
    const value = Math.max(-1, Math.min(1, 1 - (2 * (event.clientY - box.top)) / box.height));
    const [from, old] = this.last ?? [at, value], step = from < at ? 1 : -1;
    for (let i = from; i !== at + step; i += step) this.values[i] = from === at ? value : old + ((i - from) / (at - from)) * (value - old);
    this.last = [at, value];
    this.draw();
  }

  drawn() { return [...this.values].map((value) => Number(value.toFixed(3))); }

  draw() {
    if (!this.canvas.clientWidth) return;
    const { pen: ink, width, height, scale } = pen(this.canvas);
    ink.fillStyle = `rgb(${theme().middle})`;
    ink.fillRect(0, 0, width, height);
    ink.strokeStyle = theme().ink;
    ink.lineWidth = 1.5 * scale;
    ink.beginPath();
    this.values.forEach((value, i) => ink.lineTo((i / (DRAWN - 1)) * width, ((1 - value) / 2) * height));
    ink.stroke();
  }
}
