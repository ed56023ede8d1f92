//! What happened last to a device, in words: for the answer to a search.

use super::act;
use crate::{
    app::App,
    domain::{id::DeviceId, journal::Entry, person::People, story::tell, support::Support},
    projection::Told,
};
use std::collections::{BTreeMap, BTreeSet};

/// The streams that everybody may read of a device: not who was refused.
pub fn told_streams(device: DeviceId) -> [String; 3] {
    [device.to_string(), format!("support/{device}"), format!("seen/{device}")]
}

/// What happened last, each kind once: an agent that reports a restart every minute does not hide a shut-down.
pub fn latest(app: &App, entries: &[Entry], people: &People) -> Vec<Told> {
    let mut kinds = BTreeSet::new();
    let told = entries
        .iter()
        .filter(|e| kinds.insert(e.kind.as_str()))
        .filter_map(|e| Some(Told { at: e.moment()?, text: sentence(app, e, people)? }));
    told.take(3).collect()
}

/// A journal entry about a device as a whole sentence; `None` for one that is not told.
fn sentence(app: &App, e: &Entry, people: &People) -> Option<String> {
    let body = || serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&e.body).ok();
    let word = |body: &BTreeMap<String, serde_json::Value>, key: &str| {
        body.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    match e.kind.as_str() {
        "support_changed" => {
            let body = body()?;
            let to: Support = word(&body, "to").parse().ok()?;
            Some(format!("{}: {}", to.label(), to.bare(&word(&body, "why"))))
        }
        "instance_seen" => {
            let body = body()?;
            let version = word(&body, "version");
            let version = if version.is_empty() { "no version".to_owned() } else { format!("`{version}`") };
            Some(format!("`{}` seen on `{}` in {version}", word(&body, "instance"), word(&body, "server")))
        }
        "instance_gone" => {
            let body = body()?;
            Some(format!("`{}` no longer runs on `{}`", word(&body, "instance"), word(&body, "server")))
        }
        _ => {
            let event = act::event(e).ok()?;
            let who = e.actor.map_or("Custody", |p| people.name(p));
            let text = tell(&event, people, &app.policy);
            Some(format!("{who} {}", text.trim_end_matches('.')))
        }
    }
}
