//! E02: rules of structure. Most of them are JavaScript's own.

table! {
LINE_HAZARD "E0201" "A line starts with `(`, `[` or a template"
"JavaScript reads such a line as the end of the statement before it: a call, an index, a tag. That is
hardly ever meant.

Wrong:  const a = b
        [1, 2].forEach(f)
Right:  const a = b;
        [1, 2].forEach(f)"

SPLIT_RETURN "E0202" "`return` or `throw` ends its line before the expression"
"JavaScript ends a `return` at the newline and returns `undefined`.

Wrong:  return
          a + b
Right:  return a +
          b"

ARROW_NEWLINE "E0203" "`=>` stands on a new line"
"JavaScript wants it on the line where the parameters end.

Wrong:  (a, b)
          => a + b
Right:  (a, b) =>
          a + b"

BLOCK_LABEL "E0204" "A block starts with a label"
"`{`, a name and `:` begin an object literal here, even at a statement's start.

Wrong:  { outer: for (;;) { break outer } }
Right:  outer: for (;;) { break outer }"

DELETE_TARGET "E0205" "`delete` of something that is no member"
"`delete` removes a key of an object. Variables end with their block.

Wrong:  delete x
Right:  delete o.x      x = undefined"

DUPLICATE_PARAMETER "E0206" "Two parameters have one name"
"Wrong:  (a, a) => a
Right:  (a, b) => a"

DECLARATION_BODY "E0207" "A declaration is the whole body of a statement"
"Nothing could use what it declares. JavaScript refuses it too.

Wrong:  if (a) const b = 1
Right:  if (a) { const b = 1; … }"

UNARY_POWER "E0208" "A prefix operator before `**`"
"Mathematics reads -a² as -(a²), programmers often as (-a)². JavaScript refuses it too.

Wrong:  -a ** 2
Right:  -(a ** 2)      (-a) ** 2"

MIXED_COALESCE "E0209" "`??` beside `||` or `&&`"
"Which goes first is not clear. JavaScript refuses it too.

Wrong:  a ?? b || c
Right:  (a ?? b) || c"

RESERVED_NAME "E0210" "A reserved word cannot be a name"
"It may be a key: `{class: 1}`, `o.class`.

Wrong:  const class = 1
Right:  const class_ = 1"

BREAK_OUTSIDE "E0211" "`break` or `continue` outside a loop"
"A callback is a function of its own: `return` leaves it, and to leave the loop use `for … of`.

Wrong:  xs.forEach(x => { if (x) break })
Right:  for (const x of xs) { if (x) break }"

UNKNOWN_LABEL "E0212" "No loop around has this label"
"Wrong:  for (;;) { break outer }
Right:  outer: for (;;) { break outer }"

DUPLICATE_LABEL "E0213" "Two nested loops have one label"
"Wrong:  a: for (;;) { a: for (;;) { } }
Right:  a: for (;;) { b: for (;;) { } }"

DUPLICATE_CONSTRUCTOR "E0214" "A class has two constructors"
"Parameters may have defaults.

Wrong:  class A { constructor() { } constructor(a) { } }
Right:  class A { constructor(a = 1) { } }"

SUPER_OUTSIDE "E0215" "`super` stands where there is none"
"`super.x` needs a method around it; `super(…)` the constructor of a class that extends another.

Wrong:  function f() { return super.f() }
Right:  class B extends A { f() { return super.f() } }"

INVALID_TARGET "E0216" "This cannot be assigned to"
"A target is a variable, a member, or a pattern of them.

Wrong:  f() = 1      a?.b = 1      a + b = 1
Right:  f().x = 1    a.b = 1       a === b"

SHORTHAND_DEFAULT "E0217" "A default in braces that are no pattern"
"`{a = 1}` takes a value apart, in a declaration, a parameter or an assignment.

Wrong:  const o = {a = 1}
Right:  const o = {a: 1}      const {a = 1} = o"

BAD_BINDING "E0218" "This cannot be declared"
"A declaration or parameter binds names, or patterns of names, without parentheses.

Wrong:  let o.x = 1      (a.b) => 1
Right:  o.x = 1          ({b}) => 1"

MISSING_VALUE "E0219" "A declaration without its value"
"A `const` and a pattern need one.

Wrong:  const a        let {x, y}
Right:  const a = 1    let {x, y} = point"

REST_LAST "E0220" "A rest element is not the last one"
"It takes what is left; nothing can follow it, not even a comma, and it has no default.

Wrong:  (...all, last) => last
Right:  (first, ...others) => others"

FOR_HEAD "E0221" "The variable of this loop has a value"
"Each turn of `for … of` and `for … in` gives it the next one.

Wrong:  for (const x = 0 of xs) …
Right:  for (const x of xs) …"

CLASS_MEMBER "E0222" "A member of a class cannot have this name"
"A field cannot be named `constructor`, a static member `prototype`, a private one `#constructor`."

PRIVATE_NAME "E0223" "A private name stands alone"
"It belongs to an object: behind a `.`, or before `in`.

Wrong:  #count + 1
Right:  this.#count + 1      #count in o"

LONE_TRY "E0224" "`try` without `catch` and `finally`"
"Wrong:  try { f() }
Right:  try { f() } catch (e) { … }"

MISSING_NAME "E0225" "A declaration without a name"
"At a statement's start `function` and `class` declare something.

Wrong:  function () { }
Right:  function f() { }      (function () { })"

DUPLICATE_DEFAULT "E0226" "A `switch` has two `default`"
"Wrong:  switch (a) { default: f(); default: g() }
Right:  switch (a) { default: f(); g() }"

MODULE_PLACE "E0227" "`import` or `export` stands inside something"
"They connect whole files, so they stand at the top level of one. An import is done before the first
statement, wherever it stands.

Wrong:  if (verbose) { import { log } from \"./log.pbt\" }
Right:  import { log } from \"./log.pbt\"; if (verbose) { log() }"

DEFAULT_EXPORT "E0228" "A default export is a value, a function or a class"
"A variable is exported by its name.

Wrong:  export default const n = 1
Right:  export const n = 1      export default 1"

MODULE_TYPE "E0229" "This says nothing about a module"
"Behind the name of a module may stand that it is JSON, nothing else. A file whose name ends in `.json`
is read as JSON without it.

Wrong:  import sheet from \"./a.css\" with { type: \"css\" }
Right:  import data from \"./a.json\" with { type: \"json\" }"
}
