//! Which names a device server may have (rules H2 and A23).

use super::{Pattern, Policy};

/// Why a device server cannot have this name. Each is a sentence that says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// Nothing was given.
    #[error("The server has no name. Give one, for example cppServer/contrib_scs_01.")]
    Empty,
    /// A letter beyond ASCII, however plain it looks, or one that does not show at all.
    #[error(
        "Character {place} of the name is not plain ASCII ({code}), even where it looks like it. \
         Type the name with plain letters, digits and _ - . /, for example cppServer/contrib_scs_01."
    )]
    NotAscii {
        /// Its place in the name, from 1.
        place: usize,
        /// Its code point, like `U+0441`.
        code: String,
    },
    /// A space, a tab or another control character.
    #[error(
        "Character {place} of the name is a space or a control character ({code}). \
         Use letters, digits and _ - . / only, for example cppServer/contrib_scs_01."
    )]
    Space {
        /// Its place in the name, from 1.
        place: usize,
        /// Its code point, like `U+0020`.
        code: String,
    },
    /// It reads as the rule wants at a glance, by case or look-alike characters only.
    #[error(
        "“{name}” only looks as if it showed the reduced support. \
         Spell that part exactly “{plain}”, for example cppServer/{plain}_scs_01."
    )]
    LooksAlike {
        /// The name as given.
        name: String,
        /// What it only looks like.
        plain: String,
    },
    /// It does not show the reduced support.
    #[error(
        "“{name}” does not show the reduced support. A server for it needs a name {fits}, \
         as the policy says in servers.reduced_name_rule."
    )]
    NotShown {
        /// The name as given.
        name: String,
        /// [`Policy::reduced_names`].
        fits: String,
    },
    /// A server for full support that calls itself one for reduced support.
    #[error(
        "“{name}” reads as a server for reduced support, and this one is for full support. \
         Leave “{plain}” out of its name."
    )]
    ShowsReduced {
        /// The name as given.
        name: String,
        /// The part that misleads.
        plain: String,
    },
}

const EXAMPLE: &str = "cppServer/contrib_scs_01";

impl Policy {
    /// Whether the name of a server for reduced support shows it (rule H2).
    /// A name that only looks like it is refused (rule A23).
    pub fn name_shows_reduced(&self, name: &str) -> Result<(), NameProblem> {
        plain_ascii(name)?;
        let rule = &self.servers.reduced_name_rule;
        if rule.is_match(name) {
            return Ok(());
        }
        Err(match looks_alike(rule, name) {
            Some(plain) => NameProblem::LooksAlike { name: name.to_owned(), plain },
            None => NameProblem::NotShown { name: name.to_owned(), fits: self.reduced_names() },
        })
    }

    /// Which names show the reduced support, after the word name: by one that does where one is known.
    pub fn reduced_names(&self) -> String {
        let known = [EXAMPLE].into_iter().chain(self.servers.pool.iter().map(String::as_str));
        let rule = &self.servers.reduced_name_rule;
        match known.into_iter().find(|name| rule.is_match(name)) {
            Some(name) => format!("like {name}"),
            None => format!("that matches {}", rule.source()),
        }
    }

    /// Whether the name of a server for full support keeps clear of what marks
    /// the others, at a glance too (rule A23).
    pub fn name_shows_full(&self, name: &str) -> Result<(), NameProblem> {
        plain_ascii(name)?;
        let rule = &self.servers.reduced_name_rule;
        let shown = rule.matched(name).map(str::to_owned);
        match shown.or_else(|| looks_alike(rule, name)) {
            Some(plain) => Err(NameProblem::ShowsReduced { name: name.to_owned(), plain }),
            None => Ok(()),
        }
    }
}

fn plain_ascii(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    let odd = (1..).zip(name.chars()).find(|(_, character)| !character.is_ascii_graphic());
    let Some((place, character)) = odd else {
        return Ok(());
    };
    let code = format!("U+{:04X}", u32::from(character));
    Err(if character.is_ascii() { NameProblem::Space { place, code } } else { NameProblem::NotAscii { place, code } })
}

