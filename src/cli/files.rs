//! The files and the environment of the command line, as far as they were granted.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_std::fs::{Dir, DirEntry, OpenOptions, ReadDir};

use super::grants::{Grants, Need, Refused, landing, open_regular, regular};
use super::source::reason;
use crate::vm::files::{Allowed, Entries, Environment, FileEntry, FileError, FileKind, Files, OpenFile, Purpose};

/// Files that a script may have open at a time. Each may hold a buffer, so this limits memory too.
const MOST_OPEN: usize = 256;

/// What a script was granted, for its host.
#[derive(Clone)]
pub struct Lent {
    grants: Arc<Grants>,
    /// Files that are open.
    open: Arc<AtomicUsize>,
}

impl Lent {
    pub fn new(grants: Arc<Grants>) -> Lent {
        Lent { grants, open: Arc::default() }
    }

    /// One more open file.
    fn seat(&self) -> io::Result<Seat> {
        if self.open.load(Ordering::Relaxed) >= MOST_OPEN {
            return Err(io::Error::new(
                ErrorKind::QuotaExceeded,
                format!("{MOST_OPEN} files are open; close some of them"),
            ));
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Seat(Arc::clone(&self.open)))
    }
}

impl Lent {
    /// The files, if any were granted.
    pub fn files(&mut self) -> Option<&mut dyn Files> {
        if self.grants.any_files() { Some(self) } else { None }
    }

    /// The environment, if any of it was granted.
    pub fn environment(&mut self) -> Option<&mut dyn Environment> {
        if self.grants.any_variables() { Some(self) } else { None }
    }
}

/// Counts an open file while it is there.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Files for Lent {
    fn open(&mut self, path: &str, purpose: Purpose) -> Result<Box<dyn OpenFile>, FileError> {
        let need = if purpose == Purpose::Read { Need::Read } else { Need::Write };
        let opened = self.grants.beneath(need, Path::new(path), |dir, path| {
            let seat = self.seat()?;
            let (file, draft) = match purpose {
                Purpose::Read => (open_regular(dir, path, OpenOptions::new().read(true))?, None),
                Purpose::Append => (open_regular(dir, path, OpenOptions::new().append(true).create(true))?, None),
                Purpose::Write => (rewritten(dir, path)?, None),
                Purpose::Replace => draft(dir, path)?,
            };
            Ok(Opened { file, draft, _seat: seat })
        });
        Ok(Box::new(opened?))
    }

    fn exists(&mut self, path: &str) -> Result<bool, FileError> {
        match self.grants.beneath(Need::Read, Path::new(path), |dir, path| dir.metadata(path)) {
            Ok(_) => Ok(true),
            Err(Refused::Failed(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Ok(false)
            }
            Err(refused) => Err(refused.into()),
        }
    }

    fn list(&mut self, path: &str) -> Result<Entries, FileError> {
        Ok(Box::new(Listing(self.grants.beneath(Need::List, Path::new(path), |dir, path| dir.read_dir(path))?)))
    }

    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        let removed =
            self.grants.beneath(Need::Write, Path::new(path), |dir, path| match dir.symlink_metadata(path)?.is_dir() {
                true => dir.remove_dir(path),
                false => dir.remove_file(path),
            });
        Ok(removed?)
    }

    fn allowed(&mut self, path: &str) -> Allowed {
        let may = |need| self.grants.may(need, Path::new(path));
        Allowed { read: may(Need::Read), write: may(Need::Write) }
    }
}

/// A file that is emptied, or made.
fn rewritten(dir: &Dir, path: &Path) -> io::Result<File> {
    // Emptied when it is known to be a regular file, and not before.
    let file = open_regular(dir, path, OpenOptions::new().write(true).create(true))?;
    file.set_len(0)?;
    Ok(file)
}

/// A new text for a file: under a name of its own beside it until it is finished.
struct Draft {
    folder: Dir,
    name: OsString,
    temporary: PathBuf,
    done: bool,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            // Whoever ended it does not ask whether that worked.
            let _ = self.folder.remove_file(&self.temporary);
        }
    }
}

/// Opens a draft for the file at a path. A file in a folder where none can be made, and one that would have another owner, is written where it is.
fn draft(dir: &Dir, path: &Path) -> io::Result<(File, Option<Draft>)> {
    let path = landing(dir, path)?;
    let Some(name) = path.file_name() else { return regular(false, true).and(Err(ErrorKind::InvalidInput.into())) };
    let folder = match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => dir.open_dir(parent)?,
        None => dir.try_clone()?,
    };
    let old = match open_regular(&folder, Path::new(name), OpenOptions::new().write(true)) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (file, temporary) = match (temporary(&folder, old.as_ref()), old) {
        (Ok(made), _) => made,
        (Err(_), Some(old)) => {
            old.set_len(0)?;
            return Ok((old, None));
        }
        (Err(error), None) => return Err(error),
    };
    Ok((file, Some(Draft { folder, name: name.to_os_string(), temporary, done: false })))
}

