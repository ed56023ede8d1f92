//! Samples of banners, empty states and errors.
use super::gates::blocked_box;
use crate::web::parts::*;

pub(super) fn banners() -> Vec<Banner> {
    vec![
        Banner::new(Tone::Info, "Rollout R-2025-11 is running.", "SCS devices restart until 14:20.")
            .link("See progress", "#"),
        Banner::new(Tone::Good, "Review asked for.", "Lena Brandt has it now."),
        Banner::new(Tone::Warn, "This page is not live.", "Last update 02:58:41. Names and numbers are still right.")
            .link("Reload", "#"),
        Banner::new(
            Tone::Bad,
            "A contributed device runs on a full-support server.",
            "`gotthard2Preview` on `cppServer/ctrl_hed_04` since 02:41.",
        )
        .link("Open", "#"),
    ]
}

pub(super) fn blanks() -> Vec<Blank> {
    vec![
        Blank::new("list", "Nothing waits for you", "5 reviews wait for contributors. You are told by mail when one comes back.").action(Action::link("See all CTRL reviews", "#")),
        Blank::new("plus", "You have no devices yet", "Ask to take part before you write code. CTRL talks it through with you and gives you a server.").action(Action::link("Request participation", "#").primary()),
        Blank {
            text: vec![
                "Did you mean `beamConditionCheck` (SCS, SQS)?".into(),
                "If it is running and is not listed here, treat it as not supported at all. Do not restart it. Call the DOC.".into(),
            ],
            ..Blank::new("search", "No registered device matches “beamcondtion”", "")
        }
        .action(Action::link("Call DOC on duty · +49 40 66969 100", "tel:+494066969100").primary().icon("call"))
        .action(Action::link("Report an unregistered device", "#").quiet()),
        Blank::new("search", "No device fits these filters", "Under review, SXP, not a clean tag.").action(Action::link("Clear filters", "#")),
    ]
}

pub(super) fn troubles() -> Vec<Trouble> {
    let change = |when: &str, who: &str, what: &str| Change { when: when.into(), who: who.into(), what: what.into() };
    vec![
        Trouble::not_found(),
        Trouble::forbidden("Only the CTRL contact accepts a request. This one’s is Lena Brandt."),
        Trouble::refused(
            "The review cannot start yet. What is open stands below, with whose turn it is.",
            blocked_box(),
        ),
        Trouble::stale(
            vec![
                change("2 min ago", "Lena Brandt", " agreed the transfer date, 14 December."),
                change("1 min ago", "Observer", " saw `2.4.2` on `contrib_sqs_02`."),
            ],
            "#",
        ),
        Trouble::unreadable("The page number is a whole number from 1 on, like `?page=2`."),
        Trouble::internal("01936f5e-7a54-7c3e-9a53-1f2f0a6c8e11"),
        Trouble::slow("/devices/7"),
        Trouble::not_now("/devices/7"),
        Trouble::unread("/devices/7"),
        Trouble::unavailable("/devices/7"),
        Trouble::busy("/devices/7"),
        Trouble::unconfirmed(),
    ]
}
