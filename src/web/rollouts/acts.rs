//! The acts on a rollout, each with its own small form: `GET /rollouts/{number}/{act}` shows it, or why it cannot be done
//! now; `POST` does it. What asks nothing is sent by the buttons of the rollout's page, and comes here where it is refused.

use super::{
    href,
    live::start_box,
    questions::{questions, read},
    target_href,
    typed::{refill, seen, stranger},
    verbs::{act_href, is_grave, is_of_step, is_of_target, label, lead, said},
};
use crate::{
    domain::{
        refusal::{Code, Refusal},
        rollout::{CommandKind, StateName, Target, Who, from, who},
    },
    service::{
        Error, FieldProblem,
        rollouts::{self, Ask, View},
    },
    web::{
        acts::Typed,
        entries,
        layout::{Layout, Section, local_path},
        parts::{ErrorSummary, Field, GateBox, Tone},
        problem::{Answer, Problem, refusal_status},
        visitor::{Member, flash},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::CookieJar;

/// The act of an address such as `roll-back`; the plan has a page of its own, and some are Custody's.
fn act_of(word: &str) -> Result<CommandKind, Problem> {
    let act: Option<CommandKind> = match word.contains('_') {
        true => None,
        false => word.replace('-', "_").parse().ok(),
    };
    let by_people = |act: &CommandKind| *act != CommandKind::Amend && who(*act) != Who::Custody;
    act.filter(by_people).ok_or_else(Problem::not_found)
}

/// What an act is about, as its reader finds it.
pub(super) struct Context {
    pub act: CommandKind,
    pub view: View,
    pub target: Option<Target>,
    pub step: Option<usize>,
    /// Why the reader cannot do it now: who may, or in which state.
    locked: Option<String>,
    /// Whether that is about who they are.
    is_theirs: bool,
}

async fn context(member: &Member, number: &str, act: CommandKind, typed: &Typed) -> Result<Context, Problem> {
    let (app, caller) = (&member.visitor.app, member.caller());
    let view = rollouts::load(app, Some(&caller), number).await?;
    let again =
        || Problem::unreadable("This button cannot be read. Open the rollout’s page again, and press it there.");
    let target = match is_of_target(act) {
        true => Some(view.rollout.target(&typed.one("target").into()).cloned().ok_or_else(Problem::not_found)?),
        false => None,
    };
    let step = match is_of_step(act) {
        true => {
            let step = typed.one("step").parse().ok();
            Some(step.filter(|step: &usize| *step < view.rollout.steps.len()).ok_or_else(again)?)
        }
        false => None,
    };
    let is_theirs = match who(act) {
        Who::Ctrl => view.is_ctrl,
        Who::BothSides => target.as_ref().is_some_and(|t| view.sides.of(t).is_some()),
        Who::Custody => false,
    };
    let state = view.rollout.state.name();
    let locked = match (is_theirs, from(act).contains(&state)) {
        (true, true) => None,
        (true, false) => {
            let states: Vec<String> = from(act).iter().map(|s| s.label().to_lowercase()).collect();
            let (number, is) = (&view.rollout.number, state.label().to_lowercase());
            Some(format!("{number} is {is}: this can be done while it is {}.", states.join(", ")))
        }
        (false, _) if who(act) == Who::BothSides => {
            Some("This is for a member of CTRL or one of the instrument’s scientists to do.".to_owned())
        }
        (false, _) => Some("This is for a member of CTRL to do.".to_owned()),
    };
    Ok(Context { act, view, target, step, locked, is_theirs })
}

impl Context {
    fn target(&self) -> &str {
        self.target.as_ref().map_or("", |t| t.name.0.as_str())
    }

    fn step(&self) -> String {
        self.step.map(|step| self.view.rollout.step_label(step)).unwrap_or_default()
    }

    fn title(&self) -> String {
        let label = label(self.act);
        match (self.target.is_some(), self.step.is_some()) {
            (true, true) => format!("{label}: {} on {}", self.step(), self.target()),
            (true, false) => format!("{label}: {}", self.target()),
            (false, _) => format!("{label}: {}", self.view.rollout.number),
        }
    }

    /// Where one comes from, and goes back to.
    fn back(&self, typed: &Typed) -> String {
        match (typed.one("next"), &self.target) {
            ("", Some(target)) => target_href(&self.view.rollout.number, &target.name),
            ("", None) => href(&self.view.rollout.number),
            (next, _) => local_path(next).to_owned(),
        }
    }
}

/// What the button knows and the form hands on.
fn hidden(cx: &Context, typed: &Typed, revision: u64) -> Vec<Field> {
    let handed = ["target", "step", "change", "answer"].into_iter().filter(|name| typed.has(name));
    let handed = handed.map(|name| Field::hidden(name, typed.one(name)));
    let own = [Field::hidden("seen", revision), entries::key(), Field::hidden("next", cx.back(typed))];
    own.into_iter().chain(handed).collect()
}

#[derive(Template, WebTemplate)]
#[template(path = "rollouts/act.html")]
struct ActPage {
    layout: Layout,
    /// The rollout: its number and its title.
    number: String,
    rollout: String,
    title: String,
    lead: String,
    action: String,
    button: &'static str,
    grave: bool,
    gates: Option<GateBox>,
    /// Why the button is locked.
    locked: Option<String>,
    fields: Vec<Field>,
    errors: ErrorSummary,
    /// Whether it was sent too late (A4).
    stale: bool,
    back: String,
}

impl ActPage {
    /// The classes of its button.
    fn class(&self) -> &'static str {
        if self.grave { "btn danger call" } else { "btn pri call" }
    }
}

/// What keeps a form from being taken.
#[derive(Default)]
struct Wrong {
    problems: Vec<FieldProblem>,
    sentence: Option<String>,
    gates: Option<GateBox>,
    stale: bool,
}

async fn page(member: &Member, cx: &Context, typed: &Typed, wrong: Wrong) -> Result<ActPage, Problem> {
    let r = &cx.view.rollout;
    let mut fields = refill(questions(&member.visitor.app, cx), typed);
    fields.extend(hidden(cx, typed, r.revision));
    let errors = entries::mark(&mut fields, wrong.problems);
    let own = (cx.act == CommandKind::Start && cx.view.gates.iter().any(|g| g.is_open()))
        .then(|| start_box(&cx.view, &cx.view.gates, member.id(), None));
    Ok(ActPage {
        layout: member.layout(Section::Rollouts).await?,
        number: r.number.clone(),
        rollout: r.title.clone(),
        title: cx.title(),
        lead: lead(cx.act, r, cx.target()),
        action: act_href(&r.number, cx.act),
        button: label(cx.act),
        grave: is_grave(cx.act),
        gates: wrong.gates.or(own),
        locked: cx.locked.clone(),
        errors: wrong.sentence.iter().fold(errors, |all, say| all.with(say)),
        stale: wrong.stale,
        back: cx.back(typed),
        fields,
    })
}

/// GET /rollouts/{number}/{act}; the query says what it is about.
pub(super) async fn show(
    member: Member,
    Path((number, word)): Path<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Answer {
    let (act, typed) = (act_of(&word)?, Typed(given));
    let cx = context(&member, &number, act, &typed).await?;
    Ok(page(&member, &cx, &typed, Wrong::default()).await?.into_response())
}

/// POST /rollouts/{number}/{act}
pub(super) async fn send(
    member: Member,
    jar: CookieJar,
    Path((number, word)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let (act, typed) = (act_of(&word)?, Typed(pairs));
    let app = &member.visitor.app;
    let cx = context(&member, &number, act, &typed).await?;
    let mut known = questions(app, &cx);
    known.extend(["seen", "key", "next", "target", "step", "change", "answer"].map(|name| Field::hidden(name, "")));
    if let Some(say) = stranger(&typed, &known, &[]) {
        let wrong = Wrong { sentence: Some(say), ..Wrong::default() };
        return again(&member, &cx, &typed, StatusCode::UNPROCESSABLE_ENTITY, wrong).await;
    }
    let (seen, key) = (seen(&typed)?, entries::key_of(typed.one("key"))?);
    let command = match read(app, &cx, &typed) {
        Ok(command) => command,
        // Whoever may not do it is told that, not how to fill in the form.
        Err(_) if !cx.is_theirs => {
            return Err(Problem::forbidden(cx.locked.as_deref().unwrap_or_default()));
        }
        Err(problems) => {
            let wrong = Wrong { problems, ..Wrong::default() };
            return again(&member, &cx, &typed, StatusCode::UNPROCESSABLE_ENTITY, wrong).await;
        }
    };
    let ask = Ask { command, seen, exactly: false, key };
    match rollouts::act(app, &member.caller(), &number, ask).await {
        Ok(done) => {
            let mut say = said(act, cx.target(), &cx.step());
            if done.rollout.state.name() == StateName::Finished && cx.view.rollout.state.name() != StateName::Finished {
                say.push_str(" Nothing is left to do: the rollout is finished.");
            }
            Ok((jar.add(flash(Tone::Good, &say)), Redirect::to(&cx.back(&typed))).into_response())
        }
        Err(Error::Refused(refusal)) if !refusal.code.is_about_who() => {
            refused(&member, &number, act, &typed, &refusal).await
        }
        // What was typed is not lost: the form comes back with it, for the rollout as it is now (A4).
        Err(Error::Stale(_)) => {
            let cx = context(&member, &number, act, &typed).await?;
            again(&member, &cx, &typed, StatusCode::CONFLICT, Wrong { stale: true, ..Wrong::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The form once more, for the rollout as it is now, with what the rules say.
async fn refused(member: &Member, number: &str, act: CommandKind, typed: &Typed, refusal: &Refusal) -> Answer {
    let cx = context(member, number, act, typed).await?;
    let status = match refusal.code {
        Code::Incomplete => StatusCode::UNPROCESSABLE_ENTITY,
        _ => refusal_status(refusal),
    };
    let gates = (!refusal.gates.is_empty()).then(|| start_box(&cx.view, &refusal.gates, member.id(), None));
    again(member, &cx, typed, status, Wrong { sentence: Some(refusal.sentence.clone()), gates, ..Wrong::default() })
        .await
}

async fn again(member: &Member, cx: &Context, typed: &Typed, status: StatusCode, wrong: Wrong) -> Answer {
    Ok((status, page(member, cx, typed, wrong).await?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    /// R1 to R7: everything that people can do with a rollout has an address and words, and what is Custody's has none.
    #[test]
    fn r3_every_act_of_people_has_an_address() {
        for act in CommandKind::iter() {
            let address = act_href("R-2026-1", act);
            let word = address.rsplit('/').next().unwrap();
            let by_people = act != CommandKind::Amend && who(act) != Who::Custody;
            assert_eq!(act_of(word).is_ok(), by_people, "{act}");
            let r = crate::domain::rollout::Rollout::draft(crate::domain::id::RolloutId(uuid::Uuid::nil()));
            if by_people {
                assert!(!label(act).is_empty() && lead(act, &r, "SCS").ends_with('.'), "{act}");
                assert!(said(act, "SCS", "Server").ends_with('.'), "{act}");
            }
        }
        assert!(act_of("roll_back").is_err() && act_of("nothing").is_err());
    }
}
