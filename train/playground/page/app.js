// The page: what the user does goes to the server as a state, and what the server trains is drawn.

import { Blame } from "./blame.js";
import { onTheme } from "./colours.js";
import { Curve } from "./curve.js";
import { aroundFunction, fromCsv, fromFunction, fromNumbers } from "./data.js";
import { copy, save, showHome } from "./home.js";
import { showKnobs } from "./knobs.js";
import { Network } from "./network.js";
import { Cells, cellsOf, Gallery, Path } from "./patterns.js";
import { Plane } from "./plane.js";
import { Forecast, Pad } from "./series.js";
import { Line } from "./socket.js";

const $ = (id) => document.getElementById(id);
const OWN = { points: "your own points", series: "your own series", patterns: "your own pictures" };
const ENOUGH = {
  points: [(own) => own.xy.length > 1, "Two points at least, of two classes: click onto the plane."],
  series: [(own) => own.values.length > 0, "Draw a series on the pad."],
  patterns: [(own) => own.cells.length > 0, "One picture at least: draw it on the grid and add it."],
};
let state = linked(), playing = false, wantsPlay = false, last = null;

/** State of the permanent link, or null without one. */
function linked() {
  try { return JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
}

const say = (text, bad = false) => { $("status").textContent = text; $("status").classList.toggle("bad", bad); };
const plane = new Plane($("plane"), clicked);
const curve = new Curve($("curve"), $("scores"));
const network = new Network($("network"), { onFeatures: (names) => turn("d.features", names), onZoom: (unit) => plane.zoom(unit) });
const forecast = new Forecast($("forecast"));
const pad = new Pad($("pad"), (values) => takeSeries(() => values));
const cells = new Cells($("cells"));
const gallery = new Gallery($("gallery"), (chosen) => cells.set(chosen));
const path = new Path({ row: $("path"), curve: $("energy"), text: $("path-words") });
const blame = new Blame($("blame-out"), { back: $("blame-back"), next: $("blame-next") });

const line = new Line({
  onOpen: () => { line.send({ do: "state", state: state ? sent() : {} }); if (wantsPlay) line.send({ do: "play" }); },
  onMessage: (message) => ({ built, frame, error, blame: blamed, recall: recalled, home, file })[message.type]?.(message),
  onStatus: (text, bad) => { say(text, bad); if (bad) pressed(false); },
});

const own = () => (state.dataset in OWN ? state[state.dataset] : undefined);
const sent = () => ({ model: state.model, dataset: state.dataset, set: state.set ?? {}, ...(own() ? { [state.dataset]: own() } : {}) });

function change(next) {
  state = { ...state, ...next };
  for (const kind of Object.keys(OWN)) if (kind !== state.dataset) delete state[kind];
  link();
  if (own()) {
    const [enough, text] = ENOUGH[state.dataset];
    if (!enough(own())) { say(text); return; }
  }
  line.send({ do: "state", state: sent() });
}

function turn(name, value) { change({ set: { ...state.set, [name]: value } }); }

function link() {
  const view = { discretise: plane.options.discretise, showTest: plane.options.showTest };
  history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify({ ...sent(), view }))}`);
}

// From the server

function built(message) {
  if (!state) state = { model: message.model, dataset: message.dataset, set: message.set };
  say([...message.notes].join(" · "));
  last = message;
  $("out").parentElement.dataset.stage = message.stage;
  if (!message.goes_on) { curve.clear(); blame.clear(); path.clear(); plane.chosen = null; }
  select($("model"), Object.entries(message.models).map(([name]) => [name, name]), message.model);
  select($("dataset"), [...message.sets[message.model], ...message.own[message.model]].map((name) => [name, OWN[name] ?? name.replaceAll("_", " ")]), message.dataset);
  $("card").textContent = message.models[message.model];
  $("own").open = message.dataset in OWN || $("own").open;
  showKnobs(message.knobs, { data: $("data-knobs"), rest: $("knobs") }, turn, message.lessons);
  $("blame-lesson").hidden = !message.lessons;
  $("blame-lesson").href = `${message.lessons}/05-blame.md`;
  STAGES[message.stage].built(message);
  legend(message);
  link();
}

const STAGES = {
  points: {
    built(message) {
      plane.built(message);
      if (!message.goes_on || network.about?.features.join() !== message.features.join()) network.built(message);
      shape(message);
    },
    show(message) { network.show(message); plane.show(message); },
  },
  series: {
    built(message) { forecast.built(message); },
    show(message) { forecast.show(message); $("forecast-words").textContent = forecast.words(); },
  },
  patterns: {
    built(message) {
      const { rows, columns, recalls, goes_on: goesOn } = message, { patterns } = message.arrays;
      cells.shape(rows, columns);
      if (!goesOn && !cells.cells.includes("1")) cells.set(cellsOf(patterns.subarray(0, rows * columns)));
      $("recall-go").textContent = recalls ? "Damage and recall" : "Damage and sample from it";
    },
    show({ step, arrays }) {
      const { rows, columns } = last;
      if (arrays.stored) {
        gallery.show([step ? ["stored", "stored patterns", arrays.stored, true] : ["stored", "patterns that the next step stores", last.arrays.patterns, true]], rows, columns);
      } else {
        gallery.show([["filters", "weights of the hidden units", arrays.filters, false], ["chains", "states of the chains", arrays.chains.map((bit) => 2 * bit - 1), true],
          ["patterns", "training examples", last.arrays.patterns, true]], rows, columns);
      }
    },
  },
};

function frame(message) {
  playing = message.playing;
  pressed(playing);
  const rate = message.rate ? ` · ${Math.round(message.rate).toLocaleString("en")} steps a second` : "";
  $("count").textContent = `step ${message.step.toLocaleString("en")} · epoch ${message.epoch.toFixed(message.epoch < 100 ? 2 : 0)}${last.length ? ` of ${last.length.toLocaleString("en")} steps` : ""}${rate}`;
  $("count").dataset.step = message.step;
  STAGES[last.stage].show(message);
  curve.show(message);
}

function error(message) { say(message.text, true); wantsPlay = message.playing; pressed(message.playing); }
function blamed(message) { blame.show(message); network.mark(message.units); $("blame-out").dataset.split = message.split; }
function recalled(message) { path.show(message, last.rows, last.columns); }
function home(message) { showHome($("home-out"), message); }
function file(message) { save(message.name, message.arrays.content); }

function pressed(on) { $("play").setAttribute("aria-pressed", String(on)); $("play").textContent = on ? "Pause" : "Play"; }

function select(field, pairs, value) {
  if ([...field.options].map((each) => each.value).join() !== pairs.map(([name]) => name).join()) field.replaceChildren(...pairs.map(([name, text]) => new Option(text, name)));
  field.value = value;
}

function legend(message) {
  if (message.stage === "series") { $("legend").textContent = "solid line: the series, its training part shaded · dots: forecasts one step ahead · broken line: free running from the dotted line on"; return; }
  if (message.stage === "patterns") { $("legend").textContent = message.recalls ? "crosses: unknown cells" : "blue: positive weights, orange: negative ones"; return; }
  const shapes = ["squares", "discs", "triangles", "squares", "pentagons"];
  const kinds = { map: "lines: the map", samples: "crosses: samples", centres: "pluses: centres", vectors: "rings: support vectors; broken lines: margins" };
  const names = message.classes.map((name, i) => `${shapes[i] ?? "polygons"}: class ${name}`);
  const parts = message.task === "regression" ? ["blue: above zero, orange: below"] : names;
  $("legend").textContent = [...parts, kinds[message.places]].filter(Boolean).join(" · ");
  $("labels").replaceChildren(...message.classes.map((name) => new Option(name)));
}

/** Buttons that add and remove layers and units. */
function shape(message) {
  const knob = message.knobs.find(({ name }) => name === "m.hidden");
  const layers = Array.isArray(knob?.value) ? knob.value : null;
  $("net-note").textContent = message.layers.length ? "" : "This animal has no layers of units: the plane shows what it learns.";
  if (!layers) { $("shape").replaceChildren(); return; }
  const button = (text, label, next) => {
    const made = document.createElement("button");
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.onclick = () => turn("m.hidden", next);
    return made;
  };
  const parts = [button("+ layer", "add a layer", [...layers, 4])];
  if (layers.length) parts.push(button("− layer", "remove a layer", layers.slice(0, -1)));
  layers.forEach((units, i) => {
    const group = document.createElement("span");
    group.append(`${units} `, button("+", `add a unit to layer ${i + 1}`, layers.with(i, units + 1)));
    if (units > 1) group.append(button("−", `remove a unit of layer ${i + 1}`, layers.with(i, units - 1)));
    parts.push(group);
  });
  $("shape").replaceChildren(...parts);
}

// From the user

function clicked(x, y) {
  const near = plane.nearest(x, y);
  if (state.dataset === "points" && (!near || $("own").open)) { add(x, y); return; }
  if (near) ask(near);
}

function ask({ split, index }) {
  plane.chosen = { split, index };
  plane.draw();
  $("blame-index").value = index;
  $("blame-split").value = split;
  line.send({ do: "blame", split, index });
}

function add(x, y) {
  const old = state.points ?? { xy: [], label: [], share: Number($("share").value) };
  const label = typeof old.label[0] === "number" ? Number($("label").value) : $("label").value;
  change({ points: { ...old, xy: [...old.xy, [Number(x.toFixed(3)), Number(y.toFixed(3))]], label: [...old.label, label] } });
}

function take(kind, make) {
  try {
    const made = make();
    if (kind === "points") $("share").value = made.share;
    change({ dataset: kind, [kind]: made, set: state.dataset === kind ? state.set : withoutData() });
  } catch (problem) { say(problem.message, true); }
}
const takePoints = (make) => take("points", make);
const takeSeries = (make) => take("series", () => ({ values: make() }));

/** The knobs that other data keep: those of the data set are gone. */
const withoutData = () => Object.fromEntries(Object.entries(state.set ?? {}).filter(([name]) => !name.startsWith("d.") || name === "d.features"));

$("play").onclick = () => { wantsPlay = !playing; line.send({ do: wantsPlay ? "play" : "pause" }); };
$("step").onclick = () => { wantsPlay = false; line.send({ do: "step" }); };
$("restart").onclick = () => { curve.clear(); blame.clear(); line.send({ do: "restart" }); };
$("speed").onchange = () => line.send({ do: "speed", value: $("speed").value });
$("model").onchange = () => {
  const model = $("model").value, suits = last.sets[model].includes(state.dataset) || last.own[model].includes(state.dataset);
  const dataset = suits ? state.dataset : last.sets[model][0], alike = suits || (last.stage === "points" && last.own[model].includes("points"));
  const kept = Object.fromEntries(Object.entries(state.set ?? {}).filter(([name]) => alike && name.startsWith("d.") && name !== "d.whole"));
  change({ model, set: kept, dataset });
};
$("dataset").onchange = () => {
  const name = $("dataset").value;
  if (name in OWN) take(name, FIRST[name]);
  else change({ dataset: name, set: last.stage === "points" ? state.set : withoutData() });
};
/** What is shown, as data of the user's own to begin with. */
const FIRST = {
  points() {
    const points = { xy: [], label: [], share: 0.5 };
    plane.examples.forEach(({ xy, y }) => y.forEach((value, i) => { if (points.xy.length < 500) { points.xy.push([Number(xy[2 * i].toFixed(3)), Number(xy[2 * i + 1].toFixed(3))]); points.label.push(last.classes[value] ?? Number(value.toFixed(4))); } }));
    return points;
  },
  series: () => ({ values: [...last.arrays.values].slice(0, 600).map((value) => Number(value.toFixed(4))) }),
  patterns() {
    const { rows, columns } = last, size = rows * columns, { patterns } = last.arrays;
    return { rows, columns, cells: Array.from({ length: patterns.length / size }, (_, k) => cellsOf(patterns.subarray(k * size, (k + 1) * size))) };
  },
};
$("share").onchange = () => { if (state.points) change({ points: { ...state.points, share: Number($("share").value) } }); };
$("formula-go").onclick = () => takePoints(() => aroundFunction($("formula").value));
$("csv-go").onclick = () => takePoints(() => fromCsv($("csv").value));
$("csv-file").onchange = async () => { const [chosen] = $("csv-file").files; if (chosen) { const text = await chosen.text(); takePoints(() => fromCsv(text)); } };
$("undo").onclick = () => { if (state.points) change({ points: { ...state.points, xy: state.points.xy.slice(0, -1), label: state.points.label.slice(0, -1) } }); };
$("clear").onclick = () => { change({ dataset: "points", set: withoutData(), points: { xy: [], label: [], share: Number($("share").value) } }); };
$("wave-go").onclick = () => takeSeries(() => fromFunction($("wave").value));
$("numbers-go").onclick = () => takeSeries(() => fromNumbers($("numbers").value));
$("grid-go").onclick = () => {
  const [rows, columns] = ["rows", "columns"].map((name) => Number($(name).value));
  if (![rows, columns].every((side) => Number.isInteger(side) && side >= 2 && side <= 16)) { say("Rows and columns must be whole numbers from 2 to 16.", true); return; }
  cells.shape(rows, columns);
  cells.set("0".repeat(rows * columns));
  take("patterns", () => ({ rows, columns, cells: [] }));
};
$("pattern-add").onclick = () => {
  const { rows, columns } = cells, old = state.patterns?.rows === rows && state.patterns?.columns === columns ? state.patterns.cells : [];
  if (cells.cells.includes("?")) { say("A picture to be learned has no unknown cells.", true); return; }
  take("patterns", () => ({ rows, columns, cells: [...old, cells.cells] }));
};
$("pattern-undo").onclick = () => { if (state.patterns) change({ patterns: { ...state.patterns, cells: state.patterns.cells.slice(0, -1) } }); };
$("cells-clear").onclick = () => cells.set("0".repeat(cells.cells.length));
$("recall-go").onclick = () => {
  if (last.recalls && $("count").dataset.step === "0") line.send({ do: "step" }); // nothing is stored yet
  line.send({ do: "recall", cells: cells.cells, flip: Number($("flip").value), hide: $("hide").value, seed: Math.round(Number($("damage").value)) });
};
$("discretise").onchange = () => { plane.options.discretise = $("discretise").checked; plane.draw(); link(); };
$("show-test").onchange = () => { plane.options.showTest = $("show-test").checked; plane.draw(); link(); };
$("blame-go").onclick = () => ask({ split: $("blame-split").value, index: Number($("blame-index").value) });
$("home-go").onclick = () => line.send({ do: "home" });
$("model-go").onclick = () => line.send({ do: "model" });
$("link-go").onclick = () => copy(location.href, $("link-go"));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  const [dropped] = event.dataTransfer.files;
  if (dropped) { const text = await dropped.text(); takePoints(() => fromCsv(text)); }
});
addEventListener("hashchange", () => { const found = linked(); if (found) { options(found); change(found); } });
function redraw() { plane.draw(); curve.draw(); forecast.draw(); pad.draw(); path.draw(); }
addEventListener("resize", redraw);
onTheme(() => { redraw(); gallery.kinds = ""; if (last && network.frame) network.show(network.frame); });

function options(found) {
  Object.assign(plane.options, found.view ?? {});
  $("discretise").checked = Boolean(plane.options.discretise);
  $("show-test").checked = Boolean(plane.options.showTest);
}
if (state) options(state);
