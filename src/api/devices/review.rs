//! The review of a device, as programs read it.

use super::record::{MarkDto, RemarkDto, mark, remark};
use crate::{
    api::{problem::Answer, token::Bearer},
    app::App,
    domain::{
        device::Device,
        person::People,
        review::{FindingState, ItemState},
    },
    service::{Error, devices},
};
use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The way to CTRL ownership (T2 to T6).
#[derive(Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewDto {
    device: String,
    /// The commit under review.
    commit: Option<String>,
    overview: Option<RemarkDto>,
    milestones: Vec<MilestoneDto>,
    /// Whether both sides agreed to the timeline.
    timeline_agreed: bool,
    checklist: Vec<ItemDto>,
    findings: Vec<FindingDto>,
    approvals: Vec<ApprovalDto>,
    joined: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Milestone)]
struct MilestoneDto {
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
/// Timeline, checklist, findings and approvals. It goes on by commands. 404 while the device is not under review.
#[utoipa::path(get, path = "/api/v1/devices/{name}/review", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "The review.", body = ReviewDto)))]
pub async fn show(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Json<ReviewDto>> {
    let view = devices::look(&app, Some(&bearer.reads()?), &name).await?;
    let people = &view.people;
    let review = view.device.review().ok_or(Error::NotFound)?;
    let timeline = review.timeline.as_ref();
    let milestones = timeline.into_iter().flat_map(|t| &t.milestones).map(|m| MilestoneDto {
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
    Ok(Json(ReviewDto {
        device: view.device.name().to_owned(),
        commit: review.commit().map(ToString::to_string),
        overview: review.overview.as_ref().map(|r| remark(r, people)),
        milestones: milestones.collect(),
        timeline_agreed: timeline.is_some_and(|t| t.agreed()),
        checklist: checklist(&app, &view.device, people),
        findings: findings.collect(),
        approvals: approvals.collect(),
        joined: review.joined.iter().map(|p| people.name(*p).to_owned()).collect(),
    }))
}
