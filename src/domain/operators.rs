//! What operators may do with a device: its contributors' word, unless what is wrong overrules it (O6).

use super::{
    contact::{OperatorRules, WhenStopped},
    device::ShutDown,
    support::Support,
};

/// Whose word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    Contributors(&'a OperatorRules),
    /// CTRL shut it down: who restarts it, on which conditions (N6).
    ShutDown(&'a ShutDown),
    /// Not supported at all.
    NotSupported,
    /// Nobody supports it yet or any more.
    Nobody,
}

impl<'a> Ruling<'a> {
    /// `support` is `None` where nobody supports anything yet or any more.
    pub fn of(support: Option<Support>, shut_down: Option<&'a ShutDown>, rules: &'a OperatorRules) -> Self {
        match (support, shut_down) {
            (_, Some(stop)) => Self::ShutDown(stop),
            (Some(Support::ReducedSupport | Support::FullySupported), None) => Self::Contributors(rules),
            // What was shut down, where the shut-down itself is not here: no less is said of it.
            (Some(Support::NotSupported | Support::Unknown | Support::ShutDown), None) => Self::NotSupported,
            (None, None) => Self::Nobody,
        }
    }

    pub fn may_restart(self) -> WhenStopped {
        match self {
            Self::Contributors(rules) => rules.when_stopped,
            Self::ShutDown(_) | Self::NotSupported | Self::Nobody => WhenStopped::DoNotRestart,
        }
    }

    /// Without a call.
    pub fn may_stop(self) -> bool {
        match self {
            Self::Contributors(rules) => rules.may_stop,
            Self::ShutDown(_) | Self::NotSupported | Self::Nobody => false,
        }
    }

    /// What the contributors add in their own words.
    pub fn note(self) -> &'a str {
        match self {
            Self::Contributors(rules) => rules.note.trim(),
            Self::ShutDown(_) | Self::NotSupported | Self::Nobody => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O6: the contributors' word holds where somebody supports it, and nowhere else.
    #[test]
    fn o6_what_is_wrong_overrules_the_contributors() {
        let rules =
            OperatorRules { when_stopped: WhenStopped::RestartAnyTime, may_stop: true, note: " Slowly. ".to_owned() };
        for support in [Support::FullySupported, Support::ReducedSupport] {
            let ruling = Ruling::of(Some(support), None, &rules);
            assert_eq!((ruling.may_restart(), ruling.may_stop()), (WhenStopped::RestartAnyTime, true));
            assert_eq!(ruling.note(), "Slowly.");
        }
        for support in [Some(Support::NotSupported), Some(Support::Unknown), Some(Support::ShutDown), None] {
            let ruling = Ruling::of(support, None, &rules);
            assert_eq!((ruling.may_restart(), ruling.may_stop()), (WhenStopped::DoNotRestart, false));
            assert_eq!(ruling.note(), "");
        }
    }
}
