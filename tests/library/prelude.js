// In front of every script of this folder: showing values, calls that may throw, and random numbers.
function show(value) {
  if (value === undefined) { return "undefined"; }
  if (typeof value === "number") { return Object.is(value, -0) ? "-0" : String(value); }
  if (typeof value === "string") { return JSON.stringify(value); }
  // a hole, which only JavaScript has, is shown as undefined
  if (Array.isArray(value)) { return "[" + Array.from(value, x => show(x)).join(", ") + "]"; }
  if (value instanceof Map) { return "Map" + show([...value]); }
  if (value instanceof Set) { return "Set" + show([...value]); }
  if (value instanceof Error) { return value.name; }
  if (typeof value === "object" && value !== null) {
    return "{" + Object.entries(value).map(([key, inner]) => `${key}: ${show(inner)}`).join(", ") + "}";
  }
  return typeof value === "function" ? "function" : String(value);
}

function attempt(label, call) {
  let shown;
  try { shown = show(call()); } catch (error) { shown = error.name; }
  console.log(label, shown.length > 400 ? shown.slice(0, 400) + shown.length : shown);
}

// The edges of what may be asked for.
const edges = [
  undefined, 0, -0, 1, -1, 2, -2, 3, 7, -7, 1.5, -1.5, 0.99, -0.99, NaN, Infinity, -Infinity, 100, 4294967296, -4294967297, 9007199254740991,
];

let state = SEED;
// From 0 up to, not including, 1.
function random() {
  state = (state * 1664525 + 1013904223) % 4294967296;
  return state / 4294967296;
}
function below(n) { return Math.floor(random() * n); }
function pick(list) { return list[below(list.length)]; }

// Any finite double: 53 random bits and an exponent.
function anyDouble() {
  let x = (below(67108864) * 134217728 + below(134217728)) / 9007199254740992 + 1;
  const exponent = below(2046) - 1022;
  for (let i = 0; i < exponent; i += 1) { x *= 2; }
  for (let i = 0; i > exponent; i -= 1) { x /= 2; }
  return random() < 0.5 ? -x : x;
}
// Doubles as programs have them.
function someDouble() {
  switch (below(7)) {
    case 0: return below(2000) - 1000;
    case 1: return (below(2000000) - 1000000) / pick([1000, 10, 8, 3, 7]);
    case 2: return random() * 20 - 10;
    case 3: return anyDouble();
    case 4: return (random() - 0.5) * pick([1e3, 1e6, 1e12, 1e18, 1e21, 1e25]);
    case 5: return (random() - 0.5) * pick([1e-3, 1e-6, 1e-7, 1e-12, 1e-20]);
    default: return pick([0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity, 0.1, 1.005]);
  }
}
