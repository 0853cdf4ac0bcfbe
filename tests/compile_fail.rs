//! Misuse of the embedding API that the compiler refuses: lifetimes of values and of what is lent, and what must stay on its thread.
//!
//! The messages are those of one compiler: `TRYBUILD=overwrite cargo test --test compile_fail` writes them anew for another.

#[test]
fn what_must_not_compile_does_not() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
