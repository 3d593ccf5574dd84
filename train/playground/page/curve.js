// Curves of the loss of training and test examples, on a logarithmic scale, and the scores in words.

import { theme } from "./colours.js";

const MOST = 600; // points of a curve; older ones are thinned

export class Curve {
  constructor(canvas, table) { Object.assign(this, { canvas, table, rows: [] }); }

  clear() { this.rows = []; this.draw(); }

  show({ step, scores }) {
    if (!scores) return; // left out of frames between which they would take too long
    if (this.rows.length && this.rows.at(-1)[0] >= step) this.rows = this.rows.filter(([at]) => at < step);
    const name = this.name = "loss" in scores.train ? "loss" : Object.keys(scores.train)[0];
    this.rows.push([step, scores.train[name], scores.test[name]]);
    if (this.rows.length > MOST) this.rows = this.rows.filter((_, i) => i % 2 || i === this.rows.length - 1);
    this.words(scores);
    this.draw();
  }

  words(scores) {
    const cells = [["", "training", "test"]];
    for (const name of Object.keys(scores.train).filter((name) => name !== "not_finite")) cells.push([name.replaceAll("_", " "), ...["train", "test"].map((split) => {
      const value = scores[split][name];
      return value == null ? "–" : name === "accuracy" ? `${(100 * value).toFixed(1)} %` : String(+value.toPrecision(4));
    })]);
    this.table.replaceChildren(...cells.flat().map((text) => { const cell = document.createElement("span"); cell.textContent = text; return cell; }));
  }

  draw() {
    const { canvas, rows } = this, scale = devicePixelRatio;
    const width = (canvas.width = canvas.clientWidth * scale), height = (canvas.height = canvas.clientHeight * scale);
    const pen = canvas.getContext("2d"), all = rows.flatMap((row) => row.slice(1)).filter((value) => value != null);
    if (rows.length < 2 || !all.length) return;
    const logs = Math.min(...all) > 0, of = logs ? Math.log10 : (value) => value;
    const low = of(Math.min(...all)), high = Math.max(low + 1e-6, of(Math.max(...all)));
    const [first, last] = [rows[0][0], rows.at(-1)[0]];
    pen.lineWidth = 2 * scale;
    [[1, theme().ink, []], [2, `rgb(${theme().pos})`, [6 * scale, 4 * scale]]].forEach(([column, colour, dash]) => {
      pen.strokeStyle = colour;
      pen.setLineDash(dash);
      pen.beginPath();
      rows.forEach((row) => row[column] != null && pen.lineTo(((row[0] - first) / (last - first || 1)) * width, (1 - (of(row[column]) - low) / (high - low)) * (height - 22 * scale) + 18 * scale));
      pen.stroke();
    });
    pen.fillStyle = theme().ink;
    pen.font = `${11 * scale}px system-ui`;
    pen.fillText(`${this.name}: training solid, test dashed${logs ? ", logarithmic" : ""}`, 2, 11 * scale);
  }
}
