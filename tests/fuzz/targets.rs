//! What must hold of any input: one function for each thing that comes from outside and is parsed. The coverage-guided
//! fuzzer calls them (`cargo fuzz`), and so does a short run among the tests.

use chrono::{DateTime, Utc};
use custody::{
    domain::{
        forge::{Forge, Hint, read, same_repository},
        permit::{Claims, Intent},
        pipeline::says,
        policy::Policy,
        stage::Stage,
        tag::{CommitDigits, CommitId, TagName, TagRule},
        version::{Classified, Reported, classify, same_commit, same_version},
    },
    ports::{
        ansible::{self, End, Event, Kind, Outcome, Output, Stopped, Stream},
        signing::{KeySet, PublicKey, SigningKey, Verifier},
    },
    service::{hooks::Proof, observations::Observed},
};
use std::sync::LazyLock;

static RULES: LazyLock<[TagRule; 2]> = LazyLock::new(|| [TagRule::default(), TagRule::new("(?s).*").unwrap()]);
static POLICY: LazyLock<Policy> = LazyLock::new(Policy::built_in);
static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(|| "2026-11-21T08:00:00Z".parse().unwrap());

/// A name of a tag is plain ASCII, comes back unchanged, and holds nothing that git or a shell reads as more (A14 to A16).
pub fn tag(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for rule in RULES.iter() {
        match TagName::parse(&text, rule) {
            Ok(tag) => {
                assert_eq!(tag.as_str(), text, "nothing is repaired");
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+/-".contains(&b);
                assert!(!text.is_empty() && text.len() <= 128 && text.bytes().all(plain), "{text:?}");
                assert!(!text.starts_with('-') && !text.contains("..") && !text.starts_with("refs/"), "{text:?}");
                assert!(!text.to_ascii_lowercase().contains("dirty"), "{text:?}");
                assert_eq!(TagName::parse(tag.as_str(), rule), Ok(tag.clone()));
                let kept = serde_json::to_string(&tag).unwrap();
                assert_eq!(serde_json::from_str::<TagName>(&kept).unwrap(), tag);
                assert_eq!(tag.order(), tag.clone().order());
            }
            Err(why) => assert!(!why.code().is_empty() && !why.to_string().is_empty()),
        }
    }
    if let Ok(commit) = CommitId::parse(&text) {
        assert_eq!(commit.as_str(), text);
        assert!(CommitDigits::parse(&text).unwrap().begin(&commit) && commit.short().len() == 10);
    }
    if let Ok(digits) = CommitDigits::parse(&text) {
        assert_eq!(CommitDigits::parse(digits.as_str()), Ok(digits));
    }
}

