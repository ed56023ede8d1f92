//! The folder in which checkpoints of the journal are kept: outside the data, best where whoever can change the data
//! cannot change it.

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
        match part.persist_noclobber(&file) {
            Ok(_) => {}
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(e) => return Err(e.error),
        }
        File::open(&self.0)?.sync_all()?;
        Ok(true)
    }

    /// Every one of them, by name: the file's name and what stands in it. What is no text comes as something that is no
    /// checkpoint either.
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
