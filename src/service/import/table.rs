//! A table as somebody hands it in: read whole, or refused with the line that is wrong. Nothing of it is taken before.

use super::Kind;
use crate::domain::nearest::nearest;
use std::collections::BTreeMap;

/// The most that is read, in bytes; a page takes less.
pub const BYTES_MOST: usize = 16 << 20;

/// The most lines of one import: all of them are one change.
pub const LINES_MOST: usize = 20_000;

/// The longest cell, in characters.
const CELL_MOST: usize = 4000;

/// Why a text is no table, with its line from 1 where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{say}", line.map_or_else(String::new, |l| format!("Line {l}: ")))]
pub struct Unreadable {
    pub line: Option<u64>,
    /// What to set right.
    pub say: String,
}

/// The line of a quote that no other closes: the reader would take the rest of the text for one cell. Quotes count as
/// they do there: one that begins a cell opens it, and a doubled one is part of it.
fn unclosed(text: &[u8], delimiter: u8) -> Option<u64> {
    let (mut line, mut open, mut begins) = (1, None, true);
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, open) {
            (b'"', Some(_)) if bytes.peek() == Some(&&b'"') => {
                bytes.next();
            }
            (b'"', Some(_)) => open = None,
            (b'"', None) if begins => open = Some(line),
            _ => {}
        }
        begins = [delimiter, b'\n', b'\r'].contains(byte);
        line += u64::from(*byte == b'\n');
    }
    open
}

fn at<T>(line: u64, say: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable { line: Some(line), say: say.into() })
}

/// One line of a table, by its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 1, the header's included.
    pub line: u64,
    pub cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// What stands in a column; nothing where the table does not have it.
    pub fn get(&self, column: &'static str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// What stands there, where anything does.
    pub fn some(&self, column: &'static str) -> Option<&str> {
        Some(self.get(column)).filter(|c| !c.is_empty())
    }

    /// Several answers in one cell, between `;`, `|` or ends of lines.
    pub fn list(&self, column: &'static str) -> Vec<String> {
        let parts = self.get(column).split([';', '|', '\n']).map(str::trim);
        parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }
}

/// What is imported, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub kind: Kind,
    /// A file's name, or an address.
    pub source: String,
    pub rows: Vec<Row>,
}

