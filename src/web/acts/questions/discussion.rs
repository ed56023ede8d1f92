//! The request and its discussion (L).

use super::{Question, area, choices, reason, select};
use crate::{
    domain::lifecycle::CommandKind,
    service::prepare::ActContext,
    web::parts::{Choice, Field, Kind},
};

pub fn questions(act: CommandKind, cx: &ActContext) -> Vec<Question> {
    use CommandKind::*;
    let d = &cx.device.cycle.discussion;
    match act {
        AssignContact => vec![select(
            "person",
            "CTRL contact",
            choices::ctrl(cx),
            "Choose a member of CTRL who is not a contributor of this device",
        )],
        Invite => vec![
            select(
                "person",
                "Who should join the discussion?",
                choices::people(cx, |p| !d.invited.contains(&p.id) && !cx.device.is_contributor(p.id)),
                "Choose the person to invite",
            )
            .hint("Somebody who knows the hardware, the network or a service that it touches."),
        ],
        RaisePoint => vec![
            area("text", "What has to be clarified?", "Say what has to be clarified, like: which topology is used?")
                .hint("One point, so that it can be signed off on its own."),
        ],
        AnswerPoint => vec![
            select("point", "Point", points(cx), "Choose the point that you answer"),
            area("text", "Your answer", "Write an answer, like: it reads one property every 10 s"),
        ],
        SignOffPoint => vec![select("point", "Point", points(cx), "Choose the point to sign off")],
        RaiseReservation => vec![
            area(
                "text",
                "What do you doubt?",
                "Say what you doubt, like: the broker cannot carry 4,000 messages a second",
            )
            .hint("It has to be addressed, and accepted by you, before the request can be accepted."),
        ],
        AnswerReservation => vec![
            select("reservation", "Reservation", reservations(cx), "Choose the reservation that you answer"),
            area("text", "How it is addressed", "Write how it is addressed, like: the rate is limited to 10 Hz"),
        ],
        AcceptReservation => {
            vec![select(
                "reservation",
                "Reservation",
                reservations(cx),
                "Choose the reservation whose answer you accept",
            )]
        }
        SignOffArea => {
            let areas = cx.device.request.areas.iter().map(|a| Choice::new(a, cx.policy.area_name(a))).collect();
            vec![
                select("area", "Critical area", areas, "Choose the critical area that you sign off"),
                Question::new(Field::new(Kind::Area, "text", "Conditions").max(4000), "Write the conditions")
                    .optional()
                    .hint("What must hold for your sign-off, like: never more than 10 pulses per train."),
            ]
        }
        Decline => {
            vec![reason("The contributors read it, like: beamMonitor does this already, ask Lena Brandt for access.")]
        }
        Withdraw => vec![reason("It stays on record, like: the experiment it was for is cancelled.")],
        _ => Vec::new(),
    }
}

fn points(cx: &ActContext) -> Vec<Choice> {
    let open = cx.device.cycle.discussion.points.iter().filter(|p| p.signed_off.is_none());
    open.map(|p| choices::numbered(p.id, p.section.map_or(p.raised.text.as_str(), |s| s.title()))).collect()
}

fn reservations(cx: &ActContext) -> Vec<Choice> {
    let open = cx.device.cycle.discussion.reservations.iter().filter(|r| r.accepted.is_none());
    open.map(|r| choices::numbered(r.id, &r.raised.text)).collect()
}
