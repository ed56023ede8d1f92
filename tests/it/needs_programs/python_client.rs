//! The Python client that a beamline scientist pastes, run for real (E3). Needs python3.

use crate::{app::TestApp, rollouts};
use custody::service::tokens::{self, TokenScope};
use futures_util::future::join_all;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

async fn runs(url: &str, token: &str, words: &[&str]) -> (i32, String, String) {
    let done = tokio::process::Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/custody_client.py"))
        .args(words)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CUSTODY_URL", url)
        .env("CUSTODY_TOKEN", token)
        .kill_on_drop(true)
        .output()
        .await
        .expect("python3 runs: apt-get install python3");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// E3: the example tells a status, what one may do, does it once, says why not, and tells what happened.
#[tokio::test]
async fn e3_the_python_client_asks_and_acts() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let token =
        async |who: &str, scope| tokens::create(&test.app, &test.caller(who), "client", scope, 1).await.unwrap().1;
    let (ilse, reads) = (token("ilse", TokenScope::Admin).await, token("noor", TokenScope::Read).await);

    let (code, said, _) = runs(&test.url, &reads, &["status", "magnet"]).await;
    assert_eq!(code, 0);
    assert!(said.starts_with("magnet: ") && said.contains("call Ilse Hartmann +49 40 66969 214"), "{said}");

    let (code, said, _) = runs(&test.url, &ilse, &["commands", "magnet"]).await;
    assert_eq!(code, 0);
    assert!(said.contains("raise_point(text)") && said.contains("withdraw(reason)"), "{said}");

    let before = test.device("magnet").await.revision;
    let (code, said, wrong) =
        runs(&test.url, &ilse, &["do", "magnet", "raise_point", "text=Which filter is meant?"]).await;
    assert_eq!((code, wrong.as_str()), (0, ""));
    assert_eq!(said, "Ilse Hartmann raised point 6: Which filter is meant?\n");
    assert_eq!(test.device("magnet").await.revision, before + 1);

    // A command of somebody else's, with the gates.
    let lena = token("lena", TokenScope::Admin).await;
    assert_eq!(runs(&test.url, &lena, &["do", "magnet", "take_request"]).await.0, 0);
    let (code, said, wrong) = runs(&test.url, &lena, &["do", "magnet", "accept"]).await;
    assert_eq!((code, said.as_str()), (1, ""));
    assert!(wrong.contains("  OPEN L"), "{wrong}");
    let (code, _, wrong) = runs(&test.url, &reads, &["do", "magnet", "countersign"]).await;
    assert!(code == 1 && wrong.contains("It only reads"), "{wrong}");

    let (code, said, _) = runs(&test.url, &reads, &["events"]).await;
    assert_eq!(code, 0);
    assert!(said.contains("magnet Ilse Hartmann raised point 6: Which filter is meant?"), "{said}");
    let (code, _, wrong) = runs(&test.url, &reads, &["events", "999999"]).await;
    assert!(code == 1 && wrong.starts_with("The journal ends at "), "{wrong}");
}

/// E3, R3, R4: a script asks something of a rollout, by the revision that it has, and reads how far it is.
#[tokio::test]
async fn e3_the_python_client_asks_of_rollouts() {
    let test = rollouts::facility().await;
    let plan = rollouts::plan(&test, "hotfix", &[("SCS", 0)]);
    let number = rollouts::plans(&test, "lena", &plan).await.unwrap().number;
    let lena = tokens::create(&test.app, &test.caller("lena"), "client", TokenScope::Admin, 1).await.unwrap().1;
    let script = format!(
        "from custody_client import Custody\n\
         custody = Custody('{}', '{lena}')\n\
         print(custody.ask_rollout('{number}', 'start')['events'][0]['said'])\n\
         print(custody.rollout('{number}')['state'])",
        test.url
    );
    let done = tokio::process::Command::new("python3")
        .args(["-B", "-c", &script])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .kill_on_drop(true)
        .output()
        .await
        .expect("python3 runs: apt-get install python3");
    let wrong = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "Lena Brandt started it.\nrunning\n", "{wrong}");
}

