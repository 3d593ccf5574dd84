// Colours of values and classes: a pair that colour-blind people tell apart, blue above zero and orange below.

const LIGHT = { middle: [250, 250, 250], pos: [8, 119, 189], neg: [245, 147, 34], ink: "#24292f" };
const DARK = { middle: [22, 27, 34], pos: [58, 150, 220], neg: [214, 126, 34], ink: "#e6edf3" };
const CLASSES = ["#d9730d", "#0877bd", "#2a8f4f", "#a24bb8", "#8c6d1f", "#c2185b", "#4d6b8a", "#5e7d00"];

const dark = matchMedia("(prefers-color-scheme: dark)");
export const theme = () => (dark.matches ? DARK : LIGHT);
export const onTheme = (redraw) => dark.addEventListener("change", redraw);

/** Colour of a value from -1 to 1 as [r, g, b]. */
export function ramp(value) {
  const { middle, pos, neg } = theme();
  const end = value < 0 ? neg : pos, share = Math.min(1, Math.abs(value));
  return middle.map((part, i) => Math.round(part + (end[i] - part) * share));
}

export const classColour = (i) => CLASSES[i % CLASSES.length];

/** Colour of class i as strong as its share. */
export function classRamp(i, share) {
  const { middle } = theme(), hex = classColour(i);
  return middle.map((part, k) => Math.round(part + (parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16) - part) * share));
}

/** Draws values (side x side, from the least y on) onto a canvas. */
export function heat(canvas, side, colourOf) {
  const image = new ImageData(side, side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [r, g, b] = colourOf(row * side + column);
      const at = 4 * ((side - 1 - row) * side + column);
      image.data[at] = r; image.data[at + 1] = g; image.data[at + 2] = b; image.data[at + 3] = 255;
    }
  }
  canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