/// A version is kept as it came, says the same twice, and a clean build is never a dirty one.
pub fn version(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (packages, frameworks) = (["beamCheck".to_owned(), "karabo-motor".to_owned()], ["3.1.2".to_owned()]);
    let said = classify(&text, &packages, &frameworks);
    assert_eq!(said.raw, text);
    assert_eq!(said, classify(&text, &packages, &frameworks));
    let kept = serde_json::to_string(&said).unwrap();
    assert_eq!(serde_json::from_str::<Classified>(&kept).unwrap(), said);
    if let Some(commit) = said.commit() {
        assert!(!commit.is_empty() && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{said:?}");
        assert_eq!(same_commit(commit, &format!("g{commit}")), commit.len() >= 7);
    }
    if let Reported::CleanTag { tag, .. } = &said.reported {
        assert!(!tag.to_ascii_lowercase().contains("dirty"), "{said:?}");
        assert!(
            said.is_clean_build_of(tag)
                && (text.contains(tag.as_str()) || text.replace('~', "").contains(tag.as_str())),
            "{said:?}"
        );
    }
    assert!(same_version(&text, &text));
    let (a, b) = text.split_at(text.floor_char_boundary(text.len() / 2));
    assert_eq!(same_commit(a, b), same_commit(b, a));
    assert_eq!(same_version(a, b), same_version(b, a));
}

const FORGES: [Forge; 4] = [Forge::Gitlab, Forge::Gitea, Forge::Forgejo, Forge::Github];
const EVENTS: [&str; 7] = ["push", "create", "delete", "release", "pull_request", "workflow_run", "ping"];
const SECRET: &str = "a-secret-of-the-forge";

/// The first byte is the forge and the event, the first line behind it the headers, the rest the body (A20, A21).
pub fn webhook(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let forge = FORGES[usize::from(*first) % 4];
    let event = EVENTS[usize::from(*first >> 2) % EVENTS.len()];
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(0);
    let (headers, body) = (String::from_utf8_lossy(&rest[..end]), rest.get(end + 1..).unwrap_or_default());
    for body in [body, rest] {
        match read(forge, event, body) {
            Ok(Some(heard)) => {
                assert!(!heard.repository.is_empty() && !heard.what.is_empty());
                for address in &heard.repository {
                    assert!(same_repository(address).contains('/'), "{address:?}");
                }
                for hint in &heard.what {
                    let Hint::Pipeline(run) = hint else { continue };
                    let stages = says(run, &POLICY.releases);
                    assert!(stages.iter().all(|(stage, _)| matches!(stage, Stage::Built | Stage::Tested)));
                    assert!(stages.is_empty() || run.own && run.of_tag && run.run.number > 0, "{run:?}");
                }
            }
            Ok(None) => {}
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
    // No header that is made up proves anything.
    let mut parts = headers.split(' ');
    let mut next = || parts.next();
    let token = next();
    let signed = next().zip(next()).zip(next()).map(|((a, b), c)| (a, b, c));
    for forge in FORGES {
        let proof = Proof { token, signed, signature: token };
        let proved = proof.check(forge, SECRET, body, *NOW).is_ok();
        assert!(!proved || (forge == Forge::Gitlab && token == Some(SECRET)), "{headers:?} proves {forge:?}");
        assert!(proof.check(forge, "", body, *NOW).is_err());
        assert!(proof.check(Forge::Gitlab, "whsec_c2VjcmV0c2VjcmV0c2VjcmV0", body, *NOW).is_err());
    }
}

/// A report, as JSON or as a table, says the same when it is written down and read again (G10, A24).
pub fn observation(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(observed) = Observed::parse(&text) else { return };
    let kept = serde_json::to_string(&observed).unwrap();
    let again = Observed::parse(&kept).unwrap_or_else(|e| panic!("{kept}: {e}"));
    assert_eq!(serde_json::to_string(&again).unwrap(), kept);
    for o in &observed.observations {
        assert_eq!(classify(&o.version, &[], &[]).raw, o.version);
    }
}

/// A key that signs for these runs alone.
pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let kept = format!("302e020100300506032b657004220420{}", "5a".repeat(32));
    SigningKey::read(&kept).unwrap()
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let keys = KeySet { keys: vec![PublicKey::new(&KEY.kid, &KEY.x)] };
    Verifier::parse(&serde_json::to_string(&keys).unwrap()).unwrap()
});

/// A permit that is read was signed by us, letter for letter; what is not, permits nothing (A11, A12, A13).
pub fn permit(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Verifier::parse(&text);
    if let Ok(claims) = VERIFIER.read(&text) {
        assert_eq!(KEY.sign(&claims).unwrap(), text, "two texts are one permit");
        judge(&claims);
    }
    if let Ok(claims) = serde_json::from_slice::<Claims>(data) {
        judge(&claims);
        let signed = KEY.sign(&claims).unwrap();
        if signed.len() <= 4096 {
            assert_eq!(VERIFIER.read(&signed).unwrap_or_else(|e| panic!("{claims:?}: {e}")), claims);
        }
    }
}

fn judge(claims: &Claims) {
    let server = "cppServer/ctrl_scs_01";
    let intent = Intent { now: *NOW, server, issuer: None, device: Some("magnet"), tag: Some("1.0.0"), commit: None };
    if claims.permits(&intent).is_ok() {
        assert!(claims.aud == server && claims.sub == "magnet" && claims.tag == "1.0.0");
        let now = NOW.timestamp();
        assert!(claims.exp > now && claims.nbf <= now && claims.exp - claims.iat <= 300, "{claims:?}");
    }
}

/// What a run says and prints is bounded plain text, the same however its pieces fall; it is done only where it says so of
/// every host (R3).
pub fn ansible(data: &[u8]) {
    let size = data.first().map_or(1, |b| usize::from(*b) + 1);
    let (mut whole, mut pieces) = (Stream::default(), Stream::default());
    let events = whole.push(data);
    let again: Vec<_> = data.chunks(size).flat_map(|piece| pieces.push(piece)).collect();
    assert_eq!(events, again);
    assert_eq!((whole.seen(), whole.unread()), (pieces.seen(), pieces.unread()));
    let (mut printed, mut slowly) = (Output::default(), Output::default());
    let told = printed.take(data);
    assert_eq!(told, data.chunks(size).map(|piece| slowly.take(piece)).collect::<String>());
    assert_eq!(printed.text(), slowly.text());
    assert!(!told.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{told:?}");

    let line = |text: &str, most: usize| {
        assert!(text.chars().count() <= most + 1 && !text.contains(char::is_control), "{text:?}");
    };
    for event in &events {
        match event {
            Event::TaskStarted { number, of, name } => {
                line(name, 200);
                assert!(number <= of);
            }
            Event::HostResult { host, task, kind } => {
                line(host, 200);
                line(task, 200);
                if let Kind::Failed { why, .. } | Kind::Unreachable { why } = kind {
                    line(why, 500);
                }
            }
            Event::PlaybookStarted { .. } | Event::Stats { .. } | Event::Output(_) => {}
        }
    }
    let seen = whole.seen();
    assert!(seen.facts.len() <= 200);
    seen.facts.iter().for_each(|(name, value)| {
        line(name, 200);
        line(value, 500);
    });
    for (code, stopped) in [(Some(0), None), (Some(0), Some(Stopped::Cancelled)), (Some(2), None), (None, None)] {
        match ansible::judge(seen, End { code, stopped }, &printed.text()) {
            Outcome::Done { facts } => {
                let hosts = seen.hosts.as_ref().expect("it came to its end");
                assert!(code == Some(0) && !hosts.is_empty() && facts == seen.facts);
                assert!(hosts.values().all(|counts| counts.failures == 0 && counts.unreachable == 0));
            }
            Outcome::Failed { why, rc } => assert!(!why.is_empty() && rc == code && stopped.is_none()),
            Outcome::Unknown { why } => assert!(!why.is_empty()),
        }
    }
}
