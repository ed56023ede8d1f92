//! The board as it was just drawn: everybody who asks for the same within a second, in which nothing changed, gets it.

use super::{query::Asked, view::view};
use crate::{
    app::App,
    kept::{Kept, Moment},
};
use askama::{FastWritable, Template, filters::HtmlSafe};
use std::{fmt, sync::Arc};

/// So many are kept: each is some hundred kilobytes at most.
const KEPT: usize = 64;

/// A board in HTML.
pub struct Drawn {
    /// What changes of an open page.
    pub board: Html,
    /// The clock beside the search field.
    pub live: Html,
    /// `3 of 412 match`, where something was searched for.
    pub found: String,
}

/// Text that a template has drawn, with what it shows escaped.
pub struct Html(String);

impl HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FastWritable for Html {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(to.write_str(&self.0)?)
    }
}

/// The boards of this second.
#[derive(Clone)]
pub struct Shelf(Kept<Arc<Drawn>>);

impl Default for Shelf {
    fn default() -> Self {
        Self(Kept::new(KEPT))
    }
}

impl Shelf {
    /// The board as it is now.
    pub fn take(&self, app: &App, asked: &Asked) -> askama::Result<Arc<Drawn>> {
        // What is new to one reader is marked for them alone.
        if asked.looked.is_some() {
            return draw(app, asked).map(Arc::new);
        }
        let (now, key) = (Moment::now(app), asked.at_feed());
        if let Some(drawn) = self.0.get(&key, now) {
            return Ok(drawn);
        }
        let drawn = Arc::new(draw(app, asked)?);
        self.0.put(key, now, drawn.clone());
        Ok(drawn)
    }
}

fn draw(app: &App, asked: &Asked) -> askama::Result<Drawn> {
    let view = view(app, asked.clone(), false);
    Ok(Drawn { board: Html(view.render()?), live: Html(view.live().render()?), found: view.found })
}
