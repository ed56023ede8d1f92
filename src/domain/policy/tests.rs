use super::*;
use crate::domain::deployment::Environment;
use strum::IntoEnumIterator;

mod wrong;

/// Every value other than the built-in one.
const ALL_CHANGED: &str = r#"
[facility]
name = "Fernlicht"
doc_name = "Shift crew"
doc_phone = "+49 40 66969 100"
time_zone = "Europe/Stockholm"
instruments = ["SPB", "FXE"]
[conduct]
version = 7
text = "Be kind."
[support]
contact_confirmation_days = 90
remind_days_before = 7
[shift]
acknowledge = "per_person"
begins = ["07:00", "19:00"]
within_minutes = 60
look_back_days = 7
[areas]
critical = [{ id = "vacuum", name = "Vacuum" }]
[intake]
first_team = "DAQ"
answer_days = 3
[servers]
reduced_name_rule = '(^|/)dev_'
pool = ["cppServer/dev_1", "cppServer/dev_2"]
[training]
topics = [{ id = "safety", name = "Safety" }]
valid_days = 365
[transfer]
approvals = 2
approvals_critical = 3
done_question_days = 14
[[transfer.checklist]]
id = "drawings"
name = "Drawings"
evidence = "a link"
[handback]
remind_days_before = 2
[releases]
tag_rule = 'r\d+\.\d+'
recheck_minutes = 5
production_needs = ["built"]
pipeline_built = ["package"]
pipeline_tested = ["check", "Tests"]
forge_retry_hours = 5
annotated = true
[environments.development]
label = "Trial"
takes = ["tag"]
tag_rule = 'r\d.*'
tests_after = true
[environments.production]
label = "Users"
tag_rule = 'r\d+'
waits_hours = 3
[cadence]
development_days = 14
production_days = 60
due_soon_days = 3
[repositories]
protocols = ["https", "file"]
hosts = ["git.example.org", "*.example.eu", "192.0.2.7", "localhost", "[::1]"]
file_roots = ["/srv/git"]
private_addresses = true
deadline_seconds = 30
ssh_key = "/etc/custody/key"
ssh_known_hosts = "/etc/custody/known_hosts"
[observations]
silent_after_minutes = 3
grace_minutes = 5
flapping_minutes = 7
statements = false
collectors = [{ name = "tango", kind = "tango", addresses = ["http://tango:5004/db"], covers = ["TangoTest/*"] }]
[telling]
protocols = ["https", "http-loopback"]
hosts = ["chat.example.org", "*.zulip.example"]
private_addresses = true
retry_days = 1
[imports]
protocols = ["https", "http-loopback"]
hosts = ["netbox.example.org"]
private_addresses = true
[board]
streams = 10
streams_each = 5
embed_origins = ["https://wiki.example.org", "http://karabo:8080"]
[identity]
local = false
protocols = ["https", "http-loopback"]
private_addresses = true
[[identity.providers]]
id = "facility"
name = "Facility account"
issuer = "https://login.example.org/realms/facility"
client_id = "custody"
secret_file = "/etc/custody/sign-in"
scopes = ["openid", "email", "groups"]
groups_claim = "realm_access.roles"
[[identity.providers.rules]]
group = "ici"
team = "ICI"
kind = "ctrl"
reviewer = true
[[identity.providers.rules]]
group = "vacuum"
team = "Vacuum experts"
kind = "experts"
area = "vacuum"
[[identity.providers]]
id = "guests"
name = "Guests"
issuer = "https://guests.example.org"
client_id = "custody"
secret_variable = "GUESTS"
[sessions]
idle_hours = 8
absolute_hours = 24
[retention]
notices_days = 30
outbox_days = 7
deliveries_days = 8
links_days = 9
looked_days = 31
stopped_days = 32
[permits]
required = false
lifetime_seconds = 60
rotate_days = 30
overlap_days = 2
[overrides]
longest_hours = 8
usual_hours = 2
[frameworks]
unknown = "refuse"
propose = true
propose_name = "Custody of SCS"
propose_address = "custody@example.org"
[[frameworks.known]]
name = "Karabo"
versions = [
    "3.1.2", "3.2.0", "2.*",
    { version = "3.0.4", deprecated = 2026-03-01, rejected = "2026-09-01" },
]
current = "3.1.2"
[rollouts]
playbooks = "/srv/playbooks"
inventory = "/etc/ansible/hosts"
program = "/usr/local/bin/ansible-playbook"
at_once = 4
first_wave = 1
stop_after_failed = 3
step_minutes = 45
way_back_days = 7
targets = [{ name = "SPB-LAB", group = "Labs", host = "spb-lab01" }]
[[rollouts.kinds]]
name = "one"
label = "One step"
steps = [{ name = "check", label = "Check" }]
"#;

