//! Modules: the scripts of `tests/modules`, each with a folder of the modules that it imports.
//!
//! `run`: what Node prints as well. `errors`: what a user sees. `traces`: what becomes of the values.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use probate::embed::{Engine, Error, Format};
use probate::vm::host::{Host, ModuleName, NoModule, Reason};
use support::{
    Failures, Run, check_snapshots, compare_with_out, difference, files, node_is_installed, probate, probate_command,
    probate_merged, probate_with_input, read, run, shown, tests_folder,
};

fn folder(name: &str) -> PathBuf {
    tests_folder().join("modules").join(name)
}

fn scripts(name: &str) -> Vec<PathBuf> {
    files(&folder(name), "pbt")
}

fn check_outputs(flags: &[&str]) {
    let mut failures = Failures::default();
    for script in scripts("run") {
        failures.check(&shown(&script), compare_with_out(&script, flags));
    }
    failures.finish(&flags.join(" "));
}

#[test]
fn programs_print_what_is_expected() {
    check_outputs(&[]);
}

#[test]
fn under_stress_as_well() {
    check_outputs(&["--gc-stress=verify"]);
}

#[test]
fn node_prints_the_same() {
    if !node_is_installed() {
        eprintln!("node is not installed: the expected outputs were not compared with JavaScript");
        return;
    }
    let copy = empty_folder("modules-for-node");
    copy_for_node(&folder("run"), &copy);
    let mut failures = Failures::default();
    for script in scripts("run") {
        let name = script.with_extension("mjs");
        let mut node = Command::new("node");
        node.arg(copy.join(name.file_name().expect("a name")));
        let node = run(node, "");
        let expected = read(&script.with_extension("out"));
        let differs = node.stdout != expected || node.status != Some(0);
        failures.check(&shown(&script), differs.then(|| difference(&expected, &node.stdout) + &node.stderr));
    }
    failures.finish("node");
}

/// The same files under names that Node takes for modules.
fn copy_for_node(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().replace(".pbt", ".mjs");
        if path.is_dir() {
            copy_for_node(&path, &to.join(name));
        } else {
            fs::write(to.join(name), read(&path).replace(".pbt", ".mjs")).expect("a copy");
        }
    }
}

#[test]
fn what_runs_passes_the_check_without_running() {
    let nothing = Run { stdout: String::new(), stderr: String::new(), status: Some(0) };
    let mut failures = Failures::default();
    for script in scripts("run") {
        let name = shown(&script);
        let checked = probate(&["--check", &name]);
        failures.check(&name, (checked != nothing).then(|| format!("    {checked:?}")));
        let dumped = probate(&["--dump=bytecode", &name]);
        let has_main = dumped.status == Some(0) && dumped.stdout.contains(&format!("module {name}\n"));
        failures.check(&name, (!has_main).then(|| format!("    {}", dumped.stderr)));
    }
    failures.finish("--check");
}

#[test]
fn errors_say_which_file_and_where() {
    let render = |script: &Path| {
        let name = shown(script);
        let run = probate(&[&name]);
        let status = run.status.ok_or("    killed, by a signal or at the deadline")?;
        if status != 1 {
            let checked = probate(&["--check", &name]);
            if checked != run {
                return Err(format!("    --check says otherwise:\n{}", difference(&run.stderr, &checked.stderr)));
            }
            let json = probate(&["--check", "--json", &name]);
            if json.status != Some(status) || !json.stdout.starts_with("{\"file\":\"tests/modules/errors/") {
                return Err(format!("    --json: {:?} {}", json.status, json.stdout));
            }
        }
        if !run.stdout.is_empty() {
            return Err(format!("    something ran: {}", run.stdout));
        }
        Ok(format!("{}\n---- exit status {status} ----\n{}", read(script).trim_end(), run.stderr))
    };
    check_snapshots(&scripts("errors"), &folder("errors/snapshots"), render);
}

