//! How some of the cast are told outside Custody. Nothing is sent from the demo: the addresses are nobody's.

use super::people::Cast;
use crate::{
    app::App,
    domain::telling::{Kind, Owner, Preferences, Secret, Wanted},
    service::Result,
    store::{self, channels::Channel},
};
use chrono::NaiveTime;

const fn hour(h: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(h, 0, 0).expect("whole hours of a day exist")
}

const NIGHT: (NaiveTime, NaiveTime) = (hour(22), hour(7));

fn webhook(id: &str, owner: Owner, kind: Kind, address: &str, preferences: Preferences) -> Channel {
    Channel {
        id: id.to_owned(),
        owner,
        kind,
        address: Secret(address.to_owned()),
        login: String::new(),
        secret: Secret::default(),
        stream: String::new(),
        topic: String::new(),
        preferences,
    }
}

/// Puts their channels on record.
pub async fn choose(app: &App, cast: &Cast) -> Result<()> {
    let person = |login: &str| Owner::Person(cast.id(login));
    let everything = Preferences::default();
    let mine_by_day = Preferences { wanted: Wanted::Mine, digest: None, quiet: Some(NIGHT) };
    let tx = app.db.begin().await?;
    let teams = store::teams::list_teams(&tx).await?;
    let team = |name: &str| teams.iter().find(|t| t.name == name).map(|t| Owner::Team(t.id));
    let digest = Preferences { digest: Some(hour(8)), ..everything };
    let mut all = vec![
        Channel { preferences: digest, ..Channel::mail(cast.id("lena")) },
        Channel { preferences: mine_by_day, ..Channel::mail(cast.id("ilse")) },
        webhook(
            "demo-jonas",
            person("jonas"),
            Kind::Mattermost,
            "https://chat.example.org/hooks/jonas7t2x",
            mine_by_day,
        ),
        webhook(
            "demo-ilse",
            person("ilse"),
            Kind::Slack,
            "https://hooks.example.com/services/T0/B0/ilse41c9",
            everything,
        ),
        Channel {
            login: "custody-bot@zulip.example.org".to_owned(),
            secret: Secret("a key that opens nothing".to_owned()),
            stream: "ravi.menon@example.org".to_owned(),
            ..webhook("demo-ravi", person("ravi"), Kind::Zulip, "https://zulip.example.org/", mine_by_day)
        },
    ];
    all.extend(
        team("DOC").map(|doc| {
            webhook("demo-doc", doc, Kind::Mattermost, "https://chat.example.org/hooks/shift5d8a", everything)
        }),
    );
    all.extend(
        team("Electronics").map(|e| webhook("demo-electronics", e, Kind::Mail, "electronics@example.org", digest)),
    );
    all.extend(team("ICI").map(|ici| Channel {
        login: "custody-bot@zulip.example.org".to_owned(),
        secret: Secret("a key that opens nothing".to_owned()),
        stream: "ici".to_owned(),
        topic: "Custody".to_owned(),
        ..webhook("demo-ici", ici, Kind::Zulip, "https://zulip.example.org/", everything)
    }));
    for channel in &all {
        store::channels::save(&tx, channel, app.clock.now()).await?;
    }
    Ok(tx.commit().await?)
}
