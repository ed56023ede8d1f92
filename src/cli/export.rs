//! `custody export`, and the way back: all data as one file of lines, to go from one database to another (E7).

use super::{
    Outcome,
    backup::{Part, Problem, failed, tell},
    place,
};
use crate::{config::DataFlags, service::whole};
use chrono::Utc;
use clap::Args;
use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Write all data into one file that another database can go on with
///
/// While Custody runs, and as everything is at one moment. `custody import --all`
/// puts it into an empty database, SQLite or PostgreSQL. The file holds secrets,
/// as the data do.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub place: DataFlags,

    /// The file to write; one that is there is not touched
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

pub fn run(args: &ExportArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move {
        let app = match place::open(&args.place, err).await? {
            Ok(app) => app,
            Err(outcome) => return Ok(outcome),
        };
        let written = write(&app, &args.to).await;
        let _ = app.db.close().await;
        tell(written, out, err)
    })
}

async fn write(app: &crate::app::App, to: &Path) -> Result<String, Problem> {
    let part = Part::new(to)?;
    let file = OpenOptions::new().write(true).open(&part.file).map_err(failed("Nothing can be written to", to))?;
    let rows = whole::write(&app.db.read, &mut BufWriter::new(file), Utc::now()).await.map_err(problem)?;
    part.finish()?;
    Ok(format!("{} holds {rows} rows, secrets among them: keep it as the data.", to.display()))
}

/// Puts what [`run`] wrote into the empty database that the flags name.
pub async fn take(app: &crate::app::App, from: &Path) -> Result<String, Problem> {
    if !from.is_file() {
        return Err(Problem::Given(format!("There is no file {}.", from.display())));
    }
    let rows = whole::read(&app.db, from).await.map_err(problem)?;
    Ok(format!("{rows} rows came in, and the journal verifies."))
}

fn problem(e: whole::Error) -> Problem {
    match e {
        whole::Error::Given(why) => Problem::Given(why),
        other => Problem::Failed(format!("Nothing was changed: {other}")),
    }
}
