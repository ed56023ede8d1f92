//! Which letters each walk goes by.

use super::alphabet::{Letter, all};

fn named(all: Vec<Letter>, names: &[&str]) -> Vec<Letter> {
    let of = |name: &&str| *all.iter().find(|l| l.name == *name).unwrap_or_else(|| panic!("no letter {name}"));
    names.iter().map(of).collect()
}

/// Coarse: the whole process.
pub fn process() -> Vec<Letter> {
    named(
        all(),
        &[
            "clarify",
            "amend",
            "doubt",
            "resolve",
            "accept",
            "decline",
            "withdraw",
            "retire",
            "assign",
            "prepare",
            "start",
            "operate",
            "request transfer",
            "take over, needed",
            "take over, orphaned",
            "CTRL returns",
            "plan",
            "CTRL plans",
            "all of it",
            "verify 1",
            "deploy 1",
            "redeem",
            "remove",
            "revoke",
            "own",
            "hand back",
            "adopt",
            "seen nowhere",
            "seen on full",
            "accounts close",
        ],
    )
}

/// Fine: what happens in a review.
pub fn review() -> Vec<Letter> {
    named(
        all(),
        &[
            "propose 1",
            "propose 2",
            "show",
            "tests fail",
            "Ilse approves",
            "Ravi approves",
            "Chiara approves",
            "Arne approves",
            "Ravi takes it back",
            "find",
            "answer",
            "CTRL answers",
            "Ravi accepts",
            "Chiara accepts",
            "verify 1",
            "deploy 1",
            "redeem",
            "own",
            "Ilse owns",
            "Ravi owns",
            "Ravi is demoted",
            "Ravi is back",
            "policy tightens",
            "policy loosens",
            "Ravi contributes",
            "Ravi leaves",
        ],
    )
}

/// Fine: servers, tags and sights.
pub fn places() -> Vec<Letter> {
    named(
        all(),
        &[
            "assign",
            "grant",
            "revoke",
            "Ravi approves",
            "deploy 1",
            "deploy 1 too",
            "deploy 2",
            "redeem",
            "deploy nothing",
            "Ilse deploys 1",
            "Ilse hot-deploys",
            "CTRL deploys back",
            "remove",
            "Ilse removes",
            "verify 1",
            "verify 2",
            "tag moves",
            "tag vanishes",
            "tag stands",
            "own",
            "hand back",
            "return",
            "shut down",
            "restart",
            "seen nowhere",
            "seen on reduced",
            "seen on full",
            "seen dirty",
            "seen on both",
            "retire",
        ],
    )
}
