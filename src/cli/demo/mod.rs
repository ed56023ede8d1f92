//! `custody demo`: a sample facility on this machine, made through the services that people use.
//!
//! The first start plays months of history: every device of `devices` lives its life by real commands under a clock
//! that stands still, on real git repositories. Afterwards the sample agents keep reporting what runs.

mod agent;
mod channels;
mod deploy_tool;
pub mod devices;
pub mod folder;
mod greeting;
pub mod life;
pub mod people;
pub mod places;
pub mod repositories;
mod rollouts;
mod shift;
pub mod stage;
mod story;
#[cfg(test)]
mod tests;
mod texts;
pub mod world;

use super::{Outcome, args::DemoArgs, serve};
use folder::Folder;
use std::{io::Write, time::Instant};

pub use story::{Failure, build};

pub(super) fn run(args: &DemoArgs, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<Outcome> {
    let mut settings = match args.settings() {
        Ok(settings) => settings,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    let folder = match Folder::open(&settings.data, args.fresh) {
        Ok(folder) => folder,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    settings.policy = Some(folder.policy());
    // What people read here is the address and the cast, not each request.
    "warn".clone_into(&mut settings.log_level);
    super::run_async(async move {
        if let Err(why) = serve::start_log(&settings) {
            writeln!(err, "{why}")?;
            return Ok(Outcome::Failed);
        }
        let socket = match serve::bind(&settings) {
            Ok(socket) => socket,
            Err(why) => {
                writeln!(err, "{why}")?;
                return Ok(Outcome::Failed);
            }
        };
        if !folder.is_complete() {
            let started = Instant::now();
            if let Err(failure) = build(&folder, err).await {
                writeln!(err, "The sample data could not be built: {failure}")?;
                return Ok(Outcome::Failed);
            }
            writeln!(err, "Built in {:.1} s.", started.elapsed().as_secs_f64())?;
        }
        let Some(app) = serve::open(&settings, &socket, true, err).await? else {
            return Ok(Outcome::Refused);
        };
        if let Err(failure) = deploy_tool::provide(&app, &folder).await {
            writeln!(err, "There is no token for a deploy tool: {failure}")?;
            return Ok(Outcome::Failed);
        }
        let listener = socket.listen(serve::QUEUE)?;
        greeting::print(&app, &settings.data, out)?;
        let agents = tokio::spawn(agent::run(app.clone()));
        let first = tokio::spawn(crate::service::replicas::be_first(app.clone()));
        let outcome = serve::serve(app, listener, None, first).await;
        agents.abort();
        outcome
    })
}
