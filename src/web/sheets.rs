//! Lists as files for spreadsheets, in which no cell is a formula (A26).

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use std::{convert::Infallible, future::ready};

/// Lines on their way into a file.
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Default for Sheet {
    fn default() -> Self {
        let mut how = csv::WriterBuilder::new();
        how.quote_style(csv::QuoteStyle::Always).terminator(csv::Terminator::CRLF);
        Self(how.from_writer(Vec::new()))
    }
}

impl Sheet {
    /// One line; what would begin a formula is made text.
    pub fn line<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let safe = cells.into_iter().map(|c| cell(c.as_ref()));
        self.0.write_record(safe).expect("a list in memory takes every line of the same length");
    }

    /// The lines as they stand in the file.
    pub fn bytes(self) -> Bytes {
        self.0.into_inner().map(Bytes::from).expect("a list in memory is always written")
    }
}

/// A cell that no spreadsheet takes for a formula: what would begin one gets an apostrophe before it.
fn cell(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c == '\r' || c == '\n' || c == '\0' { ' ' } else { c }).collect();
    let begins = flat.trim_start().starts_with(['=', '+', '-', '@', '\t', '|', '＝', '＋', '－', '＠']);
    if begins || flat.starts_with('\t') { format!("'{flat}") } else { flat }
}

/// A file of this name, sent page by page: `next` gives the bytes of a page and where the page after it begins.
pub fn file<A, F>(name: &str, first: A, next: F) -> Response
where
    A: Send + 'static,
    F: Fn(A) -> (Bytes, Option<A>) + Clone + Send + 'static,
{
    file_as_read(name, first, move |at| ready(Ok::<_, Infallible>(next(at))))
}

/// The same where each page has to be read first. One that cannot be read breaks the file off: nobody takes that for its
/// end.
pub fn file_as_read<A, F, R, E>(name: &str, first: A, next: F) -> Response
where
    A: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(Bytes, Option<A>), E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let pages = stream::unfold(Some(first), move |at| {
        let next = next.clone();
        async move {
            let (page, after) = match next(at?).await {
                Ok((bytes, after)) => (Ok(bytes), after),
                Err(error) => (Err(error), None),
            };
            // A long list is not made in one go: others are answered between its pages.
            tokio::task::yield_now().await;
            Some((page, after))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A26: no cell of an export is a formula, however it is dressed.
    #[test]
    fn no_cell_is_a_formula() {
        let line = |text: &str| {
            let mut sheet = Sheet::default();
            sheet.line([text]);
            String::from_utf8(sheet.bytes().to_vec()).unwrap()
        };
        for evil in ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0", "＝1", "\r\n=1"] {
            assert!(line(evil).starts_with("\"'"), "{evil:?} became {}", line(evil));
        }
        assert_eq!(line("said \"no\", twice"), "\"said \"\"no\"\", twice\"\r\n");
        assert_eq!(line("a\r\nb"), "\"a  b\"\r\n", "a cell stays on its line");
    }
}
