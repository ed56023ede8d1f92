//! What the demo prints: the address, the cast by what they are in the story, and what to try first.

use super::people::PARTS;
use crate::app::App;
use std::{io::Write, path::Path};

/// A heading, and which groups' members stand under it.
type Role = (&'static str, fn(&str) -> bool);

const ROLES: [Role; 5] = [
    ("Contributors", |g| g.len() == 3 && g != "ICI" && g != "DOC"),
    ("CTRL reviewers", |g| g.ends_with('!')),
    ("CTRL", |g| matches!(g, "ICI" | "Electronics" | "Framework")),
    ("Experts", |g| g.starts_with("Experts")),
    ("DOC, administrator", |g| matches!(g, "DOC" | "Administrators")),
];

pub fn print(app: &App, data: &Path, out: &mut dyn Write) -> std::io::Result<()> {
    let address = app.public_url.as_str().trim_end_matches('/');
    writeln!(out, "\nCustody's demo is at {address}\nSign in as anybody, with one click: {address}/sign-in\n")?;
    for (role, is) in ROLES {
        let names: Vec<String> = PARTS
            .iter()
            .filter(|p| p.login != super::devices::GONE && p.groups.iter().any(|g| is(g)))
            .map(|p| match p.groups[0] {
                group if role == "Contributors" || role == "CTRL" => format!("{} ({group})", p.name),
                _ => p.name.to_owned(),
            })
            .collect();
        for (n, line) in names.chunks(4).enumerate() {
            writeln!(out, "  {:<19} {}", if n == 0 { role } else { "" }, line.join(", "))?;
        }
    }
    writeln!(
        out,
        "
Try first:
  Contributor  Ilse Hartmann: /my, then answer the reservation about dssCorrelator.
  Reviewer     Chiara Moretti: /devices/crystalPinFinder, then take ownership: every gate is met.
  Operator     no sign-in: search the board for beamcond, then for gotthard2Preview, which runs where it must not.
  Shift        Sven Petersen: /shift, where three changes wait for his word, one of them late.
  Rollouts     Lena Brandt: /rollouts, where one is under way: a target failed, and two want their sign-off.
  Deploy tool  its token is in {0}/deploy-token, in Lena Brandt's name: deploy attenuatorCalc 5.3.1 to
               cppServer/ctrl_spb_02 as the README says below “Try it as a deploy engineer”.
The whole way by hand: imagingSharpness (review), sampleHeaterLoop (development), grainFinderOnline (from the request).
Commits to propose: git -C {0}/repositories/imagingSharpness.git log --oneline --decorate

Sample agents report what runs every 20 seconds. What you deploy or remove they see within seconds.
The data is in {0}. Start over with --fresh, stop with Ctrl-C.",
        data.display()
    )?;
    out.flush()
}
