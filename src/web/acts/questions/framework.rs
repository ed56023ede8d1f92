//! Which version of the framework a device is built against (G6).

use super::{Question, line, name, select};
use crate::{
    domain::{framework::BuiltWith, lifecycle::CommandKind},
    service::prepare::ActContext,
    web::parts::Choice,
};

pub fn questions(act: CommandKind, cx: &ActContext) -> Vec<Question> {
    let d = &cx.device;
    match act {
        CommandKind::BuildAgainst => {
            let on_record = d.built.against.as_ref();
            let known = &cx.policy.frameworks.known;
            let framework = if known.is_empty() {
                line("framework", "Which framework?", "Name the framework, like Karabo")
            } else {
                let all = known.iter().map(|f| Choice::new(&f.name, &f.name)).collect();
                select("framework", "Which framework?", all, "Choose a framework that is on record")
            };
            vec![
                framework.value(on_record.map_or("", |b| &b.framework)),
                name("file", "In which file does its version stand?", "Name the file, like CMakeLists.txt")
                    .hint("From the repository’s root, like src/version.txt.")
                    .value(on_record.map_or("", |b| &b.file)),
                name("pattern", "Which pattern finds it?", "Enter a regular expression with one group, like karabo==([0-9.]+)")
                    .hint("A regular expression with one group, which is the version, like karabo==([0-9.]+). The first match counts; ^ and $ stand at the ends of lines.")
                    .value(on_record.map_or("", |b| &b.pattern)),
            ]
        }
        CommandKind::ReadFramework => {
            let said = |built: &Option<BuiltWith>| match built {
                Some(BuiltWith::Read { version, .. }) => format!(" ({version})"),
                Some(BuiltWith::NotFound { .. }) => " (not found)".to_owned(),
                None => " (not read yet)".to_owned(),
            };
            let all = d.releases.iter().rev().filter(|r| r.stands());
            let all = all.map(|r| Choice::new(r.tag().as_str(), &format!("{}{}", r.tag(), said(&r.framework))));
            vec![select("tag", "Which release?", all.collect(), "Choose a release on record")]
        }
        _ => Vec::new(),
    }
}
