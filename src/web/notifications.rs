//! How somebody is told, for people on their own page and for groups among the administrators': channels, what comes
//! through them, and when (O5).

mod form;

pub use form::ChannelForm;

use super::{
    entries,
    layout::{Layout, Section},
    parts::{Action, Banner, Tag, Tone},
    problem::{Answer, Problem},
    single::{ConfirmPage, FormPage},
    visitor::{Member, flash},
};
use crate::{
    app::App,
    domain::telling::{Kind, Owner, Preferences, Wanted},
    service::channels::{self, Channel},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use strum::IntoEnumIterator;

/// Whose channels, and at which address they are kept.
pub struct Place {
    pub owner: Owner,
    /// `/account/notifications`.
    pub base: String,
    /// `What you are told`.
    pub title: String,
    pub crumb: (String, String),
    /// The zone that times of day are in, by its name.
    pub zone: String,
}

impl Place {
    /// The channel that an address names: `mail` for one's own mail.
    fn id(&self, named: &str) -> String {
        match (named, self.owner) {
            ("mail", Owner::Person(person)) => channels::mail_id(person),
            _ => named.to_owned(),
        }
    }

    fn href(&self, channel: &Channel) -> String {
        match channel.is_own_mail() {
            true => format!("{}/mail", self.base),
            false => format!("{}/{}", self.base, channel.id),
        }
    }
}

/// A channel, in words.
pub struct Row {
    pub kind: &'static str,
    pub place: String,
    pub tag: Tag,
    /// When: `At once, except from 22:00 to 07:00`.
    pub when: String,
    pub actions: Vec<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "account/notifications.html")]
pub struct NotificationsPage {
    pub layout: Layout,
    pub title: String,
    pub crumb: (String, String),
    pub zone: String,
    pub banners: Vec<Banner>,
    pub rows: Vec<Row>,
    pub add: Vec<Action>,
    pub team: bool,
}

fn when(of: &Preferences) -> String {
    let time = |t: chrono::NaiveTime| t.format("%H:%M").to_string();
    let pace = match of.digest {
        Some(at) => format!("Once a day, at {}", time(at)),
        None => "At once".to_owned(),
    };
    match (of.wanted, of.quiet) {
        (Wanted::Nothing, _) => String::new(),
        (_, Some((from, to))) => format!("{pace}, except from {} to {}", time(from), time(to)),
        (_, None) => pace,
    }
}

fn wanted(wanted: Wanted, team: bool) -> Tag {
    match wanted {
        Wanted::Everything => Tag::good("Everything"),
        Wanted::Mine if team => Tag::good("Its turn and urgent things"),
        Wanted::Mine => Tag::good("My turn and urgent things"),
        Wanted::Nothing => Tag::warn("Nothing"),
    }
}

/// `mail` is where mail goes, if any does.
fn banners(app: &App, mail: Option<&str>) -> Vec<Banner> {
    let mut all = Vec::new();
    if app.chat.is_none() && app.mail.is_none() {
        let text = "What is chosen here shows how it works. Everything is told in Custody itself.";
        all.push(Banner::new(Tone::Info, "Nothing is sent from here.", text));
    } else if app.mail.is_none()
        && let Some(mail) = mail
    {
        let text = format!(
            "No mail goes to {mail} until whoever runs Custody sets a mail server: `--smtp` and `--mail-from`. \
             Until then choose a chat, or look at Your devices."
        );
        all.push(Banner::new(Tone::Warn, "Mail is not set up.", &text));
    }
    all
}

/// The page with all channels.
pub async fn show(member: &Member, place: Place) -> Answer {
    let app = &member.app;
    let team = matches!(place.owner, Owner::Team(_));
    let all = channels::list(app, place.owner).await?;
    let leads = |c: &Channel| if c.is_own_mail() { member.me.profile.email.clone() } else { channels::place(c) };
    let banners = banners(app, all.iter().find(|c| c.kind == Kind::Mail).map(leads).as_deref());
    let rows = all.into_iter().map(|c| {
        let href = place.href(&c);
        let what = match c.kind {
            Kind::Mail if c.is_own_mail() => "e-mail".to_owned(),
            kind => format!("{} at {}", kind.label(), leads(&c)),
        };
        let mut actions = vec![
            Action::link("Change", &href).small().about(&what),
            Action::post("Send a test message", &format!("{href}/test")).small().about(&format!("to {what}")),
        ];
        if !c.is_own_mail() {
            actions.push(Action::link("Remove", &format!("{href}/remove")).small().danger().about(&what));
        }
        Row {
            kind: c.kind.label(),
            place: leads(&c),
            tag: wanted(c.preferences.wanted, team),
            when: when(&c.preferences),
            actions,
        }
    });
    let rows = rows.collect();
    let kinds = Kind::iter().filter(|k| team || *k != Kind::Mail);
    let add = kinds.map(|k| Action::link(k.label(), &format!("{}/new?kind={k}", place.base)).icon("plus"));
    let page = NotificationsPage {
        add: add.collect(),
        banners,
        layout: member.layout(Section::Elsewhere).await?,
        title: place.title,
        crumb: place.crumb,
        zone: place.zone,
        rows,
        team,
    };
    Ok(page.into_response())
}

