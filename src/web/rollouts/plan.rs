//! `/rollouts/new`, and a plan changed before it starts (R1, R2).

use super::{
    form, href,
    typed::{refill, seen, stranger},
    verbs::said,
};
use crate::{
    app::App,
    domain::{
        person::{People, Role},
        refusal::{Code, Refusal},
        rollout::{CommandKind, Rollout, StateName},
    },
    service::{
        Error, FieldProblem, people,
        rollouts::{self, Done},
    },
    web::{
        acts::Typed,
        entries,
        layout::{Layout, Section},
        parts::{Banner, ErrorSummary, Field, Tone},
        problem::{Answer, Problem, refusal_status},
        visitor::{Member, flash},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::CookieJar;

/// A target that can be chosen.
struct Target {
    name: String,
    about: String,
    ticked: bool,
    first: bool,
    /// Counts all of them, from 1.
    n: usize,
}

/// Targets of one group.
struct Group {
    title: String,
    targets: Vec<Target>,
}

#[derive(Template, WebTemplate)]
#[template(path = "rollouts/plan.html")]
struct PlanPage {
    layout: Layout,
    title: String,
    /// The rollout that is changed: its number.
    number: Option<String>,
    banner: Option<Banner>,
    errors: ErrorSummary,
    fields: Vec<Field>,
    groups: Vec<Group>,
    /// What has to change in the choice of targets.
    targets_error: Option<String>,
    /// The most that go first.
    few: u32,
    more: Vec<Field>,
    action: String,
    button: &'static str,
    back: String,
}

fn must_be_ctrl(member: &Member) -> Result<(), Problem> {
    match member.has(&Role::Ctrl) {
        true => Ok(()),
        false => Err(Problem::forbidden("Rollouts are planned by CTRL. Ask a member of CTRL to plan one.")),
    }
}

/// What keeps a plan from being taken.
#[derive(Default)]
struct Wrong {
    problems: Vec<FieldProblem>,
    sentence: Option<String>,
    stale: bool,
}

fn groups(app: &App, typed: &Typed) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (t, n) in app.policy.rollouts.targets.iter().zip(1..) {
        let serves = if t.instrument.is_empty() || t.instrument == t.name {
            String::new()
        } else {
            format!("serves {}", t.instrument)
        };
        let target = Target {
            ticked: typed.all("target").any(|name| name == t.name),
            first: typed.all("first").any(|name| name == t.name),
            name: t.name.clone(),
            about: serves,
            n,
        };
        match groups.iter_mut().find(|g| g.title == t.group) {
            Some(group) => group.targets.push(target),
            None => groups.push(Group { title: t.group.clone(), targets: vec![target] }),
        }
    }
    groups
}

/// The form, new or of this rollout, with what was typed and what has to change.
async fn page(member: &Member, of: Option<&Rollout>, typed: &Typed, wrong: Wrong) -> Result<PlanPage, Problem> {
    let app = &member.visitor.app;
    let (mut fields, mut more) = (refill(form::fields(app), typed), refill(form::more_fields(), typed));
    let (of_targets, others): (Vec<_>, Vec<_>) = wrong.problems.into_iter().partition(|p| p.field == "target");
    let (above, below): (Vec<_>, Vec<_>) = others.into_iter().partition(|p| fields.iter().any(|f| f.name == p.field));
    let mut errors = entries::mark(&mut fields, above);
    let targets_error = of_targets.into_iter().next().map(|p| p.say);
    errors.items.extend(targets_error.iter().map(|say| ("target-1".to_owned(), say.clone())));
    errors.items.extend(entries::mark(&mut more, below).items);
    let errors = wrong.sentence.iter().fold(errors, |all, say| all.with(say));
    more.push(entries::key());
    if let Some(r) = of {
        more.push(Field::hidden("seen", r.revision));
    }
    let none = app.policy.rollouts.targets.is_empty();
    let banner = match (none, wrong.stale) {
        (true, _) => Some(Banner::new(
            Tone::Warn,
            "There is no target yet.",
            "Whoever runs Custody names instruments and test stands below [rollouts] in the policy.",
        )),
        (false, true) => Some(Banner::new(
            Tone::Warn,
            "The plan has changed since you opened this page.",
            "Nothing was saved. What you typed is still here: compare it with the plan, then send it again.",
        )),
        (false, false) => None,
    };
    let (title, action, button, back) = match of {
        None => ("Plan a rollout".to_owned(), "/rollouts/new".to_owned(), "Plan it", "/rollouts".to_owned()),
        Some(r) => {
            let here = href(&r.number);
            (format!("Change the plan of {}", r.number), format!("{here}/amend"), "Save the plan", here)
        }
    };
    Ok(PlanPage {
        layout: member.layout(Section::Rollouts).await?,
        title,
        number: of.map(|r| r.number.clone()),
        banner,
        errors,
        fields,
        groups: groups(app, typed),
        targets_error,
        few: app.policy.rollouts.first_wave,
        more,
        action,
        button,
        back,
    })
}

/// GET /rollouts/new
pub(super) async fn ask_new(member: Member) -> Answer {
    must_be_ctrl(&member)?;
    let typed = form::of_policy(&member.visitor.app);
    Ok(page(&member, None, &typed, Wrong::default()).await?.into_response())
}

/// POST /rollouts/new
pub(super) async fn plan_new(member: Member, jar: CookieJar, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    must_be_ctrl(&member)?;
    let typed = Typed(pairs);
    let key = entries::key_of(typed.one("key"))?;
    let everybody = people::list_open(&member.visitor.app).await?;
    let plan = match read(&member.visitor.app, &typed, None, &everybody) {
        Ok(plan) => plan,
        Err(wrong) => return again(&member, None, &typed, wrong).await,
    };
    match rollouts::plan(&member.visitor.app, &member.caller(), plan, key).await {
        Ok(Done { rollout, .. }) => {
            let say = format!("{} is planned. Read it once more, then start it.", rollout.number);
            Ok((jar.add(flash(Tone::Good, &say)), Redirect::to(&href(&rollout.number))).into_response())
        }
        Err(Error::Refused(r)) if !r.code.is_about_who() => refused(&member, None, &typed, &r).await,
        Err(error) => Err(error.into()),
    }
}

fn read(
    app: &App,
    typed: &Typed,
    before: Option<&Rollout>,
    everybody: &People,
) -> Result<crate::domain::rollout::Plan, Wrong> {
    let all: Vec<Field> = form::fields(app)
        .into_iter()
        .chain(form::more_fields())
        .chain(["key", "seen"].map(|name| Field::hidden(name, "")))
        .collect();
    match stranger(typed, &all, &form::MANY) {
        Some(say) => Err(Wrong { sentence: Some(say), ..Wrong::default() }),
        None => form::read(app, typed, before, everybody).map_err(|problems| Wrong { problems, ..Wrong::default() }),
    }
}

async fn again(member: &Member, of: Option<&Rollout>, typed: &Typed, wrong: Wrong) -> Answer {
    let page = page(member, of, typed, wrong).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The form once more, with what the rules say of it.
async fn refused(member: &Member, of: Option<&Rollout>, typed: &Typed, r: &Refusal) -> Answer {
    let status = match r.code {
        Code::Incomplete | Code::NoSuchThing => StatusCode::UNPROCESSABLE_ENTITY,
        _ => refusal_status(r),
    };
    let wrong = Wrong { sentence: Some(r.sentence.clone()), ..Wrong::default() };
    Ok((status, page(member, of, typed, wrong).await?).into_response())
}

/// GET /rollouts/{number}/amend
pub(super) async fn ask_again(member: Member, Path(number): Path<String>) -> Answer {
    let app = &member.visitor.app;
    let view = rollouts::load(app, Some(&member.caller()), &number).await?;
    must_be_ctrl(&member)?;
    must_be_planned(&view.rollout)?;
    let typed = form::of_rollout(app, &view.rollout, &view.people);
    Ok(page(&member, Some(&view.rollout), &typed, Wrong::default()).await?.into_response())
}

fn must_be_planned(r: &Rollout) -> Result<(), Problem> {
    if r.state.name() == StateName::Planned {
        return Ok(());
    }
    let is = r.state.name().label().to_lowercase();
    let sentence = format!("{} is {is}: its plan stays as it is.", r.number);
    Err(Error::from(Refusal::new(Code::WrongState, sentence)).into())
}

/// POST /rollouts/{number}/amend
pub(super) async fn amend(
    member: Member,
    jar: CookieJar,
    Path(number): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let (app, caller, typed) = (&member.visitor.app, member.caller(), Typed(pairs));
    let view = rollouts::load(app, Some(&caller), &number).await?;
    must_be_ctrl(&member)?;
    must_be_planned(&view.rollout)?;
    let of = Some(&view.rollout);
    let (key, everybody) = (entries::key_of(typed.one("key"))?, people::list_open(app).await?);
    let seen = seen(&typed)?;
    let plan = match read(app, &typed, of, &everybody) {
        Ok(plan) => plan,
        Err(wrong) => return again(&member, of, &typed, wrong).await,
    };
    match rollouts::amend(app, &caller, &number, plan, seen, key).await {
        Ok(_) => {
            let say = said(CommandKind::Amend, "", "");
            Ok((jar.add(flash(Tone::Good, &say)), Redirect::to(&href(&number))).into_response())
        }
        Err(Error::Refused(r)) if !r.code.is_about_who() => refused(&member, of, &typed, &r).await,
        // What was typed is not lost: the form comes back with it, for the plan as it is now (A4).
        Err(Error::Stale(_)) => {
            let now = rollouts::load(app, Some(&caller), &number).await?;
            let wrong = Wrong { stale: true, ..Wrong::default() };
            Ok((StatusCode::CONFLICT, page(&member, Some(&now.rollout), &typed, wrong).await?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
