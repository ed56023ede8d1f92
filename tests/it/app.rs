//! Custody as its users meet it: a real server on loopback, a database in a file, a clock that tests move, a real git
//! repository for each device.

#[cfg(feature = "full-tests")]
use crate::reserved::Reserved;
use crate::{described::Undescribed, postgres, repository::Repository, waiting::PATIENCE};
use chrono::{DateTime, Duration, TimeZone, Utc};
use custody::{
    app::{App, Parts},
    domain::{
        device::Device,
        id::{PersonId, ServerName},
        lifecycle::{Command, Event, evolve},
        policy::Policy,
        server::{Server, SupportClass},
    },
    ports::{clock::Clock, mail::Smtp},
    service::{
        self, Caller,
        act::{Ask, Done, act},
        people::insert_team,
        sessions,
    },
    store::{self, Db, teams::TeamKind},
    web,
};
use std::{collections::BTreeMap, path::Path, sync::LazyLock};

/// What the facility of the tests changes in the built-in policy.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let root = std::env::temp_dir().canonicalize().unwrap();
    format!(
        r#"
[facility]
instruments = ["SCS", "SQS", "MID"]
doc_phone = "+49 40 66969 100"
[repositories]
protocols = ["https", "ssh", "file"]
file_roots = ["{}"]
"#,
        root.display()
    )
});

pub const REDUCED: &str = "cppServer/contrib_scs_01";
pub const REDUCED_TOO: &str = "cppServer/contrib_sqs_02";
pub const FULL: &str = "cppServer/ctrl_scs_01";

/// A Saturday morning.
pub fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
}

pub struct TestApp {
    pub app: App,
    pub url: String,
    pub people: BTreeMap<&'static str, PersonId>,
    pub dir: tempfile::TempDir,
    pub repository: Repository,
    // Given back to the system with the test.
    server: tokio::task::JoinHandle<()>,
    undescribed: Undescribed,
    /// Its address, while nobody answers there.
    #[cfg(feature = "full-tests")]
    reserved: Option<Reserved>,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.app.stop.cancel();
        self.server.abort();
        let undescribed = self.undescribed.all();
        assert!(std::thread::panicking() || undescribed.is_empty(), "the API’s description lacks {undescribed:#?}");
    }
}

/// Opens the same data again: another process would find it so.
pub async fn open(dir: &Path, clock: Clock, policy: &str, url: &str) -> App {
    open_with_mail(dir, clock, policy, url, None).await
}

