//! What a board says of itself: how fresh it is, and what whoever reads it has to know.

use crate::{
    app::App,
    service::board::Board,
    web::{
        parts::{Banner, Live, LiveState, Tone},
        words,
    },
};

/// The page says when it was drawn: without a live connection it claims no more.
pub(super) fn live(app: &App, board: &Board, follows: bool) -> Live {
    let stale = board.is_silent(app) || board.current.away.is_some();
    Live {
        now: Some(board.now),
        clock: words::clock(app, board.now),
        heard: match board.observed {
            Some(at) => format!("observer reported {}", words::ago(at, board.now)),
            None => "nothing observed is shown".to_owned(),
        },
        state: match (stale, follows) {
            (true, _) => LiveState::Stale,
            (false, true) => LiveState::Live,
            (false, false) => LiveState::AsOf,
        },
    }
}

/// The database does not answer: what is shown was known before.
pub(super) fn away(app: &App, board: &Board) -> Option<Banner> {
    let since = words::near(app, board.current.away?, board.now);
    Some(Banner::new(
        Tone::Bad,
        &format!("The registry’s database does not answer, since {since}."),
        "This page shows what was known then. Nothing can be changed until it is back; call as the numbers say.",
    ))
}

/// Another device may have nearly the same name.
pub(super) fn nearly(typed: &str) -> Banner {
    let nothing = format!("Nothing is named “{}”.", typed.trim());
    Banner::new(Tone::Warn, &nothing, "What is shown is spelled nearly so: compare the name before you act.")
}

/// What the shift does not know yet (H8).
pub(super) fn shift(board: &Board) -> Option<Banner> {
    let (waiting, late) = board.unacknowledged;
    let changes = match waiting {
        0 => return None,
        1 => "1 change of support is not acknowledged by the shift".to_owned(),
        n => format!("{n} changes of support are not acknowledged by the shift"),
    };
    let banner = match late {
        0 => Banner::new(Tone::Info, &format!("{changes}."), ""),
        late => Banner::new(Tone::Warn, &format!("{changes}, {late} of them late."), "What is late goes on to CTRL."),
    };
    Some(banner.link("Read and acknowledge", "/shift"))
}

/// What is seen running is not known any more.
pub(super) fn silent(app: &App, board: &Board) -> Banner {
    let at = board.observed.map_or_else(String::new, |at| format!(" at {}", words::near(app, at, board.now)));
    Banner::new(
        Tone::Warn,
        "The observer is silent.",
        &format!(
            "It last reported{at}. Names, owners and numbers are still right; “seen”, versions and servers may be old."
        ),
    )
}
