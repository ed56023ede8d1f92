//! The list of requests: one's own drafts, what one sent in, and for CTRL what is open.

use super::{
    Caller, Error, FieldProblem, Result,
    act::{self, Ask, Done},
    conduct,
    drafts::{self, Directory, Draft, Progress},
    facts::today,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId},
        lifecycle::{
            Command, Facts, Gate, Readings, StateName, command::Application, gates::judge_all, table::next_step,
            table::rule,
        },
        person::People,
        request::{Request, Section, Taken},
        retest::NO_DEVICES,
        stage::NO_WAY,
        support::Verdict,
    },
    store::{self, drafts::Draft as Kept},
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;

/// The most open requests that one page lists.
const OPEN_MOST: u64 = 200;

/// A draft in the list.
pub struct DraftLine {
    pub draft: Draft,
    /// How many sections are complete.
    pub complete: usize,
}

/// A request that was sent, with what blocks it while it is discussed.
pub struct Line {
    pub device: Device,
    /// Its support; `None` where nobody supports it.
    pub verdict: Option<Verdict>,
    pub gates: Vec<Gate>,
}

/// Everything on the page.
pub struct Overview {
    pub drafts: Vec<DraftLine>,
    /// Of which the reader is a contributor.
    pub mine: Vec<Line>,
    /// Requests of others that wait for CTRL's answer; for CTRL only.
    pub open: Vec<Line>,
    pub people: People,
    pub now: DateTime<Utc>,
}

/// A fixed number of queries, however many requests there are.
pub async fn overview(app: &App, caller: &Caller, me: PersonId, ctrl: bool) -> Result<Overview> {
    let c = &app.db.read;
    let kept: Vec<Kept> = store::drafts::list(c, me).await?;
    let mut drafts = Vec::with_capacity(kept.len());
    if !kept.is_empty() {
        let people = Directory::load(app).await?;
        for draft in drafts::read_all(kept)? {
            let problems = drafts::complete(&draft.answers, &app.policy, &people, me).err().unwrap_or_default();
            let checked = drafts::Checked { draft, people: Directory::default(), problems };
            let complete = Section::iter().filter(|s| checked.progress(*s) == Progress::Complete).count();
            drafts.push(DraftLine { draft: checked.draft, complete });
        }
    }
    let mine: Vec<Device> = store::devices::list_of_person(c, me).await?;
    let mine: Vec<Device> = mine.into_iter().filter(|d| d.is_contributor(me)).collect();
    let open = match ctrl {
        true => store::devices::list_in_states(c, &[StateName::Requested], OPEN_MOST).await?,
        false => Vec::new(),
    };
    let open: Vec<Device> = open.into_iter().filter(|d| !d.is_contributor(me)).collect();

    let mut support = store::standing::list_support(c, &mine.iter().map(|d| d.id).collect()).await?;
    let all = || mine.iter().chain(&open);
    let mut ids: BTreeSet<PersonId> = all().flat_map(Device::people).collect();
    let areas: Vec<String> = all().flat_map(|d| d.request.areas.iter().cloned()).collect();
    ids.extend(store::teams::list_experts(c, &areas).await?);
    let people = store::people::load_people(c, &ids).await?;
    let now = app.clock.now();
    // The gates of the discussion look at people and at the device alone.
    let facts = Facts {
        now,
        today: today(app, now),
        actor: caller.actor,
        policy: &app.policy,
        review_digest: &app.review_digest,
        author_key: &app.author_key,
        people: &people,
        servers: &BTreeMap::new(),
        seen: &[],
        readings: &Readings::default(),
        taken: &Taken::default(),
        devices: &NO_DEVICES,
        way: &NO_WAY,
        last: None,
    };
    let mut line = |device: Device| {
        let step = next_step(device.state.name()).filter(|_| device.state.name() == StateName::Requested);
        let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), &device, None, &facts));
        let verdict = support.remove(&device.id).and_then(|(verdict, _)| verdict);
        Line { device, verdict, gates }
    };
    Ok(Overview {
        drafts,
        mine: mine.into_iter().map(&mut line).collect(),
        open: open.into_iter().map(&mut line).collect(),
        people,
        now,
    })
}

/// What has to change in a request before it can be taken, names that other devices hold among it. `of`: the device that
/// it is of, where that is on record.
pub async fn check(app: &App, of: Option<DeviceId>, request: &Request) -> Result<()> {
    let mut problems: Vec<FieldProblem> =
        request.problems(&app.policy).into_iter().map(|p| FieldProblem::new(p.field, p.say)).collect();
    let taken = drafts::taken_names(app, of, &request.name, &request.classes).await?;
    problems.extend(taken.into_iter().map(|p| FieldProblem { field: p.field, say: p.say }));
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// Sends in a request as a whole, without a draft (L1 to L4). The sender accepts the rules of conduct and agrees to what
/// reduced support means: both are on record (L3).
pub async fn send(app: &App, caller: &Caller, application: Application, key: Option<String>) -> Result<Done> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let ask = Ask { key, ..Ask::from(Command::Submit { application: Box::new(application.clone()) }) };
    // A repetition finds its own device under the name.
    if let Some(done) = act::sent_before(app, caller, &ask).await? {
        return Ok(done);
    }
    check(app, None, &application.request).await?;
    conduct::agree(app, caller, me, &application.request.name).await?;
    act::submit(app, caller, ask, None).await
}
