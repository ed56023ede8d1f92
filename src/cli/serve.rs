//! `custody serve`: the real thing.

use super::{Outcome, args::ServeArgs, place};
use crate::{
    app::{App, Parts},
    config::{LogFormat, Settings},
    domain::policy::Identity,
    http,
    ports::{checkpoints::Folder, clock::Clock},
    service,
    store::{self, connection::Kept},
    traces::Traces,
    web,
};
use std::{
    io::{IsTerminal, Write},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};
use tracing_subscriber::{Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How long a replica waits at its start to be the one that does what only one does.
const FIRST_WITHIN: Duration = Duration::from_secs(3);

/// How long each of the last things is waited for when everybody is answered: a database that is gone keeps nobody from
/// stopping (F13).
const LAST_WITHIN: Duration = Duration::from_millis(500);

pub fn run(args: &ServeArgs, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<Outcome> {
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => settings,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    super::run_async(async move {
        let traces = match start_log(&settings) {
            Ok(traces) => traces,
            Err(why) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Failed);
            }
        };
        let socket = match bind(&settings) {
            Ok(socket) => socket,
            Err(why) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Failed);
            }
        };
        let Some(app) = open(&settings, &socket, false, err).await? else {
            return Ok(Outcome::Refused);
        };
        app.providers.look_for_secrets();
        let first = tokio::spawn(service::replicas::be_first(app.clone()));
        welcome(&app, out, err).await?;
        let listener = socket.listen(QUEUE)?;
        writeln!(out, "Custody is at {}", app.public_url)?;
        out.flush()?;
        let outcome = serve(app, listener, checkpoints(&settings), first).await;
        if let Some(traces) = traces {
            traces.stop().await;
        }
        outcome
    })
}

/// Says how the first administrator gets in, while nobody is on record. Of several replicas one has the link, which ends
/// with that replica: another one has a new link then.
async fn welcome(app: &App, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<()> {
    if report(service::accounts::is_nobody_here(app).await, err)? != Some(true) {
        return Ok(());
    }
    // Whoever starts alone becomes the first one at once.
    let is_first = tokio::time::timeout(FIRST_WITHIN, app.db.first()).await.is_ok();
    if is_first && let Some(link) = report(service::accounts::first_administrator(app).await, err)?.flatten() {
        return out.write_all(invitation(&app.policy.identity, &link).as_bytes());
    }
    writeln!(out, "Nobody can sign in yet. The link for the first administrator stands where another replica runs.")?;
    let app = app.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = app.db.first() => {}
        }
        match service::accounts::first_administrator(&app).await {
            Ok(Some(link)) => {
                let mut out = std::io::stdout();
                let said = invitation(&app.policy.identity, &link);
                let _ = out.write_all(said.as_bytes()).and_then(|()| out.flush());
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the first administrator has no link"),
        }
    });
    Ok(())
}

fn invitation(of: &Identity, link: &url::Url) -> String {
    let providers: Vec<&str> = of.providers.iter().map(|p| p.name.as_str()).collect();
    let ways = match (of.local, providers.join(" or ")) {
        (true, none) if none.is_empty() => "sets a name and a password".to_owned(),
        (true, some) => format!("sets a name and a password, or signs in with {some},"),
        (false, some) => format!("signs in with {some}"),
    };
    format!("Nobody can sign in yet. The first administrator {ways} here, once, within a day:\n  {link}\n")
}

/// The journal's and the log's words for whatever went wrong.
fn report<T>(result: service::Result<T>, err: &mut dyn Write) -> std::io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) => {
            let cause = std::error::Error::source(&e).map(|c| format!(": {c}")).unwrap_or_default();
            writeln!(err, "{e}{cause}")?;
            Ok(None)
        }
    }
}

/// Logs go to standard error, so that what is printed for people stays readable; traces to where the settings say. From
/// within the runtime.
pub(super) fn start_log(settings: &Settings) -> Result<Option<Traces>, String> {
    // It writes whole addresses, and some of them are secrets.
    let silent = "tower_http::csrf=off".parse().expect("a target and a level");
    let filter = tracing_subscriber::EnvFilter::new(&settings.log_level).add_directive(silent);
    let log = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let log = match settings.log {
        LogFormat::Text => log.with_filter(filter).boxed(),
        LogFormat::Json => log.json().with_filter(filter).boxed(),
    };
    let traces = settings.otlp.as_ref().map(Traces::start).transpose();
    let traces = traces.map_err(|e| format!("Traces cannot be sent: {e}"))?;
    // A second start in one process keeps the first log.
    let _ = tracing_subscriber::registry().with(log).with(traces.as_ref().map(Traces::layer)).try_init();
    Ok(traces)
}

/// How many connections wait to be taken.
pub(super) const QUEUE: u32 = 1024;

/// Takes the address before anything is opened, so that one that cannot be had is told first. Nobody is let in yet: until
/// the data are open, a proxy in front sends whoever comes to another replica at once.
pub(super) fn bind(settings: &Settings) -> Result<TcpSocket, String> {
    let at = settings.listen;
    let bound = || {
        let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(at)?;
        Ok(socket)
    };
    bound().map_err(|e: std::io::Error| format!("{at} cannot be listened on ({e}): choose another with --listen."))
}

