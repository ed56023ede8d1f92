use super::*;
use proptest::prelude::*;

fn rules() -> RepositoryRules {
    RepositoryRules {
        protocols: [Protocol::Https, Protocol::Ssh, Protocol::File].into(),
        hosts: vec![
            "git.example.org".into(),
            "*.facility.eu".into(),
            "127.0.0.1".into(),
            "8.8.8.8".into(),
        ],
        file_roots: vec!["/srv/git".into()],
        private_addresses: false,
    }
}

fn code(entered: &str) -> &'static str {
    RepositoryAddress::parse(entered, &rules()).map_or_else(|problem| problem.code(), |_| "taken")
}

/// L1: one repository has one spelling.
#[test]
fn addresses_have_one_spelling() {
    for (entered, kept) in [
        (
            "https://git.example.org/group/device.git",
            "https://git.example.org/group/device.git",
        ),
        (
            "https://GIT.example.org:443/group/device.git/",
            "https://git.example.org/group/device.git",
        ),
        (
            "https://a.b.facility.eu:8443/d",
            "https://a.b.facility.eu:8443/d",
        ),
        (
            "ssh://git@git.example.org:2222/group/device.git",
            "ssh://git@git.example.org:2222/group/device.git",
        ),
        (
            "ssh://git@git.example.org:22/d",
            "ssh://git@git.example.org/d",
        ),
        (
            "git@git.example.org:group/device.git",
            "ssh://git@git.example.org/group/device.git",
        ),
        (
            "git@git.example.org:/group/device.git",
            "ssh://git@git.example.org/group/device.git",
        ),
        ("file:///srv/git/device.git", "file:///srv/git/device.git"),
        ("https://8.8.8.8/d", "https://8.8.8.8/d"),
    ] {
        assert_eq!(
            RepositoryAddress::parse(entered, &rules())
                .unwrap()
                .to_string(),
            kept,
            "{entered}"
        );
    }
}

/// A16: nothing in an address can be read as an option.
#[test]
fn options_are_refused() {
    for entered in [
        "--upload-pack=touch",
        "-x",
        "ssh://-oProxyCommand=x@git.example.org/d",
        "ssh://git@-oProxyCommand=x/d",
        "git@-oProxyCommand=x:d",
        "-oProxyCommand=x@git.example.org:d",
        "https://-x.facility.eu/d",
        "https://git.example.org/--upload-pack=x",
        "git@git.example.org:-x/d",
        "file:///srv/git/-x",
    ] {
        assert_eq!(code(entered), "repository_option", "{entered}");
    }
    assert_eq!(code("ssh://-oProxyCommand"), "repository_path");
}

/// A17: protocols, helpers and hosts that the policy does not name.
#[test]
fn only_what_the_policy_names() {
    for (entered, expected) in [
        ("ext::sh -c id", "repository_character"),
        ("ext::sh", "repository_form"),
        ("ext::https://git.example.org/d", "repository_form"),
        ("fd::17", "repository_form"),
        ("git://git.example.org/d", "repository_form"),
        ("http://git.example.org/d", "repository_protocol"),
        ("http://127.0.0.1/d", "repository_protocol"),
        ("HTTPS://git.example.org/d", "repository_form"),
        ("/srv/git/device.git", "repository_form"),
        ("file:///etc/device.git", "repository_outside_roots"),
        ("file:///srv/git", "repository_outside_roots"),
        ("file:///srv/gitx/device.git", "repository_outside_roots"),
        ("file:///srv/git/../../etc", "repository_path"),
        ("file://host/srv/git/d", "repository_file_host"),
        ("https://example.org/d", "repository_host"),
        ("https://facility.eu/d", "repository_host"),
        ("https://evilfacility.eu/d", "repository_host"),
        ("https://git.example.org.evil.net/d", "repository_host"),
        ("https://git.example.org@evil.net/d", "repository_secret"),
        ("https://git.example.org./d", "repository_host_form"),
        ("https://git.example.org/a/../b", "repository_path"),
        ("https://git.example.org/a%2fb", "repository_path"),
        ("https://git.example.org/a?b", "repository_path"),
        ("https://git.example.org/a#b", "repository_path"),
        ("https://git.example.org/", "repository_path"),
        ("https://git.example.org\\@evil.net/d", "repository_secret"),
        ("https://git.example.org:0/d", "repository_port"),
        ("https://git.example.org:+22/d", "repository_port"),
        ("https://git.example.org:99999/d", "repository_port"),
        ("ssh://git.example.org/d", "repository_no_user"),
        ("git@git.example.org:2222/d", "repository_port_or_path"),
        ("ssh://git@git.example.org/~root/d", "repository_path"),
        ("", "repository_empty"),
        ("https://git.example.org/a\nb", "repository_character"),
        ("https://g\u{0456}t.example.org/d", "repository_character"),
        ("https://git.example.org/\0", "repository_character"),
    ] {
        assert_eq!(code(entered), expected, "{entered:?}");
    }
    assert_eq!(
        code(&format!("https://git.example.org/{}", "a".repeat(2000))),
        "repository_too_long"
    );
}

