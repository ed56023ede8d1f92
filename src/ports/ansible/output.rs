//! What a run prints: as plain text, its beginning and its end.

/// How much of the beginning is kept, in bytes, and how much of the end.
const HEAD: usize = 64 << 10;
const TAIL: usize = 192 << 10;

/// What was printed. Of what is long the middle is left out: how it began and how it ended is what people look for.
#[derive(Clone, Debug, Default)]
pub struct Output {
    head: String,
    tail: String,
    /// How many bytes between them are gone.
    cut: usize,
    /// Bytes of a character that is not whole yet.
    half: Vec<u8>,
    escape: Escape,
}

/// Where in a terminal's command the text is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Escape {
    #[default]
    None,
    Begun,
    Inside,
}

impl Output {
    /// Takes what was printed, in pieces of any size; what of it is text is kept, and given back.
    pub fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.half);
        all.extend_from_slice(bytes);
        let (mut rest, mut text) = (&all[..], String::with_capacity(all.len()));
        while !rest.is_empty() {
            let (whole, after, bad) = match std::str::from_utf8(rest) {
                Ok(whole) => (whole, &rest[rest.len()..], None),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    (std::str::from_utf8(valid).unwrap_or_default(), after, error.error_len())
                }
            };
            text.extend(whole.chars().filter(|c| self.escape.lets(*c)));
            let Some(bad) = bad else {
                self.half = after.to_vec();
                break;
            };
            text.push(char::REPLACEMENT_CHARACTER);
            rest = &after[bad..];
        }
        self.push(&text);
        text
    }

    /// Adds what is plain text already.
    pub fn push(&mut self, text: &str) {
        let room = if self.tail.is_empty() && self.cut == 0 { HEAD - self.head.len() } else { 0 };
        let (head, rest) = text.split_at(text.floor_char_boundary(room.min(text.len())));
        self.head.push_str(head);
        self.tail.push_str(rest);
        if self.tail.len() > 2 * TAIL {
            let from = self.first_kept();
            self.cut += from;
            self.tail.drain(..from);
        }
    }

    /// All that is kept of it.
    pub fn text(&self) -> String {
        let from = self.first_kept();
        let (cut, tail) = (self.cut + from, &self.tail[from..]);
        if cut == 0 {
            return format!("{}{tail}", self.head);
        }
        format!("{}\n… {} KiB cut …\n{tail}", self.head, cut.div_ceil(1024))
    }

    fn first_kept(&self) -> usize {
        self.tail.ceil_char_boundary(self.tail.len().saturating_sub(TAIL))
    }
}

impl Escape {
    /// Whether this character is text: no control, and no part of a command to a terminal.
    fn lets(&mut self, c: char) -> bool {
        let before = *self;
        *self = match (before, c) {
            (_, '\u{1b}') => Escape::Begun,
            (Escape::Begun, '[') => Escape::Inside,
            // Source: ECMA-48, 5.4: a control sequence ends with one of these.
            (Escape::Inside, c) if !('@'..='~').contains(&c) && !c.is_control() => Escape::Inside,
            _ => Escape::None,
        };
        c == '\n' || before == Escape::None && (!c.is_control() || c == '\t')
    }
}

/// A text of somebody else's as one line of at most so many letters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((at, _)) = line.char_indices().nth(most) {
        line.truncate(at);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R3: what is printed is kept as text, whatever pieces it comes in.
    #[test]
    fn r3_output_is_plain_text() {
        let printed = "a\u{1b}[0;31mréd\u{1b}[0m\r\n\tb\0c\u{9b}d ✓\n".as_bytes();
        for size in 1..=printed.len() {
            let mut output = Output::default();
            let told: String = printed.chunks(size).map(|piece| output.take(piece)).collect();
            assert_eq!((told.as_str(), output.text().as_str()), ("aréd\n\tbcd ✓\n", "aréd\n\tbcd ✓\n"));
        }
        let mut output = Output::default();
        assert_eq!(output.take(b"a\xffb\xc3"), "a\u{fffd}b");
        assert_eq!(output.take(b"\x28"), "\u{fffd}(");
        assert_eq!(output.take(b"\x1b[3"), "");
        assert_eq!(output.take(b"\nrest"), "\nrest", "a command that is torn takes no more than its line");
    }

    /// R3: of what is long, the beginning and the end are kept, and no more than that.
    #[test]
    fn r3_output_is_bounded() {
        let mut output = Output::default();
        output.push("begun\n");
        for n in 0..40_000 {
            output.push(&format!("line ✓ {n}\n"));
            assert!(output.head.len() <= HEAD && output.tail.len() <= 2 * TAIL);
        }
        let text = output.text();
        assert!(text.len() <= HEAD + TAIL + 64, "{}", text.len());
        assert!(text.starts_with("begun\nline ✓ 0\n") && text.ends_with("line ✓ 39999\n"));
        assert_eq!(text.matches(" KiB cut …\n").count(), 1);
        let mut whole = Output::default();
        whole.push(&"é".repeat((HEAD + TAIL) / 2));
        assert!(!whole.text().contains("cut"), "what fits is not cut");
        assert_eq!(whole.text().chars().count(), (HEAD + TAIL) / 2);
    }

    /// R3: what Ansible says of a failure is one line.
    #[test]
    fn r3_a_reason_is_one_line() {
        assert_eq!(one_line(" a\n\tb\0c  d ", 20), "a b c d");
        assert_eq!(one_line("äöü", 2), "äö…");
        assert_eq!(one_line("äöü", 3), "äöü");
    }
}
