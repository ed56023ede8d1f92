//! The board on a big screen: read from across the room, touched by nobody. What is wrong, where, and whom to call.

use super::{
    banners::{away, live, shift, silent},
    query::{Asked, Shown},
    rows::Rows,
    tiles,
    view::{Part, Pieces},
};
use crate::{
    app::App,
    service::board::{self, Board, URGENT},
    web::{
        overrides,
        parts::{Banner, BoardRow, Live, Phone, Tile},
    },
};
use askama::{Template, filters::HtmlSafe};

/// So many lines can be read from a distance; the rest is counted.
const LINES: usize = 12;

/// A banner takes the room of so many of them, up to [`BANNERS`]; under more the lines become smaller.
const LINES_A_BANNER: usize = 2;
const BANNERS: usize = 2;

/// What a big screen shows.
#[derive(Template)]
#[template(path = "board/wall_view.html", blocks = ["head", "tiles", "act"])]
pub struct WallView {
    pub asked: Asked,
    pub shown: Shown,
    live: Live,
    pub doc_name: String,
    doc_phone: Phone,
    banners: Vec<Banner>,
    tiles: Vec<Tile>,
    /// What must be acted on, the most urgent first.
    act: Vec<BoardRow>,
    /// How many lines there is room for, and how many more there are.
    lines: usize,
    more: u64,
}

// It escapes what it shows.
impl HtmlSafe for WallView {}

/// The wall as it is now.
pub fn view(app: &App, asked: Asked, follows: bool) -> WallView {
    let board: Board = board::show(app, &asked.wanted);
    let facility = &app.policy.facility;
    let instrument = asked.wanted.instrument.as_deref();
    let rows = Rows { app, board: &board, marks: None, looked: None };
    let urgent =
        board.count(instrument, |state, support| state.is_none() || support.is_some_and(|s| URGENT.contains(&s)));
    let mut act: Vec<BoardRow> = board.act.iter().map(|r| rows.device(r)).chain(rows.strangers()).collect();
    let banners: Vec<Banner> = away(app, &board)
        .into_iter()
        .chain(shift(&board))
        .chain(board.is_silent(app).then(|| silent(app, &board)))
        .chain(overrides::banners(app, board.now))
        .collect();
    let lines = LINES - LINES_A_BANNER * banners.len().min(BANNERS);
    act.truncate(lines);
    WallView {
        shown: Shown::of(&board),
        live: live(app, &board, follows),
        doc_name: facility.doc_name.clone(),
        doc_phone: Phone::new(facility.doc_phone.clone().unwrap_or_default()),
        banners,
        lines,
        tiles: tiles::tiles(app, &asked, &board),
        more: urgent.saturating_sub(act.len() as u64),
        act,
        asked,
    }
}

impl WallView {
    /// Its pieces.
    pub fn pieces(&self) -> askama::Result<Pieces> {
        // The clock goes on in the page itself: the words of when something was seen are no news.
        let prints: Vec<u64> = self.act.iter().map(BoardRow::print).collect();
        Ok(Pieces {
            around: vec![
                Part::new("w-head", self.as_head().render()?),
                Part::new("w-tiles", self.as_tiles().render()?),
            ],
            list: Part::of("w-act", &(prints, self.lines, self.more), self.as_act().render()?),
            rows: Vec::new(),
        })
    }

    fn feed(&self) -> String {
        self.asked.feed_since(&self.shown)
    }

    fn feed_id(&self) -> String {
        self.asked.feed_id()
    }
}
