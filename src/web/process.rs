//! The process, printed and drawn from the very table that the code decides by.

use super::{
    gatebox::of_state,
    layout::{Layout, Section},
    parts::{Lifecycle, Spot, Stage, Standing},
    problem::Answer,
    visitor::Visitor,
};
use crate::{
    app::App,
    domain::lifecycle::{
        CommandKind, RULES, Rule, StateName,
        table::{LIVE, Leads},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};

pub fn routes() -> Router<App> {
    Router::new().route("/process", get(show))
}

/// A gate as the tables print it.
pub struct GateWord {
    pub id: String,
    pub title: &'static str,
}

/// A row of the table of transitions.
pub struct Row {
    pub act: String,
    pub from: String,
    pub to: String,
    pub who: String,
    pub gates: Vec<GateWord>,
}

/// What else can be done in a state.
pub struct Group {
    pub state: &'static str,
    pub rows: Vec<Row>,
}

#[derive(Template, WebTemplate)]
#[template(path = "process/show.html")]
pub struct ProcessPage {
    pub layout: Layout,
    pub lifecycle: Lifecycle,
    pub transitions: Vec<Row>,
    pub groups: Vec<Group>,
}

impl ProcessPage {
    pub fn new(layout: Layout) -> Self {
        let of = |state: StateName| Group {
            state: state.label(),
            rows: RULES.iter().filter(|r| !r.is_transition() && r.from.contains(&state)).map(row).collect(),
        };
        Self {
            layout,
            lifecycle: drawn(),
            transitions: RULES.iter().filter(|r| r.is_transition()).map(row).collect(),
            groups: LIVE.iter().map(|s| of(*s)).collect(),
        }
    }
}

/// GET /process
async fn show(visitor: Visitor) -> Answer {
    Ok(ProcessPage::new(visitor.layout(Section::Process).await?).into_response())
}

/// The act's name in words: `take over`.
fn words(act: CommandKind) -> String {
    act.to_string().replace('_', " ")
}

fn row(r: &Rule) -> Row {
    let from: Vec<&str> = match r.from {
        all if all == LIVE => vec!["any live state"],
        some => some.iter().map(|s| s.label()).collect(),
    };
    let who: Vec<&str> = r.who.iter().map(|w| w.words()).collect();
    Row {
        act: words(r.command),
        from: from.join(", "),
        to: match r.leads {
            Leads::To(s) => s.label().to_owned(),
            Leads::Overlay => "state kept, marked as shut down".to_owned(),
            Leads::Nowhere => String::new(),
        },
        who: who.join(", "),
        gates: r.gates.iter().map(|g| GateWord { id: code(&g.to_string()), title: g.title() }).collect(),
    }
}

/// A rule's code, like `T4`; a gate that is no rule of its own has none.
fn code(id: &str) -> String {
    let rule = id.len() <= 3 && id.ends_with(|c: char| c.is_ascii_digit());
    if rule { id.to_owned() } else { String::new() }
}

/// The whole way, with nobody on it.
fn drawn() -> Lifecycle {
    let stage = |spot, state: StateName, line: &str| Stage::new(spot, of_state(state), Standing::Later, line);
    Lifecycle {
        id: "lc".to_owned(),
        stages: vec![
            stage(Spot::Requested, StateName::Requested, "Asked, discussed"),
            stage(Spot::Reduced, StateName::ReducedSupport, "Developed, best effort"),
            stage(Spot::Review, StateName::UnderReview, "Still reduced support"),
            stage(Spot::Owned, StateName::CtrlOwned, "CTRL-owned"),
        ],
        steps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::{
        parts::{Phone, prose},
        theme::Theme,
    };

    /// G9: every row of the table is printed, each transition once, with all of its gates.
    #[test]
    fn the_whole_table_is_printed() {
        let layout = Layout::signed_out(Theme::Day, "DOC on duty", Phone::new("+49 40 66969 100"), "/process");
        let page = ProcessPage::new(layout);
        let printed: usize = page.transitions.len();
        assert_eq!(printed, RULES.iter().filter(|r| r.is_transition()).count());
        for r in RULES.iter().filter(|r| !r.is_transition()) {
            for state in r.from {
                let group = page.groups.iter().find(|g| g.state == state.label());
                let rows = group.expect("every live state has a group").rows.iter();
                assert_eq!(rows.filter(|row| row.act == words(r.command)).count(), 1, "{}", r.command);
            }
        }
        let html = page.render().unwrap();
        for r in RULES {
            for g in r.gates {
                assert!(html.contains(&prose(g.title()).0), "{g}");
            }
        }
    }
}
