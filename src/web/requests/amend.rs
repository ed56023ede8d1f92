//! Changing a request that was sent: the same questions on one page, for its contributors (L1 to L3).

use super::{
    fields::{of, with_problems},
    typed::read,
};
use crate::{
    domain::{
        device::Device,
        lifecycle::{Command, CommandKind},
        request::{Request, Section as Part},
    },
    service::{
        Error,
        act::{Ask, act},
        discussions,
        drafts::{self, Answers, Problem as Mend},
    },
    web::{
        layout::{Layout, Section},
        parts::{Banner, ErrorSummary, Field, Tone},
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

/// The sections that an amendment changes; contacts and operators' rules have acts of their own.
const AMENDED: [Part; 4] = [Part::Device, Part::Scope, Part::Support, Part::Risks];

#[derive(Template, WebTemplate)]
#[template(path = "request/amend.html")]
struct AmendPage {
    layout: Layout,
    name: String,
    sections: Vec<(Part, Vec<Field>)>,
    errors: ErrorSummary,
    notice: Option<Banner>,
    revision: u64,
    key: String,
}

impl AmendPage {
    /// A section's id in the page.
    fn anchor(&self, part: &Part) -> &'static str {
        (*part).into()
    }
}

async fn page(
    member: &Member,
    device: &Device,
    answers: &Answers,
    problems: &[Mend],
    notice: Option<Banner>,
) -> Result<AmendPage, Problem> {
    let sections: Vec<(Part, Vec<Field>)> = AMENDED
        .map(|s| {
            let asked = of(s, answers, &member.app.policy).into_iter().filter(|f| f.name != "name").collect();
            (s, with_problems(asked, problems))
        })
        .into();
    let all: Vec<Field> = sections.iter().flat_map(|(_, f)| f.iter().cloned()).collect();
    let loose = problems.iter().filter(|p| all.iter().all(|f| f.name != p.field));
    Ok(AmendPage {
        layout: member.layout(Section::Requests).await?,
        name: device.name().to_owned(),
        sections,
        errors: loose.fold(ErrorSummary::of(&all), |errors, p| errors.with(&p.say)),
        notice,
        revision: device.revision,
        key: uuid::Uuid::new_v4().to_string(),
    })
}

/// GET /devices/{name}/amend
pub async fn show(member: Member, Path(name): Path<String>) -> Answer {
    let device = discussions::to_amend(&member.app, &member.caller(), &name).await;
    let device = device.map_err(|e| Problem::from(e).at(&name))?;
    let answers = Answers::to_amend(&device.request);
    Ok(page(&member, &device, &answers, &[], None).await?.into_response())
}

/// POST /devices/{name}/amend
pub async fn send(
    member: Member,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let app = &member.app;
    let device = discussions::to_amend(app, &member.caller(), &name).await;
    let device = device.map_err(|e| Problem::from(e).at(&name))?;
    let mut typed = read(&AMENDED, pairs)?;
    // The page does not ask for it; whoever sends another is told by the rules.
    if typed.answers.name.is_empty() {
        typed.answers.name = device.name().to_owned();
    }
    let request = match complete(&member, &device, &typed.answers).await? {
        Ok(request) => request,
        Err(problems) => {
            let page = page(&member, &device, &typed.answers, &problems, None).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let ask = Ask {
        seen: Some(u64::try_from(typed.revision).unwrap_or_default()),
        key: Some(typed.key.clone()).filter(|k| !k.is_empty()),
        ..Ask::from(Command::Amend { request: Box::new(request) })
    };
    match act(app, &member.caller(), &name, ask).await {
        Ok(done) => {
            let said = "The request is changed. CTRL signs its sections off again.";
            let to = format!("/devices/{}/discussion", done.device.name());
            Ok((jar.add(flash(Tone::Good, said)), Redirect::to(&to)).into_response())
        }
        // What was typed is not lost: the form comes back with it, for the device as it is now.
        Err(Error::Stale(_)) => {
            let now = discussions::to_amend(app, &member.caller(), &name).await?;
            let problems = differences(&Answers::of_request(&now.request), &typed.answers);
            let notice = Banner::new(
                Tone::Warn,
                "It has changed since you opened this page.",
                "Nothing was saved. Your text is below; where it differs from what is on record, that stands beside it. \
                 Save again to keep yours.",
            )
            .link("See what changed", &format!("/devices/{name}/history"));
            let page = page(&member, &now, &typed.answers, &problems, Some(notice)).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(error) => Err(Problem::from(error).at(&name).doing(CommandKind::Amend)),
    }
}

async fn complete(member: &Member, device: &Device, a: &Answers) -> Result<Result<Request, Vec<Mend>>, Problem> {
    let taken = drafts::taken(&member.app, Some(device.id), a).await?;
    Ok(match drafts::request(a, &member.app.policy) {
        Ok(request) if taken.is_empty() => Ok(request),
        Ok(_) => Err(taken),
        Err(problems) => Err(problems.into_iter().chain(taken).collect()),
    })
}

/// What is on record where it is another text than the one typed.
fn differences(on_record: &Answers, typed: &Answers) -> Vec<Mend> {
    let mut all = Vec::new();
    for section in AMENDED {
        let theirs = on_record.entries(section);
        for ((field, text), (_, other)) in typed.entries(section).into_iter().zip(theirs) {
            if text.trim() != other.trim() {
                let said = if other.is_empty() {
                    "Nothing is on record".to_owned()
                } else {
                    format!("On record: “{other}”")
                };
                all.push(Mend::new(section, field, said));
            }
        }
    }
    all
}