/// A new file beside an old one, with its permissions.
fn temporary(folder: &Dir, old: Option<&File>) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if old.is_some() {
        use cap_std::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    for attempt in 0..u32::MAX {
        let name = PathBuf::from(format!(".probate-{}-{attempt}.tmp", std::process::id()));
        let file = match folder.open_with(&name, &options) {
            Ok(file) => file.into_std(),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        if let Some(old) = old
            && let Err(error) = dress(&file, old)
        {
            let _ = folder.remove_file(&name);
            return Err(error);
        }
        return Ok((file, name));
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Gives a new file the permissions of an old one. Errors: it cannot have its owner.
fn dress(file: &File, old: &File) -> io::Result<()> {
    let found = old.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (found.uid(), found.gid()) {
            return Err(ErrorKind::PermissionDenied.into());
        }
    }
    file.set_permissions(found.permissions())
}

/// An open file of a script.
struct Opened {
    file: File,
    draft: Option<Draft>,
    _seat: Seat,
}

impl OpenFile for Opened {
    fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |found| found.len())
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, FileError> {
        loop {
            match self.file.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read.map_err(failed),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<(), FileError> {
        if let Some(draft) = &mut self.draft {
            draft.folder.rename(&draft.temporary, &draft.folder, &draft.name).map_err(failed)?;
            draft.done = true;
        }
        Ok(())
    }
}

/// The entries of a folder.
struct Listing(ReadDir);

impl Iterator for Listing {
    type Item = Result<FileEntry, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.and_then(|found| entry(&found)).map_err(failed))
    }
}

fn entry(found: &DirEntry) -> io::Result<FileEntry> {
    let kind = found.file_type()?;
    let kind = match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
        (true, _, _) => FileKind::File,
        (_, true, _) => FileKind::Directory,
        (_, _, true) => FileKind::Link,
        _ => FileKind::Other,
    };
    // One that was removed meanwhile has no size.
    let size = if kind == FileKind::File { found.metadata().ok().map(|found| found.len()) } else { None };
    Ok(FileEntry { name: found.file_name().to_string_lossy().into_owned(), kind, size })
}

impl Environment for Lent {
    fn get(&mut self, name: &str) -> Result<Option<String>, FileError> {
        if !self.grants.shows_variable(name) {
            return Err(FileError::Refused(format!("the variable {name} needs --allow-env={name}")));
        }
        // The system's functions do not take such names.
        if name.is_empty() || name.contains(['=', '\0']) {
            return Ok(None);
        }
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(FileError::Failed { code: "EILSEQ", reason: "it is not UTF-8".to_string() })
            }
        }
    }

    fn has(&mut self, name: &str) -> bool {
        self.grants.shows_variable(name) && std::env::vars_os().any(|(known, _)| known == name)
    }

    fn names(&mut self) -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(|name| self.grants.shows_variable(name)).collect()
    }
}

impl From<Refused> for FileError {
    fn from(refused: Refused) -> FileError {
        match refused {
            Refused::Denied(sentence) => FileError::Refused(sentence),
            Refused::Failed(error) => failed(error),
        }
    }
}

fn failed(error: io::Error) -> FileError {
    FileError::Failed { code: code(&error), reason: reason(&error) }
}

/// The name of an error as Unix has it.
fn code(error: &io::Error) -> &'static str {
    #[cfg(unix)]
    if let Some(errno) = rustix::io::Errno::from_io_error(error) {
        use rustix::io::Errno;
        const NAMES: [(Errno, &str); 14] = [
            (Errno::PERM, "EPERM"),
            (Errno::LOOP, "ELOOP"),
            (Errno::NAMETOOLONG, "ENAMETOOLONG"),
            (Errno::INVAL, "EINVAL"),
            (Errno::NXIO, "ENXIO"),
            (Errno::BUSY, "EBUSY"),
            (Errno::FBIG, "EFBIG"),
            (Errno::MFILE, "EMFILE"),
            (Errno::NFILE, "ENFILE"),
            (Errno::NOSPC, "ENOSPC"),
            (Errno::DQUOT, "EDQUOT"),
            (Errno::ROFS, "EROFS"),
            (Errno::TXTBSY, "ETXTBSY"),
            (Errno::XDEV, "EXDEV"),
        ];
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == errno) {
            return name;
        }
    }
    match error.kind() {
        ErrorKind::NotFound => "ENOENT",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::AlreadyExists => "EEXIST",
        ErrorKind::IsADirectory => "EISDIR",
        ErrorKind::NotADirectory => "ENOTDIR",
        ErrorKind::DirectoryNotEmpty => "ENOTEMPTY",
        ErrorKind::InvalidInput => "EINVAL",
        ErrorKind::Unsupported => "ENOTSUP",
        ErrorKind::QuotaExceeded => "EMFILE",
        ErrorKind::StorageFull => "ENOSPC",
        ErrorKind::ReadOnlyFilesystem => "EROFS",
        _ => "EIO",
    }
}
