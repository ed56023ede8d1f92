//! `custody audit`: follows the journal's chain, and holds it against checkpoints that are kept elsewhere (E2, A36, F12).

use super::{
    Outcome,
    args::AuditVerifyArgs,
    backup::{self, Part, Problem, failed},
    place,
};
use crate::{
    config::DataFlags,
    domain::{
        checkpoint::{Checkpoint, TYPE},
        journal::{Broken, Chain},
    },
    ports::{
        checkpoints::Folder,
        signing::{KeySet, Verifier},
    },
    service::{
        checkpoints::{NotTaken, Taken, take},
        permits,
    },
    store::{self, connection::Kept},
};
use clap::Args;
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

/// The journal as far as it holds, or where it broke.
type Followed = Result<Chain, Broken>;

/// Entries that are read at once to be written down.
const AT_ONCE: u64 = 1000;

/// Sign where the journal ends now, into a folder that is kept elsewhere
///
/// custody serve does so regularly where the setting checkpoints names a folder.
#[derive(Debug, Clone, Args)]
pub struct CheckpointArgs {
    /// The folder, outside the data directory; made if it is not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,

    #[command(flatten)]
    place: DataFlags,
}

pub fn checkpoint(args: &CheckpointArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move {
        let app = match place::open(&args.place, err).await? {
            Ok(app) => app,
            Err(outcome) => return Ok(outcome),
        };
        let taken = take(&app, &Folder::new(&args.to)).await;
        let closed = app.db.close().await;
        match (taken, closed) {
            (Ok(Taken::New(c)), Ok(())) => writeln!(out, "Signed: entry {}, with the hash {}", c.seq, c.hash)?,
            (Ok(Taken::Known(c)), Ok(())) => {
                writeln!(out, "Nothing came after entry {}, of which there is a checkpoint of {}.", c.seq, c.at())?;
            }
            (Ok(Taken::Nothing), Ok(())) => {
                writeln!(err, "There is nothing in the journal yet.")?;
                return Ok(Outcome::Failed);
            }
            (Err(NotTaken::Other(e)), _) => {
                let cause = std::error::Error::source(&e).map(|c| format!(": {c}")).unwrap_or_default();
                writeln!(err, "{e}{cause}")?;
                return Ok(Outcome::Failed);
            }
            (Err(e), _) => {
                writeln!(err, "{e}")?;
                return Ok(Outcome::Failed);
            }
            (_, Err(e)) => {
                writeln!(err, "{e}")?;
                return Ok(Outcome::Failed);
            }
        }
        Ok(Outcome::Done)
    })
}

/// Write the journal, an entry a line, as JSON
///
/// In its order, with everything that each hash covers: SHA-256 of the JSON array
/// [seq, stream, revision, at, actor, origin, kind, body, previous]. It is followed
/// meanwhile, as custody audit verify does. It may be long, and says where people were.
#[derive(Debug, Clone, Args)]
pub struct AuditExportArgs {
    #[command(flatten)]
    place: DataFlags,

    /// The file to write; one that is there is not touched [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn export(args: &AuditExportArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let kept = match place::there(&args.place) {
        Ok(kept) => kept,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    super::run_async(async move {
        let Some(to) = &args.to else {
            let written = entries(&kept, out).await;
            // What was written is the output: words about it go beside it.
            return tell_done(written, err);
        };
        let part = match Part::new(to) {
            Ok(part) => part,
            Err(problem) => return backup::tell(Err(problem), out, err),
        };
        let opened = OpenOptions::new().write(true).open(&part.file).map_err(failed("Nothing can be written to", to));
        let mut file = match opened {
            Ok(file) => BufWriter::new(file),
            Err(problem) => return backup::tell(Err(problem), out, err),
        };
        let written = match entries(&kept, &mut file).await {
            Ok(Ok(chain)) => part.finish().map(|()| chain),
            Ok(Err(broken)) => part.finish().and_then(|()| Err(Problem::Failed(changed(&broken)))),
            Err(problem) => Err(problem),
        };
        backup::tell(written.map(|chain| counted(&chain)), out, err)
    })
}

fn tell_done(written: Result<Followed, Problem>, err: &mut dyn Write) -> io::Result<Outcome> {
    match written {
        Ok(Ok(chain)) => writeln!(err, "{}", counted(&chain)).map(|()| Outcome::Done),
        Ok(Err(broken)) => writeln!(err, "{}", changed(&broken)).map(|()| Outcome::Failed),
        Err(Problem::Given(why)) => writeln!(err, "{why}").map(|()| Outcome::Refused),
        Err(Problem::Failed(why)) => writeln!(err, "{why}").map(|()| Outcome::Failed),
    }
}

/// Every entry as a line, whole or not; where their chain broke first.
async fn entries(kept: &Kept, out: &mut dyn Write) -> Result<Followed, Problem> {
    let unread = |e: sea_orm::DbErr| Problem::Failed(format!("The journal cannot be read: {e}"));
    let unwritten = |e: io::Error| Problem::Failed(format!("The journal cannot be written down: {e}"));
    let db = place::open_to_read(kept).await.map_err(Problem::Failed)?;
    let (mut chain, mut broken, mut after) = (Chain::default(), None, 0);
    loop {
        let page = store::journal::list_after(&db, after, AT_ONCE).await.map_err(unread)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            if broken.is_none() {
                broken = chain.follow(entry).err();
            }
            serde_json::to_writer(&mut *out, entry).map_err(|e| unwritten(e.into()))?;
            out.write_all(b"\n").map_err(unwritten)?;
        }
    }
    out.flush().map_err(unwritten)?;
    db.close().await.map_err(unread)?;
    Ok(broken.map_or(Ok(chain), Err))
}

