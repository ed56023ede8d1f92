//! What an event says to a reader, and who has to hear of it.

use super::{
    due::in_words,
    framework::BuiltWith,
    id::PersonId,
    lifecycle::{Event, Happened as H},
    naming::with_names,
    person::People,
    policy::Policy,
    review::Ground,
};

/// The event as a sentence without its subject: `proposed a timeline that ends 14 Dec 2026.`
pub fn tell(event: &Event, people: &People, policy: &Policy) -> String {
    let name = |p: &PersonId| people.name(*p).to_owned();
    match &event.what {
        H::Submitted { application } => format!("asked to contribute {}.", application.request.name),
        H::Imported { imported } => imported.tell(),
        H::Amended { .. } => "changed the request; its points are to be signed off again.".to_owned(),
        H::ContactAssigned { person } if Some(*person) == event.by => "became its CTRL contact.".to_owned(),
        H::ContactAssigned { person } => format!("made {} its CTRL contact.", name(person)),
        H::Invited { person } => format!("invited {} to the discussion.", name(person)),
        H::PointRaised { point, text } => format!("raised point {point}: {text}"),
        H::PointAnswered { point, text } => format!("answered point {point}: {text}"),
        H::PointSignedOff { point } => format!("signed off point {point}."),
        H::ReservationRaised { reservation, text } => format!("raised reservation {reservation}: {text}"),
        H::ReservationAnswered { reservation, text } => format!("answered reservation {reservation}: {text}"),
        H::ReservationAccepted { reservation } => format!("accepted the answer to reservation {reservation}."),
        H::AreaSignedOff { area, text } => format!("signed off {}. {text}", policy.area_name(area)).trim().to_owned(),
        H::Accepted => "accepted the request.".to_owned(),
        H::Declined { reason } => format!("declined the request: {reason}"),
        H::Withdrawn { reason } => format!("withdrew it: {reason}"),
        H::ServerAssigned { server } => format!("assigned the development server {server}."),
        H::CommittedToUpdates => "committed to mandatory updates and versioned code.".to_owned(),
        H::AccessGranted { person } => format!("gave {} access to the development host.", name(person)),
        H::AccessRevoked { person } => format!("took {}’s access to the development host back.", name(person)),
        H::FrameworkDeclared { modified: true } => {
            "declared that the framework is modified there: the whole service has no support.".to_owned()
        }
        H::FrameworkDeclared { modified: false } => "declared that devices only are developed there.".to_owned(),
        H::Trained { person, until } => {
            let topics: Vec<&str> = until
                .keys()
                .map(|t| policy.training.topics.iter().find(|k| k.id == *t).map_or(t.as_str(), |k| &k.name))
                .collect();
            format!("trained {} in {}.", name(person), topics.join(", "))
        }
        H::DevelopmentStarted => "started development: reduced support begins.".to_owned(),
        H::HelpAsked { kind, text, .. } => format!("asked for help ({}): {text}", kind.words().to_lowercase()),
        H::HelpScheduled { entry, on } => format!("scheduled help {entry} for {on}."),
        H::HelpGiven { kind, text, .. } => format!("helped ({}): {text}", kind.words().to_lowercase()),
        H::OperatedStated { from, to, instrument, text } => {
            format!("stated that it worked at {instrument} from {} to {}: {text}", in_words(*from), in_words(*to))
        }
        H::Countersigned => "countersigned that it worked in its intended scenario.".to_owned(),
        H::TransferRequested => "asked CTRL to take it over: the review begins.".to_owned(),
        H::TakenOver { ground: Ground::Orphaned {}, reason } => {
            format!("took it over for CTRL, as its authors are gone: {reason}")
        }
        H::TakenOver { ground: Ground::NeededElsewhere { instrument, task }, reason } => {
            format!("took it over for CTRL, as {instrument} needs it: {} The author’s task: {task}", ended(reason))
        }
        H::OverviewRecorded { text } => format!("recorded a first overview: {text}"),
        H::TimelineProposed { milestones, .. } => match milestones.last() {
            Some(m) => format!("proposed a timeline that ends {}.", in_words(m.due)),
            None => "proposed a timeline.".to_owned(),
        },
        H::TimelineAgreed { .. } => "agreed to the timeline.".to_owned(),
        H::MilestoneReached { milestone } => format!("marked milestone {milestone} as reached."),
        H::CommitProposed { facts } => {
            format!("proposed {} for review: {}", facts.commit.short(), facts.subject)
        }
        H::EvidenceGiven { item, commit, passed, .. } => format!(
            "showed “{}” {} for {}.",
            policy.item_name(item),
            if *passed { "met" } else { "failed" },
            commit.short()
        ),
        H::FindingRaised { finding, text, .. } => format!("raised finding {finding}: {text}"),
        H::FindingAnswered { finding, text } => format!("answered finding {finding}: {text}"),
        H::FindingAccepted { finding } => format!("accepted the answer to finding {finding}."),
        H::FindingSentBack { finding, text } => format!("sent finding {finding} back: {text}"),
        H::ReviewJoined => "joined the review.".to_owned(),
        H::Approved { commit, .. } => format!("approved {}.", commit.short()),
        H::ApprovalWithdrawn { reason } => format!("withdrew their approval: {reason}"),
        H::TaskReported { text } => format!("reported on the task: {text}"),
        H::ReturnedToDevelopment { reason } => format!("returned it to development: {reason}"),
        H::OwnershipTaken { owned } => format!(
            "took ownership for CTRL, in {}{}.",
            owned.release,
            if owned.second_joined { "" } else { "; no second contributor had joined the review" }
        ),
        H::TagVerified { verified, framework } => {
            let built = match framework.as_ref().and_then(|f| Some((f.framework(), f.version()?))) {
                Some((framework, version)) => format!(", built against {framework} {version}"),
                None => String::new(),
            };
            format!("had {} verified: it is {}{built}.", verified.tag, verified.commit.short())
        }
        H::TagMoved { tag, to } => format!("found that the tag {tag} moved to {}.", to.short()),
        H::TagVanished { tag } => format!("found that the tag {tag} vanished."),
        H::TagRestored { tag } => format!("found the tag {tag} as it was verified again."),
        H::RepositoryReached { head } => format!("reached the repository, at {}.", head.short()),
        H::RepositoryLost { why } => format!("could not read the repository: {why}"),
        H::Deployed { server, release: Some(tag), moved_on: Some(_), .. } => {
            format!("had Custody move {tag} on to {server} by itself, as set: it had succeeded in development.")
        }
        H::Deployed { server, release: Some(tag), .. } => format!("deployed {tag} to {server}."),
        H::Deployed { server, release: None, .. } => format!("placed it on {server} for hot development."),
        H::Removed { server } => format!("removed it from {server}."),
        H::PermitRedeemed { server, tag } => format!("began to deploy {tag} to {server} by permit."),
        H::GivenBack { server, tag, back, why } => {
            let to = match back.as_slice() {
                [] => "nothing is placed there".to_owned(),
                places => {
                    let each = places.iter().map(|p| {
                        let what = p.release.as_ref().map_or_else(|| "hot development".to_owned(), ToString::to_string);
                        format!("{what} on {}", p.server)
                    });
                    format!("{} is on record again", each.collect::<Vec<_>>().join(", "))
                }
            };
            format!("took {tag} on {server} back, {to}: {why}")
        }
        H::SetToMoveOn { server } => {
            format!("set it to move on to {server} by itself once it has succeeded in development.")
        }
        H::MovingOnStopped => "stopped it from moving on by itself.".to_owned(),
        H::MovingOnHeld { reason, .. } => format!("put a hold on moving on by itself: {reason}"),
        H::HoldLifted { reason } => format!("lifted the hold on moving on by itself: {reason}"),
        H::StayedInDevelopment { server, tag, why } => {
            format!("did not move {tag} on to {server}: {}", with_names(why, people))
        }
        H::BuiltAgainstSet { against } => {
            format!("said that {} names the version of {} that it is built against.", against.file, against.framework)
        }
        H::FrameworkForgotten => "said that nothing is asked of its framework.".to_owned(),
        H::FrameworkRead { tag, built: BuiltWith::Read { framework, version } } => {
            format!("read that {tag} is built against {framework} {version}.")
        }
        H::FrameworkRead { tag, built: BuiltWith::NotFound { why, .. } } => {
            format!("found no version of the framework in {tag}: {why}")
        }
        H::UpdateProposed { framework, version, branch, .. } => {
            format!("proposed the update to {framework} {version}: the branch {branch} is in the repository.")
        }
        H::OverrideAsked { number, tag, server, skips, until, reason } => {
            let skips: Vec<&str> = skips.iter().map(|s| s.label()).collect();
            let until = until.with_timezone(&policy.facility.time_zone).format("%-d %b %Y, %H:%M %Z");
            format!(
                "asked for override {number}: {tag} onto {server} without {}, until {until}: {}",
                skips.join(", "),
                ended(reason)
            )
        }
        H::OverrideApproved { number } => format!("approved override {number}: it counts from now on."),
        H::OverrideEnded { number, reason, had_begun: true } => format!("ended override {number}: {reason}"),
        H::OverrideEnded { number, reason, had_begun: false } => {
            format!("ended override {number}, which nobody had approved: {reason}")
        }
        H::HandedBack { server, base, until, reason } => format!(
            "handed it back to {server}, from {base}{}: {reason}",
            until.map_or_else(String::new, |u| format!(", until {}", in_words(u)))
        ),
        H::LoanExtended { until, reason } => format!("extended the hand-back until {}: {reason}", in_words(*until)),
        H::DoneAnswered { reached, text } => {
            format!("answered that “done” was {}. {text}", if *reached { "reached" } else { "not reached" })
                .trim()
                .to_owned()
        }
        H::ShutDown { reason, affected, responsible, conditions } => {
            format!(
                "shut it down: {} Affected: {} For the restart: {}. {conditions}",
                ended(reason),
                ended(affected),
                name(responsible)
            )
        }
        H::Restarted { text } => format!("lifted the shutdown: {text}"),
        H::ContactsSet { contacts } => {
            format!("named the support contacts: {}.", people.names(contacts.iter().map(|c| &c.person)))
        }
        H::ContactConfirmed => "confirmed that they can be called.".to_owned(),
        H::ConfirmationEnded { person } => {
            format!("changed the number of {}, who confirms anew that they can be called.", name(person))
        }
        H::OperatorRulesSet { operators } => {
            format!("changed what operators may do: {}.", operators.when_stopped.words().to_lowercase())
        }
        H::DependenciesSet { on } if on.is_empty() => "said that it depends on no other device.".to_owned(),
        H::DependenciesSet { on } => {
            let names: Vec<&str> = on.keys().map(String::as_str).collect();
            format!("said what it depends on: {}.", names.join(", "))
        }
        H::ContributorAdded { person } => format!("added {} as a contributor.", name(person)),
        H::ContributorRemoved { person } => format!("removed {} as a contributor.", name(person)),
        H::AdoptionOffered { reason } => format!("offered to adopt it: {reason}"),
        H::Adopted { person } => format!("gave it to {}, who adopts it.", name(person)),
        H::Retired { reason } => format!("retired it: {reason}"),
    }
}

