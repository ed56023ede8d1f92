//! What a run is given, and what it needs: checked before anything is started.

use super::{Ansible, Request};
use serde_json::Value;
use std::{
    fs::File,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// How long a name may be.
const MOST_NAME: usize = 128;
/// How long all variables together may be, in bytes.
const MOST_EXTRA: usize = 64 << 10;

/// Why nothing is run. The messages name what the policy names.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotRun {
    #[error(
        "No folder with playbooks is set, so steps are done by hand: have an administrator name it and the inventory in the policy, under [rollouts]."
    )]
    NoFolder,
    #[error(
        "The folder with playbooks, {path}, cannot be read ({detail}): have an administrator correct playbooks in the policy, under [rollouts], with its full path, or give Custody's account leave to read it."
    )]
    Folder { path: String, detail: String },
    #[error(
        "The inventory, {path}, cannot be read ({detail}): have an administrator correct inventory in the policy, under [rollouts], with its full path, or give Custody's account leave to read it."
    )]
    Inventory { path: String, detail: String },
    #[error(
        "The folder with playbooks or the inventory does not answer: have an administrator look after the machine that has them, then retry."
    )]
    Away,
    #[error(
        "The program {program} is not found: have an administrator install it where Custody runs (Debian: apt-get install ansible-core), or write its full path as program in the policy, under [rollouts]."
    )]
    Program { program: String },
    #[error(
        "{name} is no name of a playbook: it is a file in the folder itself, of letters, digits, dots, dashes and underlines, that ends with .yml or .yaml and begins with a letter or a digit."
    )]
    Playbook { name: String },
    #[error(
        "There is no playbook {name} in the folder: have an administrator put it there, or correct the step in the policy."
    )]
    NoSuchPlaybook { name: String },
    #[error(
        "{name} is no name of one host or group: it has letters, digits, dots, dashes and underlines, begins with a letter or a digit, and is not all or ungrouped. Correct the target's host in the policy."
    )]
    Host { name: String },
    #[error(
        "The variable {name} cannot be handed to a playbook: their names begin with custody_, their values hold no templates of Ansible's, and together they have at most 64 KiB."
    )]
    Extra { name: String },
    #[error(
        "The run could not be started ({detail}): have an administrator check that Custody's account may run the program, and that there is space for temporary files."
    )]
    Local { detail: String },
}

impl NotRun {
    /// The stable code that programs tell errors apart by.
    pub fn code(&self) -> &'static str {
        match self {
            NotRun::NoFolder => "engine_no_folder",
            NotRun::Folder { .. } => "engine_folder",
            NotRun::Inventory { .. } => "engine_inventory",
            NotRun::Away => "engine_away",
            NotRun::Program { .. } => "engine_program",
            NotRun::Playbook { .. } => "engine_playbook_name",
            NotRun::NoSuchPlaybook { .. } => "engine_no_such_playbook",
            NotRun::Host { .. } => "engine_host_name",
            NotRun::Extra { .. } => "engine_variables",
            NotRun::Local { .. } => "engine_not_started",
        }
    }
}

impl Ansible {
    /// Whether it could run something: the program is found, folder and inventory can be read. Looks at a few files.
    pub fn check(&self) -> Result<(), NotRun> {
        if !self.is_set_up() {
            return Err(NotRun::NoFolder);
        }
        let folder = |detail| NotRun::Folder { path: self.folder.display().to_string(), detail };
        full(&self.folder).and_then(|()| std::fs::read_dir(&self.folder).map(drop).map_err(told)).map_err(folder)?;
        let inventory = |detail| NotRun::Inventory { path: self.inventory.display().to_string(), detail };
        // A comma makes a list of hosts of it.
        if self.inventory.to_string_lossy().contains(',') {
            return Err(inventory("its name has a comma".to_owned()));
        }
        full(&self.inventory).and_then(|()| File::open(&self.inventory).map(drop).map_err(told)).map_err(inventory)?;
        self.find_program().map(drop).ok_or_else(|| NotRun::Program { program: self.program.display().to_string() })
    }

