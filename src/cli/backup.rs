//! `custody backup` and `custody restore`: the whole of Custody's data as one file, checked before anybody relies on it
//! (E7, F12).

use super::Outcome;
use crate::{
    config::{DataFlags, Flags, Settings},
    ports::files::{Way, by_link, named},
    store::{self, Db, backup, connection::Kept},
};
use clap::Args;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use tempfile::TempPath;

/// Write all data into one file, while Custody runs
///
/// The file holds secrets, as the data do. It is checked before it gets its name: whoever finds it can restore it.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    pub place: DataFlags,

    /// The file to write; one that is there is not touched
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

/// Make a directory of data from a file that `custody backup` wrote
///
/// The file is checked first: the database itself, and the journal's chain.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub place: DataFlags,

    /// The file that was written
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
}

/// Why there is no back-up, or nothing was restored: a sentence that says what to do.
pub(super) enum Problem {
    /// What was given needs a change.
    Given(String),
    /// The machine or the file is at fault.
    Failed(String),
}

type Result<T> = std::result::Result<T, Problem>;

pub(super) fn failed(what: &str, file: &Path) -> impl Fn(io::Error) -> Problem {
    let what = format!("{what} {}", file.display());
    move |e| Problem::Failed(format!("{what}: {e}"))
}

/// What whoever goes back has to do again (A13, A31, A37).
const UNENDED: &str = "What ended after that has not ended in it: whoever was erased is there again, closed accounts are \
     open, and what was revoked (tokens, keys, forges) counts. End it anew before others come to it: the README says how, \
     under Back-up.";

fn database(place: &DataFlags) -> Result<PathBuf> {
    let settings = Settings::load(&Flags { place: place.clone(), ..Flags::default() });
    match settings.map_err(|e| Problem::Given(e.to_string()))?.kept() {
        Kept::File(file) => Ok(file),
        Kept::Server(server) => Err(Problem::Given(format!(
            "This is for a database in a file. Back up {server} with pg_dump, and go back with pg_restore; \
             custody audit verify follows its journal then."
        ))),
    }
}

pub fn backup(args: &BackupArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move { tell(write(args).await, out, err) })
}

pub fn restore(args: &RestoreArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move { tell(read(args).await, out, err) })
}

pub(super) fn tell(done: Result<String>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    match done {
        Ok(said) => writeln!(out, "{said}").map(|()| Outcome::Done),
        Err(Problem::Given(why)) => writeln!(err, "{why}").map(|()| Outcome::Refused),
        Err(Problem::Failed(why)) => writeln!(err, "{why}").map(|()| Outcome::Failed),
    }
}

async fn write(args: &BackupArgs) -> Result<String> {
    let from = database(&args.place)?;
    if !from.exists() {
        return Err(Problem::Given(format!(
            "There is no database at {}: name its directory with --data.",
            from.display()
        )));
    }
    let part = Part::new(&args.to)?;
    let copied = async {
        let db = Db::open_to_read(&from).await?;
        let copied = backup::copy(&db, &part.file).await;
        db.close().await?;
        copied
    };
    copied.await.map_err(|e| Problem::Failed(format!("{} cannot be copied: {e}", from.display())))?;
    let holds = check(&part.file).await?;
    part.finish()?;
    Ok(format!("{} holds {holds}", args.to.display()))
}

async fn read(args: &RestoreArgs) -> Result<String> {
    let to = database(&args.place)?;
    if !args.from.is_file() {
        return Err(Problem::Given(format!("There is no file {}.", args.from.display())));
    }
    if let Some(dir) = to.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(failed("There can be no directory", dir))?;
    }
    let part = Part::new(&to)?;
    // The copy is what is checked: nobody changes it in between.
    copy(&args.from, &part.file).map_err(failed("Nothing can be copied to", &part.file))?;
    let holds = check(&part.file).await?;
    part.finish()?;
    Ok(format!("{} holds {holds}\nWhat came after that is not in it. {UNENDED}", to.display()))
}

