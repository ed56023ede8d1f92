//! A rollout whose steps this replica runs, and what its runs are told.

use super::follow::{ANOTHERS, Order};
use crate::domain::id::RunId;
use std::{collections::BTreeSet, time::Duration};
use tokio::{sync::watch, time::Instant};

pub(super) struct Held {
    /// Whether they are still its to run: else what runs here is waited for, and no more.
    pub is_ours: bool,
    /// When it said so last.
    pub renewed: Instant,
    pub orders: watch::Sender<Order>,
    /// What runs here.
    pub runs: BTreeSet<RunId>,
}

impl Held {
    /// One that was taken at this moment, and is believed this replica's until then.
    pub fn new(taken: Instant, until: Instant) -> Self {
        let orders = watch::Sender::new(Order { stop: None, until });
        Self { is_ours: true, renewed: taken, orders, runs: BTreeSet::new() }
    }

    /// It was taken once more, as its time was over. What runs and had no more than this left of its time is told to end,
    /// and nothing begins before it has; whatever begins after it has the new time.
    pub fn again(&mut self, taken: Instant, until: Instant, end: Duration) {
        (self.is_ours, self.renewed) = (true, taken);
        let is_idle = self.runs.is_empty();
        self.orders.send_modify(|o| {
            if is_idle {
                *o = Order { stop: None, until };
            } else if o.stop.is_none() && Instant::now() + end < o.until {
                o.until = until;
            } else {
                o.stop = o.stop.or(Some(ANOTHERS));
            }
        });
    }

    pub fn stop(&self, why: &'static str) {
        self.orders.send_modify(|o| o.stop = o.stop.or(Some(why)));
    }

    pub fn is_stopped(&self) -> bool {
        self.orders.borrow().stop.is_some()
    }

    /// What runs is killed by then, if it has not ended.
    pub fn until(&self, by: Instant) {
        self.orders.send_modify(|o| o.until = o.until.min(by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// R3, F6: a rollout that is taken again, as its time was over while the database was away, begins with a new time: what
    /// begins then is not killed by the old one. What ran beyond its time ends first, and what is in its time goes on.
    #[test]
    fn f6_what_is_taken_again_has_a_new_time() {
        let (now, end) = (Instant::now(), Duration::from_secs(5));
        let [soon, later] = [30, 45].map(|seconds| now + Duration::from_secs(seconds));
        let again = |until: Instant, runs: u128| {
            let mut held = Held::new(now, until);
            held.is_ours = false;
            held.runs.extend((0..runs).map(|n| RunId(Uuid::from_u128(n))));
            held.again(now, later, end);
            assert!(held.is_ours);
            let order = *held.orders.borrow();
            (order.stop, order.until)
        };
        assert_eq!(again(now, 0), (None, later));
        assert_eq!(again(now, 1), (Some(ANOTHERS), now));
        assert_eq!(again(soon, 1), (None, later));
    }
}