/// Somebody's own words as a sentence, so that another one can follow.
fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// Who has to hear of an event, besides whoever did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    /// Those who have to do with the device.
    Device,
    /// And the whole shift (N5).
    DeviceAndShift,
    /// These people only.
    People(Vec<PersonId>),
}

pub fn audience(what: &H) -> Audience {
    match what {
        H::ShutDown { .. }
        | H::Restarted { .. }
        | H::OverrideApproved { .. }
        | H::OverrideEnded { had_begun: true, .. } => Audience::DeviceAndShift,
        H::Invited { person }
        | H::AccessGranted { person }
        | H::AccessRevoked { person }
        | H::Trained { person, .. }
        | H::ContributorAdded { person }
        | H::ContributorRemoved { person }
        | H::ContactAssigned { person } => Audience::People(vec![*person]),
        H::ContactsSet { contacts } => Audience::People(contacts.iter().map(|c| c.person).collect()),
        // Nothing happened to it: hundreds may come at once.
        H::Imported { .. }
        | H::EvidenceGiven { passed: true, .. }
        | H::RepositoryReached { .. }
        | H::RepositoryLost { .. }
        | H::ContactConfirmed
        // They are asked, which tells them.
        | H::ConfirmationEnded { .. }
        | H::CommittedToUpdates
        | H::OperatorRulesSet { .. }
        | H::DependenciesSet { .. }
        | H::PermitRedeemed { .. }
        | H::BuiltAgainstSet { .. }
        | H::FrameworkRead { .. }
        | H::TagRestored { .. } => Audience::Nobody,
        _ => Audience::Device,
    }
}
