//! Addresses, names and servers that try to lead git astray (A14–A18, F9).

use crate::git_verify::{rules_for, tag};
use crate::repository::Repository;
use crate::waiting::PATIENCE;
use custody::domain::repository::{Protocol, RepositoryAddress, RepositoryRules};
use custody::domain::tag::{TagName, TagRule};
use custody::ports::git::{Git, GitError, Limits, Resolver};
use std::collections::BTreeMap;
use tokio::io::AsyncReadExt;

/// A14, A15, A16: no disguise, syntax or option gets as far as git, neither as a tag nor as an address, trunk or commit.
#[tokio::test]
async fn nothing_odd_gets_as_far_as_git() {
    let repository = Repository::new().commit("a").tag("1.0.0");
    let rules = rules_for(&repository);
    let marker = repository.root().join("marker");
    let option = format!("--upload-pack=touch${{IFS}}{}", marker.display());
    let loose = TagRule::new("(?s).*").unwrap();
    for name in [
        option.as_str(),
        "--upload-pack=x",
        "1.0.0-dirty",
        "1.0.0\u{200b}",
        "refs/heads/..",
        "@{-1}",
        "x..y",
        "1.lock",
        "1\n",
        "1\0",
        &"1".repeat(10_000),
    ] {
        assert!(TagName::parse(name, &loose).is_err(), "{name:?}");
    }
    for address in [
        option.as_str(),
        "ext::sh -c id",
        "ext::sh",
        "ssh://-oProxyCommand=id/x",
        "http://git.example.org/x",
        "file:///etc",
    ] {
        assert!(RepositoryAddress::parse(address, &rules).is_err(), "{address}");
    }
    let git = Git::new(rules.clone(), Limits::default());
    let address = RepositoryAddress::parse(&repository.file_address(), &rules).unwrap();
    for odd in [option.as_str(), "-x", "", "a..b", "refs/heads/main", "main\n", "@{-1}"] {
        let error = git.verify_tag(&address, &tag("1.0.0"), odd, None).await.unwrap_err();
        assert_eq!(error.code(), "git_no_such_trunk", "{odd:?}");
        let error = git.resolve_commit(&address, odd, "main", None).await.unwrap_err();
        assert_eq!(error.code(), "git_not_a_commit_name", "{odd:?}");
    }
    assert!(!marker.exists());
}

/// A17: an address taken under an older policy is judged again before git starts.
#[tokio::test]
async fn the_policy_of_now_decides() {
    let repository = Repository::new().commit("a");
    let address = RepositoryAddress::parse(&repository.file_address(), &rules_for(&repository)).unwrap();
    let tightened = Git::new(RepositoryRules::default(), Limits::default());
    assert_eq!(tightened.reach(&address, "main").await.unwrap_err().code(), "repository_protocol");
}

/// A17: a link below the allowed root does not lead out of it.
#[tokio::test]
async fn links_do_not_lead_out() {
    let outside = Repository::new().commit("a");
    let allowed = Repository::new().commit("a");
    let link = allowed.root().join("link.git");
    std::os::unix::fs::symlink(outside.folder(), &link).unwrap();
    let rules = rules_for(&allowed);
    let git = Git::new(rules.clone(), Limits::default());
    let address = RepositoryAddress::parse(&format!("file://{}", link.display()), &rules).unwrap();
    assert_eq!(git.reach(&address, "main").await.unwrap_err().code(), "repository_outside_roots");
    let inside = RepositoryAddress::parse(&allowed.file_address(), &rules).unwrap();
    assert!(git.reach(&inside, "main").await.is_ok());
}

fn named_rules(private_addresses: bool) -> RepositoryRules {
    let hosts = vec!["git.example.org".into(), "localhost".into()];
    RepositoryRules { protocols: [Protocol::Https, Protocol::Ssh].into(), hosts, file_roots: vec![], private_addresses }
}

fn resolver(numbers: &[&str]) -> Resolver {
    let numbers = numbers.iter().map(|number| number.parse().unwrap()).collect();
    Resolver::Fixed(BTreeMap::from([("git.example.org".to_owned(), numbers)]))
}

