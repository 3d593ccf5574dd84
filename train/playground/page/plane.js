// The plane: the surface of the output, its boundary, the examples, and what a model puts between them.

import { classColour, classRamp, heat, ramp, theme } from "./colours.js";

export class Plane {
  constructor(canvas, onClick) {
    this.canvas = canvas;
    this.small = document.createElement("canvas");
    this.options = { discretise: false, showTest: false };
    canvas.addEventListener("click", (event) => {
      if (!this.about) return;
      const box = canvas.getBoundingClientRect();
      const [low, high] = [this.about.low, this.about.high];
      const x = low[0] + ((event.clientX - box.left) / box.width) * (high[0] - low[0]);
      const y = high[1] - ((event.clientY - box.top) / box.height) * (high[1] - low[1]);
      onClick(x, y);
    });
  }

  built(message) {
    this.about = message;
    this.examples = ["train", "test"].map((split) => ({
      split, xy: message.arrays[`${split}_xy`], y: message.arrays[`${split}_y`],
    }));
    this.reach = Math.max(1e-9, ...this.examples.flatMap(({ y }) => Array.from(y, Math.abs)));
    this.frame = null;
  }

  show(frame) { this.frame = frame; this.draw(); }
  /** Shows the surface of one unit (values from -127 to 127), or with null that of the output again. */
  zoom(unit) { this.unit = unit; this.draw(); }