#[test]
fn rewrites_remove_their_errors() {
    let mut failures = Failures::default();
    for script in scripts("errors") {
        let (name, text) = (shown(&script), read(&script));
        let json = probate(&["--check", "--json", &name]).stdout;
        for line in json.lines() {
            let error: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let Some(edits) = error["fix"]["edits"].as_array().filter(|_| error["file"] == name.as_str()) else {
                continue;
            };
            let mut fixed = text.clone();
            for edit in edits.iter().rev() {
                let place = |key: &str| edit[key].as_u64().expect("an offset") as usize;
                fixed.replace_range(place("start")..place("end"), edit["replacement"].as_str().expect("a text"));
            }
            let copy = script.with_file_name(format!("fixed-{}.pbt", std::process::id()));
            fs::write(&copy, &fixed).expect("a copy");
            let after = probate(&["--check", "--json", &shown(&copy)]).stdout;
            fs::remove_file(&copy).expect("the copy");
            let code = error["code"].as_str().expect("a code");
            let start = format!("\"start\":{}", error["start"]);
            let stays = after.lines().any(|line| line.contains(code) && line.contains(&start));
            failures.check(&name, stays.then(|| format!("    {code} after the rewrite:\n{fixed}\n{after}")));
        }
    }
    failures.finish("rewrites");
}

#[test]
fn traces_are_as_they_were() {
    let render = |script: &Path| {
        let name = shown(script);
        let run = probate_merged(&["--trace=all", &name], "");
        let status = run.status.ok_or("    killed, by a signal or at the deadline")?;
        let plain = probate_merged(&[&name], "");
        let stressed = probate_merged(&["--gc-stress=verify", &name], "");
        if plain != stressed {
            return Err(format!("    under stress:\n{}", difference(&plain.stdout, &stressed.stdout)));
        }
        let leaks = probate(&["--leaks", &name]).stderr;
        if !leaks.ends_with("no leaks\n") {
            return Err(format!("    {leaks}"));
        }
        Ok(format!("{}\n---- exit status {status} ----\n{}", read(script).trim_end(), run.stdout))
    };
    check_snapshots(&scripts("traces"), &folder("traces/snapshots"), render);
}

// ---- Files ----------------------------------------------------------------------------------------------

