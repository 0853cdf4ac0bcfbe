//! Files behind grants: what is lent works, nothing else is reached, whatever links there are, and files close when their scope does.
#![cfg(unix)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use probate::cli::grants::{Grants, Need, Place, Refused};
use support::{Run, probate_command, read, run};

const SECRET: &str = "the secret";

/// A folder of its own for a test: `in` is granted, what lies beside it is not.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files").join(name);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(path.join("in/deep")).expect("folders");
        fs::create_dir_all(path.join("out")).expect("a folder");
        let folder = Folder(path);
        let folder = folder.file("secret.txt", SECRET).file("out/secret.txt", SECRET);
        folder.file("in/a.txt", "one\r\ntwo\nthree").file("in/deep/b.txt", "b")
    }

    fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Folder {
        fs::write(self.0.join(name), contents).expect("a file");
        self
    }

    fn link(self, target: &str, name: &str) -> Folder {
        symlink(target, self.0.join(name)).expect("a link");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn probate(&self, arguments: &[&str], code: &str) -> Run {
        let mut command = probate_command(arguments);
        command.args(["-e", code]).current_dir(&self.0).env("FROM_OUTSIDE", "a value");
        run(command, "")
    }

    /// With `in` lent for reading and writing.
    fn both(&self, code: &str) -> Run {
        self.probate(&["--allow-read=in", "--allow-write=in"], code)
    }

    /// The script ends well; what it prints.
    fn prints(&self, code: &str) -> String {
        let run = self.both(code);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{code}");
        run.stdout
    }
}

fn shown(run: &Run) -> String {
    format!("{}{}status {:?}\n", run.stdout, run.stderr, run.status)
}

#[test]
fn nothing_leads_out() {
    let folder = Folder::new("escapes")
        .link("../secret.txt", "in/up")
        .link("../out", "in/door")
        .link("/", "in/root")
        .link("/proc/self/root", "in/magic")
        .link("../nothing", "in/dangling")
        .link("/nothing/at/all", "in/dangling-absolute")
        .link("deep/../../secret.txt", "in/winding")
        .link("up", "in/chain")
        .link("../in", "in/deep/round")
        .link("../../../secret.txt", "in/deep/up");
    let absolute = folder.path("in/a.txt").display().to_string();
    symlink(absolute, folder.path("in/absolute")).expect("a link");
    let whole = folder.path("secret.txt").display().to_string();
    let paths = [
        "secret.txt",
        &whole,
        "in/../secret.txt",
        "in/deep/../../secret.txt",
        "./in/./../secret.txt",
        "in/up",
        "in/door/secret.txt",
        "in/door",
        "in/root/etc/passwd",
        "in/magic/etc/passwd",
        "in/dangling",
        "in/dangling/x",
        "in/dangling-absolute",
        "in/winding",
        "in/chain",
        "in/deep/round/../../../secret.txt",
        "in/deep/up",
        "in/absolute",
        "/proc/self/root/etc/passwd",
        "/proc/self/cwd/secret.txt",
        "/dev/fd/0",
        "..",
        "/",
        "in/..",
        "input",
    ];
    let uses = [
        "fs.readText(PATH)",
        "[...fs.readLines(PATH)]",
        "fs.exists(PATH)",
        "fs.list(PATH)",
        "fs.open(PATH)",
        "fs.open(PATH, 'w')",
        "fs.open(PATH, 'a')",
        "fs.writeText(PATH, 'x')",
        "fs.appendText(PATH, 'x')",
    ];
    for path in paths {
        let can = format!("const can = fs.can({path:?}); print(can.read || can.write)");
        assert_eq!(folder.prints(&can), "false\n", "{path}");
    }
    // Every use of every path would be hundreds of runs: each path with one way to read and one to write, in turn.
    for (nth, path) in paths.iter().enumerate() {
        for code in [uses[nth % 5], uses[5 + nth % 4]] {
            let code = code.replace("PATH", &format!("{path:?}"));
            let run = folder.both(&format!("try {{ print({code}) }} catch (e) {{ print('caught') }}"));
            assert_eq!(run.status, Some(77), "{code}: {}", shown(&run));
            assert_eq!(run.stdout, "", "{code}");
        }
    }
    for path in ["secret.txt", "in/door/secret.txt", "in/../secret.txt", "in/root/etc/passwd"] {
        assert_eq!(folder.both(&format!("fs.remove({path:?})")).status, Some(77), "{path}");
    }
    assert_eq!(
        (read(&folder.path("secret.txt")), read(&folder.path("out/secret.txt"))),
        (SECRET.into(), SECRET.into())
    );
    assert!(!folder.path("nothing").exists() && folder.path("in/up").is_symlink());
    assert_eq!(fs::read_dir(folder.path("out")).expect("a folder").count(), 1, "nothing was made there");
}