  /** Nearest training or test example to a place, within a small distance. */
  nearest(x, y) {
    let best = null, least = ((this.about.high[0] - this.about.low[0]) / 30) ** 2;
    for (const { split, xy } of this.examples.filter(({ split }) => split === "train" || this.options.showTest)) {
      for (let i = 0; i < xy.length / 2; i++) {
        const distance = (xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2;
        if (distance < least) [least, best] = [distance, { split, index: i }];
      }
    }
    return best;
  }

  draw() {
    if (!this.about) return;
    const { canvas } = this, size = Math.max(200, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    pen.fillStyle = `rgb(${theme().middle})`;
    pen.fillRect(0, 0, size, size);
    this.surface(pen, size);
    if (this.frame?.arrays.decision) for (const level of [-1, 1]) this.contour(pen, size, this.frame.arrays.decision, level, true);
    for (const set of this.examples) if (set.split === "train" || this.options.showTest) this.dots(pen, size, set);
    this.places(pen, size);
    if (this.chosen) this.ring(pen, size, this.chosen);
  }

  surface(pen, size) {
    const { side, task, classes } = this.about, values = this.frame?.arrays.surface;
    if (this.unit) {
      const half = Math.round(Math.sqrt(this.unit.length));
      heat(this.small, half, (i) => ramp(this.unit[i] / 127));
    } else if (values) {
      const width = values.length / (side * side);
      const hard = (value) => (this.options.discretise ? Math.sign(value) : value);
      if (task === "multiclass" && classes.length > 2) heat(this.small, side, (i) => this.winner(values, i, width));
      else if (width === 2) heat(this.small, side, (i) => ramp(hard(2 * values[2 * i + 1] - 1)));
      else if (task === "regression") heat(this.small, side, (i) => ramp(hard(values[i * width] / this.reach)));
      else heat(this.small, side, (i) => ramp(hard(2 * values[i * width] - 1) * 0.8));
    } else return;
    pen.imageSmoothingEnabled = !this.options.discretise;
    pen.globalAlpha = 0.85;
    pen.drawImage(this.small, 0, 0, size, size);
    pen.globalAlpha = 1;
    if (values && !this.unit && values.length === 2 * side * side) {
      const odd = Float32Array.from({ length: side * side }, (_, i) => values[2 * i + 1] - 0.5);
      this.contour(pen, size, odd, 0, false);
    }
  }

  winner(values, i, width) {
    let best = 0;
    for (let k = 1; k < width; k++) if (values[i * width + k] > values[i * width + best]) best = k;
    return classRamp(best, this.options.discretise ? 0.8 : 0.8 * values[i * width + best]);
  }

  /** Line where values cross a level: a piece in every cell of the grid (marching squares). */
  contour(pen, size, values, level, dashed) {
    const { side } = this.about, step = size / (side - 1);
    pen.strokeStyle = theme().ink;
    pen.lineWidth = 1.5 * devicePixelRatio;
    pen.setLineDash(dashed ? [6, 6] : []);
    pen.beginPath();
    for (let row = 0; row + 1 < side; row++) {
      for (let column = 0; column + 1 < side; column++) {
        const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
        const heights = corners.map(([c, r]) => values[r * side + c] - level), cuts = [];
        for (let k = 0; k < 4; k++) {
          const [a, b] = [heights[k], heights[(k + 1) % 4]];
          if (a < 0 === b < 0) continue;
          const [p, q, share] = [corners[k], corners[(k + 1) % 4], a / (a - b)];
          cuts.push([(p[0] + share * (q[0] - p[0])) * step, size - (p[1] + share * (q[1] - p[1])) * step]);
        }
        for (let k = 0; k + 1 < cuts.length; k += 2) { pen.moveTo(...cuts[k]); pen.lineTo(...cuts[k + 1]); }
      }
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  at(size, x, y) {
    const { low, high } = this.about;
    return [((x - low[0]) / (high[0] - low[0])) * size, size - ((y - low[1]) / (high[1] - low[1])) * size];
  }

  /** Examples: discs of the second class, squares of the first, further shapes for others; rings are test examples. */
  dots(pen, size, { split, xy, y }) {
    const radius = size / 110, regression = this.about.task === "regression", many = this.about.classes.length > 2;
    for (let i = 0; i < y.length; i++) {
      const [left, top] = this.at(size, xy[2 * i], xy[2 * i + 1]);
      const [r, g, b] = regression ? ramp(y[i] / this.reach) : ramp(y[i] > 0 ? 1 : -1);
      const colour = many ? classColour(y[i]) : `rgb(${r},${g},${b})`;
      pen.beginPath();
      const corners = regression || y[i] === 1 ? 0 : y[i] === 0 ? 4 : y[i] + 1;
      if (!corners) pen.arc(left, top, radius, 0, 7);
      else for (let k = 0; k <= corners; k++) {
        const angle = (2 * Math.PI * (k + (corners === 4 ? 0.5 : 0))) / corners;
        pen[k ? "lineTo" : "moveTo"](left + 1.2 * radius * Math.sin(angle), top - 1.2 * radius * Math.cos(angle));
      }
      pen.lineWidth = (split === "test" ? 2 : 1) * devicePixelRatio;
      pen.strokeStyle = split === "test" ? colour : theme().ink;
      if (split === "train") { pen.fillStyle = colour; pen.fill(); }
      pen.stroke();
    }
  }

  places(pen, size) {
    const places = this.frame?.arrays.places;
    if (!places) return;
    const kind = this.about.places, radius = size / 90;
    pen.strokeStyle = pen.fillStyle = theme().ink;
    pen.lineWidth = 1.6 * devicePixelRatio;
    if (kind === "map") {
      pen.beginPath();
      for (const [a, b] of this.about.edges) {
        pen.moveTo(...this.at(size, places[2 * a], places[2 * a + 1]));
        pen.lineTo(...this.at(size, places[2 * b], places[2 * b + 1]));
      }
      pen.stroke();
    }
    for (let i = 0; i < places.length / 2; i++) {
      const [x, y] = this.at(size, places[2 * i], places[2 * i + 1]);
      pen.beginPath();
      if (kind === "vectors") pen.arc(x, y, 1.8 * radius, 0, 7);
      else if (kind === "centres") { pen.moveTo(x - radius, y); pen.lineTo(x + radius, y); pen.moveTo(x, y - radius); pen.lineTo(x, y + radius); }
      else if (kind === "samples") { pen.moveTo(x - radius / 2, y - radius / 2); pen.lineTo(x + radius / 2, y + radius / 2); pen.moveTo(x - radius / 2, y + radius / 2); pen.lineTo(x + radius / 2, y - radius / 2); }
      else pen.arc(x, y, radius / 1.6, 0, 7);
      if (kind === "map") pen.fill(); else pen.stroke();
    }
  }

  ring(pen, size, { split, index }) {
    const { xy } = this.examples.find((set) => set.split === split);
    pen.beginPath();
    pen.arc(...this.at(size, xy[2 * index], xy[2 * index + 1]), size / 45, 0, 7);
    pen.lineWidth = 3 * devicePixelRatio;
    pen.strokeStyle = theme().ink;
    pen.stroke();
  }
}
