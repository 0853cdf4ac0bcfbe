//! The table of error codes: each with a title, and a text for `--explain`.
//!
//! Codes are stable: one that is no longer given out is not used again. Their ranges: E00 what a text is made of, E01
//! constructs that are refused by name, E02 rules of structure, E03 names (given out by the resolver in `compile/`), E04
//! modules (given out when they are found and linked).

/// What is known of a code.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    pub code: &'static str,
    /// One line, without a full stop.
    pub title: &'static str,
    /// Why, with an example of wrong and right.
    pub explanation: &'static str,
}

/// Declares a constant for each code, and the table of them.
macro_rules! table {
    ($($name:ident $code:literal $title:literal $explanation:literal)*) => {
        $(
            #[doc = $title]
            pub const $name: &str = $code;
        )*
        pub(super) const TABLE: &[$crate::syntax::codes::Code] = &[
            $($crate::syntax::codes::Code { code: $code, title: $title, explanation: $explanation },)*
        ];
    };
}

mod modules;
mod names;
mod refused;
mod structure;
mod text;

pub use modules::*;
pub use names::*;
pub use refused::*;
pub use structure::*;
pub use text::*;

const TABLES: [&[Code]; 5] = [text::TABLE, refused::TABLE, structure::TABLE, names::TABLE, modules::TABLE];

/// Every code, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    TABLES.into_iter().flatten()
}

/// The entry of a code such as `E0101`, in any case.
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|entry| entry.code.eq_ignore_ascii_case(code))
}

/// The long text of a code.
pub fn explain(code: &str) -> Option<&'static str> {
    find(code).map(|entry| entry.explanation)
}

/// JavaScript's global names that are not here on purpose: what to do instead. For the resolver, when such a name is not
/// declared.
pub fn refused_global(name: &str) -> Option<&'static str> {
    Some(match name {
        "Symbol" => "use a string as the key",
        "Proxy" | "Reflect" => "write a function that does the work; reading a property runs no code",
        "RegExp" => "use string methods such as `includes`, `split` or `replaceAll`",
        "Promise" | "setTimeout" | "setInterval" | "queueMicrotask" => "nothing here waits: call the function",
        "BigInt" => "integers of 64 bits keep every digit as they are",
        "globalThis" | "window" | "global" | "self" => "built-ins are names of their own: `Math`, `JSON`",
        "WeakMap" | "WeakSet" => "use `Map` or `Set`, or a `WeakRef` as the value",
        "process" | "Deno" => {
            "use `args`, `exit(status)`, `io.readLine()`, `io.write(text)` or `console.error(text)`, and `fs` and `env` where they are granted"
        }
        "require" | "module" | "exports" => "import names: `import { f } from \"./f.pbt\"`, and `export` them there",
        _ => return None,
    })
}

/// Names that are built in where the host grants what they stand for: how the command line grants it.
pub fn granted_global(name: &str) -> Option<&'static str> {
    Some(match name {
        "fs" => "files need --allow-read=DIR or --allow-write=DIR",
        "env" => "variables of the environment need --allow-env=NAMES",
        _ => return None,
    })
}