impl Table {
    /// Reads CSV: UTF-8, a header with the kind's columns in any order, between commas, semicolons or tabs.
    pub fn parse(kind: Kind, source: &str, bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > BYTES_MOST {
            return Err(Unreadable { line: None, say: "It is larger than 16 MiB: import it in parts.".to_owned() });
        }
        let text = text(bytes)?;
        let first = text.lines().next().unwrap_or_default();
        let delimiter = match first {
            f if f.contains(',') => b',',
            f if f.contains(';') => b';',
            f if f.contains('\t') => b'\t',
            _ => b',',
        };
        if let Some(line) = unclosed(text.as_bytes(), delimiter) {
            return at(line, "The quote that a cell begins with here is never closed. Close it, or write it twice.");
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = match records.next() {
            Some(Ok(header)) if header.iter().any(|c| !c.is_empty()) => columns(kind, &header)?,
            _ => return at(1, format!("It has no header. Its first line is {}", kind.columns().join(","))),
        };
        let mut rows = Vec::new();
        for record in records {
            let record = record.map_err(|e| Unreadable { line: e.position().map(|p| p.line()), say: e.to_string() })?;
            // Where the reader went on: empty lines before the record are passed over.
            let line = record.position().map_or(0, |p| {
                let rest = usize::try_from(p.byte()).ok().and_then(|from| text.as_bytes().get(from..));
                let empty = rest.map_or(0, |rest| rest.iter().take_while(|b| **b == b'\n').count());
                p.line() + empty as u64
            });
            if record.iter().all(str::is_empty) {
                continue;
            }
            if record.len() != header.len() {
                let cells = if record.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", record.len()) };
                let mend = match record.iter().any(|c| c.contains('\n')) {
                    true => "It goes on in the lines below: close the quotes in it.",
                    false => "Put cells with a comma into quotes.",
                };
                return at(line, format!("It has {cells}, and the header {}. {mend}", header.len()));
            }
            let mut cells = BTreeMap::new();
            for (column, cell) in header.iter().zip(record.iter()) {
                cells.insert(*column, checked(line, column, cell)?);
            }
            rows.push(Row { line, cells });
            if rows.len() > LINES_MOST {
                return at(line, format!("It has more than {LINES_MOST} lines: import it in parts."));
            }
        }
        match rows.is_empty() {
            true => at(1, "There is nothing below the header."),
            false => Ok(Self { kind, source: source.to_owned(), rows }),
        }
    }

    /// The same of what another program told, numbered as it would be below a header.
    pub fn of(kind: Kind, source: &str, rows: Vec<BTreeMap<&'static str, String>>) -> Self {
        let rows = rows.into_iter().zip(2..).map(|(cells, line)| Row { line, cells }).collect();
        Self { kind, source: source.to_owned(), rows }
    }

    /// What [`Table::parse`] reads as the same rows.
    pub fn to_csv(&self) -> Vec<u8> {
        let columns: Vec<&str> = self.kind.columns().to_vec();
        let used: Vec<&str> =
            columns.into_iter().filter(|c| self.rows.iter().any(|r| r.cells.contains_key(c))).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut all = vec![used.clone()];
        all.extend(self.rows.iter().map(|r| used.iter().map(|c| r.cells.get(c).map_or("", String::as_str)).collect()));
        for record in all {
            writer.write_record(record).expect("every record has a cell for each column, and memory takes all");
        }
        writer.into_inner().expect("memory takes all")
    }
}

/// The text of a file: UTF-8 with or without its mark, ends of lines made one.
fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    let line_of = |at: usize| 1 + bytes[..at].iter().filter(|b| **b == b'\n').count() as u64;
    if let Some(nul) = bytes.iter().position(|b| *b == 0) {
        return at(
            line_of(nul),
            "There is a NUL character in it: save it as CSV in UTF-8, not in UTF-16 or as a workbook.",
        );
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n")),
        Err(e) => at(line_of(e.valid_up_to()), "It is not in UTF-8: save it as CSV in UTF-8."),
    }
}

fn columns(kind: Kind, header: &csv::StringRecord) -> Result<Vec<&'static str>, Unreadable> {
    let known = kind.columns();
    let mut found = Vec::with_capacity(header.len());
    for given in header {
        let name = given.to_lowercase().replace([' ', '-'], "_");
        let shown: String = given.chars().filter(|c| !c.is_control()).take(60).collect();
        match known.iter().find(|k| **k == name) {
            Some(k) if found.contains(k) => return at(1, format!("The column {k} stands there twice.")),
            Some(k) => found.push(*k),
            None => {
                let meant =
                    nearest(&name, known.iter().copied()).map_or_else(String::new, |m| format!(" Did you mean {m}?"));
                return at(1, format!("There is no column “{shown}”.{meant} The columns are {}.", known.join(", ")));
            }
        }
    }
    match kind.required().iter().find(|r| !found.contains(*r)) {
        Some(missing) => at(1, format!("The column {missing} is missing. Needed are {}.", kind.required().join(", "))),
        None => Ok(found),
    }
}

