//! What stands round every section of a draft: the sections with how far they are, and when it was saved.

use crate::{
    app::App,
    domain::request::Section,
    service::drafts::{Checked, Progress},
    web::parts::{self, Task, TaskList},
};
use strum::IntoEnumIterator;

/// The column beside a section.
pub struct Frame {
    pub id: String,
    /// Its name, or words where it has none yet.
    pub name: String,
    pub tasks: TaskList,
    /// `Draft saved 14:32. Only you can see it.`
    pub saved: String,
}

/// Where a section of a draft is.
pub fn href(id: &str, section: Section) -> String {
    let word: &str = section.into();
    format!("/requests/{id}/{word}")
}

/// From 1, as its reader counts.
pub fn number(section: Section) -> usize {
    Section::iter().take_while(|s| *s != section).count() + 1
}

impl Frame {
    /// `here` is the section that is open; none where all are checked.
    pub fn of(app: &App, checked: &Checked, here: Option<Section>) -> Self {
        let draft = &checked.draft;
        let mut tasks: Vec<Task> = Section::iter()
            .map(|s| Task {
                title: s.title().to_owned(),
                href: href(&draft.id, s),
                progress: match checked.progress(s) {
                    Progress::NotStarted => parts::Progress::ToDo,
                    Progress::Started => parts::Progress::Started,
                    Progress::Problems(n) => parts::Progress::Problems(n),
                    Progress::Complete => parts::Progress::Complete,
                },
                here: here == Some(s),
            })
            .collect();
        tasks.push(Task {
            title: "Check and send".to_owned(),
            href: format!("/requests/{}/check", draft.id),
            progress: if checked.is_complete() { parts::Progress::Ready } else { parts::Progress::Locked },
            here: here.is_none(),
        });
        let zone = app.policy.facility.time_zone;
        let (at, now) = (draft.saved_at.with_timezone(&zone), app.clock.now().with_timezone(&zone));
        let at = at.format(if at.date_naive() == now.date_naive() { "%H:%M" } else { "%-d %b %Y, %H:%M" });
        let name = draft.answers.name.trim();
        Self {
            id: draft.id.clone(),
            name: if name.is_empty() { "New request".to_owned() } else { name.to_owned() },
            tasks: TaskList { label: "Sections of the request".to_owned(), tasks },
            saved: format!("Draft saved {at}. Only you can see it."),
        }
    }
}
