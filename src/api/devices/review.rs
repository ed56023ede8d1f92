//! The review of a device, as programs read it.

use super::record::{MarkDto, RemarkDto, mark, remark};
use crate::{
    api::{problem::Answer, revision::tagged, token::Bearer},
    app::App,
    domain::{
        device::Device,
        person::People,
        review::{FindingState, Ground, ItemState, Proposed, TakenOver},
    },
    service::{
        Error,
        devices::{self, DeviceView},
        readings,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The way to CTRL ownership (T2 to T6).
#[derive(Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewDto {
    device: String,
    /// How CTRL began it; none where a contributor asked for it (N3, N4).
    taken_over: Option<TakenOverDto>,
    /// Since when it is under review.
    since: Option<DateTime<Utc>>,
    /// The commit under review.
    commit: Option<String>,
    /// What the repository says of that commit.
    reviewed: Option<ReviewedDto>,
    overview: Option<RemarkDto>,
    milestones: Vec<MilestoneDto>,
    /// Whether both sides agreed to the timeline.
    timeline_agreed: bool,
    /// Who agreed for the contributors.
    agreed_by_contributor: Option<MarkDto>,
    agreed_by_ctrl: Option<MarkDto>,
    checklist: Vec<ItemDto>,
    findings: Vec<FindingDto>,
    approvals: Vec<ApprovalDto>,
    /// How many that count are needed.
    approvals_needed: u32,
    joined: Vec<String>,
}

/// A commit under review, as the repository had it when it was proposed (T4).
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewedCommit)]
struct ReviewedDto {
    /// The first line of its message.
    subject: String,
    /// Everybody who wrote what is reviewed, by name where they are on record: none of them approves it.
    written_by: Vec<String>,
    proposed: MarkDto,
    /// The verified tag of this very commit, while it stands; none where there is none yet (T7).
    tag: Option<String>,
}

impl ReviewedDto {
    fn new(app: &App, view: &DeviceView, p: &Proposed) -> Self {
        Self {
            subject: p.facts.subject.clone(),
            written_by: readings::authors(app, &view.people, &p.facts).into_iter().collect(),
            proposed: mark(&p.mark, &view.people),
            tag: view.device.release_of(&p.facts.commit).map(|r| r.tag().to_string()),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = TakenOver)]
struct TakenOverDto {
    /// `needed_elsewhere` or `orphaned`.
    ground: &'static str,
    /// The instrument that needs it.
    instrument: Option<String>,
    /// What the author is to do to help.
    task: Option<String>,
    reason: RemarkDto,
    /// The author's report on the task.
    task_done: Option<RemarkDto>,
}

impl TakenOverDto {
    fn new(t: &TakenOver, people: &People) -> Self {
        let (ground, instrument, task) = match &t.ground {
            Ground::NeededElsewhere { instrument, task } => ("needed_elsewhere", Some(instrument), Some(task)),
            Ground::Orphaned {} => ("orphaned", None, None),
        };
        Self {
            ground,
            instrument: instrument.cloned(),
            task: task.cloned(),
            reason: remark(&t.reason, people),
            task_done: t.task_done.as_ref().map(|r| remark(r, people)),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Milestone)]
struct MilestoneDto {
    /// Its number in this timeline, from 1.
    milestone: u32,
    name: String,
    due: NaiveDate,
    reached: Option<MarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChecklistItem)]
struct ItemDto {
    item: String,
    name: String,
    /// `missing`, `stale`, `failed` or `met`.
    state: String,
    /// What decides it.
    evidence: Option<EvidenceDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChecklistEvidence)]
struct EvidenceDto {
    commit: String,
    link: String,
    by: String,
    at: DateTime<Utc>,
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingDto {
    finding: u32,
    place: String,
    /// `open`, `answered` or `accepted`.
    #[schema(value_type = String)]
    state: FindingState,
    raised: RemarkDto,
    talk: Vec<RemarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
struct ApprovalDto {
    by: String,
    at: DateTime<Utc>,
    commit: String,
    counts: bool,
    /// Why it does not count.
    why_not: Option<String>,
}

fn checklist(app: &App, device: &Device, people: &People) -> Vec<ItemDto> {
    let Some(review) = device.review() else {
        return Vec::new();
    };
    let items = app.policy.transfer.checklist.iter().map(|item| {
        let (state, evidence) = match review.item(&item.id) {
            ItemState::Missing => ("missing", None),
            ItemState::Stale(e) => ("stale", Some(e)),
            ItemState::Failed(e) => ("failed", Some(e)),
            ItemState::Met(e) => ("met", Some(e)),
        };
        ItemDto {
            item: item.id.clone(),
            name: item.name.clone(),
            state: state.to_owned(),
            evidence: evidence.map(|e| EvidenceDto {
                commit: e.commit.to_string(),
                link: e.link.clone(),
                by: people.name(e.remark.mark.by).to_owned(),
                at: e.remark.mark.at,
                text: e.remark.text.clone(),
            }),
        }
    });
    items.collect()
}

/// The review of a device
///
/// The commit, timeline, checklist, findings and approvals. It goes on by commands. 404 while the device is not under
/// review.
#[utoipa::path(get, path = "/api/v1/devices/{name}/review", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "The review.", body = ReviewDto,
        headers(("ETag" = String, description = "The device's revision.")))))]
pub async fn show(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Response> {
    let view = devices::look(&app, Some(&bearer.reads()?), &name).await?;
    let people = &view.people;
    let review = view.device.review().ok_or(Error::NotFound)?;
    let timeline = review.timeline.as_ref();
    let numbered = timeline.into_iter().flat_map(|t| &t.milestones).zip(1..);
    let milestones = numbered.map(|(m, milestone)| MilestoneDto {
        milestone,
        name: m.name.clone(),
        due: m.due,
        reached: m.reached.as_ref().map(|r| mark(r, people)),
    });
    let findings = review.findings.iter().map(|f| FindingDto {
        finding: f.id,
        place: f.place.clone(),
        state: f.state,
        raised: remark(&f.raised, people),
        talk: f.talk.iter().map(|r| remark(r, people)).collect(),
    });
    let approvals = view.approvals.iter().map(|(a, stands)| ApprovalDto {
        by: people.name(a.mark.by).to_owned(),
        at: a.mark.at,
        commit: a.commit.to_string(),
        counts: stands.is_ok(),
        why_not: stands.err().map(str::to_owned),
    });
    let shown = ReviewDto {
        device: view.device.name().to_owned(),
        taken_over: review.taken_over.as_ref().map(|t| TakenOverDto::new(t, people)),
        since: view.device.state.since(),
        commit: review.commit().map(ToString::to_string),
        reviewed: review.commit.as_ref().map(|p| ReviewedDto::new(&app, &view, p)),
        overview: review.overview.as_ref().map(|r| remark(r, people)),
        milestones: milestones.collect(),
        timeline_agreed: timeline.is_some_and(|t| t.agreed()),
        agreed_by_contributor: timeline.and_then(|t| t.by_contributor.as_ref()).map(|m| mark(m, people)),
        agreed_by_ctrl: timeline.and_then(|t| t.by_ctrl.as_ref()).map(|m| mark(m, people)),
        checklist: checklist(&app, &view.device, people),
        findings: findings.collect(),
        approvals: approvals.collect(),
        approvals_needed: app.policy.approvals_needed(!view.device.request.areas.is_empty()),
        joined: review.joined.iter().map(|p| people.name(*p).to_owned()).collect(),
    };
    Ok(tagged(view.device.revision, Json(shown)))
}