    /// Whether this playbook could be run: its name is one, and it is there.
    pub fn check_playbook(&self, name: &str) -> Result<(), NotRun> {
        let name = name.to_owned();
        let ends = [".yml", ".yaml"].iter().any(|e| name.strip_suffix(e).is_some_and(|stem| !stem.is_empty()));
        if !ends || !is_plain(&name) {
            return Err(NotRun::Playbook { name });
        }
        if self.folder.join(&name).is_file() { Ok(()) } else { Err(NotRun::NoSuchPlaybook { name }) }
    }

    /// What is asked for holds nothing but names: the variables, as they are written down.
    pub(super) fn checked(&self, request: &Request) -> Result<String, NotRun> {
        self.check_playbook(&request.playbook)?;
        check_host(&request.host)?;
        check_extra(&request.extra)
    }

    fn find_program(&self) -> Option<PathBuf> {
        let runs = |path: &Path| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if self.program.components().count() > 1 {
            return Some(self.program.clone()).filter(|path| path.is_absolute() && runs(path));
        }
        let path = std::env::var_os("PATH").unwrap_or_else(|| super::process::PATH.into());
        std::env::split_paths(&path).map(|folder| folder.join(&self.program)).find(|path| runs(path))
    }
}

fn full(path: &Path) -> Result<(), String> {
    if path.is_absolute() { Ok(()) } else { Err("this is not a full path".to_owned()) }
}

fn told(error: std::io::Error) -> String {
    error.kind().to_string()
}

/// Nothing that a path, an option or a pattern is made with.
fn is_plain(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    name.len() <= MOST_NAME && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(inside)
}

/// One host or group by its name. In a pattern `@` names a file, `!` and `&` take hosts out, `,` and `:` add some, `~` begins
/// an expression, and `*`, `?` and `[` match many; `all` and `ungrouped` are more than one target.
/// Source: docs.ansible.com, "Patterns: targeting hosts and groups".
fn check_host(name: &str) -> Result<(), NotRun> {
    let many = ["all", "ungrouped"].iter().any(|group| name.eq_ignore_ascii_case(group));
    if is_plain(name) && !many { Ok(()) } else { Err(NotRun::Host { name: name.to_owned() }) }
}

/// Variables of the command line win over all others and are templates where they look like one, which can run programs:
/// only names of our own, and no braces.
fn check_extra(extra: &Value) -> Result<String, NotRun> {
    let refused = |name: &str| Err(NotRun::Extra { name: name.to_owned() });
    let Value::Object(all) = extra else { return refused("(all)") };
    for (name, value) in all {
        if !(name.starts_with("custody_") && is_plain(name) && is_no_template(value)) {
            return refused(name);
        }
    }
    let text = extra.to_string();
    if text.len() > MOST_EXTRA { refused("(all)") } else { Ok(text) }
}

