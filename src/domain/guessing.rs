//! Guessing passwords: after a few wrong ones in a row there is a wait, which grows (A34). Nobody is kept out for long,
//! and least of all the owner, where they have signed in before.
//!
//! It holds for one process, within bounded memory.

use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;

/// Who tried what, without keeping it: a digest of the name, and of the address.
pub type Digest = [u8; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
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

impl Key {
    fn patience(self) -> Patience {
        match self {
            Self::Pair(..) => Patience { free: 5, first: Duration::seconds(30), longest: Duration::minutes(15) },
            Self::Account(_) => Patience { free: 20, first: Duration::seconds(10), longest: Duration::minutes(1) },
            Self::Address(_) => Patience { free: 50, first: Duration::seconds(10), longest: Duration::minutes(1) },
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: u32,
    last: DateTime<Utc>,
    /// Whether the right password came this way.
    known: bool,
}

/// What was tried lately.
#[derive(Debug)]
pub struct Guesses {
    tries: HashMap<Key, Tries>,
    most: usize,
}

/// How many are remembered; some 100 bytes each.
const MOST: usize = 30_000;

/// Wrong tries are forgotten after this time without another.
const FORGOTTEN: Duration = Duration::hours(1);

/// Where somebody signed in is forgotten after this time.
const KNOWN: Duration = Duration::days(30);

impl Default for Guesses {
    fn default() -> Self {
        Self { tries: HashMap::new(), most: MOST }
    }
}

impl Guesses {
    /// Begins a try, which counts as a wrong one until [`Guesses::right`]: many at once are many. `Err` says when one
    /// may try again; a try that has to wait counts nothing.
    pub fn try_now(&mut self, account: Digest, address: Digest, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let pair = Key::Pair(account, address);
        let known = self.tries.get(&pair).is_some_and(|t| t.known && now - t.last < KNOWN);
        let keys: &[Key] = if known { &[pair] } else { &[pair, Key::Account(account), Key::Address(address)] };
        if let Some(until) = keys.iter().filter_map(|key| self.waits(*key, now)).max() {
            return Err(until);
        }
        for key in keys {
            let of = self.tries.entry(*key).or_insert(Tries { wrong: 0, last: now, known: false });
            if now - of.last >= FORGOTTEN {
                of.wrong = 0;
            }
            *of = Tries { wrong: of.wrong.saturating_add(1), last: now, ..*of };
        }
        self.bound(now);
        Ok(())
    }

    /// The password was right: the way is known from now on, and what was counted for this try is taken back.
    pub fn right(&mut self, account: Digest, address: Digest, now: DateTime<Utc>) {
        let pair = Key::Pair(account, address);
        let before = self.tries.insert(pair, Tries { wrong: 0, last: now, known: true });
        if before.is_some_and(|t| t.known) {
            return;
        }
        for key in [Key::Account(account), Key::Address(address)] {
            if let Some(of) = self.tries.get_mut(&key) {
                of.wrong = of.wrong.saturating_sub(1);
            }
        }
    }

    /// Until when there is a wait.
    fn waits(&self, key: Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let of = self.tries.get(&key)?;
        let patience = key.patience();
        let over = of.wrong.checked_sub(patience.free).filter(|_| now - of.last < FORGOTTEN)?;
        let wait = patience.longest.min(patience.first * 2_i32.pow(over.min(10)));
        let until = of.last + wait;
        (until > now).then_some(until)
    }

    /// Forgets what is old, and where that is not enough, what is oldest.
    fn bound(&mut self, now: DateTime<Utc>) {
        if self.tries.len() <= self.most {
            return;
        }
        self.tries.retain(|_, t| now - t.last < if t.known { KNOWN } else { FORGOTTEN });
        if self.tries.len() > self.most {
            let mut ages: Vec<DateTime<Utc>> = self.tries.values().map(|t| t.last).collect();
            let oldest = ages.len() - self.most + self.most / 10;
            let (_, limit, _) = ages.select_nth_unstable(oldest.min(self.tries.len() - 1));
            let limit = *limit;
            self.tries.retain(|_, t| t.last >= limit);
        }
        // All of one moment: whoever floods within it forgets for everybody.
        if self.tries.len() > self.most {
            self.tries.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

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

    /// A34, A35: whatever is tried, the memory is bounded; what was tried last is remembered.
    #[test]
    fn a35_memory_is_bounded() {
        let mut guesses = Guesses { most: 100, ..Guesses::default() };
        for n in 0..5000 {
            let now = morning() + Duration::seconds(n.into());
            let _ = guesses.try_now(digest(n), digest(n), now);
            assert!(guesses.tries.len() <= 100);
        }
        let now = morning() + Duration::seconds(5000);
        for _ in 0..4 {
            guesses.try_now(digest(4999), digest(4999), now).unwrap();
        }
        assert!(guesses.try_now(digest(4999), digest(4999), now).is_err());
        let mut flooded = Guesses { most: 100, ..Guesses::default() };
        for n in 0..5000 {
            let _ = flooded.try_now(digest(n), digest(n), now);
            assert!(flooded.tries.len() <= 102);
        }
    }
}
