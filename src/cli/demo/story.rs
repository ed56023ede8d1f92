//! Builds the sample data: the cast, the places, the repositories, then everybody's months.

use super::{
    channels, devices,
    folder::Folder,
    life::{Book, Life, morning},
    people, places,
    repositories::{History, Repositories},
    stage::{Mishap, Scene, Stage, What},
};
use crate::{
    app::{App, Parts},
    config::read_policy,
    ports::clock::Clock,
    service,
    store::Db,
};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use std::io::Write;

/// How long ago the first of it happened, in days.
const BEGINNING: i64 = 245;

/// Server, instance, class, version, since how many minutes.
const STRAYS: [(&str, &str, &str, &str, i64); 3] = [
    ("cppServer/ctrl_hed_04", "HED_TEST_CAM/VIEW/QUICK", "QuickCamView", "QuickCamView-0.0.1-dirty", 190),
    ("pythonServer/contrib_scs_02", "SCS_TEST_FIT/PROC/TRY2", "FitTry", "", 1500),
    ("pythonServer/ctrl_spb_02", "SPB_TEST_MON/LOG/TEMP", "TempLogger", "1.0.0", 4100),
];

/// Servers that a life needs beside its plan's two.
const MORE: [&str; 1] = ["cppServer/contrib_sqs_02"];

/// Why there is no sample data.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Policy(#[from] crate::config::PolicyFileError),
    #[error("the database: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("{0}: {cause}", cause = std::error::Error::source(.0).map(ToString::to_string).unwrap_or_default())]
    Service(#[from] service::Error),
    #[error(transparent)]
    Mishap(#[from] Mishap),
}

/// Builds all of it in an empty demo directory, and tells how far it is.
pub async fn build(folder: &Folder, told: &mut dyn Write) -> Result<(), Failure> {
    build_of(folder, devices::all(), told).await
}

/// Builds a facility with these devices only.
pub async fn build_of(folder: &Folder, samples: Vec<devices::Sample>, told: &mut dyn Write) -> Result<(), Failure> {
    folder.mark(false)?;
    folder.write_policy()?;
    let now = Utc::now().trunc_subsecs(0);
    writeln!(told, "Building a sample facility: people and places, {} git repositories …", samples.len())?;
    let histories: Vec<History> = samples.iter().filter_map(|(plan, _)| plan.history(now)).collect();
    let root = folder.repositories();
    let made = tokio::task::spawn_blocking(move || Repositories::make(&root, &histories));
    let repositories = made.await.map_err(std::io::Error::other)??;

    let parts = Parts {
        policy: read_policy(&folder.policy())?,
        clock: Clock::fixed(morning(now, BEGINNING)),
        public_url: url::Url::parse("http://localhost").expect("this is an address"),
        secure_cookies: false,
        demo: true,
        mail: None,
        sends: false,
        metrics: Default::default(),
        proxies: Default::default(),
    };
    let app = App::new(Db::open(&folder.database()).await?, parts);
    service::policy::record(&app).await?;
    let cast = people::engage(&app).await?;
    channels::choose(&app, &cast).await?;
    let servers = samples.iter().flat_map(|(p, _)| [p.reduced, p.full]).filter(|s| !s.is_empty());
    places::build(&app, servers.chain(STRAYS.iter().map(|s| s.0)).chain(MORE.iter().copied())).await?;

    let mut stage = Stage::new(app.clone(), cast, repositories, now);
    let scenes = write(&stage, samples, now);
    let mut part = 0;
    write!(told, "Eight months in {} steps:", scenes.len())?;
    stage
        .play(scenes, |done, all| {
            // A closed terminal stops nothing.
            if done * 10 / all > part {
                part = done * 10 / all;
                let _ = write!(told, " {} %", part * 10);
                let _ = told.flush();
            }
        })
        .await?;
    stage.end().await?;
    writeln!(told)?;
    app.db.close().await?;
    folder.mark(true)?;
    Ok(())
}

/// Everybody's scenes.
fn write(stage: &Stage, samples: Vec<devices::Sample>, now: DateTime<Utc>) -> Vec<Scene> {
    let book = Book { now, cast: &stage.cast, repositories: &stage.repositories, policy: &stage.app.policy };
    let mut scenes: Vec<Scene> = Vec::new();
    for (plan, live) in samples {
        let mut life = Life::new(book, plan);
        live(&mut life);
        scenes.extend(life.into_scenes());
    }
    scenes.extend(unregistered(now));
    // What is older than two days has been read.
    scenes.push(Scene { at: now - Duration::days(2), device: "", who: None, what: What::EverybodyReads });
    scenes
}

/// What runs and is on no record.
fn unregistered(now: DateTime<Utc>) -> impl Iterator<Item = Scene> {
    STRAYS.into_iter().map(move |(server, instance, class, version, minutes)| Scene {
        at: now - Duration::minutes(minutes),
        device: "",
        who: None,
        what: What::Runs {
            server,
            instance: instance.to_owned(),
            class: class.to_owned(),
            version: version.to_owned(),
        },
    })
}
