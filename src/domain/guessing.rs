//! Guessing passwords: after a few wrong ones in a row there is a wait, which grows (A34). Nobody is kept out for long,
//! and least of all the owner, where they have signed in before.
//!
//! The counts are kept where every replica reads them. Limits on requests of programs count for each replica by itself.

use chrono::{DateTime, Duration, Utc};
use std::{
    fmt::Write,
    net::{IpAddr, Ipv6Addr},
};

/// Who tried what, without keeping it: a digest of the name, and of the address.
pub type Digest = [u8; 32];

/// Where somebody asks from: an address, or of the newer kind the network, as one is easily given billions of these.
pub fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// What a try is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// This account from this address.
    Pair(Digest, Digest),
    /// This account, from wherever its owner never signed in.
    Account(Digest),
    /// Any account from this address, which may be a proxy that many share.
    Address(Digest),
}

/// How patient Custody is with a kind of tries.
struct Patience {
    /// Wrong tries before there is a wait.
    free: u32,
    /// The first wait; each further wrong try doubles it.
    first: Duration,
    /// The longest wait.
    longest: Duration,
}

impl Way {
    /// The ways of one try, in the order of [`Lately`].
    pub fn of(account: Digest, address: Digest) -> [Self; 3] {
        [Self::Pair(account, address), Self::Account(account), Self::Address(address)]
    }

    /// What it is kept under.
    pub fn key(&self) -> String {
        let (kind, digests): (&str, &[&Digest]) = match self {
            Self::Pair(account, address) => ("pair", &[account, address]),
            Self::Account(account) => ("account", &[account]),
            Self::Address(address) => ("address", &[address]),
        };
        let mut key = kind.to_owned();
        for digest in digests {
            key.push(' ');
            for byte in *digest {
                let _ = write!(key, "{byte:02x}");
            }
        }
        key
    }
}

const PATIENCE: [Patience; 3] = [
    Patience { free: 5, first: Duration::seconds(30), longest: Duration::minutes(15) },
    Patience { free: 20, first: Duration::seconds(10), longest: Duration::minutes(1) },
    Patience { free: 50, first: Duration::seconds(10), longest: Duration::minutes(1) },
];

/// What was tried by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    pub wrong: u32,
    pub last: DateTime<Utc>,
    /// Whether the right password came this way.
    pub known: bool,
}

/// What is kept of the ways of one try, or what changes of it: this account from this address, the account, the address.
pub type Lately = [Option<Tries>; 3];

/// The most ways that are kept.
pub const MOST: u64 = 100_000;

/// Wrong tries are forgotten after this time without another.
pub const FORGOTTEN: Duration = Duration::hours(1);

/// Where somebody signed in is forgotten after this time.
pub const KNOWN: Duration = Duration::days(30);

/// By less than this clocks of replicas differ, and a request was begun before another one that is counted already.
const APART: Duration = Duration::minutes(1);

/// Begins a try, which counts as a wrong one until [`right`]: many at once are many. What is to be kept; `Err` says when
/// one may try again, as a try that has to wait counts nothing.
pub fn begin(lately: &Lately, now: DateTime<Utc>) -> Result<Lately, DateTime<Utc>> {
    let known = lately[0].is_some_and(|t| t.known && now - t.last < KNOWN);
    let counted = if known { 1 } else { 3 };
    let waits = lately.iter().zip(&PATIENCE).take(counted).filter_map(|(tries, of)| waits((*tries)?, of, now));
    if let Some(until) = waits.max() {
        return Err(until);
    }
    let mut kept = [None; 3];
    for (kept, tries) in kept.iter_mut().zip(lately).take(counted) {
        let wrong = tries.filter(|t| now - t.last < FORGOTTEN).map_or(0, |t| t.wrong);
        *kept = Some(Tries { wrong: wrong.saturating_add(1), last: now, known: tries.is_some_and(|t| t.known) });
    }
    Ok(kept)
}

/// The password was right: the way is known from now on, and what was counted for this try is taken back.
pub fn right(lately: &Lately, now: DateTime<Utc>) -> Lately {
    let pair = Some(Tries { wrong: 0, last: now, known: true });
    if lately[0].is_some_and(|t| t.known) {
        return [pair, None, None];
    }
    let back = |tries: Option<Tries>| tries.map(|t| Tries { wrong: t.wrong.saturating_sub(1), ..t });
    [pair, back(lately[1]), back(lately[2])]
}

