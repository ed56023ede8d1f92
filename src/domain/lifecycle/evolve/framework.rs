//! Which version of the framework it is built against (G6).

use super::Event;
use crate::domain::{
    device::Device,
    framework::{Built, Proposed},
    lifecycle::event::Happened as H,
};

pub(super) fn apply(d: &mut Device, event: &Event) {
    match &event.what {
        H::BuiltAgainstSet { against } => {
            d.built.against = Some(against.clone());
            // What was read by other words is read again.
            d.releases.iter_mut().for_each(|r| r.framework = None);
        }
        H::FrameworkForgotten => {
            d.built = Built::default();
            d.releases.iter_mut().for_each(|r| r.framework = None);
        }
        H::FrameworkRead { tag, built } => {
            for r in d.releases.iter_mut().filter(|r| r.tag() == tag) {
                r.framework = Some(built.clone());
            }
        }
        H::UpdateProposed { framework, version, branch, commit } => {
            d.built.proposed = Some(Proposed {
                framework: framework.clone(),
                version: version.clone(),
                branch: branch.clone(),
                commit: commit.clone(),
                at: event.at,
            });
        }
        _ => {}
    }
}
