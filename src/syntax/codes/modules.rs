//! E04: modules. What finds them and links their names gives these out.

table! {
NO_MODULE "E0401" "This module cannot be read"
"A module is a file, named as it is, with its ending, relative to the file that imports it. Nothing is
guessed: no ending is added, and a folder is no module. The exit status is 66.

Wrong:  import { f } from \"./lib/f\"
Right:  import { f } from \"./lib/f.pbt\""

MODULE_DENIED "E0402" "This module may not be read"
"A script reads modules from its own folder and the folders in it, wherever symbolic links lead. What lies
beyond needs a grant: `--allow-read`, or `--allow-read=FOLDER`. The exit status is 77.

Wrong:  probate app/main.pbt                         with  import \"../shared/m.pbt\"
Right:  probate --allow-read=shared app/main.pbt"

BARE_SPECIFIER "E0403" "A module is named by a path"
"There are no packages and no addresses: a name starts with `./`, `../` or `/`, and holds none of `%`, `?`, `#`
and `\\`, which JavaScript reads as parts of an address.

Wrong:  import { f } from \"f\"
Right:  import { f } from \"./f.pbt\""

UNKNOWN_EXPORT "E0404" "The module exports nothing of this name"
"Imports are bound before a program runs, so that a slip of the pen is found at once. A default export is
imported without braces. What is missing in a namespace, `import * as ns`, is `undefined` as in any object.

Wrong:  import { totl } from \"./sums.pbt\"
Right:  import { total } from \"./sums.pbt\""

AMBIGUOUS_EXPORT "E0405" "Two modules give different things this name"
"Two `export * from` bring the same name. Say which one is meant, here or where they meet.

Wrong:  export * from \"./a.pbt\"; export * from \"./b.pbt\"      both with `f`
Right:  export * from \"./a.pbt\"; export { f } from \"./b.pbt\""

DUPLICATE_EXPORT "E0406" "A name is exported twice"
"Wrong:  export const a = 1; export { b as a }
Right:  export const a = 1; export { b }"

CIRCULAR_EXPORT "E0407" "A name leads back to itself"
"Modules re-export it from each other, and none declares it.

Wrong:  a.pbt: export { f } from \"./b.pbt\"      b.pbt: export { f } from \"./a.pbt\"
Right:  a.pbt: export { f } from \"./b.pbt\"      b.pbt: export function f() { … }"

BAD_JSON "E0408" "A module that should be JSON is none"
"A file imported as JSON, because its name ends in `.json` or the import says so, holds strict JSON: keys in
double quotes, no comments, no comma before a closing bracket.

Wrong:  {name: 'Ada',}
Right:  {\"name\": \"Ada\"}"
}