fn parse(file: &str) -> Policy {
    Policy::parse(file).unwrap_or_else(|errors| panic!("{}", errors.render("policy.toml", file)))
}

/// E6: an empty file is the built-in policy, with the values the process names (L4, L7, T3, T4, H6).
#[test]
fn the_built_in_policy_holds_where_a_file_is_silent() {
    let policy = parse("");
    assert_eq!(policy, parse(DEFAULT));
    assert_eq!(policy, Policy::built_in());
    assert_eq!(policy.facility.doc_phone, None);
    assert!(policy.permits.required, "T8: by permit, unless a facility says otherwise");
    assert_eq!(policy.facility.time_zone, chrono_tz::Europe::Berlin);
    assert_eq!(policy.support.contact_confirmation_days, 180);
    let areas: Vec<_> = policy.areas.critical.iter().map(|area| area.id.as_str()).collect();
    assert_eq!(areas, ["pulse-patterns", "machine-protection", "high-data-rate"]);
    assert_eq!(policy.training.topics.len(), 4);
    assert_eq!(policy.transfer.checklist.len(), 5);
    assert_eq!(policy.approvals_needed(false), 1);
    assert_eq!(policy.approvals_needed(true), 2);
    assert_eq!(policy.repositories.ssh_key, None);
}

/// E6: one key changes that key, and its neighbours stay.
#[test]
fn a_file_needs_only_what_differs() {
    let policy = parse("\u{feff}transfer.approvals = 2\r\n");
    let mut expected = Policy::built_in();
    expected.transfer.approvals = 2;
    assert_eq!(policy, expected);
}

/// E6: every key can be changed, and each change reaches the policy.
#[test]
fn every_value_can_be_changed() {
    let policy = parse(ALL_CHANGED);
    for section in policy.explain() {
        for entry in section.entries {
            assert!(!entry.default, "{}.{} kept its value", section.key, entry.key);
            assert!(!entry.value.is_empty(), "{}.{}", section.key, entry.key);
        }
    }
    assert_eq!(policy.facility.doc_phone.as_deref(), Some("+49 40 66969 100"));
    assert_eq!(policy.transfer.checklist.len(), 1, "a list replaces the whole list");
    let karabo = &policy.frameworks.known[0];
    let versions: Vec<_> = karabo.versions.iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["3.1.2", "3.2.0", "2.*", "3.0.4 (deprecated from 2026-03-01, rejected from 2026-09-01)"]);
    assert_eq!(karabo.current.as_deref(), Some("3.1.2"));
    assert!(policy.name_shows_reduced("cppServer/dev_9").is_ok());
    assert!(policy.name_shows_reduced("cppServer/contrib_9").is_err());
    assert!(policy.releases.tag_rule.is_match("r1.2"));
}

/// E6: `default.toml` and the code name the same keys, each explained.
#[test]
fn every_key_stands_in_the_built_in_file_with_a_comment() {
    let policy = Policy::built_in();
    let mut values = policy.values();
    for section in policy.explain() {
        assert!(!section.title.is_empty() && !section.comment.is_empty(), "{}", section.key);
        let place = format!("/{}", section.key.replace('.', "/"));
        let known = values.pointer_mut(&place).and_then(|v| v.as_object_mut()).expect("a section of the code");
        for entry in &section.entries {
            assert!(known.remove(&entry.key).is_some(), "{} is not in the code", entry.key);
            assert!(entry.default);
            assert!(entry.comment.len() > 10, "{} has no comment", entry.key);
        }
        assert!(known.is_empty(), "not in default.toml: {known:?}");
        let (above, own) = section.key.rsplit_once('.').unwrap_or(("", &section.key));
        let above = values.pointer_mut(&if above.is_empty() { String::new() } else { format!("/{above}") }).unwrap();
        above.as_object_mut().unwrap().remove(own);
    }
    values.as_object_mut().unwrap().retain(|_, v| v != &serde_json::json!({}));
    assert_eq!(values, serde_json::json!({}), "sections not in default.toml");
}