#[test]
fn links_that_stay_inside_are_followed() {
    let folder = Folder::new("inside")
        .link("a.txt", "in/link")
        .link("deep", "in/folder")
        .link("../a.txt", "in/deep/up")
        .link("deep/new.txt", "in/soon");
    let code = "print(fs.readText('in/link').length, fs.readText('in/folder/b.txt'), fs.exists('in/deep/up'));\n\
                fs.writeText('in/soon', 'made'); print(fs.readText('in/deep/new.txt'));\n\
                fs.writeText('in/link', 'through'); print(fs.readText('in/a.txt'), fs.readText('in/deep/up'));\n\
                fs.remove('in/link'); print(fs.exists('in/a.txt'), fs.exists('in/link'));\n\
                print(fs.readText('in/deep/../a.txt'), fs.readText('nowhere/../in/a.txt'));";
    assert_eq!(folder.prints(code), "14 b true\nmade\nthrough through\ntrue false\nthrough through\n");
    assert!(folder.path("in/soon").is_symlink());
}

#[test]
fn a_way_that_changes_meanwhile_leads_nowhere_else() {
    let folder = Folder::new("race").file("in/deep/secret.txt", "harmless").link("../out", "in/other");
    let mut grants = Grants::new(folder.0.clone());
    for need in [Need::Read, Need::Write] {
        grants.allow(need, &Place::Folder("in".into())).expect("a folder");
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // `door` is in turn a folder inside and a link to one outside.
            while !over.load(Ordering::Relaxed) {
                for from in ["deep", "other"] {
                    let (from, door) = (folder.path("in").join(from), folder.path("in/door"));
                    drop(fs::rename(&from, &door));
                    thread::yield_now();
                    drop(fs::rename(&door, &from));
                }
            }
        });
        let (mut reached, mut refused) = (0, 0);
        for _ in 0..20_000 {
            match grants.open_for_reading(Path::new("in/door/secret.txt")) {
                Ok(file) => {
                    let text = std::io::read_to_string(file).expect("a text");
                    assert_eq!(text, "harmless");
                    reached += 1;
                }
                Err(Refused::Denied(_)) => refused += 1,
                Err(Refused::Failed(_)) => {}
            }
        }
        over.store(true, Ordering::Relaxed);
        // Which of them and how often is up to the machine.
        println!("{reached} reached, {refused} refused");
    });
}

#[test]
fn what_is_granted_is_granted_alone() {
    let folder = Folder::new("alone");
    let denied = [
        (&["--allow-read=in"][..], "fs.writeText('in/a.txt', '')"),
        (&["--allow-read=in"], "fs.appendText('in/a.txt', '')"),
        (&["--allow-read=in"], "fs.remove('in/a.txt')"),
        (&["--allow-read=in"], "fs.open('in/a.txt', 'a')"),
        (&["--allow-write=in"], "fs.readText('in/a.txt')"),
        (&["--allow-write=in"], "fs.exists('in/a.txt')"),
        (&["--allow-write=in"], "fs.list('in')"),
        (&["--allow-read=in/deep"], "fs.readText('in/a.txt')"),
        (&["--allow-read=in", "--allow-write=in/deep"], "fs.writeText('in/deeper.txt', '')"),
        (&["--allow-env=HOME"], "env.get('FROM_OUTSIDE')"),
    ];
    let mut all = String::new();
    for (grants, code) in denied {
        let run = folder.probate(grants, code);
        assert_eq!((run.status, run.stdout.as_str()), (Some(77), ""), "{code}");
        let _ = writeln!(all, "{} {code}\n{}", grants.join(" "), run.stderr.lines().next().unwrap_or_default());
    }
    insta::assert_snapshot!("denied", all);
    let code = "print(fs.readText('in/a.txt').length, fs.readText('out/secret.txt'))";
    assert_eq!(folder.probate(&["--allow-read=in", "--allow-read=out"], code).stdout, format!("14 {SECRET}\n"));
    assert_eq!(folder.probate(&["--allow-read"], code).stdout, format!("14 {SECRET}\n"));
    assert_eq!(read(&folder.path("in/a.txt")), "one\r\ntwo\nthree");
}

