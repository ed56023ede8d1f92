//! `/frameworks`: the versions of each framework, how they stand, and what is placed in which of them (G6). Everybody
//! reads it; whoever is about to reject a version sees here whom that stops.

use super::{
    devices::update_mark,
    layout::{Layout, Section},
    parts::{Fact, Tag, plural},
    problem::Answer,
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        due::in_words,
        framework::{BuiltWith, Found, Standing, of_release},
        policy::{Framework, FrameworkVersion, UnknownVersion},
        release::Release,
    },
    service::{
        facts::today,
        frameworks::{self, Picture, PlacedWith, Update, UpdateState},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

pub fn routes() -> Router<App> {
    Router::new().route("/frameworks", get(show))
}

/// One version, and what is placed in it.
struct VersionView {
    version: String,
    mark: Tag,
    /// `from 1 Mar 2026 deprecated, from 1 Sep 2026 rejected`
    days: String,
    /// Device, server and tag.
    places: Vec<(String, String, String)>,
}

/// One framework.
struct FrameworkCard {
    name: String,
    /// What is proposed where a version is outdated.
    proposed: String,
    versions: Vec<VersionView>,
}

/// One update.
struct UpdateLine {
    device: String,
    title: String,
    mark: Tag,
    about: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "frameworks.html")]
struct FrameworksPage {
    layout: Layout,
    lead: String,
    frameworks: Vec<FrameworkCard>,
    updates: Vec<UpdateLine>,
}

/// GET /frameworks
async fn show(visitor: Visitor) -> Answer {
    let app = &visitor.app;
    let picture = frameworks::picture(app).await?;
    let of = &app.policy.frameworks;
    let unknown = match of.unknown {
        UnknownVersion::Warn => "what is not on record is shown, and goes there",
        UnknownVersion::Refuse => "nor does what is not on record",
    };
    let updates = match of.propose {
        true => "Custody proposes updates as branches",
        false => "the devices’ pages show the change that updates them",
    };
    let page = FrameworksPage {
        layout: visitor.layout(Section::Elsewhere).await?,
        lead: format!(
            "A release that is built against a rejected version does not go into production; {unknown}. Where one is outdated, {updates}."
        ),
        frameworks: cards(app, &picture),
        updates: picture.updates.iter().map(|(device, u)| line(app, &picture, device, u)).collect(),
    };
    Ok(page.into_response())
}

/// Those on record, then those that devices name besides.
fn cards(app: &App, picture: &Picture) -> Vec<FrameworkCard> {
    let of = &app.policy.frameworks;
    let mut placed: BTreeMap<&str, Vec<&PlacedWith>> = BTreeMap::new();
    for p in &picture.placed {
        placed.entry(&p.framework).or_default().push(p);
    }
    let mut all: Vec<FrameworkCard> =
        of.known.iter().map(|f| card(app, picture, Some(f), &f.name, placed.remove(f.name.as_str()))).collect();
    all.extend(placed.into_iter().map(|(name, places)| card(app, picture, None, name, Some(places))));
    all
}

fn card(
    app: &App,
    picture: &Picture,
    framework: Option<&Framework>,
    name: &str,
    placed: Option<Vec<&PlacedWith>>,
) -> FrameworkCard {
    let mut by_version: BTreeMap<Option<&str>, Vec<(String, String, String)>> = BTreeMap::new();
    for p in placed.unwrap_or_default() {
        let place = (p.device.clone(), p.server.0.clone(), p.tag.clone());
        by_version.entry(p.version.as_deref()).or_default().push(place);
    }
    let on_record: &[FrameworkVersion] = match framework {
        Some(f) => &f.versions,
        None => &[],
    };
    let mut versions: Vec<VersionView> = on_record
        .iter()
        .map(|v| {
            let day =
                |word: &str, day: Option<chrono::NaiveDate>| day.map(|d| format!("{word} from {} on", in_words(d)));
            let days: Vec<String> =
                [day("deprecated", v.deprecated), day("rejected", v.rejected)].into_iter().flatten().collect();
            VersionView {
                version: v.version.clone(),
                mark: mark("", v.standing(picture.today)),
                days: days.join(", "),
                places: by_version.remove(&Some(v.version.as_str())).unwrap_or_default(),
            }
        })
        .collect();
    // Of a series, or not on record at all.
    for (version, places) in by_version {
        let standing = version.map_or(Standing::Unknown, |v| app.policy.frameworks.standing(name, v, picture.today));
        let days = version.and_then(|v| framework?.version(v)).map(|v| format!("as {}", v.version));
        versions.push(VersionView {
            version: version.unwrap_or("not found").to_owned(),
            mark: mark("", standing),
            days: days.unwrap_or_default(),
            places,
        });
    }
    let proposed = framework.and_then(|f| f.proposed(picture.today));
    FrameworkCard {
        name: name.to_owned(),
        proposed: match (framework, proposed) {
            (None, _) => "not on record".to_owned(),
            (_, Some(version)) => format!("{version} is proposed"),
            (_, None) => "no version is current".to_owned(),
        },
        versions,
    }
}

fn line(app: &App, picture: &Picture, device: &str, u: &Update) -> UpdateLine {
    let since = words::near(app, u.at, picture.now);
    let about = match u.state {
        UpdateState::Waiting if u.tries > 0 => {
            format!("wanted since {since}, tried {}", plural(u.tries as usize, "time"))
        }
        _ => format!("wanted since {since}"),
    };
    UpdateLine {
        device: device.to_owned(),
        title: format!("{} {} to {}", u.framework, u.was, u.version),
        mark: update_mark(u),
        about,
    }
}

/// How a version stands, as a mark; with its name before it where there is one.
pub fn mark(version: &str, standing: Standing) -> Tag {
    let label = match version {
        "" => standing.code().to_owned(),
        version => format!("{version}: {}", standing.code()),
    };
    match standing {
        Standing::Current => Tag::good(&label),
        Standing::Deprecated { .. } => Tag::warn(&label),
        Standing::Rejected { .. } => Tag { icon: "bad", ..Tag::bad(&label) },
        Standing::Unknown => Tag::plain(&label),
    }
}

/// What was read, where nothing is asked of it.
pub fn place_mark(built: &BuiltWith) -> Tag {
    Tag::plain(built.version().unwrap_or("not found"))
}

/// What a release is built against, as one of its facts; nothing where nobody asked and nothing was read.
pub fn fact(app: &App, device: &Device, release: &Release, now: DateTime<Utc>) -> Option<Fact> {
    let (value, tag) = match of_release(device, release, &app.policy, today(app, now)) {
        Found::NotAsked(_) => {
            let built = release.framework.as_ref()?;
            (format!("{} {}", built.framework(), built.version().unwrap_or("(not found)")), None)
        }
        Found::NotRead => ("not read yet".to_owned(), None),
        Found::Nothing { why } => (why.to_owned(), Some(Tag::warn("not found"))),
        Found::Version { framework, version, standing } => {
            (format!("{framework} {version}, {}", standing.words()), Some(mark("", standing)))
        }
    };
    let fact = Fact::words("Built against", &value);
    Some(match tag {
        Some(tag) => fact.with(tag),
        None => fact,
    })
}
