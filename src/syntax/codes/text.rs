//! E00: what a text is made of.

table! {
UNEXPECTED "E0001" "The text does not follow the grammar"
"A word or sign stands where none of its kind can. The message says what was expected.

Wrong:  const total = 1 +;
Right:  const total = 1 + 2;

Two expressions side by side need an operator, a `,` or a new line between them."

UNEXPECTED_END "E0002" "The text ends too early"
"A bracket is still open, or an expression or statement is not complete when the text ends.

Wrong:  console.log([1, 2
Right:  console.log([1, 2])"

CHARACTER "E0003" "This character cannot stand here"
"Outside strings and comments a text consists of names, numbers, operators and brackets. Quotes
must be straight, and comments start with `//`.

Wrong:  const s = “hello”
Right:  const s = \"hello\""

UNTERMINATED_STRING "E0004" "A string does not end on its line"
"A string in quotes ends on the line where it starts. For several lines use a template, or `\\n`.

Wrong:  const s = \"one
        two\"
Right:  const s = \"one\\ntwo\"
Right:  const s = `one
        two`"

UNTERMINATED_TEMPLATE "E0005" "A template does not end"
"The text ends before the closing back quote of a template. A `${` in it needs its `}`.

Wrong:  const s = `a ${b}
Right:  const s = `a ${b}`"

UNTERMINATED_COMMENT "E0006" "A comment does not end"
"A comment that starts with `/*` ends with `*/`; such comments do not nest.

Wrong:  /* to do
Right:  /* to do */"

BAD_NUMBER "E0007" "This is not a number"
"Digits, at most one point, an exponent; or `0x`, `0o`, `0b` and digits. A `_` may stand between two
digits. A name cannot start with a digit.

Wrong:  1__000   0xG1   1e   3px
Right:  1_000    0xA1   1e3  \"3px\""

BAD_ESCAPE "E0008" "This escape has no meaning"
"`\\x` takes two hexadecimal digits, `\\u` four, or one to six in braces up to `\\u{10FFFF}`.

Wrong:  \"\\x4\"   \"\\u12\"
Right:  \"\\x41\"  \"\\u0012\"  \"\\u{1F600}\""

LONE_SURROGATE "E0009" "Half of a surrogate pair is not a character"
"Strings are sequences of characters. A character beyond U+FFFF may be written as two escapes, and
then both must be there.

Wrong:  \"\\ud83d\"
Right:  \"\\ud83d\\ude00\"   \"\\u{1F600}\""

TOO_DEEP "E0010" "Nested too deeply"
"Brackets, blocks, functions, prefix operators and operators that nest to the right may be nested
1,000 levels deep. Lists, chains of calls and members, `else if` and operators such as `+` may be as
long as you like.

Wrong:  [[[[ … more than 1,000 … ]]]]
Right:  const inner = [ … ]; const outer = [ inner ]"

TOO_LARGE "E0011" "The text is too large"
"A script or document may have up to 4 GiB. Read larger data in parts, with `JSON.parse`."

MISMATCHED "E0012" "A closing bracket fits no open one"
"Brackets close in the order opposite to their opening.

Wrong:  f([1, 2)]
Right:  f([1, 2])"

NAME_ESCAPE "E0013" "A name is written with an escape"
"Names are written with the characters themselves; an escape would hide what they are.

Wrong:  let \\u0061 = 1
Right:  let a = 1"

LEGACY_OCTAL "E0014" "Old octal notation"
"A leading zero once meant base eight. Strict JavaScript refuses it, and so does this language, in
numbers and in the escapes of strings.

Wrong:  017    \"\\101\"
Right:  0o17   \"\\x41\""

BIG_INT "E0015" "There are no BigInt literals"
"Integers of 64 bits keep every digit without a suffix.

Wrong:  9007199254740993n
Right:  9007199254740993"

NOT_UTF8 "E0016" "The text is not UTF-8"
"A script is text in UTF-8. Bytes that are none were written in another encoding, or the file is no
text at all. Save it as UTF-8."
}
