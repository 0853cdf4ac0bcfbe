//! Files as the host lends them to a script: paths in, bytes and answers out. The machine opens nothing itself.

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read what is there.
    Read,
    /// To write it anew: what was there is gone at once.
    Write,
    /// To write behind what is there.
    Append,
    /// To write a new text that takes the place of the old one when it is finished ([`OpenFile::finish`]), and not at all if it never is.
    Replace,
}

/// What a script may do with a path, as the host was told; whether there is such a file does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    pub read: bool,
    pub write: bool,
}

/// Why something about a file was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// The script may not. It cannot catch that: it ends with this sentence.
    Refused(String),
    /// It did not work. The script may catch that.
    Failed {
        /// The system's name of it: `ENOENT`.
        code: &'static str,
        /// In words: `No such file or directory`.
        reason: String,
    },
}

/// What stands in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    File,
    Directory,
    Link,
    Other,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    pub name: String,
    pub kind: FileKind,
    /// Bytes of a file.
    pub size: Option<u64>,
}

/// The entries of a folder, in any order.
pub type Entries = Box<dyn Iterator<Item = Result<FileEntry, FileError>>>;

/// The files of a host. No method may wait for long: a host refuses what is no regular file, such as a pipe or a device.
pub trait Files: Send {
    /// Opens a file; one that is to be written is made if there is none.
    ///
    /// # Errors
    /// It may not be, or cannot be opened.
    fn open(&mut self, path: &str, purpose: Purpose) -> Result<Box<dyn OpenFile>, FileError>;

    /// Whether there is something at a path.
    ///
    /// # Errors
    /// Nobody may know, or it cannot be found out.
    fn exists(&mut self, path: &str) -> Result<bool, FileError>;

    /// What stands in a folder.
    ///
    /// # Errors
    /// It may not be read, or cannot be.
    fn list(&mut self, path: &str) -> Result<Entries, FileError>;

    /// Removes a file, a link, or an empty folder.
    ///
    /// # Errors
    /// It may not be removed, or cannot be.
    fn remove(&mut self, path: &str) -> Result<(), FileError>;

    /// What the script may do with a path.
    fn allowed(&mut self, path: &str) -> Allowed;
}

/// An open file. Dropped, it is closed.
pub trait OpenFile: Send {
    /// Bytes in it, as far as the system knows: some files of the system have more than it says.
    fn size(&self) -> u64;

    /// Reads the next bytes, at most as many as there is room for. 0: the end.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, FileError>;

    /// Writes all the bytes; nothing is kept back.
    ///
    /// # Errors
    /// It cannot be written. Some of them may have been.
    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError>;

    /// Closes it, and puts a new text in the place of the old one ([`Purpose::Replace`]).
    ///
    /// # Errors
    /// That did not work.
    fn finish(self: Box<Self>) -> Result<(), FileError>;
}

/// Variables of the environment as the host shows them to a script.
pub trait Environment: Send {
    /// The value of a variable; `None` if there is none. Errors: a variable that the script may not see, or its value is no text.
    ///
    /// # Errors
    /// It may not be seen, or is no text.
    fn get(&mut self, name: &str) -> Result<Option<String>, FileError>;

    /// Whether the script may see a variable, and it is there.
    fn has(&mut self, name: &str) -> bool;

    /// The names of the variables that are there and may be seen, in any order.
    fn names(&mut self) -> Vec<String>;
}
