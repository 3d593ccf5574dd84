// The network: features, units with their own surfaces, and weights as lines by size and sign.

import { heat, ramp } from "./colours.js";

const FEATURES = {
  x: ["x", (x) => x / 3], y: ["y", (x, y) => y / 3], x2: ["x²", (x) => x * x / 9], y2: ["y²", (x, y) => y * y / 9],
  xy: ["xy", (x, y) => x * y / 9], sin_x: ["sin x", (x) => Math.sin(x)], sin_y: ["sin y", (x, y) => Math.sin(y)],
};
const SVG = "http://www.w3.org/2000/svg";

export class Network {
  constructor(box, { onFeatures, onZoom }) {
    Object.assign(this, { box, onFeatures, onZoom });
    new ResizeObserver(() => this.lines()).observe(box);
  }

  built(message) {
    this.about = message;
    this.frame = null;
    this.columns = [];
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("aria-hidden", "true");
    const row = document.createElement("div");
    row.className = "columns";
    row.append(this.features());
    message.layers.forEach((layer, i) => row.append(this.units(layer, i, i === message.layers.length - 1)));
    this.box.replaceChildren(this.svg, row);
    requestAnimationFrame(() => this.lines());
  }

  features() {
    const column = this.column("features");
    for (const [name, [title, value]] of Object.entries(FEATURES)) {
      const node = this.node(title, "feature");
      node.dataset.feature = name;
      const on = this.about.features.includes(name);
      node.setAttribute("aria-pressed", String(on));
      node.title = `feature ${title}: click to ${on ? "remove" : "add"} it`;
      const side = 22, [low, high] = [this.about.low, this.about.high];
      heat(node.firstChild, side, (i) => ramp(value(
        low[0] + ((i % side) / (side - 1)) * (high[0] - low[0]), low[1] + (Math.floor(i / side) / (side - 1)) * (high[1] - low[1]))));
      node.addEventListener("click", () => {
        const now = this.about.features, next = on ? now.filter((each) => each !== name) : Object.keys(FEATURES).filter((each) => now.includes(each) || each === name);
        if (next.length) this.onFeatures(next);
      });
      column.append(node);
    }
    this.columns.push({ nodes: this.about.features.map((name) => column.querySelector(`[data-feature="${name}"]`)) });
    return column;
  }

  units({ units, shown }, layer, last) {
    const column = this.column(last ? "output" : `layer ${layer + 1}: ${units} ${units === 1 ? "unit" : "units"}`);
    const nodes = Array.from({ length: shown }, (_, i) => {
      const node = this.node("", "unit");
      node.title = last ? "output" : `layer ${layer + 1}, unit ${i}: its own surface; click to see it large`;
      node.setAttribute("aria-label", node.title);
      const zoom = () => this.onZoom(node.values ?? null);
      node.addEventListener("click", () => { this.pinned = this.pinned === node ? null : node; this.onZoom(this.pinned?.values ?? null); });
      node.addEventListener("pointerenter", zoom);
      node.addEventListener("pointerleave", () => this.onZoom(this.pinned?.values ?? null));
      column.append(node);
      return node;
    });
    if (shown < units) { const more = document.createElement("span"); more.textContent = `and ${units - shown} more`; column.append(more); }
    this.columns.push({ nodes });
    return column;
  }

  column(title) {
    const column = document.createElement("div"), text = document.createElement("span");
    column.className = "column";
    text.textContent = title;
    column.append(text);
    return column;
  }

  node(title, kind) {
    const node = document.createElement("button"), canvas = document.createElement("canvas"), text = document.createElement("b");
    node.type = "button";
    node.className = `node ${kind}`;
    text.textContent = title;
    node.append(canvas, text);
    return node;
  }

  show(frame) {
    this.frame = frame;
    const units = frame.arrays.units;
    if (units) {
      const side = frame.shapes.units[1], size = side * side;
      let k = 0;
      for (const { nodes } of this.columns.slice(1)) for (const node of nodes) {
        node.values = units.subarray(k * size, ++k * size);
        heat(node.firstChild, side, (i) => ramp(node.values[i] / 127));
        if (node === this.pinned) this.onZoom(node.values);
      }
    }
    this.lines();
  }

  /** Marks dead and saturated units, as the blame of an example found them. */
  mark(units) {
    units.forEach((layer, i) => layer.forEach((kind, k) => {
      const node = this.columns[i + 1]?.nodes[k];
      if (!node) return;
      node.classList.remove("dead", "saturated");
      if (kind) node.classList.add(kind);
      node.setAttribute("aria-label", node.title + (kind ? `, ${kind}` : ""));
    }));
  }

  lines() {
    if (!this.about || !this.svg) return;
    const area = this.box.getBoundingClientRect(), weights = this.frame?.arrays.weights, parts = [];
    this.svg.setAttribute("width", this.box.scrollWidth);
    this.svg.setAttribute("height", this.box.scrollHeight);
    const place = (node, right) => {
      const box = node.getBoundingClientRect();
      return [(right ? box.right : box.left) - area.left + this.box.scrollLeft, (box.top + box.bottom) / 2 - area.top];
    };
    let at = 0;
    for (let i = 0; weights && i + 1 < this.columns.length; i++) {
      const [from, to] = [this.columns[i].nodes, this.columns[i + 1].nodes];
      const ends = to.map((node) => place(node, false));
      for (const node of from) {
        const [x, y] = place(node, true);
        for (const [p, q] of ends) {
          const w = weights[at++], bend = (p - x) / 2;
          const width = Math.min(8, 0.4 + Math.abs(w));
          parts.push(`<path class="${w < 0 ? "neg" : "pos"}" fill="none" stroke-width="${width.toFixed(2)}" opacity="${Math.min(1, 0.25 + Math.abs(w) / 2).toFixed(2)}" data-w="${w.toFixed(4)}" d="M${x} ${y}C${x + bend} ${y} ${p - bend} ${q} ${p} ${q}"/>`);
        }
      }
    }
    this.svg.innerHTML = parts.join("");
  }
}
