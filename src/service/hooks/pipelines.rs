//! Pipelines that a proved forge tells of, put on record as stages of the release (G3, A20 to A22). The tag has just been
//! read in the repository; what a forge says of it is judged as a job's report is, and counts for no more.

use super::Hook;
use crate::{
    app::App,
    domain::{
        forge::Pipeline,
        pipeline::{reporter, says},
        stage::Told,
        tag::{CommitId, TagName},
    },
    service::{Caller, Error, Result, stages},
};

/// Reports what a run says of the stages of its tag. What is refused, like a run for another commit or one that comes
/// late, is left out.
pub(super) async fn report(app: &App, hook: &Hook, device: &str, tag: &TagName, run: &Pipeline) -> Result<()> {
    let Ok(commit) = CommitId::parse(&run.commit) else {
        return Ok(());
    };
    let caller = Caller { origin: format!("webhook of {}", hook.name), ..Caller::custody() };
    for (stage, passed) in says(run, &app.policy.releases) {
        let told = Told {
            stage,
            passed,
            job: Some(reporter(&hook.name, run.run)),
            commit: commit.clone(),
            link: run.link.clone(),
            text: String::new(),
        };
        match stages::report(app, &caller, device, tag, told).await {
            Ok(_) => {}
            Err(Error::Refused(refusal)) => {
                tracing::info!(device, %tag, %stage, why = %refusal.sentence, "a forge's pipeline is left out");
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
