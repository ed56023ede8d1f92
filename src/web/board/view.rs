//! What is below the search field: made for a page, and for every open page that follows.

use super::{
    answer,
    banners::{away, live, nearly, shift, silent},
    query::{Asked, Shown},
    rows, tiles,
};
use crate::{
    app::App,
    domain::{lifecycle::StateName, support::Support},
    projection::Marks,
    service::board::{self, Board, URGENT},
    web::{
        gatebox, overrides,
        parts::{
            Action, Answer as AnswerCard, Banner, Blank, BoardRow, FilterChip, Live, Phone, Status, ThumbBar, Tile,
            in_sentence,
        },
    },
};
use askama::{Template, filters::HtmlSafe};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Rows under one heading.
pub struct Group {
    title: &'static str,
    count: String,
    why: &'static str,
    rows: Vec<BoardRow>,
}

/// The parts of the board.
#[derive(Template)]
#[template(path = "board/view.html", blocks = ["banner", "tiles", "filters", "answer", "list", "thumb"])]
pub struct BoardView {
    pub asked: Asked,
    pub shown: Shown,
    pub live: Live,
    /// `3 of 412 devices in any state match`, where something was searched for: more than the tiles count.
    pub found: String,
    banners: Vec<Banner>,
    /// Under the answer: what is of other devices than the one that was asked for.
    others: Vec<Banner>,
    tiles: Vec<Tile>,
    filters: Vec<FilterChip>,
    /// Above the answer: that it is spelled otherwise than what was typed.
    nearly: Option<Banner>,
    answer: Option<AnswerCard>,
    thumb: Option<ThumbBar>,
    nothing: Option<Nothing>,
    blank: Option<Blank>,
    groups: Vec<Group>,
    /// Label and address of the next page.
    more: Option<(String, String)>,
}

/// Nothing was found: what may have been meant, and what to do if it runs.
pub struct Nothing {
    title: String,
    /// Name and where it is searched for.
    near: Vec<(String, String)>,
    doc_name: String,
    doc_phone: Option<Phone>,
}

#[derive(Template)]
#[template(path = "board/live.html")]
pub struct LivePart<'a> {
    live: &'a Live,
}

// Both escape what they show.
impl HtmlSafe for LivePart<'_> {}
impl HtmlSafe for BoardView {}

#[derive(Template)]
#[template(path = "board/row.html")]
struct RowPart<'a> {
    row: &'a BoardRow,
}

/// A piece of an open page: the id that it is swapped by, what tells it from itself at another time, and its text.
pub struct Part {
    pub id: String,
    pub print: u64,
    pub html: String,
}

impl Part {
    pub fn new(id: &str, html: String) -> Self {
        Self { id: id.to_owned(), print: print(&html), html }
    }

    /// One that changes with `what`, not with its text.
    pub fn of(id: &str, what: &impl Hash, html: String) -> Self {
        Self { id: id.to_owned(), print: print(what), html }
    }
}

fn print(what: &impl Hash) -> u64 {
    let mut print = DefaultHasher::new();
    what.hash(&mut print);
    print.finish()
}

impl BoardView {
    /// The clock and when the observers were heard, beside the search field.
    pub fn live(&self) -> LivePart<'_> {
        LivePart { live: &self.live }
    }

    fn feed(&self) -> String {
        self.asked.feed_since(&self.shown)
    }

    fn feed_id(&self) -> String {
        self.asked.feed_id()
    }

    /// Its pieces, the list as one and row by row.
    pub fn pieces(&self) -> askama::Result<Pieces> {
        let list = self.as_list().render()?;
        let rows = self.groups.iter().flat_map(|g| &g.rows);
        let rows: Vec<Part> = rows
            .map(|row| Ok(Part { id: row.key.clone(), print: row.print(), html: RowPart { row }.render()? }))
            .collect::<askama::Result<_>>()?;
        let frame: Vec<_> = self
            .groups
            .iter()
            .map(|g| (g.title, &g.count, g.rows.iter().map(|r| &r.key).collect::<Vec<_>>()))
            .collect();
        Ok(Pieces {
            around: vec![
                Part::new("b-live", self.live().render()?),
                Part::new("b-banner", self.as_banner().render()?),
                Part::new("b-tiles", self.as_tiles().render()?),
                Part::new("b-filters", self.as_filters().render()?),
                Part::new("b-answer", self.as_answer().render()?),
                Part::new("b-thumb", self.as_thumb().render()?),
            ],
            list: Part::of("b-list", &(frame, &self.more), list),
            rows,
        })
    }
}

/// A view in the pieces in which it changes.
pub struct Pieces {
    pub around: Vec<Part>,
    /// The whole list; it is swapped where other rows are in it than before, or in another order.
    pub list: Part,
    pub rows: Vec<Part>,
}

