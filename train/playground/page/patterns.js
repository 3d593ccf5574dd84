// Small pictures: what a machine stores or samples, a picture to edit and damage, and the path of the machine from it.

import { ramp, theme } from "./colours.js";

const NEXT = { 1: "0", 0: "1", "?": "1" };
const WORDS = { 1: "black", 0: "white", "?": "unknown" };
const PACE = 450; // milliseconds of a sweep

/** Text of cells from values: above zero black, below white, zero unknown. */
export const cellsOf = (values) => [...values].map((value) => (value > 0 ? "1" : value < 0 ? "0" : "?")).join("");

/** Draws values from -1 to 1 as cells; unknown ones are crossed. */
function paint(canvas, values, rows, columns, reach = 1, grey = true) {
  const side = Math.max(2, Math.floor(120 / Math.max(rows, columns)));
  canvas.width = columns * side;
  canvas.height = rows * side;
  const ink = canvas.getContext("2d"), { middle, ink: black } = theme();
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i] / reach, [left, top] = [(i % columns) * side, Math.floor(i / columns) * side];
    ink.fillStyle = grey ? `rgb(${middle})` : `rgb(${ramp(value)})`;
    ink.fillRect(left, top, side, side);
    if (!grey) continue;
    ink.fillStyle = black;
    ink.globalAlpha = Math.max(0, Math.min(1, (value + 1) / 2));
    if (value === 0) {
      ink.globalAlpha = 0.5;
      ink.fillRect(left + side / 2 - 1, top + side / 4, 2, side / 2);
      ink.fillRect(left + side / 4, top + side / 2 - 1, side / 2, 2);
    } else ink.fillRect(left, top, side, side);
    ink.globalAlpha = 1;
  }
}

export class Gallery {
  constructor(box, onChosen) { Object.assign(this, { box, onChosen, kinds: "" }); }

  /** Shows pictures by kind: [name, title, values, grey]. */
  show(sets, rows, columns) {
    const kinds = sets.map(([name, title, values]) => `${name}${title}${values.length}`).join() + rows + columns;
    if (kinds !== this.kinds) this.make(sets, rows, columns);
    this.kinds = kinds;
    for (const [name, , values, grey] of sets) {
      const size = rows * columns, reach = grey ? 1 : Math.max(1e-9, ...values.map(Math.abs));
      this.nodes[name].forEach((node, k) => {
        node.values = values.subarray(k * size, (k + 1) * size);
        paint(node.firstChild, node.values, rows, columns, reach, grey);
      });
    }
  }

  make(sets, rows, columns) {
    this.nodes = {};
    const parts = sets.map(([name, title, values, grey]) => {
      const box = document.createElement("div"), head = document.createElement("h3"), row = document.createElement("div");
      head.textContent = title;
      row.className = "pictures";
      row.dataset.kind = name;
      this.nodes[name] = Array.from({ length: values.length / (rows * columns) }, (_, k) => {
        const node = document.createElement(grey ? "button" : "span");
        node.className = "picture";
        node.append(document.createElement("canvas"));
        if (grey) {
          node.setAttribute("aria-label", `${title}: number ${k + 1}; take it`);
          node.onclick = () => this.onChosen(cellsOf(node.values));
        } else { node.role = "img"; node.ariaLabel = `${title}: number ${k + 1}`; }
        row.append(node);
        return node;
      });
      box.append(head, row);
      return box;
    });
    this.box.replaceChildren(...parts);
  }
}

/** A grid of cells for pointer and keyboard: a press turns a cell, the arrows move, ? makes a cell unknown. */
export class Cells {
  constructor(box, onChange) {
    Object.assign(this, { box, onChange, cells: "" });
    box.addEventListener("pointerdown", (event) => {
      const at = this.nodes?.indexOf(event.target.closest("button")) ?? -1;
      if (at < 0) return;
      event.preventDefault();
      this.brush = NEXT[this.cells[at]];
      this.put(at, this.brush);
      this.nodes[at].focus();
    });
    box.addEventListener("pointermove", (event) => {
      if (!event.buttons || !this.brush) return;
      const at = this.nodes.indexOf(document.elementFromPoint(event.clientX, event.clientY)); // of a finger, too
      if (at >= 0) this.put(at, this.brush);
    });
    box.addEventListener("click", (event) => { const at = this.nodes?.indexOf(event.target) ?? -1; if (!event.detail && at >= 0) this.put(at, NEXT[this.cells[at]]); }); // of a screen reader
    addEventListener("pointerup", () => { this.brush = null; });
    box.addEventListener("keydown", (event) => this.key(event));
  }

