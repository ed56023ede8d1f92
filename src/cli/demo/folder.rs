//! The demo's directory: known by a marker, so that nothing else is ever deleted, and its policy file.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

const MARKER: &str = "custody-demo.txt";
const DATABASE: [&str; 3] = ["custody.db", "custody.db-wal", "custody.db-shm"];
const POLICY: &str = "policy.toml";
const REPOSITORIES: &str = "repositories";
const DEPLOY_TOKEN: &str = "deploy-token";
const COMPLETE: &str = "The sample data is complete.";

/// A directory that is the demo's own.
#[derive(Clone, Debug)]
pub struct Folder {
    /// From the root, without symbolic links: the addresses of the repositories begin with it.
    root: PathBuf,
}

/// Why a directory is not taken for the demo.
#[derive(Debug, thiserror::Error)]
pub enum FolderProblem {
    #[error(
        "{} holds other files and is left alone. Name a new directory, for example: custody demo --data ./demo-data",
        .0.display()
    )]
    Foreign(PathBuf),
    #[error(
        "The sample repositories need a directory whose path has only letters, digits and . _ + -, and {} has not. \
         For example: custody demo --data /tmp/custody-demo",
        .0.display()
    )]
    OddPath(PathBuf),
    #[error("{} cannot be used: {cause}", path.display())]
    Unusable { path: PathBuf, cause: io::Error },
}

impl Folder {
    /// Takes or makes the directory. `fresh` deletes what an earlier demo left there, and nothing else.
    pub fn open(path: &Path, fresh: bool) -> Result<Self, FolderProblem> {
        let unusable = |cause| FolderProblem::Unusable { path: path.to_owned(), cause };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let root = path.canonicalize().map_err(unusable)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
        if !root.to_str().is_some_and(|p| p.chars().all(plain)) || root.to_string_lossy().contains("/-") {
            return Err(FolderProblem::OddPath(root));
        }
        let folder = Self { root };
        let ours = folder.marker().is_file();
        if !ours && fs::read_dir(&folder.root).map_err(unusable)?.next().is_some() {
            return Err(FolderProblem::Foreign(folder.root));
        }
        if fresh || !folder.is_complete() {
            folder.clear().map_err(unusable)?;
        }
        Ok(folder)
    }

    /// Whether an earlier start built all of it.
    pub fn is_complete(&self) -> bool {
        fs::read_to_string(self.marker()).is_ok_and(|text| text.contains(COMPLETE))
    }

    /// Marks the directory as the demo's before anything is put there, and as complete when all of it is.
    pub fn mark(&self, complete: bool) -> io::Result<()> {
        let state = if complete { COMPLETE } else { "The sample data is being built." };
        let text =
            format!("Sample data of `custody demo`. `custody demo --fresh` deletes it and builds it anew.\n{state}\n");
        fs::write(self.marker(), text)
    }

    fn marker(&self) -> PathBuf {
        self.root.join(MARKER)
    }

    pub fn database(&self) -> PathBuf {
        self.root.join(DATABASE[0])
    }

    pub fn repositories(&self) -> PathBuf {
        self.root.join(REPOSITORIES)
    }

    pub fn policy(&self) -> PathBuf {
        self.root.join(POLICY)
    }

    /// Where the deploy tool's token lies.
    pub fn deploy_token(&self) -> PathBuf {
        self.root.join(DEPLOY_TOKEN)
    }

    /// The facility's policy: what differs from the built-in one.
    pub fn write_policy(&self) -> io::Result<()> {
        fs::write(self.policy(), POLICY_TEXT.replace("@ROOT@", &self.repositories().to_string_lossy()))
    }

    /// Deletes what a demo makes, by name.
    fn clear(&self) -> io::Result<()> {
        let gone = |result: io::Result<()>| match result {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        };
        for name in DATABASE.into_iter().chain([POLICY, DEPLOY_TOKEN]) {
            gone(fs::remove_file(self.root.join(name)))?;
        }
        gone(fs::remove_dir_all(self.repositories()))?;
        // Last: an interrupted clearing is still known as the demo's.
        gone(fs::remove_file(self.marker()))
    }
}

const POLICY_TEXT: &str = r#"# The policy of the sample facility: what differs from the built-in one.
# `custody policy show` prints every key with its meaning.

[facility]
name = "Sample X-ray laser"
doc_phone = "+49 40 66969 100"
instruments = ["SPB", "FXE", "SCS", "SQS", "MID", "HED", "SXP", "SA3"]

[repositories]
# The sample repositories are folders of this machine.
protocols = ["https", "ssh", "file"]
file_roots = ["@ROOT@"]