/// The same with a mail server's address.
pub async fn open_with_mail(dir: &Path, clock: Clock, policy: &str, url: &str, smtp: Option<&str>) -> App {
    let from = || "Custody <custody@example.org>".parse().unwrap();
    let db = Db::open_kept(&postgres::kept(dir).await).await.unwrap();
    let parts = Parts {
        policy: Policy::parse(policy).unwrap(),
        clock,
        public_url: url.parse().unwrap(),
        secure_cookies: false,
        demo: true,
        mail: smtp.map(|smtp| (Smtp::parse(smtp).unwrap(), from())),
        sends: true,
        metrics: Default::default(),
        proxies: Default::default(),
    };
    App::new(db, parts)
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with_policy(&POLICY).await
    }

    pub async fn with_policy(policy: &str) -> Self {
        Self::with_mail(policy, None).await
    }

    /// With a mail server's address.
    pub async fn with_mail(policy: &str, smtp: Option<&str>) -> Self {
        Self::on(tempfile::tempdir().unwrap(), policy, smtp).await
    }

    /// On PostgreSQL, whatever the others are on.
    #[cfg(feature = "full-tests")]
    pub async fn on_postgres() -> Self {
        let dir = tempfile::tempdir().unwrap();
        postgres::new_database(dir.path()).await;
        Self::on(dir, &POLICY, None).await
    }

    /// On what keeps the data of this directory.
    pub async fn on(dir: tempfile::TempDir, policy: &str, smtp: Option<&str>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = open_with_mail(dir.path(), Clock::fixed(morning()), policy, &url, smtp).await;
        service::policy::record(&app).await.unwrap();
        let people = facility(&app).await;
        service::feed::start(&app).await.unwrap();
        let undescribed = Undescribed::default();
        let routes = undescribed.watch(&app, custody::http::router(app.clone()));
        let served = app.clone();
        let server = tokio::spawn(async move { web::server::serve(&served, routes, listener).await.unwrap() });
        let repository = Repository::new()
            .by("Ilse Hartmann", "ilse@example.org")
            .commit("the first light")
            .tag("1.0.0")
            .commit("limits the rate");
        Self {
            app,
            url,
            people,
            dir,
            repository,
            server,
            undescribed,
            #[cfg(feature = "full-tests")]
            reserved: None,
        }
    }

    /// Another process reads the same data from now on; the door stays with the first one.
    pub async fn reopen(&mut self) {
        self.app = open(self.dir.path(), self.app.clock.clone(), &POLICY, &self.url).await;
        service::feed::start(&self.app).await.unwrap();
    }

    /// Custody ends, and is opened again on the same data; until [`TestApp::serve_again`] nobody answers.
    #[cfg(feature = "full-tests")]
    pub async fn restart(&mut self) {
        self.app.stop.cancel();
        (&mut self.server).await.unwrap();
        self.reserved = Some(Reserved::again(self.url.trim_start_matches("http://").parse().unwrap()));
        self.app.db.close().await.unwrap();
        self.app = open(self.dir.path(), self.app.clock.clone(), &POLICY, &self.url).await;
        service::feed::start(&self.app).await.unwrap();
    }

    /// Answers again under the address of before.
    #[cfg(feature = "full-tests")]
    pub async fn serve_again(&mut self) {
        let listener = self.reserved.take().expect("it is restarted").listen();
        let (app, routes) = (self.app.clone(), custody::http::router(self.app.clone()));
        let routes = self.undescribed.watch(&app, routes);
        self.server = tokio::spawn(async move { web::server::serve(&app, routes, listener).await.unwrap() });
    }

    pub fn person(&self, name: &str) -> PersonId {
        *self.people.get(name).unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    pub fn caller(&self, name: &str) -> Caller {
        Caller::person(self.person(name), "test")
    }

    /// A command through the service, as somebody.
    pub async fn does(&self, name: &str, device: &str, command: Command) -> service::Result<Done> {
        // Apart, so that a long story fits onto a test’s stack.
        let done = Box::pin(act(&self.app, &self.caller(name), device, Ask::from(command))).await;
        self.shown().await;
        done
    }

    /// Waits until the board shows what was changed through the services. Whoever changes something gives it two seconds; a
    /// test waits longer for a machine that is slow, but not for a database that is away.
    pub async fn shown(&self) {
        let begun = std::time::Instant::now();
        loop {
            let asked = std::time::Instant::now();
            self.app.projection.catch_up().await;
            let is_away = self.app.projection.current().away.is_some();
            if asked.elapsed() < std::time::Duration::from_secs(2) || is_away || begun.elapsed() > PATIENCE {
                return;
            }
        }
    }

    pub fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    pub async fn device(&self, name: &str) -> Device {
        store::devices::find_by_name(&self.app.db.read, name).await.unwrap().unwrap()
    }

    /// A browser of somebody's: signed in through the demo's door.
    pub async fn browser(&self, name: &str) -> Browser {
        let browser = self.stranger();
        let response = browser.post("/demo/sign-in", &[("login", name)]).await;
        assert_eq!(response.status(), 303, "{name} signs in");
        browser
    }

    /// The secret of a new session of somebody's, as their cookie holds it.
    #[cfg(feature = "full-tests")]
    pub async fn session(&self, name: &str) -> String {
        sessions::open(&self.app, self.person(name), "test", "test").await.unwrap().unwrap()
    }

    /// A browser that is signed in as nobody.
    pub fn stranger(&self) -> Browser {
        let client = reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none());
        // The server closes what has waited for fifteen seconds: none is taken up again that it may be closing.
        let client = client.pool_idle_timeout(std::time::Duration::from_secs(5)).build().unwrap();
        Browser { client, url: self.url.clone() }
    }

    /// The device's events replayed: what the journal says it is.
    pub async fn replayed(&self, device: &Device) -> Device {
        let id = device.id.to_string();
        let entries = store::journal::list_all(&self.app.db.read, &id).await.unwrap();
        let events: Vec<Event> = entries.iter().map(|e| service::act::event(e).unwrap()).collect();
        events.iter().fold(Device::draft(device.id, events[0].at), evolve)
    }
}

