//! Hosts from NetBox: a tag says which of them have reduced support.

use super::{Kind, Table};
use crate::ports::netbox::machines;
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

/// The hosts that NetBox has, as a table; else what NetBox, or the way there, said.
pub async fn from_netbox(of: &Hosts) -> Result<Table, String> {
    let all = machines(&of.address, of.token_variable.as_deref()).await?;
    if all.is_empty() {
        return Err("NetBox has no active machine with a name there.".to_owned());
    }
    let rows = all.into_iter().map(|m| {
        let class = if m.tags.contains(&of.reduced_tag) { "reduced" } else { "full" };
        let note: String = m.description.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        BTreeMap::from([("host", m.name), ("class", class.to_owned()), ("note", note)])
    });
    let mut source = of.address.clone();
    // What is written down names the place and no credential.
    let _ = (source.set_username(""), source.set_password(None));
    Ok(Table::of(Kind::Servers, source.as_str(), rows.collect()))
}
