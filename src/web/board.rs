//! `/`: what operators look at. It needs no sign-in and no script; with one it follows what happens.

mod answer;
mod banners;
mod drawn;
mod feed;
pub mod query;
mod rows;
mod tiles;
mod view;
mod wall;

use super::{
    layout::{Layout, Section},
    problem::Answer,
    theme::Theme,
    visitor::Visitor,
};
use crate::{
    app::App,
    domain::person::Role,
    service::{
        self,
        board::{self, Wanted},
        shift::proof,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Extension, Router, extract::RawQuery, response::IntoResponse, routing::get};
use drawn::{Drawn, Shelf};
use query::Asked;
use std::sync::Arc;
use wall::WallView;

pub fn routes(app: &App) -> Router<App> {
    let drawn = Router::new().route("/", get(show)).layer(Extension(Shelf::default()));
    drawn.route("/wall", get(show_wall)).merge(feed::routes(app))
}

#[derive(Template, WebTemplate)]
#[template(path = "board/page.html")]
struct BoardPage {
    layout: Layout,
    asked: Asked,
    drawn: Arc<Drawn>,
    /// What is new to the reader, where they follow it.
    news: Option<News>,
}

/// How many devices changed their support since the reader looked.
struct News {
    text: String,
    /// The number of the newest change.
    newest: i64,
    /// Whether there is something to look at.
    is_new: bool,
    /// Whether a small screen has room for it: only where something did change.
    is_only_large: bool,
}

impl BoardPage {
    fn title(&self) -> String {
        match self.asked.wanted.searches() {
            true => format!("{}: board", self.asked.wanted.typed),
            false => "Operator board".to_owned(),
        }
    }

    /// Everybody is drawn the same board: what only CTRL can do is not shown to the others.
    fn is_ctrl(&self) -> bool {
        self.layout.person.as_ref().is_some_and(|p| p.ctrl)
    }
}

/// GET /
async fn show(visitor: Visitor, Extension(shelf): Extension<Shelf>, RawQuery(query): RawQuery) -> Answer {
    let mut asked = Asked { wall: false, ..Asked::read(query.as_deref().unwrap_or_default()) };
    // Who reads it may be unknown while the database is away: what they read is not.
    let (layout, looked) = match personal(&visitor).await {
        Ok(personal) => personal,
        Err(error) => {
            tracing::debug!(%error, "the board without its reader");
            (visitor.bare_layout(Section::Board), None)
        }
    };
    asked.looked = looked.flatten();
    let news = looked.map(|seq| news(&visitor.app, seq));
    let drawn = shelf.take(&visitor.app, &asked)?;
    Ok(BoardPage { layout, asked, drawn, news }.into_response())
}

/// The reader's frame, and the last change of support that they have seen: for the shift, and whoever said once that
/// they have looked.
async fn personal(visitor: &Visitor) -> service::Result<(Layout, Option<Option<i64>>)> {
    let layout = visitor.layout(Section::Board).await?;
    let looked = match &visitor.who {
        Some(me) => {
            let seq = proof::looked(&visitor.app, me.id()).await?;
            (seq.is_some() || me.profile.person.has(&Role::Doc)).then_some(seq)
        }
        None => None,
    };
    Ok((layout, looked))
}

fn news(app: &App, looked: Option<i64>) -> News {
    let (new, newest) = board::changed_since(app, looked.unwrap_or_default());
    let text = match (looked, new) {
        (None, _) => "What changes from now on can be marked as new to you.".to_owned(),
        (Some(_), 0) => "Nothing has changed its support since you last looked.".to_owned(),
        (Some(_), 1) => "1 device has changed its support since you last looked.".to_owned(),
        (Some(_), n) => format!("{n} devices have changed their support since you last looked."),
    };
    News { text, newest, is_new: new > 0 || looked.is_none(), is_only_large: new == 0 || looked.is_none() }
}

#[derive(Template, WebTemplate)]
#[template(path = "board/wall.html")]
struct WallPage {
    theme: Theme,
    view: WallView,
}

/// GET /wall: one instrument, or all, for a big screen.
async fn show_wall(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let instrument = Asked::read(query.as_deref().unwrap_or_default()).wanted.instrument;
    let asked = Asked { wanted: Wanted { instrument, ..Wanted::default() }, wall: true, looked: None };
    Ok(WallPage { theme: visitor.theme, view: wall::view(&visitor.app, asked, false) }.into_response())
}