/// People, groups, hosts and servers.
pub async fn facility(app: &App) -> BTreeMap<&'static str, PersonId> {
    let tx = app.db.begin().await.unwrap();
    let mut people = BTreeMap::new();
    let all: [(&'static str, &str, &str); 11] = [
        ("ilse", "Ilse Hartmann", "214"),
        ("marek", "Marek Dvořák", "219"),
        ("lena", "Lena Brandt", "120"),
        ("jonas", "Jonas Okafor", "131"),
        ("ravi", "Ravi Menon", "132"),
        ("chiara", "Chiara Moretti", "133"),
        ("sofia", "Sofia Lindqvist", "140"),
        ("noor", "Noor El-Amin", "462"),
        ("otto", "Otto Petersen", "100"),
        ("ada", "Ada Nowak", "101"),
        ("tomasz", "Tomasz Wilk", "377"),
    ];
    for (login, name, extension) in all {
        // The same ids in every run: a model of the facility can be written down beside it.
        let id = PersonId(uuid::Uuid::from_u128(0x100 + people.len() as u128));
        let row = store::entity::person::Model {
            id: id.to_string(),
            name: name.to_owned(),
            email: format!("{login}@example.org"),
            commit_emails: String::new(),
            phone: Some(format!("+49 40 66969 {extension}")),
            time_zone: "Europe/Berlin".to_owned(),
            theme: "match".to_owned(),
            conduct: None,
            conduct_at: None,
            closed_at: None,
            created_at: app.clock.now(),
        };
        store::people::insert(&tx, row).await.unwrap();
        store::accounts::save(&tx, sessions::LOCAL, login, id, None).await.unwrap();
        people.insert(login, id);
    }
    let ici = insert_team(&tx, "ICI", TeamKind::Ctrl, None).await.unwrap();
    for (name, reviewer) in [("lena", false), ("jonas", false), ("ravi", true), ("chiara", true)] {
        store::teams::save_member(&tx, ici, people[name], reviewer).await.unwrap();
    }
    let area = Some("pulse-patterns".to_owned());
    let experts = insert_team(&tx, "Pulse pattern experts", TeamKind::Experts, area).await.unwrap();
    store::teams::save_member(&tx, experts, people["sofia"], false).await.unwrap();
    let doc = insert_team(&tx, "DOC", TeamKind::Doc, None).await.unwrap();
    store::teams::save_member(&tx, doc, people["otto"], false).await.unwrap();
    let admins = insert_team(&tx, "Administrators", TeamKind::Admin, None).await.unwrap();
    store::teams::save_member(&tx, admins, people["ada"], false).await.unwrap();
    let now = app.clock.now();
    for (host, class) in [("scs-rr-contrib-01", SupportClass::Reduced), ("scs-rr-ctrl-01", SupportClass::Full)] {
        store::servers::insert_host(&tx, host, class, "").await.unwrap();
    }
    for (name, class, host) in [
        (REDUCED, SupportClass::Reduced, "scs-rr-contrib-01"),
        (REDUCED_TOO, SupportClass::Reduced, "scs-rr-contrib-01"),
        (FULL, SupportClass::Full, "scs-rr-ctrl-01"),
    ] {
        let server = Server {
            name: ServerName::from(name),
            class,
            environment: class.into(),
            host: host.to_owned(),
            instrument: "SCS".to_owned(),
        };
        store::servers::insert(&tx, &server, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    people
}

/// A browser with its cookies, which follows no redirect by itself.
#[derive(Clone)]
pub struct Browser {
    pub client: reqwest::Client,
    pub url: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The page's text; it has to be there.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    /// A form, sent from our own page as browsers do.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        self.client.post(format!("{}{path}", self.url)).header("origin", &self.url).form(fields).send().await.unwrap()
    }

    /// A request that pages never make.
    pub async fn sends(&self, method: &str, path: &str) -> reqwest::Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.header("origin", &self.url).send().await.unwrap()
    }

    /// An act on a device that has to succeed, with the revision that is current.
    pub async fn acts(&self, test: &TestApp, device: &str, act: &str, fields: &[(&str, &str)]) {
        let revision = test.device(device).await.revision.to_string();
        let mut all = vec![("revision", revision.as_str())];
        all.extend_from_slice(fields);
        let response = self.post(&format!("/devices/{device}/{act}"), &all).await;
        let status = response.status();
        assert_eq!(status, 303, "{act}: {}", response.text().await.unwrap());
    }
}
