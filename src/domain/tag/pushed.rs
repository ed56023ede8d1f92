//! A tag on its way into a device's repository, judged before it is there by the rules that it is verified by afterwards
//! (G2, T10). What the repository knows of it is told by the hook that asks.

use super::{CommitId, TagName, TagRule, found};
use crate::domain::{
    device::Device,
    lifecycle::StateName,
    person::{Person, Role},
    version::same_version,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A tag that is being made, moved or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its name as it came, without `refs/tags/`.
    pub name: String,
    /// What it names until now.
    pub old: Option<CommitId>,
    /// What it is to name; nothing where it is deleted.
    pub new: Option<CommitId>,
    /// What kind of object that is.
    pub kind: Kind,
    /// Whether it leads to a commit, through tags of tags as well.
    pub is_commit: bool,
    /// The branches which that commit is on once the push is taken.
    pub branches: BTreeSet<String>,
    /// Whether a branch has the same name.
    pub is_branch: bool,
}

/// The kinds of objects in git.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Tag,
    Commit,
    Tree,
    Blob,
}

/// One condition of a tag that is pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    pub device: String,
    pub id: &'static str,
    pub title: &'static str,
    pub met: bool,
    pub why: String,
}

/// Judges the tag for one device of the repository: every condition, met or not. `pusher`: whoever pushes, as far as
/// they are known here; `called`: as the repository's server calls them.
pub fn judge(
    device: &Device,
    rule: &TagRule,
    must_be_annotated: bool,
    pushed: &Pushed,
    pusher: &[&Person],
    called: &str,
) -> Vec<Condition> {
    if matches!(device.state.name(), StateName::Declined | StateName::Withdrawn | StateName::Retired) {
        return Vec::new();
    }
    let condition = |id, title, judged: Result<String, String>| Condition {
        device: device.name().to_owned(),
        id,
        title,
        met: judged.is_ok(),
        why: judged.unwrap_or_else(|why| why),
    };
    let name = TagName::parse(&pushed.name, rule);
    let mut all = Vec::new();
    if pushed.new.is_some() {
        let judged = name.as_ref().map(|t| format!("{t} follows the facility’s rule.")).map_err(ToString::to_string);
        all.push(condition("name", "The name is one of a release", judged));
    }
    if let Ok(tag) = &name {
        all.push(condition("stays", "A release stays what it is", stays(device, tag, pushed)));
        if pushed.new.is_some() {
            let object = object(tag, must_be_annotated, pushed);
            all.push(condition("object", "It is a tag of a commit", object));
            let trunk = &device.request.trunk;
            let on_it = pushed.is_commit && pushed.branches.contains(trunk);
            let judged = found::on_trunk(tag, trunk, on_it).map_err(|e| e.to_string());
            all.push(condition("trunk", "It is on the trunk", judged.map(|()| format!("It is on {trunk}."))));
        }
    }
    if device.state.name() == StateName::CtrlOwned {
        all.push(condition("pusher", "CTRL makes the tags of what it owns", by_ctrl(device, pusher, called)));
    }
    all
}

/// A release on record names one object for ever and is the only one of its version, however that is spelled; and a
/// version's tag does not move even before it is on record (A3).
fn stays(device: &Device, tag: &TagName, pushed: &Pushed) -> Result<String, String> {
    let (old, new) = (&pushed.old, &pushed.new);
    if let Some(release) = device.release(tag) {
        let object = &release.verified.object;
        return match new {
            None => Err(format!("{tag} is a release on record, and its tag stays.")),
            Some(new) if new != object => {
                Err(format!("{tag} is on record as {}, for ever: make a new tag.", release.commit().short()))
            }
            Some(_) => Ok(format!("{tag} names what is on record.")),
        };
    }
    let alike = device.releases.iter().find(|r| same_version(r.tag().as_str(), tag.as_str()));
    match (old, new, alike) {
        (Some(old), Some(new), _) if old != new => {
            Err(format!("{tag} names {} already, and a version’s tag does not move: make a new tag.", old.short()))
        }
        (None, Some(_), Some(r)) => {
            Err(format!("{tag} is the version of {}, a release on record: give it a version of its own.", r.tag()))
        }
        _ => Ok(format!("{tag} is not on record.")),
    }
}

fn object(tag: &TagName, must_be_annotated: bool, pushed: &Pushed) -> Result<String, String> {
    let kind: &str = pushed.kind.into();
    let judged = found::no_branch(tag, pushed.is_branch)
        .and_then(|()| found::a_commit(tag, (!pushed.is_commit).then_some(kind)))
        .and_then(|()| found::annotated(tag, pushed.kind == Kind::Tag, must_be_annotated));
    judged.map(|()| "It leads to a commit.".to_owned()).map_err(|e| e.to_string())
}

fn by_ctrl(device: &Device, pusher: &[&Person], called: &str) -> Result<String, String> {
    let called: String = called.escape_debug().take(80).collect();
    if pusher.iter().any(|p| p.has(&Role::Ctrl)) {
        return Ok(format!("{called} is of CTRL."));
    }
    let who = if called.is_empty() { "Whoever pushes this".to_owned() } else { called };
    Err(format!(
        "CTRL owns {}, and {who} is not known as one of CTRL: propose the change, and have CTRL tag it.",
        device.name()
    ))
}

#[cfg(test)]
mod tests;
