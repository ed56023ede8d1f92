//! Real repositories, read with the git program.
//!
//! What comes from a repository is not trusted: each read has one deadline over all its processes, a bound on output,
//! memory and files, speaks one protocol to one address that was resolved and judged by us, and leaves no process and
//! no file behind, also when its future is dropped (A16–A19, F9). Nothing here runs a hook, and no outsider's word is
//! one of a shell's.

mod commit;
mod complaint;
mod error;
mod facts;
mod file;
mod history;
mod propose;
mod route;
mod run;
mod ssh;
mod together;
mod verify;

pub use commit::CommitFacts;
pub use error::GitError;
pub use facts::Sighting;
pub use history::{Author, Authorship};
pub use propose::{Update, Updated};
pub use route::Resolver;
pub use ssh::SshIdentity;
pub use verify::{Tagger, VerifiedTag};

use crate::domain::framework::FileAt;
use crate::domain::repository::{RepositoryAddress, RepositoryRules};
use crate::domain::tag::{CommitId, TagName};
use run::Session;
use std::{sync::Arc, time::Duration};
use together::Together;

/// How much a read may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the whole of a read, name resolution and all processes together.
    pub deadline: Duration,
    /// What one process may print, in bytes.
    pub output: usize,
    /// How many references a repository may have where all are counted.
    pub references: usize,
    /// What one process may take of address space, in bytes.
    pub memory: u64,
    /// How large one fetched file may get, in bytes.
    pub file: u64,
    /// How many commits are looked at for their authors.
    pub commits: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deadline: Duration::from_secs(20),
            output: 8 << 20,
            references: 50_000,
            memory: 2 << 30,
            file: 1 << 30,
            commits: 500,
        }
    }
}

/// What a look at a tag found.
type Looked = Result<Option<Sighting>, GitError>;

/// The git program, held to the facility's rules.
#[derive(Clone, Debug)]
pub struct Git {
    rules: RepositoryRules,
    limits: Limits,
    ssh: SshIdentity,
    resolver: Resolver,
    looks: Arc<Together<(RepositoryAddress, TagName), Looked>>,
}

impl Git {
    pub fn new(rules: RepositoryRules, limits: Limits) -> Git {
        Git { rules, limits, ssh: SshIdentity::default(), resolver: Resolver::System, looks: Arc::default() }
    }

    /// Who Custody is towards ssh servers, and whom it believes.
    pub fn with_ssh(self, ssh: SshIdentity) -> Git {
        Git { ssh, ..self }
    }

    /// Where addresses of hosts come from.
    pub fn with_resolver(self, resolver: Resolver) -> Git {
        Git { resolver, ..self }
    }

    /// How long a read may take.
    pub fn deadline(&self) -> Duration {
        self.limits.deadline
    }

    /// Whether the repository answers and has this trunk: the head of it (H3, T1). Nothing is fetched.
    pub async fn reach(&self, address: &RepositoryAddress, trunk: &str) -> Result<CommitId, GitError> {
        verify::check_trunk(trunk)?;
        self.session(address, async |session| facts::reach(session, trunk).await).await
    }

    /// What a tag names at this moment; `None` if there is no such tag. Cheap: nothing is fetched (A3, G2), and who
    /// asks the same at once is told the same.
    pub async fn look_at_tag(&self, address: &RepositoryAddress, tag: &TagName) -> Looked {
        let look = self.session(address, async |session| facts::look_at_tag(session, tag).await);
        self.looks.look((address.clone(), tag.clone()), look).await
    }

    /// Every tag with the object that it names, in no order. Cheap: nothing is fetched.
    pub async fn list_tags(&self, address: &RepositoryAddress) -> Result<Vec<(String, CommitId)>, GitError> {
        self.session(address, async |session| facts::list_tags(session).await).await
    }

    /// Verifies a tag in the repository itself (G2, A19): it exists under exactly this name, no branch has the name, and
    /// it leads to a commit on the trunk. Authors are those of the commits since `base`, or of the last ones.
    pub async fn verify_tag(
        &self,
        address: &RepositoryAddress,
        tag: &TagName,
        trunk: &str,
        base: Option<&CommitId>,
    ) -> Result<VerifiedTag, GitError> {
        verify::check_trunk(trunk)?;
        self.session(address, async |session| verify::verify_tag(session, tag, trunk, base).await).await
    }

    /// The same, with what stands at a path of its commit (G6): a tag is one whether or not that can be read.
    pub async fn verify_tag_with_file(
        &self,
        address: &RepositoryAddress,
        tag: &TagName,
        trunk: &str,
        base: Option<&CommitId>,
        path: &str,
    ) -> Result<(VerifiedTag, Result<FileAt, GitError>), GitError> {
        verify::check_trunk(trunk)?;
        self.session(address, async |session| {
            let verified = verify::verify_tag(session, tag, trunk, base).await?;
            let found = file::read(session, &verified.commit, path).await.map(|entry| entry.at);
            Ok((verified, found))
        })
        .await
    }

    /// What stands at a path of the commit that a tag was verified as (G6).
    pub async fn file_at_tag(
        &self,
        address: &RepositoryAddress,
        tag: &TagName,
        commit: &CommitId,
        path: &str,
    ) -> Result<FileAt, GitError> {
        self.session(address, async |session| file::at_tag(session, tag, commit, path).await).await
    }

    /// Proposes an update of the trunk as a branch of its own (G6). It changes no branch that is there.
    pub async fn propose(&self, address: &RepositoryAddress, update: &Update<'_>) -> Result<Updated, GitError> {
        verify::check_trunk(update.trunk)?;
        self.session(address, async |session| propose::propose(session, update).await).await
    }

    /// Finds a commit of the trunk by its name or the first seven digits or more of it, with the authors of what came
    /// since `base` (T4: none of them approves it).
    pub async fn resolve_commit(
        &self,
        address: &RepositoryAddress,
        commit: &str,
        trunk: &str,
        base: Option<&CommitId>,
    ) -> Result<CommitFacts, GitError> {
        verify::check_trunk(trunk)?;
        let digits = commit::checked_digits(commit)?;
        self.session(address, async |session| commit::resolve_commit(session, &digits, trunk, base).await).await
    }

    /// Runs one read under one deadline, in a directory that is gone afterwards.
    async fn session<T>(
        &self,
        address: &RepositoryAddress,
        read: impl AsyncFnOnce(&Session) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let within = self.limits.deadline;
        let whole = async {
            let route = route::find(address, &self.rules, &self.resolver).await?;
            let session = Session::open(route, self.limits, &self.ssh)?;
            read(&session).await
        };
        tokio::time::timeout(within, whole).await.unwrap_or(Err(GitError::TimedOut { seconds: within.as_secs_f64() }))
    }
}