[frameworks]
known = [{ name = "Karabo", versions = [
    "3.0.4",
    { version = "2.20.4", deprecated = 2024-09-01 },
    { version = "2.19.*", deprecated = 2023-06-01, rejected = 2024-06-01 },
] }]

[rollouts]
# The demo runs nothing by them: what its rollouts have done is made up.
playbooks = "/srv/playbooks"
inventory = "/srv/playbooks/hosts"
targets = [
    { name = "SPB", group = "SASE 1", host = "spb-ctrl01", instrument = "SPB" },
    { name = "FXE", group = "SASE 1", host = "fxe-ctrl01", instrument = "FXE" },
    { name = "SA1", group = "SASE 1", host = "sa1-ctrl01" },
    { name = "XTD2", group = "SASE 1", host = "xtd2-ctrl01" },
    { name = "XTD9", group = "SASE 1", host = "xtd9-ctrl01" },
    { name = "LA1", group = "SASE 1", host = "la1-ctrl01" },
    { name = "PSLD-1", group = "SASE 1", host = "psld-1-ctrl01" },
    { name = "SPB-LAB", group = "SASE 1", host = "spb-lab-ctrl01" },
    { name = "MID", group = "SASE 2", host = "mid-ctrl01", instrument = "MID" },
    { name = "HED", group = "SASE 2", host = "hed-ctrl01", instrument = "HED" },
    { name = "SA2", group = "SASE 2", host = "sa2-ctrl01" },
    { name = "XTD1", group = "SASE 2", host = "xtd1-ctrl01" },
    { name = "XTD6", group = "SASE 2", host = "xtd6-ctrl01" },
    { name = "LA2", group = "SASE 2", host = "la2-ctrl01" },
    { name = "HIBEF", group = "SASE 2", host = "hibef-ctrl01" },
    { name = "PSLD-2", group = "SASE 2", host = "psld-2-ctrl01" },
    { name = "SCS", group = "SASE 3", host = "scs-ctrl01", instrument = "SCS" },
    { name = "SQS", group = "SASE 3", host = "sqs-ctrl01", instrument = "SQS" },
    { name = "SXP", group = "SASE 3", host = "sxp-ctrl01", instrument = "SXP" },
    { name = "SA3", group = "SASE 3", host = "sa3-ctrl01", instrument = "SA3" },
    { name = "XTD10", group = "SASE 3", host = "xtd10-ctrl01" },
    { name = "LA3", group = "SASE 3", host = "la3-ctrl01" },
    { name = "PSLD-3", group = "SASE 3", host = "psld-3-ctrl01" },
    { name = "DETLAB", group = "Labs and test stands", host = "detlab-ctrl01" },
    { name = "VACLAB", group = "Labs and test stands", host = "vaclab-ctrl01" },
    { name = "LASLAB", group = "Labs and test stands", host = "laslab-ctrl01" },
    { name = "SAMPLE", group = "Labs and test stands", host = "sample-ctrl01" },
    { name = "XBI", group = "Labs and test stands", host = "xbi-ctrl01" },
    { name = "TEST-1", group = "Labs and test stands", host = "test-1-ctrl01" },
    { name = "TEST-2", group = "Labs and test stands", host = "test-2-ctrl01" },
]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with anything of somebody else's in it is refused, with `--fresh` most of all.
    #[test]
    fn another_directory_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "years").unwrap();
        for fresh in [false, true] {
            assert!(matches!(Folder::open(dir.path(), fresh), Err(FolderProblem::Foreign(_))));
        }
        assert!(dir.path().join("thesis.txt").exists());
        let odd = dir.path().join("a b");
        assert!(matches!(Folder::open(&odd, false), Err(FolderProblem::OddPath(_))));
    }

    /// `--fresh` and an interrupted start clear what a demo made, and keep a file that was laid beside it.
    #[test]
    fn only_what_a_demo_made_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let open = |fresh| Folder::open(dir.path(), fresh).unwrap();
        let folder = open(false);
        folder.mark(true).unwrap();
        fs::create_dir_all(folder.repositories().join("a.git")).unwrap();
        fs::write(dir.path().join("note.txt"), "mine").unwrap();
        assert!(open(false).is_complete() && folder.repositories().exists());
        folder.mark(false).unwrap();
        assert!(!open(false).is_complete());
        assert!(!folder.repositories().exists() && dir.path().join("note.txt").exists());
    }

    /// E6: the sample policy holds under the same rules as any facility's.
    #[test]
    fn the_sample_policy_is_sound() {
        let text = POLICY_TEXT.replace("@ROOT@", "/srv/demo/repositories");
        let policy = crate::domain::policy::Policy::parse(&text).unwrap();
        assert_eq!((policy.facility.instruments.len(), policy.rollouts.targets.len()), (8, 30));
    }
}
