//! A message as each chat writes it. What people typed stays text: it calls nobody, and links nowhere in disguise (A25).

use crate::domain::telling::{Item, Kind, Message, one_line};

/// Longest text of one thing, and of all of them, in characters: Zulip takes 10,000.
const OF_ONE: usize = 700;
const OF_ALL: usize = 9_000;

/// Comes between a sign and what would make it more than a sign; it has no width.
const BREAK: char = '\u{200b}';

/// The whole message.
pub(super) fn text(kind: Kind, message: &Message) -> String {
    let mut out = String::new();
    let mut length = 0;
    for (n, item) in message.items.iter().enumerate() {
        let line = line(kind, item);
        length += line.chars().count() + 1;
        if length > OF_ALL {
            let more = message.items.len() - n;
            out.push_str(&format!("\nand {more} more, which Custody shows under Your devices"));
            break;
        }
        if n > 0 {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

fn line(kind: Kind, item: &Item) -> String {
    let said: String = one_line(&item.text).chars().take(OF_ONE).collect();
    let (device, said) = (plain(kind, &one_line(&item.device)), plain(kind, &said));
    // The address is percent-encoded by its type; what could still end it is encoded here.
    let link = item.link.as_str().replace('(', "%28").replace(')', "%29").replace('|', "%7C").replace('>', "%3E");
    match kind {
        Kind::Slack => format!("<{link}|{device}>: {said}"),
        Kind::Mattermost | Kind::Zulip | Kind::Mail => format!("[{device}]({link}): {said}"),
    }
}

/// Typed text without any power in this chat.
fn plain(kind: Kind, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match (kind, c) {
            (Kind::Slack, '&') => out.push_str("&amp;"),
            (Kind::Slack, '<') => out.push_str("&lt;"),
            (Kind::Slack, '>') => out.push_str("&gt;"),
            // Mentions, links in disguise, and addresses that a chat would make into links by itself.
            (_, '@' | ']' | '!') => out.extend([c, BREAK]),
            (_, ':') => out.extend([c, BREAK]),
            // A block of code would swallow what follows.
            (_, '`') => out.push('\''),
            (Kind::Mattermost | Kind::Zulip, '~' | '#' | '$') => out.extend([c, BREAK]),
            (_, c) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: Kind, device: &str, text: &str) -> String {
        let link = "https://custody.example.org/devices/magnet".parse().unwrap();
        let item = Item { device: device.to_owned(), text: text.to_owned(), link };
        super::text(kind, &Message { id: "1".to_owned(), items: vec![item] })
    }

    /// A25: nobody is called, and no link shows as another, in any of the chats.
    #[test]
    fn typed_text_has_no_power() {
        let hostile =
            "@channel @all <!here> <https://evil.example|Custody> [Custody](https://evil.example) @**all**\n```\n#x";
        for kind in [Kind::Mattermost, Kind::Slack, Kind::Zulip] {
            let out = said(kind, "mag]net(<", hostile);
            for bad in
                ["@channel", "@all", "@**", "<!here>", "<https://evil", "](https://evil", "```", "\n", "https://evil"]
            {
                assert!(!out.contains(bad), "{kind}: {bad} in {out}");
            }
            assert!(out.contains("https://custody.example.org/devices/magnet"), "{out}");
        }
        assert!(said(Kind::Slack, "a", "1 < 2 & 3").ends_with("1 &lt; 2 &amp; 3"));
    }

    /// O5: each thing stands on its line with its link; a long digest says how much is left out.
    #[test]
    fn a_digest_is_lines() {
        assert_eq!(
            said(Kind::Mattermost, "magnet", "Ilse joined."),
            "[magnet](https://custody.example.org/devices/magnet): Ilse joined."
        );
        assert_eq!(
            said(Kind::Slack, "magnet", "Ilse joined."),
            "<https://custody.example.org/devices/magnet|magnet>: Ilse joined."
        );
        let link: url::Url = "https://custody.example.org/devices/magnet".parse().unwrap();
        let item = Item { device: "magnet".to_owned(), text: "x".repeat(900), link };
        let out = super::text(Kind::Zulip, &Message { id: "1".to_owned(), items: vec![item; 40] });
        assert!(out.chars().count() < 9_200 && out.ends_with("more, which Custody shows under Your devices"), "{out}");
    }
}
