//! Releases, places, hand-back, and what can happen at any time (G1, G2, B1 to B4, N4 to N6, L4, O6, T10).

use super::{Event, development::revoke, discussion::open_points};
use crate::domain::{
    cycle::{Cycle, Mark, Remark},
    device::{Device, DoneAnswer, Placement, RepositoryState, ShutDown},
    lifecycle::{event::Happened as H, state::State},
    moving_on::{ByItself, Hold},
    overrides::{Ended, Override},
    release::{Release, TagNow},
    server::SupportClass,
    tag::TagName,
};

pub(super) fn apply(d: &mut Device, event: &Event, mark: Mark) {
    let at = event.at;
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    match &event.what {
        H::HandedBack { server, base, until, .. } => {
            let modified = d.cycle.setup.framework_modified;
            d.state = State::ReducedSupport { since: at };
            d.cycle = Cycle::open(d.cycle.number + 1, at);
            d.cycle.base = Some(base.clone());
            d.cycle.loan_until = *until;
            d.cycle.setup.framework_modified = modified;
            // Where it goes in production is said anew once CTRL owns it again.
            d.moving_on.by_itself = None;
            open_points(d, mark);
            d.placements = vec![Placement {
                server: server.clone(),
                class: SupportClass::Reduced,
                release: None,
                mark,
                permit: None,
            }];
        }
        H::LoanExtended { until, .. } => d.cycle.loan_until = Some(*until),
        H::DoneAnswered { reached, text } => {
            d.done_answers.push(DoneAnswer { reached: *reached, remark: remark(text) });
        }

        H::TagVerified { verified, framework } => {
            let (verified, framework) = (verified.clone(), framework.clone());
            d.releases.push(Release { verified, at, tag_now: TagNow::Stands, framework });
        }
        H::TagMoved { tag, to } => {
            // Somebody rewrote what was approved: it is looked at again (A3).
            let commit = d.release(tag).map(|r| r.commit().clone());
            if let State::UnderReview { review, .. } = &mut d.state
                && review.commit() == commit.as_ref()
            {
                review.approvals.clear();
            }
            set_tag(d, tag, TagNow::Moved { to: to.clone(), at });
        }
        H::TagVanished { tag } => set_tag(d, tag, TagNow::Vanished { at }),
        H::TagRestored { tag } => set_tag(d, tag, TagNow::Stands),
        H::RepositoryReached { head } => {
            d.repository = Some(RepositoryState { at, reached: Ok(head.clone()) });
        }
        H::RepositoryLost { why } => {
            d.repository = Some(RepositoryState { at, reached: Err(why.clone()) });
        }
        H::Deployed { server, class, release, .. } => {
            // One class only: what it was on before goes in the same step (N2, T8).
            d.placements.retain(|p| p.class == *class && p.server != *server);
            d.placements.push(Placement {
                server: server.clone(),
                class: *class,
                release: release.clone(),
                mark,
                permit: None,
            });
        }
        H::Removed { server } => d.placements.retain(|p| p.server != *server),
        H::PermitRedeemed { server, .. } => {
            for p in d.placements.iter_mut().filter(|p| p.server == *server) {
                p.permit = Some(at);
            }
        }
        H::GivenBack { server, back, .. } => {
            d.placements.retain(|p| p.server != *server);
            d.placements.extend(back.iter().cloned());
        }

        H::SetToMoveOn { server } => d.moving_on.by_itself = Some(ByItself { server: server.clone(), set: mark }),
        H::MovingOnStopped => d.moving_on.by_itself = None,
        H::MovingOnHeld { cause, reason, because_of } => {
            d.moving_on.hold = Some(Hold { cause: *cause, reason: reason.clone(), by: *because_of, at });
        }
        H::HoldLifted { .. } => d.moving_on.hold = None,
        H::OverrideAsked { number, tag, server, skips, until, reason } => d.overrides.push(Override {
            number: *number,
            tag: tag.clone(),
            server: server.clone(),
            skips: skips.clone(),
            asked: remark(reason),
            until: *until,
            approved: None,
            ended: None,
        }),
        H::OverrideApproved { number } => {
            for o in d.overrides.iter_mut().filter(|o| o.number == *number) {
                o.approved = Some(mark);
            }
        }
        H::OverrideEnded { number, reason, .. } => {
            for o in d.overrides.iter_mut().filter(|o| o.number == *number) {
                o.ended = Some(Ended { by: event.by, at, reason: reason.clone() });
            }
        }

        H::ShutDown { reason, affected, responsible, conditions } => {
            d.shut_down = Some(ShutDown {
                reason: remark(reason),
                affected: affected.clone(),
                responsible: *responsible,
                conditions: conditions.clone(),
            });
        }
        H::Restarted { .. } => {
            d.shut_down = None;
            d.restarted = Some(at);
        }
        H::ContactsSet { contacts } => d.contacts = contacts.clone(),
        H::ContactConfirmed => {
            for c in d.contacts.iter_mut().filter(|c| Some(c.person) == event.by) {
                c.confirmed = Some(at);
            }
        }
        H::ConfirmationEnded { person } => {
            for c in d.contacts.iter_mut().filter(|c| c.person == *person) {
                c.confirmed = None;
            }
        }
        H::OperatorRulesSet { operators } => d.operators = operators.clone(),
        H::DependenciesSet { on } => d.depends_on = on.clone(),
        H::ContributorAdded { person } => {
            d.contributors.insert(*person);
        }
        H::ContributorRemoved { person } => {
            d.contributors.remove(person);
            d.cycle.left.insert(*person);
            revoke(&mut d.cycle.setup, Some(*person), mark);
        }
        H::AdoptionOffered { reason } => d.offers.push(remark(reason)),
        H::Adopted { person } => {
            revoke(&mut d.cycle.setup, None, mark);
            let before = std::mem::replace(&mut d.contributors, [*person].into());
            d.cycle.left.extend(before);
            d.contacts.clear();
            d.offers.clear();
        }
        _ => {}
    }
}

fn set_tag(d: &mut Device, tag: &TagName, now: TagNow) {
    for r in d.releases.iter_mut().filter(|r| r.tag() == tag) {
        r.tag_now = now.clone();
    }
}
