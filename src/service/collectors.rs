//! Collectors: control systems that Custody asks what runs, each in its own rhythm (G10, A24, F9).

mod rhythm;

pub use rhythm::run;

use super::{
    Caller, Error, Result,
    observations::{self, Collected, Observed, Report},
};
use crate::{
    app::App,
    domain::{
        collector::{Running, View, pause},
        id::ServerName,
        person::Role,
        policy::{Collector, CollectorKind},
        refusal::{Code, Refusal},
    },
    ports::{collectors::Asker, karabo, tango},
    store,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;
use validator::Validate;

pub use crate::store::collectors::Doing;

/// Added to what all answers may take: for saving what they bring.
const SAVING: i64 = 60;

/// The longest that a reason or a note is kept.
const WORDS: usize = 500;

/// A collector of the policy, with how it is doing; `None` where it has never asked.
#[derive(Clone, Debug)]
pub struct Shown {
    pub collector: Collector,
    pub doing: Option<Doing>,
}

impl Shown {
    /// Whether its view is older than the policy allows, or from before the clock was set back; or there is none yet.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        let after = Duration::seconds(self.collector.stale_after_seconds.into());
        self.doing.as_ref().and_then(|d| d.view).is_none_or(|view| (now - view).abs() > after)
    }

    /// Whether it is asking right now.
    pub fn is_asking(&self, now: DateTime<Utc>) -> bool {
        self.doing.as_ref().and_then(|d| d.asking_until).is_some_and(|until| until > now)
    }
}

/// Every collector of the policy, in its order. One query.
pub async fn list(app: &App) -> Result<Vec<Shown>> {
    let doing = store::collectors::list(&app.db.read).await?;
    let of = |collector: &Collector| Shown {
        doing: doing.iter().find(|d| d.name == collector.name).cloned(),
        collector: collector.clone(),
    };
    Ok(app.policy.observations.collectors.iter().map(of).collect())
}

/// Has a collector ask at once, for whoever acts for CTRL or keeps Custody. How it went, or `None` while it still asks.
pub async fn poll_now(app: &App, caller: &Caller, name: &str) -> Result<Option<Doing>> {
    const WAITS: std::time::Duration = std::time::Duration::from_secs(10);
    let refused = || Refusal::new(Code::NotYours, "This is for a member of CTRL or an administrator to do.");
    let me = caller.actor.person().ok_or_else(refused)?;
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    if !people.has(me, &Role::Ctrl) && !people.has(me, &Role::Admin) {
        return Err(refused().into());
    }
    let of = app.policy.observations.collectors.iter().find(|c| c.name == name).ok_or(Error::NotFound)?.clone();
    let owned = app.clone();
    let asked = app.changes.spawn(async move {
        let tx = owned.db.begin().await?;
        store::collectors::hurry(&tx, &of.name, owned.clock.now()).await?;
        tx.commit().await?;
        poll(&owned, &of).await
    });
    match tokio::time::timeout(WAITS, asked).await {
        Ok(done) => done?,
        // It goes on without whoever asked for it.
        Err(_) => Ok(None),
    }
}

/// Asks once, where the collector is due and nobody else asks: how it went. What a failure leaves unsaid opens and closes
/// nothing (F9).
pub async fn poll(app: &App, of: &Collector) -> Result<Option<Doing>> {
    let lease = uuid::Uuid::new_v4();
    if !claim(app, of, &lease.to_string()).await? {
        return Ok(None);
    }
    // The view is as old as the question.
    let asked = app.clock.now();
    let (view, mut failed) = ask(of, asked).await;
    let mut notes = view.notes.clone();
    let (told, left_out) = judge(view, asked);
    if left_out > 0 {
        notes.push(format!("{left_out} left out: without a name, class or server, or longer than 200 characters."));
    }
    let taken = observations::collect(app, &of.name, &|server: &str| of.covers(server), told).await;
    let taken = taken.unwrap_or_else(|error| {
        tracing::error!(collector = of.name, %error, "what a collector brought was not saved");
        failed.push("What it brought could not be saved; Custody’s log says why.".to_owned());
        Default::default()
    });
    let before = store::collectors::find(&app.db.read, &of.name).await?;
    let (now, well) = (app.clock.now(), failed.is_empty());
    let failures = if well { 0 } else { before.as_ref().map_or(0, |d| d.failures).saturating_add(1) };
    // A number between 0 and 1 of the lease's random bits.
    let spread = f64::from(lease.as_fields().0) / f64::from(u32::MAX);
    let done = Doing {
        name: of.name.clone(),
        due: now + pause(of.every_seconds, failures, spread),
        asking_until: None,
        tried: Some(asked),
        view: if well { Some(asked) } else { before.as_ref().and_then(|d| d.view) },
        failures,
        error: words(&failed),
        note: words(&notes),
        instances: if well { taken.taken.taken } else { before.as_ref().map_or(0, |d| d.instances) },
        refused: if well { taken.refused } else { before.as_ref().map_or(0, |d| d.refused) },
    };
    let (owned, kept) = (app.clone(), done.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::collectors::settle(&tx, &lease.to_string(), &kept).await?;
        Ok::<_, Error>(tx.commit().await?)
    })
    .await??;
    Ok(Some(done))
}

