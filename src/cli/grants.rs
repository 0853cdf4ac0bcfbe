//! What a script was granted: folders to read and to write in, variables of the environment.
//!
//! A path is looked at twice. First by its text: made absolute, `.` and `..` taken away, it has to stand in a folder that was granted. Then by the
//! system, which opens it beneath the handle of that folder (`openat2` where there is one, else a step at a time): whatever links there are on the
//! way, also ones made this moment, it is not left.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::source::reason;

/// What a script wants to do with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Read,
    /// To read a folder.
    List,
    Write,
}

impl Need {
    fn word(self) -> &'static str {
        match self {
            Need::Read => "reading",
            Need::List => "listing",
            Need::Write => "writing",
        }
    }

    /// The option that grants it.
    pub fn option(self) -> &'static str {
        match self {
            Need::Read | Need::List => "--allow-read",
            Need::Write => "--allow-write",
        }
    }
}

/// What an option grants: `--allow-read`, `--allow-read=DIR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Everything,
    Folder(PathBuf),
}

/// Why a path was not used.
#[derive(Debug)]
pub enum Refused {
    /// It was not granted: a sentence without a full stop.
    Denied(String),
    /// The system has a reason.
    Failed(io::Error),
}

/// Links that may lead to each other before it is given up, as the system does.
const MOST_LINKS: usize = 40;

/// A folder that was granted, open from the start: what happens to its name meanwhile does not matter.
#[derive(Debug)]
struct Folder {
    /// As it was named, made absolute.
    named: PathBuf,
    /// Without links.
    real: PathBuf,
    handle: Arc<Dir>,
}

#[derive(Debug, Default)]
enum Access {
    #[default]
    Nothing,
    Folders(Vec<Folder>),
    Everything,
}

/// The variables of the environment that may be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Variables {
    #[default]
    None,
    These(BTreeSet<String>),
    All,
}

/// All that a script was granted.
#[derive(Debug)]
pub struct Grants {
    /// Where relative paths begin.
    base: PathBuf,
    read: Access,
    write: Access,
    variables: Variables,
}

impl Grants {
    /// Nothing is granted yet. Relative paths begin at `base`, which is absolute.
    pub fn new(base: PathBuf) -> Grants {
        Grants { base, read: Access::Nothing, write: Access::Nothing, variables: Variables::None }
    }

    /// Grants a folder with all that is in it, or everything.
    ///
    /// # Errors
    /// There is no such folder, or it cannot be opened: a sentence.
    pub fn allow(&mut self, need: Need, place: &Place) -> Result<(), String> {
        let folder = match place {
            Place::Everything => None,
            Place::Folder(path) => Some(
                self.open_folder(path)
                    .map_err(|error| format!("{}={}: {}", need.option(), path.display(), reason(&error)))?,
            ),
        };
        let access = match need {
            Need::Read | Need::List => &mut self.read,
            Need::Write => &mut self.write,
        };
        match (access, folder) {
            (access, None) => *access = Access::Everything,
            (Access::Everything, _) => {}
            (Access::Folders(folders), Some(folder)) => folders.push(folder),
            (access, Some(folder)) => *access = Access::Folders(vec![folder]),
        }
        Ok(())
    }

    fn open_folder(&self, path: &Path) -> io::Result<Folder> {
        let named = self.absolute(path);
        let handle = Dir::open_ambient_dir(&named, ambient_authority())?;
        Ok(Folder { real: std::fs::canonicalize(&named)?, named, handle: Arc::new(handle) })
    }

    /// Grants variables of the environment: `A,B`; none named: all.
    pub fn allow_variables(&mut self, names: Option<&str>) {
        let Some(names) = names else {
            self.variables = Variables::All;
            return;
        };
        let named = names.split(',').map(|name| name.trim().to_string());
        match &mut self.variables {
            Variables::All => {}
            Variables::These(these) => these.extend(named),
            none => *none = Variables::These(named.collect()),
        }
    }

    /// Whether a script has files at all.
    pub fn any_files(&self) -> bool {
        !matches!((&self.read, &self.write), (Access::Nothing, Access::Nothing))
    }

    /// Whether a script has variables of the environment at all.
    pub fn any_variables(&self) -> bool {
        self.variables != Variables::None
    }

    /// Whether a script may see a variable of the environment.
    pub fn shows_variable(&self, name: &str) -> bool {
        match &self.variables {
            Variables::None => false,
            Variables::These(names) => names.contains(name),
            Variables::All => true,
        }
    }

    /// A path as an absolute one: `..` takes away the name before it, as it does in the text of a URL.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let mut absolute = PathBuf::new();
        for component in self.base.join(path).components() {
            match component {
                Component::ParentDir => {
                    absolute.pop();
                }
                Component::CurDir => {}
                component => absolute.push(component),
            }
        }
        absolute
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// It was not granted, it is none, or it cannot be opened.
    pub fn open_for_reading(&self, path: &Path) -> Result<File, Refused> {
        self.beneath(Need::Read, path, open_to_read)
    }

    /// Whether something may be done with a path: it stands in a folder that was granted for that, and no link on the way leads out of it. Whether there is a file
    /// does not matter.
    pub fn may(&self, need: Need, path: &Path) -> bool {
        !matches!(self.beneath(need, path, |dir, path| dir.metadata(path).map(drop)), Err(Refused::Denied(_)))
    }

