//! E03: names. The resolver gives these out.

table! {
UNDECLARED "E0301" "This name is not declared"
"Names are resolved before a script runs, so that a slip of the pen is found at once.

Wrong:  const total = 1; print(totl)
Right:  const total = 1; print(total)"

DECLARED_TWICE "E0302" "This name is declared twice"
"A block declares a name once; an inner block may declare it again.

Wrong:  let a = 1; let a = 2
Right:  let a = 1; a = 2"

CONST_ASSIGNMENT "E0303" "A `const` is assigned to"
"Wrong:  const n = 0; n++
Right:  let n = 0; n++"

UNDECLARED_PRIVATE "E0304" "This private name is not declared"
"A private name is declared in the class around, as a field or method.

Wrong:  class A { f() { return this.#x } }
Right:  class A { #x = 1; f() { return this.#x } }"

PRIVATE_TWICE "E0305" "This private name is declared twice"
"Wrong:  class A { #x = 1; #x() { } }
Right:  class A { #x = 1; #f() { } }"

TOO_MANY "E0306" "Too many of something in one function"
"A function may hold so many variables, constants and instructions that only generated code comes
near. Split it, or put data into JSON and read it with `JSON.parse`."

FIXED_NAME "E0307" "`undefined`, `NaN` and `Infinity` cannot be declared"
"Every reader relies on what they mean. Other built-ins may be declared anew.

Wrong:  let undefined = 1
Right:  let missing = 1"

CONSTRUCTOR_VALUE "E0308" "a constructor returns its instance"
"In JavaScript `return` with an object in a constructor makes `new` answer something else than an
instance of the class; any other value is ignored, or an error if the class extends another.

Wrong:  class A { constructor() { return { a: 1 } } }
Right:  class A { constructor() { this.a = 1 } }"

NEW_FUNCTION_VALUE "E0309" "`new` on a plain function"
"In JavaScript every `function` is a constructor too. Here classes construct, functions compute.

Wrong:  function Point(x) { } new Point(1)
Right:  class Point { constructor(x) { this.x = x } } new Point(1)"

NOT_GRANTED "E0310" "This name is there only if it is granted"
"A script reaches nothing outside unless whoever runs it says so. `fs` is there with `--allow-read`
or `--allow-write`, for a folder (`--allow-read=DIR`) or for all files; `env` with `--allow-env`.

Wrong:  probate -e 'fs.readText(\"a.txt\")'
Right:  probate --allow-read=. -e 'fs.readText(\"a.txt\")'"
}
