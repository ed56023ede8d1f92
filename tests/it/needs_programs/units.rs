//! The README's units are such that systemd takes them, and what it has an administrator call and set is what there is (E7).

use super::readme;
use crate::backup::{custody, said};
use custody::config::KEYS;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

/// A unit's name, and what stands in it.
type Unit = (String, String);

/// The units of a block, each behind a line with its place.
fn units(block: &str) -> Vec<Unit> {
    let parts = block.split("# /etc/systemd/system/").skip(1);
    parts.map(|part| part.split_once('\n').map(|(name, text)| (name.to_owned(), text.to_owned())).unwrap()).collect()
}

/// systemd finds nothing to complain of in them.
fn are_taken(units: &[Unit]) {
    let dir = tempfile::tempdir().unwrap();
    let mut systemd = Command::new("systemd-analyze");
    systemd.args(["verify", "--man=no"]);
    for (name, text) in units {
        let file = dir.path().join(name);
        fs::write(&file, text.replace("/usr/local/bin/custody", env!("CARGO_BIN_EXE_custody"))).unwrap();
        systemd.arg(file);
    }
    let done = systemd.output().unwrap();
    // Of units that are on this machine anyway it may have more to say.
    let of_ours = |line: &&str| units.iter().any(|(name, _)| line.contains(name.as_str()));
    let text = said(&done);
    let complaints: Vec<&str> = text.lines().filter(of_ours).collect();
    assert!(done.status.success() && complaints.is_empty(), "{text}");
}

/// E7: the service, and the back-up of either database with its timer.
#[test]
fn e7_systemd_takes_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("not tried: there is no systemd-analyze");
        return;
    }
    let service = readme::block("`/etc/systemd/system/custody.service`", "ini");
    are_taken(&[("custody.service".to_owned(), service)]);
    let of_files = units(&readme::block("**Back-up.**", "ini"));
    are_taken(&of_files);
    let [_, timer] = of_files.as_slice() else { panic!("a service and its timer: {of_files:?}") };
    let mut of_postgres = units(&readme::block("On PostgreSQL its own programs do that", "ini"));
    of_postgres.push(timer.clone());
    assert_eq!(of_postgres.len(), 2);
    are_taken(&of_postgres);
}

/// The commands that a line has the program do, each with its flags.
fn commands(line: &str) -> Vec<(String, Vec<String>)> {
    let spaced = line.replace('`', " ` ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_word = |w: &&&str| w.bytes().all(|b| b.is_ascii_lowercase());
    let mut all = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if *word != "custody" && !word.ends_with("/custody") {
            continue;
        }
        let rest: Vec<&str> =
            words[at + 1..].iter().copied().take_while(|w| !["|", "||", "&&", ";", "#", "`"].contains(w)).collect();
        let command: Vec<&str> = rest.iter().take_while(is_word).copied().collect();
        let flag = |w: &&str| w.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap().to_owned();
        let flags = rest.iter().filter(|w| w.starts_with("--")).map(flag).collect();
        if !command.is_empty() {
            all.push((command.join(" "), flags));
        }
    }
    all
}

/// The flags that a command's help tells of.
fn flags_of(command: &str) -> BTreeSet<String> {
    let mut args: Vec<&str> = command.split(' ').collect();
    args.push("--help");
    let help = custody(&args, &[]);
    assert!(help.status.success(), "custody {command}: {}", said(&help));
    let text = said(&help);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|w| w.starts_with("--")).map(str::to_owned).collect()
}

/// E7: each command that the README has somebody type, or a unit or a container run, is one of the program's, with its flags.
#[test]
fn e7_the_readmes_commands_are_there() {
    let mut known = BTreeMap::new();
    let mut check = |command: &str, flags: &[String]| {
        let has = known.entry(command.to_owned()).or_insert_with(|| flags_of(command));
        for flag in flags {
            assert!(has.contains(flag), "custody {command} has no {flag}");
        }
    };
    for line in readme::TEXT.replace("\\\n", " ").lines() {
        for (command, flags) in commands(line) {
            check(&command, &flags);
        }
        // The table of settings names each by its flag.
        if line.starts_with("| ") {
            let flags = line.split('`').filter(|code| code.starts_with("--")).map(str::to_owned);
            check("serve", &flags.collect::<Vec<_>>());
        }
    }
    assert!(known.len() > 15, "{known:?}");
    let container = readme::block("**Container.**", "dockerfile");
    // Custody as the first process would keep what helpers of a git that was stopped leave (F9).
    assert!(container.contains(" openssh-client tini "), "{container}");
    assert!(container.contains("ENTRYPOINT [\"tini\", \"--\", \"custody\"]\nCMD [\"serve\"]"), "{container}");
    assert!(container.contains(concat!("rust:", env!("CARGO_PKG_RUST_VERSION"), "-")), "{container}");
}

/// E7: each setting that the README writes into a file or a variable is one, and its units and containers agree on who
/// Custody is.
#[test]
fn e7_the_readmes_settings_are_there() {
    let files: Vec<String> = readme::blocks("toml").into_iter().filter(|b| b.contains("public_url = ")).collect();
    assert_eq!(files.len(), 2, "of a service, and of replicas");
    for line in files.iter().flat_map(|file| file.lines()) {
        let (key, _) = line.split_once(" = ").unwrap();
        assert!(KEYS.contains(&key), "{line}");
    }
    let container = readme::block("**Container.**", "dockerfile");
    let environment = readme::block("3. On each its own", "sh");
    let policy = readme::block("which `custody policy check` has to find right", "toml");
    for word in format!("{container}\n{environment}").split_whitespace().filter(|w| w.starts_with("CUSTODY_")) {
        let name = word.split('=').next().unwrap();
        let key = name.trim_start_matches("CUSTODY_").to_lowercase();
        assert!(KEYS.contains(&key.as_str()) || policy.contains(&format!("\"{name}\"")), "{word}");
    }
    let user = "useradd --system --uid 990 ";
    assert!(readme::block("**Service.**", "sh").contains(user) && container.contains(user));
}
