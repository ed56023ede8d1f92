//! The discussion of a request: its points with the answers they are about, reservations, critical areas, people, and
//! the gates of the step it leads to (L5 to L7, B3).

mod areas;
mod people;
mod points;
mod reservations;
mod say;

use super::{
    acts, gatebox,
    layout::{Layout, Section},
    parts::{Action, Banner, Chip, GateBox, Side, Tone, Turn},
    problem::Answer,
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        lifecycle::{CommandKind as C, StateName},
    },
    service::discussions::{self, Discussion},
};
use areas::AreaView;
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::Path, response::IntoResponse, routing::get};
use people::PeopleView;
use points::PointView;
use reservations::ReservationView;
use say::Say;

pub fn routes() -> Router<App> {
    Router::new().route("/devices/{name}/discussion", get(show))
}

#[derive(Template, WebTemplate)]
#[template(path = "discussion/page.html")]
struct DiscussionPage {
    layout: Layout,
    name: String,
    summary: String,
    chip: Chip,
    /// Whether there were cycles before.
    later: bool,
    notice: Option<Banner>,
    gates: Option<GateBox>,
    /// What can be done besides.
    also: Vec<Action>,
    points: Vec<PointView>,
    raise_point: Option<Say>,
    reservations: Vec<ReservationView>,
    raise_reservation: Option<Say>,
    areas: Vec<AreaView>,
    people: PeopleView,
}

impl DiscussionPage {
    fn signed(&self) -> String {
        let signed = self.points.iter().filter(|p| p.signed_off.is_some()).count();
        format!("{signed} of {} signed off", self.points.len())
    }
}

/// What every part of the page needs to draw itself.
pub(super) struct Reader<'a> {
    pub app: &'a App,
    pub d: &'a Discussion,
}

impl Reader<'_> {
    pub fn may(&self, act: C) -> bool {
        self.d.may(act)
    }

    pub fn name(&self, id: PersonId) -> String {
        self.d.people.name(id).to_owned()
    }

    pub fn when(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        words::moment(self.app, at)
    }

    pub fn day(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        words::day(self.app, at, self.d.now)
    }

    pub fn is_contributor(&self) -> bool {
        self.d.device.is_contributor(self.d.me)
    }

    /// One person's turn, as the reader sees it.
    pub fn turn_of(&self, id: PersonId, side: Side) -> Turn {
        if id == self.d.me {
            return Turn::You(side);
        }
        match self.d.people.get(id) {
            Some(p) => Turn::Person { name: p.name.split_whitespace().next().unwrap_or(&p.name).to_owned(), side },
            None => Turn::Side(side),
        }
    }

    pub fn contributors_turn(&self) -> Turn {
        if self.is_contributor() { Turn::You(Side::Contributor) } else { Turn::Side(Side::Contributor) }
    }

    pub fn ctrls_turn(&self) -> Turn {
        match self.d.device.ctrl_contact {
            Some(contact) => self.turn_of(contact, Side::Ctrl),
            None => Turn::Side(Side::Ctrl),
        }
    }

    /// A button that does an act and comes back to this place of the page.
    pub fn button(&self, act: C, place: &str) -> Action {
        let name = self.d.device.name();
        Action::post(acts::label(act), &gatebox::act_href(name, act))
            .sending("revision", self.d.device.revision)
            .sending("key", uuid::Uuid::new_v4())
            .sending("next", format!("/devices/{name}/discussion{place}"))
    }

    /// A link to an act's own form.
    pub fn link(&self, act: C) -> Action {
        Action::link(acts::label(act), &gatebox::act_href(self.d.device.name(), act))
    }
}

/// GET /devices/{name}/discussion
async fn show(member: Member, Path(name): Path<String>) -> Answer {
    let app = &member.app;
    let d = discussions::find(app, &member.caller(), member.id(), &name).await?;
    let r = Reader { app, d: &d };
    Ok(page(&r, member.layout(Section::Requests).await?).into_response())
}

