//! The certified OpenID Connect provider of npm (`tests/oidc`; Debian's `nodejs` and `npm`), on loopback.

use crate::{
    app::{Browser, TestApp},
    given::policy_with,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const CLIENT: &str = "custody";
const SECRET: &str = "a secret of this test and of no other";

/// Where its sign-in ends in a browser of Custody.
pub const CALLBACK: &str = "/sign-in/facility/callback";

/// The same where it is a second provider, with the id `guests`.
pub const CALLBACK_OF_GUESTS: &str = "/sign-in/guests/callback";

/// What the rules of the tests make of groups.
pub const RULES: &str = r#"
[[identity.providers.rules]]
group = "controls"
team = "ICI"
kind = "ctrl"
[[identity.providers.rules]]
group = "controls-reviewers"
team = "ICI"
kind = "ctrl"
reviewer = true
[[identity.providers.rules]]
group = "shift"
team = "Night shift"
kind = "doc"
[[identity.providers.rules]]
group = "custody-admins"
team = "Administrators"
kind = "admin"
"#;

/// The provider, ended with the test.
pub struct IdentityProvider {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub issuer: String,
    secret: tempfile::NamedTempFile,
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.end();
    }
}

impl IdentityProvider {
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        assert!(
            folder.join("node_modules").is_dir(),
            "the provider is not there: run `npm ci --prefix tests/oidc`, as tests/run does"
        );
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts: install nodejs, as tests/run does");
        let orders = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let issuer = answer(&mut answers)["issuer"].as_str().expect("it says where it listens").to_owned();
        let mut secret = tempfile::NamedTempFile::new().unwrap();
        writeln!(secret, "{SECRET}").unwrap();
        Self { process, orders, answers, issuer, secret }
    }

    /// The policy of a facility whose people sign in here; `more` stands below its table.
    pub fn policy(&self, local: bool, more: &str) -> String {
        let own = self.table("facility", "Facility account");
        policy_with(&format!(
            r#"
[identity]
local = {local}
protocols = ["https", "http-loopback"]
private_addresses = true
{own}{more}"#
        ))
    }

    /// Its table in a policy, with this id and name.
    pub fn table(&self, id: &str, name: &str) -> String {
        let (issuer, secret) = (&self.issuer, self.secret.path().display());
        format!(
            r#"
[[identity.providers]]
id = "{id}"
name = "{name}"
issuer = "{issuer}"
client_id = "{CLIENT}"
secret_file = "{secret}"
scopes = ["profile", "email", "groups"]
"#
        )
    }

    /// It knows Custody at this address, and these people.
    pub fn knows(&mut self, url: &str, people: Value) {
        let client = json!({
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [format!("{url}{CALLBACK}"), format!("{url}{CALLBACK_OF_GUESTS}")],
            "post_logout_redirect_uris": [format!("{url}/")],
        });
        self.order(json!({ "client": client, "people": people }));
    }

    /// From now on its people are these.
    pub fn people(&mut self, people: Value) {
        self.order(json!({ "people": people }));
    }

    /// From now on it answers as a right provider never does; `{}` makes it right again.
    pub fn lies(&mut self, how: Value) {
        self.order(json!({ "lie": how }));
    }

    /// From now on it signs with another key, and publishes that one alone.
    pub fn rotates(&mut self) {
        self.order(json!({ "rotate": true }));
    }

    fn order(&mut self, order: Value) {
        writeln!(self.orders, "{order}").unwrap();
        self.orders.flush().unwrap();
        assert_eq!(answer(&mut self.answers), json!({ "done": true }));
    }

    /// Nobody answers at its address any more.
    pub fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// A Custody whose people sign in here, with nobody at the provider but these.
    pub async fn custody(&mut self, local: bool, people: Value) -> TestApp {
        let test = TestApp::with_policy(&self.policy(local, RULES)).await;
        self.knows(&test.url, people);
        test
    }

    /// Goes through the provider's pages, as somebody with this name there, from the address that Custody leads to.
    /// Gives the address with its answer, which is not opened yet.
    pub async fn prove(&self, browser: &Browser, login: &str, to: &str) -> String {
        let mut at = to.to_owned();
        for _ in 0..8 {
            let response = browser.client.get(&at).send().await.unwrap();
            let next = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            let next = match next {
                Some(next) => next,
                None => {
                    let page = response.text().await.unwrap();
                    assert!(page.contains(r#"name="login""#), "{page}");
                    let form = [("prompt", "login"), ("login", login), ("password", "any")];
                    let sent = browser.client.post(&at).form(&form).send().await.unwrap();
                    sent.headers()["location"].to_str().unwrap().to_owned()
                }
            };
            at = url::Url::parse(&at).unwrap().join(&next).unwrap().to_string();
            if at.contains(CALLBACK) || at.contains(CALLBACK_OF_GUESTS) {
                return at;
            }
        }
        panic!("the provider never answers: {at}");
    }

    /// Signs in from a page of Custody's, up to the provider's answer, which is not opened yet.
    pub async fn answers(&self, browser: &Browser, login: &str, from: &str) -> String {
        let to = begin(browser, from).await;
        assert!(to.starts_with(&self.issuer), "{to}");
        self.prove(browser, login, &to).await
    }

    /// Signs in, and gives what Custody says at the end.
    pub async fn sign_in(&self, browser: &Browser, login: &str) -> reqwest::Response {
        let answer = self.answers(browser, login, "/sign-in/facility?next=/account").await;
        browser.client.get(answer).send().await.unwrap()
    }
}

/// Where Custody leads to from here, as from a page of its own.
pub async fn begin(browser: &Browser, from: &str) -> String {
    let request = browser.client.get(format!("{}{from}", browser.url)).header("sec-fetch-site", "same-origin");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 303, "{}", response.text().await.unwrap());
    response.headers()["location"].to_str().unwrap().to_owned()
}

fn answer(from: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("the provider says {line:?}: {e}"))
}