/// Until when there is a wait.
fn waits(of: Tries, patience: &Patience, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let over = of.wrong.checked_sub(patience.free).filter(|_| now - of.last < FORGOTTEN)?;
    let wait = patience.longest.min(patience.first * 2_i32.pow(over.min(10)));
    let until = of.last + wait;
    // Nobody waits longer than the longest: a try that would have them do so was counted by a clock that was ahead.
    (until > now && until - now <= patience.longest + APART).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use std::collections::HashMap;

    /// What is kept, without a database.
    #[derive(Default)]
    struct Guesses(HashMap<String, Tries>);

    impl Guesses {
        fn lately(&self, account: Digest, address: Digest) -> Lately {
            Way::of(account, address).map(|way| self.0.get(&way.key()).copied())
        }

        fn keep(&mut self, account: Digest, address: Digest, kept: Lately) {
            let ways = Way::of(account, address).into_iter().zip(kept);
            self.0.extend(ways.filter_map(|(way, tries)| Some((way.key(), tries?))));
        }

        fn try_now(&mut self, account: Digest, address: Digest, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
            let kept = begin(&self.lately(account, address), now)?;
            self.keep(account, address, kept);
            Ok(())
        }

        fn right(&mut self, account: Digest, address: Digest, now: DateTime<Utc>) {
            let kept = right(&self.lately(account, address), now);
            self.keep(account, address, kept);
        }
    }

    fn morning() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
    }

    fn digest(n: u32) -> Digest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&n.to_be_bytes());
        digest
    }

    /// A34: after five wrong passwords the sixth waits 30 seconds, each further one twice as long, 15 minutes at most.
    #[test]
    fn a34_the_wait_grows_and_ends() {
        let (mut guesses, mut now) = (Guesses::default(), morning());
        for _ in 0..5 {
            guesses.try_now(digest(1), digest(2), now).unwrap();
        }
        for seconds in [30, 60, 120, 240, 480, 900, 900] {
            let until = guesses.try_now(digest(1), digest(2), now).unwrap_err();
            assert_eq!(until - now, Duration::seconds(seconds));
            // Asking again while one waits makes it no longer.
            assert_eq!(guesses.try_now(digest(1), digest(2), now), Err(until));
            now = until;
            guesses.try_now(digest(1), digest(2), now).unwrap();
        }
        now += FORGOTTEN;
        for _ in 0..5 {
            guesses.try_now(digest(1), digest(2), now).unwrap();
        }
    }

    /// A34, F10: what was counted while the clock was ahead keeps nobody waiting once it is right, and counts on.
    #[test]
    fn a34_a_clock_that_was_ahead_keeps_nobody_out() {
        for hours in [1, 5, 24 * 365] {
            let (mut guesses, now) = (Guesses::default(), morning());
            let ahead = now + Duration::hours(hours);
            for _ in 0..5 {
                guesses.try_now(digest(1), digest(2), ahead).unwrap();
            }
            guesses.try_now(digest(1), digest(2), ahead).unwrap_err();
            guesses.try_now(digest(1), digest(2), now).unwrap();
            let until = guesses.try_now(digest(1), digest(2), now).unwrap_err();
            assert_eq!(until - now, Duration::seconds(60), "the sixth wrong one");
        }
        // A little ahead, as clocks of replicas are, it holds.
        let (mut guesses, now) = (Guesses::default(), morning());
        for _ in 0..5 {
            guesses.try_now(digest(1), digest(2), now + Duration::seconds(2)).unwrap();
        }
        let until = guesses.try_now(digest(1), digest(2), now).unwrap_err();
        assert_eq!(until - now, Duration::seconds(32));
    }

    /// A34: at the longest wait, too, a try that began a little before the one that was counted last has to wait.
    #[test]
    fn a34_tries_at_one_moment_wait_at_the_longest_wait() {
        let (mut guesses, mut now) = (Guesses::default(), morning());
        for _ in 0..12 {
            if let Err(until) = guesses.try_now(digest(1), digest(2), now) {
                now = until;
                guesses.try_now(digest(1), digest(2), now).unwrap();
            }
        }
        let longest = Duration::minutes(15);
        assert_eq!(guesses.try_now(digest(1), digest(2), now), Err(now + longest));
        for before in [Duration::milliseconds(1), Duration::seconds(59)] {
            assert_eq!(guesses.try_now(digest(1), digest(2), now - before), Err(now + longest), "{before}");
        }
    }

    /// A34: a right password ends the wait's count.
    #[test]
    fn a34_a_right_password_starts_anew() {
        let (mut guesses, now) = (Guesses::default(), morning());
        for _ in 0..50 {
            for _ in 0..4 {
                guesses.try_now(digest(1), digest(2), now).unwrap();
            }
            guesses.right(digest(1), digest(2), now);
        }
    }

    /// A34: many addresses that guess at one account wait a minute at most, and its owner not at all where they signed
    /// in before.
    #[test]
    fn a34_the_owner_is_not_kept_out() {
        let (mut guesses, mut now) = (Guesses::default(), morning());
        guesses.try_now(digest(1), digest(0), now).unwrap();
        guesses.right(digest(1), digest(0), now);
        let mut refused = 0;
        for address in 100..400 {
            match guesses.try_now(digest(1), digest(address), now) {
                Ok(()) => {}
                Err(until) => {
                    refused += 1;
                    assert!(until - now <= Duration::minutes(1));
                    now += Duration::seconds(1);
                }
            }
            guesses.try_now(digest(1), digest(0), now).unwrap();
            guesses.right(digest(1), digest(0), now);
        }
        assert!(refused > 200, "{refused}");
        let elsewhere = guesses.try_now(digest(1), digest(9), now);
        assert!(elsewhere.is_ok() || elsewhere.is_err_and(|until| until - now <= Duration::minutes(1)));
    }

    /// A34: one address that tries a password at many accounts waits as well.
    #[test]
    fn a34_one_address_and_many_accounts() {
        let (mut guesses, now) = (Guesses::default(), morning());
        let refused = (0..200).filter(|n| guesses.try_now(digest(*n), digest(7), now).is_err()).count();
        assert_eq!(refused, 150);
    }
}
