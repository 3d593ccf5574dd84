// Functions of x that a user types, such as 3 * sin(x): read by hand, as nothing typed is ever run as a program.

const NAMES = {
  sin: Math.sin, cos: Math.cos, tan: Math.tan, exp: Math.exp, log: Math.log, sqrt: Math.sqrt, abs: Math.abs,
  sign: Math.sign, tanh: Math.tanh, floor: Math.floor,
};
const CONSTANTS = { pi: Math.PI, e: Math.E };

/** Returns the function of x that a text describes; throws an Error with the place of what is wrong. */
export function expression(text) {
  const words = [...text.matchAll(/\s*(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|[a-z]+|\*\*|[-+*/^()]|\S)/gi)].map((found) => found[1].toLowerCase());
  if (words.length > 200) throw new Error("the function is too long");
  let at = 0;
  const peek = () => words[at];
  const take = (word) => (words[at] === word ? (at++, true) : false);
  const expect = (word) => { if (!take(word)) throw new Error(`expected ${word} before ${peek() ?? "the end"}`); };

  function sum() {
    let left = product();
    for (;;) {
      const a = left;
      if (take("+")) { const b = product(); left = (x) => a(x) + b(x); } else if (take("-")) { const b = product(); left = (x) => a(x) - b(x); } else return left;
    }
  }
  function product() {
    let left = signed();
    for (;;) {
      const a = left;
      if (take("*")) { const b = signed(); left = (x) => a(x) * b(x); } else if (take("/")) { const b = signed(); left = (x) => a(x) / b(x); } else return left;
    }
  }
  function signed() {
    if (take("-")) { const a = signed(); return (x) => -a(x); }
    if (take("+")) return signed();
    return power();
  }
  function power() {
    const a = atom();
    if (take("^") || take("**")) { const b = signed(); return (x) => a(x) ** b(x); }
    return a;
  }
  function atom() {
    if (take("(")) { const inner = sum(); expect(")"); return inner; }
    const word = peek();
    at++;
    if (word === "x") return (x) => x;
    if (word !== undefined && /^[\d.]/.test(word)) { const value = Number(word); return () => value; }
    if (Object.hasOwn(CONSTANTS, word ?? "")) return () => CONSTANTS[word];
    if (Object.hasOwn(NAMES, word ?? "")) { expect("("); const inner = sum(); expect(")"); return (x) => NAMES[word](inner(x)); }
    throw new Error(`${word ?? "the end"} is not understood: use x, numbers, + - * / ^ and ${Object.keys(NAMES).join(", ")}`);
  }
  const found = sum();
  if (at < words.length) throw new Error(`${words[at]} is not expected there`);
  return found;
}