fn empty_folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A folder with files.
fn folder_of(name: &str, contents: &[(&str, &str)]) -> PathBuf {
    let folder = empty_folder(name);
    for (file, text) in contents {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// The binary, started in a folder.
fn probate_in(folder: &Path, arguments: &[&str], input: &str) -> Run {
    let mut command = probate_command(arguments);
    command.current_dir(folder);
    run(command, input)
}

#[test]
fn what_lies_beyond_the_own_folder_is_denied() {
    let folder = folder_of(
        "modules-denied",
        &[
            ("outside/secret.pbt", "export const secret = 1;"),
            ("app/up.pbt", "import { secret } from '../outside/secret.pbt'; print(secret);"),
            ("app/around.pbt", "import { secret } from './in/../../outside/secret.pbt'; print(secret);"),
            ("app/missing.pbt", "import '../outside/nothing.pbt';"),
            ("app/link.pbt", "import { secret } from './linked.pbt'; print(secret);"),
            ("app/folder.pbt", "import { secret } from './linked/secret.pbt'; print(secret);"),
            ("app/inside.pbt", "import { a } from './alias.pbt'; import { a as b } from './in/a.pbt'; print(a === b);"),
            ("app/in/a.pbt", "print('once'); export const a = {};"),
        ],
    );
    let app = folder.join("app");
    std::os::unix::fs::symlink("../outside/secret.pbt", app.join("linked.pbt")).expect("a link");
    std::os::unix::fs::symlink("../outside", app.join("linked")).expect("a link");
    std::os::unix::fs::symlink("in/a.pbt", app.join("alias.pbt")).expect("a link");
    for name in ["up", "around", "missing", "link", "folder"] {
        let run = probate_in(&app, &[&format!("{name}.pbt")], "");
        assert_eq!(run.status, Some(77), "{name}: {}", run.stderr);
        assert!(run.stderr.starts_with("error[E0402]"), "{name}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{name}");
        // Wherever it is started.
        assert_eq!(probate_in(&folder, &[&format!("app/{name}.pbt")], "").status, Some(77), "{name}");
    }
    let everything = ["--allow-read", "--allow-read=.."];
    for grant in everything.iter().chain(&["--allow-read=../outside"]) {
        assert_eq!(probate_in(&app, &[grant, "up.pbt"], "").stdout, "1\n", "{grant}");
        assert_eq!(probate_in(&app, &[grant, "folder.pbt"], "").stdout, "1\n", "{grant}");
        assert_eq!(probate_in(&app, &[grant, "missing.pbt"], "").status, Some(66), "{grant}");
    }
    assert_eq!(probate_in(&app, &["--allow-read=in", "up.pbt"], "").status, Some(77));
    let absolute = format!("import {:?}; print('in');", app.join("in/a.pbt"));
    fs::write(app.join("absolute.pbt"), absolute).expect("a file");
    assert_eq!(probate_in(&folder, &["app/absolute.pbt"], "").stdout, "once\nin\n");
    assert_eq!(probate_in(&app, &["inside.pbt"], "").stdout, "once\ntrue\n");
    // A linked script has the folder that it is in.
    std::os::unix::fs::symlink("app/inside.pbt", folder.join("run.pbt")).expect("a link");
    assert_eq!(probate_in(&folder, &["run.pbt"], "").stdout, "once\ntrue\n");
}

#[test]
fn code_from_elsewhere_is_in_the_current_folder() {
    let folder = folder_of(
        "modules-elsewhere",
        &[
            ("lib/m.pbt", "import { name } from './n.pbt'; export const f = () => name;"),
            ("lib/n.pbt", "export const name = 'n';"),
        ],
    );
    let code = "import { f } from './lib/m.pbt'; f()";
    assert_eq!(probate_in(&folder, &["-p", "-e", code], "").stdout, "\"n\"\n");
    assert_eq!(probate_in(&folder, &["-p"], code).stdout, "\"n\"\n");
    assert_eq!(probate_in(&folder, &["-p", "-"], code).stdout, "\"n\"\n");
    assert_eq!(probate_in(&folder.join("lib"), &["-e", code], "").status, Some(66));
    assert_eq!(probate_in(&folder.join("lib"), &["-e", "import '../lib/m.pbt'"], "").status, Some(0));
    assert_eq!(probate_in(&folder.join("lib"), &["-e", "import '../m.pbt'"], "").status, Some(77));
}

#[test]
fn a_prelude_and_the_script_share_their_modules() {
    let folder = folder_of(
        "modules-prelude",
        &[
            ("m.pbt", "print('once'); export let n = 0; export const up = () => { n += 1; };"),
            ("prelude.pbt", "import { n, up } from './m.pbt'; up(); const late = () => n;"),
            ("main.pbt", "import * as m from './m.pbt'; m.up(); print(n, m.n, late());"),
        ],
    );
    let run = probate_in(&folder, &["--prelude", "prelude.pbt", "main.pbt"], "");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("once\n2 2 2\n", ""));
}

#[test]
fn tests_import_what_they_test() {
    let folder = folder_of(
        "modules-testing",
        &[
            ("lib/sum.pbt", "export const sum = (list) => list.reduce((a, b) => a + b, 0);"),
            ("tests/sum.pbt", "// expect: 6\nimport { sum } from './lib.pbt';\nprint(sum([1, 2, 3]));\n"),
            (
                "tests/lib.pbt",
                "// test: skip=a part of others\nexport const sum = (list) => list.reduce((a, b) => a + b, 0);\n",
            ),
        ],
    );
    let run = probate_in(&folder, &["test", "tests"], "");
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("1 passed"), "{}", run.stdout);
}

// ---- The prompt -----------------------------------------------------------------------------------------