fn page(r: &Reader<'_>, layout: Layout) -> DiscussionPage {
    let device = &r.d.device;
    let state = device.state.name();
    let mut also: Vec<Action> =
        [C::Amend, C::AssignContact].into_iter().filter(|act| r.may(*act)).map(|act| r.link(act).small()).collect();
    also.push(Action::link("The device", &format!("/devices/{}", device.name())).small());
    DiscussionPage {
        layout,
        name: device.name().to_owned(),
        summary: device.request.summary.clone(),
        chip: Chip::of(gatebox::of_state(state)),
        later: device.cycle.number > 1,
        notice: notice(r),
        gates: gates(r),
        also,
        points: points::of(r),
        raise_point: r.may(C::RaisePoint).then(|| {
            Say::new(r, C::RaisePoint, "raise-point", "#points", "What has to be clarified?")
                .hint("Anybody in the discussion can raise a point. The CTRL contact signs it off.")
                .folded()
        }),
        reservations: reservations::of(r),
        raise_reservation: r.may(C::RaiseReservation).then(|| {
            Say::new(r, C::RaiseReservation, "raise-reservation", "#reservations", "What do you doubt?")
                .hint("It has to be answered, and the answer accepted, before the process goes on.")
                .folded()
        }),
        areas: areas::of(r),
        people: people::of(r),
    }
}

/// Which cycle this is, and how it came to it.
fn notice(r: &Reader<'_>) -> Option<Banner> {
    let device = &r.d.device;
    let cycle = &device.cycle;
    if let (true, Some(base)) = (cycle.number > 1, &cycle.base) {
        let until = cycle.loan_until.map_or_else(String::new, |u| format!(" It is lent until {u}."));
        let text = format!(
            "It starts from `{base}`, the last supported release, and was handed back on {}.{until} The points are \
             clarified and signed off anew before the next review.",
            r.day(cycle.opened)
        );
        return Some(Banner::new(Tone::Info, &format!("Cycle {}: the discussion is open again.", cycle.number), &text));
    }
    match device.state.name() {
        StateName::Requested => None,
        StateName::Accepted | StateName::ReducedSupport => Some(Banner::new(
            Tone::Good,
            "The request is accepted.",
            "The discussion stays open: points and reservations can still be raised.",
        )),
        state => {
            let text = format!("The device is {}: this is what was said.", state.label().to_lowercase());
            Some(Banner::new(Tone::Info, "This discussion is closed.", &text))
        }
    }
}

/// The gates of the step ahead, with their remedies on this very page.
fn gates(r: &Reader<'_>) -> Option<GateBox> {
    let step = r.d.step?;
    let name = r.d.device.name();
    let here = format!("/devices/{name}/discussion");
    let views = r.d.gates.iter().map(|g| {
        let turn = gatebox::turn_of(g, &r.d.people, Some(r.d.me));
        // Each contact confirms itself: the act is no remedy for the others.
        let own = turn.yours();
        let mut view = gatebox::gate(g, name, turn, |act| r.may(act) && (act != C::ConfirmContact || own));
        if let (Some(action), Some(act)) = (&mut view.action, g.where_to) {
            if act == C::TakeRequest {
                *action = r.button(act, "").small().primary();
            } else if action.href == here {
                action.href = place(act).to_owned();
            }
        }
        view
    });
    let mine = r.may(step);
    let (what, verb) = if step == C::Accept { ("The request", "be accepted") } else { ("Review", "start") };
    let step_button = match step {
        C::Accept => r.button(step, "").primary(),
        other => r.link(other).primary(),
    };
    Some(GateBox {
        id: "gates".to_owned(),
        what: what.to_owned(),
        verb: verb.to_owned(),
        gates: views.collect(),
        mover: if step == C::Accept { r.ctrls_turn() } else { r.contributors_turn() },
        step: mine.then_some(step_button),
        locked: None,
        also: [C::Decline, C::Withdraw].into_iter().filter(|a| r.may(*a)).map(|a| r.link(a).quiet()).collect(),
    })
}

/// Where on this page an act is done.
fn place(act: C) -> &'static str {
    match act {
        C::AnswerReservation | C::AcceptReservation | C::RaiseReservation => "#reservations",
        C::SignOffArea => "#areas",
        _ => "#points",
    }
}
