//! A device's page, put together.

use super::{
    about::{self, HelpView, MemberView, ReleaseView},
    banners::{self, Notice},
    cadence, call,
    dependents::{self, DependentsView},
    environments::{self, EnvironmentsView},
    framework::{self, FrameworkView},
    gates, history, lifecycle,
    places::{self, PlaceView},
    ribbon,
};
use crate::{
    app::App,
    domain::lifecycle::{CommandKind, State, StateName, Who},
    service::devices::DeviceView,
    web::{
        acts,
        cadence::View,
        gatebox,
        layout::Layout,
        operators,
        parts::{
            Action, CallCard, Chip, Fact, GateBox, Lifecycle, May, Menu, Ribbon, Side, Tag, ThumbBar, TimelineItem,
            in_sentence, plural,
        },
        words,
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

#[derive(Template)]
#[template(path = "devices/show.html")]
pub struct DevicePage {
    pub layout: Layout,
    pub name: String,
    pub summary: String,
    pub chip: Chip,
    pub side: Side,
    pub holder: String,
    pub group: String,
    /// `2 places · registered 12 Aug 2025`.
    pub line: String,
    /// Beside the title.
    pub actions: Vec<Action>,
    pub menu: Option<Menu>,
    pub notices: Vec<Notice>,
    pub lifecycle: Lifecycle,
    pub lifecycle_note: &'static str,
    pub ribbon: Ribbon,
    pub gates: Option<GateBox>,
    /// Where no step is next: what holds, and what can be done from here.
    pub rest: Option<(String, String)>,
    pub onward: Vec<Action>,
    /// On a small screen whom to call comes first, for whoever has no part in its process.
    pub asks_first: bool,
    pub call: CallCard,
    pub may: Vec<May>,
    pub note: String,
    pub edits_rules: Option<String>,
    pub places: Vec<PlaceView>,
    pub freshest: String,
    pub environments: Option<EnvironmentsView>,
    /// How regularly it is deployed, in each environment (G7).
    pub cadence: Vec<View>,
    pub dependents: Option<DependentsView>,
    /// G6: which version of the framework its releases are built against.
    pub built: Option<FrameworkView>,
    /// H5: whether the framework there is supported.
    pub framework: Option<(bool, &'static str)>,
    pub place_actions: Vec<Action>,
    pub repository: String,
    pub releases: Vec<ReleaseView>,
    pub release_actions: Vec<Action>,
    pub about: Vec<Fact>,
    pub done: Vec<String>,
    pub shows_setup: bool,
    pub members: Vec<MemberView>,
    pub setup_actions: Vec<Action>,
    pub help: Vec<HelpView>,
    pub help_actions: Vec<Action>,
    pub recent: Vec<TimelineItem>,
    pub records: u64,
    pub checked: Tag,
    pub thumb: ThumbBar,
}

/// What most of these pages fit into: one that grows on its way is copied each time.
const ROOM: usize = 32 * 1024;

impl IntoResponse for DevicePage {
    fn into_response(self) -> Response {
        let mut page = String::with_capacity(ROOM);
        match self.render_into(&mut page) {
            Ok(()) => Html(page).into_response(),
            Err(error) => {
                tracing::error!(%error, "a device's page was not drawn");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl DevicePage {
    pub fn of(app: &App, layout: Layout, v: &DeviceView) -> Self {
        use CommandKind::*;
        let d = &v.device;
        let state = d.state.name();
        let links = |acts: &[CommandKind]| -> Vec<Action> {
            acts.iter().filter(|a| v.may(**a)).map(|a| gates::form(v, *a).small()).collect()
        };
        let call = call::card(app, v);
        let (side, holder, group) = holder(v);
        let gates = gates::next_step(app, v);
        let mut place_actions = links(&[Deploy, Remove, AssignServer]);
        if gates::states_seen(app, v) && !state.is_end() {
            place_actions
                .push(Action::link("State what you saw running", &format!("/devices/{}/state-seen", d.name())).small());
        }
        Self {
            name: d.name().to_owned(),
            summary: d.request.summary.clone(),
            chip: chip(v),
            side,
            holder,
            group,
            line: line(app, v),
            actions: actions(v),
            menu: menu(v),
            notices: banners::list(app, v),
            lifecycle: lifecycle::draw(app, v),
            lifecycle_note: note(state),
            ribbon: ribbon::draw(app, v),
            rest: gates.is_none().then(|| rest(app, v)),
            gates,
            onward: about::onward(v),
            asks_first: !v.is(Who::Contributor) && !v.is(Who::Ctrl),
            may: operators::may(call::ruling(v), &v.people),
            note: call::ruling(v).note().to_owned(),
            edits_rules: v.may(SetOperatorRules).then(|| gatebox::act_href(d.name(), SetOperatorRules)),
            places: places::list(app, v),
            freshest: places::freshest(v),
            environments: environments::draw(app, v),
            cadence: cadence::draw(app, v),
            dependents: dependents::draw(app, v),
            built: framework::draw(app, v),
            framework: about::framework(v),
            place_actions,
            repository: d.request.repository.clone(),
            releases: about::releases(app, v),
            release_actions: links(&[VerifyTag, CheckRepository]),
            about: about::facts(app, v),
            done: about::done(app, v),
            shows_setup: v.shows_setup(),
            members: about::members(app, v),
            setup_actions: if d.cycle.setup.committed.is_some() {
                links(&[DeclareFramework, AddContributor])
            } else {
                links(&[CommitToUpdates, DeclareFramework, AddContributor])
            },
            help: about::help(app, v),
            help_actions: links(&[AskHelp, LogHelp]),
            recent: history::timeline(app, &v.recent.told, false),
            records: v.recent.all,
            checked: history::checked(v.recent.checked),
            thumb: call::thumb(app, &call),
            call,
            layout,
        }
    }

    /// Whether the repository's address is one that a browser opens.
    pub fn opens(&self) -> bool {
        self.repository.starts_with("https://")
    }
}

fn chip(v: &DeviceView) -> Chip {
    let state = v.device.state.name();
    let chip = Chip::of(gatebox::of_device(state, v.verdict.as_ref())).big();
    if v.device.shut_down.is_some() { chip.over(gatebox::of_state(state)) } else { chip }
}

fn holder(v: &DeviceView) -> (Side, String, String) {
    let side = gatebox::held_by(v.device.state.name());
    if side == Side::Ctrl {
        let contact = v.device.ctrl_contact.map_or("CTRL", |c| v.people.name(c));
        let group = if contact == "CTRL" { "" } else { "CTRL" };
        return (side, contact.to_owned(), group.to_owned());
    }
    let mut names = v.device.contributors.iter().map(|c| v.people.name(*c));
    let first = names.next().unwrap_or("nobody").to_owned();
    let holder = match names.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    };
    (side, holder, v.device.request.group.clone())
}

fn line(app: &App, v: &DeviceView) -> String {
    let mut parts = vec![plural(v.device.placements.len(), "place")];
    if let Some((at, _)) = v.states().next() {
        parts.push(format!("registered {}", words::day(app, at, v.now)));
    }
    if v.device.cycle.number > 1 {
        let base = v.device.cycle.base.as_ref().map_or_else(String::new, |b| format!(" from {b}"));
        parts.push(format!("cycle {}{base}", v.device.cycle.number));
    }
    if let Some(verdict) = &v.verdict {
        let since = words::day(app, v.support_since, v.now);
        parts.push(format!("{} since {since}", in_sentence(verdict.support.label())));
    }
    parts.join(" · ")
}

fn note(state: StateName) -> &'static str {
    match state {
        StateName::Draft | StateName::Requested => "Nothing is supported before it is accepted",
        StateName::Accepted => "Host, access and training are being arranged",
        StateName::ReducedSupport => "CTRL helps as best effort until it is fully supported",
        StateName::UnderReview => "Still reduced support until the review is passed",
        StateName::CtrlOwned => "CTRL deploys, fixes and tags",
        StateName::Declined | StateName::Withdrawn | StateName::Retired => "It has ended; the record stays",
    }
}

/// What holds where no step is next.
fn rest(app: &App, v: &DeviceView) -> (String, String) {
    match &v.device.state {
        State::CtrlOwned { owned, .. } if owned.approved.is_empty() => {
            let text = format!(
                "It was imported as CTRL’s on {}, in {}, commit {}: no review of it is on record. A contributor can ask to develop it again: support is restricted at once then.",
                words::moment(app, owned.took.at),
                owned.release,
                owned.commit.short(),
            );
            ("CTRL owns it".to_owned(), text)
        }
        State::CtrlOwned { owned, .. } => {
            let second = if owned.second_joined { "" } else { " No second contributor had joined the review." };
            let text = format!(
                "{} took it over in {}, commit {}, on {}.{second} A contributor can ask to develop it again: support is restricted at once then.",
                v.people.name(owned.took.by),
                owned.release,
                owned.commit.short(),
                words::moment(app, owned.took.at)
            );
            ("CTRL owns it".to_owned(), text)
        }
        State::Declined { reason } | State::Withdrawn { reason } | State::Retired { reason } => {
            let by = v.people.name(reason.mark.by);
            let at = words::moment(app, reason.mark.at);
            (v.device.state.name().label().to_owned(), format!("{by}, {at}: {}", reason.text))
        }
        _ => ("No step is next".to_owned(), String::new()),
    }
}

/// The pages of the process that this reader can open, and the stop that never hides in a menu (N5).
fn actions(v: &DeviceView) -> Vec<Action> {
    let name = v.device.name();
    let mut all = Vec::new();
    if v.me.is_some() {
        all.push(Action::link("Discussion", &format!("/devices/{name}/discussion")).icon("msg"));
        if v.device.review().is_some() {
            all.push(Action::link("Review", &format!("/devices/{name}/review")).icon("rev"));
        }
    }
    if v.may(CommandKind::ShutDown) && v.device.shut_down.is_none() {
        all.push(gates::form(v, CommandKind::ShutDown).icon("shut"));
    }
    all
}

/// Everything else the reader may do now, by name.
fn menu(v: &DeviceView) -> Option<Menu> {
    use CommandKind::*;
    // What a box of its own has, deploy tools and Custody's own work ask for, stands in no menu.
    let shown = [
        ShutDown,
        SetDependencies,
        Submit,
        RedeemPermit,
        MoveOn,
        MoveOnByItself,
        StopMovingOn,
        HoldMovingOn,
        LiftHold,
        BuildAgainst,
        ForgetFramework,
        ReadFramework,
        NoteUpdate,
        ApproveOverride,
        EndOverride,
    ];
    let shut = v.device.shut_down.is_some();
    let mut acts: Vec<CommandKind> = v.may.iter().copied().filter(|a| !shown.contains(a)).collect();
    // Those of the discussion and the review stand on their own pages.
    let here = format!("/devices/{}", v.device.name());
    acts.retain(|a| acts::home(v.device.name(), *a) == here);
    acts.retain(|a| match a {
        Restart => shut,
        CommitToUpdates => v.device.cycle.setup.committed.is_none(),
        ExtendLoan => v.device.cycle.loan_until.is_some(),
        OfferAdoption => v.orphaned,
        AcceptAdoption => v.orphaned && !v.device.offers.is_empty(),
        Countersign => v.device.cycle.operated.as_ref().is_some_and(|o| o.countersigned.is_none()),
        CheckTag => !v.device.releases.is_empty(),
        Remove => !v.device.placements.is_empty(),
        _ => true,
    });
    let actions: Vec<Action> = acts.into_iter().map(|a| gates::form(v, a).quiet()).collect();
    (!actions.is_empty()).then(|| Menu { label: "More actions".to_owned(), actions })
}
