// The page: what the user does goes to the server as a state, and what the server trains is drawn.

import { Blame } from "./blame.js";
import { onTheme } from "./colours.js";
import { Curve } from "./curve.js";
import { aroundFunction, fromCsv } from "./data.js";
import { copy, save, showHome } from "./home.js";
import { showKnobs } from "./knobs.js";
import { Network } from "./network.js";
import { Plane } from "./plane.js";
import { Line } from "./socket.js";

const $ = (id) => document.getElementById(id);
const OWN = "points";
let state = linked(), playing = false, wantsPlay = false, last = null;

/** State of the permanent link, or null without one. */
function linked() {
  try { return JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
}

const say = (text, bad = false) => { $("status").textContent = text; $("status").classList.toggle("bad", bad); };
const plane = new Plane($("plane"), clicked);
const curve = new Curve($("curve"), $("scores"));
const network = new Network($("network"), { onFeatures: (names) => turn("d.features", names), onZoom: (unit) => plane.zoom(unit) });
const blame = new Blame($("blame-out"), { back: $("blame-back"), next: $("blame-next") });

const line = new Line({
  onOpen: () => { line.send({ do: "state", state: state ? sent() : {} }); if (wantsPlay) line.send({ do: "play" }); },
  onMessage: (message) => ({ built, frame, error, blame: blamed, home, file })[message.type]?.(message),
  onStatus: (text, bad) => { say(text, bad); if (bad) pressed(false); },
});

const sent = () => ({ model: state.model, dataset: state.dataset, set: state.set ?? {}, ...(state.points ? { points: state.points } : {}) });

function change(next) {
  state = { ...state, ...next };
  if (state.dataset !== OWN) delete state.points;
  link();
  if (state.points && state.points.xy.length < 2) { say("Two points at least, of two classes: click onto the plane."); return; }
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
  if (!message.goes_on) { curve.clear(); blame.clear(); plane.chosen = null; }
  select($("model"), Object.entries(message.models).map(([name]) => [name, name]), message.model);
  select($("dataset"), [...message.sets[message.model], OWN].map((name) => [name, name === OWN ? "your own points" : name.replace("_", " ")]), message.dataset);
  $("card").textContent = message.models[message.model];
  $("own").open = message.dataset === OWN || $("own").open;
  showKnobs(message.knobs, { data: $("data-knobs"), rest: $("knobs") }, turn);
  plane.built(message);
  if (!message.goes_on || network.about?.features.join() !== message.features.join()) network.built(message);
  shape(message);
  legend(message);
  link();
}

function frame(message) {
  playing = message.playing;
  pressed(playing);
  const rate = message.rate ? ` · ${Math.round(message.rate).toLocaleString("en")} steps a second` : "";
  $("count").textContent = `step ${message.step.toLocaleString("en")} · epoch ${message.epoch.toFixed(message.epoch < 100 ? 2 : 0)}${last.length ? ` of ${last.length.toLocaleString("en")} steps` : ""}${rate}`;
  $("count").dataset.step = message.step;
  network.show(message);
  plane.show(message);
  curve.show(message);
}

function error(message) { say(message.text, true); wantsPlay = message.playing; pressed(message.playing); }
function blamed(message) { blame.show(message); network.mark(message.units); $("blame-out").dataset.split = message.split; }
function home(message) { showHome($("home-out"), message); }
function file(message) { save(message.name, message.arrays.content); }

function pressed(on) { $("play").setAttribute("aria-pressed", String(on)); $("play").textContent = on ? "Pause" : "Play"; }

function select(field, pairs, value) {
  if ([...field.options].map((each) => each.value).join() !== pairs.map(([name]) => name).join()) field.replaceChildren(...pairs.map(([name, text]) => new Option(text, name)));
  field.value = value;
}

function legend(message) {
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
  if (state.dataset === OWN && (!near || $("own").open)) { add(x, y); return; }
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

function own(points) {
  try {
    const made = points();
    $("share").value = made.share;
    change({ dataset: OWN, points: made, set: withoutData() });
  } catch (problem) { say(problem.message, true); }
}

/** The knobs that other data keep: those of the data set are gone. */
const withoutData = () => Object.fromEntries(Object.entries(state.set ?? {}).filter(([name]) => !name.startsWith("d.") || name === "d.features"));

$("play").onclick = () => { wantsPlay = !playing; line.send({ do: wantsPlay ? "play" : "pause" }); };
$("step").onclick = () => { wantsPlay = false; line.send({ do: "step" }); };
$("restart").onclick = () => { curve.clear(); blame.clear(); line.send({ do: "restart" }); };
$("speed").onchange = () => line.send({ do: "speed", value: $("speed").value });
$("model").onchange = () => {
  const kept = Object.fromEntries(Object.entries(state.set ?? {}).filter(([name]) => name.startsWith("d.")));
  const model = $("model").value;
  const suits = state.dataset === OWN || last.sets[model].includes(state.dataset);
  change({ model, set: kept, ...(suits ? {} : { dataset: last.sets[model][0] }) });
};
$("dataset").onchange = () => {
  if ($("dataset").value !== OWN) { change({ dataset: $("dataset").value }); return; }
  const points = { xy: [], label: [], share: 0.5 };
  plane.examples.forEach(({ xy, y }) => y.forEach((value, i) => { if (points.xy.length < 500) { points.xy.push([Number(xy[2 * i].toFixed(3)), Number(xy[2 * i + 1].toFixed(3))]); points.label.push(last.classes[value] ?? Number(value.toFixed(4))); } }));
  own(() => points);
};
$("share").onchange = () => { if (state.points) change({ points: { ...state.points, share: Number($("share").value) } }); };
$("formula-go").onclick = () => own(() => aroundFunction($("formula").value));
$("csv-go").onclick = () => own(() => fromCsv($("csv").value));
$("csv-file").onchange = async () => { const [chosen] = $("csv-file").files; if (chosen) { const text = await chosen.text(); own(() => fromCsv(text)); } };
$("undo").onclick = () => { if (state.points) change({ points: { ...state.points, xy: state.points.xy.slice(0, -1), label: state.points.label.slice(0, -1) } }); };
$("clear").onclick = () => { change({ dataset: OWN, set: withoutData(), points: { xy: [], label: [], share: Number($("share").value) } }); };
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
  if (dropped) { const text = await dropped.text(); own(() => fromCsv(text)); }
});
addEventListener("hashchange", () => { const found = linked(); if (found) { options(found); change(found); } });
addEventListener("resize", () => { plane.draw(); curve.draw(); });
onTheme(() => { plane.draw(); curve.draw(); if (last && network.frame) network.show(network.frame); });

function options(found) {
  Object.assign(plane.options, found.view ?? {});
  $("discretise").checked = Boolean(plane.options.discretise);
  $("show-test").checked = Boolean(plane.options.showTest);
}
if (state) options(state);