/// Opens the data directory and its database; `None` where the policy or the data is wrong, which is said then.
pub(super) async fn open(
    settings: &Settings,
    socket: &TcpSocket,
    demo: bool,
    err: &mut dyn Write,
) -> std::io::Result<Option<App>> {
    let policy = match settings.read_policy() {
        Ok(policy) => policy,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(None);
        }
    };
    if let Err(problem) = prepare(settings) {
        writeln!(err, "{problem}")?;
        return Ok(None);
    }
    let kept = settings.kept();
    let db = match store::Db::open_kept(&kept).await {
        Ok(db) => db,
        Err(e) => {
            writeln!(err, "{}", place::unopened(&kept, &e))?;
            return Ok(None);
        }
    };
    let app = App::new(
        db,
        Parts {
            policy,
            clock: Clock::System,
            public_url: settings.public_url(socket.local_addr()?),
            secure_cookies: settings.secure_cookies,
            demo,
            mail: settings.mail.clone(),
            sends: !demo,
            metrics: settings.metrics,
            proxies: settings.trusted_proxies.clone(),
        },
    );
    if report(service::policy::record(&app).await, err)?.is_none() {
        return Ok(None);
    }
    Ok(Some(app))
}

/// Makes the directory of data where they are kept in a file: for the service's own account only, as they hold people's
/// numbers. Else a sentence that says what to set right.
pub(super) fn prepare(settings: &Settings) -> Result<(), String> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if matches!(settings.kept(), Kept::Server(_)) {
        return Ok(());
    }
    let dir = &settings.data;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    let private = made.and_then(|()| std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)));
    private.map_err(|e| {
        let dir = dir.display();
        format!("{dir} cannot be the directory of data: {e}. Name one of this account's own with --data.")
    })
}

/// Where checkpoints of the journal go, and how often.
fn checkpoints(settings: &Settings) -> Option<(Folder, Duration)> {
    let every = Duration::from_secs(u64::from(settings.checkpoint_minutes) * 60);
    settings.checkpoints.as_deref().map(|folder| (Folder::new(folder), every))
}

/// Serves until SIGTERM or Ctrl-C, then lets what is under way end.
pub(super) async fn serve(
    app: App,
    listener: TcpListener,
    checkpoints: Option<(Folder, Duration)>,
    first: JoinHandle<()>,
) -> std::io::Result<Outcome> {
    let stop = app.stop.clone();
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    // Probes are answered from now on; everybody else waits until there is something to see.
    let serving = tokio::spawn({
        let app = app.clone();
        async move { web::server::serve(&app, http::router(app.clone()), listener).await }
    });
    let started = tokio::select! {
        started = service::feed::start(&app) => started,
        _ = app.stop.cancelled() => Ok(()),
    };
    if let Err(error) = started {
        tracing::error!(%error, "the database cannot be read");
        app.stop.cancel();
        serving.await.map_err(std::io::Error::other)??;
        return Ok(Outcome::Failed);
    }
    let kept = tokio::select! {
        kept = service::permits::keep(&app) => kept,
        _ = app.stop.cancelled() => Ok(()),
    };
    if let Err(error) = kept {
        tracing::error!(%error, "there is no key for permits yet");
    }
    tokio::spawn(service::figures::run(app.clone()));
    tokio::spawn(service::jobs::run(app.clone()));
    if let Some((folder, every)) = checkpoints {
        tokio::spawn(service::checkpoints::run(app.clone(), folder, every));
    }
    tokio::spawn(service::retention::run(app.clone()));
    let checks = tokio::spawn(service::checks::run(app.clone()));
    let deployments = tokio::spawn(service::checks::run_deployments(app.clone()));
    let moving_on = tokio::spawn(service::checks::run_moving_on(app.clone()));
    let told = tokio::spawn(service::checks::run_told(app.clone()));
    let shift = tokio::spawn(service::shift::escalation::run(app.clone()));
    let drift = tokio::spawn(service::incidents::round::run(app.clone()));
    let collectors = tokio::spawn(service::collectors::run(app.clone()));
    // Without an engine it looks after what one left on record. What runs in the sample facility, none runs.
    let rollouts = (!app.demo).then(|| tokio::spawn(service::rollouts::runner::run(app.clone())));
    let sends = app.mail.is_some() || app.chat.is_some();
    let outbox = sends.then(|| tokio::spawn(service::outbox::run(app.clone())));
    serving.await.map_err(std::io::Error::other)??;
    // The checks end with the same stop; one that reads a slow repository is not waited for.
    let ends = async { tokio::join!(checks, deployments, moving_on, told, shift, drift, collectors, first) };
    let _ = tokio::time::timeout(LAST_WITHIN, ends).await;
    // What runs of rollouts ends with Custody, and says so; it bounds itself, too.
    if let Some(rollouts) = rollouts {
        let _ = rollouts.await;
    }
    // What was taken already is marked, or it would come twice; the outbox itself bounds how long that takes.
    if let Some(outbox) = outbox {
        let _ = outbox.await;
    }
    service::jobs::leave(&app).await;
    match tokio::time::timeout(LAST_WITHIN, app.db.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the database was not closed cleanly"),
        Err(_) => tracing::warn!("the database does not answer, and was not closed"),
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Policy;

    /// E1: the first administrator is told the ways in that the policy leaves.
    #[test]
    fn e1_the_first_link_names_the_ways_in() {
        let provider = "[[identity.providers]]\nid = \"facility\"\nname = \"Facility account\"\n\
            issuer = \"https://login.example.org\"\nclient_id = \"custody\"\nsecret_variable = \"SIGN_IN\"\n";
        let link = "https://custody.example.org/setup/abc".parse().unwrap();
        for (policy, says) in [
            (String::new(), "administrator sets a name and a password here, once"),
            (provider.to_owned(), "sets a name and a password, or signs in with Facility account, here, once"),
            (
                format!("[identity]\nlocal = false\n{provider}"),
                "administrator signs in with Facility account here, once",
            ),
        ] {
            let said = invitation(&Policy::parse(&policy).unwrap().identity, &link);
            assert!(said.contains(says) && said.ends_with("  https://custody.example.org/setup/abc\n"), "{said}");
        }
    }
}