  shape(rows, columns) {
    if (this.rows === rows && this.columns === columns) return;
    Object.assign(this, { rows, columns, cells: "0".repeat(rows * columns) });
    this.box.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
    this.nodes = Array.from({ length: rows * columns }, (_, i) => {
      const node = document.createElement("button");
      node.type = "button";
      node.tabIndex = i ? -1 : 0;
      return node;
    });
    this.box.replaceChildren(...this.nodes);
    this.draw();
  }

  set(cells) { this.cells = cells; this.draw(); this.onChange?.(cells); }
  put(at, cell) { if (this.cells[at] !== cell) this.set(this.cells.slice(0, at) + cell + this.cells.slice(at + 1)); }

  key(event) {
    const at = this.nodes.indexOf(event.target), { rows, columns } = this;
    if (at < 0) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in moves) {
      const to = (at + moves[event.key] + rows * columns) % (rows * columns);
      this.nodes[at].tabIndex = -1;
      this.nodes[to].tabIndex = 0;
      this.nodes[to].focus();
    } else if (event.key === " " || event.key === "Enter") this.put(at, NEXT[this.cells[at]]);
    else if (event.key === "?") this.put(at, "?");
    else return;
    event.preventDefault();
  }

  draw() {
    this.nodes.forEach((node, i) => {
      const cell = this.cells[i];
      node.dataset.cell = cell;
      node.textContent = cell === "?" ? "?" : "";
      node.setAttribute("aria-label", `row ${Math.floor(i / this.columns) + 1}, column ${(i % this.columns) + 1}: ${WORDS[cell]}`);
    });
  }
}

/** The path of a recall or of a chain: a picture a sweep, and the curve of the energy. */
export class Path {
  constructor({ row, curve, text }) { Object.assign(this, { row, curve, text }); }

  clear() { clearInterval(this.timer); this.found = null; this.row.replaceChildren(); this.text.textContent = ""; this.draw(); }

  show(message, rows, columns) {
    this.clear();
    this.found = message;
    this.side = [rows, columns];
    this.at = 0;
    const next = () => { this.add(); if (++this.at >= message.shapes.states[0]) clearInterval(this.timer); };
    next();
    this.timer = setInterval(next, matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : PACE);
  }

  add() {
    const { found, at, side } = this, [rows, columns] = side, size = rows * columns;
    if (at >= found.shapes.states[0]) return;
    const box = document.createElement("figure"), canvas = document.createElement("canvas"), text = document.createElement("figcaption");
    paint(canvas, found.arrays.states.subarray(at * size, (at + 1) * size), rows, columns);
    text.textContent = `${at ? `sweep ${at}` : "given"}: ${found.arrays.energy[at].toFixed(2)}`;
    text.dataset.energy = found.arrays.energy[at];
    box.append(canvas, text);
    this.row.append(box);
    this.draw(at + 1);
    const last = at + 1 === found.shapes.states[0];
    if (!last) return;
    const near = found.nearest === undefined ? "" : ` Nearest stored pattern: number ${found.nearest + 1}, overlap ${found.overlap.toFixed(3)}.`;
    this.text.textContent = `${found.wrong ? `${found.wrong} cells differ from the picture before the damage.` : "The picture before the damage is restored."}${near}`;
  }

  draw(count = this.found?.shapes.states[0] ?? 0) {
    const { curve } = this, scale = devicePixelRatio;
    if (!curve.clientWidth) return;
    const width = (curve.width = curve.clientWidth * scale), height = (curve.height = curve.clientHeight * scale);
    if (!this.found || count < 1) return;
    const ink = curve.getContext("2d"), every = [...this.found.arrays.energy], low = Math.min(...every), high = Math.max(...every, low + 1e-6);
    const place = (i) => [10 * scale + (i / Math.max(1, every.length - 1)) * (width - 20 * scale), 18 * scale + (1 - (every[i] - low) / (high - low)) * (height - 28 * scale)];
    ink.strokeStyle = ink.fillStyle = theme().ink;
    ink.lineWidth = 2 * scale;
    ink.beginPath();
    for (let i = 0; i < count; i++) ink.lineTo(...place(i));
    ink.stroke();
    for (let i = 0; i < count; i++) { const [x, y] = place(i); ink.fillRect(x - 3 * scale, y - 3 * scale, 6 * scale, 6 * scale); }
    ink.font = `${11 * scale}px system-ui`;
    ink.fillText("energy by sweep", 2, 11 * scale);
  }
}
