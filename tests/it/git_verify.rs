//! Verifying tags and commits in real repositories, over file (G2, A3, A14–A19).

use crate::repository::Repository;
use custody::domain::repository::{Protocol, RepositoryAddress, RepositoryRules};
use custody::domain::tag::{CommitId, TagName, TagRule, found::NoRelease};
use custody::ports::git::{Git, GitError, Limits};

pub fn rules_for(repository: &Repository) -> RepositoryRules {
    RepositoryRules {
        protocols: [Protocol::File, Protocol::HttpLoopback, Protocol::Ssh].into(),
        hosts: vec!["127.0.0.1".into()],
        file_roots: vec![repository.root().to_owned()],
        private_addresses: true,
    }
}

pub fn tag(name: &str) -> TagName {
    TagName::parse(name, &TagRule::default()).unwrap()
}

pub fn commit(repository: &Repository, revision: &str) -> CommitId {
    CommitId::parse(&repository.id(revision)).unwrap()
}

pub fn reader(repository: &Repository) -> (Git, RepositoryAddress) {
    let rules = rules_for(repository);
    let address = RepositoryAddress::parse(&repository.file_address(), &rules).unwrap();
    (Git::new(rules, Limits::default()), address)
}

async fn verify(repository: &Repository, name: &str) -> Result<custody::ports::git::VerifiedTag, GitError> {
    let (git, address) = reader(repository);
    git.verify_tag(&address, &tag(name), "main", None).await
}

/// H3, T1: a repository counts as reached where it has the trunk, whatever else it holds and wherever its HEAD is.
#[tokio::test]
async fn t1_h3_the_trunk_itself_is_read() {
    let repository = Repository::new().commit("a").tag("trunk").branch("work").commit("b").branch("main");
    let (git, address) = reader(&repository);
    assert_eq!(git.reach(&address, "main").await, Ok(commit(&repository, "main")));
    assert_ne!(commit(&repository, "main"), commit(&repository, "work"));
    assert_eq!(git.reach(&address, "work").await, Ok(commit(&repository, "work")));
    for missing in ["trunk", "ma", "in", "refs/heads/main", "--upload-pack=x"] {
        let error = git.reach(&address, missing).await.unwrap_err();
        assert_eq!(error, GitError::NoSuchTrunk { trunk: missing.to_owned() });
    }

    let empty = Repository::new();
    let (git, address) = reader(&empty);
    assert_eq!(git.reach(&address, "main").await.unwrap_err().code(), "git_no_such_trunk");
}

/// G2, H3: a repository of another account, as a git server beside Custody has them, is read like any other below the
/// policy's roots, bare or not.
#[tokio::test]
async fn g2_a_repository_of_another_account_is_read() {
    let repository = Repository::new().commit("a").tag("1.0.0");
    let plain = repository.root().join("plain");
    repository.git(&["clone", "-q", "--no-local", repository.folder().to_str().unwrap(), plain.to_str().unwrap()]);
    let (main, rules) = (commit(&repository, "main"), rules_for(&repository));
    for folder in [repository.folder(), plain.clone(), plain.join(".git")] {
        // Nobody but root gives things away.
        if std::os::unix::fs::chown(&folder, Some(65_534), Some(65_534)).is_err() {
            return;
        }
    }
    for folder in [repository.folder(), plain] {
        let address = RepositoryAddress::parse(&format!("file://{}", folder.display()), &rules).unwrap();
        let git = Git::new(rules.clone(), Limits::default());
        assert_eq!(git.reach(&address, "main").await, Ok(main.clone()), "{}", folder.display());
        assert_eq!(git.verify_tag(&address, &tag("1.0.0"), "main", None).await.unwrap().commit, main);
    }
}

/// G2: an annotated tag is recorded with its object, commit, tree, tagger and authors.
#[tokio::test]
async fn annotated() {
    let repository = Repository::new().commit("a").by("Bo", "Bo@Example.org").commit("b").tag("1.0.0").commit("c");
    let verified = verify(&repository, "1.0.0").await.unwrap();
    assert_eq!(verified.object, commit(&repository, "refs/tags/1.0.0"));
    assert_eq!(verified.commit, commit(&repository, "main~1"));
    assert_eq!(verified.tree, commit(&repository, "main~1^{tree}"));
    assert!(verified.annotated && !verified.signed && verified.object != verified.commit);
    assert_eq!(verified.committed_at.timestamp().to_string(), repository.git(&["log", "-1", "--format=%ct", "main~1"]));
    let tagger = verified.tagger.unwrap();
    assert_eq!((tagger.who.name.as_str(), tagger.who.email.as_str()), ("Bo", "bo@example.org"));
    assert!(tagger.at > verified.committed_at);
    let emails: Vec<_> = verified.authorship.authors.iter().map(|author| author.email.as_str()).collect();
    assert_eq!(emails, ["ada@example.org", "bo@example.org"]);
    assert!(verified.authorship.complete);
}

/// G2: a light tag is the commit itself, and says so.
#[tokio::test]
async fn light() {
    let repository = Repository::new().commit("a").light_tag("v1.0.0", "HEAD");
    let verified = verify(&repository, "v1.0.0").await.unwrap();
    assert_eq!(verified.object, verified.commit);
    assert!(!verified.annotated && verified.tagger.is_none());
}

/// G2: a signature on the tag is recorded as being there.
#[tokio::test]
async fn signed() {
    let repository = Repository::new().commit("a");
    let key = repository.root().join("key");
    std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status()
        .map_or_else(
            |_| unsigned_stand_in(&repository),
            |made| {
                assert!(made.success());
                let key = format!("user.signingkey={}", key.display());
                repository.git(&["-c", "gpg.format=ssh", "-c", &key, "tag", "-s", "-m", "1.0.0", "1.0.0"]);
            },
        );
    let verified = verify(&repository, "1.0.0").await.unwrap();
    assert!(verified.signed && verified.annotated);
}

