//! Mail over SMTP: one recipient for each letter, so that nobody's trouble is another's.

mod smtp;

pub use smtp::Smtp;

use crate::domain::telling::{Message, Undelivered, one_line};
use askama::Template;
pub use lettre::message::Mailbox;
use lettre::{
    Address, AsyncTransport,
    message::{
        MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::Error,
};
use smtp::Transport;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// A whole delivery has this long.
const WITHIN: Duration = Duration::from_secs(45);

/// How long connections that nobody uses any more have to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Sends letters.
#[derive(Clone)]
pub struct Mailer {
    smtp: Smtp,
    /// Holds the connections that are open.
    transport: Arc<Mutex<Transport>>,
    within: Duration,
    from: Mailbox,
    /// The host after the @ of a letter's id, and in List-Id.
    host: String,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    message: &'a Message,
    settings: &'a Url,
}

impl Mailer {
    /// `public_url` is where people open Custody.
    pub fn new(smtp: &Smtp, from: Mailbox, public_url: &Url) -> Self {
        // A number's brackets and colons have no place in a letter's id.
        let host = public_url.host_str().unwrap_or("localhost").replace(['[', ']', ':'], "-");
        let transport = Arc::new(Mutex::new(smtp.transport()));
        Self { smtp: smtp.clone(), transport, within: WITHIN, from, host }
    }

    /// With another time for a whole delivery.
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// Sends a message once, to one address. `settings` is where its reader chooses what they are told.
    pub async fn send(&self, to: &str, name: &str, message: &Message, settings: &Url) -> Result<(), Undelivered> {
        let letter = self.write(to, name, message, settings)?;
        let own = self.clone();
        // To its end whoever waits for it: what is dropped halfway leaves its connection out of step.
        let sent = tokio::spawn(async move { own.deliver(letter).await }).await;
        sent.unwrap_or_else(|_| Err(Undelivered::later("The letter was not sent to its end")))
    }

    async fn deliver(&self, letter: lettre::Message) -> Result<(), Undelivered> {
        let transport = self.transport.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut sending = transport.send(letter);
        let within = tokio::time::timeout(self.within, async {
            let Err(error) = (&mut sending).await else { return Ok(()) };
            let for_good = is_refusal(&error) && self.is_let_in().await;
            Err(if for_good { Undelivered::never(said(&error)) } else { Undelivered::later(said(&error)) })
        });
        if let Ok(done) = within.await {
            return done;
        }
        // The answer may still come, and the next letter on that connection would take it for its own. Nothing goes back
        // to a pool that is shut, so it is shut while the letter is held.
        *self.transport.lock().unwrap_or_else(PoisonError::into_inner) = self.smtp.transport();
        let _ = tokio::time::timeout(GOODBYE, transport.shutdown()).await;
        drop(sending);
        let seconds = self.within.as_secs();
        Err(Undelivered::later(format!("The mail server did not answer within {seconds} seconds")))
    }

    /// Whether the mail server takes letters from Custody at all. A refusal does not say at which step it was met, so the
    /// way up to the recipient is gone once more.
    async fn is_let_in(&self) -> bool {
        self.smtp.knock(&self.from.email).await.is_ok()
    }

    fn write(&self, to: &str, name: &str, message: &Message, settings: &Url) -> Result<lettre::Message, Undelivered> {
        let address: Address =
            to.parse().map_err(|_| Undelivered::never("The address on record is no e-mail address"))?;
        let html =
            Html { message, settings }.render().map_err(|_| Undelivered::never("The letter could not be written"))?;
        let mut letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(one_line(name)), address))
            .subject(message.subject())
            .message_id(Some(format!("<{}@{}>", message.id, self.host)))
            .multipart(MultiPart::alternative_plain_html(plain(message, settings), html))
            .map_err(|_| Undelivered::never("The letter could not be written"))?;
        let of_own = [
            ("List-Id", format!("Custody <custody.{}>", self.host)),
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
        ];
        for (name, value) in of_own {
            letter.headers_mut().insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        Ok(letter)
    }
}

/// The text for whoever reads no HTML.
fn plain(message: &Message, settings: &Url) -> String {
    let items: Vec<String> =
        message.items.iter().map(|i| format!("{}: {}\n{}", one_line(&i.device), one_line(&i.text), i.link)).collect();
    format!("{}\n\n-- \nWhat you are told, and when: {settings}\n", items.join("\n\n"))
}

/// Codes about Custody's own sign-in: somebody mends the settings, and the letters wait for it.
const SIGN_IN: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// Whether something is refused for good: the letter, its recipient, or whatever comes from Custody.
fn is_refusal(error: &Error) -> bool {
    error.is_permanent() && error.status().is_some_and(|code| !SIGN_IN.contains(&u16::from(code)))
}

fn said(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let cause: String = one_line(&cause).chars().take(200).collect();
    match error.status() {
        Some(code) => format!("The mail server answered {code}: {cause}"),
        None if error.is_timeout() => "The mail server did not answer in time".to_owned(),
        None if error.is_tls() => format!("The mail server could not be trusted: {cause}"),
        None if cause.is_empty() => "The mail server could not be reached".to_owned(),
        None => format!("The mail server could not be reached: {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telling::Item;

    fn letter(name: &str, device: &str, text: &str) -> String {
        let smtp = Smtp::parse("smtp://127.0.0.1:2525").unwrap();
        let url: Url = "https://custody.example.org".parse().unwrap();
        let mailer = Mailer::new(&smtp, "Custody <custody@example.org>".parse().unwrap(), &url);
        let item = Item { device: device.to_owned(), text: text.to_owned(), link: url.join("/devices/x").unwrap() };
        let message = Message { id: "7".to_owned(), items: vec![item] };
        let settings = url.join("/account/notifications").unwrap();
        let written = mailer.write("ilse@example.org", name, &message, &settings).unwrap();
        String::from_utf8(written.formatted()).unwrap()
    }

    fn headers(letter: &str) -> Vec<&str> {
        letter.split("\r\n\r\n").next().unwrap().split("\r\n").filter(|l| !l.starts_with(' ')).collect()
    }

    /// O5: a letter has one id over all tries, says that no person wrote it, and leads to the thing.
    #[tokio::test]
    async fn a_letter_says_what_it_is() {
        let text = letter("Ilse Hartmann", "magnet", "Jonas Okafor shut it down.");
        for line in [
            "Message-ID: <7@custody.example.org>",
            "Auto-Submitted: auto-generated",
            "List-Id: Custody <custody.custody.example.org>",
            "Subject: [Custody] magnet: Jonas Okafor shut it down.",
            "https://custody.example.org/devices/x",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("ilse@example.org") && text.contains("Ilse Hartmann"), "{text}");
    }

    /// A25: neither a person's name nor a device's text begins a header or an element.
    #[tokio::test]
    async fn nothing_typed_becomes_a_header_or_markup() {
        let text = letter(
            "Ilse\r\nBcc: all@example.org",
            "mag\r\nBcc: x@example.org",
            "<script>alert(1)</script>\r\n\r\nX-Y: z\r\n.\r\nMAIL FROM:<a@b>",
        );
        let names: Vec<_> = headers(&text).iter().filter_map(|h| h.split_once(':').map(|h| h.0)).collect();
        assert!(!names.contains(&"Bcc") && !names.contains(&"X-Y"), "{text}");
        let html = text.split("text/html").nth(1).unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&#60;script") || html.contains("&lt;script"), "{html}");
    }
}
