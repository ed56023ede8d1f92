//! Instruments and filters: how many there are of what.

use super::query::Asked;
use crate::{
    app::App,
    domain::{lifecycle::StateName, support::Support},
    service::board::Board,
    web::{
        gatebox,
        parts::{Count, FilterChip, Status, Tile},
    },
};
use std::collections::BTreeSet;

/// One for all, then one for each instrument of the facility and each that a device or server names.
pub fn tiles(app: &App, asked: &Asked, board: &Board) -> Vec<Tile> {
    let known = &app.policy.facility.instruments;
    let others: BTreeSet<&String> =
        board.counts.keys().filter_map(|(i, ..)| i.as_ref()).filter(|i| !known.contains(i)).collect();
    let here = asked.wanted.instrument.as_deref();
    let tile = |name: &str, instrument: Option<&str>| Tile {
        name: name.to_owned(),
        href: asked.at(instrument),
        counts: counts(board, instrument),
        here: here == instrument,
    };
    let each = known.iter().chain(others).map(|i| tile(i, Some(i)));
    std::iter::once(tile("All", None)).chain(each).collect()
}

/// Calm ones first, as the bar is read from left to right.
fn counts(board: &Board, instrument: Option<&str>) -> Vec<Count> {
    let of = |status: Status, support: Support, review: Option<bool>| Count {
        status,
        count: board.count(instrument, |state, s| {
            s == Some(support) && review.is_none_or(|r| (state == Some(StateName::UnderReview)) == r)
        }),
    };
    let strangers = board.count(instrument, |state, _| state.is_none());
    vec![
        of(Status::Full, Support::FullySupported, None),
        of(Status::Reduced, Support::ReducedSupport, Some(false)),
        of(Status::UnderReview, Support::ReducedSupport, Some(true)),
        Count { status: Status::Unknown, count: strangers },
        of(Status::NotSupported, Support::NotSupported, None),
        of(Status::ShutDown, Support::ShutDown, None),
    ]
}

/// The statuses, most urgent first, then the states in which nobody supports anything; those that nothing has are left
/// out unless they are chosen.
pub fn filters(asked: &Asked, board: &Board) -> Vec<FilterChip> {
    let instrument = asked.wanted.instrument.as_deref();
    let supports = [Support::NotSupported, Support::ShutDown, Support::ReducedSupport, Support::FullySupported];
    let supports = supports.map(|s| {
        let (status, word): (Status, &str) = (gatebox::of_support(s), s.into());
        FilterChip {
            name: "support",
            value: word.to_owned(),
            label: status.label().to_owned(),
            icon: status.icon(),
            count: board.count(instrument, |_, support| support == Some(s)),
            on: asked.wanted.supports.contains(&s),
        }
    });
    let states = [
        StateName::UnderReview,
        StateName::Requested,
        StateName::Accepted,
        StateName::Declined,
        StateName::Withdrawn,
        StateName::Retired,
    ];
    let states = states.map(|s| {
        let (status, word): (Status, &str) = (gatebox::of_state(s), s.into());
        FilterChip {
            name: "state",
            value: word.to_owned(),
            label: status.label().to_owned(),
            icon: status.icon(),
            count: board.count(instrument, |state, _| state == Some(s)),
            on: asked.wanted.states.contains(&s),
        }
    });
    supports.into_iter().chain(states).filter(|f| f.count > 0 || f.on).collect()
}
