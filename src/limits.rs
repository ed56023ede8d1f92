//! How often one place may ask (A35): what it is counted by, and that it is forgotten. Each replica counts by itself.

use crate::{app::App, domain::guessing::place};
use axum::{Router, extract::ConnectInfo, http::Request};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tower_governor::{GovernorError, GovernorLayer, governor::GovernorConfigBuilder, key_extractor::KeyExtractor};

/// Between two looks for who has not asked for long.
const EVERY: Duration = Duration::from_secs(60);

/// Counts by where a request comes from.
#[derive(Clone, Copy, Debug)]
struct ByPlace;

impl KeyExtractor for ByPlace {
    type Key = IpAddr;

    fn extract<T>(&self, request: &Request<T>) -> Result<IpAddr, GovernorError> {
        let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
        from.map(|ConnectInfo(address)| place(address.ip())).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// These routes for so many requests at once from one place, then for one after each such time.
pub fn by_place(routes: Router<App>, at_once: u32, then_each: Duration) -> Router<App> {
    let limit = GovernorConfigBuilder::default()
        .period(then_each)
        .burst_size(at_once)
        .key_extractor(ByPlace)
        .finish()
        .expect("both numbers are above zero");
    forgets(limit.limiter(), |counts| counts.retain_recent());
    routes.layer(GovernorLayer::new(Arc::new(limit)))
}

/// Forgets again and again who has not asked for long, for as long as there is something to count: what is kept does not
/// grow with everybody who ever asked.
fn forgets<L: Send + Sync + 'static>(counts: &Arc<L>, forget: impl Fn(&L) + Send + 'static) {
    forgets_every(EVERY, counts, forget);
}

fn forgets_every<L: Send + Sync + 'static>(every: Duration, counts: &Arc<L>, forget: impl Fn(&L) + Send + 'static) {
    let counts = Arc::downgrade(counts);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            let Some(counts) = counts.upgrade() else { return };
            forget(&counts);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A35: who has a network of addresses to themselves is one place, as who has one of the older kind is.
    #[test]
    fn a35_a_network_is_one_place() {
        let of = |address: &str| {
            let mut request = Request::new(());
            request
                .extensions_mut()
                .insert(ConnectInfo::<SocketAddr>((address.parse::<IpAddr>().unwrap(), 4711).into()));
            ByPlace.extract(&request).unwrap().to_string()
        };
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::1"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:3::9"), of("2001:db8:1:2::9"));
        assert_eq!((of("192.0.2.7"), of("::ffff:192.0.2.7")), ("192.0.2.7".to_owned(), "192.0.2.7".to_owned()));
        assert!(ByPlace.extract(&Request::new(())).is_err());
    }

    /// A35: what is counted is forgotten, and the forgetting ends with the counting.
    #[tokio::test]
    async fn a35_who_has_not_asked_for_long_is_forgotten() {
        let counts = Arc::new(AtomicU32::new(0));
        forgets_every(Duration::from_millis(5), &counts, |n| _ = n.fetch_add(1, Ordering::Relaxed));
        while counts.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let left = Arc::downgrade(&counts);
        drop(counts);
        while left.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
