//! `custody import`: what a facility has comes onto the record (E5), on the data directory itself.

use super::{Outcome, backup, export, place};
use crate::{
    app::App,
    config::DataFlags,
    service::{
        Caller, Error, accounts,
        import::{self, BYTES_MOST, Database, Hosts, Kind, Plan, Table},
    },
};
use clap::{Args, ValueEnum};
use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

/// Import people, servers, devices or contacts from CSV, hosts from NetBox, servers from a Tango database or Karabo
///
/// All lines come in together or none does; what is on record just so stays as
/// it is, so that a second import changes nothing. Exit code 2 where a line is
/// refused.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// A file, - for standard input, or the address of NetBox, of TangoGQL, or of a Karabo web server’s list
    #[arg(long, value_name = "FILE|-|URL", required_unless_present = "all")]
    from: Option<String>,

    /// What is imported
    #[arg(long, required_unless_present = "all")]
    kind: Option<What>,

    /// Everything that custody export wrote, into an empty database
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "kind", "dry_run", "importer"])]
    all: Option<PathBuf>,

    /// Show what would become of each line, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// In whose name: an administrator's sign-in name here, or address, for the journal
    #[arg(long = "as", value_name = "LOGIN")]
    importer: Option<String>,

    /// The environment variable that holds the token for what is asked
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,

    /// The slug of the tag in NetBox that hosts with reduced support have
    #[arg(long, value_name = "SLUG", default_value = "reduced-support", value_parser = import::tag_slug)]
    reduced_tag: String,

    /// The instrument that new servers of a Tango database or of Karabo serve
    #[arg(long, default_value = "", hide_default_value = true)]
    instrument: String,

    /// Servers of a Tango database or of Karabo that stay out, like "Starter/*"; may be repeated
    #[arg(long, value_name = "PATTERN")]
    leave_out: Vec<String>,

    #[command(flatten)]
    place: DataFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Name, address, telephone
    People,
    /// Hosts and the device servers on them
    Servers,
    /// Devices, with their owner and place
    Devices,
    /// Whom operators call
    Contacts,
    /// Hosts, from NetBox
    Netbox,
    /// Servers, from a Tango database
    Tango,
    /// Servers, from a Karabo web server or aggregator
    Karabo,
}

/// Why nothing was read: what was given needs a change, or the other side did not answer.
enum Unread {
    Given(String),
    Away(String),
}

pub fn run(args: &ImportArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move {
        if let Some(file) = &args.all {
            return everything(args, file, out, err).await;
        }
        let (table, notes) = match read(args).await {
            Ok(read) => read,
            Err(Unread::Given(why)) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Refused);
            }
            Err(Unread::Away(why)) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Failed);
            }
        };
        for note in notes {
            writeln!(err, "{note}")?;
        }
        let app = match place::open(&args.place, err).await? {
            Ok(app) => app,
            Err(outcome) => return Ok(outcome),
        };
        let done = act(&app, args, table).await;
        let closed = app.db.close().await;
        let outcome = match done {
            Ok(outcome) => say(out, err, args.dry_run, outcome)?,
            Err(Error::Refused(refusal)) => {
                writeln!(err, "{refusal}")?;
                Outcome::Refused
            }
            Err(Error::Invalid(problems)) => {
                for p in problems {
                    writeln!(err, "{}: {}.", p.field, p.say)?;
                }
                Outcome::Refused
            }
            Err(e) => {
                let cause = std::error::Error::source(&e).map(|c| format!(": {c}")).unwrap_or_default();
                writeln!(err, "{e}{cause}")?;
                Outcome::Failed
            }
        };
        if let Err(e) = closed {
            writeln!(err, "{e}")?;
            return Ok(Outcome::Failed);
        }
        Ok(outcome)
    })
}

