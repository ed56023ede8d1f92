//! Mail over SMTP: one recipient for each letter, so that nobody's trouble is another's.

use crate::domain::telling::{Message, Undelivered, one_line};
use askama::Template;
pub use lettre::message::Mailbox;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::{fmt, time::Duration};
use url::Url;

/// A whole delivery has this long.
const WITHIN: Duration = Duration::from_secs(45);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The mail server's address; it may hold a password, so it never shows as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Smtp(Url);

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl Smtp {
    /// The whole address, with its password.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// `smtp://host:25`, `smtp://user:password@host:587?tls=required`, `smtps://user:password@host`; what to give
    /// instead where it is none of these.
    pub fn parse(given: &str) -> Result<Self, String> {
        let wanted = "give the mail server, like smtp://mail.example.org or \
                      smtps://name:password@mail.example.org";
        let url = Url::parse(given).map_err(|_| wanted.to_owned())?;
        if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
            return Err(wanted.to_owned());
        }
        let mut encrypted = url.scheme() == "smtps";
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("tls", "required") => encrypted = true,
                ("tls", "opportunistic") => {}
                _ => return Err("after the ? stands tls=required or tls=opportunistic, and nothing else".to_owned()),
            }
        }
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.password().is_some() && !encrypted && !here {
            return Err("the password would travel in clear; give smtps://, or add ?tls=required".to_owned());
        }
        Transport::from_url(url.as_str()).map_err(|_| wanted.to_owned())?;
        Ok(Self(url))
    }
}

/// Sends letters.
#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
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
        let transport = Transport::from_url(smtp.0.as_str())
            .expect("it was read as one when it was parsed")
            .timeout(Some(Duration::from_secs(20)))
            .build();
        // A number's brackets and colons have no place in a letter's id.
        let host = public_url.host_str().unwrap_or("localhost").replace(['[', ']', ':'], "-");
        Self { transport, from, host }
    }

    /// Sends a message once, to one address. `settings` is where its reader chooses what they are told.
    pub async fn send(&self, to: &str, name: &str, message: &Message, settings: &Url) -> Result<(), Undelivered> {
        let letter = self.write(to, name, message, settings)?;
        match tokio::time::timeout(WITHIN, self.transport.send(letter)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => {
                Err(Undelivered::later(format!("The mail server did not answer within {} seconds", WITHIN.as_secs())))
            }
        }
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

fn judge(error: &lettre::transport::smtp::Error) -> Undelivered {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let cause: String = one_line(&cause).chars().take(200).collect();
    match error.status() {
        Some(code) => {
            let code = u16::from(code);
            let why = format!("The mail server answered {code}: {cause}");
            match error.is_permanent() && !SIGN_IN.contains(&code) {
                true => Undelivered::never(why),
                false => Undelivered::later(why),
            }
        }
        None if error.is_timeout() => Undelivered::later("The mail server did not answer in time"),
        None if error.is_tls() => Undelivered::later(format!("The mail server could not be trusted: {cause}")),
        None if cause.is_empty() => Undelivered::later("The mail server could not be reached"),
        None => Undelivered::later(format!("The mail server could not be reached: {cause}")),
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

    /// A password does not travel in clear, nor into a log.
    #[test]
    fn a_mail_server_is_given_as_an_address() {
        for good in [
            "smtp://mail.example.org",
            "smtp://mail.example.org:587?tls=required",
            "smtps://custody:s3cret@mail.example.org",
            "smtp://custody:s3cret@mail.example.org:587?tls=required",
            "smtp://127.0.0.1:2525",
        ] {
            let smtp = Smtp::parse(good).unwrap_or_else(|e| panic!("{good}: {e}"));
            assert!(!format!("{smtp:?}").contains("s3cret"));
        }
        for bad in ["mail.example.org", "https://mail.example.org", "smtp://", "smtp://x?tls=maybe", "smtp://x?a=b"] {
            assert!(Smtp::parse(bad).is_err(), "{bad}");
        }
        assert!(Smtp::parse("smtp://custody:s3cret@mail.example.org").unwrap_err().contains("in clear"));
    }
}