#[test]
fn the_prompt_imports() {
    let folder = folder_of(
        "modules-prompt",
        &[
            ("m.pbt", "print('once'); export let n = 0; export const up = () => { n += 1; }; export default 'd';"),
            ("bad.pbt", "export const a = 1; throw new Error('bad');"),
        ],
    );
    let inputs = "import { n, up } from './m.pbt'\nn\nup()\nn\nlet f = () => n\nup()\nf()\n\
                  import d, * as m from './m.pbt'\nd + m.n\nlet n = 'own'\nn\nf()\nimport { n } from './m.pbt'\nn\n\
                  import { a } from './bad.pbt'\na\nimport './nowhere.pbt'\nimport { up as u } from './m.pbt'; u(); m.n\n";
    let run = probate_in(&folder, &["-i"], inputs);
    assert_eq!(run.stdout, "once\n0\nundefined\n1\nundefined\n2\n'd2'\n'own'\n2\n2\n3\n", "{}", run.stderr);
    for expected in ["Uncaught Error: bad", "at import (<input", "`a` is not declared", "there is no file nowhere.pbt"]
    {
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
}

// ---- Size -----------------------------------------------------------------------------------------------

/// A chain of modules, each importing the next.
fn chain(name: &str, length: usize, module: impl Fn(usize, usize) -> String) -> PathBuf {
    let folder = empty_folder(name);
    for at in 0..length {
        fs::write(folder.join(format!("m{at}.pbt")), module(at, at + 1)).expect("a file");
    }
    folder
}

const LONG: usize = 10_000;

#[test]
fn a_long_chain_of_modules_is_no_deep_one() {
    let folder = chain("modules-chain", LONG, |_, next| match next {
        LONG => "export const v = 1;".to_string(),
        _ => format!("import {{ v as w }} from './m{next}.pbt'; export const v = w + 1;"),
    });
    let run = probate_in(&folder, &["-p", "-e", "import { v } from './m0.pbt'; v"], "");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("10000\n", ""));
    fs::write(folder.join(format!("m{}.pbt", LONG - 1)), "null.x").expect("a file");
    fs::write(folder.join(format!("m{}.pbt", LONG - 2)), format!("import './m{}.pbt'; export const v = 1;", LONG - 1))
        .expect("a file");
    let run = probate_in(&folder, &["m0.pbt"], "");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("more imports") && run.stderr.lines().count() < 30, "{}", run.stderr);
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn a_name_may_be_passed_on_for_long() {
    let folder = chain("modules-passed", LONG, |at, next| match (at % 3, next) {
        (_, LONG) => "export const v = 'v';".to_string(),
        (0, _) => format!("export * from './m{next}.pbt';"),
        (1, _) => format!("export {{ v }} from './m{next}.pbt';"),
        _ => format!("import {{ v }} from './m{next}.pbt'; export {{ v }};"),
    });
    fs::write(
        folder.join("main.pbt"),
        "import { v } from './m0.pbt'; import * as ns from './m1.pbt'; print(v + ns.v);",
    )
    .expect("a file");
    let run = probate_in(&folder, &["main.pbt"], "");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("vv\n", ""));
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn a_large_circle_is_walked_once() {
    let folder = chain("modules-circle", LONG, |at, next| {
        format!(
            "import {{ f as g }} from './m{}.pbt'; export function f(n) {{ return n === 0 ? {at} : g(n - 1); }}",
            next % LONG
        )
    });
    let run = probate_in(&folder, &["-p", "-e", "import { f } from './m0.pbt'; f(5000)"], "");
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("5000\n", ""));
    fs::remove_dir_all(folder).expect("the folder");
}

#[test]
fn standard_input_is_no_module() {
    let run = probate_with_input(&["-e", "import './<eval>'"], "");
    assert_eq!(run.status, Some(66), "{}", run.stderr);
}

// ---- Embedding ------------------------------------------------------------------------------------------

/// Modules in memory, by name.
struct Shelf(&'static [(&'static str, &'static str)]);

impl Host for Shelf {
    fn find_module(&mut self, specifier: &str, _importer: &ModuleName) -> Result<ModuleName, NoModule> {
        Ok(ModuleName { id: specifier.to_string(), shown: format!("<{specifier}>") })
    }

    fn read_module(&mut self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        let text = self.0.iter().find(|(name, _)| *name == module.id).map(|(_, text)| text.as_bytes().to_vec());
        let message = format!("{} is not on the shelf", module.shown);
        text.ok_or(NoModule { reason: Reason::Missing, message, help: None, meant: None })
    }
}

#[test]
fn a_host_in_memory_gives_modules_the_names_it_likes() {
    let shelf = Shelf(&[("count", "export let n = 1; export const up = () => n += 1;"), ("bad", "let x = ;")]);
    let mut engine = Engine::builder().host(shelf).build();
    for _ in 0..2 {
        // Each program has modules of its own.
        engine.run("main", "import { n, up } from 'count'; up(); n").expect("a value");
        assert_eq!(engine.value_text(Format::Compact), "2");
    }
    for (source, name, message) in [
        ("import 'nothing'", "main", "<nothing> is not on the shelf"),
        ("import 'bad'", "<bad>", "expected an expression, found `;`"),
    ] {
        let Err(Error::Module(refused)) = engine.run("main", source) else { panic!("{source} runs") };
        assert_eq!((refused.source.name.as_str(), refused.diagnostics[0].message.as_str()), (name, message));
    }
    assert!(engine.check("main", "import { up } from 'count'; up()").is_ok());
    engine.finish();
    assert_eq!(engine.leaks(), []);
}