/// `--all`: the database may be new.
async fn everything(
    args: &ImportArgs,
    file: &std::path::Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Outcome> {
    let app = match place::open_or_make(&args.place, err).await? {
        Ok(app) => app,
        Err(outcome) => return Ok(outcome),
    };
    let taken = export::take(&app, file).await;
    let _ = app.db.close().await;
    backup::tell(taken, out, err)
}

async fn read(args: &ImportArgs) -> Result<(Table, Vec<String>), Unread> {
    // Either is asked for where --all is not given.
    let (Some(from), Some(kind)) = (args.from.as_deref(), args.kind) else {
        return Err(Unread::Given("Name what is imported: --from and --kind, or --all".to_owned()));
    };
    let kind = match kind {
        What::People => Kind::People,
        What::Servers => Kind::Servers,
        What::Devices => Kind::Devices,
        What::Contacts => Kind::Contacts,
        What::Netbox => {
            let (token_variable, reduced_tag) = (args.token_env.clone(), args.reduced_tag.clone());
            let of = Hosts { address: address(from)?, token_variable, reduced_tag };
            return import::from_netbox(&of).await.map_err(Unread::Away);
        }
        What::Tango | What::Karabo => {
            let of = Database {
                address: address(from)?,
                credential: args.token_env.clone(),
                instrument: args.instrument.trim().to_owned(),
                leave_out: args.leave_out.clone(),
            };
            let told = match kind == What::Karabo {
                true => import::from_karabo(&of).await,
                false => import::from_tango(&of).await,
            };
            return told.map_err(Unread::Away);
        }
    };
    let (source, bytes) = match from {
        "-" => ("standard input".to_owned(), bytes(io::stdin().lock())),
        file => (
            std::path::Path::new(file)
                .file_name()
                .map_or_else(|| file.to_owned(), |n| n.to_string_lossy().into_owned()),
            std::fs::File::open(file).and_then(bytes),
        ),
    };
    let bytes = bytes.map_err(|e| Unread::Given(format!("{from} cannot be read: {e}")))?;
    let table = Table::parse(kind, &source, &bytes).map_err(|e| Unread::Given(format!("{source}: {e}")))?;
    Ok((table, Vec::new()))
}

/// No more than is taken, and one byte that shows that there is more.
fn bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    from.take(BYTES_MOST as u64 + 1).read_to_end(&mut all)?;
    Ok(all)
}

fn address(from: &str) -> Result<url::Url, Unread> {
    let parsed = from.parse::<url::Url>().ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    parsed.ok_or_else(|| Unread::Given(format!("{from} is no address: give one like https://netbox.example.org")))
}

async fn act(app: &App, args: &ImportArgs, table: Table) -> Result<import::Outcome, Error> {
    let caller = match args.importer.as_deref() {
        None => Caller { origin: "cli".to_owned(), ..Caller::custody() },
        Some(login) => match accounts::find_meant(app, login.trim()).await? {
            Some(person) => Caller::person(person, "cli"),
            None => {
                return crate::service::invalid("as", format!("Nobody signs in here as {login} or has that address"));
            }
        },
    };
    if args.dry_run {
        let plan = import::plan(app, &caller, &table).await?;
        return Ok(if plan.refused() > 0 { import::Outcome::Refused(plan) } else { import::Outcome::Done(plan) });
    }
    import::carry_out(app, &caller, table, None).await
}

fn say(out: &mut dyn Write, err: &mut dyn Write, dry_run: bool, outcome: import::Outcome) -> io::Result<Outcome> {
    let (plan, refused) = match outcome {
        import::Outcome::Done(plan) => (plan, false),
        import::Outcome::Moved(plan) | import::Outcome::Refused(plan) => (plan, true),
    };
    list(out, &plan)?;
    out.flush()?;
    let all = plan.summary();
    match (refused, dry_run) {
        (true, _) => {
            writeln!(err, "{}: {all}. Nothing is imported until no line is refused.", plan.source)?;
            return Ok(Outcome::Refused);
        }
        (false, _) if plan.writes() == 0 => writeln!(err, "{}: {all}. There is nothing to import.", plan.source)?,
        (false, true) => writeln!(err, "{}: {all}. Nothing was changed: it was a dry run.", plan.source)?,
        (false, false) => writeln!(err, "{}: {all}. It is on record.", plan.source)?,
    }
    Ok(Outcome::Done)
}

fn list(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for l in &plan.lines {
        let about = l.fate.about();
        let about = if about.is_empty() { about } else { format!(": {about}") };
        writeln!(out, "line {}  {}  {}{about}", l.line, l.fate.word(), l.what)?;
    }
    Ok(())
}
