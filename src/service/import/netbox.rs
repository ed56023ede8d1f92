//! Hosts from NetBox: a tag says which of them have reduced support.

use super::{Kind, Table, place};
use crate::ports::{
    collectors::Asker,
    netbox::{self, Machine},
};
use std::collections::BTreeMap;

/// Where the machines stand, and how they are told apart.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Its query narrows them down, like `?site=hall`.
    pub address: url::Url,
    /// The environment variable with the token.
    pub token_variable: Option<String>,
    /// The slug of the tag that hosts with reduced support have.
    pub reduced_tag: String,
}

/// A tag as NetBox's addresses have it; else what to enter.
pub fn tag_slug(text: &str) -> Result<String, String> {
    match !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        true => Ok(text.to_owned()),
        false => Err("Enter the slug of the tag that hosts with reduced support have, like reduced-support".to_owned()),
    }
}

/// The hosts that NetBox has, as a table, and what is to be known of it; else what NetBox, or the way there, said.
pub async fn from_netbox(of: &Hosts) -> Result<(Table, Vec<String>), String> {
    let asker = Asker::with(of.token_variable.as_deref(), netbox::authorization, netbox::SECONDS)?;
    let all = netbox::machines(&asker, &of.address).await?;
    hosts(all, &of.reduced_tag, &place(&of.address))
}

pub(super) fn hosts(all: Vec<Machine>, reduced_tag: &str, source: &str) -> Result<(Table, Vec<String>), String> {
    if all.is_empty() {
        return Err("NetBox has no active machine with a name there.".to_owned());
    }
    let is_reduced = |m: &Machine| m.tags.iter().any(|tag| tag == reduced_tag);
    let mut notes = Vec::new();
    if !all.iter().any(is_reduced) {
        notes.push(format!("No machine there has the tag {reduced_tag}, so each of them counts as full."));
    }
    let rows = all.into_iter().map(|m| {
        let class = if is_reduced(&m) { "reduced" } else { "full" };
        let note: String = m.description.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        // A spreadsheet would work it out (A26).
        let note = note.trim_start_matches([' ', '=', '+', '-', '@']).to_owned();
        BTreeMap::from([("host", m.name), ("class", class.to_owned()), ("note", note)])
    });
    Ok((Table::of(Kind::Servers, source, rows.collect()), notes))
}
