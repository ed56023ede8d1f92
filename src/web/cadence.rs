//! `/cadence`: what falls behind in its environments, what was due first first (G7); and how one device's cadence is
//! drawn wherever it is shown.

mod export;

use super::{
    layout::{Layout, Section},
    parts::{Side, Tag, Turn, in_sentence, plural},
    problem::{Answer, Problem},
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::{
        cadence::{Asked, Cadence, Standing, Whose},
        deployment::Environment,
        id::{DeploymentId, PersonId},
        moving_on::Hold,
        person::People,
    },
    service::cadence::{self, Line, PAGE, Page, Which},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Query, rejection::QueryRejection},
    response::IntoResponse,
    routing::get,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use strum::IntoEnumIterator;
use url::form_urlencoded::Serializer;

pub fn routes() -> Router<App> {
    Router::new().route("/cadence", get(show)).route("/cadence.csv", get(export::export))
}

/// How much of its time is over.
pub struct Bar {
    pub class: &'static str,
    pub percent: i64,
    pub label: String,
}

/// A device's cadence in an environment.
pub struct View {
    pub label: String,
    pub verdict: Tag,
    /// What was deployed last: its page, its release, and when.
    pub last: Option<(String, String, String)>,
    pub text: String,
    pub bar: Option<Bar>,
    /// Whose turn it is, where something is to be done.
    pub turn: Option<Turn>,
    /// Who holds it in development, since when and why.
    pub held: Option<String>,
    /// The page of a deployment that goes on.
    pub going_on: Option<String>,
}

/// Whose device it is, for a reader.
pub struct Of<'a> {
    pub contributors: &'a [PersonId],
    pub ctrl_contact: Option<PersonId>,
    pub hold: Option<&'a Hold>,
    pub people: &'a People,
    pub me: Option<PersonId>,
}

impl View {
    pub fn of(app: &App, c: &Cadence, going_on: Option<DeploymentId>, of: &Of<'_>, now: DateTime<Utc>) -> Self {
        let shows = c.standing.shows();
        let href = |id: DeploymentId| format!("/deployments/{id}");
        let when = |at| format!("{}, {}", words::day(app, at, now), words::ago(at, now));
        let hold = of.hold.filter(|_| shows && c.environment == Environment::Production);
        Self {
            label: app.policy.environment_label(c.environment).to_owned(),
            verdict: verdict(c.standing),
            last: c.last.as_ref().map(|l| (href(l.deployment), l.tag.to_string(), when(l.at))),
            text: text(app, c, now),
            bar: c.asked.map(|asked| bar(&asked, c.standing, now)),
            turn: shows.then(|| turn(c.whose, of)),
            held: hold.map(|h| {
                let who = h.by.map_or("Custody", |p| of.people.name(p));
                format!("Held in development by {who}, {}: {}", words::moment(app, h.at), h.reason)
            }),
            going_on: going_on.map(href),
        }
    }
}

fn verdict(standing: Standing) -> Tag {
    let label = standing.words();
    match standing {
        Standing::Behind => Tag { icon: "alert", ..Tag::bad(label) },
        Standing::DueSoon => Tag { icon: "clock", ..Tag::warn(label) },
        Standing::Kept => Tag::good(label),
        Standing::NotAsked => Tag::plain(label),
    }
}

fn text(app: &App, c: &Cadence, now: DateTime<Utc>) -> String {
    let Some(asked) = c.asked else {
        return c.why_not.map_or_else(String::new, |why| format!("Nothing is asked of it: {}.", why.words()));
    };
    let since = match c.counted() {
        Some(_) => String::new(),
        None => format!("Nothing was deployed there since {}. ", words::day(app, asked.from, now)),
    };
    let day = words::day(app, asked.due, now);
    match c.standing {
        Standing::Behind => format!("{since}The next deployment was due on {day}, {}.", words::ago(asked.due, now)),
        _ => format!("{since}The next deployment is due on {day}, in {}.", words::span(now, asked.due)),
    }
}

fn bar(asked: &Asked, standing: Standing, now: DateTime<Utc>) -> Bar {
    let (over, all) = ((now - asked.from).num_seconds().max(0), asked.days.num_seconds().max(1));
    let days = asked.days.num_days();
    Bar {
        class: match standing {
            Standing::Behind => "non",
            Standing::DueSoon => "red",
            Standing::Kept | Standing::NotAsked => "own",
        },
        percent: (over.saturating_mul(100) / all).clamp(0, 100),
        label: match (now - asked.from).num_days().max(0) {
            over if over < days => format!("{over} of {days} days are over"),
            _ => format!("all {days} days are over"),
        },
    }
}