/// What the rule would match if each character were the one it can be mistaken for.
fn looks_alike(rule: &Pattern, name: &str) -> Option<String> {
    let readings = ['i', 'l'].map(|stroke| -> String {
        name.chars()
            .map(|character| match character.to_ascii_lowercase() {
                '0' => 'o',
                '1' | '|' | '!' | 'i' | 'l' => stroke,
                '3' => 'e',
                '4' | '@' => 'a',
                '5' | '$' => 's',
                '6' | '8' => 'b',
                '7' | '+' => 't',
                '(' => 'c',
                other => other,
            })
            .collect()
    });
    readings
        .iter()
        .flat_map(|reading| [reading.clone(), reading.to_ascii_uppercase()])
        .find_map(|reading| rule.matched(&reading).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str) -> Option<String> {
        let full = Policy::built_in().name_shows_reduced(name).err()?;
        let text = format!("{full:?}");
        let end = text.find([' ', '{']).unwrap_or(text.len());
        Some(text[..end].to_owned())
    }

    /// H2, A23: a name shows the reduced support, or is refused for a reason of its own.
    #[test]
    fn a_name_shows_reduced_support_or_is_refused() {
        for good in ["contrib", "cppServer/contrib_scs_01", "contrib-scs", "scs.contrib.1", "pythonServer/scs_contrib"]
        {
            assert_eq!(problem(good), None, "{good}");
        }
        for (bad, expected) in [
            ("", "Empty"),
            ("cppServer/scs_01", "NotShown"),
            ("contribution_1", "NotShown"),
            ("mycontrib_1", "NotShown"),
            ("Contrib", "LooksAlike"),
            ("scs/CONTRIB_01", "LooksAlike"),
            ("c0ntrib_01", "LooksAlike"),
            ("contr1b_01", "LooksAlike"),
            ("contrlb_01", "LooksAlike"),
            ("con7rib_01", "LooksAlike"),
            ("\u{441}\u{43e}ntrib_01", "NotAscii"),
            ("contrib\u{200b}_01", "NotAscii"),
            ("contrib_\u{202e}10", "NotAscii"),
            ("\u{ff43}ontrib_01", "NotAscii"),
            ("contrib_01 ", "Space"),
            ("contrib\n", "Space"),
            ("contrib\0", "Space"),
        ] {
            assert_eq!(problem(bad).as_deref(), Some(expected), "{bad:?}");
        }
    }

    /// A23: the sentence says which character it is, and what to write.
    #[test]
    fn the_refusal_says_what_to_write() {
        let policy = Policy::built_in();
        let sentence = |name: &str| policy.name_shows_reduced(name).unwrap_err().to_string();
        assert!(sentence("\u{441}ontrib").starts_with("Character 1 of the name is not plain ASCII (U+0441)"));
        assert!(sentence("scs/C0NTRIB").contains("Spell that part exactly “contrib”"));
        assert!(sentence("scs_01").contains("needs a name like cppServer/contrib_scs_01, as the policy"));
        let rule = "[servers]\nreduced_name_rule = '(^|/)dev_'\n";
        let names = |more: &str| Policy::parse(&format!("{rule}{more}")).unwrap().reduced_names();
        assert_eq!(names("pool = [\"cppServer/dev_scs_01\"]\n"), "like cppServer/dev_scs_01");
        assert_eq!(names(""), "that matches (^|/)dev_");
    }

    /// A23: a server for full support does not call itself one for reduced support.
    #[test]
    fn a_full_server_keeps_clear_of_the_mark() {
        let policy = Policy::built_in();
        assert_eq!(policy.name_shows_full("cppServer/scs_01"), Ok(()));
        assert_eq!(policy.name_shows_full("contributions/1"), Ok(()));
        for bad in ["contrib_01", "Contrib_01", "c0ntrib", "scs_\u{430}"] {
            assert!(policy.name_shows_full(bad).is_err(), "{bad}");
        }
    }
}
