//! Which scripts are tests, and which snapshots have lost theirs.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::source::reason;

/// What lies under the paths of the command line, each file once, sorted.
#[derive(Debug, Default)]
pub struct Found {
    pub scripts: Vec<PathBuf>,
    /// Files `NAME.snap` without a `NAME.pbt` beside them, in folders that were walked. Other programs have files of
    /// this name too: whether one is ours is for its first line to say.
    pub widows: Vec<PathBuf>,
}

/// Why the paths cannot be looked through: a sentence.
#[derive(Debug, PartialEq, Eq)]
pub enum NotFound {
    /// The command line names something that is no test.
    Usage(String),
    Unreadable(String),
}

/// Looks for scripts in folders, and takes files as they are named. Hidden files and folders, and folders called `target` or
/// `node_modules`, are passed by, unless they are named. Links to folders are not followed.
///
/// # Errors
/// A path that is not there, cannot be read, or is no script.
pub fn find(paths: &[PathBuf]) -> Result<Found, NotFound> {
    let mut walk = Walk::default();
    for path in paths {
        let unreadable = |error: io::Error| {
            let text = format!("cannot read {}: {}", path.display(), reason(&error));
            NotFound::Unreadable(if error.kind() == io::ErrorKind::NotFound {
                text + "; to choose tests by a part of their name, use --filter"
            } else {
                text
            })
        };
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            walk.folder(path)?;
        } else if is(path, "pbt") {
            walk.script(path.clone());
        } else {
            return Err(NotFound::Usage(format!("{} is no test: the name of one ends in .pbt", path.display())));
        }
    }
    let widows = walk.snapshots.into_iter().filter(|path| !path.with_extension("pbt").exists()).collect();
    let mut found = Found { scripts: walk.scripts, widows };
    found.scripts.sort();
    Ok(found)
}

#[derive(Default)]
struct Walk {
    scripts: Vec<PathBuf>,
    snapshots: BTreeSet<PathBuf>,
    /// Files and folders by their real names: paths may overlap.
    seen: BTreeSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, top: &Path) -> Result<(), NotFound> {
        let mut waiting = vec![top.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            if !self.is_new(&folder) {
                continue;
            }
            let unreadable = |error: io::Error| {
                NotFound::Unreadable(format!("cannot read {}: {}", folder.display(), reason(&error)))
            };
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let path = plain(&folder).join(entry.file_name());
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_dir() {
                    if !is_passed_by(&path) {
                        waiting.push(path);
                    }
                } else if is_file(kind, &path) && !is_hidden(&path) {
                    if is(&path, "pbt") {
                        self.script(path);
                    } else if is(&path, "snap") {
                        self.snapshots.insert(path);
                    }
                }
            }
        }
        Ok(())
    }

    fn script(&mut self, path: PathBuf) {
        if self.is_new(&path) {
            self.scripts.push(path);
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        // What has no real name is met again where it is read, with a reason.
        self.seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()))
    }
}

/// `.` in front of every name helps nobody.
fn plain(folder: &Path) -> &Path {
    folder.strip_prefix(".").unwrap_or(folder)
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn is_file(kind: FileType, path: &Path) -> bool {
    kind.is_file() || (kind.is_symlink() && path.is_file())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn is_passed_by(folder: &Path) -> bool {
    is_hidden(folder) || folder.file_name().is_some_and(|name| name == "target" || name == "node_modules")
}