/// Without ssh-keygen a tag is made with the lines that a signature has; nobody checks it here.
fn unsigned_stand_in(repository: &Repository) {
    let message = "1.0.0\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
    repository.git(&["tag", "-a", "--cleanup=verbatim", "-m", message, "1.0.0"]);
}

/// A19: only a peeled commit counts: through a tag of a tag, but no tree and no file.
#[tokio::test]
async fn tags_of_other_things() {
    let repository = Repository::new().commit("a").tag("1.0.0");
    repository.git(&["tag", "-a", "-m", "again", "1.0.1", "refs/tags/1.0.0"]);
    repository.git(&["tag", "-a", "-m", "tree", "1.0.2", "HEAD^{tree}"]);
    repository.git(&["tag", "1.0.3", "HEAD^{tree}"]);
    repository.git(&["tag", "-a", "-m", "file", "1.0.4", "HEAD:device.txt"]);
    let nested = verify(&repository, "1.0.1").await.unwrap();
    assert_eq!(nested.object, commit(&repository, "refs/tags/1.0.1"));
    assert_eq!(nested.commit, commit(&repository, "main"));
    for (name, expected) in [("1.0.2", "tree"), ("1.0.3", "tree"), ("1.0.4", "blob")] {
        let expected = GitError::NoRelease(NoRelease::NotACommit { tag: name.into(), kind: expected.into() });
        assert_eq!(verify(&repository, name).await.unwrap_err(), expected);
    }
}

/// A19: a name that is a branch too could be taken for either.
#[tokio::test]
async fn a_branch_of_the_same_name() {
    let repository = Repository::new().commit("a").tag("1.0.0");
    repository.git(&["branch", "1.0.0", "main"]);
    assert_eq!(
        verify(&repository, "1.0.0").await.unwrap_err(),
        GitError::NoRelease(NoRelease::TagIsBranch { tag: "1.0.0".into() })
    );
}

/// A14, A19: the reference must have exactly this name: a branch alone, or a longer name, is no such tag.
#[tokio::test]
async fn exactly_this_name() {
    let repository = Repository::new().commit("a").light_tag("old/1.0.0", "HEAD").light_tag("refs/tags/1.0.0", "HEAD");
    repository.git(&["branch", "2.0.0", "main"]);
    assert_eq!(verify(&repository, "1.0.0").await.unwrap_err().code(), "git_no_such_tag");
    assert_eq!(verify(&repository, "2.0.0").await.unwrap_err().code(), "git_no_such_tag");
    let (git, address) = reader(&repository);
    assert_eq!(git.look_at_tag(&address, &tag("1.0.0")).await, Ok(None));
}

/// G2, A19: what was not merged is not released.
#[tokio::test]
async fn off_trunk() {
    let repository = Repository::new().commit("a").branch("work").commit("b").tag("1.0.0").branch("main").commit("c");
    assert_eq!(verify(&repository, "1.0.0").await.unwrap_err().code(), "git_not_on_trunk");
    let (git, address) = reader(&repository);
    assert_eq!(git.verify_tag(&address, &tag("1.0.0"), "trunk", None).await.unwrap_err().code(), "git_no_such_trunk");
    assert!(git.verify_tag(&address, &tag("1.0.0"), "work", None).await.is_ok());
}

/// A3, G2: a tag that moves or vanishes is seen by a look that fetches nothing.
#[tokio::test]
async fn moved_and_vanished() {
    let repository = Repository::new().commit("a").tag("1.0.0").commit("b");
    let (git, address) = reader(&repository);
    let verified = verify(&repository, "1.0.0").await.unwrap();
    let seen = git.look_at_tag(&address, &tag("1.0.0")).await.unwrap().unwrap();
    assert_eq!((&seen.object, &seen.peeled), (&verified.object, &verified.commit));

    repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "main"]);
    let moved = git.look_at_tag(&address, &tag("1.0.0")).await.unwrap().unwrap();
    assert_ne!(moved.object, verified.object);
    assert_eq!(moved.peeled, commit(&repository, "main"));

    assert!(!moved.is_branch);
    repository.git(&["branch", "1.0.0", "main~1"]);
    let both = git.look_at_tag(&address, &tag("1.0.0")).await.unwrap().unwrap();
    assert_eq!((both.object, both.is_branch), (moved.object, true), "A19: a branch has its name since");

    repository.git(&["tag", "-d", "1.0.0"]);
    assert_eq!(git.look_at_tag(&address, &tag("1.0.0")).await, Ok(None));
    assert_eq!(verify(&repository, "1.0.0").await.unwrap_err().code(), "git_no_such_tag");
}

/// G2: repositories with the longer names of objects are read too.
#[tokio::test]
async fn sha256() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("device.git");
    let script = "git init -q -b main --object-format=sha256 device.git && cd device.git && git commit -q --allow-empty -m a && git tag -a -m t 1.0.0";
    let names = [
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "a@b.c"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "a@b.c"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ];
    let made =
        std::process::Command::new("sh").args(["-c", script]).current_dir(root.path()).envs(names).status().unwrap();
    assert!(made.success());
    let rules = RepositoryRules {
        protocols: [Protocol::File].into(),
        file_roots: vec![root.path().to_owned()],
        ..RepositoryRules::default()
    };
    let address = RepositoryAddress::parse(&format!("file://{}", folder.display()), &rules).unwrap();
    let verified = Git::new(rules, Limits::default()).verify_tag(&address, &tag("1.0.0"), "main", None).await.unwrap();
    assert_eq!(verified.commit.as_str().len(), 64);
}
