//! The list of requests, beginning one, and deleting a draft.

use super::frame::href;
use crate::{
    domain::{lifecycle::StateName, person::Role, request::Section as Part},
    service::{
        drafts,
        requests::{self, Line},
    },
    web::{
        desk, gatebox,
        layout::{Layout, Section},
        parts::{Action, Blank, Chip, GateBox, GateState, Pips, Side, Tone, Turn},
        problem::{Answer, Problem},
        visitor::{Member, flash},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use strum::IntoEnumIterator;

struct DraftRow {
    name: String,
    progress: String,
    saved: String,
    href: String,
    delete: String,
}

struct SentRow {
    name: String,
    summary: String,
    href: String,
    chip: Chip,
    since: String,
    pips: Option<Pips>,
    /// The open gates: whose turn, and what is missing.
    blocks: Vec<(Turn, String)>,
}

#[derive(Template, WebTemplate)]
#[template(path = "request/list.html")]
struct ListPage {
    layout: Layout,
    drafts: Vec<DraftRow>,
    /// Still asked for, or turned down.
    mine: Vec<SentRow>,
    /// What CTRL accepted, and what became of it.
    later: Vec<SentRow>,
    open: Vec<SentRow>,
    ctrl: bool,
    blank: Blank,
}

impl ListPage {
    fn is_blank(&self) -> bool {
        self.drafts.is_empty() && self.mine.is_empty() && self.later.is_empty() && self.open.is_empty()
    }
}

/// GET /requests
pub async fn show(member: Member) -> Answer {
    let app = &member.app;
    let ctrl = member.has(&Role::Ctrl);
    let all = requests::overview(app, &member.caller(), member.id(), ctrl).await?;
    let row = |line: Line| {
        let d = &line.device;
        let views = line.gates.iter().map(|g| {
            let turn = gatebox::turn_of(g, &all.people, Some(member.id()));
            gatebox::gate(g, d.name(), turn, |_| false)
        });
        let gates = GateBox {
            id: String::new(),
            what: String::new(),
            verb: String::new(),
            gates: views.collect(),
            mover: Turn::Side(Side::Ctrl),
            step: None,
            locked: None,
            also: Vec::new(),
        };
        let mut blocks: Vec<(Turn, String)> =
            gates.gates.iter().filter(|g| g.state != GateState::Met).map(|g| (g.turn.clone(), g.why.clone())).collect();
        if blocks.is_empty() && d.state.name() == StateName::Requested {
            blocks.push((Turn::Side(Side::Ctrl), "All is clear: the CTRL contact accepts it.".to_owned()));
        }
        let state = d.state.name();
        let discussed = matches!(state, StateName::Requested);
        let chip = desk::chip(state, line.verdict.as_ref());
        // Of another status the state does not know since when it is so.
        let since = d.state.since().filter(|_| chip.status == gatebox::of_state(state));
        SentRow {
            name: d.name().to_owned(),
            summary: d.request.summary.clone(),
            href: format!("/devices/{}{}", d.name(), if discussed { "/discussion" } else { "" }),
            chip,
            since: since.map_or_else(String::new, |at| format!("since {}", words::day(app, at, all.now))),
            pips: (!gates.gates.is_empty()).then(|| gates.pips()),
            blocks,
        }
    };
    let sections = Part::iter().count();
    let drafts = all.drafts.iter().map(|line| {
        let name = line.draft.answers.name.trim();
        DraftRow {
            name: if name.is_empty() { "Without a name yet".to_owned() } else { name.to_owned() },
            progress: format!("{} of {sections} sections complete", line.complete),
            saved: format!("saved {}", words::ago(line.draft.saved_at, all.now)),
            href: format!("/requests/{}", line.draft.id),
            delete: format!("/requests/{}/delete", line.draft.id),
        }
    });
    let (mine, later): (Vec<Line>, Vec<Line>) =
        all.mine.into_iter().partition(|line| is_asked_for(line.device.state.name()));
    let page = ListPage {
        layout: member.layout(Section::Requests).await?,
        drafts: drafts.collect(),
        mine: mine.into_iter().map(row).collect(),
        later: later.into_iter().map(row).collect(),
        open: all.open.into_iter().map(row).collect(),
        ctrl,
        blank: Blank::new(
            "file",
            "No requests yet",
            "A request says which device you want to contribute, why, and whom operators call. It takes about half an \
             hour, is saved as you go, and stays private until you send it.",
        )
        .action(Action::post("Request participation", "/requests").primary().icon("plus")),
    };
    Ok(page.into_response())
}

/// Whether it is a request and no more.
fn is_asked_for(state: StateName) -> bool {
    match state {
        StateName::Draft | StateName::Requested | StateName::Declined | StateName::Withdrawn => true,
        StateName::Accepted
        | StateName::ReducedSupport
        | StateName::UnderReview
        | StateName::CtrlOwned
        | StateName::Retired => false,
    }
}

/// POST /requests: begins a draft.
pub async fn create(member: Member) -> Answer {
    let draft = drafts::create(&member.app, &member.caller(), member.id()).await?;
    Ok(Redirect::to(&href(&draft.id, Part::Device)).into_response())
}

/// GET /requests/{id}: where its writer goes on.
pub async fn open(member: Member, Path(id): Path<String>) -> Answer {
    let draft = drafts::load(&member.app, member.id(), &id).await?;
    let checked = drafts::check(&member.app, draft).await?;
    let next = Part::iter().find(|s| checked.progress(*s) != drafts::Progress::Complete);
    let to = next.map_or_else(|| format!("/requests/{id}/check"), |s| href(&id, s));
    Ok(Redirect::to(&to).into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "request/delete.html")]
struct DeletePage {
    layout: Layout,
    name: String,
    action: String,
}

/// GET /requests/{id}/delete: asks first.
pub async fn ask_delete(member: Member, Path(id): Path<String>) -> Answer {
    let draft = drafts::load(&member.app, member.id(), &id).await?;
    let name = draft.answers.name.trim();
    let page = DeletePage {
        layout: member.layout(Section::Requests).await?,
        name: if name.is_empty() { "without a name".to_owned() } else { name.to_owned() },
        action: format!("/requests/{id}/delete"),
    };
    Ok(page.into_response())
}

/// POST /requests/{id}/delete
pub async fn delete(member: Member, jar: CookieJar, Path(id): Path<String>) -> Result<impl IntoResponse, Problem> {
    drafts::delete(&member.app, member.id(), &id).await?;
    Ok((jar.add(flash(Tone::Good, "The draft is deleted.")), Redirect::to("/requests")))
}
