//! How a file that was written gets its name: once it is whole, and never over another.

use std::{fs, io, path::Path};
use tempfile::TempPath;

/// How a file gets another name.
pub type Way = fn(&Path, &Path) -> io::Result<()>;

/// The first way: a folder to which files can only be added takes no other, and there the first name stays too.
pub fn by_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)
}

/// Gives what was written its name; false where something has it already. Where there are no links, as on CIFS and exFAT,
/// it is renamed.
pub fn named(part: TempPath, file: &Path, link: Way) -> io::Result<bool> {
    let done = match link(&part, file) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => part.persist_noclobber(file).map_err(|e| e.error),
        done => done,
    };
    match done {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::NamedTempFile;

    /// A36, E7: by a link, and where there are none: the same stands there, under one name alone, and is not written over.
    #[test]
    fn a36_either_way_gives_the_same() {
        let ways: [Way; 2] = [by_link, |_, _| Err(io::ErrorKind::Unsupported.into())];
        for link in ways {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("1.checkpoint");
            for (text, is_new) in [("first", true), ("second", false)] {
                let mut part = NamedTempFile::new_in(dir.path()).unwrap();
                part.write_all(text.as_bytes()).unwrap();
                assert_eq!(named(part.into_temp_path(), &file, link).unwrap(), is_new);
            }
            assert_eq!(fs::read_to_string(&file).unwrap(), "first");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }
}
