//! The last section: all answers to check, what the sender agrees to, and sending it.

use super::{frame::Frame, summary};
use crate::{
    domain::{lifecycle::GateId, request::Section as Part},
    service::{
        Error,
        conduct::{Consent, is_accepted},
        drafts::{self, Checked, Progress, Sent},
    },
    web::{
        layout::{Layout, Section},
        parts::{Banner, ErrorSummary, Field, SummarySection, Tone},
        problem::{Answer, Problem},
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
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use strum::IntoEnumIterator;

#[derive(Template, WebTemplate)]
#[template(path = "request/check.html")]
struct CheckPage {
    layout: Layout,
    frame: Frame,
    sections: Vec<SummarySection>,
    /// Sections that are not complete: title, address, what is missing.
    missing: Vec<(String, String, String)>,
    errors: ErrorSummary,
    notice: Option<Banner>,
    consents: Vec<Field>,
    /// The rules of conduct, with the box to accept them or the version accepted.
    rules: Vec<String>,
    version: u32,
    accept: Option<Field>,
    answer_days: usize,
    revision: i64,
    key: String,
}

/// What the form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendForm {
    revision: i64,
    key: String,
    best_effort: Option<String>,
    given_server: Option<String>,
    shut_down: Option<String>,
    conduct: Option<String>,
}

impl SendForm {
    fn agrees(&self, consent: Consent) -> bool {
        let answer = match consent {
            Consent::BestEffort => &self.best_effort,
            Consent::GivenServer => &self.given_server,
            Consent::ShutDown => &self.shut_down,
        };
        answer.as_deref() == Some("yes")
    }
}

async fn page(
    member: &Member,
    checked: &Checked,
    typed: Option<&SendForm>,
    notice: Option<Banner>,
) -> Result<CheckPage, Problem> {
    let app = &member.app;
    let id = &checked.draft.id;
    let phone = |typed: &str| checked.people.find(typed).and_then(|c| c.phone.clone());
    let sections = Part::iter()
        .map(|s| summary::of(s, &checked.draft.answers, &app.policy, phone, Some(&super::frame::href(id, s))))
        .collect();
    let missing = Part::iter().filter_map(|s| {
        let why = match checked.progress(s) {
            Progress::Complete => return None,
            Progress::NotStarted => "Not started".to_owned(),
            Progress::Started | Progress::Problems(_) => {
                checked.of(s).into_iter().next().map_or_else(String::new, |p| p.say)
            }
        };
        Some((s.title().to_owned(), super::frame::href(id, s), why))
    });
    let consents = Consent::iter().map(|c| {
        let word: &str = c.into();
        let mut field = Field::check(word, c.words());
        if let Some(form) = typed {
            match form.agrees(c) {
                true => field = field.value("yes"),
                false => {
                    field.error = Some(format!("Agree to “{}”, or leave the request as a draft", c.words()));
                }
            }
        }
        field
    });
    let consents: Vec<Field> = consents.collect();
    let accept = (!is_accepted(app, &member.me.profile.person)).then(|| {
        let mut field = Field::check("conduct", "I accept these rules");
        if let Some(form) = typed {
            match form.conduct.as_deref() {
                Some("yes") => field = field.value("yes"),
                _ => field.error = Some("Accept the rules of conduct: every contributor does".to_owned()),
            }
        }
        field
    });
    let boxes: Vec<Field> = consents.iter().chain(&accept).cloned().collect();
    Ok(CheckPage {
        layout: member.layout(Section::Requests).await?,
        frame: Frame::of(app, checked, None),
        sections,
        missing: missing.collect(),
        errors: ErrorSummary::of(&boxes),
        notice,
        consents,
        rules: app.policy.conduct.text.split("\n\n").map(|p| p.trim().to_owned()).collect(),
        version: app.policy.conduct.version,
        accept,
        answer_days: app.policy.intake.answer_days as usize,
        revision: checked.draft.revision,
        key: typed.map_or_else(|| uuid::Uuid::new_v4().to_string(), |f| f.key.clone()),
    })
}

/// GET /requests/{id}/check
pub async fn show(member: Member, Path(id): Path<String>) -> Answer {
    let draft = drafts::load(&member.app, member.id(), &id).await?;
    let checked = drafts::check(&member.app, draft).await?;
    Ok(page(&member, &checked, None, None).await?.into_response())
}

/// POST /requests/{id}/check: sends the request to CTRL.
pub async fn send(member: Member, jar: CookieJar, Path(id): Path<String>, Form(form): Form<SendForm>) -> Answer {
    let app = &member.app;
    let agreed = Consent::iter().all(|c| form.agrees(c));
    let conduct = form.conduct.as_deref() == Some("yes") || is_accepted(app, &member.me.profile.person);
    if !agreed || !conduct {
        let draft = drafts::load(app, member.id(), &id).await?;
        let page = page(&member, &drafts::check(app, draft).await?, Some(&form), None).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    if form.key.is_empty() || form.key.len() > 100 {
        return Err(Problem::unreadable("The form has lost its key. Open the page again."));
    }
    match drafts::submit(app, &member.caller(), member.id(), &id, form.revision, &form.key).await {
        Ok(Sent::Done(done)) => {
            let said = "The request is with CTRL. Here it is talked through, point by point.";
            let to = format!("/devices/{}/discussion", done.device.name());
            Ok((jar.add(flash(Tone::Good, said)), Redirect::to(&to)).into_response())
        }
        Ok(Sent::NotYet(checked)) => again(&member, &checked, &form).await,
        // Somebody else took the name in this very moment.
        Err(Error::Refused(r)) if r.gates.iter().any(|g| g.id == GateId::Form && !g.met) => {
            let draft = drafts::load(app, member.id(), &id).await?;
            again(&member, &drafts::check(app, draft).await?, &form).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(member: &Member, checked: &Checked, form: &SendForm) -> Answer {
    let notice = match checked.is_complete() {
        true => Banner::new(
            Tone::Warn,
            "The draft was changed after you opened this page.",
            "Nothing was sent. Check the answers below, and send it again.",
        ),
        false => Banner::new(Tone::Bad, "Nothing was sent.", "A section needs a change first."),
    };
    let page = page(member, checked, Some(form), Some(notice)).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}
