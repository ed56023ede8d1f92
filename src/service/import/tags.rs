//! What repositories say of the releases that a table of devices names, before anything is held (G2).

use super::{Kind, Table, devices::trunk};
use crate::{
    app::App,
    domain::{device::Device, id::DeviceId, lifecycle::Command, release::VerifiedTag, tag::TagName},
    service::{Result, readings},
    store,
};
use futures_util::{StreamExt, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Name → what its repository says of the release that CTRL has of it; nothing where there was no time left to ask.
pub(super) type Tags = BTreeMap<String, Option<std::result::Result<VerifiedTag, String>>>;

/// How many repositories are read at once.
const AT_ONCE: usize = 4;

/// Asks the repositories of what CTRL owns and is not on record yet (G2), all of them within this time where there is one.
pub(super) async fn read(app: &App, table: &Table, within: Option<Duration>) -> Result<Tags> {
    if table.kind != Kind::Devices {
        return Ok(Tags::new());
    }
    let rows = || table.rows.iter().filter(|r| r.get("owner").eq_ignore_ascii_case("ctrl"));
    let names: BTreeSet<&str> = rows().map(|r| r.get("name")).collect();
    let known = store::devices::list_by_names(&app.db.read, &names).await?;
    let mut asked = Vec::new();
    for row in rows().filter(|r| known.iter().all(|k| k.name() != r.get("name"))) {
        if let Ok(tag) = TagName::parse(row.get("release"), &app.policy.tag_rule()) {
            let mut device = Device::draft(DeviceId(uuid::Uuid::nil()), app.clock.now());
            (device.request.repository, device.request.trunk) = (row.get("repository").to_owned(), trunk(row));
            asked.push((row.get("name").to_owned(), device, tag));
        }
    }
    let mut tags: Tags = asked.iter().map(|(name, ..)| (name.clone(), None)).collect();
    let reads = stream::iter(asked).map(|(name, device, tag)| async move {
        let found = readings::take(app, &device, &Command::VerifyTag { tag }).await.tag;
        (name, Some(found.unwrap_or_else(|| Err("The repository was not read".to_owned()))))
    });
    let over = async {
        match within {
            Some(within) => tokio::time::sleep(within).await,
            None => std::future::pending().await,
        }
    };
    let read: Vec<_> = reads.buffer_unordered(AT_ONCE).take_until(over).collect().await;
    tags.extend(read);
    Ok(tags)
}
