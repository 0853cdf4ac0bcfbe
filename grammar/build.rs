//! Generates the parser from `grammar/probate.lalrpop`.

fn main() {
    println!("cargo::rerun-if-changed=grammar/probate.lalrpop");
    println!("cargo::rerun-if-changed=grammar/build.rs");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    if let Err(error) =
        lalrpop::Configuration::new().set_in_dir("grammar").set_out_dir(out).emit_rerun_directives(false).process()
    {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