/// A18: a name on the list that resolves inward is refused, for each protocol, and for one inward number among others.
#[tokio::test]
async fn names_that_lead_inward() {
    let rules = named_rules(false);
    for numbers in [
        &["127.0.0.1"][..],
        &["10.0.0.7"],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:192.168.0.1"],
        &["8.8.8.8", "10.0.0.7"],
    ] {
        let git = Git::new(rules.clone(), Limits::default()).with_resolver(resolver(numbers));
        for address in ["https://git.example.org/device.git", "git@git.example.org:device.git"] {
            let address = RepositoryAddress::parse(address, &rules).unwrap();
            let expected = GitError::LeadsInward { host: "git.example.org".into() };
            assert_eq!(git.reach(&address, "main").await, Err(expected), "{numbers:?}");
        }
    }
    let address = RepositoryAddress::parse("https://localhost/device.git", &rules).unwrap();
    let error = Git::new(rules, Limits::default()).reach(&address, "main").await.unwrap_err();
    assert_eq!(error.code(), "git_leads_inward", "by the machine's own resolver");
}

/// A18: git speaks to the number that was judged: here a name that no resolver knows, pinned to a listener of ours.
#[tokio::test]
async fn the_number_is_pinned() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut rules = named_rules(true);
    rules.hosts.push("pinned.invalid".into());
    let fixed = Resolver::Fixed(BTreeMap::from([("pinned.invalid".to_owned(), vec!["127.0.0.1".parse().unwrap()])]));
    let address = RepositoryAddress::parse(&format!("https://pinned.invalid:{port}/device.git"), &rules).unwrap();
    let greeted = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = vec![0; 4096];
        let read = stream.read(&mut greeting).await.unwrap();
        greeting.truncate(read);
        greeting
    });
    let git = Git::new(rules, Limits::default()).with_resolver(fixed);
    assert_eq!(git.reach(&address, "main").await.unwrap_err().code(), "git_unreachable");
    let greeting = tokio::time::timeout(PATIENCE, greeted).await.expect("git came to the pinned number").unwrap();
    assert_eq!(greeting[0], 0x16, "the start of TLS");
    assert!(greeting.windows(14).any(|part| part == b"pinned.invalid"), "for the name that was asked for");
}

/// F9: more references, or more output, than the limits allow.
#[tokio::test]
async fn too_many_references() {
    let repository = Repository::new().commit("a");
    let head = repository.id("main");
    let packed: String = (0..5000).map(|number| format!("{head} refs/tags/{number:05}\n")).collect();
    std::fs::write(
        repository.folder().join("packed-refs"),
        format!("# pack-refs with: peeled fully-peeled sorted\n{packed}"),
    )
    .unwrap();
    let rules = rules_for(&repository);
    let address = RepositoryAddress::parse(&repository.file_address(), &rules).unwrap();
    for limits in [Limits { references: 1000, ..Limits::default() }, Limits { output: 10_000, ..Limits::default() }] {
        assert_eq!(Git::new(rules.clone(), limits).list_tags(&address).await, Err(GitError::TooMuchOutput));
    }
    assert_eq!(Git::new(rules, Limits::default()).list_tags(&address).await.unwrap().len(), 5000);
}

/// F9: a repository that fills the disk is given up.
#[tokio::test]
async fn too_large_a_file() {
    let repository = Repository::new();
    let long: String = (0..40_000u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    std::fs::write(repository.root().join("message"), &long).unwrap();
    repository.git(&["commit", "-q", "--allow-empty", "-F", "../message"]);
    let repository = repository.tag("1.0.0");
    let rules = rules_for(&repository);
    let address = RepositoryAddress::parse(&repository.file_address(), &rules).unwrap();
    let small = Git::new(rules.clone(), Limits { file: 64 << 10, ..Limits::default() });
    assert_eq!(
        small.verify_tag(&address, &tag("1.0.0"), "main", None).await.unwrap_err().code(),
        "git_too_much_output"
    );
    let enough = Git::new(rules, Limits::default());
    assert!(enough.verify_tag(&address, &tag("1.0.0"), "main", None).await.is_ok());
}

/// F9, A25: what git says of a broken repository holds no local path.
#[tokio::test]
async fn no_local_path_is_told() {
    let repository = Repository::new();
    let folder = repository.root().join("other");
    std::fs::create_dir(&folder).unwrap();
    let rules = rules_for(&repository);
    let address = RepositoryAddress::parse(&format!("file://{}", folder.display()), &rules).unwrap();
    let error = Git::new(rules, Limits::default()).reach(&address, "main").await.unwrap_err();
    assert_eq!(error.code(), "git_unreachable");
    assert!(!error.to_string().contains(repository.root().to_str().unwrap()), "{error}");
}