#[test]
fn everything_is_everything() {
    let folder = Folder::new("everything").link("/proc/self/root", "in/root").link("../nothing", "in/soon");
    let secret = folder.path("secret.txt").display().to_string();
    let code = format!(
        "print(fs.readText({secret:?}), fs.exists('in/root/etc'), fs.list('/').length > 3, fs.can('/x'));\n\
         fs.writeText('in/soon', 'made');"
    );
    let run = folder.probate(&["--allow-read", "--allow-write"], &code);
    assert_eq!(shown(&run), format!("{SECRET} true true {{ read: true, write: true }}\nstatus Some(0)\n"));
    assert_eq!(read(&folder.path("nothing")), "made");
}

#[test]
fn a_refusal_is_seen_by_no_handler() {
    let folder = Folder::new("handlers");
    let code = "class R { finalize() { print('finalizer') } }\n\
                function f() {\n  const r = new R();\n  fs.readText('/etc/passwd');\n}\n\
                try { f(); } catch (e) { print('caught'); } finally { print('finally'); }";
    insta::assert_snapshot!("handlers", shown(&folder.both(code)));
    let code = "class R { finalize() { fs.readText('secret.txt') } }\nnew R();\nprint('goes on');";
    insta::assert_snapshot!("in_finalizer", shown(&folder.both(code)));
    // One refused on the way of another: both are told.
    let code = "class R { finalize() { env.get('A') } }\nconst r = new R();\nenv.get('B');";
    insta::assert_snapshot!("two_refusals", shown(&folder.probate(&["--allow-env=HOME"], code)));
}

#[test]
fn without_a_grant_there_is_no_such_name() {
    let folder = Folder::new("none");
    let mut all = String::new();
    for (grants, code) in [
        (&[][..], "print(fs.readText('a'), env.get('A'))"),
        (&["--allow-env"], "typeof fs"),
        (&[], "const fs = 1, env = 2; print(fs + env)"),
        (&["--allow-read="], "1"),
        (&["--allow-read=nowhere"], "1"),
        (&["--allow-write=in/a.txt"], "1"),
        (&["--allow-env=A,,B"], "1"),
        (&["--check", "--json"], "fs.x"),
        (&["--check", "--json", "--allow-read=in"], "fs.x"),
    ] {
        let _ = writeln!(all, "$ {} {code}\n{}", grants.join(" "), shown(&folder.probate(grants, code)));
    }
    insta::assert_snapshot!("no_grant", all);
}

#[test]
fn the_environment() {
    let folder = Folder::new("environment");
    let code = "print(env.get('FROM_OUTSIDE'), env.get('NOT_SET'), env.has('NOT_SET'), env.has('PATH'), env.names())";
    let run = folder.probate(&["--allow-env=FROM_OUTSIDE, NOT_SET"], code);
    assert_eq!(shown(&run), "a value undefined false false [ 'FROM_OUTSIDE' ]\nstatus Some(0)\n");
    let run =
        folder.probate(&["--allow-env"], "print(env.has('PATH'), env.get(''), env.get('A=B'), env.names().length > 1)");
    assert_eq!(shown(&run), "true undefined undefined true\nstatus Some(0)\n");
}

