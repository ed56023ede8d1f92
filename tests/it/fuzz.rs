//! A short run of the fuzzer's targets: the same functions, with inputs made by chance that is the same in every run, from
//! what is known to be taken, what is known to be odd, and what the fuzzer found (`tests/fuzz/corpus`).

#[path = "../fuzz/targets.rs"]
mod targets;

use custody::domain::permit::Claims;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Pieces at which parsers stumble.
const PIECES: [&[u8]; 28] = [
    b"dirty",
    b"..",
    b".lock",
    b"-",
    b"refs/tags/",
    b"@{",
    b"%2e",
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xfe",
    "\u{200b}".as_bytes(),
    "\u{ff11}".as_bytes(),
    "İ".as_bytes(),
    b"1e999",
    b"-1",
    b"18446744073709551616",
    b"null",
    b"[[[[[[[[",
    b"{\"a\":",
    b",",
    b".",
    b"+g1234567",
    b"rc1",
    b"2026-02-30T25:61:00Z",
];

/// Chance that is the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    /// One of the seeds with a few changes.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut data = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            match self.below(6) {
                0 if at < data.len() => data[at] ^= 1 << self.below(8),
                1 => data.insert(at, self.below(256) as u8),
                2 => drop(data.drain(at..(at + self.below(8)).min(data.len()))),
                3 => drop(data.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
                4 => {
                    let piece = data[at..(at + self.below(32)).min(data.len())].to_vec();
                    drop(data.splice(at..at, piece));
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    data.truncate(at);
                    data.extend_from_slice(&other[from..]);
                }
            }
        }
        data
    }
}

/// Runs a target over its seeds, its finds, and so many changes of them; `CUSTODY_FUZZ=100` takes a hundred times as many.
fn run(name: &str, target: fn(&[u8]), mut seeds: Vec<Vec<u8>>, rounds: usize) {
    let finds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    for entry in fs::read_dir(finds).into_iter().flatten() {
        seeds.push(fs::read(entry.unwrap().path()).unwrap());
    }
    seeds.iter().for_each(|s| target(s));
    target(b"");
    let times: usize = std::env::var("CUSTODY_FUZZ").ok().and_then(|t| t.parse().ok()).unwrap_or(1);
    let mut chance = Chance(0x2026_1121);
    for _ in 0..rounds * times {
        target(&chance.changed(&seeds));
    }
}

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|t| t.as_bytes().to_vec()).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A14, A15, A16: no name of a tag breaks its parser, and none that is taken is more than a name.
#[test]
fn a14_any_name_of_a_tag() {
    let commit = "4015b57a143aec5156fd1444a017a32137a3fd0f";
    let seeds = ["1.4.2", "v1.4.2", "1.5.0rc1", "1.5.0-beta.3", "1.0-dirty", "group/1.0.0", commit, &commit[..7]];
    run("tag", targets::tag, texts(&seeds), 20_000);
}

/// G10: no version breaks its reader.
#[test]
fn g10_any_version() {
    let known: Value = serde_json::from_slice(&fixture("version_strings.json")).unwrap();
    let mut seeds = Vec::new();
    let mut stack = vec![&known];
    while let Some(value) = stack.pop() {
        match value {
            Value::String(text) => seeds.push(text.as_bytes().to_vec()),
            Value::Array(all) => stack.extend(all),
            Value::Object(all) => stack.extend(all.values()),
            _ => {}
        }
    }
    assert!(seeds.len() > 20, "the strings are where they were");
    run("version", targets::version, seeds, 20_000);
}

/// A21: no webhook breaks its reader, and no header that is made up proves anything.
#[test]
fn a21_any_webhook() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let forges = ["gitlab", "gitea", "forgejo", "github"];
    let events = ["push", "create", "delete", "release", "pull_request", "workflow_run"];
    let mut seeds = Vec::new();
    for path in files.iter().filter(|p| p.to_string_lossy().ends_with(".body.json")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let forge = forges.iter().position(|f| name.starts_with(f)).unwrap();
        let event = events.iter().position(|e| name.contains(&format!("_{e}."))).unwrap_or(0);
        let head = b"a-secret-of-the-forge msg_1 1795248000 v1,AAAA\n".iter().copied();
        seeds.push(std::iter::once((event * 4 + forge) as u8).chain(head).chain(fs::read(path).unwrap()).collect());
    }
    assert!(seeds.len() > 10, "the deliveries are where they were");
    run("webhook", targets::webhook, seeds, 6_000);
}

/// G10, A24: no report of what runs breaks its reader, be it JSON or a table.
#[test]
fn g10_any_observation() {
    let seeds = [
        r#"{"complete":true,"observations":[{"instance":"A/B/C","class":"Motor","server":"s/1","host":"h","version":"1.4.2","since":"2026-11-21T02:47:00Z"}]}"#,
        "instance,class,server,host,version,since\nA/B/C, Motor ,s/1,h,1.4.2,2026-11-21T02:47:00Z\n",
        "instance,class,server,host,since\n\"A,\"\"B\",Motor,s/1,h,2026-11-21T02:47:00+01:00\n",
        "\u{feff}{\"observations\":[]}",
    ];
    run("observation", targets::observation, texts(&seeds), 10_000);
}

/// A11, A12, A13: whatever is shown as a permit, only what we signed is one, and it permits one thing.
#[test]
fn a12_any_permit() {
    let at = 1_795_248_000i64;
    let claims = json!({
        "iss": "https://custody.example.org", "aud": "cppServer/ctrl_scs_01", "sub": "magnet", "jti": "1",
        "iat": at, "nbf": at - 30, "exp": at + 300, "deployment": uuid::Uuid::nil(), "device": uuid::Uuid::nil(),
        "revision": 7, "tag": "1.0.0", "object": "a", "commit": "b", "tree": "c", "environment": "production",
        "asked_by": uuid::Uuid::nil(), "asker": "Lena Brandt",
    });
    let read: Claims = serde_json::from_value(claims.clone()).unwrap();
    let signed = targets::KEY.sign(&read).unwrap();
    let keys = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}"}}]}}"#, targets::KEY.x);
    run("permit", targets::permit, texts(&[&signed, &claims.to_string(), &keys, "a.b.c"]), 6_000);
}

/// R3: nothing that a run says or prints breaks whoever reads it, and none is done that did not say so.
#[test]
fn r3_any_run() {
    let names = ["cancelled_by_sigint", "facts", "fails", "retries"];
    let mut seeds: Vec<_> = names.iter().map(|name| fixture(&format!("ansible/{name}.jsonl"))).collect();
    seeds.push("\nPLAY [all] ***\n\u{1b}[0;31mfatal: é\u{1b}[0m\r\nERROR! x\n".as_bytes().to_vec());
    run("ansible", targets::ansible, seeds, 3_000);
}