/// A7: the digest changes with each effective value, and with nothing else.
#[test]
fn the_digest_follows_the_values() {
    let built_in = Policy::built_in();
    assert_eq!(built_in.digest().len(), 64);
    for same in [
        "# a remark",
        DEFAULT,
        "[transfer]\napprovals = 1",
        "[transfer]\napprovals_critical = 0x2\napprovals = 1",
        "[releases]\ntag_rule = \"v?\\\\d+\\\\.\\\\d+\\\\.\\\\d+([.-]?(rc|a|b|alpha|beta)\\\\.?\\\\d+)?\"",
    ] {
        assert_eq!(parse(same).digest(), built_in.digest(), "{same}");
        assert_eq!(parse(same).review_digest(), built_in.review_digest(), "{same}");
    }

    // Each changed value on its own: the whole digest follows all, the review's only its own.
    let changed = parse(ALL_CHANGED).values();
    let before = built_in.values();
    let mut digests = std::collections::BTreeSet::from([built_in.digest()]);
    for (section, values) in changed.as_object().unwrap() {
        for (key, value) in values.as_object().unwrap() {
            let mut one = before.clone();
            one[section][key] = value.clone();
            assert!(digests.insert(hash(&one)), "{section}.{key} does not reach the digest");
        }
    }
}

/// A7: an approval outlives a change that a review does not depend on, and no other.
#[test]
fn the_review_digest_follows_what_a_review_depends_on() {
    let before = Policy::built_in().review_digest();
    for apart in ["[sessions]\nidle_hours = 1", "[releases]\nrecheck_minutes = 1", "[facility]\nname = \"X\""] {
        assert_eq!(parse(apart).review_digest(), before, "{apart}");
        assert_ne!(parse(apart).digest(), Policy::built_in().digest(), "{apart}");
    }
    for part in [
        "[transfer]\napprovals = 2",
        "[transfer]\napprovals_critical = 3",
        "[[transfer.checklist]]\nid = \"a\"\nname = \"A\"\nevidence = \"e\"",
        "[areas]\ncritical = []",
        "[releases]\ntag_rule = '\\d+\\.\\d+'",
        "[releases]\nannotated = true",
        "[repositories]\nprivate_addresses = true",
        "[repositories]\nhosts = [\"git.example.org\"]",
    ] {
        assert_ne!(parse(part).review_digest(), before, "{part}");
    }
}

/// G2, A14: the built-in tag rule takes versions as a whole and in plain ASCII only.
#[test]
fn the_tag_rule_takes_versions_only() {
    let rule = Policy::built_in().releases.tag_rule;
    for good in ["1.2.3", "v1.2.3", "1.2.3rc1", "v1.2.3-rc.1", "2.0.0b2", "1.0.0.alpha1"] {
        assert!(rule.is_match(good), "{good}");
    }
    for bad in [
        "",
        "main",
        "1.2",
        "1.2.3-dirty",
        "v1.0-dirty",
        "1.2.3\n",
        " 1.2.3",
        "xv1.2.3",
        "1.2.3 ",
        "\u{661}.2.3",
        "\u{ff56}1.2.3",
        "1.2.3\u{200b}",
        "refs/heads/1.2.3",
    ] {
        assert!(!rule.is_match(bad), "{bad:?}");
    }
}

/// E6: the page shows each value as people read it, and marks what the facility changed.
#[test]
fn the_policy_in_force_is_explained() {
    let sections = parse("[transfer]\napprovals = 2\n[repositories]\nprivate_addresses = true").explain();
    let entry = |section: &str, key: &str| {
        let section = sections.iter().find(|found| found.key == section).unwrap();
        section.entries.iter().find(|found| found.key == key).unwrap().clone()
    };
    assert_eq!(sections[0].title, "The facility");
    assert_eq!(sections[0].entries[0].key, "name");
    let transfer = sections.iter().find(|section| section.key == "transfer").unwrap();
    assert_eq!(transfer.title, "Transfer of ownership");
    assert_eq!(transfer.comment, "What a device must show before CTRL owns it (rules T3, T4, T10).");
    let approvals = entry("transfer", "approvals");
    assert_eq!((approvals.value, approvals.default), (vec!["2".to_owned()], false));
    assert_eq!(approvals.comment, "Approvals that the review needs, each by another CTRL reviewer.");
    assert!(entry("transfer", "approvals_critical").default);
    assert_eq!(entry("repositories", "private_addresses").value, ["yes"]);
    assert_eq!(entry("facility", "doc_phone").value, Vec::<String>::new());
    assert_eq!(entry("areas", "critical").value[1], "Machine protection system (machine-protection)");
    assert_eq!(entry("transfer", "checklist").value[3], "Documentation (documentation): a link to the pages");
}

