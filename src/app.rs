//! What every door is handed.

use crate::{
    config::{MetricsFor, Proxies},
    domain::{
        person::AuthorKey,
        policy::{Policy, Rollouts},
    },
    figures::Figures,
    jobs::{Job, Jobs},
    not_proved::NotProved,
    ports::{
        ansible::Ansible,
        chat::Chat,
        clock::Clock,
        git::{Git, Limits, SshIdentity},
        identity::Providers,
        mail::{Mailbox, Mailer, Smtp},
    },
    projection::Projection,
    store::{Db, roster},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// How many commits of a device are looked at for their authors: none of them approves it (T4).
pub const COMMITS_MOST: usize = 20_000;

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] holds.
pub struct Inner {
    pub db: Db,
    pub policy: Policy,
    /// [`Policy::review_digest`], computed once.
    pub review_digest: String,
    /// By which authors of commits are known: the database keeps it.
    pub author_key: AuthorKey,
    pub clock: Clock,
    /// What operators read, in memory.
    pub projection: Projection,
    /// Who is who, for whoever changes something.
    pub roster: roster::Kept,
    pub git: Git,
    /// The engine of rollouts; not set up where the policy names no folder with playbooks.
    pub ansible: Ansible,
    /// Somebody did something with a rollout here: whoever runs its steps looks at once.
    pub rollouts: Notify,
    /// `None` where no mail server is set.
    pub mail: Option<Mailer>,
    /// `None` where nothing is sent.
    pub chat: Option<Chat>,
    /// The address under which people open Custody.
    pub public_url: url::Url,
    /// Whether browsers send the session over https only.
    pub secure_cookies: bool,
    /// Sample people sign in with one click; on loopback only.
    pub demo: bool,
    /// Cancelled when Custody is to stop.
    pub stop: CancellationToken,
    /// Changes under way: they outlive the request that asked for them.
    pub changes: TaskTracker,
    /// The providers that people sign in with.
    pub providers: Providers,
    /// How many passwords are hashed at once: each takes 19 MiB.
    pub hashing: tokio::sync::Semaphore,
    /// What Custody does by itself, and when it did it last.
    pub jobs: Jobs,
    /// Forges whose deliveries are refused.
    pub not_proved: NotProved,
    /// What is counted since the start.
    pub figures: Figures,
    /// Who may read it.
    pub metrics: MetricsFor,
    /// Who is believed when they say for whom they ask.
    pub proxies: Proxies,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What an [`App`] is made of besides its database.
pub struct Parts {
    pub policy: Policy,
    pub clock: Clock,
    pub public_url: url::Url,
    pub secure_cookies: bool,
    pub demo: bool,
    /// The mail server and whom letters are from.
    pub mail: Option<(Smtp, Mailbox)>,
    /// Whether anything leaves this machine: the sample facility tells nobody.
    pub sends: bool,
    /// Who may read `/metrics`.
    pub metrics: MetricsFor,
    /// Who is believed when they say for whom they ask.
    pub proxies: Proxies,
}

impl Parts {
    /// Those of a registry that sends nothing and believes no proxy.
    pub fn quiet(policy: Policy, clock: Clock, public_url: url::Url) -> Self {
        Self {
            policy,
            clock,
            public_url,
            secure_cookies: false,
            demo: false,
            mail: None,
            sends: false,
            metrics: MetricsFor::default(),
            proxies: Proxies::default(),
        }
    }
}

impl App {
    pub fn new(db: Db, parts: Parts) -> Self {
        let Parts { policy, clock, public_url, secure_cookies, demo, mail, sends, metrics, proxies } = parts;
        let of = &policy.repositories;
        let limits = Limits {
            deadline: Duration::from_secs(of.deadline_seconds.into()),
            commits: COMMITS_MOST,
            ..Limits::default()
        };
        let git = Git::new(policy.repository_rules(), limits).with_ssh(SshIdentity {
            key_file: of.ssh_key.as_ref().map(Into::into),
            known_hosts: of.ssh_known_hosts.as_ref().map(Into::into),
        });
        let mail = mail.filter(|_| sends).map(|(smtp, from)| Mailer::new(&smtp, from, &public_url));
        let chat = sends.then(|| Chat::new(policy.webhook_rules()));
        let providers = Providers::new(&policy, &public_url);
        let ansible = engine(&policy.rollouts);
        Self(Arc::new(Inner {
            author_key: db.author_key.clone(),
            db,
            mail,
            chat,
            review_digest: policy.review_digest(),
            policy,
            clock,
            projection: Projection::default(),
            roster: roster::Kept::default(),
            git,
            ansible,
            rollouts: Notify::new(),
            public_url,
            secure_cookies,
            demo,
            stop: CancellationToken::new(),
            changes: TaskTracker::new(),
            providers,
            hashing: tokio::sync::Semaphore::new(2),
            jobs: Jobs::default(),
            not_proved: NotProved::default(),
            figures: Figures::default(),
            metrics,
            proxies,
        }))
    }

    /// Runs a job of Custody's own once, and keeps what came of it for administrators to read.
    pub async fn watched<T, E: std::error::Error>(
        &self,
        job: Job,
        every: Duration,
        work: impl Future<Output = Result<T, E>>,
        say: impl FnOnce(&T) -> String,
    ) -> Result<T, E> {
        self.jobs.watch(job, every, || self.clock.now(), work, say).await
    }

    /// Runs a change to its end, even when whoever asked for it has hung up: a half-begun transaction must not go back
    /// to the pool. It is durable when this returns, and on its way to the board.
    pub async fn outliving<T: Send + 'static>(
        &self,
        change: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        let ends = Ends(self.clone());
        let whole = async move {
            let _ends = ends;
            change.await
        };
        self.changes.spawn(whole.instrument(tracing::info_span!("change"))).await
    }
}

/// The facility's engine, with its playbooks and its inventory.
fn engine(of: &Rollouts) -> Ansible {
    let path = |path: &Option<String>| path.clone().unwrap_or_default();
    Ansible::new(&of.program, path(&of.playbooks), path(&of.inventory))
}

/// The end of a change, whoever waits for it.
struct Ends(App);

impl Drop for Ends {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.figures.panicked();
        }
        self.0.projection.wake();
    }
}
