//! Letters and the mail server's answers to them (O5, F8).

use crate::{smtp_server::SmtpServer, waiting::until};
use custody::{
    domain::telling::{Item, Message, Undelivered},
    ports::mail::{Mailer, Smtp},
};
use std::time::Duration;
use url::Url;

fn mailer(smtp: &SmtpServer) -> Mailer {
    let from = "Custody <custody@example.org>".parse().unwrap();
    Mailer::new(&Smtp::parse(&smtp.url).unwrap(), from, &address())
}

fn address() -> Url {
    "https://custody.example.org".parse().unwrap()
}

async fn send(mailer: &Mailer, to: &str) -> Result<(), Undelivered> {
    let item = Item { device: "magnet".to_owned(), text: "Something.".to_owned(), link: address() };
    let message = Message { id: to.split('@').next().unwrap().to_owned(), items: vec![item] };
    mailer.send(to, "Somebody", &message, &address()).await
}

/// O5, F8: an answer that comes too late is for the letter that it was late for, never for the next one.
#[tokio::test]
async fn o5_a_late_answer_is_not_the_next_letters() {
    let smtp = SmtpServer::start().await;
    let (mailer, held) = (mailer(&smtp), smtp.holds_once());
    // Of the same connections, and with less patience than the letters after it.
    let late = send(&mailer.clone().within(Duration::from_secs(1)), "ilse@example.org").await;
    assert!(matches!(&late, Err(Undelivered::Later { why, .. }) if why.contains("did not answer within")), "{late:?}");
    held.let_go();
    smtp.answers("body", "554 too long");
    let refused = send(&mailer, "marek@example.org").await;
    assert!(matches!(&refused, Err(Undelivered::Never { why }) if why.contains("too long")), "{refused:?}");
    smtp.answers("body", "");
    for who in ["otto@example.org", "lena@example.org"] {
        send(&mailer, who).await.unwrap();
        assert_eq!(smtp.letters_to(who).len(), 1, "taken before it is called delivered");
    }
}

/// O5, F8: whoever stops waiting for a letter leaves no answer behind for the next one.
#[tokio::test]
async fn o5_a_letter_that_nobody_waits_for_is_sent_to_its_end() {
    let smtp = SmtpServer::start().await;
    let (mailer, held) = (mailer(&smtp), smtp.holds_once());
    let own = mailer.clone();
    let waits = tokio::spawn(async move { send(&own, "ilse@example.org").await });
    until("the letter is taken", async || smtp.letters().len() == 1).await;
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled(), "the answer is late");
    smtp.answers("body", "554 too long");
    held.let_go();
    let refused = send(&mailer, "marek@example.org").await;
    assert!(matches!(&refused, Err(Undelivered::Never { .. })), "{refused:?}");
}

/// O5, F8: what is refused at the greeting or for its sender is refused to Custody, not to the recipient, and is tried
/// again; a recipient or a letter that is refused for good is not.
#[tokio::test]
async fn f8_a_refusal_of_custody_itself_is_for_now() {
    let smtp = SmtpServer::start().await;
    for (step, answer, for_good) in [
        ("greeting", "554 client host rejected", false),
        ("MAIL FROM", "550 sender address rejected", false),
        ("ilse@example.org", "550 no such person", true),
        ("body", "554 looks like spam", true),
    ] {
        smtp.answers(step, answer);
        let refused = send(&mailer(&smtp), "ilse@example.org").await.unwrap_err();
        assert_eq!(matches!(refused, Undelivered::Never { .. }), for_good, "{step}: {refused:?}");
        assert!(refused.why().contains(answer.split_once(' ').unwrap().1), "{refused:?}");
        smtp.answers(step, "");
    }
    assert!(smtp.letters().is_empty());
    send(&mailer(&smtp), "ilse@example.org").await.unwrap();
}
