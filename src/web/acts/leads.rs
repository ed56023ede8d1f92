//! What happens then, from the view of whoever presses the button.

use crate::{
    domain::lifecycle::{
        CommandKind,
        table::{Leads, rule},
    },
    service::prepare::ActContext,
};

/// Whether the act ends, stops or takes something away: its form asks before it is done.
pub fn is_grave(act: CommandKind) -> bool {
    use CommandKind::*;
    matches!(
        act,
        Decline
            | Withdraw
            | RevokeAccess
            | TakeOver
            | ReturnToDevelopment
            | WithdrawApproval
            | Remove
            | HandBack
            | ShutDown
            | ForgetFramework
            | RemoveContributor
            | Retire
    )
}

/// One or two sentences under the title.
pub fn lead(act: CommandKind, cx: &ActContext) -> String {
    use CommandKind::*;
    let contact = cx.device.ctrl_contact.map_or("the CTRL contact", |c| cx.people.name(c));
    let review = cx.device.review();
    let commit = review.and_then(|r| r.commit.as_ref());
    match act {
        Submit | Amend => String::new(),
        TakeRequest => "You become its CTRL contact: you clarify the request, invite whom it needs, and sign off each point.".to_owned(),
        AssignContact => "They take care of this device from now on, and are told at once.".to_owned(),
        Invite => "They are told, and can take part in the discussion of this request.".to_owned(),
        RaisePoint => format!("It joins the points that {contact} signs off before the request can be accepted."),
        AnswerPoint => format!("{contact} reads it, and signs the point off once it is clear."),
        SignOffPoint => "It counts as clarified. A change of the request opens it again.".to_owned(),
        RaiseReservation => "The request is not accepted before it is answered and you accept the answer.".to_owned(),
        AnswerReservation => "Whoever raised it reads the answer and accepts it, or asks again.".to_owned(),
        AcceptReservation => "The reservation is resolved; question and answer stay on record.".to_owned(),
        SignOffArea => "Your sign-off as an expert goes on record. The transfer will need two approvals.".to_owned(),
        Accept => "Preparation begins: a development server, access, training. Nothing is supported yet.".to_owned(),
        Decline => "The request ends here. Its contributors are told the reason, and can ask anew.".to_owned(),
        Withdraw => "It ends here and stays on record. A new request starts from the beginning.".to_owned(),
        AssignServer => "Contributors develop there; it is left out of CTRL’s own deployment.".to_owned(),
        CommitToUpdates => "You commit, for all contributors, to mandatory updates of the host and to code versioned in the registered repository. Custody reads the repository at once.".to_owned(),
        GrantAccess => "They may work on the development host. It is on record until it is revoked.".to_owned(),
        RevokeAccess => "They cannot work on the development host any more.".to_owned(),
        DeclareFramework => "The board and the device page say which of the two it is.".to_owned(),
        RecordTraining => "They keep it over all their devices until it expires.".to_owned(),
        StartDevelopment => "Reduced support begins: the contributors develop it, CTRL helps as best effort.".to_owned(),
        AskHelp => "CTRL is told. It goes into the help log, and is answered as best effort.".to_owned(),
        ScheduleHelp => "The contributors see the day in the help log.".to_owned(),
        LogHelp => "It stays in the help log of this device.".to_owned(),
        StateOperated => "It is on record once a user of the device, who is not a contributor, countersigns it.".to_owned(),
        Countersign => match &cx.device.cycle.operated {
            Some(o) => format!(
                "You confirm, as a user, what {} stated: at {} from {} to {}. {}",
                cx.people.name(o.stated.mark.by), o.instrument, o.from, o.to, o.stated.text
            ),
            None => "There is no statement yet: a contributor makes one first.".to_owned(),
        },
        RequestTransfer => "The review begins. It stays in reduced support until CTRL has taken ownership.".to_owned(),
        TakeOver => "The review begins without the contributors having asked. It is mandatory all the same.".to_owned(),
        RecordOverview => "Both sides read it before they agree on a timeline.".to_owned(),
        ProposeTimeline => "Your side agrees by proposing it; the other side agrees or proposes another. A change needs both again.".to_owned(),
        AgreeTimeline => match review.and_then(|r| r.timeline.as_ref()) {
            Some(t) => {
                let steps: Vec<String> = t.milestones.iter().map(|m| format!("{} by {}", m.name, m.due)).collect();
                format!("You agree for your side: {}.", steps.join("; "))
            }
            None => "There is no timeline yet: either side proposes one.".to_owned(),
        },
        ReachMilestone => "It counts as reached today.".to_owned(),
        ProposeCommit => "It becomes the commit under review. Evidence and approvals for another commit no longer count.".to_owned(),
        GiveEvidence => match commit {
            Some(c) => format!("It is bound to {}: {}", c.facts.commit.short(), c.facts.subject),
            None => "Evidence is for one commit: a contributor proposes it first.".to_owned(),
        },
        RaiseFinding => "The contributor is told and follows it up. Nothing is approved before you have accepted the answer.".to_owned(),
        AnswerFinding => "The reviewer who raised it verifies it next.".to_owned(),
        AcceptFinding => "The finding is closed.".to_owned(),
        SendBackFinding => "It is the contributor’s turn again.".to_owned(),
        JoinReview => "You take part in the review beside the contributor who asked for it.".to_owned(),
        Approve => match commit {
            Some(c) => format!("Your approval is for this commit only: {} {}", c.facts.commit.short(), c.facts.subject),
            None => "A contributor proposes a commit first.".to_owned(),
        },
        WithdrawApproval => "Your approval counts no longer; the reason stays on record.".to_owned(),
        ReportTask => "CTRL reads what you did to help with the take-over.".to_owned(),
        ReturnToDevelopment => "The review ends without a transfer; approvals, findings and evidence end with it.".to_owned(),
        TakeOwnership => "CTRL owns it from now on and supports it fully: deployments, fixes and tags are CTRL’s.".to_owned(),
        VerifyTag => "Custody reads the repository and puts the tag on record with its commit. A release never changes.".to_owned(),
        CheckTag => "Custody reads the repository: a tag that moved or vanished raises an alarm.".to_owned(),
        CheckRepository => "Custody reads the repository and notes whether it answers.".to_owned(),
        Deploy if review.is_some() && cx.policy.permits.required => "It goes on record as placed there by hand, which is not enough for CTRL to take it over: for that a deploy tool asks for a permit.".to_owned(),
        Deploy => "It goes on record as placed there. What really runs is seen by the agents.".to_owned(),
        RedeemPermit => "A deploy tool redeems the permit that it was given.".to_owned(),
        GiveBack => "Custody takes back what was placed for a deployment that came to nothing.".to_owned(),
        AskOverride => format!("For an emergency: a second person of CTRL has to approve it. It lets one release onto one server without what you name, for {} hours at most, and stands on the board while it lasts. It never skips who you are, the tag rule or four eyes.", cx.policy.overrides.longest_hours),
        ApproveOverride => "It counts from then on until its end. The operators and everybody who has to do with the device are told.".to_owned(),
        EndOverride => "What it let through is asked for again at once. It cannot be taken up again: a new one is needed.".to_owned(),
        MoveOnByItself => "Once a deployment of a tag in development has succeeded, Custody asks for the same release in production, in your name and before the same gates. What is refused is told, and not tried again; a repository that cannot be read is tried again.".to_owned(),
        StopMovingOn => "From now on somebody asks for each deployment in production.".to_owned(),
        HoldMovingOn => "Nothing moves on by itself until somebody of CTRL lifts the hold. Everybody who has to do with the device is told.".to_owned(),
        LiftHold => match &cx.device.moving_on.hold {
            Some(hold) => format!("It is held by {}: {} What succeeds in development from now on moves on by itself again.", hold.by.map_or("Custody", |p| cx.people.name(p)), hold.reason),
            None => "Nothing holds it.".to_owned(),
        },
        MoveOn => "Custody moves on what has succeeded in development.".to_owned(),
        StayInDevelopment => "Custody says why it did not move on.".to_owned(),
        BuildAgainst => "Custody reads the framework’s version from this file at each tag. A version that is rejected by then does not go into production; an outdated one is proposed to be updated.".to_owned(),
        ForgetFramework => "Custody reads no version any more, and production does not ask for one. What was read is gone from the releases.".to_owned(),
        ReadFramework => "Custody reads the repository at this release’s own commit.".to_owned(),
        NoteUpdate => "Custody pushes the update as a branch of its own.".to_owned(),
        Remove => "It is no longer placed there. An instance that still runs there shows as a violation.".to_owned(),
        HandBack => "Ownership goes back to the contributors and support is restricted at once. The way back leads through discussion and review.".to_owned(),
        ExtendLoan => "The hand-back ends on the new day; everybody is reminded before.".to_owned(),
        AnswerDone => "Your answer is kept with the device.".to_owned(),
        ShutDown => "It is marked as shut down at once: every contact and the whole shift are told, and nothing of it is deployed until it is restarted. Custody does not stop it: stop it on its server yourself.".to_owned(),
        Restart => "It may run again. Every contact and the shift are told.".to_owned(),
        SetContacts => "Operators call them in this order. Whoever is new or changed confirms it themselves.".to_owned(),
        ConfirmContact => format!(
            "You say that operators can call you for this device as listed. It counts for {} days.",
            cx.policy.support.contact_confirmation_days
        ),
        SetOperatorRules => "Operators read it wherever the device is shown.".to_owned(),
        SetDependencies => "A new release of one of them asks for this device to be tried out with it again. That keeps nobody from anything: it shows, and what came of it stays on record.".to_owned(),
        AddContributor => "They answer for the device like you, and can never approve it.".to_owned(),
        RemoveContributor => "They have no part in the device any more. Another one must be left.".to_owned(),
        OfferAdoption => "CTRL decides on the offer. If it is accepted, you become its contributor.".to_owned(),
        AcceptAdoption => "They become its contributor in place of those who are gone.".to_owned(),
        Retire => "It ends here, for everybody, and stays on record. Its name is not given to another device.".to_owned(),
    }
}

/// Where the state is after it, for the line under the button.
pub fn leads_to(act: CommandKind) -> Option<&'static str> {
    match rule(act).leads {
        Leads::To(state) => Some(state.label()),
        Leads::Overlay | Leads::Nowhere => None,
    }
}