/// G12: a facility that lets overrides last a short time only is proposed no longer ones.
#[test]
fn g12_the_usual_hours_are_never_more_than_the_longest() {
    for (file, usual) in [("", 4), ("[overrides]\nlongest_hours = 2", 2), ("[overrides]\nusual_hours = 30", 24)] {
        assert_eq!(parse(file).overrides.usual_hours, usual, "{file}");
    }
}

/// G7: an environment without a cadence asks for none, and does not bound how soon the other one shows.
#[test]
fn g7_a_cadence_is_asked_for_in_each_environment() {
    let days = |file: &str, which| parse(file).cadence_of(which).map(|d| d.num_days());
    assert_eq!(Environment::iter().map(|e| days("", e)).collect::<Vec<_>>(), [Some(31), Some(31)]);
    let off = "[cadence]\ndevelopment_days = 0\nproduction_days = 14\ndue_soon_days = 13";
    assert_eq!(Environment::iter().map(|e| days(off, e)).collect::<Vec<_>>(), [None, Some(14)]);
    let none = "[cadence]\ndevelopment_days = 0\nproduction_days = 0\ndue_soon_days = 365";
    assert_eq!(days(none, Environment::Production), None);
}

/// R2: the built-in kinds have the steps that the process names, and what a step leaves out is left to people.
#[test]
fn r2_the_built_in_kinds_have_their_steps() {
    let built_in = Policy::built_in().rollouts;
    let steps = |kind: &str| built_in.kind(kind).unwrap().steps.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    let full =
        ["back_up", "os_patches", "server", "client", "scripting", "database", "settings", "configuration", "check"];
    assert_eq!(steps("full_release"), full);
    assert_eq!(steps("new_instrument"), full);
    assert_eq!(steps("hotfix"), ["back_up", "hotfix", "check"]);
    let legacy = built_in.kind("new_instrument_with_legacy").unwrap();
    assert_eq!(steps("new_instrument_with_legacy"), [&full[..], &["way_back"]].concat());
    assert!(legacy.legacy && legacy.steps.last().is_some_and(|s| s.playbook.is_none()), "by hand");
    assert!(built_in.kinds.iter().filter(|k| k.legacy).count() == 1 && built_in.playbooks.is_none());
    let changed = parse(ALL_CHANGED).rollouts;
    let step = &changed.kind("one").unwrap().steps[0];
    assert_eq!((&step.playbook, &step.undo, step.minutes, step.sign_off), (&None, &None, None, false));
    assert_eq!(changed.target("SPB-LAB").map(|t| t.instrument.as_str()), Some(""));
}

/// E1: providers stand in the file with everything but their secret; what is left out has its usual value.
#[test]
fn e1_providers_are_read() {
    let identity = parse(ALL_CHANGED).identity;
    let facility = identity.provider("facility").unwrap();
    assert_eq!(facility.scopes, ["email", "groups"], "openid is asked for in any case");
    assert_eq!(facility.secret, SecretPlace::File("/etc/custody/sign-in".to_owned()));
    assert!(facility.rules[0].reviewer && !facility.rules[1].reviewer);
    assert_eq!((facility.rules[1].kind, facility.rules[1].area.as_deref()), (GroupKind::Experts, Some("vacuum")));
    let guests = identity.provider("guests").unwrap();
    assert_eq!(
        (guests.scopes.as_slice(), guests.groups_claim.as_str()),
        (&["profile".to_owned(), "email".to_owned()][..], "groups")
    );
    assert_eq!(guests.secret, SecretPlace::Variable("GUESTS".to_owned()));
    assert!(guests.rules.is_empty() && identity.provider("nobody").is_none());
}
