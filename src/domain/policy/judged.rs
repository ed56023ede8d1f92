//! The policy's values in the shape that the rules ask for them.

use super::Policy;
use crate::domain::{drift::Patience, repository::RepositoryRules, tag::TagRule, webhook::WebhookRules};
use chrono::Duration;

impl Policy {
    /// A critical area's name, or its id where the policy has dropped it since.
    pub fn area_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.areas.critical.iter().find(|a| a.id == id).map_or(id, |a| &a.name)
    }

    /// A checklist item's name, or its id where the policy has dropped it since.
    pub fn item_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.transfer.checklist.iter().find(|i| i.id == id).map_or(id, |i| &i.name)
    }

    /// Whether an instrument can be called so: as one of the list, and where there is none as people type it.
    pub fn is_instrument(&self, name: &str) -> bool {
        let listed = &self.facility.instruments;
        match listed.is_empty() {
            true => !name.trim().is_empty() && name.chars().count() <= 80 && !name.chars().any(char::is_control),
            false => listed.iter().any(|i| i == name),
        }
    }

    /// Which repositories may be read (A17).
    pub fn repository_rules(&self) -> RepositoryRules {
        let of = &self.repositories;
        RepositoryRules {
            protocols: of.protocols.iter().filter_map(|p| serde_json::from_value(p.as_str().into()).ok()).collect(),
            hosts: of.hosts.clone(),
            file_roots: of.file_roots.iter().map(Into::into).collect(),
            private_addresses: of.private_addresses,
        }
    }

    /// Which chats may be written to (A27).
    pub fn webhook_rules(&self) -> WebhookRules {
        let of = &self.telling;
        address_rules(&of.protocols, &of.hosts, of.private_addresses)
    }

    /// Which programs may be asked for what the facility has (A18, A27).
    pub fn import_rules(&self) -> WebhookRules {
        let of = &self.imports;
        address_rules(&of.protocols, &of.hosts, of.private_addresses)
    }

    /// Which addresses identity providers may have.
    pub fn identity_rules(&self) -> WebhookRules {
        let of = &self.identity;
        address_rules(&of.protocols, &[], of.private_addresses)
    }

    /// How patient whoever compares what runs with the record is (G10).
    pub fn patience(&self) -> Patience {
        Patience {
            grace: Duration::minutes(self.observations.grace_minutes.into()),
            silent_after_minutes: self.observations.silent_after_minutes,
        }
    }

    /// What a release's tag may be called (G2).
    pub fn tag_rule(&self) -> TagRule {
        TagRule::new(self.releases.tag_rule.source()).expect("the policy was read with this expression")
    }
}

fn address_rules(protocols: &[String], hosts: &[String], private_addresses: bool) -> WebhookRules {
    let has = |name: &str| protocols.iter().any(|p| p == name);
    WebhookRules { https: has("https"), http_loopback: has("http-loopback"), hosts: hosts.to_vec(), private_addresses }
}
