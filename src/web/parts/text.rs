//! Words on their way into a page.
use askama::filters::HtmlSafeOutput;

/// A sentence with names in it: what stands between two backticks is set as code, everything is escaped.
///
/// Names, tags and servers come from outside, so the text is escaped first; a lone backtick stays as it is.
pub fn prose(text: impl AsRef<str>) -> HtmlSafeOutput<String> {
    let text = text.as_ref();
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('`').peekable();
    let mut inside = false;
    while let Some(piece) = pieces.next() {
        if inside && pieces.peek().is_none() {
            out.push('`');
            escape(&mut out, piece);
        } else if inside {
            out.push_str("<code>");
            escape(&mut out, piece);
            out.push_str("</code>");
        } else {
            escape(&mut out, piece);
        }
        inside = !inside;
    }
    HtmlSafeOutput(out)
}

fn escape(out: &mut String, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(escaped);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// A label inside a sentence: `reduced support`, and `CTRL` as it is.
pub fn in_sentence(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().map_or_else(String::new, |c| c.to_lowercase().to_string());
    let rest = letters.as_str();
    if rest.starts_with(char::is_uppercase) { label.to_owned() } else { first + rest }
}

/// A count with its noun: `1 gate`, `3 gates`.
pub fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Whether an icon is a filled shape; the others are lines.
pub fn solid(icon: &str) -> bool {
    matches!(icon, "own" | "red" | "rev" | "non" | "shut" | "ok" | "bad")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_begin_small_inside_a_sentence() {
        let all = ["Reduced support", "Shut down by CTRL", "CTRL’s turn", "A gate", "Über", ""].map(in_sentence);
        assert_eq!(all, ["reduced support", "shut down by CTRL", "CTRL’s turn", "a gate", "über", ""]);
    }

    /// A25: what people type is escaped, in code and out of it.
    #[test]
    fn names_become_code_and_markup_stays_text() {
        assert_eq!(prose("`a_02` runs <b>").0, "<code>a_02</code> runs &lt;b&gt;");
        assert_eq!(prose("`<script>`'\"&").0, "<code>&lt;script&gt;</code>&#39;&quot;&amp;");
        assert_eq!(prose("a lone ` here").0, "a lone ` here");
        assert_eq!(prose("„ä“ & <ö>`é`'").0, "„ä“ &amp; &lt;ö&gt;<code>é</code>&#39;");
    }
}