#[test]
fn errors_can_be_caught_and_have_a_code() {
    let folder = Folder::new("errors")
        .file("in/latin.txt", b"caf\xe9\n")
        .file("in/cut.txt", b"ab\xe2\x82")
        .link("loop", "in/loop");
    let made = std::process::Command::new("mkfifo").arg(folder.path("in/pipe")).status();
    assert!(made.is_ok_and(|status| status.success()));
    let long = format!("in/{}", "x".repeat(300));
    let tries = [
        "fs.readText('in/none.txt')",
        "fs.readLines('in/none.txt')",
        "fs.open('in/none.txt')",
        "fs.list('in/none')",
        "fs.remove('in/none.txt')",
        "fs.readText('')",
        "fs.readText('in')",
        "fs.writeText('in', 'x')",
        "fs.writeText('in/none/a', 'x')",
        "fs.appendText('in/deep', 'x')",
        "fs.list('in/a.txt')",
        "fs.readText('in/a.txt/b')",
        "fs.remove('in/deep')",
        "fs.readText('in/pipe')",
        "fs.open('in/pipe', 'w')",
        "fs.writeText('in/pipe', 'x')",
        "fs.readText('in/loop')",
        "fs.readText('in/latin.txt')",
        "[...fs.readLines('in/latin.txt')]",
        "fs.readText('in/cut.txt')",
        "fs.readText('in/a\\0b')",
        "fs.open('in/a.txt', 'a').readLine()",
        "fs.open('in/a.txt').write('x')",
        "fs.open('in/a.txt', 'x')",
        "fs.readText(1)",
        "fs.writeText('in/a.txt', 1)",
        "fs.readText('LONG')",
        "const f = fs.open('in/a.txt').close; f()",
        "for (const l of fs.open('in/new', 'w')) {}",
    ];
    let code: String = tries
        .iter()
        .map(|code| {
            format!("try {{ {code}; print('fine') }} catch (e) {{ print(String(e), e.code, e.path === undefined) }}\n")
        })
        .collect();
    let text = folder.prints(&code.replace("LONG", &long)).replace(&"x".repeat(300), "LONG");
    let all =
        tries.iter().zip(text.lines()).fold(String::new(), |all, (code, line)| format!("{all}{code}\n    {line}\n"));
    insta::assert_snapshot!("errors", all);
}

#[test]
fn texts_and_lines() {
    let long = "é".repeat(100_000);
    let folder = Folder::new("texts")
        .file("in/mark.txt", "\u{feff}a\nb")
        .file("in/only-mark.txt", "\u{feff}")
        .file("in/empty.txt", "")
        .file("in/ends.txt", "\r\n\n\ra\r\r\nb\r")
        .file("in/long.txt", format!("x{long}\n{long}\nend\n"));
    let code = "const lines = (path) => JSON.stringify([...fs.readLines(path)]);\n\
        print(JSON.stringify(fs.readText('in/mark.txt')), lines('in/mark.txt'));\n\
        print(JSON.stringify(fs.readText('in/only-mark.txt')), lines('in/only-mark.txt'), lines('in/empty.txt'));\n\
        print(lines('in/a.txt'), lines('in/ends.txt'));\n\
        print(fs.readText('in/long.txt').length, [...fs.readLines('in/long.txt')].map((line) => line.length));\n\
        const text = fs.readText('in/long.txt'); print(text === [...fs.readLines('in/long.txt')].join('\\n') + '\\n');\n\
        const f = fs.open('in/a.txt'); print(f.readLine()); for (const line of f) { print(line); break; } print(f.readText(), f.readLine());\n\
        fs.writeText('in/copy.txt', text); print(fs.readText('in/copy.txt') === text);\n\
        const it = fs.readLines('in/a.txt'); print(it.next(), Array.from(it), it.next());";
    assert_eq!(
        folder.prints(code),
        "\"a\\nb\" [\"a\",\"b\"]\n\"\" [] []\n[\"one\",\"two\",\"three\"] [\"\",\"\",\"\\ra\\r\",\"b\\r\"]\n\
         200007 [ 100001, 100000, 3 ]\ntrue\none\ntwo\nthree undefined\ntrue\n\
         { value: 'one', done: false } [ 'two', 'three' ] { value: undefined, done: true }\n"
    );
}