    /// Calls `f` with the handle of a granted folder in which the path stands, and the way from there. If that leads out of the folder, the next one has its turn.
    ///
    /// # Errors
    /// There is none, or the way leads out of each; what `f` answers.
    pub fn beneath<T>(&self, need: Need, path: &Path, f: impl Fn(&Dir, &Path) -> io::Result<T>) -> Result<T, Refused> {
        if path.as_os_str().is_empty() {
            return Err(Refused::Failed(io::Error::new(ErrorKind::NotFound, "the path is empty")));
        }
        let wanted = self.absolute(path);
        let access = if need == Need::Write { &self.write } else { &self.read };
        let folders = match access {
            Access::Nothing => &[][..],
            Access::Folders(folders) => folders,
            Access::Everything => {
                return anywhere(&wanted).and_then(|(dir, path)| f(&dir, &path)).map_err(Refused::Failed);
            }
        };
        let mut leads_out = false;
        for folder in folders {
            let Some(way) = folder.way_to(&wanted) else { continue };
            match f(&folder.handle, way) {
                Err(error) if is_escape(&error) => leads_out = true,
                done => return done.map_err(Refused::Failed),
            }
        }
        Err(Refused::Denied(if leads_out {
            format!("{} {}: a link leads out of what {} grants", need.word(), path.display(), need.option())
        } else {
            let folder = plain(path, need != Need::List);
            format!("{} {} needs {}={}", need.word(), path.display(), need.option(), folder.display())
        }))
    }
}

impl Folder {
    /// The rest of an absolute path that stands in it.
    fn way_to<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let way = path.strip_prefix(&self.named).or_else(|_| path.strip_prefix(&self.real)).ok()?;
        Some(if way.as_os_str().is_empty() { Path::new(".") } else { way })
    }
}

/// A path without `.` and without `..` behind a name; its parent, if that is wanted.
fn plain(path: &Path, parent: bool) -> PathBuf {
    let mut plain = PathBuf::new();
    let last = if parent { Some(Component::ParentDir) } else { None };
    for component in path.components().chain(last) {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::ParentDir if plain.has_root() => {}
            component => plain.push(component),
        }
    }
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Where everything is granted: the folder in which an absolute path ends, links followed, and the name there.
fn anywhere(path: &Path) -> io::Result<(Dir, PathBuf)> {
    let mut path = path.to_path_buf();
    // What is not there yet is made where a link to it leads.
    for _ in 0..MOST_LINKS {
        match std::fs::canonicalize(&path) {
            Ok(found) => path = found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if let (Ok(target), Some(parent)) = (std::fs::read_link(&path), path.parent()) {
                    path = parent.join(target);
                    continue;
                }
            }
            Err(error) => return Err(error),
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok((Dir::open_ambient_dir(&path, ambient_authority())?, PathBuf::from(".")));
        };
        return Ok((Dir::open_ambient_dir(parent, ambient_authority())?, PathBuf::from(name)));
    }
    Err(io::Error::other("too many links"))
}

/// Whether a way was not taken because it led out of its folder: the one error of this kind that is not the system's.
fn is_escape(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// Where a path ends in the folder: links followed, also those that lead to nothing yet.
///
/// # Errors
/// It leads out, or cannot be followed.
pub fn landing(dir: &Dir, path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match dir.canonicalize(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => match dir.read_link(&path) {
                Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
                Err(error) if is_escape(&error) => return Err(error),
                Err(_) => return Ok(path),
            },
            found => return found,
        }
    }
    Err(io::Error::other("too many links"))
}

fn open_to_read(dir: &Dir, path: &Path) -> io::Result<File> {
    open_regular(dir, path, OpenOptions::new().read(true))
}

/// Opens a regular file beneath a folder. Nothing is waited for: a pipe without a writer, a terminal.
///
/// # Errors
/// It leads out, is no regular file, or cannot be opened.
pub fn open_regular(dir: &Dir, path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Opening a pipe or a device already means something to who is at the other end.
    match dir.metadata(path) {
        Ok(found) => regular(found.is_file(), found.is_dir())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        use rustix::fs::OFlags;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    let file = dir.open_with(path, options)?.into_std();
    // It may be another one by now.
    let found = file.metadata()?;
    regular(found.is_file(), found.is_dir())?;
    Ok(file)
}

/// Errors for what is no regular file.
pub fn regular(is_file: bool, is_dir: bool) -> io::Result<()> {
    match (is_file, is_dir) {
        (true, _) => Ok(()),
        (_, true) => Err(io::Error::new(ErrorKind::IsADirectory, "it is a directory")),
        _ => Err(io::Error::new(ErrorKind::Unsupported, "it is no regular file")),
    }
}

/// The value of `--allow-read=` and its like. An empty one would be a slip: `--allow-read=$DIR` without a `DIR`.
///
/// # Errors
/// A sentence.
pub fn place(text: &OsStr) -> Result<Place, String> {
    match text.to_str() {
        Some(WITHOUT_VALUE) => Ok(Place::Everything),
        Some("") => Err("name a folder, or leave out the `=` to grant everything".to_string()),
        _ => Ok(Place::Folder(text.into())),
    }
}

/// The value of `--allow-env=`: `None` for all.
///
/// # Errors
/// A sentence.
pub fn variables(text: &str) -> Result<Option<String>, String> {
    match text {
        WITHOUT_VALUE => Ok(None),
        _ if text.split(',').any(|name| name.trim().is_empty() || name.contains('=')) => {
            Err("name variables, as in HOME,PATH, or leave out the `=` to grant all".to_string())
        }
        _ => Ok(Some(text.to_string())),
    }
}

/// Stands for a value that was left out. No argument of a program can hold it.
pub const WITHOUT_VALUE: &str = "\0";