/// The board as it is now, as somebody asked for it.
/// `follows`: it goes to an open page, which changes with it.
pub fn view(app: &App, asked: Asked, follows: bool) -> BoardView {
    let board = board::show(app, &asked.wanted);
    let facility = &app.policy.facility;
    let wanted = &asked.wanted;
    let searches = wanted.searches();
    let all = board.count(None, |state, _| state.is_some());
    let found = match searches {
        true => format!("{} of {} devices in any state match", board.matched, board.count(None, |_, _| true)),
        false => String::new(),
    };
    let answer = board.answer.as_ref().map(|found| answer::card(app, found, &board));
    let thumb = answer.as_ref().map(|card| ThumbBar {
        first: card.call.first.clone().filter(|first| first.name != facility.doc_name),
        doc_name: facility.doc_name.split_whitespace().next().unwrap_or_default().to_owned(),
        doc_phone: Phone::new(facility.doc_phone.clone().unwrap_or_default()),
        stops: card.stops.clone(),
    });
    let shown = |name: &String| answer.as_ref().is_none_or(|card| card.name == *name);
    let (overrides, others): (Vec<_>, Vec<_>) =
        overrides::named(app, board.now).into_iter().partition(|(name, _)| shown(name));
    let nothing = (searches && board.matched == 0).then(|| Nothing {
        title: format!("No registered device matches “{}”", wanted.typed.trim()),
        near: board.near.iter().map(|name| (name.clone(), asked.searching(name))).collect(),
        doc_name: facility.doc_name.clone(),
        doc_phone: facility.doc_phone.clone().map(Phone::new),
    });
    let blank = (!searches && all == 0 && board.unknown.is_empty()).then(|| {
        Blank::new(
            "search",
            "No device is registered yet",
            "Contributors ask to take part, CTRL accepts; from then on each device stands here, for everybody.",
        )
        .action(Action::link("Request participation", "/requests").primary())
    });
    let groups = groups(app, &asked, &board);
    let blank = blank.or_else(|| none(&asked, &board, groups.is_empty()));
    BoardView {
        shown: Shown::of(&board),
        live: live(app, &board, follows),
        banners: away(app, &board)
            .into_iter()
            .chain(shift(&board).filter(|_| !searches))
            .chain(board.is_silent(app).then(|| silent(app, &board)))
            .chain(overrides.into_iter().map(|(_, banner)| banner))
            .collect(),
        others: others.into_iter().map(|(_, banner)| banner).collect(),
        tiles: if searches { Vec::new() } else { tiles::tiles(app, &asked, &board) },
        filters: if searches { Vec::new() } else { tiles::filters(&asked, &board) },
        groups,
        more: board.next.as_ref().map(|at| ("Show the next 50".to_owned(), asked.behind(at))),
        found,
        nearly: (board.nearly && answer.is_some()).then(|| nearly(&wanted.typed)),
        answer,
        thumb,
        nothing,
        blank,
        asked,
    }
}

/// Nothing is as it was chosen; what must be acted on may still stand below.
fn none(asked: &Asked, board: &Board, no_group: bool) -> Option<Blank> {
    let wanted = &asked.wanted;
    if wanted.searches() || wanted.after.is_some() || !board.rows.is_empty() {
        return None;
    }
    let at = wanted.instrument.as_ref().map_or_else(String::new, |i| format!(" at {i}"));
    let blank = |title| Blank { icon: "search", title, text: Vec::new(), actions: Vec::new() };
    if wanted.chooses() {
        let supports = wanted.supports.iter().map(|s| gatebox::of_support(*s));
        let each: Vec<_> = supports.chain(wanted.states.iter().map(|s| gatebox::of_state(*s))).map(is).collect();
        let off = Action::link("Take the filter off", &asked.without_choice());
        return Some(blank(format!("No device{at} {}", each.join(" or "))).action(off));
    }
    (no_group && wanted.instrument.is_some())
        .then(|| blank(format!("No device{at}")).action(Action::link("Show all instruments", "/")))
}

/// What a device of a status is, as the end of a sentence.
fn is(status: Status) -> String {
    let verb = if status == Status::Reduced { "has" } else { "is" };
    format!("{verb} {}", in_sentence(status.label()))
}

fn groups(app: &App, asked: &Asked, board: &Board) -> Vec<Group> {
    let wanted = &asked.wanted;
    let instrument = wanted.instrument.as_deref();
    let rows =
        rows::Rows { app, board, marks: wanted.searches().then(|| Marks::new(&wanted.typed)), looked: asked.looked };
    let mut groups = Vec::new();
    let strangers = board.count(instrument, |state, _| state.is_none());
    let urgent = strangers + board.count(instrument, |_, support| support.is_some_and(|s| URGENT.contains(&s)));
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
        let mut matches = found("Matches", board.matched as u64, "", &|_| true);
        matches.rows.extend(rows.matching_strangers());
        groups.push(matches);
        groups.push(act);
    } else if wanted.chooses() {
        let of = |state: Option<StateName>, support: Option<Support>| {
            support.is_some_and(|s| wanted.supports.contains(&s)) || state.is_some_and(|s| wanted.states.contains(&s))
        };
        groups.push(found("Chosen", board.count(instrument, of), "", &|_| true));
        groups.push(act);
    } else {
        let of = |support| board.count(instrument, |_, s| s == Some(support));
        let is = |r: &board::Row, support| r.card.verdict.as_ref().is_some_and(|v| v.support == support);
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
