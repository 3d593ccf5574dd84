// Back-propagation of one example as tables: forward layer by layer, then back from the error to every weight.

const MOST = 12; // rows and columns of a table

const number = (value) => (value === 0 ? "0" : Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5 ? value.toExponential(2) : String(+value.toPrecision(4)));

function table(caption, head, rows) {
  const box = document.createElement("table"), title = document.createElement("caption");
  title.textContent = caption;
  box.append(title);
  [head, ...rows].forEach((row, i) => {
    const line = box.insertRow();
    row.forEach((cell, k) => {
      const field = document.createElement(i && k ? "td" : "th");
      field.textContent = typeof cell === "number" ? number(cell) : cell;
      if (typeof cell === "number") field.dataset.value = String(cell);
      line.append(field);
    });
  });
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.append(box);
  return scroll;
}

export class Blame {
  constructor(box, { back, next }) {
    Object.assign(this, { box, back, next, at: 0 });
    back.onclick = () => this.go(-1);
    next.onclick = () => this.go(1);
  }

  clear() { this.found = null; this.box.replaceChildren(); this.back.disabled = this.next.disabled = true; }

  show(message) {
    this.found = message;
    this.layers = message.units.length + 1;
    this.at = 0;
    this.draw();
  }

  go(by) {
    this.at = Math.max(0, Math.min(2 * this.layers - 1, this.at + by));
    this.draw();
  }

  /** First the layers forward, then the same layers backward. */
  draw() {
    const { found, layers, at } = this, forward = at < layers, layer = forward ? at : 2 * layers - 1 - at;
    this.back.disabled = at === 0;
    this.next.disabled = at === 2 * layers - 1;
    const title = document.createElement("p");
    title.innerHTML = "";
    title.textContent = `Example ${found.index} of ${found.split}, at step ${found.step}: loss ${number(found.loss)}. ${forward ? "Forward" : "Backward"}, ${layer === layers - 1 ? "output" : `layer ${layer + 1}`} (${at + 1} of ${2 * layers}).`;
    this.box.replaceChildren(title, forward ? this.forward(layer) : this.backward(layer));
  }

  forward(layer) {
    const { arrays, units } = this.found, [z, a] = [arrays[`z${layer}`], arrays[`a${layer}`]];
    const rows = [...z].slice(0, MOST).map((sum, i) => [`unit ${i}`, sum, a[i], units[layer]?.[i] ?? ""]);
    return table("weighted sum and activation of each unit", ["", "sum", "activation", "state"], rows);
  }

  backward(layer) {
    const { arrays, shapes } = this.found, [errors, w, b] = ["e", "w", "b"].map((name) => arrays[`${name}${layer}`]);
    const [inputs, outputs] = shapes[`w${layer}`], some = Math.min(outputs, MOST);
    const head = ["", ...Array.from({ length: some }, (_, k) => `unit ${k}`)];
    const rows = [["error (d loss / d sum)", ...[...errors].slice(0, some)]];
    for (let i = 0; i < Math.min(inputs, MOST); i++) rows.push([`gradient of weight from ${i}`, ...Array.from({ length: some }, (_, k) => w[i * outputs + k])]);
    if (b.length) rows.push(["gradient of bias", ...[...b].slice(0, some)]);
    return table("error of each unit, and the gradient of its weights", head, rows);
  }
}
