//! The commands. Each exits with 0 when it is done, 1 when it could not be done, 2 when what was given needs a change,
//! and `gate`, `stage` and `deployment` with 3 when Custody cannot be reached; messages go to standard error.

pub mod args;
mod audit;
mod backup;
pub mod demo;
mod deployment;
mod export;
mod gate;
mod import;
mod keys;
pub mod observe;
mod permit;
mod place;
mod policy;
mod serve;
mod server;
mod stage;
mod token;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done: exit code 0.
    Done,
    /// It could not be done: exit code 1.
    Failed,
    /// What was given needs a change: exit code 2.
    Refused,
    /// Custody cannot be reached, or failed itself: exit code 3.
    Away,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Failed => ExitCode::from(1),
            Outcome::Refused => ExitCode::from(2),
            Outcome::Away => ExitCode::from(3),
        }
    }
}

/// The registry of record for contributed devices: who owns them, what support they get, whom to call
#[derive(Debug, Parser)]
#[command(
    name = "custody",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 could not be done, 2 what was given needs a change,\n3 Custody cannot be reached (gate, stage, deployment)."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(args::ServeArgs),
    Demo(args::DemoArgs),
    Observe(args::ObserveArgs),
    /// The journal of everything that changed
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Gate(gate::GateArgs),
    Stage(stage::StageArgs),
    /// Deployments under way: what came of them
    Deployment {
        #[command(subcommand)]
        command: deployment::DeploymentCommand,
    },
    /// Permits of deployments
    Permit {
        #[command(subcommand)]
        command: permit::PermitCommand,
    },
    /// The keys that sign permits and checkpoints of the journal
    Keys {
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// What programs sign in with: tokens
    Token {
        #[command(subcommand)]
        command: token::TokenCommand,
    },
    /// The facility's policy: check a file, or print the built-in policy
    Policy {
        #[command(subcommand)]
        command: args::PolicyCommand,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    Verify(args::AuditVerifyArgs),
    Checkpoint(audit::CheckpointArgs),
    Export(audit::AuditExportArgs),
}

/// When the work is done, threads that still read or resolve something for nobody have this long to end.
const ENDS_WITHIN: Duration = Duration::from_millis(250);

/// Runs what waits for others, on all cores. What hangs meanwhile and cannot be called off (a folder of a machine that is
/// away, a name server that says nothing) is left behind (F13); everything that is to be kept was waited for in the work.
fn run_async(work: impl Future<Output = std::io::Result<Outcome>>) -> std::io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // Merely dropped, it would wait for each of these threads.
    runtime.shutdown_timeout(ENDS_WITHIN);
    outcome
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Not locked: the log and a panic’s words go to standard error from other threads while a server runs.
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(&args, &mut out, &mut err),
        Command::Demo(args) => demo::run(&args, &mut out, &mut err),
        Command::Observe(args) => observe::run(&args, &mut out, &mut err),
        Command::Audit { command: AuditCommand::Verify(args) } => audit::verify(&args, &mut out, &mut err),
        Command::Audit { command: AuditCommand::Checkpoint(args) } => audit::checkpoint(&args, &mut out, &mut err),
        Command::Audit { command: AuditCommand::Export(args) } => audit::export(&args, &mut out, &mut err),
        Command::Backup(args) => backup::backup(&args, &mut out, &mut err),
        Command::Restore(args) => backup::restore(&args, &mut out, &mut err),
        Command::Export(args) => export::run(&args, &mut out, &mut err),
        Command::Import(args) => import::run(&args, &mut out, &mut err),
        Command::Gate(args) => gate::run(&args, &mut out, &mut err),
        Command::Stage(args) => stage::run(&args, &mut out, &mut err),
        Command::Deployment { command } => deployment::run(&command, &mut out, &mut err),
        Command::Permit { command } => permit::run(&command, &mut out, &mut err),
        Command::Keys { command } => keys::run(&command, &mut out, &mut err),
        Command::Token { command } => token::run(&command, &mut out, &mut err),
        Command::Policy { command } => policy::run(&command, &mut out, &mut err),
    };
    let outcome = outcome.unwrap_or_else(|e| {
        // A closed pipe, as by `| head`, leaves nobody to tell.
        if e.kind() != ErrorKind::BrokenPipe {
            let _ = writeln!(err, "{e}");
        }
        Outcome::Failed
    });
    outcome.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// Every flag and help text fits together.
    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        let help = Cli::command().render_long_help().to_string();
        assert!(help.contains("Exit codes: 0 done"), "{help}");
    }

    /// F13: a thread that hangs keeps no command from ending, with what came of it.
    #[test]
    fn f13_what_hangs_is_left_behind() {
        let (ends, hangs) = std::sync::mpsc::channel::<()>();
        let outcome = run_async(async move {
            let (begins, begun) = tokio::sync::oneshot::channel();
            tokio::task::spawn_blocking(move || {
                let _ = begins.send(());
                // Whoever waits for it fails in the end.
                hangs.recv_timeout(Duration::from_secs(60))
            });
            let _ = begun.await;
            Ok(Outcome::Refused)
        });
        assert_eq!(outcome.unwrap(), Outcome::Refused);
        assert!(ends.send(()).is_ok(), "it was waited for");
    }
}
