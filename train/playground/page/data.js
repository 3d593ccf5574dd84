// Points and series of the user's own: from a CSV text, numbers, or a function.

import { expression } from "./expression.js";

const MOST = 5000;

/** Points of a CSV text with the columns x, y, label; a first line of names is left out. Throws what is wrong. */
export function fromCsv(text) {
  const rows = text.split(/\r?\n/).map((line) => line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"))).filter((row) => row.some(Boolean));
  if (rows.length && rows[0].slice(0, 2).some((cell) => Number.isNaN(Number(cell)))) rows.shift();
  if (rows.length < 2) throw new Error("the CSV has fewer than two rows of x, y, label");
  if (rows.length > MOST) throw new Error(`the CSV has ${rows.length} rows, at most ${MOST} are drawn`);
  const points = { xy: [], label: [], share: 0.2 };
  rows.forEach((row, i) => {
    const [x, y] = row.slice(0, 2).map(Number);
    if (row.length < 3 || !Number.isFinite(x) || !Number.isFinite(y) || row[0] === "" || row[1] === "" || row[2] === "") throw new Error(`row ${i + 1} of the CSV is not x, y, label: ${row.join(", ").slice(0, 60)}`);
    points.xy.push([x, y]);
    points.label.push(row[2]);
  });
  // Numbers with more than a few different values are values to predict, all else are classes.
  const numbers = points.label.map(Number);
  if (numbers.every(Number.isFinite) && (new Set(numbers).size > 10 || numbers.some((value) => !Number.isInteger(value)))) points.label = numbers;
  return points;
}

/** Points on both sides of a function of x, of the classes above and below. */
export function aroundFunction(text, count = 400) {
  const of = expression(text), points = { xy: [], label: [], share: 0.5 };
  let seed = 1;
  const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647);
  for (let tries = 0; points.xy.length < count && tries < 100 * count; tries++) {
    const [x, y] = [12 * random() - 6, 12 * random() - 6], border = of(x);
    if (!Number.isFinite(border) || Math.abs(y - border) < 0.3) continue;
    points.xy.push([Number(x.toFixed(3)), Number(y.toFixed(3))]);
    points.label.push(y > border ? "above" : "below");
  }
  if (points.xy.length < count) throw new Error("the function has no finite values between -6 and 6");
  if (new Set(points.label).size < 2) throw new Error("all points from -6 to 6 lie on one side of the function");
  return points;
}

/** Numbers of a text, one series. Throws what is wrong. */
export function fromNumbers(text) {
  const words = text.split(/[\s,;]+/).filter(Boolean), values = words.map(Number), wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new Error(`word ${wrong + 1} is no number: ${words[wrong].slice(0, 40)}`);
  return values;
}

/** Values of a function of x at `count` places from 0 to 100. */
export function fromFunction(text, count = 600) {
  const of = expression(text), values = Array.from({ length: count }, (_, i) => Number(of((100 * i) / (count - 1)).toFixed(4)));
  if (!values.every(Number.isFinite)) throw new Error("the function has values between 0 and 100 that are not finite");
  return values;
}