/// A server on loopback that has its answers written down: it gives them one after the other, as they stand, and closes
/// the connection after each. Of an empty one nothing comes.
struct Written {
    url: String,
    came: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Written {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::new(Mutex::new(Vec::new()));
        let into = came.clone();
        let task = tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = whole(&mut stream).await;
                into.lock().unwrap().push(request);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, came, task }
    }

    /// The keys of the changes that came.
    fn keys(&self) -> Vec<String> {
        let came = self.came.lock().unwrap();
        let changes = came.iter().filter(|request| request.starts_with("POST "));
        changes.map(|request| field(request, "idempotency-key").unwrap_or_default().to_owned()).collect()
    }
}

fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = request.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "));
    fields.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A request with its body.
async fn whole(stream: &mut TcpStream) -> String {
    let (mut came, mut some) = (String::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut some).await.unwrap();
        came.push_str(std::str::from_utf8(&some[..n]).unwrap());
        let length = field(&came, "content-length").map_or(0, |length| length.parse::<usize>().unwrap());
        if n == 0 || came.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length) {
            return came;
        }
    }
}

fn written(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn read_device() -> String {
    written("200 OK", "ETag: \"7\"\r\n", "{}")
}

const RAISE: [&str; 4] = ["do", "magnet", "raise_point", "text=Which filter is meant?"];

/// F3, E3: an answer that is lost, or half of it, is asked for again under the same key, and so is one that a proxy gives
/// while Custody is away or at work on it; what is refused is not.
#[tokio::test]
async fn f3_the_python_client_asks_again_under_the_same_key() {
    let done = || written("200 OK", "", r#"{"events": [{"said": "It is done."}]}"#);
    let lost = [
        String::new(),
        "HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{\"ev".to_owned(),
        written("502 Bad Gateway", "", "<html>"),
        written("503 Service Unavailable", "Retry-After: 1\r\n", r#"{"code": "unavailable"}"#),
        written("504 Gateway Timeout", "", ""),
        written("429 Too Many Requests", "Retry-After: 0\r\n", r#"{"code": "too_often"}"#),
        written("409 Conflict", "Retry-After: 1\r\n", r#"{"code": "under_way"}"#),
    ];
    let each = lost.into_iter().map(|lost| async move {
        let custody = Written::start(vec![read_device(), lost.clone(), done()]).await;
        let came = runs(&custody.url, "custody_secret", &RAISE).await;
        assert_eq!(came, (0, "It is done.\n".to_owned(), String::new()), "{lost:?}");
        let keys = custody.keys();
        assert!(keys.len() == 2 && keys[0] == keys[1] && !keys[0].is_empty(), "{lost:?}: {keys:?}");
    });
    join_all(each).await;
    let refused = written("409 Conflict", "", r#"{"code": "outcome_unknown", "detail": "Read whether it was done."}"#);
    let custody = Written::start(vec![read_device(), refused, done()]).await;
    let (code, _, wrong) = runs(&custody.url, "custody_secret", &RAISE).await;
    assert_eq!((code, wrong.as_str(), custody.keys().len()), (1, "Read whether it was done.\n", 1));
}

/// A24, E3: nothing is sent on to where an answer leads, neither the command, as something else than one, nor the token;
/// the address is told.
#[tokio::test]
async fn a24_the_python_client_follows_nobody() {
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let other = Written::start(vec![read_device()]).await;
        let moved = |path: &str| written(status, &format!("Location: {}{path}\r\n", other.url), "");
        let to = format!("sent on to {}. ", other.url);
        for (words, answers) in [
            (&RAISE[..], vec![read_device(), moved("/api/v1/devices/magnet/commands")]),
            (&["status", "magnet"][..], vec![moved("/api/v1/status/magnet")]),
        ] {
            let custody = Written::start(answers).await;
            let (code, said, wrong) = runs(&custody.url, "custody_secret", words).await;
            assert!(code == 1 && said.is_empty() && wrong.contains(&to), "{status} {words:?}: {wrong}");
        }
        assert!(other.came.lock().unwrap().is_empty(), "{status}");
    }
}
