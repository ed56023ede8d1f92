//! `/styleguide`: every component in every state, with invented people and numbers.
//!
//! The numbers end in ranges that are not given out, the names are nobody's.
use askama::Template;
use askama_web::WebTemplate;

use super::{layout::Layout, parts::*};
use board::{answers, filters, rows, tiles};
use device::{call, charts, lifecycles, may, places, ribbon, timeline};
use forms::{decision, fields, findings, tasks};
use gates::{blocked_box, open_box};
use notices::{banners, blanks, troubles};

mod board;
#[cfg(test)]
mod checks;
mod device;
mod forms;
mod gates;
mod notices;
mod rollout;

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "styleguide.html")]
pub struct StyleguidePage {
    layout: Layout,
    turns: Vec<Turn>,
    pips: Vec<Pips>,
    tags: Vec<Tag>,
    actions: Vec<Action>,
    menu: Menu,
    banners: Vec<Banner>,
    blanks: Vec<Blank>,
    lifecycles: Vec<Lifecycle>,
    ribbon: Ribbon,
    charts: Vec<Chart>,
    boxes: Vec<GateBox>,
    call: CallCard,
    may: Vec<May>,
    places: Vec<Place>,
    timeline: Vec<TimelineItem>,
    tasks: TaskList,
    errors: ErrorSummary,
    fields: Vec<Field>,
    summary: SummarySection,
    findings: Vec<Finding>,
    decision: Decision,
    lives: Vec<Live>,
    tiles: Vec<Tile>,
    filters: Vec<FilterChip>,
    rows: Vec<BoardRow>,
    answers: Vec<Answer>,
    thumb: ThumbBar,
    troubles: Vec<Trouble>,
    stats: Vec<Stat>,
    bar: Bar,
    matrix: Matrix,
    asides: Vec<Aside>,
    pace: Pace,
}

impl StyleguidePage {
    /// The page in this frame.
    pub fn new(layout: Layout) -> Self {
        let fields = fields();
        Self {
            turns: vec![
                Turn::You(Side::Contributor),
                Turn::You(Side::Ctrl),
                Turn::Person { name: "Aisha".into(), side: Side::Contributor },
                Turn::Side(Side::Contributor),
                Turn::Side(Side::Ctrl),
                Turn::User,
                Turn::Machine,
            ],
            pips: vec![Pips::counts(3, 1, 1, 2), Pips::counts(5, 0, 0, 1).small()],
            tags: vec![
                Tag::good("tag verified"),
                Tag::bad("not a clean tag"),
                Tag::warn("touches MPS"),
                Tag::plain("not blocking"),
            ],
            actions: vec![
                Action::link("Save and continue", "#").primary(),
                Action::link("Save draft", "#"),
                Action::link("Withdraw", "#").quiet(),
                Action::link("Shut down", "#").danger().icon("shut"),
                Action::link("Send a reminder", "#").small().about("to Lena Brandt"),
            ],
            menu: Menu {
                label: "More actions".into(),
                actions: vec![Action::link("Hand back", "#").quiet(), Action::link("Retire", "#").quiet()],
            },
            banners: banners(),
            blanks: blanks(),
            lifecycles: lifecycles(),
            ribbon: ribbon(),
            charts: charts(),
            boxes: vec![blocked_box(), open_box()],
            call: call(),
            may: may(),
            places: places(),
            timeline: timeline(),
            tasks: tasks(),
            errors: ErrorSummary::of(&fields),
            fields,
            summary: SummarySection {
                title: "The device".into(),
                answers: vec![
                    Summary::new("Device class", "`beamConditionCheck`").change("#"),
                    Summary::new("Instruments", "SCS, SQS").change("#"),
                    Summary::new("What it does", "").change("#"),
                ],
            },
            findings: findings(),
            decision: decision(),
            lives: vec![
                Live {
                    now: None,
                    clock: "03:12:09".into(),
                    heard: "observer reported 12 s ago".into(),
                    state: LiveState::Live,
                },
                Live {
                    now: None,
                    clock: "03:12:09".into(),
                    heard: "last update 02:58:41".into(),
                    state: LiveState::Stale,
                },
            ],
            tiles: tiles(),
            filters: filters(),
            rows: rows(),
            answers: answers(),
            thumb: ThumbBar { first: call().first, doc_name: "DOC".into(), doc_phone: doc(), stops: None },
            troubles: troubles(),
            stats: rollout::stats(),
            bar: rollout::bar(),
            matrix: rollout::matrix(),
            asides: rollout::asides(),
            pace: rollout::pace(),
            layout,
        }
    }

    fn statuses(&self) -> [Status; 12] {
        Status::ALL
    }
}

fn doc() -> Phone {
    Phone::new("+49 40 66969 100")
}
