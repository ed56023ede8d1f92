//! What the board's address asks for. What it does not understand it leaves out: an old bookmark still opens.

use crate::service::board::{Board, Cursor, Wanted};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use url::form_urlencoded::{Serializer, parse};

/// The longest text that is searched for.
const LONGEST: usize = 200;

/// The address's query, read.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub wanted: Wanted,
    /// Whether it is for a big screen.
    pub wall: bool,
    /// The last change of support that the reader has seen; it is no part of the address.
    pub looked: Option<i64>,
}

impl Asked {
    /// Reads `q`, `instrument`, `support`, `state` and `after`; `support` and `state` may stand there several times.
    pub fn read(query: &str) -> Self {
        let mut wanted = Wanted::default();
        let mut wall = false;
        for (key, value) in parse(query.as_bytes()) {
            match &*key {
                "q" => {
                    wanted.typed =
                        value.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned();
                }
                "instrument" if !value.is_empty() => wanted.instrument = Some(value.into_owned()),
                "support" => wanted.supports.extend(value.parse::<crate::domain::support::Support>().ok()),
                "state" => wanted.states.extend(value.parse::<crate::domain::lifecycle::StateName>().ok()),
                "wall" => wall = value == "1",
                "after" => wanted.after = place(&value),
                _ => {}
            }
        }
        Self { wanted, wall, looked: None }
    }

    /// What was typed, for the field.
    pub fn typed(&self) -> &str {
        &self.wanted.typed
    }

    /// The instrument, for the form of the filters.
    pub fn instrument(&self) -> &str {
        self.wanted.instrument.as_deref().unwrap_or_default()
    }

    /// Whether anything but the instrument was chosen.
    pub fn chooses(&self) -> bool {
        self.wanted.chooses()
    }

    /// Where this instrument, or all, is shown with the same choice.
    pub fn at(&self, instrument: Option<&str>) -> String {
        if self.wall {
            let all = Serializer::new(String::new()).extend_pairs(instrument.map(|i| ("instrument", i))).finish();
            return if all.is_empty() { "/wall".to_owned() } else { format!("/wall?{all}") };
        }
        let wanted = Wanted {
            instrument: instrument.map(str::to_owned),
            after: None,
            typed: String::new(),
            ..self.wanted.clone()
        };
        address(&wanted)
    }

    /// The same devices as a list for spreadsheets.
    pub fn csv(&self) -> String {
        let of = address(&Wanted { after: None, ..self.wanted.clone() });
        format!("/devices.csv{}", &of[1..])
    }

    /// The same instrument on a big screen.
    pub fn at_wall(&self) -> String {
        let of = address(&Wanted { instrument: self.wanted.instrument.clone(), ..Wanted::default() });
        format!("/wall{}", &of[1..])
    }

    /// Where an open page hears of changes of what it shows.
    pub fn at_feed(&self) -> String {
        let of = address(&self.wanted);
        match self.wall {
            true => format!("/board/feed?wall=1{}", of[1..].replacen('?', "&", 1)),
            false => format!("/board/feed{}", &of[1..]),
        }
    }

    /// The same, for a page that shows this.
    pub fn feed_since(&self, shown: &Shown) -> String {
        let feed = self.at_feed();
        format!("{feed}{}since={}", if feed.contains('?') { '&' } else { '?' }, shown.token())
    }

    /// What names the feed on the page: another choice has another one, and the page then leaves this one.
    pub fn feed_id(&self) -> String {
        let of = Sha256::digest(self.at_feed());
        format!("feed-{:02x}{:02x}{:02x}{:02x}", of[0], of[1], of[2], of[3])
    }

    /// Where nothing but the instrument is chosen.
    pub fn without_choice(&self) -> String {
        address(&Wanted { instrument: self.wanted.instrument.clone(), ..Wanted::default() })
    }

    /// Where this is searched for.
    pub fn searching(&self, typed: &str) -> String {
        address(&Wanted { typed: typed.to_owned(), ..Wanted::default() })
    }

    /// The next page.
    pub fn behind(&self, at: &Cursor) -> String {
        address(&Wanted { after: Some(at.clone()), ..self.wanted.clone() })
    }
}

/// How current a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The last change that it shows.
    pub seq: i64,
    /// Whether it says that the database is away.
    away: bool,
    /// When it was drawn: what depends on the hour changes without a change.
    pub at: DateTime<Utc>,
}

impl Shown {
    pub fn of(board: &Board) -> Self {
        Self { seq: board.current.seq, away: board.current.away.is_some(), at: board.now }
    }

    fn token(&self) -> String {
        format!("{}.{}{}", self.seq, self.at.timestamp_millis(), if self.away { ".away" } else { "" })
    }

    /// Reads what [`Asked::feed_since`] wrote.
    pub fn read(token: &str) -> Option<Self> {
        let (token, away) = token.strip_suffix(".away").map_or((token, false), |t| (t, true));
        let (seq, at) = token.split_once('.')?;
        Some(Self { seq: seq.parse().ok()?, away, at: DateTime::from_timestamp_millis(at.parse().ok()?)? })
    }

    /// Whether a page that shows this lacks nothing of a view that shows `now` and last changed at `changed`.
    pub fn has_all_of(&self, now: &Self, changed: DateTime<Utc>) -> bool {
        (self.seq, self.away) == (now.seq, now.away) && self.at >= changed
    }
}

fn address(wanted: &Wanted) -> String {
    let mut q = Serializer::new(String::new());
    if !wanted.typed.is_empty() {
        q.append_pair("q", &wanted.typed);
    }
    if let Some(instrument) = &wanted.instrument {
        q.append_pair("instrument", instrument);
    }
    for support in &wanted.supports {
        q.append_pair("support", support.into());
    }
    for state in &wanted.states {
        q.append_pair("state", state.into());
    }
    if let Some(at) = &wanted.after {
        q.append_pair("after", &format!("{}.{}.{}", at.rank, at.urgency, at.name));
    }
    let q = q.finish();
    if q.is_empty() { "/".to_owned() } else { format!("/?{q}") }
}

fn place(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(3, '.');
    let rank = parts.next()?.parse().ok()?;
    let urgency = parts.next()?.parse().ok()?;
    Some(Cursor { rank, urgency, name: parts.next()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O3: what an address asks for leads to the same page again; what it should not hold is left out.
    #[test]
    fn an_address_is_read_as_it_was_written() {
        let asked =
            Asked::read("q=+beam%00cond+&instrument=SCS&support=reduced_support&state=requested&state=nonsense&x=1");
        assert_eq!(asked.typed(), "beamcond");
        assert_eq!(asked.instrument(), "SCS");
        let at = Cursor { rank: 1, urgency: -1, name: "a.b_c".to_owned() };
        let again = asked.behind(&at);
        assert_eq!(again, "/?q=beamcond&instrument=SCS&support=reduced_support&state=requested&after=1.-1.a.b_c");
        assert_eq!(Asked::read(&again[2..]).wanted.after, Some(at));
        assert_eq!(Asked::read("after=x").wanted.after, None);
        assert_eq!(Asked::read("").at(None), "/");
    }
}
