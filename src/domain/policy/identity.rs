//! `[identity]`: who says who somebody is (E1, A2, A32).

use serde::Serialize;

use super::Area;
use super::lists::Item;
use super::read::is_plain_word;
use super::source::{Found, Source};
use super::telling::protocols;
use crate::domain::nearest::nearest;

/// `[identity]`: local accounts, and the providers that people sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Whether Custody keeps names and passwords itself.
    pub local: bool,
    /// Of `https` and `http-loopback`; at least one, none twice.
    pub protocols: Vec<String>,
    /// Whether a provider's hosts may lead to private addresses.
    pub private_addresses: bool,
    /// The providers, in the order of their buttons; no two with the same id.
    pub providers: Vec<Provider>,
}

impl Identity {
    /// The provider of this id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.id == id)
    }
}

/// A provider of OpenID Connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provider {
    /// A part of the redirect address: never changed once in use.
    pub id: String,
    /// As its button shows it.
    pub name: String,
    /// The issuer, to the letter as the provider writes it.
    pub issuer: String,
    pub client_id: String,
    /// Where the client's secret is.
    pub secret: SecretPlace,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the person's groups; dots lead into objects.
    pub groups_claim: String,
    /// What its groups make of a person.
    pub rules: Vec<GroupRule>,
}

/// Where a secret is, which the policy never holds itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// The environment variable of this name.
    Variable(String),
    /// The file of this full path.
    File(String),
}

/// What kind of group a rule fills.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GroupKind {
    Ctrl,
    Experts,
    Doc,
    Admin,
    Contributors,
}

/// Who is in a group at the provider is in a group here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupRule {
    /// The group's name at the provider.
    pub group: String,
    /// The group's name here; it is made where it is missing.
    pub team: String,
    pub kind: GroupKind,
    /// The critical area's id, for experts and nobody else.
    pub area: Option<String>,
    /// Whether they review, in a team of CTRL (T4).
    pub reviewer: bool,
}

/// Every key of a provider's table.
const KEYS: [&str; 9] =
    ["id", "name", "issuer", "client_id", "secret_variable", "secret_file", "scopes", "groups_claim", "rules"];

/// Every key of a rule's table.
const RULE_KEYS: [&str; 5] = ["group", "team", "kind", "area", "reviewer"];

/// `areas` are the critical ones, which experts are experts for.
pub(super) fn identity(source: &Source<'_>, areas: &[Area]) -> Identity {
    let local = source.flag("identity", "local");
    let protocols = protocols(source, "identity", "Without a protocol no provider could be reached.");
    let loopback = protocols.iter().any(|protocol| protocol == "http-loopback");
    let items = source.tables("identity", "providers", &KEYS);
    if !local && items.value.is_empty() {
        let mut place = items.place;
        place.key = "identity.local".to_owned();
        place.span = source.given("identity", "local").and_then(super::source::span);
        let hint = "Name a provider below [[identity.providers]], or set local = true.";
        source.problem(&place, "Without local accounts and without a provider nobody could sign in.", hint);
    }
    let (mut ids, mut providers, mut rules) = (Vec::new(), Vec::new(), Vec::new());
    for item in &items.value {
        let id = source.item_text(item, "id");
        let named = id.as_ref().map(|id| id.value.clone());
        providers.extend(provider(source, item, named, loopback, areas, &mut rules));
        ids.extend(id);
    }
    for id in ids.iter().filter(|id| !is_plain_word(&id.value)) {
        let hint = "Use at most 64 small letters, digits and -, for example id = \"facility\".";
        source.problem(&id.place, format!("“{}” cannot be an id.", id.value), hint);
    }
    source.refuse_twice(&ids);
    Identity { local, private_addresses: source.flag("identity", "private_addresses"), providers, protocols }
}

/// One table; what is wrong in it is kept as a problem. Its rules join those of the tables before.
fn provider(
    source: &Source<'_>,
    item: &Item<'_>,
    id: Option<String>,
    loopback: bool,
    areas: &[Area],
    before: &mut Vec<GroupRule>,
) -> Option<Provider> {
    let name = source.item_text(item, "name");
    let issuer = source.item_text(item, "issuer");
    if let Some(issuer) = &issuer {
        refuse_odd(source, issuer, loopback);
    }
    let client_id = source.item_text(item, "client_id");
    let secret = secret(source, item);
    let scopes = source.item_texts_if(item, "scopes");
    // Source: RFC 6749, 3.3.
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    for scope in scopes.iter().filter(|scope| !scope.value.chars().all(plain)) {
        let hint = "Write each for itself, for example scopes = [\"profile\", \"email\", \"groups\"].";
        source.problem(&scope.place, format!("“{}” is not one scope.", scope.value), hint);
    }
    let scopes = match item.has("scopes") {
        true => scopes.into_iter().map(|scope| scope.value).filter(|scope| scope != "openid").collect(),
        false => vec!["profile".to_owned(), "email".to_owned()],
    };
    let groups_claim = source.item_text_if(item, "groups_claim").map_or_else(|| "groups".to_owned(), |f| f.value);
    let mut rules = Vec::new();
    for item in source.item_tables(item, "rules", &RULE_KEYS) {
        let Some(rule) = rule(source, &item, areas) else { continue };
        refuse_two_kinds(source, before, &rule, &item);
        before.push(rule.clone());
        rules.push(rule);
    }
    Some(Provider {
        id: id?,
        name: name?.value,
        issuer: issuer?.value,
        client_id: client_id?.value,
        secret: secret?,
        scopes,
        groups_claim,
        rules,
    })
}