fn counted(chain: &Chain) -> String {
    format!("{} entries, each follows the one before it. The last hash is {}", chain.len(), chain.head())
}

fn changed(broken: &Broken) -> String {
    format!("The journal was changed. At {broken}.")
}

pub fn verify(args: &AuditVerifyArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let given = place::there(&args.place).and_then(|kept| Ok((kept, files(args)?, keys(args)?)));
    let (kept, files, keys) = match given {
        Ok(given) => given,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    super::run_async(async move {
        let db = match place::open_to_read(&kept).await {
            Ok(db) => db,
            Err(why) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Failed);
            }
        };
        let mut seen: BTreeMap<i64, Option<String>> = BTreeMap::new();
        let checked = async {
            let read = match (files.is_empty(), keys) {
                (true, _) => Ok(Read::default()),
                (false, Some(keys)) => Verifier::new(&keys).map(|keys| read(&files, &keys)),
                (false, None) => {
                    let on_record = permits::every_key(&store::keys::list(&db).await?);
                    Verifier::new(&on_record).map(|keys| read(&files, &keys))
                }
            };
            for (_, checkpoint) in read.iter().flat_map(|r| &r.good) {
                seen.insert(checkpoint.seq, None);
            }
            let chain = store::journal::follow(&db, |seq, hash| {
                if let Some(known) = seen.get_mut(&seq) {
                    *known = Some(hash.to_owned());
                }
            });
            let chain = chain.await;
            db.close().await?;
            Ok::<_, sea_orm::DbErr>((chain?, read))
        };
        let (chain, read) = match checked.await {
            Ok(checked) => checked,
            Err(e) => {
                writeln!(err, "The journal cannot be read: {e}")?;
                return Ok(Outcome::Failed);
            }
        };
        let read = match read {
            Ok(read) => read,
            Err(e) => {
                writeln!(err, "The keys cannot be used: {e}.")?;
                return Ok(Outcome::Failed);
            }
        };
        let chain = match chain {
            Ok(chain) => chain,
            Err(broken) => {
                writeln!(err, "{}", changed(&broken))?;
                return Ok(Outcome::Failed);
            }
        };
        let hash = |seq: i64| seen.get(&seq).and_then(|h| h.as_deref());
        let judged = read.good.iter().filter_map(|(name, c)| Some((name, c.judge(chain.len(), hash(c.seq)).err()?)));
        let mut wrong = read.bad.clone();
        wrong.extend(judged.map(|(name, why)| format!("{name}: {why}.")));
        if !wrong.is_empty() {
            writeln!(err, "The journal is not the one of which these speak:")?;
            for line in &wrong {
                writeln!(err, "  {line}")?;
            }
            return Ok(Outcome::Failed);
        }
        tell(&chain, &read.good, out)?;
        Ok(Outcome::Done)
    })
}

fn tell(chain: &Chain, good: &[(String, Checkpoint)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", counted(chain))?;
    if let Some((_, newest)) = good.iter().max_by_key(|(_, c)| c.seq) {
        let many = match good.len() {
            1 => "1 checkpoint is met".to_owned(),
            n => format!("{n} checkpoints are met"),
        };
        writeln!(out, "{many}; the newest, of {}, saw entry {}.", newest.at(), newest.seq)?;
    }
    Ok(())
}

/// The files that were found, by name; none where no folder is named. An empty folder proves nothing, and is refused.
fn files(args: &AuditVerifyArgs) -> Result<Vec<(String, String)>, String> {
    let Some(folder) = &args.checkpoints else {
        return Ok(Vec::new());
    };
    let all = Folder::new(folder).list().map_err(|e| format!("{} cannot be read: {e}", folder.display()))?;
    match all.is_empty() {
        true => Err(format!("There is no checkpoint in {}: nothing is proved by it.", folder.display())),
        false => Ok(all),
    }
}

/// The keys of the files that are named; `None` where none is.
fn keys(args: &AuditVerifyArgs) -> Result<Option<KeySet>, String> {
    let mut all = KeySet::default();
    for file in &args.keys {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
        let set: KeySet =
            serde_json::from_str(&text).map_err(|e| format!("{} holds no published keys: {e}", file.display()))?;
        all.keys.extend(set.keys);
    }
    Ok((!args.keys.is_empty()).then_some(all))
}

/// What was signed, and what is wrong with the rest, each by its file's name.
#[derive(Default)]
struct Read {
    good: Vec<(String, Checkpoint)>,
    bad: Vec<String>,
}

fn read(files: &[(String, String)], keys: &Verifier) -> Read {
    let mut read = Read::default();
    for (name, text) in files {
        match keys.read_as(TYPE, text) {
            Ok(checkpoint) => read.good.push((name.clone(), checkpoint)),
            Err(why) => read.bad.push(format!("{name} is no checkpoint: {why}.")),
        }
    }
    read
}