fn checked(line: u64, column: &str, cell: &str) -> Result<String, Unreadable> {
    if cell.chars().count() > CELL_MOST {
        return at(line, format!("What stands in {column} is longer than {CELL_MOST} characters."));
    }
    if cell.chars().any(|c| c.is_control() && c != '\n') {
        return at(line, format!("There is a control character in {column}: take it out."));
    }
    // A number begins with a plus, and with nothing else that a spreadsheet would work out.
    let formula = match column {
        "phone" => cell.starts_with(['=', '@', '-']),
        _ => cell.starts_with(['=', '@', '-', '+']),
    };
    if formula {
        return at(line, format!("What stands in {column} begins like a formula: write the value itself."));
    }
    Ok(cell.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: Kind, text: &[u8]) -> String {
        Table::parse(kind, "x.csv", text).map(|t| format!("{t:?}")).unwrap_or_else(|e| e.to_string())
    }

    /// E5: commas, semicolons or tabs, in any order, with or without the mark; line numbers are the file's.
    #[test]
    fn e5_tables_are_read_as_programs_write_them() {
        let plain =
            Table::parse(Kind::People, "p.csv", b"name,email\nIlse Hartmann,i@example.org\n\nB C,b@example.org\n");
        let plain = plain.unwrap();
        assert_eq!(plain.rows.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!((plain.rows[0].get("name"), plain.rows[0].some("phone")), ("Ilse Hartmann", None));
        for text in [
            "\u{feff}E-Mail;Name\r\ni@example.org; Ilse Hartmann \r\n".replace("E-Mail", "email"),
            "email\tname\ni@example.org\tIlse Hartmann".to_owned(),
            "name,phone,email\n\"Ilse Hartmann\",,i@example.org\n".to_owned(),
        ] {
            let table = Table::parse(Kind::People, "p.csv", text.as_bytes()).unwrap();
            assert_eq!((table.rows[0].get("name"), table.rows[0].get("email")), ("Ilse Hartmann", "i@example.org"));
        }
        let lists = Table::parse(Kind::Contacts, "c", b"device,email,hours\n\"a\n b;c|d\",x,always\n").unwrap();
        assert_eq!(lists.rows[0].list("device"), ["a", "b", "c", "d"]);
    }

    /// E5, A26: what is no such table is said with its line, and is never taken for an empty one.
    #[test]
    fn e5_what_is_no_table_is_refused_with_its_line() {
        let wrong: [(&[u8], &str); 18] = [
            (b"", "Line 1: It has no header"),
            (b"\n\n", "no header"),
            (b"name,email\n", "Line 1: There is nothing below the header"),
            (b"name\nIlse\n", "Line 1: The column email is missing"),
            (b"name,email,emial\nIlse,i,i\n", "Line 1: There is no column “emial”. Did you mean email?"),
            (b"name,email,name\nIlse,i,i\n", "Line 1: The column name stands there twice"),
            (b"name,email\nIlse,i\nB\n", "Line 3: It has 1 cell, and the header 2. Put cells"),
            (b"name,email\nA,a\nIlse,\"i\nB,b\nC,\"\"c\n", "Line 3: The quote"),
            (b"name,email\nA,a\n\"Il\"\"se,i\nB,b\n", "Line 3: The quote that a cell begins with here is never closed"),
            (b"name,email\nA,a\n\"Ilse,i\nB,\"b\n", "Line 3: It has 1 cell, and the header 2. It goes on"),
            (b"name,email\nIlse,i,j\n", "Line 2: It has 3 cells"),
            (b"name,email\nIls\xe9,i\n", "Line 2: It is not in UTF-8"),
            (b"\xff\xfen\0a\0", "Line 1: There is a NUL character"),
            (b"name,email\nIlse,i\0\n", "Line 2: There is a NUL character"),
            (b"name,email\n=HYPERLINK(1),i\n", "Line 2: What stands in name begins like a formula"),
            (b"name,email\nIlse,@i\n", "Line 2: What stands in email begins like a formula"),
            (b"name,email\nIlse\x07,i\n", "Line 2: There is a control character in name"),
            (b"PK\x03\x04 workbook,x\n1,2\n", "Line 1: There is no column"),
        ];
        for (text, says) in wrong {
            let said = said(Kind::People, text);
            assert!(said.contains(says), "{says}: {said}");
        }
        let long = format!("name,email\n{},i\n", "x".repeat(4001));
        assert!(said(Kind::People, long.as_bytes()).contains("longer than 4000 characters"));
        let many = format!("name,email\n{}", "a,b\n".repeat(LINES_MOST + 1));
        assert!(said(Kind::People, many.as_bytes()).contains("more than 20000 lines"));
        assert!(said(Kind::People, &vec![b'x'; 50 << 20]).contains("larger than 16 MiB"));
    }
}
