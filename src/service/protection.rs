//! What a forge says of the protection of a release's tag: kept and shown as its word, and asked for no decision (G2).

use super::{Error, Result, record};
use crate::{
    app::App,
    domain::{device::Device, release::Protection, tag::TagName},
    store::{self, journal::Line},
};
use serde_json::json;
use std::collections::BTreeMap;

/// What the journal calls it.
pub const TOLD: &str = "tag_protection_told";

/// Puts a forge's word on record, where it is news.
pub(super) async fn told(app: &App, forge: &str, device: &str, tag: &TagName, said: Protection) -> Result<()> {
    let (owned, forge, device, tag) = (app.clone(), forge.to_owned(), device.to_owned(), tag.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let device = store::devices::find_by_name(&tx, &device).await?.ok_or(Error::NotFound)?;
        if store::protection::save(&tx, device.id, &tag, said).await? {
            let line = Line {
                stream: record::release_stream(&device, &tag),
                at: owned.clock.now(),
                actor: None,
                origin: format!("webhook of {forge}"),
                kind: TOLD.to_owned(),
                body: json!({ "forge": forge, "protected": said.is }).to_string(),
            };
            store::journal::append(&tx, vec![line]).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// What is known of each release of a device; nothing of those of which no forge has said anything. One query.
pub async fn list(app: &App, device: &Device) -> Result<BTreeMap<String, Protection>> {
    Ok(store::protection::list(&app.db.read, device.id).await?)
}
