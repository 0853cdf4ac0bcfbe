//! Modules as files: what a specifier names, and whether the script may read it.

use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::grants::{Grants, Need, Place, Refused};
use super::source::reason;
use crate::vm::host::{ModuleName, NoModule, Reason};

/// Finds the modules of one script.
pub struct Loader {
    /// The folder that the script is in, resolved.
    folder: Option<PathBuf>,
    /// Modules in that folder and below need no grant: this is what is granted by nobody's saying.
    own: Grants,
    /// What the command line grants.
    grants: Arc<Grants>,
    /// The script's file, resolved; `None` for code from elsewhere.
    main: Option<PathBuf>,
}

impl Loader {
    /// For a script in a file, or, if there is none, for code whose folder is the current one.
    pub fn new(script: Option<&Path>, grants: Arc<Grants>) -> Loader {
        let main = script.and_then(|path| path.canonicalize().ok());
        let folder = match &main {
            Some(main) => main.parent().map(Path::to_path_buf),
            None => std::env::current_dir().and_then(|folder| folder.canonicalize()).ok(),
        };
        let mut own = Grants::new(folder.clone().unwrap_or_default());
        if let Some(folder) = &folder {
            // A folder that cannot be opened has no modules that could be read.
            let _ = own.allow(Need::Read, &Place::Folder(folder.clone()));
        }
        Loader { folder, own, grants, main }
    }

    /// What lets the script read a module at a resolved path, if anything does.
    fn granted(&self, path: &Path) -> Option<&Grants> {
        [&self.own, &*self.grants].into_iter().find(|grants| grants.may(Need::Read, path))
    }

    fn may_read(&self, path: &Path) -> bool {
        self.granted(path).is_some()
    }

    /// The script as a module; `name` is its name in messages. Code from elsewhere (`<stdin>`) is called as it is, in the script's folder.
    pub fn main(&self, name: &str) -> ModuleName {
        let is_file = !name.starts_with('<');
        let file = match &self.main {
            Some(main) if is_file => Some(Path::new(name).canonicalize().unwrap_or_else(|_| main.clone())),
            _ => None,
        };
        let id = match (file, &self.folder) {
            (Some(file), _) => file,
            (None, Some(folder)) => folder.join(name),
            (None, None) => PathBuf::from(name),
        };
        ModuleName { id: id.to_string_lossy().into_owned(), shown: name.to_string() }
    }

