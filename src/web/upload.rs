//! Forms with a file in them. Source: RFC 7578, as browsers write it: each part's length is what stands between two
//! boundaries.

/// One answer of such a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    pub name: String,
    /// What the file is called, without the folders before it; `None` for a plain answer, and for no file at all.
    pub file: Option<String>,
    pub bytes: &'a [u8],
}

/// The most answers of one form.
const PARTS_MOST: usize = 20;

/// The parts of a body with this content type; `None` where it is no such form, or does not end as one.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|p| p.trim().strip_prefix("boundary="))?.trim_matches('"');
    if !(1..=70).contains(&boundary.len()) || !boundary.is_ascii() {
        return None;
    }
    let line = format!("\r\n--{boundary}");
    // The first boundary needs no end of a line before it.
    let mut rest = body.strip_prefix(&line.as_bytes()[2..])?;
    let mut all = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(all);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, line.as_bytes())?;
        let part = &rest[..end];
        let head = find(part, b"\r\n\r\n")?;
        all.push(of(std::str::from_utf8(&part[..head]).ok()?, &part[head + 4..])?);
        if all.len() > PARTS_MOST {
            return None;
        }
        rest = &rest[end + line.len()..];
    }
}

fn of<'a>(head: &str, bytes: &'a [u8]) -> Option<Part<'a>> {
    let disposition = head.split("\r\n").find_map(|h| {
        let (name, value) = h.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let value = |key: &str| {
        let from = disposition.find(&format!("; {key}=\""))? + key.len() + 4;
        let rest = &disposition[from..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    let file = value("filename").map(|given| {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        last.chars().filter(|c| !c.is_control()).take(100).collect::<String>()
    });
    Some(Part { name: value("name")?, file: file.filter(|f| !f.is_empty()), bytes })
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        from += hay.get(from..)?.iter().position(|b| *b == first)?;
        if hay[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=----WebKit7";

    fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut all = Vec::new();
        for (head, bytes) in parts {
            all.extend_from_slice(b"------WebKit7\r\nContent-Disposition: form-data; ");
            all.extend_from_slice(head.as_bytes());
            all.extend_from_slice(b"\r\n\r\n");
            all.extend_from_slice(bytes);
            all.extend_from_slice(b"\r\n");
        }
        all.extend_from_slice(b"------WebKit7--\r\n");
        all
    }

    /// E5: a file arrives as it was, whatever is in it; its folders are nobody's business.
    #[test]
    fn e5_a_form_with_a_file_is_read() {
        let file = b"name,email\r\n--\r\n------WebKi\r\n\r\nx\0\xff";
        let sent = body(&[
            ("name=\"kind\"", b"people"),
            ("name=\"file\"; filename=\"C:\\me\\p.csv\"\r\nContent-Type: text/csv", file),
            ("name=\"none\"; filename=\"\"", b""),
        ]);
        let all = parts(KIND, &sent).unwrap();
        assert_eq!(all.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["kind", "file", "none"]);
        assert_eq!((all[0].bytes, all[0].file.as_deref()), (b"people".as_slice(), None));
        assert_eq!((all[1].bytes, all[1].file.as_deref()), (file.as_slice(), Some("p.csv")));
        assert_eq!((all[2].bytes, all[2].file.as_deref()), (b"".as_slice(), None));
        assert_eq!(parts("multipart/form-data; boundary=\"----WebKit7\"", &sent).unwrap().len(), 3);
    }

    /// A35: what is cut off, endless or no such form is none.
    #[test]
    fn a35_what_is_no_form_is_none() {
        let whole = body(&[("name=\"kind\"", b"people")]);
        for cut in 0..whole.len() - 4 {
            assert_eq!(parts(KIND, &whole[..cut]), None, "{cut}");
        }
        let nameless = body(&[("filename=\"x\"", b"")]);
        let many = body(&[("name=\"a\"", b"".as_slice()); 21]);
        for (kind, sent) in [
            ("application/x-www-form-urlencoded", &whole),
            ("multipart/form-data", &whole),
            ("multipart/form-data; boundary=", &whole),
            ("multipart/form-data; boundary=other", &whole),
            (KIND, &nameless),
            (KIND, &many),
        ] {
            assert_eq!(parts(kind, sent), None, "{kind}");
        }
    }
}
