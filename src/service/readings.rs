//! Fresh readings of a device's repository, made before any transaction is opened.

use crate::{
    app::{App, COMMITS_MOST},
    domain::{
        device::Device,
        framework::{BuiltAgainst, BuiltWith, FileAt, Reading},
        lifecycle::{Command, Readings, State},
        person::People,
        release::{CommitFacts, Release, VerifiedTag},
        repository::RepositoryAddress,
        review::Review,
        tag::{CommitDigits, CommitId, TagName, found},
    },
    ports::git::{GitError, Sighting},
};
use std::collections::BTreeSet;

/// Why a repository was not read.
pub struct Failed {
    say: String,
    /// Whether it may well be read later: it does not answer now.
    is_away: bool,
}

impl From<GitError> for Failed {
    fn from(e: GitError) -> Self {
        Self { say: e.to_string(), is_away: e.is_transient() }
    }
}

impl From<String> for Failed {
    fn from(say: String) -> Self {
        Self { say, is_away: false }
    }
}

/// What the command has to know of the repository; nothing where it needs nothing.
pub async fn take(app: &App, device: &Device, command: &Command) -> Readings {
    take_or_miss(app, device, wanted(command)).await.0
}

/// What of a repository a command is judged by.
pub enum Wanted<'a> {
    Reach,
    /// A tag that is to be verified.
    Tag(&'a TagName),
    /// A tag as the repository has it this moment, not as it was (A3, A10).
    TagNow(&'a TagName),
    /// The same where it is a release on record.
    ReleaseNow(&'a TagName),
    /// The tag of the commit that is reviewed: it is what CTRL takes (T7).
    ReviewedNow,
    Commit(&'a CommitDigits),
    /// The framework's version that a release on record says in its own file (G6).
    Framework(&'a TagName),
}

/// What this command is judged by; `None` where the repository has nothing to say.
pub fn wanted(command: &Command) -> Option<Wanted<'_>> {
    match command {
        Command::CommitToUpdates {} | Command::RequestTransfer {} | Command::CheckRepository {} => Some(Wanted::Reach),
        Command::VerifyTag { tag } => Some(Wanted::Tag(tag)),
        Command::Deploy { tag: Some(tag), .. } | Command::RedeemPermit { tag, .. } | Command::MoveOn { tag, .. } => {
            Some(Wanted::ReleaseNow(tag))
        }
        Command::CheckTag { tag } => Some(Wanted::TagNow(tag)),
        Command::TakeOwnership {} => Some(Wanted::ReviewedNow),
        Command::ProposeCommit { commit } => Some(Wanted::Commit(commit)),
        Command::ReadFramework { tag } => Some(Wanted::Framework(tag)),
        _ => None,
    }
}

/// The same, and whether the repository is away, so that this says nothing of what it holds.
pub async fn take_or_miss(app: &App, device: &Device, wanted: Option<Wanted<'_>>) -> (Readings, bool) {
    let mut readings = Readings::default();
    let mut is_away = false;
    let mut say = |failed: Failed| {
        is_away |= failed.is_away;
        failed.say
    };
    match wanted {
        Some(Wanted::Reach) => readings.reach = Some(reach(app, device).await.map_err(&mut say)),
        Some(Wanted::Tag(tag)) => match verify(app, device, tag).await {
            Ok((verified, framework)) => (readings.tag, readings.framework) = (Some(Ok(verified)), framework.map(Ok)),
            Err(failed) => readings.tag = Some(Err(say(failed))),
        },
        Some(Wanted::ReleaseNow(tag)) if device.release(tag).is_none() => {}
        Some(Wanted::TagNow(tag) | Wanted::ReleaseNow(tag)) => {
            note(&mut readings, look(app, device, tag).await.map_err(&mut say));
        }
        Some(Wanted::ReviewedNow) => {
            if let Some(release) = reviewed(device) {
                note(&mut readings, look(app, device, release.tag()).await.map_err(&mut say));
            }
        }
        Some(Wanted::Commit(commit)) => {
            readings.commit = Some(find_commit(app, device, commit).await.map_err(&mut say));
        }
        Some(Wanted::Framework(tag)) => {
            if let (Some(release), Some(against)) = (device.release(tag), &device.built.against) {
                let read = framework(app, device, release, against).await;
                readings.framework = Some(read.map_err(&mut say));
            }
        }
        None => {}
    }
    (readings, is_away)
}

/// Whether a command that is judged by a release's tag as it is this moment comes without.
pub fn are_missing(command: &Command, device: &Device, readings: &Readings) -> bool {
    let release = match wanted(command) {
        Some(Wanted::ReleaseNow(tag)) => device.release(tag),
        Some(Wanted::ReviewedNow) => reviewed(device),
        _ => None,
    };
    release.is_some() && readings.tag_now.is_none()
}

/// The release of the commit that is reviewed.
fn reviewed(device: &Device) -> Option<&Release> {
    device.review().and_then(Review::commit).and_then(|c| device.release_of(c))
}

fn address(app: &App, device: &Device) -> Result<RepositoryAddress, String> {
    RepositoryAddress::parse(&device.request.repository, &app.policy.repository_rules()).map_err(|p| p.to_string())
}

/// The head of the trunk.
async fn reach(app: &App, device: &Device) -> Result<CommitId, Failed> {
    let address = address(app, device)?;
    Ok(app.git.reach(&address, &device.request.trunk).await?)
}

/// The tag, and the framework's version that its commit says, where that is asked for and could be read (G6).
async fn verify(app: &App, device: &Device, tag: &TagName) -> Result<(VerifiedTag, Option<Reading>), Failed> {
    let address = address(app, device)?;
    TagName::parse(tag.as_str(), &app.policy.tag_rule()).map_err(|p| p.to_string())?;
    let trunk = &device.request.trunk;
    let (found_tag, built) = match &device.built.against {
        None => (app.git.verify_tag(&address, tag, trunk, base(device)).await?, None),
        Some(against) => {
            let path = &against.file;
            let (found, file) = app.git.verify_tag_with_file(&address, tag, trunk, base(device), path).await?;
            // What could not be read now is read again with the regular checks.
            let built = match file {
                Ok(at) => search(against, at).await.ok().map(|built| (against.clone(), built)),
                Err(_) => None,
            };
            (found, built)
        }
    };
    let must_be = app.policy.releases.annotated;
    found::annotated(tag, found_tag.annotated, must_be).map_err(|p| p.to_string())?;
    let commit = found_tag.commit.clone();
    let built = built.map(|(against, built)| Reading { commit, against, built });
    let verified = VerifiedTag {
        tag: found_tag.tag,
        object: found_tag.object,
        commit: found_tag.commit,
        tree: found_tag.tree,
        annotated: found_tag.annotated,
        tagger_email: found_tag.tagger.as_ref().map(|t| app.author_key.author_id(&t.who.email)),
        tagged_at: found_tag.tagger.map(|t| t.at),
        // Names and addresses stay out of what the journal keeps (A37).
        tagger: None,
        signed: found_tag.signed,
        authors: found_tag.authorship.authors.iter().map(|a| app.author_key.author_id(&a.email)).collect(),
    };
    Ok((verified, built))
}

/// The framework's version that a release's own file says, at its own commit.
async fn framework(app: &App, device: &Device, release: &Release, against: &BuiltAgainst) -> Result<Reading, Failed> {
    let address = address(app, device)?;
    let at = app.git.file_at_tag(&address, release.tag(), release.commit(), &against.file).await?;
    let built = search(against, at).await?;
    Ok(Reading { commit: release.commit().clone(), built, against: against.clone() })
}

/// Looks for the version. A contributor's pattern may take its time: apart from what everybody waits for.
async fn search(against: &BuiltAgainst, at: FileAt) -> Result<BuiltWith, Failed> {
    let own = against.clone();
    let searched = tokio::task::spawn_blocking(move || own.read(&at)).await;
    searched.map_err(|_| Failed::from(format!("{} could not be searched: try again.", against.file)))
}

async fn look(app: &App, device: &Device, tag: &TagName) -> Result<Option<Sighting>, Failed> {
    let address = address(app, device)?;
    Ok(app.git.look_at_tag(&address, tag).await?)
}

fn note(readings: &mut Readings, seen: Result<Option<Sighting>, String>) {
    readings.tag_is_branch = matches!(&seen, Ok(Some(s)) if s.is_branch);
    readings.tag_now = Some(seen.map(|s| s.map(|s| s.object)));
}

/// The repository's tags that count as releases by their names, and what each of them names.
pub async fn list_tags(app: &App, device: &Device) -> Result<Vec<(TagName, CommitId)>, Failed> {
    let address = address(app, device)?;
    let rule = app.policy.tag_rule();
    let all = app.git.list_tags(&address).await?;
    Ok(all.into_iter().filter_map(|(name, object)| Some((TagName::parse(&name, &rule).ok()?, object))).collect())
}

async fn find_commit(app: &App, device: &Device, commit: &CommitDigits) -> Result<CommitFacts, Failed> {
    let address = address(app, device)?;
    let trunk = &device.request.trunk;
    let found = app.git.resolve_commit(&address, commit.as_str(), trunk, base(device)).await?;
    // Whoever was not looked at may have written part of it, and would count as independent (T4).
    if !found.authorship.complete {
        let say = match base(device) {
            Some(b) => format!(
                "The authors since {} cannot all be named: it is not part of the history of {}, or more than {COMMITS_MOST} commits came after it. Propose a commit that follows it.",
                b.short(),
                found.commit.short()
            ),
            None => format!(
                "{} has more than {COMMITS_MOST} commits before it, so its authors cannot all be named. Ask an administrator how to go on.",
                found.commit.short()
            ),
        };
        return Err(say.into());
    }
    Ok(CommitFacts {
        commit: found.commit,
        subject: found.subject,
        authors: found.authorship.authors.iter().map(|a| app.author_key.author_id(&a.email)).collect(),
    })
}

/// The last commit that CTRL owned: what came after it is what is reviewed.
fn base(device: &Device) -> Option<&CommitId> {
    let tag = match &device.state {
        State::CtrlOwned { owned, .. } => &owned.release,
        _ => device.cycle.base.as_ref()?,
    };
    device.release(tag).map(|r| r.commit())
}

/// Who made a tag, by name: a person on record, what an older record says, or that nobody knows.
pub fn tagger(app: &App, of: &VerifiedTag) -> Option<String> {
    of.tagger.clone().or_else(|| of.tagger_email.as_deref().map(|author| author_name(app, author)))
}

/// Everybody who wrote what a commit brings, each once; the people of its device are looked at first.
pub fn authors(app: &App, people: &People, facts: &CommitFacts) -> BTreeSet<String> {
    let name = |author: &String| people.author(author, &app.author_key).map(str::to_owned);
    facts.authors.iter().map(|author| name(author).unwrap_or_else(|| author_name(app, author))).collect()
}

/// What an author is called, where they are on record.
fn author_name(app: &App, author: &str) -> String {
    let state = app.projection.read();
    let unknown = || if author.contains('@') { author.to_owned() } else { "somebody who is not on record".to_owned() };
    state.people().author(author, &app.author_key).map_or_else(unknown, str::to_owned)
}