fn is_no_template(value: &Value) -> bool {
    let plain = |text: &str| !["{{", "{%", "{#"].iter().any(|sign| text.contains(sign));
    match value {
        Value::String(text) => plain(text),
        Value::Array(all) => all.iter().all(is_no_template),
        // Names by which Ansible takes a text for what it is not.
        Value::Object(all) => all.iter().all(|(n, v)| plain(n) && !n.starts_with("__ansible") && is_no_template(v)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// R3: a playbook is a file of the folder, and a host one host or group; nothing else can be said with their names.
    #[test]
    fn r3_names_are_names() {
        let folder = tempfile::tempdir().unwrap();
        let ansible = Ansible::new("sh", folder.path(), folder.path());
        for name in ["back_up.yml", "os-patches.2.yaml"] {
            assert_eq!(ansible.check_playbook(name), Err(NotRun::NoSuchPlaybook { name: name.to_owned() }));
            std::fs::write(folder.path().join(name), "[]").unwrap();
            assert_eq!(ansible.check_playbook(name), Ok(()));
        }
        std::fs::create_dir(folder.path().join("roles.yml")).unwrap();
        assert_eq!(ansible.check_playbook("roles.yml").unwrap_err().code(), "engine_no_such_playbook");
        let long = format!("{}.yml", "a".repeat(MOST_NAME));
        for name in [
            "",
            ".yml",
            "-vvv.yml",
            "../a.yml",
            "/etc/a.yml",
            "a/b.yml",
            "a.yml\0",
            "a.txt",
            "a b.yml",
            "{{a}}.yml",
            "ä.yml",
            long.as_str(),
        ] {
            assert_eq!(ansible.check_playbook(name).unwrap_err().code(), "engine_playbook_name", "{name:?}");
        }
        for name in ["spb-ctrl01", "spb_ctrl01.example.org", "10.0.0.1", "sase1"] {
            assert_eq!(check_host(name), Ok(()));
        }
        for name in [
            "",
            "-a",
            "@hosts",
            "!a",
            "&a",
            "~a.*",
            "a,b",
            "a:b",
            "a:!b",
            "*",
            "a*",
            "a?",
            "a[0]",
            "all",
            "ALL",
            "ungrouped",
            "a b",
            "a\nb",
            "{{ a }}",
            "$(a)",
            "a;b",
        ] {
            assert_eq!(check_host(name), Err(NotRun::Host { name: name.to_owned() }));
        }
    }

    /// R3: nobody's word in a variable becomes a template, a setting of the connection, or a file without end.
    #[test]
    fn r3_variables_are_values() {
        let good =
            json!({ "custody_release": "3.1.2", "custody_target": { "name": "SPB", "n": [1, null, true, "{ }"] } });
        let text = check_extra(&good).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), good);
        assert_eq!(check_extra(&json!({})).unwrap(), "{}");
        for bad in [
            json!(null),
            json!(["custody_a"]),
            json!({ "ansible_connection": "local" }),
            json!({ "custody_a b": 1 }),
            json!({ "custody_a": "{{ lookup('pipe', 'id') }}" }),
            json!({ "custody_a": ["x", { "b": "{% raw %}" }] }),
            json!({ "custody_a": { "{{ b }}": 1 } }),
            json!({ "custody_a": { "__ansible_vault": "x" } }),
            json!({ "custody_a": "{#" }),
            json!({ "custody_a": "a".repeat(MOST_EXTRA) }),
        ] {
            assert_eq!(check_extra(&bad).unwrap_err().code(), "engine_variables", "{bad}");
        }
    }

    /// R3: what is missing is said, with who does what about it.
    #[test]
    fn r3_what_is_missing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (here, inventory) = (folder.path(), folder.path().join("hosts"));
        std::fs::write(&inventory, "one\n").unwrap();
        std::fs::write(here.join("no_program"), "").unwrap();
        assert_eq!(Ansible::new("sh", here, &inventory).check(), Ok(()));
        assert_eq!(Ansible::new("/bin/sh", here, here).check(), Ok(()), "an inventory may be a folder");
        assert!(!Ansible::new("sh", "", "").is_set_up());
        for (program, folder, inventory, code, word) in [
            ("sh", "", "", "engine_no_folder", "by hand"),
            ("sh", "playbooks", "/", "engine_folder", "full path"),
            ("sh", "/nowhere", "/", "engine_folder", "/nowhere"),
            ("sh", "/", "/nowhere", "engine_inventory", "/nowhere"),
            ("sh", "/", "/a,b", "engine_inventory", "comma"),
            ("no-such-program", "/", "/", "engine_program", "apt-get install"),
            ("bin/sh", "/", "/", "engine_program", "full path"),
        ] {
            let why = Ansible::new(program, folder, inventory).check().unwrap_err();
            assert!(why.code() == code && why.to_string().contains(word), "{why}");
        }
        let why = Ansible::new(here.join("no_program"), here, &inventory).check().unwrap_err();
        assert_eq!(why.code(), "engine_program", "it cannot be run");
    }
}
