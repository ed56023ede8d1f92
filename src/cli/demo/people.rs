//! The cast: people, their groups, and who they are in the story.

use crate::{
    app::App,
    domain::id::PersonId,
    service::{
        Caller, Result, conduct,
        groups::{self, NewGroup},
        people::{self, NewPerson},
        sessions::LOCAL,
    },
    store::{self, teams::TeamKind},
};
use std::collections::BTreeMap;

/// One of the cast. Nobody has a password: in the demo one signs in with a click.
pub struct Part {
    pub login: &'static str,
    pub name: &'static str,
    /// Before `@example.org`; their commits have it too.
    pub mail: &'static str,
    /// The last digits of +49 40 66969.
    pub phone: u16,
    /// Group names; a `!` behind one makes them a reviewer there.
    pub groups: &'static [&'static str],
    /// Whether they have accepted the rules of conduct.
    pub conduct: bool,
}

const fn part(
    login: &'static str,
    name: &'static str,
    mail: &'static str,
    phone: u16,
    groups: &'static [&'static str],
) -> Part {
    Part { login, name, mail, phone, groups, conduct: true }
}

pub const PARTS: &[Part] = &[
    // The controls group.
    part("lena", "Lena Brandt", "lena.brandt", 128, &["ICI!"]),
    part("jonas", "Jonas Okafor", "jonas.okafor", 131, &["ICI"]),
    part("ravi", "Ravi Menon", "ravi.menon", 134, &["ICI!", "Experts of high data rate"]),
    part("chiara", "Chiara Moretti", "chiara.moretti", 142, &["Framework!", "Experts of pulse patterns"]),
    part("henrik", "Henrik Solberg", "henrik.solberg", 145, &["Framework!", "Experts of machine protection"]),
    part("dmitri", "Dmitri Volkov", "dmitri.volkov", 149, &["Electronics"]),
    // Experts from elsewhere in the house.
    part("kofi", "Kofi Mensah", "kofi.mensah", 171, &["Experts of pulse patterns"]),
    part("meiling", "Mei-Ling Chen", "mei-ling.chen", 176, &["Experts of machine protection"]),
    part("ana", "Ana Ferreira", "ana.ferreira", 181, &["Experts of high data rate"]),
    // The shift, and the administrator.
    part("sven", "Sven Petersen", "sven.petersen", 100, &["DOC"]),
    part("fatima", "Fatima Benali", "fatima.benali", 100, &["DOC"]),
    part("ruth", "Ruth Adeyemi", "ruth.adeyemi", 190, &["Administrators"]),
    // Contributors.
    part("ilse", "Ilse Hartmann", "ilse.hartmann", 214, &["SCS"]),
    part("marek", "Marek Dvořák", "marek.dvorak", 219, &["SCS"]),
    part("tomasz", "Tomasz Wilk", "tomasz.wilk", 377, &["MID"]),
    part("greta", "Greta Lund", "greta.lund", 381, &["MID"]),
    part("noor", "Noor El-Amin", "noor.el-amin", 462, &["FXE"]),
    part("pavel", "Pavel Novák", "pavel.novak", 465, &["FXE"]),
    part("aisha", "Aisha Rahman", "aisha.rahman", 518, &["SPB"]),
    part("luca", "Luca Bianchi", "luca.bianchi", 521, &["SPB"]),
    part("piet", "Piet van den Berg", "piet.vandenberg", 645, &["SQS"]),
    part("carmen", "Carmen Ortiz", "carmen.ortiz", 648, &["SQS"]),
    part("yuki", "Yuki Sato", "yuki.sato", 733, &["HED"]),
    Part { conduct: false, ..part("emil", "Emil Weber", "emil.weber", 736, &["HED"]) },
    part("sofia", "Sofia Lindqvist", "sofia.lindqvist", 812, &["SXP"]),
    part("viktor", "Viktor Hansen", "viktor.hansen", 819, &["SXP"]),
    part("joost", "Joost de Wit", "joost.dewit", 877, &["SA3"]),
];

/// Name, kind, and the area of a group of experts.
const GROUPS: &[(&str, TeamKind, Option<&str>)] = &[
    ("ICI", TeamKind::Ctrl, None),
    ("Framework", TeamKind::Ctrl, None),
    ("Electronics", TeamKind::Ctrl, None),
    ("Experts of pulse patterns", TeamKind::Experts, Some("pulse-patterns")),
    ("Experts of machine protection", TeamKind::Experts, Some("machine-protection")),
    ("Experts of high data rate", TeamKind::Experts, Some("high-data-rate")),
    ("DOC", TeamKind::Doc, None),
    ("Administrators", TeamKind::Admin, None),
    ("SPB", TeamKind::Contributors, None),
    ("FXE", TeamKind::Contributors, None),
    ("SCS", TeamKind::Contributors, None),
    ("SQS", TeamKind::Contributors, None),
    ("MID", TeamKind::Contributors, None),
    ("HED", TeamKind::Contributors, None),
    ("SXP", TeamKind::Contributors, None),
    ("SA3", TeamKind::Contributors, None),
];

impl Part {
    pub fn email(&self) -> String {
        format!("{}@example.org", self.mail)
    }
}

/// The part with this login.
pub fn find(login: &str) -> &'static Part {
    PARTS.iter().find(|p| p.login == login).unwrap_or_else(|| panic!("the cast has no {login}"))
}

/// The cast as it is on record.
#[derive(Clone, Debug)]
pub struct Cast(BTreeMap<&'static str, PersonId>);

impl Cast {
    pub fn id(&self, login: &str) -> PersonId {
        *self.0.get(login).unwrap_or_else(|| panic!("the cast has no {login}"))
    }
}

/// Puts everybody and their groups on record.
pub async fn engage(app: &App) -> Result<Cast> {
    let custody = Caller::custody();
    let mut teams = BTreeMap::new();
    for (name, kind, area) in GROUPS {
        let new = NewGroup { name: (*name).to_owned(), kind: *kind, area: area.map(str::to_owned) };
        teams.insert(*name, groups::create(app, &custody, new).await?);
    }
    let mut cast = BTreeMap::new();
    for p in PARTS {
        let phone = Some(format!("+49 40 66969 {}", p.phone));
        let id = people::add(app, &custody, NewPerson { name: p.name.to_owned(), email: p.email(), phone }).await?;
        for group in p.groups {
            let (name, reviewer) = group.strip_suffix('!').map_or((*group, false), |name| (name, true));
            groups::put(app, &custody, teams[name], id, reviewer).await?;
        }
        if p.conduct {
            conduct::accept(app, &Caller::person(id, "web 127.0.0.1"), id).await?;
        }
        cast.insert(p.login, id);
    }
    // Accounts that no password opens: they are for the click at sign-in alone.
    let tx = app.db.begin().await?;
    for (login, id) in &cast {
        store::accounts::save(&tx, LOCAL, login, *id, None).await?;
    }
    tx.commit().await?;
    Ok(Cast(cast))
}
