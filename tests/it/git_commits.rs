//! Finding commits of the trunk and those who wrote them (T4, A1, A16).

use crate::git_verify::{commit, reader, rules_for, tag};
use crate::repository::Repository;
use custody::domain::tag::CommitId;
use custody::ports::git::{Git, Limits};

/// T4: authors are those of the commits since the base, co-authors too, whatever a mailmap would make of them.
#[tokio::test]
async fn authors_since_the_base() {
    let repository = Repository::new().commit("a").light_tag("1.0.0", "HEAD").by("Bo", "bo@example.org").commit("b");
    std::fs::write(repository.root().join("work/.mailmap"), "Nobody <nobody@example.org> <bo@example.org>\n").unwrap();
    let repository = repository.commit("c\n\nCo-authored-by: Cy Lee <Cy@Example.org>").light_tag("1.1.0", "HEAD");
    let (git, address) = reader(&repository);
    let base = commit(&repository, "1.0.0");
    let facts = git.resolve_commit(&address, &repository.id("main")[..7], "main", Some(&base)).await.unwrap();
    assert_eq!(facts.commit, commit(&repository, "main"));
    assert_eq!(facts.subject, "c");
    assert_eq!(facts.tree, commit(&repository, "main^{tree}"));
    let emails: Vec<_> = facts.authorship.authors.iter().map(|author| author.email.as_str()).collect();
    assert_eq!(emails, ["bo@example.org", "cy@example.org"]);
    assert!(facts.authorship.complete);

    let elsewhere = CommitId::parse(&"ab".repeat(20)).unwrap();
    let unknown_base = git.verify_tag(&address, &tag("1.1.0"), "main", Some(&elsewhere)).await.unwrap();
    assert_eq!(unknown_base.authorship.authors.len(), 3);
    assert!(!unknown_base.authorship.complete, "a base outside of the history leaves it open who wrote what");

    let few = Git::new(rules_for(&repository), Limits { commits: 2, ..Limits::default() });
    let bounded = few.verify_tag(&address, &tag("1.1.0"), "main", None).await.unwrap().authorship;
    assert!(!bounded.complete && bounded.authors.iter().all(|author| author.name != "Ada"));
}

/// T4, A16: a commit is found on the trunk alone, by hexadecimal digits alone.
#[tokio::test]
async fn commits_of_the_trunk() {
    let repository = Repository::new().commit("a").branch("work").commit("b").branch("main").commit("c");
    let (git, address) = reader(&repository);
    let find = async |name: &str| {
        git.resolve_commit(&address, name, "main", None).await.map_or_else(|error| error.code(), |_| "found")
    };
    assert_eq!(find(&repository.id("main")).await, "found");
    assert_eq!(find(&repository.id("main~1").to_uppercase()).await, "found");
    assert_eq!(find(&repository.id("work")).await, "git_not_on_trunk");
    assert_eq!(find(&repository.id("work")[..10]).await, "git_no_such_commit");
    assert_eq!(find(&repository.id("main^{tree}")).await, "git_no_such_commit");
    assert_eq!(find(&"ab".repeat(20)).await, "git_no_such_commit");
    for name in ["", "main", "HEAD", "abcdef", "main~1", "--upload-pack=x", "-1234567"] {
        assert_eq!(find(name).await, "git_not_a_commit_name", "{name}");
    }
}
