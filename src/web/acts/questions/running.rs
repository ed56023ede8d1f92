//! Releases, places, ownership, and what can be done at any time (G, B, N, L4, O6, T10).

use super::{Question, Typed, area, choices, date, line, name, optional_select, radio, reason, rows, select};
use crate::{
    domain::{contact::WhenStopped, lifecycle::CommandKind, overrides::Standing, person::Role, server::SupportClass},
    service::prepare::ActContext,
    web::parts::{Choice, Field},
};
use strum::IntoEnumIterator;

pub fn questions(act: CommandKind, cx: &ActContext, typed: &Typed) -> Vec<Question> {
    use CommandKind::*;
    let d = &cx.device;
    match act {
        VerifyTag => vec![
            name("tag", "Tag", "Enter the tag’s name, like 1.4.2")
                .hint(&format!("As git prints it, like 1.4.2. Its commit has to be on {}.", d.request.trunk)),
        ],
        CheckTag => {
            let all = d.releases.iter().rev().map(|r| Choice::new(r.tag().as_str(), r.tag().as_str())).collect();
            vec![select("tag", "Tag", all, "Choose a release on record")]
        }
        Deploy => vec![
            select("server", "Onto which server?", choices::servers(cx, None), "Choose a server that is on record"),
            optional_select(
                "tag",
                "Which release?",
                "No release: hot development",
                choices::tags(cx),
                "Choose a release on record",
            )
            .hint("A full-support server takes a verified tag and nothing else."),
        ],
        Remove => {
            let all =
                d.placements.iter().map(|p| Choice::new(&p.server.0, &format!("{}, {}", p.server, p.class.words())));
            vec![select("server", "From which server?", all.collect(), "Choose a server that it is placed on")]
        }
        AskOverride => vec![
            select("tag", "Which release?", choices::tags(cx), "Choose a release on record"),
            select("server", "Onto which server?", choices::servers(cx, None), "Choose a server that is on record"),
            Question::new(
                Field::checks("skips", "What is it to skip?", choices::skips()),
                "Choose at least one thing that it is to skip",
            ),
            line("hours", "For how many hours?", "Enter a whole number of hours, like 4")
                .hint(&format!("At most {}. It ends by itself then.", cx.policy.overrides.longest_hours))
                .value(cx.policy.overrides.usual_hours.to_string()),
            reason("What the emergency is, like: 1.5.0 loses frames, and beam time ends on Sunday."),
        ],
        ApproveOverride => vec![open_override(cx)],
        EndOverride => vec![open_override(cx), reason("Like: 1.5.1 has passed its stages.")],
        MoveOnByItself => vec![
            select(
                "server",
                "Onto which server of production?",
                choices::production_servers(cx),
                "Choose a server of production",
            )
            .value(d.moving_on.by_itself.as_ref().map_or("", |b| &b.server.0)),
        ],
        HoldMovingOn => vec![reason("Like: the new camera is not calibrated before Monday.")],
        LiftHold => vec![reason("Like: 2.4.1 mends what 2.4.0 broke.")],
        HandBack => vec![
            select(
                "server",
                "Development server",
                choices::servers(cx, Some(SupportClass::Reduced)),
                "Choose a reduced-support server, like cppServer/contrib_scs_01",
            ),
            date("until", "Until")
                .optional()
                .hint("Only for a hand-back for a short time. Everybody is reminded before it ends."),
            area("reason", "What is to be developed?", "Say what is to be developed, like: a second camera for run 24"),
        ],
        ExtendLoan => vec![date("until", "Until"), reason("Like: the new camera came two weeks late.")],
        AnswerDone => vec![
            radio(
                "reached",
                "Was it reached?",
                choices::yes_no("Yes, it was reached", "No, not yet"),
                "Choose whether “done” was reached",
            )
            .hint(&format!("What “done” meant when it was asked for: {}", d.request.done)),
            area("text", "What is missing, or what went well?", "Say what is missing").optional(),
        ],
        ShutDown => vec![
            area("reason", "Why?", "Say what it does to others, like: 4,100 messages per second on the SCS broker"),
            area(
                "affected",
                "Which services are affected?",
                "Name the affected services, like: every device on the SCS broker",
            ),
            select(
                "responsible",
                "Who is responsible for the restart?",
                responsible(cx),
                "Choose who is responsible for the restart",
            )
            .hint("They or CTRL restart it, nobody else."),
            area(
                "conditions",
                "On which conditions may it run again?",
                "Name the conditions, like: the message rate is limited to 10 Hz",
            ),
        ],
        Restart => vec![
            area(
                "text",
                "How are the conditions met?",
                "Say how the conditions are met, like: 2.4.0 limits the message rate",
            )
            .hint(&d.shut_down.as_ref().map_or_else(String::new, |s| format!("The conditions: {}", s.conditions))),
        ],
        SetContacts => rows::of_contacts(cx, typed),
        SetOperatorRules => vec![
            radio(
                "when_stopped",
                "When it stops, operators may",
                WhenStopped::iter().map(|w| Choice::new(w.into(), w.words())).collect(),
                "Choose what operators may do when it stops",
            )
            .value(<&str>::from(d.operators.when_stopped)),
            radio(
                "may_stop",
                "May they stop it?",
                choices::yes_no("Yes, when it disturbs others", "No, call first"),
                "Choose whether operators may stop it",
            )
            .value(if d.operators.may_stop { "yes" } else { "no" }),
            Question::new(Field::area("note", "In your own words").rows(4).max(1000), "Say it in your own words")
                .optional()
                .hint("What else they must know at three in the morning, like: do not change its configuration.")
                .value(&d.operators.note),
        ],
        SetDependencies => {
            let names: Vec<&str> = d.depends_on.keys().map(String::as_str).collect();
            vec![
                area("on", "Which devices does it depend on?", "Enter the devices’ whole names, like beamMonitor")
                    .optional()
                    .hint("Whole names, one on each line: those without which it does not work as it should.")
                    .value(names.join("\n")),
            ]
        }
        AddContributor => vec![select(
            "person",
            "Who contributes too?",
            choices::people(cx, |p| !d.is_contributor(p.id)),
            "Choose somebody whose account is open",
        )],
        RemoveContributor => {
            vec![select(
                "person",
                "Who does not contribute any more?",
                choices::contributors(cx),
                "Choose a contributor",
            )]
        }
        OfferAdoption => vec![reason("Like: we use it at SPB and can maintain it.")],
        AcceptAdoption => vec![select(
            "person",
            "Whose offer?",
            choices::these(cx, d.offers.iter().map(|o| o.mark.by)),
            "Choose one of the offers",
        )],
        Retire => vec![reason("It stays on record, like: replaced by beamMonitor 2.")],
        _ => Vec::new(),
    }
}

/// Which override, in full: what is approved or ended is read here.
fn open_override(cx: &ActContext) -> Question {
    let open = cx.device.overrides.iter().filter(|o| o.standing(cx.now) != Standing::Over);
    let all: Vec<Choice> = open
        .map(|o| {
            let who = cx.people.name(o.asked.mark.by);
            let zone = cx.policy.facility.time_zone;
            let until = o.until.with_timezone(&zone).format("%-d %b %Y, %H:%M %Z");
            let label = format!(
                "{}: {} onto {} without {}, until {until}, asked for by {who}: {}",
                o.number,
                o.tag,
                o.server,
                o.skipped(),
                o.asked.text
            );
            Choice::new(&o.number.to_string(), &label)
        })
        .collect();
    radio("number", "Which override?", all, "Choose one of the overrides")
}

/// Its contributors first, then CTRL: one of them knows when it may run again.
fn responsible(cx: &ActContext) -> Vec<Choice> {
    let mut all = choices::people(cx, |p| cx.device.is_contributor(p.id));
    all.extend(choices::people(cx, |p| !cx.device.is_contributor(p.id) && p.has(&Role::Ctrl)));
    all
}