/// A17, A18: one machine has many spellings, and only the plain one is read.
#[test]
fn odd_spellings_of_numbers() {
    for host in [
        "0x7f000001",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "[::ffff:7f00:1%25lo]",
        "[0:0:0:0:0:0:0:1]",
        "127.0.0.1.",
        "%31",
    ] {
        assert_eq!(
            code(&format!("https://{host}/d")),
            "repository_host_form",
            "https {host}"
        );
        assert_eq!(
            code(&format!("ssh://git@{host}/d")),
            "repository_host_form",
            "ssh {host}"
        );
    }
    assert_eq!(code("https://127.0.0.1/d"), "repository_inward");
    assert_eq!(code("git@127.0.0.1:d"), "repository_inward");
}

/// A17: plain http is for this machine alone, even where the policy names it.
#[test]
fn http_is_for_loopback() {
    let mut open = rules();
    open.protocols.insert(Protocol::HttpLoopback);
    assert!(
        RepositoryAddress::parse("http://127.0.0.1:8080/d", &open).is_err(),
        "inward addresses are not allowed"
    );
    open.private_addresses = true;
    assert!(RepositoryAddress::parse("http://127.0.0.1:8080/d", &open).is_ok());
    for elsewhere in [
        "http://git.example.org/d",
        "http://8.8.8.8/d",
        "http://127.0.0.1.facility.eu/d",
    ] {
        assert!(
            RepositoryAddress::parse(elsewhere, &open).is_err(),
            "{elsewhere}"
        );
    }
}

/// A17: a password is neither taken nor repeated.
#[test]
fn secrets_are_not_repeated() {
    for entered in [
        "https://me:hunter2@git.example.org/d",
        "https://hunter2@git.example.org/d",
        "ssh://git:hunter2@git.example.org/d",
        "git:hunter2@git.example.org:d",
    ] {
        let problem = RepositoryAddress::parse(entered, &rules()).unwrap_err();
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
}

/// A7, A17: a tightened policy also holds for addresses that were taken before.
#[test]
fn rules_are_asked_again() {
    let address = RepositoryAddress::parse("https://git.example.org/d", &rules()).unwrap();
    let tightened = RepositoryRules {
        hosts: vec![],
        ..rules()
    };
    assert_eq!(
        tightened.admit(&address).unwrap_err().code(),
        "repository_host"
    );
    assert_eq!(
        RepositoryRules::default()
            .admit(&address)
            .unwrap_err()
            .code(),
        "repository_protocol"
    );
}

proptest! {
    /// A16, A17: what is taken is on the list, reads back as itself and holds no option; nothing makes us panic.
    #[test]
    fn what_is_taken_is_plain(entered in "(?s:.){0,30}|(https|ssh|file|http|ext)(://|::|:)(git@)?(git\\.example\\.org|127\\.0\\.0\\.1|\\[::1\\])?[-./:a-z0-9@%]{0,20}") {
        if let Ok(address) = RepositoryAddress::parse(&entered, &rules()) {
            let kept = address.to_string();
            prop_assert_eq!(&RepositoryAddress::parse(&kept, &rules()).unwrap(), &address);
            prop_assert!(!kept.contains("/-") && !kept.contains("..") && !kept.contains("::"));
        }
    }
}
