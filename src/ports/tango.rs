//! A Tango system by TangoGQL: one question, posted to `/db`.

use super::collectors::Asker;
use crate::domain::{
    collector::{View, tango},
    policy::Collector,
};
use chrono::{DateTime, Utc};

/// What runs by this gateway.
pub async fn ask(asker: &Asker, of: &Collector, address: &str, now: DateTime<Utc>) -> Result<View, String> {
    let answer = asker.post(address, &serde_json::json!({ "query": tango::QUERY })).await?;
    tango::read(&answer, of.time_zone, now)
}
