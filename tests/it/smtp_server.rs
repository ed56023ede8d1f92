//! A mail server on loopback that keeps what it takes, and can refuse, be away, or hang up before it says yes.

use crate::waiting::Held;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A letter that was taken.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    /// Headers and body as they were sent, without the doubled dots.
    pub text: String,
}

impl Letter {
    /// A header's value, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        let of =
            |line: &str| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned());
        head.split("\r\n").find_map(of)
    }

    pub fn id(&self) -> String {
        self.header("Message-ID").unwrap()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// Hangs up on whoever comes.
    Away,
    /// Lets people in and says nothing, to whoever was in before neither.
    Silent,
    /// Takes the letter, does not say so, and hangs up with its next mood.
    TakesAndHangsUp,
}

struct Shared {
    mood: Mutex<Mood>,
    letters: Mutex<Vec<Letter>>,
    /// What somebody's letters, or a step of everybody's, are answered with.
    refusals: Mutex<BTreeMap<String, String>>,
    /// What the answer to the next letter waits for.
    held: Mutex<Option<Held>>,
    /// How often somebody was told nothing.
    kept_waiting: AtomicUsize,
}

#[derive(Clone)]
pub struct SmtpServer {
    pub url: String,
    shared: Arc<Shared>,
}

impl SmtpServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            mood: Mutex::new(Mood::Takes),
            letters: Mutex::default(),
            refusals: Mutex::default(),
            held: Mutex::default(),
            kept_waiting: AtomicUsize::new(0),
        });
        let of = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let of = of.clone();
                tokio::spawn(async move {
                    // A client that hangs up ends its own conversation only.
                    let _ = serve(stream, &of).await;
                });
            }
        });
        Self { url, shared }
    }

    pub fn is(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// `550 no such person`, or back to taking letters with an empty answer; at the `greeting`, to `MAIL FROM` or to the
    /// `body` for everybody's letters.
    pub fn answers(&self, to: &str, answer: &str) {
        let mut refusals = self.shared.refusals.lock().unwrap();
        match answer {
            "" => refusals.remove(to),
            _ => refusals.insert(to.to_owned(), answer.to_owned()),
        };
    }

    /// The next letter is taken, and that is said once it is let go.
    pub fn holds_once(&self) -> Held {
        let held = Held::new();
        *self.shared.held.lock().unwrap() = Some(held.clone());
        held
    }

    /// How often somebody was told nothing, in that mood.
    pub fn kept_waiting(&self) -> usize {
        self.shared.kept_waiting.load(Ordering::Relaxed)
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.shared.letters.lock().unwrap().clone()
    }

    pub fn letters_to(&self, to: &str) -> Vec<Letter> {
        self.letters().into_iter().filter(|l| l.to == to).collect()
    }

    pub fn forget(&self) {
        self.shared.letters.lock().unwrap().clear();
    }
}

/// Does nothing for as long as it is in this mood.
async fn while_it_is(mood: Mood, shared: &Shared) {
    while *shared.mood.lock().unwrap() == mood {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Keeps somebody waiting, in the mood for it.
async fn silence(shared: &Shared) {
    if *shared.mood.lock().unwrap() == Mood::Silent {
        shared.kept_waiting.fetch_add(1, Ordering::Relaxed);
        while_it_is(Mood::Silent, shared).await;
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mood = || *shared.mood.lock().unwrap();
    let mut stream = BufReader::new(stream);
    if mood() == Mood::Away {
        return Ok(());
    }
    silence(shared).await;
    let refusal = |step: &str| shared.refusals.lock().unwrap().get(step).cloned();
    say(&mut stream, refusal("greeting").as_deref().unwrap_or("220 test")).await?;
    let mut to = String::new();
    loop {
        let Some(line) = line(&mut stream).await? else { return Ok(()) };
        silence(shared).await;
        if mood() == Mood::Away {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            say(&mut stream, "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8").await?;
        } else if upper.starts_with("RCPT TO:") {
            to = line[8..].trim().trim_start_matches('<').split('>').next().unwrap().to_owned();
            say(&mut stream, refusal(&to).as_deref().unwrap_or("250 ok")).await?;
        } else if upper.starts_with("MAIL FROM:") {
            say(&mut stream, refusal("MAIL FROM").as_deref().unwrap_or("250 ok")).await?;
        } else if upper == "DATA" {
            say(&mut stream, "354 go on").await?;
            let mut text = String::new();
            loop {
                let Some(line) = self::line(&mut stream).await? else { return Ok(()) };
                match line.as_str() {
                    "." => break,
                    line => text.push_str(line.strip_prefix('.').unwrap_or(line)),
                }
                text.push_str("\r\n");
            }
            if let Some(refusal) = refusal("body") {
                say(&mut stream, &refusal).await?;
                continue;
            }
            shared.letters.lock().unwrap().push(Letter { to: to.clone(), text });
            if mood() == Mood::TakesAndHangsUp {
                while_it_is(Mood::TakesAndHangsUp, shared).await;
                return Ok(());
            }
            let held = shared.held.lock().unwrap().take();
            if let Some(held) = held {
                held.wait().await;
            }
            say(&mut stream, "250 taken").await?;
        } else if upper == "QUIT" {
            return say(&mut stream, "221 bye").await;
        } else {
            say(&mut stream, "250 ok").await?;
        }
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    match stream.read_until(b'\n', &mut line).await? {
        0 => Ok(None),
        _ => Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())),
    }
}

async fn say(stream: &mut BufReader<TcpStream>, what: &str) -> std::io::Result<()> {
    stream.write_all(format!("{what}\r\n").as_bytes()).await?;
    stream.flush().await
}