#[test]
fn writing_puts_a_whole_text_in_place() {
    let folder = Folder::new("writing");
    fs::hard_link(folder.path("secret.txt"), folder.path("in/hard")).expect("a hard link");
    fs::set_permissions(folder.path("in/a.txt"), fs::Permissions::from_mode(0o640)).expect("permissions");
    let before = fs::metadata(folder.path("in/a.txt")).expect("a file").ino();
    let code = "fs.writeText('in/a.txt', 'new'); fs.writeText('in/hard', 'new'); fs.appendText('in/a.txt', 'er');\n\
                const f = fs.open('in/deep/log', 'w'); f.write('1'); f.write('2'); print(fs.readText('in/deep/log'));\n\
                fs.open('in/deep/log', 'a').write('3'); print(fs.readText('in/deep/log'), fs.readText('in/a.txt'));";
    assert_eq!(folder.prints(code), "12\n123 newer\n");
    let after = fs::metadata(folder.path("in/a.txt")).expect("a file");
    assert_eq!((after.mode() & 0o777, after.ino() == before), (0o640, false));
    assert_eq!(read(&folder.path("secret.txt")), SECRET);
    // One that ends in the middle of it changes nothing, and leaves nothing behind.
    let code = "const s = 'x'.repeat(300000000); fs.writeText('in/a.txt', s);";
    let run = folder.probate(&["--allow-write=in", "--max-memory=400M"], code);
    assert_eq!(run.status, Some(0), "{}", shown(&run));
    fs::write(folder.path("in/a.txt"), "short").expect("a file");
    let names = folder.prints("print(fs.list('in').map((e) => e.name).join())");
    assert_eq!(names, "a.txt,deep,hard\n");
}

#[test]
fn large_files_end_at_the_limit() {
    let folder = Folder::new("large");
    let file = fs::File::create(folder.path("in/sparse")).expect("a file");
    file.set_len(10 << 30).expect("a sparse file");
    for code in [
        "fs.readText('in/sparse')",
        "fs.open('in/sparse').readText()",
        "for (const line of fs.readLines('in/sparse')) {}",
    ] {
        let run = folder.probate(&["--allow-read=in", "--max-memory=32M"], &format!("try {{ {code} }} catch {{ }}"));
        assert_eq!(run.status, Some(76), "{code}: {}", shown(&run));
    }
    assert_eq!(folder.probate(&["--allow-read=in"], "fs.readText('in/sparse')").status, Some(76), "the default limit");
    file.set_len(1 << 30).expect("a sparse file");
    let run = folder.probate(&["--allow-read=in"], "fs.readText('in/sparse')");
    assert!(run.stderr.contains("RangeError: `fs.readText`: in/sparse has more bytes"), "{}", shown(&run));
}

#[test]
fn devices_do_not_wait() {
    let folder = Folder::new("devices");
    let code = "for (const path of ['/dev/zero', '/dev/null', '/dev/stdin', '/dev/tty']) {\n\
                  try { fs.readText(path); print('read') } catch (e) { print(['ENOTSUP', 'ENXIO', 'ENOENT'].includes(e.code)) }\n\
                }\nprint(fs.readText('/proc/self/comm').length > 0)";
    let run = folder.probate(&["--allow-read"], code);
    assert_eq!(shown(&run), "true\ntrue\ntrue\ntrue\ntrue\nstatus Some(0)\n");
}

#[test]
fn open_files_are_limited() {
    let folder = Folder::new("many");
    let code = "function many() { const all = []; try { for (;;) all.push(fs.open('in/a.txt')); } catch (e) { print(e.code, all.length); } }\n\
                many(); many(); print(fs.open('in/a.txt').readLine());\n\
                for (let i = 0; i < 1000; i += 1) { fs.readText('in/a.txt'); for (const line of fs.readLines('in/a.txt')) break; }";
    assert_eq!(folder.prints(code), "EMFILE 256\nEMFILE 256\none\n");
}

