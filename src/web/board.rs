//! `/`: what operators look at. It needs no sign-in and no script.

mod answer;
mod query;
mod rows;
mod tiles;

use super::{
    layout::{Layout, Section},
    parts::{
        Action, Answer as AnswerCard, Banner, Blank, BoardRow, FilterChip, Live, LiveState, Phone, ThumbBar, Tile, Tone,
    },
    problem::Answer,
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::support::Support,
    service::board::{self, Board, URGENT},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use query::Asked;

pub fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

/// Rows under one heading.
struct Group {
    title: &'static str,
    count: String,
    why: &'static str,
    rows: Vec<BoardRow>,
}

#[derive(Template, WebTemplate)]
#[template(path = "board.html")]
struct BoardPage {
    layout: Layout,
    asked: Asked,
    live: Live,
    /// `3 of 412 match`, where something was searched for.
    found: String,
    banner: Option<Banner>,
    tiles: Vec<Tile>,
    filters: Vec<FilterChip>,
    answer: Option<AnswerCard>,
    thumb: Option<ThumbBar>,
    nothing: Option<Nothing>,
    blank: Option<Blank>,
    groups: Vec<Group>,
    /// Label and address of the next page.
    more: Option<(String, String)>,
}

/// Nothing was found: what may have been meant, and what to do if it runs.
struct Nothing {
    title: String,
    /// Name and where it is searched for.
    near: Vec<(String, String)>,
    doc_name: String,
    doc_phone: Option<Phone>,
}

impl BoardPage {
    fn title(&self) -> String {
        match self.asked.wanted.searches() {
            true => format!("{}: board", self.asked.wanted.typed),
            false => "Operator board".to_owned(),
        }
    }
}

/// GET /
async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let layout = visitor.layout(Section::Board).await?;
    let board = board::show(&visitor.app, &asked.wanted).await?;
    Ok(page(&visitor.app, layout, asked, board).into_response())
}

fn page(app: &App, layout: Layout, asked: Asked, board: Board) -> BoardPage {
    let wanted = &asked.wanted;
    let searches = wanted.searches();
    let all = board.count(None, |c| c.state.is_some());
    let found = if searches { format!("{} of {all} match", board.matched) } else { String::new() };
    let answer = board.answer.as_ref().map(|found| answer::card(app, found, &board));
    let thumb = answer.as_ref().map(|card| ThumbBar {
        first: card.call.first.clone().filter(|first| first.name != layout.doc_name),
        doc_name: layout.doc_short().to_owned(),
        doc_phone: layout.doc_phone.clone(),
    });
    let nothing = (searches && board.matched == 0).then(|| Nothing {
        title: format!("No registered device matches “{}”", wanted.typed.trim()),
        near: board.near.iter().map(|name| (name.clone(), asked.searching(name))).collect(),
        doc_name: layout.doc_name.clone(),
        doc_phone: app.policy.facility.doc_phone.clone().map(Phone::new),
    });
    let blank = (!searches && all == 0 && board.unknown.is_empty()).then(|| {
        Blank::new(
            "search",
            "No device is registered yet",
            "Contributors ask to take part, CTRL accepts; from then on each device stands here, for everybody.",
        )
        .action(Action::link("Request participation", "/requests").primary())
    });
    BoardPage {
        live: live(app, &board),
        banner: board.is_silent(app).then(|| silent(app, &board)),
        tiles: if searches { Vec::new() } else { tiles::tiles(app, &asked, &board) },
        filters: if searches { Vec::new() } else { tiles::filters(&asked, &board) },
        groups: groups(app, &asked, &board),
        more: board.next.as_ref().map(|at| ("Show the next 50".to_owned(), asked.behind(at))),
        found,
        answer,
        thumb,
        nothing,
        blank,
        layout,
        asked,
    }
}

/// The page says when it was drawn: without a live connection it claims no more.
fn live(app: &App, board: &Board) -> Live {
    let stale = board.is_silent(app);
    Live {
        clock: words::clock(app, board.now),
        heard: match board.observed {
            Some(at) => format!("observer reported {}", words::ago(at, board.now)),
            None => "nothing observed is shown".to_owned(),
        },
        state: if stale { LiveState::Stale } else { LiveState::AsOf },
    }
}

fn silent(app: &App, board: &Board) -> Banner {
    let at = board.observed.map_or_else(String::new, |at| format!(" at {}", words::near(app, at, board.now)));
    Banner::new(
        Tone::Warn,
        "The observer is silent.",
        &format!(
            "It last reported{at}. Names, owners and numbers are still right; “seen”, versions and servers may be old."
        ),
    )
}

fn groups(app: &App, asked: &Asked, board: &Board) -> Vec<Group> {
    let wanted = &asked.wanted;
    let instrument = wanted.instrument.as_deref();
    let rows = rows::Rows { app, board, wanted };
    let mut groups = Vec::new();
    let strangers = board.count(instrument, |c| c.state.is_none());
    let urgent = strangers + board.count(instrument, |c| c.support.is_some_and(|s| URGENT.contains(&s)));
    let act = Group {
        title: "Act on these",
        count: urgent.to_string(),
        why: match wanted.searches() || wanted.chooses() {
            true => "shown on every search, so that an exception is never filtered away",
            false => "a contributed device where it must not run, one CTRL has stopped, or one nobody registered",
        },
        rows: board.act.iter().map(|r| rows.device(r)).chain(rows.strangers()).collect(),
    };
    let found = |title, count: u64, why, keep: &dyn Fn(&board::Row) -> bool| Group {
        title,
        count: count.to_string(),
        why,
        rows: board.rows.iter().filter(|r| keep(r)).map(|r| rows.device(r)).collect(),
    };
    if wanted.searches() {
        let mut matches = found("Matches", board.matched, "", &|_| true);
        matches.rows.extend(rows.matching_strangers());
        groups.push(matches);
        groups.push(act);
    } else if wanted.chooses() {
        let of = |c: &board::Count| {
            c.support.is_some_and(|s| wanted.supports.contains(&s))
                || c.state.is_some_and(|s| wanted.states.contains(&s))
        };
        groups.push(found("Chosen", board.count(instrument, of), "", &|_| true));
        groups.push(act);
    } else {
        let of = |support| board.count(instrument, |c| c.support == Some(support));
        let is = |r: &board::Row, support| r.line.verdict.as_ref().is_some_and(|v| v.support == support);
        groups.push(act);
        groups.push(found(
            "Reduced support",
            of(Support::ReducedSupport),
            "call the contributor first; CTRL helps as best effort",
            &|r| is(r, Support::ReducedSupport),
        ));
        groups.push(found("Fully supported", of(Support::FullySupported), "CTRL owns these; call the DOC", &|r| {
            is(r, Support::FullySupported)
        }));
    }
    groups.retain(|g| !g.rows.is_empty());
    groups
}
