//! `/my`: what waits for me, what I wait for and on whom (E4).

use super::{
    cadence::{self, Row},
    desk, gatebox,
    layout::{Layout, Section},
    parts::{Action, Side, Tone, WorkGroup, plural},
    problem::Answer,
    rollouts::mine::waits,
    visitor::{Member, flash},
    words,
};
use crate::{
    app::App,
    domain::person::Role,
    service::{
        self, outbox, retests,
        work::{self, Desk, Mine, Whose},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use uuid::Uuid;

pub fn routes() -> Router<App> {
    Router::new().route("/my", get(show)).route("/my/read", post(read))
}

/// Something to do that is no gate: a sentence and its button.
struct Todo {
    icon: &'static str,
    text: String,
    action: Option<Action>,
}

/// What somebody was told.
struct Note {
    device: String,
    href: String,
    text: String,
    when: String,
    new: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "my.html")]
struct MyPage {
    layout: Layout,
    lead: String,
    groups: Vec<WorkGroup>,
    todo: Vec<Todo>,
    /// What falls behind of the reader's devices (G7).
    behind: Vec<Row>,
    notes: Vec<Note>,
    unread: usize,
}

/// GET /my
async fn show(member: Member) -> Answer {
    let app = &member.visitor.app;
    let mut layout = member.layout(Section::Mine).await?;
    let mine = work::mine(app, &member.caller(), member.id()).await?;
    (layout.your_turn, layout.reviews) = mine.turns;
    // What somebody was not told is looked for by nobody else.
    let failed = if member.has(&Role::Admin) { outbox::count_failed(app).await? } else { 0 };
    let behind = service::cadence::of_person(app, member.id()).await?;
    let side = |w: &work::Work| if w.device.is_contributor(member.id()) { Side::Contributor } else { Side::Ctrl };
    // Of rollouts and local changes (R1 to R7).
    let more = waits(&member).await?.into_iter().map(|w| Todo { icon: w.icon, text: w.text, action: Some(w.action) });
    let page = MyPage {
        lead: lead(&mine.desk),
        groups: desk::groups(&mine.desk, member.id(), side),
        todo: todo(app, &mine, failed).into_iter().chain(more).collect(),
        behind: cadence::rows(app, &behind, member.id()),
        notes: notes(&mine),
        unread: mine.unread,
        layout,
    };
    Ok(page.into_response())
}

fn lead(desk: &Desk) -> String {
    let count = |whose| desk.work.iter().filter(|w| w.whose == whose).count();
    let wait = |n: usize, whom: &str| format!("{n} {} for {whom}.", if n == 1 { "waits" } else { "wait" });
    let all = [
        (count(Whose::Mine), "you"),
        (count(Whose::Ctrl), "CTRL"),
        (count(Whose::Contributor), "other contributors"),
        (count(Whose::User), "a user"),
        (count(Whose::Machine), "a machine"),
    ];
    let said: Vec<String> = all.into_iter().filter(|(n, _)| *n > 0).map(|(n, whom)| wait(n, whom)).collect();
    if said.is_empty() { "Nothing waits for you.".to_owned() } else { said.join(" ") }
}

/// For an administrator with how many messages `failed` for good.
fn todo(app: &App, mine: &Mine, failed: u64) -> Vec<Todo> {
    let now = mine.desk.now;
    let mut all = Vec::new();
    if failed > 0 {
        let failed = plural(usize::try_from(failed).unwrap_or(usize::MAX), "message");
        all.push(Todo {
            icon: "msg",
            text: format!("{failed} to people failed for good: mend the address or the chat, or give up"),
            action: Some(Action::link("Open the outbox", "/admin/outbox").small()),
        });
    }
    if let Some(version) = mine.conduct {
        all.push(Todo {
            icon: "file",
            text: format!("Accept the rules of conduct, version {version}: without it no request of yours goes on"),
            action: Some(Action::link("Read and accept", "/account").small().primary()),
        });
    }
    for (device, revision, until) in &mine.confirmations {
        let text = match until {
            None => format!("Confirm that you can be called for `{device}`, at the number on your account"),
            Some(at) if *at <= now => {
                format!(
                    "Confirm again that you can be called for `{device}`: the last time counted until {}",
                    words::day(app, *at, now)
                )
            }
            Some(at) => {
                format!("Confirm again that you can be called for `{device}`, before {}", words::day(app, *at, now))
            }
        };
        let action = Action::post(
            "I can be called",
            &gatebox::act_href(device, crate::domain::lifecycle::CommandKind::ConfirmContact),
        )
        .sending("revision", revision)
        .sending("key", Uuid::new_v4())
        .sending("next", "/my")
        .small()
        .about(&format!("for {device}"));
        all.push(Todo { icon: "phone", text, action: Some(action) });
    }
    for l in &mine.retests {
        let text = format!("`{} {}` is new: try out whether `{}` still works with it", l.on, l.retest.tag, l.device);
        let action = Action::link("Say how it went", &retests::path(&l.device, l.retest.id));
        let action = action.small().about(&format!("for {} with {}", l.device, l.on));
        all.push(Todo { icon: "refresh", text, action: Some(action) });
    }
    for (topic, until) in &mine.training {
        let text = match *until <= now {
            true => {
                format!("Your training in {topic} ran out on {}: ask your CTRL contact", words::day(app, *until, now))
            }
            false => format!("Your training in {topic} counts until {}", words::day(app, *until, now)),
        };
        all.push(Todo { icon: "clock", text, action: None });
    }
    for (device, help) in &mine.help {
        let kind = help.kind.words();
        let text = match help.scheduled {
            Some((on, _)) => format!("{kind} for `{device}` is planned for {}", on.format("%-d %b")),
            None => format!("{kind} for `{device}` is asked for; CTRL has not planned it yet"),
        };
        all.push(Todo {
            icon: "users",
            text,
            action: Some(Action::link("Open", &format!("/devices/{device}")).small().quiet().about(device)),
        });
    }
    all
}

fn notes(mine: &Mine) -> Vec<Note> {
    let notes = mine.told.iter().map(|t| Note {
        device: t.device.clone(),
        href: t.path.clone(),
        text: t.text.clone(),
        when: words::ago(t.at, mine.desk.now),
        new: !t.seen,
    });
    notes.collect()
}

/// POST /my/read
async fn read(member: Member, jar: CookieJar) -> Answer {
    work::mark_read(&member.visitor.app, member.id()).await?;
    Ok((jar.add(flash(Tone::Good, "Everything is marked as read.")), Redirect::to("/my")).into_response())
}
