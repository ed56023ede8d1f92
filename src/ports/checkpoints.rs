//! The folder in which checkpoints of the journal are kept: outside the data, best where whoever can change the data
//! cannot change it.

use super::files::{by_link, named};
use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// What their files' names end in; nothing else is read.
const END: &str = ".checkpoint";

/// One is some 400 bytes; of a longer file no more is read than shows that it is none.
const MOST: u64 = 8192;

/// A folder that only grows: what was written into it once is neither changed nor written again.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Writes one under this name, whole or not at all, where it stays after a power failure; false where it is there
    /// already. Nobody writes to it afterwards.
    pub fn put(&self, name: &str, text: &str) -> io::Result<bool> {
        let file = self.0.join(format!("{name}{END}"));
        if file.exists() {
            return Ok(false);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let readable = Permissions::from_mode(0o444);
        let mut part = tempfile::Builder::new().permissions(readable).tempfile_in(&self.0)?;
        writeln!(part, "{text}")?;
        part.as_file().sync_all()?;
        let is_new = named(part.into_temp_path(), &file, by_link)?;
        File::open(&self.0)?.sync_all()?;
        Ok(is_new)
    }

    /// Every one of them, by name: the file's name and what stands in it. What is no text comes as something that is no
    /// checkpoint either. Hidden names, under which they were written first, are passed over.
    pub fn list(&self) -> io::Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(END) && !name.starts_with('.') {
                let mut bytes = Vec::new();
                File::open(entry.path())?.take(MOST).read_to_end(&mut bytes)?;
                let text = String::from_utf8_lossy(&bytes);
                all.push((name, text.strip_suffix('\n').unwrap_or(&text).to_owned()));
            }
        }
        all.sort();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn all(dir: &Path) -> Vec<(String, String)> {
        Folder::new(dir).list().unwrap()
    }

    fn as_listed(name: &str, text: &str) -> (String, String) {
        (format!("{name}{END}"), text.to_owned())
    }

    /// A file or folder with an attribute, until this is dropped. Source: chattr(1), "ATTRIBUTES".
    struct With<'a>(&'static str, &'a Path);

    impl<'a> With<'a> {
        /// `None` where this account or this file system has no such thing.
        fn new(attribute: &'static str, path: &'a Path) -> Option<Self> {
            let done = Command::new("chattr").arg(format!("+{attribute}")).arg(path).output();
            done.is_ok_and(|done| done.status.success()).then_some(Self(attribute, path))
        }
    }

    impl Drop for With<'_> {
        fn drop(&mut self) {
            let _ = Command::new("chattr").arg(format!("-{}", self.0)).arg(self.1).output();
        }
    }

    /// A36: into a folder to which files can only be added, and where they are made fast.
    #[test]
    fn a36_a_folder_that_only_grows() {
        let dir = tempfile::tempdir().unwrap();
        let Some(_grows) = With::new("a", dir.path()) else {
            println!("not tried: chattr +a is refused here");
            return;
        };
        let folder = Folder::new(dir.path());
        assert!(folder.put("1", "first").unwrap());
        assert!(!folder.put("1", "second").unwrap());
        assert!(folder.put("2", "third").unwrap());
        assert!(fs::remove_file(dir.path().join(format!("1{END}"))).is_err(), "it only grows");
        assert_eq!(all(dir.path()), [as_listed("1", "first"), as_listed("2", "third")]);
        let first = dir.path().join(format!("1{END}"));
        let _fast = With::new("i", &first).expect("what +a was taken for, +i is");
        assert!(fs::write(&first, "forged").is_err());
        assert!(fs::set_permissions(&first, Permissions::from_mode(0o644)).is_err());
    }
}
