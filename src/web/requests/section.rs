//! One section of a draft, at its own address.

use super::{
    contacts::Contacts,
    fields::{intro, of, with_problems},
    frame::{Frame, href, number},
    typed::{Then, Typed, read},
};
use crate::{
    domain::request::Section as Part,
    service::drafts::{self, Answers, Checked, ContactAnswer, Draft, Problem as Mend, Save, Saved},
    web::{
        layout::{Layout, Section},
        parts::{Banner, ErrorSummary, Field, Tone},
        problem::{Answer, Problem},
        visitor::{Member, flash},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use strum::IntoEnumIterator;

#[derive(Template, WebTemplate)]
#[template(path = "request/section.html")]
struct SectionPage {
    layout: Layout,
    frame: Frame,
    part: Part,
    errors: ErrorSummary,
    fields: Vec<Field>,
    contacts: Option<Contacts>,
    /// The draft's revision that the form shows.
    revision: i64,
    notice: Option<Banner>,
}

impl SectionPage {
    fn number(&self) -> usize {
        number(self.part)
    }

    fn action(&self) -> String {
        href(&self.frame.id, self.part)
    }

    /// The section before this one.
    fn back(&self) -> Option<(usize, String)> {
        let before = Part::iter().take_while(|s| *s != self.part).last()?;
        Some((number(before), href(&self.frame.id, before)))
    }

    fn intro(&self) -> &'static str {
        intro(self.part)
    }
}

fn part(word: &str) -> Result<Part, Problem> {
    word.parse().map_err(|_| Problem::not_found())
}

/// Draws a section with these answers and what is to be mended in them.
async fn page(
    member: &Member,
    checked: &Checked,
    part: Part,
    answers: &Answers,
    problems: &[Mend],
    notice: Option<Banner>,
) -> Result<SectionPage, Problem> {
    let app = &member.app;
    let contacts = (part == Part::Contacts).then(|| Contacts::of(app, answers, &checked.people, member.id(), problems));
    let fields = with_problems(of(part, answers, &app.policy), problems);
    let errors = match &contacts {
        Some(c) => ErrorSummary::of(&c.fields()),
        None => ErrorSummary::of(&fields),
    };
    Ok(SectionPage {
        layout: member.layout(Section::Requests).await?,
        frame: Frame::of(app, checked, Some(part)),
        part,
        errors,
        fields,
        contacts,
        revision: checked.draft.revision,
        notice,
    })
}

/// GET /requests/{id}/{section}
pub async fn show(member: Member, Path((id, word)): Path<(String, String)>) -> Answer {
    let part = part(&word)?;
    let draft = drafts::load(&member.app, member.id(), &id).await?;
    let checked = drafts::check(&member.app, draft).await?;
    // What is not called finished is not found fault with.
    let problems = match checked.draft.answers.finished.contains(&part) {
        true => checked.of(part),
        false => Vec::new(),
    };
    Ok(page(&member, &checked, part, &checked.draft.answers, &problems, None).await?.into_response())
}

/// POST /requests/{id}/{section}: keeps what was typed, right or wrong, then does what the button says.
pub async fn save(
    member: Member,
    jar: CookieJar,
    Path((id, word)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let part = part(&word)?;
    // Whether what was sent fits is nobody's business but the owner's (A28).
    drafts::load(&member.app, member.id(), &id).await?;
    let mut typed = read(&[part], pairs)?;
    let added = typed.answers.contacts.len() + 1;
    match typed.then {
        Then::Add if part == Part::Contacts && added <= drafts::CONTACTS_MOST => {
            let time_zone = member.app.policy.facility.time_zone.name().to_owned();
            typed.answers.contacts.push(ContactAnswer { time_zone, ..ContactAnswer::default() });
        }
        Then::Remove(n) if (1..added).contains(&n) => {
            typed.answers.contacts.remove(n - 1);
        }
        _ => {}
    }
    let ask = Save {
        section: part,
        answers: typed.answers.clone(),
        seen: typed.revision,
        finished: typed.then == Then::Continue,
    };
    match drafts::save(&member.app, &member.caller(), member.id(), &id, ask).await? {
        Saved::Elsewhere(draft) => elsewhere(&member, draft, part, typed).await,
        Saved::Kept(draft) => kept(&member, jar, draft, part, typed.then).await,
    }
}

async fn kept(member: &Member, jar: CookieJar, draft: Draft, part: Part, then: Then) -> Answer {
    let id = draft.id.clone();
    let here = href(&id, part);
    let to = |jar: CookieJar, href: &str| -> Response { (jar, Redirect::to(href)).into_response() };
    let rows = draft.answers.contacts.len();
    Ok(match then {
        Then::Draft => to(jar.add(flash(Tone::Good, "The draft is saved.")), &here),
        Then::Later => to(jar.add(flash(Tone::Good, "The draft is saved. It waits here for you.")), "/requests"),
        Then::Add => to(jar, &format!("{here}#contact-{rows}")),
        Then::Remove(_) => to(jar, &format!("{here}#contact-1")),
        Then::Continue => {
            let checked = drafts::check(&member.app, draft).await?;
            let problems = checked.of(part);
            if !problems.is_empty() {
                let page = page(member, &checked, part, &checked.draft.answers, &problems, None).await?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
            match Part::iter().find(|s| *s > part) {
                Some(next) => to(jar, &href(&id, next)),
                None => to(jar, &format!("/requests/{id}/check")),
            }
        }
    })
}

/// The same section was saved in another tab: shows both, and overwrites neither until its writer says so.
async fn elsewhere(member: &Member, draft: Draft, part: Part, typed: Typed) -> Answer {
    let theirs = draft.answers.entries(part);
    let mine = typed.answers.entries(part);
    let differences: Vec<Mend> = mine
        .iter()
        .filter_map(|(field, text)| {
            let other = theirs.iter().find(|(f, _)| f == field).map_or("", |(_, t)| t.as_str());
            let saved = if other.trim().is_empty() { "nothing".to_owned() } else { format!("“{other}”") };
            (other != text.as_str()).then(|| Mend::new(part, field, format!("In the other tab you saved {saved}")))
        })
        .collect();
    let notice = Banner::new(
        Tone::Warn,
        &format!("This section was saved in another tab, {}.", words::ago(draft.saved_at, member.app.clock.now())),
        "Nothing is overwritten yet. Below is what you typed here; where it differs, the other text is beside it. Save \
         again to keep yours, or",
    )
    .link("take what was saved there", &href(&draft.id, part));
    let checked = drafts::check(&member.app, draft).await?;
    let page = page(member, &checked, part, &typed.answers, &differences, Some(notice)).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}
