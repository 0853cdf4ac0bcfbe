//! E01: constructs of JavaScript that are refused by name.

table! {
VAR "E0101" "`var` is not in the language"
"A `var` belongs to the whole function, whatever block it stands in, and may be used before it.
`let` and `const` belong to their block.

Wrong:  var n = 1
Right:  let n = 1      const n = 1"

LOOSE_EQUALITY "E0102" "`==` and `!=` are not in the language"
"They convert their operands by rules hardly anyone knows: `\"\" == 0` and `null == undefined` hold,
`null == 0` does not.

Wrong:  if (x == null) …
Right:  if (x === null || x === undefined) …      x ?? fallback"

WITH "E0103" "`with` is not in the language"
"In it nobody can tell which names are variables. Strict JavaScript refuses it too.

Wrong:  with (point) { print(x) }
Right:  const { x } = point; print(x)"

EVAL "E0104" "`eval` is not in the language"
"Names are resolved when a script is compiled; text does not become code while it runs.

Wrong:  eval(\"[1, 2]\")
Right:  JSON.parse(\"[1, 2]\")"

NEW_FUNCTION "E0105" "`new Function` is not in the language"
"Text does not become code while a script runs.

Wrong:  new Function(\"a\", \"return a + 1\")
Right:  (a) => a + 1"

ARGUMENTS "E0106" "`arguments` is not in the language"
"A rest parameter is an array, has a name, and works in arrow functions.

Wrong:  function sum() { for (const a of arguments) … }
Right:  function sum(...numbers) { for (const a of numbers) … }"

VOID "E0107" "`void` is not in the language"
"Its value is always `undefined`, which has a name.

Wrong:  return void 0
Right:  return undefined"

COMMA "E0108" "The comma operator is not in the language"
"Outside the head of `for`, a comma separates elements, arguments, parameters and declarations. At a
statement's start `{a, b}` is a block in JavaScript, not an object.

Wrong:  a = 1, b = 2       x => {a, b}
Right:  a = 1; b = 2       x => ({a, b})"

LABEL "E0109" "A label stands before something that is no loop"
"Labels name loops, for `break` and `continue`. Often an object was meant.

Wrong:  check: if (a) { break check }
Right:  outer: for (const a of as) { continue outer }"

TOP_THIS "E0110" "`this` has no meaning here"
"Outside functions and classes there is no `this`, nor in an arrow function there.

Wrong:  const f = () => this.x
Right:  const o = { x: 1, f() { return this.x } }"

TOP_RETURN "E0111" "`return` stands outside a function"
"A program's value is that of its last expression; no statement leaves it early but `throw`.

Wrong:  return 42
Right:  42"

NEW_TARGET "E0112" "`new.target` is not in the language"
"A class is always called with `new`, and a function never."

ARRAY_HOLE "E0113" "An array cannot have holes"
"A skipped element reads as `undefined` in some places of JavaScript and does not exist in others.
In a pattern an element may be skipped.

Wrong:  const a = [1, , 3]
Right:  const a = [1, undefined, 3]      const [x, , z] = a"

ACCESSOR "E0114" "Getters and setters are not in the language"
"Reading or writing a property runs no code, so that it is always fast and never fails oddly.

Wrong:  { get size() { return 1 } }
Right:  { size() { return 1 } }"

GENERATOR "E0115" "Generators are not in the language"
"Build an array and return it, or pass a function that takes each value.

Wrong:  function* up() { yield 1; yield 2 }
Right:  function up() { return [1, 2] }"

ASYNC "E0116" "`async` and `await` are not in the language"
"A script runs from its start to its end; nothing in it waits.

Wrong:  async function load() { return await read() }
Right:  function load() { return read() }"

REGEX "E0117" "Regular expressions are not in the language"
"Strings have `includes`, `indexOf`, `startsWith`, `endsWith`, `split`, `replaceAll`, `slice` and more.

Wrong:  /abc/.test(s)
Right:  s.includes(\"abc\")"

TAGGED_TEMPLATE "E0118" "Tagged templates are not in the language"
"Call the function with the template, or with its parts.

Wrong:  tag`a ${b}`
Right:  tag(`a ${b}`)"

PROTO_KEY "E0119" "The key `__proto__` without quotes"
"In JavaScript it sets a prototype instead of a property. In quotes it is an ordinary key, as in JSON.

Wrong:  { __proto__: base }
Right:  { \"__proto__\": base }"

PROTOTYPE "E0120" "Prototypes are not visible"
"Methods are declared in a class and inherited with `extends`; nothing changes them later. For keys
with these names use brackets.

Wrong:  A.prototype.f = () => 1      o.__proto__
Right:  class A { f() { return 1 } }     o[\"__proto__\"]"

DYNAMIC_IMPORT "E0121" "Modules are read before a program runs"
"All of them are found, and their names bound, before the first statement: an `import` stands at the top
level and names its module in quotes. `import(…)` and `import.meta` are not in the language.

Wrong:  const m = import(\"./m.pbt\")
Right:  import * as m from \"./m.pbt\""

OBJECT_FUNCTION "E0122" "Prototypes and descriptors are not visible"
"`Object.create`, `Object.setPrototypeOf`, `Object.getPrototypeOf`, `Object.defineProperty` and the like
change what reading a property means.

Wrong:  const o = Object.create(null)
Right:  const o = {}"

DEBUGGER "E0123" "`debugger` is not in the language"
"Remove it. `console.log` shows values, and a trace shows what the program does."

GLOBAL "E0124" "This global of JavaScript is not here"
"`Symbol`, `Proxy`, `Reflect` and others are left out on purpose: with them reading a property could
run code, or names could not be known when a script is compiled."

HTML_COMMENT "E0125" "`<!--` is a comment in some JavaScript"
"Scripts read it as a comment to the end of the line, modules as the operators `<`, `!` and `--`.

Wrong:  a<!--b
Right:  a < !--b      // a comment"
}
