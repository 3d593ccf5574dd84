// Knobs: the flags of the command line as inputs, with what they do in two sentences.

/** Text of a value as the input shows it. */
function shown(value) {
  if (value === null || value === undefined) return "none";
  return Array.isArray(value) ? value.join(" ") : String(value);
}

/** Value of a text, or undefined if it is none of the kind. */
function read(knob, text) {
  const trimmed = text.trim();
  if (knob.none && /^(none)?$/i.test(trimmed)) return null;
  if (knob.kind === "text") return trimmed;
  if (knob.kind === "texts") return trimmed.split(/[\s,]+/).filter(Boolean);
  if (knob.kind === "numbers") return trimmed.split(/[\s,]+/).filter(Boolean).map(Number);
  const value = Number(trimmed);
  return trimmed === "" || Number.isNaN(value) ? undefined : value;
}

function input(knob, onChange) {
  let field;
  if (knob.kind === "choice") {
    field = document.createElement("select");
    for (const choice of [...(knob.none ? ["none"] : []), ...knob.choices]) field.add(new Option(choice));
    field.value = shown(knob.value);
    field.onchange = () => onChange(field.value === "none" && knob.none ? null : field.value);
  } else if (knob.kind === "switch") {
    field = document.createElement("input");
    field.type = "checkbox";
    field.checked = knob.value === true;
    field.onchange = () => onChange(field.checked);
  } else {
    field = document.createElement("input");
    field.value = shown(knob.value);
    field.inputMode = ["number", "whole"].includes(knob.kind) ? "decimal" : "text";
    field.spellcheck = false;
    field.onchange = () => {
      const value = read(knob, field.value);
      if (value === undefined) field.setCustomValidity("a number is expected"); else { field.setCustomValidity(""); onChange(value); }
      field.reportValidity();
    };
  }
  return field;
}

function line(knob, onChange, lessons) {
  const box = document.createElement("div"), row = document.createElement("div");
  const label = document.createElement("label"), text = document.createElement("p"), field = input(knob, (value) => onChange(knob.name, value));
  box.className = `knob${knob.live ? " live" : ""}${knob.idle ? " idle" : ""}${shown(knob.value) !== shown(knob.default) ? " changed" : ""}`;
  row.className = "row";
  field.id = label.htmlFor = `knob-${knob.name.replace(".", "-")}`;
  field.disabled = Boolean(knob.idle);
  label.textContent = knob.name.replace(/^[a-z]\./, "").replaceAll("_", " ");
  text.id = `${field.id}-help`;
  field.setAttribute("aria-describedby", text.id);
  text.textContent = knob.idle ? `Without effect ${knob.idle}.` : knob.help;
  if (lessons) {
    const link = document.createElement("a");
    link.href = `${lessons}/${knob.lesson}.md`;
    link.target = "_blank";
    link.rel = "noreferrer";
    link.textContent = `Read on: ${knob.lesson.slice(3).replaceAll("-", " ")}`;
    link.className = "lesson";
    text.append(" ", link);
  }
  row.append(label, field);
  box.append(row, text);
  return box;
}

/** Fills the boxes with the knobs: those of the data apart; what had the focus has it again. */
export function showKnobs(knobs, boxes, onChange, lessons) {
  const focus = document.activeElement?.id;
  boxes.data.replaceChildren(...knobs.filter(({ name }) => name.startsWith("d.") && name !== "d.features").map((knob) => line(knob, onChange, lessons)));
  const parts = [];
  for (const group of new Set(knobs.map((knob) => knob.group))) {
    const own = knobs.filter((knob) => knob.group === group && !knob.name.startsWith("d."));
    if (!own.length) continue;
    const title = document.createElement("h3");
    title.textContent = group;
    parts.push(title, ...own.map((knob) => line(knob, onChange, lessons)));
  }
  boxes.rest.replaceChildren(...parts);
  if (focus?.startsWith("knob-")) document.getElementById(focus)?.focus();
}
