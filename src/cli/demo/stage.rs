//! Plays scenes: each is a real command, or a real report, at its moment in the past.

use super::{
    people::Cast,
    repositories::Repositories,
    rollouts::Rollouts,
    shift,
    world::{Instance, World},
};
use crate::{
    app::App,
    domain::{
        deployment::Report,
        id::PersonId,
        lifecycle::{Command, command::Application},
        retest,
        stage::Told,
        tag::{CommitId, TagName},
    },
    service::{
        Caller, Error,
        act::{Ask, act, submit},
        closing, confirmations, deployments, observations, permits, retests, stages,
    },
    store,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Scene {
    pub at: DateTime<Utc>,
    pub device: &'static str,
    /// By login; nobody where Custody or an agent acts.
    pub who: Option<&'static str>,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Submit(Box<Application>),
    Act(Command),
    /// Refused, and on record as an attempt.
    Attempt(Command),
    /// A deploy tool asks for a permit, redeems it and reports what came of it (G9).
    Deploys {
        server: &'static str,
        tag: TagName,
        came: Vec<Report>,
    },
    Runs {
        server: &'static str,
        instance: String,
        class: String,
        version: String,
    },
    Stops {
        server: &'static str,
        instance: String,
    },
    /// A member of CTRL says what they saw.
    States {
        server: &'static str,
        instance: String,
        class: String,
        version: String,
    },
    MoveTag {
        tag: &'static str,
        to: CommitId,
    },
    /// Somebody reports a stage of a release (G3).
    Reports {
        tag: &'static str,
        told: Told,
    },
    /// Somebody says what came of the re-test that waits with this device (G8).
    Retests {
        on: &'static str,
        told: retest::Told,
    },
    /// The account of `who` is closed.
    Leaves,
    /// Everybody has read what they were told up to here.
    EverybodyReads,
}

/// A scene that could not be played: the story and the rules disagree.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {device}: {what} by {who}: {why}", at = scene.at, device = scene.device, who = scene.who.unwrap_or("Custody"))]
pub struct Mishap {
    scene: Box<Scene>,
    what: String,
    why: String,
}

/// The sample facility while its story is played.
pub struct Stage {
    /// Its clock stands still until a scene moves it.
    pub app: App,
    pub cast: Cast,
    pub repositories: Repositories,
    pub world: World,
    rollouts: Rollouts,
    /// When the story ends.
    now: DateTime<Utc>,
    /// Until when somebody's training counts: nobody is trained twice (H6).
    trained: BTreeMap<PersonId, DateTime<Utc>>,
}

impl Stage {
    pub fn new(app: App, cast: Cast, repositories: Repositories, now: DateTime<Utc>) -> Self {
        let (world, rollouts) = (World::default(), Rollouts::new(now));
        Self { app, cast, repositories, world, rollouts, now, trained: BTreeMap::new() }
    }

    /// Plays them in the order of their moments; `told` hears how many are done.
    pub async fn play(&mut self, mut scenes: Vec<Scene>, mut told: impl FnMut(usize, usize)) -> Result<(), Mishap> {
        scenes.sort_by_key(|s| s.at);
        let all = scenes.len();
        for (n, scene) in scenes.into_iter().enumerate() {
            if let Err(error) = self.up_to(scene.at).await {
                let what = "the shift and the rollouts before it".to_owned();
                return Err(Mishap { scene: Box::new(scene), what, why: say(error) });
            }
            let clock = &self.app.clock;
            clock.advance(scene.at - clock.now());
            if let Err(why) = self.scene(&scene).await {
                let what = match &scene.what {
                    What::Act(c) | What::Attempt(c) => c.kind().to_string(),
                    other => format!("{other:?}").chars().take(60).collect(),
                };
                return Err(Mishap { scene: Box::new(scene), what, why });
            }
            told(n + 1, all);
        }
        Ok(())
    }

    /// What comes by itself up to this moment: rollouts, and in between the shift's word, which may wait some minutes.
    async fn up_to(&mut self, moment: DateTime<Utc>) -> Result<(), Error> {
        while let Some(at) = self.rollouts.due().filter(|at| *at <= moment) {
            shift::up_to(&self.app, &self.cast, at, self.now).await?;
            let until = moment.min(at + Duration::minutes(5));
            self.rollouts.up_to(&self.app, &self.cast, until).await?;
        }
        shift::up_to(&self.app, &self.cast, moment, self.now).await
    }

    /// Goes on to the end of the story: the shift does what it has to, rollouts stand as they do, and contacts whose word
    /// ages are reminded.
    pub async fn end(&mut self) -> Result<(), Error> {
        self.up_to(self.now).await?;
        self.rollouts.leave(&self.app).await?;
        let devices = store::devices::list_live_after(&self.app.db.read, "", 1000).await?;
        confirmations::remind(&self.app, &devices).await?;
        Ok(())
    }

    async fn scene(&mut self, scene: &Scene) -> Result<(), String> {
        let caller = match scene.who {
            Some(login) => Caller::person(self.cast.id(login), "web 127.0.0.1"),
            None => Caller::custody(),
        };
        let app = &self.app;
        match &scene.what {
            What::Submit(application) => {
                let ask = Ask::from(Command::Submit { application: application.clone() });
                submit(app, &caller, ask, None).await.map(|_| ()).map_err(say)
            }
            What::Act(command) if self.is_trained(command) => Ok(()),
            What::Act(command) => {
                act(app, &caller, scene.device, Ask::from(command.clone())).await.map_err(say)?;
                if let Command::RecordTraining { person, .. } = command {
                    let until = app.clock.now() + Duration::days(app.policy.training.valid_days.into());
                    self.trained.insert(*person, until);
                }
                Ok(())
            }
            What::Attempt(command) => match act(app, &caller, scene.device, Ask::from(command.clone())).await {
                Err(Error::Refused(_)) => Ok(()),
                Err(other) => Err(say(other)),
                Ok(_) => Err("this was to be refused".to_owned()),
            },
            What::Deploys { server, tag, came } => {
                self.deploy(&caller, scene.device, server, tag, came).await.map_err(say)?;
                Ok(())
            }
            What::Runs { server, instance, class, version } => {
                self.world.start(server, Instance { id: instance, class, version }, scene.at);
                self.world.report(&self.app, server).await.map_err(say)
            }
            What::Stops { server, instance } => {
                self.world.stop(server, instance);
                self.world.report(&self.app, server).await.map_err(say)
            }
            What::States { server, instance, class, version } => {
                let report = observations::Report {
                    instance: instance.clone(),
                    class: class.clone(),
                    server: (*server).to_owned(),
                    host: super::places::host_of(server),
                    version: version.clone(),
                    since: scene.at,
                };
                observations::state(app, &caller, scene.device, report).await.map(|_| ()).map_err(say)
            }
            What::Reports { tag, told } => {
                let tag = TagName::parse(tag, &app.policy.tag_rule()).map_err(|p| p.to_string())?;
                stages::report(app, &caller, scene.device, &tag, told.clone()).await.map(|_| ()).map_err(say)
            }
            What::Retests { on, told } => self.retest(&caller, scene.device, on, told.clone()).await.map_err(say),
            What::MoveTag { tag, to } => self.repositories.move_tag(scene.device, tag, to).map_err(|e| e.to_string()),
            What::Leaves => match caller.actor.person() {
                Some(person) => closing::close(app, &Caller::custody(), person).await.map_err(say),
                None => Ok(()),
            },
            What::EverybodyReads => read(app).await.map_err(say),
        }
    }

    async fn deploy(
        &self,
        caller: &Caller,
        device: &str,
        server: &str,
        tag: &TagName,
        came: &[Report],
    ) -> Result<(), Error> {
        // Keys rotate here too, as they do while Custody runs.
        permits::keep(&self.app).await?;
        let wanted = deployments::Wanted {
            device: device.to_owned(),
            tag: tag.clone(),
            server: server.into(),
            environment: None,
            commit: None,
        };
        let allowed = deployments::request(&self.app, caller, &wanted, None).await?;
        deployments::redeem(&self.app, caller, allowed.view.deployment.id, &allowed.permit).await?;
        for report in came {
            deployments::report(&self.app, caller, allowed.view.deployment.id, report.clone()).await?;
        }
        Ok(())
    }

    async fn retest(&self, caller: &Caller, device: &str, on: &str, told: retest::Told) -> Result<(), Error> {
        let wanted = retests::Wanted {
            device: Some(device.to_owned()),
            on: Some(on.to_owned()),
            state: Some(retest::Standing::Waiting),
            before: None,
        };
        let waiting = retests::list(&self.app, &wanted).await?.all.into_iter().next().ok_or(Error::NotFound)?;
        retests::report(&self.app, caller, waiting.retest.id, told).await.map(|_| ())
    }

    fn is_trained(&self, command: &Command) -> bool {
        matches!(command, Command::RecordTraining { person, .. }
            if self.trained.get(person).is_some_and(|until| *until > self.app.clock.now() + Duration::days(60)))
    }
}

fn say(error: Error) -> String {
    match error {
        Error::Refused(refusal) => {
            let open: Vec<String> =
                refusal.gates.iter().filter(|g| !g.met).map(|g| format!("{}: {}", g.id, g.why)).collect();
            format!("{} {}", refusal.sentence, open.join("; "))
        }
        other => {
            let cause = std::error::Error::source(&other).map(|c| format!(": {c}")).unwrap_or_default();
            format!("{other}{cause}")
        }
    }
}

async fn read(app: &App) -> Result<(), Error> {
    let tx = app.db.begin().await?;
    for profile in store::people::list_all(&tx).await? {
        store::notices::mark_seen(&tx, profile.person.id, app.clock.now()).await?;
    }
    Ok(tx.commit().await?)
}
