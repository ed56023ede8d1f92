//! What Custody logs, kept for tests to read; and what it says there of whoever did not come in (A34).

use crate::{
    app::TestApp,
    own_account::{PASSWORD, with_password},
    served::Served,
    waiting::PATIENCE,
};
use custody::service::{
    closing,
    tokens::{self, TokenScope},
};
use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

/// A second subscriber, which takes nothing. Were a test's the only one, tracing would ask the thread that comes first to
/// a line whether anybody wants it, and keep a no for every thread.
static BESIDE: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new()));

/// Custody's warnings and errors on this test's thread, for as long as it is kept.
pub struct Logged {
    said: Said,
    _kept: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logged {
    pub fn start() -> Self {
        LazyLock::force(&BESIDE);
        let said = Said::default();
        let to = said.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::WARN);
        let log = log.with_writer(move || to.clone()).finish();
        Self { said, _kept: tracing::subscriber::set_default(log) }
    }

    /// What was logged since it was asked last.
    pub fn lines(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.said.0.lock().unwrap());
        let said = String::from_utf8(said).unwrap();
        said.lines().filter(|line| line.contains(" custody::")).map(str::to_owned).collect()
    }
}

/// What another thread comes to first, where nobody wants it, is heard on this one all the same.
#[test]
fn a_line_is_heard_whoever_came_to_it_first() {
    let say = || tracing::warn!(target: "custody::test", "said");
    let log = Logged::start();
    std::thread::spawn(say).join().unwrap();
    assert_eq!(log.lines(), Vec::<String>::new());
    say();
    assert_eq!(log.lines().len(), 1);
}

/// A34: wrong names and passwords are in the log with where they came from, and at whose account; what was typed is not.
#[tokio::test]
async fn a34_failed_sign_ins_are_logged() {
    let test = TestApp::new().await;
    with_password(&test, "ilse").await;
    let (log, stranger) = (Logged::start(), test.stranger());
    let of_ilse = format!("person={}", test.person("ilse"));
    let tries = async |login: &str, password: &str| {
        stranger.post("/sign-in", &[("login", login), ("password", password)]).await;
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("WARN") && lines[0].contains("origin=\"web 127.0.0.1\""), "{lines:?}");
        assert!(!lines[0].contains("rosebud"), "{lines:?}");
        lines[0].clone()
    };
    let unknown = tries("rosebud", "rosebud").await;
    assert!(unknown.contains("name and password failed") && !unknown.contains("person="), "{unknown}");
    for _ in 0..5 {
        let wrong = tries(" Ilse", "rosebud").await;
        assert!(wrong.contains("name and password failed") && wrong.contains(&of_ilse), "{wrong}");
    }
    let waits = tries("ilse", "rosebud").await;
    assert!(waits.contains("has to wait") && waits.contains(&of_ilse), "{waits}");

    test.advance(chrono::Duration::hours(2));
    let ilse = test.browser("ilse").await;
    let changes = async |old: &str| {
        let form = [("login", "ilse"), ("old", old), ("new", "rosebud and three more")];
        ilse.post("/account/password", &form).await;
        log.lines().join("\n")
    };
    for _ in 0..5 {
        let wrong = changes("rosebud").await;
        assert!(wrong.contains("the old one is wrong") && wrong.contains(&of_ilse), "{wrong}");
        assert!(wrong.contains("origin=\"web 127.0.0.1\"") && !wrong.contains("rosebud"), "{wrong}");
    }
    assert!(changes("rosebud").await.contains("has to wait"));
    test.advance(chrono::Duration::hours(2));
    assert_eq!(changes(PASSWORD).await, "", "what is right is in the journal");
}

/// A34: a token that opens nothing any more, be it that its maker's account is closed, is in the log by its id, one that
/// nobody has without a word of it.
#[tokio::test]
async fn a34_dead_tokens_are_logged() {
    let test = TestApp::new().await;
    let (token, secret) =
        tokens::create(&test.app, &test.caller("lena"), "a program", TokenScope::Read, 30).await.unwrap();
    let log = Logged::start();
    let asks = async |bearer: &str| {
        let asked = test.stranger().client.get(format!("{}/api/v1/me", test.url)).bearer_auth(bearer);
        (asked.send().await.unwrap().status().as_u16(), log.lines().join("\n"))
    };
    assert_eq!(asks(&secret).await, (200, String::new()));
    tokens::revoke(&test.app, &test.caller("lena"), &token.id).await.unwrap();
    let (status, dead) = asks(&secret).await;
    assert_eq!(status, 401);
    assert!(dead.contains("origin=\"api 127.0.0.1\"") && dead.contains(&format!("token=\"{}\"", token.id)), "{dead}");
    let (of_closed, secret_of_closed) =
        tokens::create(&test.app, &test.caller("jonas"), "another", TokenScope::Read, 30).await.unwrap();
    closing::close(&test.app, &test.caller("ada"), test.person("jonas")).await.unwrap();
    let (status, closed) = asks(&secret_of_closed).await;
    assert_eq!(status, 401);
    assert!(closed.contains(&format!("token=\"{}\"", of_closed.id)), "{closed}");
    let (status, unknown) = asks("custody_rosebud").await;
    assert_eq!(status, 401);
    assert!(unknown.contains("origin=\"api 127.0.0.1\"") && !unknown.contains("token="), "{unknown}");
    assert!(!dead.contains(&secret) && !unknown.contains("rosebud"), "{dead}\n{unknown}");
}

/// E1: a provider's secret that is not where the policy says is in the log from the start, before anybody signs in.
#[tokio::test]
async fn e1_a_secret_that_is_not_there_is_logged_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    let policy = "[[identity.providers]]\nid = \"facility\"\nname = \"Facility account\"\n\
                  issuer = \"https://login.example.org\"\nclient_id = \"custody\"\nsecret_variable = \"CUSTODY_SIGN_IN\"\n";
    std::fs::write(data.path().join("policy.toml"), policy).unwrap();
    for (secret, times) in [("", 1), ("rosebud", 0)] {
        let log = data.path().join("log");
        let to = std::fs::File::create(&log).unwrap().into();
        let settings = [("CUSTODY_SIGN_IN", secret)];
        drop(Served::start_logged("127.0.0.1:0", "serve", data.path(), "Custody is at ", &settings, to));
        let said = std::fs::read_to_string(&log).unwrap();
        let says = "the environment variable CUSTODY_SIGN_IN holds no secret to sign in with";
        assert_eq!(said.matches(says).count(), times, "{said}");
    }
}

/// A36: where no checkpoint can be put, the log names the folder.
#[tokio::test]
async fn a36_a_folder_that_takes_no_checkpoint_is_logged() {
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [log, file] = ["log", "file"].map(|name| place.path().join(name));
    std::fs::write(&file, "").unwrap();
    let below = file.join("checkpoints");
    let settings = [("CUSTODY_CHECKPOINTS", below.to_str().unwrap())];
    let to = std::fs::File::create(&log).unwrap().into();
    let _served = Served::start_logged("127.0.0.1:0", "serve", data.path(), "Custody is at ", &settings, to);
    let (began, says) = (std::time::Instant::now(), format!("folder=Folder({below:?})"));
    loop {
        let said = std::fs::read_to_string(&log).unwrap();
        if said.contains("no checkpoint of the journal was taken") && said.contains(&says) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{says}: {said}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