async fn form_page(
    member: &Member,
    place: &Place,
    form: &ChannelForm,
    was: Option<&Channel>,
) -> Result<FormPage, Problem> {
    let team = matches!(place.owner, Owner::Team(_));
    let kind = form.kind(was, team)?;
    let (title, action, button) = match was {
        Some(c) if c.kind == Kind::Mail => ("What comes by e-mail".to_owned(), place.href(c), "Save"),
        Some(c) => (format!("What comes to {}", kind.label()), place.href(c), "Save"),
        None if kind == Kind::Mail => {
            ("Add an e-mail address".to_owned(), format!("{}/new", place.base), "Add address")
        }
        None => (format!("Add {}", kind.label()), format!("{}/new", place.base), "Add chat"),
    };
    let fields = form.fields(kind, was, team, &place.zone);
    Ok(FormPage::new(member.layout(Section::Elsewhere).await?, &title, &action, button, fields)
        .under(&place.crumb.0, &place.crumb.1)
        .under(&place.title, &place.base))
}

/// The form of a new one, or of a channel that is there.
pub async fn ask(member: &Member, place: Place, named: Option<&str>, kind: &str) -> Answer {
    let was = match named {
        Some(named) => Some(channels::find(&member.app, place.owner, &place.id(named)).await?),
        None => None,
    };
    let form = was.as_ref().map_or_else(|| ChannelForm::new(kind), ChannelForm::of);
    Ok(form_page(member, &place, &form, was.as_ref()).await?.answer())
}

/// Takes the form.
pub async fn save(member: &Member, place: Place, jar: CookieJar, named: Option<&str>, form: ChannelForm) -> Answer {
    let app = &member.app;
    let was = match named {
        Some(named) => Some(channels::find(app, place.owner, &place.id(named)).await?),
        None => None,
    };
    let kind = form.kind(was.as_ref(), matches!(place.owner, Owner::Team(_)))?;
    let done = match (form.preferences(), &was) {
        (Err(problems), _) => Err(crate::service::Error::Invalid(problems)),
        (Ok(of), Some(c)) => channels::change(app, &member.caller(), place.owner, &c.id, form.typed(), of).await,
        (Ok(of), None) => channels::add(app, &member.caller(), place.owner, kind, form.typed(), of).await.map(|_| ()),
    };
    match done {
        Ok(()) => {
            let said = match was {
                Some(_) => {
                    "Saved. What is on its way already comes as it was chosen before, but in no quiet hours.".to_owned()
                }
                None => format!("{} is added. Send a test message to see whether it arrives.", kind.label()),
            };
            Ok((jar.add(flash(Tone::Good, &said)), Redirect::to(&place.base)).into_response())
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form_page(member, &place, &form, was.as_ref()).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// Sends a test message, and says on the page whether it arrived.
pub async fn try_out(member: &Member, place: Place, jar: CookieJar, named: &str) -> Answer {
    let sent = channels::try_out(&member.app, &member.caller(), place.owner, &place.id(named)).await?;
    let said = match sent {
        Ok(to) => flash(Tone::Good, &format!("The test message was taken by {to}. Look whether it is there.")),
        Err(why) => flash(Tone::Bad, &format!("The test message did not arrive. {}.", why.why().trim_end_matches('.'))),
    };
    Ok((jar.add(said), Redirect::to(&place.base)).into_response())
}

/// Asks before something is removed.
pub async fn ask_remove(member: &Member, place: Place, named: &str) -> Answer {
    let found = channels::find(&member.app, place.owner, &place.id(named)).await?;
    if found.is_own_mail() {
        return Err(Problem::not_found());
    }
    let page = ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: format!("Remove {}?", found.kind.label()),
        text: vec![
            format!(
                "Nothing is sent to {} any more, and what is on its way there is given up.",
                channels::place(&found)
            ),
            match found.kind {
                Kind::Mail => "To add it again, enter the address.".to_owned(),
                _ => "Custody forgets the address: to add it again, copy it from the chat.".to_owned(),
            },
        ],
        crumbs: vec![place.crumb.clone(), (place.title.clone(), place.base.clone())],
        action: Action::post("Remove it", &format!("{}/remove", place.href(&found))).danger(),
        back: place.base,
    };
    Ok(page.into_response())
}

/// Removes what was added.
pub async fn remove(member: &Member, place: Place, jar: CookieJar, named: &str) -> Answer {
    channels::remove(&member.app, &member.caller(), place.owner, &place.id(named)).await?;
    Ok((jar.add(flash(Tone::Good, "It is removed.")), Redirect::to(&place.base)).into_response())
}