#[test]
fn what_is_listed_is_sorted() {
    let folder = Folder::new("list").file("in/B", "22").file("in/é", "").link("x", "in/link");
    assert_eq!(
        folder.prints("print(JSON.stringify(fs.list('in')))"),
        "[{\"name\":\"B\",\"kind\":\"file\",\"size\":2},{\"name\":\"a.txt\",\"kind\":\"file\",\"size\":14},\
         {\"name\":\"deep\",\"kind\":\"directory\"},{\"name\":\"link\",\"kind\":\"link\"},{\"name\":\"é\",\"kind\":\"file\",\"size\":0}]\n"
    );
}

#[test]
fn a_file_is_closed_when_its_scope_ends() {
    let folder = Folder::new("traces");
    let head =
        "function first(path) {\n  const file = fs.open(path);\n  const other = { log: fs.open('in/log', 'a') };\n";
    let ways = [
        ("return", "  return file.readLine();\n}\nprint(first('in/a.txt'));\nprint('after');"),
        ("throw", "  null.x;\n}\ntry { first('in/a.txt'); } catch (e) { print('caught'); }"),
        ("exit", "  exit(3);\n}\nfirst('in/a.txt');"),
        ("limit", "  let s = 'x';\n  for (;;) s += s;\n}\nfirst('in/a.txt');"),
        ("denied", "  fs.readText('secret.txt');\n}\nfirst('in/a.txt');"),
        ("close", "  file.close();\n  print('closed');\n  file.close();\n}\nfirst('in/a.txt');\nprint('after');"),
        (
            "lines",
            "  for (const line of fs.readLines(path)) {\n    print(line);\n    if (line === 'two') break;\n  }\n  print('left');\n  print([...fs.readLines(path)].length);\n  print('end');\n}\nfirst('in/a.txt');",
        ),
        (
            "returned",
            "  return file;\n}\nprint(first('in/a.txt').readLine());\nprint('after');\nconst kept = first('in/a.txt');",
        ),
    ];
    let mut all = String::new();
    for (name, rest) in ways {
        let code = format!("{head}{rest}");
        let flags = ["--allow-read=in", "--allow-write=in", "--max-memory=4M"];
        let mut command = probate_command(&flags);
        command.args(["--trace", "-e", &code]).current_dir(&folder.0);
        let traced = support::merged(command, "");
        let _ = writeln!(all, "==== {name}\n{rest}\n---- {:?}\n{}", traced.status, traced.stdout);
        let plain = folder.probate(&flags, &code);
        let mut strict = flags.to_vec();
        strict.push("--gc-stress=verify");
        let stressed = folder.probate(&strict, &code);
        assert_eq!((&plain.stdout, plain.status), (&stressed.stdout, stressed.status), "{name}: {}", stressed.stderr);
    }
    insta::assert_snapshot!("closing", all);
}

#[test]
fn the_prompt_goes_on_after_a_refusal() {
    let folder = Folder::new("prompt");
    let mut command = probate_command(&["--allow-read=in", "-i"]);
    command.current_dir(&folder.0);
    let run = run(command, "fs.readText('secret.txt')\nfs.readText('in/deep/b.txt')\n");
    assert!(run.stderr.contains("denied: reading secret.txt needs --allow-read=."), "{}", shown(&run));
    // As after any input that failed, where nobody sits at the prompt.
    assert!(run.stdout.contains("'b'") && run.status == Some(1), "{}", shown(&run));
}

#[test]
fn a_test_says_what_it_needs() {
    let folder = Folder::new("tests")
        .file("in/a.pbt", "// test: allow-read=.\n// test: env=NAME=Ada\nprint(fs.readText('deep/b.txt'), env.get('NAME')); // expect: b Ada\n")
        .file("in/b.pbt", "// test: allow-read=deep\nfs.readText('a.txt');\n// expect-status: 77\n// expect-error: denied: reading a.txt\n")
        .file("in/c.pbt", "// test: allow-write=.\nfs.writeText('deep/c.txt', 'c');\n// expect-status: 0\n");
    let mut command = probate_command(&["test", "in"]);
    command.current_dir(&folder.0);
    let run = run(command, "");
    assert!(run.stdout.contains("3 passed") && run.status == Some(0), "{}", shown(&run));
    assert_eq!(read(&folder.path("in/deep/c.txt")), "c");
}
