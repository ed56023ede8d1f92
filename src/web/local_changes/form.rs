//! The forms of local changes: recorded, changed, ended (R7).

use super::HOME;
use crate::{
    app::App,
    domain::{
        id::{LocalChangeId, TargetName},
        local_change::{LocalChange, Said},
        refusal::Code,
    },
    service::{
        Error, FieldProblem,
        local_changes::{self, New},
    },
    web::{
        acts::Typed,
        entries,
        layout::Section,
        parts::{Choice, Field, Kind, Tone, Width},
        problem::{Answer, Problem, refusal_status},
        rollouts::typed::{Reader, refill, seen, stranger},
        single::FormPage,
        visitor::{Member, flash},
    },
};
use axum::{
    Form,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;

/// What is asked of one that is on record.
fn said_fields() -> Vec<Field> {
    vec![
        Field::area("what", "What is changed, and why?")
            .hint("Like raises the limit of the chiller, until its sensor is replaced.")
            .rows(3)
            .max(4000),
        Field::text("ticket", "Its ticket").hint("A key like OPS-4711, or an address.").max(300).width(Width::W30),
        Field::new(Kind::Date, "until", "The last day on which it is to be there")
            .hint("Past it, you and CTRL are told.")
            .width(Width::W20),
    ]
}

fn new_fields(app: &App) -> Vec<Field> {
    let targets = app.policy.rollouts.targets.iter().map(|t| Choice::new(&t.name, &format!("{}, {}", t.name, t.group)));
    let mut all = vec![
        Field::select("target", "Where?", targets.collect()),
        Field::new(Kind::Name, "device", "Which device is changed there?")
            .hint("Its whole name, where it is one on record.")
            .width(Width::W30)
            .max(200)
            .optional(),
    ];
    all.extend(said_fields());
    all
}

fn read_said(r: &mut Reader<'_>) -> Said {
    Said {
        what: r.text("what", "Say what is changed, and why"),
        ticket: r.text("ticket", "Name its ticket, like OPS-4711"),
        until: r.day("until", "Enter the day, like 2026-12-24"),
    }
}

/// One form of these, as it is filled in now.
struct Shown {
    title: String,
    lead: &'static str,
    action: String,
    button: &'static str,
    fields: Vec<Field>,
}

/// What keeps it from being taken.
#[derive(Default)]
struct Wrong {
    problems: Vec<FieldProblem>,
    sentences: Vec<String>,
}

impl Wrong {
    fn of(problems: Vec<FieldProblem>) -> Self {
        Self { problems, sentences: Vec::new() }
    }

    fn say(sentence: &str) -> Self {
        Self { problems: Vec::new(), sentences: vec![sentence.to_owned()] }
    }
}

async fn page(member: &Member, shown: Shown, wrong: Wrong) -> Result<FormPage, Problem> {
    let Shown { title, lead, action, button, mut fields } = shown;
    let errors = entries::mark(&mut fields, wrong.problems);
    let layout = member.layout(Section::Rollouts).await?;
    let mut page = FormPage::new(layout, &title, &action, button, fields).lead(lead).under("Local changes", HOME);
    page.errors = wrong.sentences.iter().fold(errors, |all, say| all.with(say));
    Ok(page)
}

/// The form of a new one.
fn shown_new(app: &App, typed: &Typed) -> Shown {
    let mut fields = refill(new_fields(app), typed);
    fields.push(entries::key());
    Shown {
        title: "Record a local change".to_owned(),
        lead: "A rollout that would overwrite it asks first: is it cleared, or applied again?",
        action: format!("{HOME}/new"),
        button: "Record it",
        fields,
    }
}

/// GET /local-changes/new; the query may say where.
pub(super) async fn ask_new(member: Member, Query(given): Query<Vec<(String, String)>>) -> Answer {
    let shown = shown_new(&member.visitor.app, &Typed(given));
    Ok(page(&member, shown, Wrong::default()).await?.answer())
}

/// POST /local-changes/new
pub(super) async fn record(member: Member, jar: CookieJar, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let (app, typed) = (&member.visitor.app, Typed(pairs));
    let mut known = new_fields(app);
    known.push(Field::hidden("key", ""));
    if let Some(say) = stranger(&typed, &known, &[]) {
        return Ok(page(&member, shown_new(app, &typed), Wrong::say(&say)).await?.answer());
    }
    let key = entries::key_of(typed.one("key"))?;
    let mut r = Reader::new(app, &typed);
    let target = r.text("target", "Choose where it is");
    let said = read_said(&mut r);
    let device = entries::optional(typed.one("device"));
    let done = match r.ends(New { target: TargetName(target), device, said }) {
        Ok(new) => local_changes::record(app, &member.caller(), new, key).await,
        Err(problems) => Err(Error::Invalid(problems)),
    };
    match done {
        Ok(c) => {
            let say = format!("The local change {} on {} is on record.", c.ticket, c.target);
            Ok((jar.add(flash(Tone::Good, &say)), Redirect::to(HOME)).into_response())
        }
        Err(error) => again(&member, shown_new(app, &typed), error).await,
    }
}

/// The form once more, with what has to change; another error is a page of its own.
async fn again(member: &Member, shown: Shown, error: Error) -> Answer {
    let (status, wrong) = match error {
        Error::Invalid(problems) => (StatusCode::UNPROCESSABLE_ENTITY, Wrong::of(problems)),
        // Also whoever may not: of another target they may, and what was typed is not lost.
        Error::Refused(r) => {
            let status = match r.code {
                Code::Incomplete | Code::NoSuchThing => StatusCode::UNPROCESSABLE_ENTITY,
                _ => refusal_status(&r),
            };
            (status, Wrong::say(&r.sentence))
        }
        Error::Stale(_) => {
            let say = "Somebody changed it after you opened this page, so nothing was saved. What you typed is still here: look at the list, then send it again.";
            (StatusCode::CONFLICT, Wrong::say(say))
        }
        other => return Err(other.into()),
    };
    Ok((status, page(member, shown, wrong).await?).into_response())
}

async fn find(member: &Member, id: &str) -> Result<LocalChange, Problem> {
    let id: LocalChangeId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(local_changes::load(&member.visitor.app, id).await?)
}

/// The form that changes one, filled with what is on record or with what was typed.
fn shown_change(c: &LocalChange, typed: Option<&Typed>) -> Shown {
    let on_record = Typed(
        [("what", c.what.clone()), ("ticket", c.ticket.clone()), ("until", c.until.to_string())]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    );
    let mut fields = refill(said_fields(), typed.unwrap_or(&on_record));
    fields.push(Field::hidden("seen", c.revision));
    Shown {
        title: format!("Change {} on {}", c.ticket, c.target),
        lead: "With another day it is told anew once that is over.",
        action: format!("{HOME}/{}/change", c.id),
        button: "Save",
        fields,
    }
}

/// GET /local-changes/{change}/change
pub(super) async fn ask_change(member: Member, Path(id): Path<String>) -> Answer {
    let c = find(&member, &id).await?;
    Ok(page(&member, shown_change(&c, None), Wrong::default()).await?.answer())
}

/// POST /local-changes/{change}/change
pub(super) async fn change(
    member: Member,
    jar: CookieJar,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let (c, typed) = (find(&member, &id).await?, Typed(pairs));
    let app = &member.visitor.app;
    let mut known = said_fields();
    known.push(Field::hidden("seen", ""));
    if let Some(say) = stranger(&typed, &known, &[]) {
        return Ok(page(&member, shown_change(&c, Some(&typed)), Wrong::say(&say)).await?.answer());
    }
    let mut r = Reader::new(app, &typed);
    let said = read_said(&mut r);
    let done = match r.ends(said) {
        Ok(said) => local_changes::change(app, &member.caller(), c.id, said, seen(&typed)?).await,
        Err(problems) => Err(Error::Invalid(problems)),
    };
    match done {
        Ok(_) => Ok((jar.add(flash(Tone::Good, "Saved.")), Redirect::to(HOME)).into_response()),
        // As it is now, so that it can be sent again.
        Err(error) => {
            let now = find(&member, &id).await?;
            again(&member, shown_change(&now, Some(&typed)), error).await
        }
    }
}

fn shown_end(c: &LocalChange, typed: Option<&Typed>) -> Shown {
    let field = Field::area("reason", "How did it end?").hint("Like merged in 2.4.2, or taken back.").rows(3).max(4000);
    let mut fields = match typed {
        Some(typed) => refill(vec![field], typed),
        None => vec![field],
    };
    fields.push(Field::hidden("seen", c.revision));
    Shown {
        title: format!("End {} on {}", c.ticket, c.target),
        lead: "It is not there any more: no rollout asks for it.",
        action: format!("{HOME}/{}/end", c.id),
        button: "End it",
        fields,
    }
}

/// GET /local-changes/{change}/end
pub(super) async fn ask_end(member: Member, Path(id): Path<String>) -> Answer {
    let c = find(&member, &id).await?;
    Ok(page(&member, shown_end(&c, None), Wrong::default()).await?.answer())
}

/// POST /local-changes/{change}/end
pub(super) async fn end(
    member: Member,
    jar: CookieJar,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let (c, typed) = (find(&member, &id).await?, Typed(pairs));
    let app = &member.visitor.app;
    let known = [Field::text("reason", ""), Field::hidden("seen", "")];
    if let Some(say) = stranger(&typed, &known, &[]) {
        return Ok(page(&member, shown_end(&c, Some(&typed)), Wrong::say(&say)).await?.answer());
    }
    let mut r = Reader::new(app, &typed);
    let reason = r.text("reason", "Say how it ended, like merged in 2.4.2");
    let done = match r.ends(reason) {
        Ok(reason) => local_changes::end(app, &member.caller(), c.id, reason, seen(&typed)?).await,
        Err(problems) => Err(Error::Invalid(problems)),
    };
    match done {
        Ok(c) => {
            let say = format!("The local change {} on {} has ended.", c.ticket, c.target);
            Ok((jar.add(flash(Tone::Good, &say)), Redirect::to(HOME)).into_response())
        }
        Err(error) => {
            let now = find(&member, &id).await?;
            again(&member, shown_end(&now, Some(&typed)), error).await
        }
    }
}
