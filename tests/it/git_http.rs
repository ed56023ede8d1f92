//! Repositories over real http, and servers that redirect, hang, flood and lie (A18, F9).

use crate::git_verify::{rules_for, tag};
use crate::http_server::{Behaviour, HttpServer};
use crate::processes::{assert_none_left, assert_some_run};
use crate::repository::Repository;
use custody::domain::repository::{RepositoryAddress, RepositoryRules};
use custody::ports::git::{Git, GitError, Limits};
use std::time::{Duration, Instant};

fn reader(repository: &Repository, server: &HttpServer, limits: Limits) -> (Git, RepositoryAddress) {
    let rules: RepositoryRules = rules_for(repository);
    let address = RepositoryAddress::parse(&server.address(), &rules).unwrap();
    (Git::new(rules, limits), address)
}

/// G2, T4, A3: every read works over http as it does by file.
#[tokio::test]
async fn over_http() {
    let repository = Repository::new().commit("a").tag("1.0.0").commit("b");
    let server = HttpServer::start(Behaviour::Serve(repository.root().to_owned())).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    assert_eq!(git.reach(&address, "main").await.unwrap().as_str(), repository.id("main"));
    let verified = git.verify_tag(&address, &tag("1.0.0"), "main", None).await.unwrap();
    assert_eq!(verified.commit.as_str(), repository.id("main~1"));
    let seen = git.look_at_tag(&address, &tag("1.0.0")).await.unwrap().unwrap();
    assert_eq!((seen.object, seen.peeled), (verified.object, verified.commit));
    assert_eq!(git.resolve_commit(&address, &repository.id("main"), "main", None).await.unwrap().subject, "b");
    assert_none_left(&server.mark()).await;
}

/// A18: a redirect is an error; nobody asks the server that it names.
#[tokio::test]
async fn redirects_are_not_followed() {
    let repository = Repository::new().commit("a").tag("1.0.0");
    let target = HttpServer::start(Behaviour::Serve(repository.root().to_owned())).await;
    let server = HttpServer::start(Behaviour::Redirect(target.address())).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    assert_eq!(git.reach(&address, "main").await.unwrap_err().code(), "git_unreachable");
    assert_eq!(git.verify_tag(&address, &tag("1.0.0"), "main", None).await.unwrap_err().code(), "git_unreachable");
    assert!(server.requests() >= 2);
    assert_eq!(target.requests(), 0);
}

/// F9: a server that never answers costs the deadline and leaves no process.
#[tokio::test]
async fn a_server_that_hangs() {
    let repository = Repository::new();
    let server = HttpServer::start(Behaviour::Hang).await;
    // Where the machine is too busy for git to get as far as the server, it is given longer.
    for deadline in [700, 5000, 20_000].map(Duration::from_millis) {
        let (git, address) = reader(&repository, &server, Limits { deadline, ..Limits::default() });
        let start = Instant::now();
        assert!(matches!(git.reach(&address, "main").await, Err(GitError::TimedOut { .. })));
        assert!(start.elapsed() < deadline + Duration::from_secs(10), "{:?}", start.elapsed());
        if server.requests() > 0 {
            break;
        }
    }
    assert!(server.requests() > 0, "it hung at the server, not before");
    assert_none_left(&server.mark()).await;
}

/// F2, F9: who stops waiting leaves no process either.
#[tokio::test]
async fn a_dropped_read() {
    let repository = Repository::new();
    let server = HttpServer::start(Behaviour::Hang).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    let read = tokio::spawn(async move { git.reach(&address, "main").await.map(|_| ()) });
    assert_some_run(&server.mark()).await;
    read.abort();
    assert_none_left(&server.mark()).await;
}

/// F9: references without end are refused before they fill the memory.
#[tokio::test]
async fn references_without_end() {
    let repository = Repository::new();
    let server = HttpServer::start(Behaviour::Endless).await;
    let limits = Limits { deadline: Duration::from_secs(300), memory: 256 << 20, ..Limits::default() };
    let (git, address) = reader(&repository, &server, limits);
    assert_eq!(git.reach(&address, "main").await, Err(GitError::TooMuchOutput));
    assert_none_left(&server.mark()).await;
}

/// F9, A25: a server that sends nonsense is unreachable, and its escape sequences go no further.
#[tokio::test]
async fn nonsense() {
    let repository = Repository::new();
    let server = HttpServer::start(Behaviour::Garbage).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    let error = git.reach(&address, "main").await.unwrap_err();
    assert_eq!(error.code(), "git_unreachable");
    assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
}

/// A3, G2: a tag that moves between the look and the fetch is not verified as either.
#[tokio::test]
async fn moved_while_read() {
    let repository = Repository::new().commit("a").tag("1.0.0").commit("b");
    let folder = repository.folder();
    let other = repository.id("main");
    let act = move || std::fs::write(folder.join("refs/tags/1.0.0"), format!("{other}\n")).unwrap();
    let server = HttpServer::start(Behaviour::Meddle(repository.root().to_owned(), Box::new(act))).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    let read = git.verify_tag(&address, &tag("1.0.0"), "main", None).await;
    assert_eq!(read, Err(GitError::Moved { tag: "1.0.0".into() }));
}

/// F9: an address where nothing is, said without a local path.
#[tokio::test]
async fn nothing_there() {
    let repository = Repository::new();
    let empty = tempfile::tempdir().unwrap();
    let server = HttpServer::start(Behaviour::Serve(empty.path().to_owned())).await;
    let (git, address) = reader(&repository, &server, Limits::default());
    let error = git.reach(&address, "main").await.unwrap_err();
    assert_eq!(error.code(), "git_unreachable");
    assert!(error.is_transient());
}