async fn claim(app: &App, of: &Collector, lease: &str) -> Result<bool> {
    let answers = (of.addresses.len() + of.aggregators.len()) as i64;
    let now = app.clock.now();
    let until = now + Duration::seconds(answers * i64::from(of.timeout_seconds) + SAVING);
    let latest = now + pause(of.every_seconds, u32::MAX, 1.0);
    let (owned, name, lease) = (app.clone(), of.name.clone(), lease.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let taken = store::collectors::claim(&tx, &name, &lease, now, until, latest).await?;
        tx.commit().await?;
        Ok(taken)
    })
    .await?
}

/// What its addresses told, put together, and why some of them told nothing.
async fn ask(of: &Collector, now: DateTime<Utc>) -> (View, Vec<String>) {
    let asker = match Asker::new(of) {
        Ok(asker) => asker,
        Err(why) => return (View::default(), vec![why]),
    };
    let (mut view, mut failed) = (View::default(), Vec::new());
    for address in &of.addresses {
        let told = match of.kind {
            CollectorKind::Tango => tango::ask(&asker, of, address, now).await,
            CollectorKind::Karabo => karabo::ask(&asker, of, address, now).await.map(|(view, some)| {
                failed.extend(some);
                view
            }),
            CollectorKind::Address => asker.get(address, &[]).await.and_then(|text| written(of, &text)),
        };
        match told {
            Ok(told) => view.join(told),
            Err(why) => failed.push(why),
        }
    }
    // What is missing may be what the failed one would have told.
    if !failed.is_empty() {
        view.whole.clear();
    }
    (view, failed)
}

/// What stands at an address, as `custody observe` reads it. A whole report speaks of every server in it, and of the one
/// that it names, or else of those that the collector covers by name.
fn written(of: &Collector, text: &str) -> std::result::Result<View, String> {
    let observed = Observed::parse(text).map_err(|e| e.0)?;
    let mut view = View::default();
    if observed.complete {
        view.whole.extend(observed.observations.iter().map(|r| r.server.clone()));
        match observed.server {
            Some(server) => _ = view.whole.insert(server),
            None => view.whole.extend(of.covers.iter().filter(|pattern| !pattern.contains('*')).cloned()),
        }
    }
    view.running.extend(observed.observations.into_iter().map(|r| {
        let Report { instance, class, server, host, version, since } = r;
        Running { instance, class, server, host, version, since }
    }));
    Ok(view)
}

/// What can be kept of a view, and how many instances cannot: their servers' lists are no whole ones then.
fn judge(view: View, now: DateTime<Utc>) -> (Collected, usize) {
    let View { running, mut whole, unsure, .. } = view;
    let all = running.len();
    let mut reports = Vec::with_capacity(all);
    for r in running {
        let Running { instance, class, server, host, version, since } = r;
        // By a clock that is ahead, or in another zone.
        let report = Report { instance, class, server, host, version, since: since.min(now) };
        match report.validate() {
            Ok(()) => reports.push(report),
            Err(_) => drop(whole.remove(&report.server)),
        }
    }
    // A server's name is as bounded as an instance's.
    whole.retain(|server| (1..=200).contains(&server.chars().count()) && !server.chars().any(char::is_control));
    let left_out = all - reports.len();
    let unsure = unsure.into_iter().map(|(instance, server)| (instance, ServerName(server))).collect();
    (Collected { servers: whole.into_iter().map(ServerName).collect(), unsure, reports }, left_out)
}

fn words(all: &[String]) -> String {
    all.join(" ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(instance: &str, server: &str) -> Running {
        Running {
            instance: instance.to_owned(),
            class: "C".to_owned(),
            server: server.to_owned(),
            host: "h".to_owned(),
            version: String::new(),
            since: "2026-11-21T09:00:00Z".parse().unwrap(),
        }
    }

    /// F9: one instance that cannot be kept takes neither the others nor its server's with it.
    #[test]
    fn f9_what_cannot_be_kept_is_left_out() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let view = View {
            running: vec![
                running("a", "s/1"),
                running("b\0", "s/1"),
                running(&"x".repeat(201), "s/2"),
                running("c", "s/3"),
            ],
            whole: ["s/1", "s/2", "s/3", "s\n"].map(str::to_owned).into(),
            ..View::default()
        };
        let (told, left_out) = judge(view, now);
        assert_eq!(left_out, 2);
        assert_eq!(told.reports.iter().map(|r| r.instance.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(told.servers, [ServerName::from("s/3")].into());
        assert!(told.reports.iter().all(|r| r.since == now), "a clock that is ahead");
    }

    /// F9: what is kept of a reason is one line of bounded length.
    #[test]
    fn f9_reasons_are_bounded() {
        assert_eq!(words(&["a\nb".to_owned(), "c".to_owned()]), "a b c");
        assert_eq!(words(&["ä".repeat(1000)]).chars().count(), WORDS);
    }
}