    /// The file that a specifier names in the text of a module.
    ///
    /// # Errors
    /// No file can be called so, there is none, or the script may not read it.
    pub fn find(&self, specifier: &str, importer: &ModuleName) -> Result<ModuleName, NoModule> {
        let is_path = ["./", "../", "/"].iter().any(|start| specifier.starts_with(start));
        if !is_path || specifier.contains(['%', '?', '#', '\\']) {
            return Err(self.unnamed(specifier, importer));
        }
        let path = resolved(Path::new(&importer.id), specifier);
        let shown = resolved(Path::new(&importer.shown), specifier).to_string_lossy().into_owned();
        match path.canonicalize() {
            Ok(file) if !self.may_read(&file) => Err(denied(&shown)),
            Ok(file) => match file.to_str() {
                Some(id) => Ok(ModuleName { id: id.to_string(), shown }),
                None => Err(unreadable(&shown, "its name is not UTF-8")),
            },
            // Whether there is one is nothing that the script may know.
            Err(_) if !self.may_read(&path) => Err(denied(&shown)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(self.missing(specifier, &path, &shown)),
            Err(error) => Err(unreadable(&shown, &reason(&error))),
        }
    }

    /// The bytes of a module that was found.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, module: &ModuleName) -> Result<Vec<u8>, NoModule> {
        if Path::new(&module.id).is_dir() {
            let help = "name a file in it";
            return Err(NoModule { help: Some(help.to_string()), ..unreadable(&module.shown, "it is a folder") });
        }
        let grants = self.granted(Path::new(&module.id)).ok_or_else(|| denied(&module.shown))?;
        let failed = |error: std::io::Error| unreadable(&module.shown, &reason(&error));
        let mut file = grants.open_for_reading(Path::new(&module.id)).map_err(|refused| match refused {
            Refused::Denied(_) => denied(&module.shown),
            Refused::Failed(error) => failed(error),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn missing(&self, specifier: &str, path: &Path, shown: &str) -> NoModule {
        let meant = self.meant(specifier, path);
        let help = match &meant {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => "the name is relative to the file that imports it".to_string(),
        };
        let message = format!("there is no file {shown}");
        NoModule { reason: Reason::Missing, message, help: Some(help), meant }
    }

    /// The specifier with the ending of a file that is there.
    fn meant(&self, specifier: &str, path: &Path) -> Option<String> {
        let stem = specifier.strip_suffix(".js").or_else(|| specifier.strip_suffix(".mjs")).unwrap_or(specifier);
        let path = path.to_string_lossy();
        let base = path.strip_suffix(".js").or_else(|| path.strip_suffix(".mjs")).unwrap_or(&path);
        [".pbt", ".json", ".js"].into_iter().find_map(|ending| {
            let file = PathBuf::from(format!("{base}{ending}"));
            (file.is_file() && self.may_read(&file.canonicalize().ok()?)).then(|| format!("{stem}{ending}"))
        })
    }

    fn unnamed(&self, specifier: &str, importer: &ModuleName) -> NoModule {
        let message = format!("{specifier:?} names no file");
        let beside = format!("./{specifier}");
        let is_plain = !specifier.is_empty() && !specifier.contains(['%', '?', '#', '\\', ':']);
        let path = resolved(Path::new(&importer.id), &beside);
        let is_there = |path: &Path| path.canonicalize().is_ok_and(|file| file.is_file() && self.may_read(&file));
        let meant = match is_plain {
            true if is_there(&path) => Some(beside),
            true => self.meant(&beside, &path),
            false => None,
        };
        let help = match &meant {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => {
                "a module is named by a path that starts with `./`, `../` or `/`: there are no packages".to_string()
            }
        };
        NoModule { reason: Reason::Unnamed, message, help: Some(help), meant }
    }
}

fn denied(shown: &str) -> NoModule {
    NoModule {
        reason: Reason::Denied,
        message: format!("{shown} may not be read: it is outside the script's folder"),
        help: Some("grant it with `--allow-read=FOLDER`".to_string()),
        meant: None,
    }
}

fn unreadable(shown: &str, why: &str) -> NoModule {
    NoModule { reason: Reason::Missing, message: format!("cannot read {shown}: {why}"), help: None, meant: None }
}

/// The path that a specifier names in a file, without `.` and, where that is possible, without `..`.
fn resolved(importer: &Path, specifier: &str) -> PathBuf {
    let mut path = importer.parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(specifier).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.has_root() && path.parent().is_none() => {}
            Component::ParentDir if matches!(path.components().next_back(), Some(Component::Normal(_))) => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_relative_to_their_file() {
        let cases = [
            ("app/main.pbt", "./m.pbt", "app/m.pbt"),
            ("app/main.pbt", "../m.pbt", "m.pbt"),
            ("main.pbt", "./lib/./m.pbt", "lib/m.pbt"),
            ("main.pbt", "../m.pbt", "../m.pbt"),
            ("../main.pbt", "../m.pbt", "../../m.pbt"),
            ("<stdin>", "./m.pbt", "m.pbt"),
            ("/a/main.pbt", "../../../m.pbt", "/m.pbt"),
            ("/a/main.pbt", "/b/m.pbt", "/b/m.pbt"),
        ];
        for (importer, specifier, expected) in cases {
            let path = resolved(Path::new(importer), specifier);
            assert_eq!(path.to_string_lossy(), expected, "{importer} {specifier}");
        }
    }
}