/// What it holds and nothing else: a back-up that was locked away against changes makes no database that takes none.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut OpenOptions::new().write(true).open(to)?).map(|_| ())
}

/// The copy is whole, and its journal is what was written; what it holds, in words.
async fn check(file: &Path) -> Result<String> {
    let broken = |why: String| Problem::Failed(format!("It is no whole back-up of Custody: {why}"));
    let checked = async {
        let db = backup::open(file).await?;
        let fault = backup::find_fault(&db).await?;
        let chain = store::journal::verify(&db).await?;
        let entries = chain.as_ref().map_or(0, |chain| chain.len());
        let last = store::journal::list_after(&db, entries - 1, 1).await?.pop();
        db.close().await?;
        Ok::<_, sea_orm::DbErr>((fault, chain, last))
    };
    let (fault, chain, last) = checked.await.map_err(|e| broken(e.to_string()))?;
    if let Some(fault) = fault {
        return Err(broken(fault));
    }
    let chain = chain.map_err(|at| broken(format!("the journal was changed. At {at}.")))?;
    let until = last.map_or_else(String::new, |e| format!(" until {}", e.at));
    Ok(format!(
        "{} entries of the journal{until}; each follows the one before it. The last hash is {}",
        chain.len(),
        chain.head()
    ))
}

/// What SQLite keeps beside a database, and reads as part of whatever lies under that name.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The file itself, and what may lie beside it.
fn together(file: &Path) -> impl Iterator<Item = PathBuf> {
    [""].into_iter().chain(BESIDE).map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

/// A file that gets its name once it is whole, and goes if it never is.
pub(super) struct Part {
    pub file: PathBuf,
    name: PathBuf,
}

impl Part {
    pub fn new(name: &Path) -> Result<Self> {
        let there: Vec<String> = together(name).filter(|f| f.exists()).map(|f| f.display().to_string()).collect();
        let why = match there.as_slice() {
            [] => None,
            [one] if Path::new(one) == name => {
                Some(format!("{one} is there already: move it away, or name another place."))
            }
            all => Some(format!(
                "Of an earlier database there are {}: move all of them away, or name another place. \
                 SQLite would read what is left as part of what is put there.",
                all.join(" and ")
            )),
        };
        if let Some(why) = why {
            return Err(Problem::Given(why));
        }
        let mut file = name.as_os_str().to_owned();
        file.push(format!(".{}.part", std::process::id()));
        let file = PathBuf::from(file);
        // For nobody else's eyes, from the first byte on.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        made.map_err(failed("Nothing can be written to", &file))?;
        Ok(Self { file, name: name.to_owned() })
    }

    /// Gives it its name, which nobody has taken meanwhile, and stays after a power failure.
    pub fn finish(self) -> Result<()> {
        self.finish_by(by_link)
    }

    fn finish_by(self, link: Way) -> Result<()> {
        let kept = || -> io::Result<()> {
            File::open(&self.file)?.sync_all()?;
            if !named(TempPath::try_from_path(&self.file)?, &self.name, link)? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let dir = self.name.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(dir)?.sync_all()
        };
        kept().map_err(failed("There can be no", &self.name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for left in together(&self.file) {
            let _ = fs::remove_file(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E7: on file systems without links too a file gets its name once it is whole, and takes nobody else's.
    #[test]
    fn e7_a_file_gets_its_name_without_links() {
        let no_links: Way = |_, _| Err(io::ErrorKind::Unsupported.into());
        let dir = tempfile::tempdir().unwrap();
        let (name, taken) = (dir.path().join("back-up"), dir.path().join("taken"));
        for name in [&name, &taken] {
            let Ok(part) = Part::new(name) else { panic!("{} is refused", name.display()) };
            fs::write(&part.file, "whole").unwrap();
            if name == &taken {
                fs::write(&taken, "somebody else's").unwrap();
            }
            assert_eq!(part.finish_by(no_links).is_ok(), name != &taken);
        }
        assert_eq!(fs::read_to_string(&name).unwrap(), "whole");
        assert_eq!(fs::read_to_string(&taken).unwrap(), "somebody else's");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
    }
}