fn secret(source: &Source<'_>, item: &Item<'_>) -> Option<SecretPlace> {
    let variable = source.item_text_if(item, "secret_variable");
    let file = source.item_text_if(item, "secret_file");
    match (variable, file) {
        (Some(variable), None) => {
            let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            if !variable.value.chars().all(plain) {
                let hint =
                    "Name the variable alone, like secret_variable = \"CUSTODY_SIGN_IN\"; the secret stands in it.";
                source.problem(&variable.place, "This is not the name of an environment variable.", hint);
            }
            Some(SecretPlace::Variable(variable.value))
        }
        (None, Some(file)) => {
            if !file.value.starts_with('/') || file.value.split('/').any(|part| part == "..") {
                let hint = "Write it from the root, without .., for example secret_file = \"/etc/custody/sign-in\".";
                source.problem(&file.place, format!("“{}” is not a full path.", file.value), hint);
            }
            Some(SecretPlace::File(file.value))
        }
        (Some(_), Some(file)) => {
            source.problem(&file.place, "The secret would be in two places.", "Keep secret_variable or secret_file.");
            None
        }
        (None, None) => {
            // A misspelt key, or the secret itself, is reported as such already.
            if !item.keys().any(|given| !KEYS.contains(&given) && given.contains("secret")) {
                let hint = "Add secret_variable = \"CUSTODY_SIGN_IN\" or secret_file = \"/etc/custody/sign-in\".";
                source.problem(&item.place, "It is not said where the client's secret is.", hint);
            }
            None
        }
    }
}

fn rule(source: &Source<'_>, item: &Item<'_>, areas: &[Area]) -> Option<GroupRule> {
    let (group, team) = (source.item_text(item, "group"), source.item_text(item, "team"));
    let kind = source.item_text(item, "kind").and_then(|found| kind(source, &found));
    let area = source.item_text_if(item, "area");
    let reviewer = source.item_flag(item, "reviewer");
    match (kind, &area) {
        (Some(GroupKind::Experts), None) => {
            let hint = "Add the area's id, for example area = \"machine-protection\".";
            source.problem(&item.place, "Experts are experts for an area.", hint);
        }
        (Some(GroupKind::Experts), Some(area)) if !areas.iter().any(|known| known.id == area.value) => {
            let hint = "Use an id of critical below [areas].";
            source.problem(&area.place, format!("There is no critical area “{}”.", area.value), hint);
        }
        (Some(GroupKind::Experts) | None, _) => {}
        (Some(_), Some(area)) => {
            source.problem(&area.place, "Only experts have an area.", "Take it out, or set kind = \"experts\".");
        }
        (Some(_), None) => {}
    }
    if reviewer && kind.is_some_and(|kind| kind != GroupKind::Ctrl) {
        let hint = "Take reviewer out, or set kind = \"ctrl\".";
        source.problem(&item.place, "Reviewers are members of a CTRL team (rule T4).", hint);
    }
    if let Some(team) = team.as_ref().filter(|team| team.value.chars().count() > 80 || team.value.contains('\n')) {
        source.problem(&team.place, "This is too long for a group's name.", "Use at most 80 characters on one line.");
    }
    Some(GroupRule { group: group?.value, team: team?.value, kind: kind?, area: area.map(|a| a.value), reviewer })
}

/// A group here is of one kind, and experts are for one area, whichever provider a rule is for: whoever one rule means
/// would have the rights of another.
fn refuse_two_kinds(source: &Source<'_>, before: &[GroupRule], rule: &GroupRule, item: &Item<'_>) {
    let Some(first) = before.iter().find(|first| first.team.eq_ignore_ascii_case(&rule.team)) else { return };
    if (first.kind, &first.area) != (rule.kind, &rule.area) {
        let reason = format!("A rule before makes another kind of group of “{}”: {}.", rule.team, first.kind);
        source.problem(&item.place, reason, "Name another team in one of them.");
    } else if first.team != rule.team {
        let reason = format!("A rule before writes “{}” as “{}”.", rule.team, first.team);
        source.problem(&item.place, reason, "Write a team’s name the same everywhere.");
    }
}

fn kind(source: &Source<'_>, found: &Found<String>) -> Option<GroupKind> {
    let known = found.value.parse().ok();
    if known.is_none() {
        let hint = match nearest(&found.value, ["ctrl", "experts", "doc", "admin", "contributors"]) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "There are ctrl, experts, doc, admin, contributors.".to_owned(),
        };
        source.problem(&found.place, format!("There is no kind “{}” of groups.", found.value), hint);
    }
    known
}

/// Source: OpenID Connect Discovery 1.0, 3: an issuer is https, without query and fragment.
fn refuse_odd(source: &Source<'_>, issuer: &Found<String>, loopback: bool) {
    let hint = "Copy it from the provider's documentation, like \"https://login.example.org/realms/facility\".";
    let Some(url) = url::Url::parse(&issuer.value).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
        source.problem(&issuer.place, format!("“{}” is not an issuer's address.", issuer.value), hint);
        return;
    };
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        source.problem(&issuer.place, "An issuer's address has no name, password, query or fragment.", hint);
    } else if issuer.value.ends_with("/.well-known/openid-configuration") {
        let hint = "Leave out /.well-known/openid-configuration: it is added.";
        source.problem(&issuer.place, "This is where the issuer describes itself, not the issuer.", hint);
    } else if url.scheme() == "http" && !loopback {
        let hint = "Use https; for a trial on this very machine add \"http-loopback\" to protocols.";
        source.problem(&issuer.place, "Who somebody is would be said over the network unencrypted.", hint);
    }
}
