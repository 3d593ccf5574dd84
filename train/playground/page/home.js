// What is taken home: texts to copy, files to save.

export function save(name, content, kind = "application/octet-stream") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy it yourself";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

export function showHome(box, message) {
  const parts = [], note = document.createElement("p");
  note.className = "note";
  note.textContent = message.moved
    ? "Knobs were turned during the run, or it began with given weights: these lines train from the beginning with the values of now."
    : `These lines repeat what the page shows after ${message.step} steps.`;
  parts.push(note);
  for (const [name, title, file] of [["command", "Command", ""], ["python", "Python", "train.py"], ["toml", "Recipe", "recipe.toml"]]) {
    if (!message[name]) continue;
    const head = document.createElement("div"), text = document.createElement("pre"), button = document.createElement("button"), label = document.createElement("strong");
    head.className = "bar";
    label.textContent = title;
    button.textContent = "Copy";
    button.onclick = () => copy(message[name], button);
    head.append(label, button);
    if (file) { const keep = document.createElement("button"); keep.textContent = `Save ${file}`; keep.onclick = () => save(file, message[name], "text/plain"); head.append(keep); }
    text.id = `home-${name}`;
    text.tabIndex = 0;
    text.textContent = message[name];
    parts.push(head, text);
  }
  for (const [name, content] of Object.entries(message.files)) {
    const keep = document.createElement("button");
    keep.textContent = `Save ${name}`;
    keep.onclick = () => save(name, content, "text/csv");
    parts.push(keep);
  }
  box.replaceChildren(...parts);
}