fn turn(whose: Whose, of: &Of<'_>) -> Turn {
    match (whose, of.ctrl_contact) {
        (Whose::Contributor, _) if of.me.is_some_and(|me| of.contributors.contains(&me)) => {
            Turn::You(Side::Contributor)
        }
        (Whose::Contributor, _) => Turn::Side(Side::Contributor),
        (Whose::Ctrl, None) => Turn::Side(Side::Ctrl),
        (Whose::Ctrl, contact) if contact == of.me => Turn::You(Side::Ctrl),
        (Whose::Ctrl, Some(contact)) => {
            let name = of.people.name(contact);
            Turn::Person { name: name.split_whitespace().next().unwrap_or(name).to_owned(), side: Side::Ctrl }
        }
    }
}

/// One line of the list.
pub struct Row {
    pub device: String,
    pub instruments: String,
    pub view: View,
}

/// The lines as a reader sees them.
pub fn rows(app: &App, page: &Page, me: PersonId) -> Vec<Row> {
    let row = |l: &Line| {
        let card = &l.card;
        let of = Of {
            contributors: &card.contributors,
            ctrl_contact: card.ctrl_contact,
            hold: card.hold.as_deref(),
            people: &page.people,
            me: Some(me),
        };
        Row {
            device: card.name.clone(),
            instruments: card.instruments.join(", "),
            view: View::of(app, &l.cadence, l.going_on, &of, page.now),
        }
    };
    page.lines.iter().map(row).collect()
}

#[derive(Template, WebTemplate)]
#[template(path = "cadence.html")]
struct CadencePage {
    layout: Layout,
    lead: String,
    rule: String,
    rows: Vec<Row>,
    /// Whether only some were looked for.
    only: bool,
    /// Value, label, whether it is chosen.
    environments: Vec<(&'static str, String, bool)>,
    instruments: Vec<String>,
    instrument: String,
    more: Option<String>,
    file: String,
    page: usize,
}

/// What is looked for, as the address says it; what is empty may be anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    environment: String,
    #[serde(default)]
    instrument: String,
    after: Option<String>,
}

impl Wanted {
    fn read(query: Result<Query<Self>, QueryRejection>) -> Result<Which, Problem> {
        let unreadable = || Problem::unreadable("Look for what falls behind with the form of its list.");
        let Query(wanted) = query.map_err(|_| unreadable())?;
        let environment = Some(wanted.environment).filter(|e| !e.is_empty()).map(|e| e.parse()).transpose();
        let after = wanted.after.map(|a| cadence::read_place(&a).ok_or_else(unreadable)).transpose()?;
        Ok(Which {
            environment: environment.map_err(|_| unreadable())?,
            instrument: Some(wanted.instrument).filter(|i| !i.is_empty()),
            standing: None,
            after,
        })
    }
}

/// The same list as another file, or from behind another line on.
fn address(path: &str, which: &Which) -> String {
    let all = [
        ("environment", which.environment.map(|e| e.to_string())),
        ("instrument", which.instrument.clone()),
        ("after", which.after.as_ref().map(cadence::write_place)),
    ];
    let said: Vec<(&str, String)> = all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    match said.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", Serializer::new(String::new()).extend_pairs(said).finish()),
    }
}

/// GET /cadence
async fn show(member: Member, query: Result<Query<Wanted>, QueryRejection>) -> Answer {
    let app = &member.visitor.app;
    let which = Wanted::read(query)?;
    let layout = member.layout(Section::Elsewhere).await?;
    let found = cadence::list(app, &which).await?;
    let label = |e| app.policy.environment_label(e).to_owned();
    let all = Which { after: None, ..which.clone() };
    let page = CadencePage {
        lead: lead(&found),
        rule: rule(app),
        rows: rows(app, &found, member.id()),
        only: all != Which::default(),
        environments: Environment::iter().map(|e| (e.into(), label(e), which.environment == Some(e))).collect(),
        instruments: app.policy.facility.instruments.clone(),
        instrument: which.instrument.clone().unwrap_or_default(),
        file: address("/cadence.csv", &all),
        more: found.next.map(|after| address("/cadence", &Which { after: Some(after), ..which })),
        page: PAGE,
        layout,
    };
    Ok(page.into_response())
}

fn lead(page: &Page) -> String {
    let be = |n: usize| if n == 1 { "is" } else { "are" };
    match (page.behind, page.due_soon) {
        (0, 0) => "Nothing falls behind.".to_owned(),
        (0, soon) => format!("Nothing falls behind. {soon} {} due soon.", be(soon)),
        (behind, 0) => format!("{behind} {} behind.", be(behind)),
        (behind, soon) => format!("{behind} {} behind, {soon} {} due soon.", be(behind), be(soon)),
    }
}

/// What the policy asks for, in a sentence.
fn rule(app: &App) -> String {
    let asked = Environment::iter().filter_map(|e| {
        let days = app.policy.cadence_of(e)?.num_days();
        let days = plural(usize::try_from(days).unwrap_or(usize::MAX), "day");
        Some(format!("every {days} in {}", in_sentence(app.policy.environment_label(e))))
    });
    let asked: Vec<String> = asked.collect();
    match asked.is_empty() {
        true => "The policy asks for no cadence.".to_owned(),
        false => format!("Each device is to be deployed at least {}.", asked.join(" and ")),
    }
}
