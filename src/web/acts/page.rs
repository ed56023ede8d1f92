//! The page of one act: what happens then, the gates that are open, the questions, the button.

use super::{
    home, label,
    labels::submit,
    leads::{is_grave, lead, leads_to},
    questions::Question,
    typed::Typed,
};
use crate::{
    domain::lifecycle::CommandKind,
    service::{FieldProblem, prepare::ActContext},
    web::{
        gatebox,
        layout::{Layout, local_path},
        parts::{Change, ErrorSummary, GateBox},
    },
};
use askama::Template;
use askama_web::WebTemplate;

#[derive(Template, WebTemplate)]
#[template(path = "acts/form.html")]
pub struct ActPage {
    pub layout: Layout,
    pub device: String,
    pub title: String,
    pub lead: String,
    /// What it posts to.
    pub action: String,
    /// The button.
    pub submit: String,
    /// Whether it ends, stops or takes something away.
    pub grave: bool,
    /// The state that it leads into.
    pub leads_to: Option<&'static str>,
    /// The gates before it, while one is open.
    pub gates: Option<GateBox>,
    /// Why the button is locked.
    pub locked: Option<String>,
    pub questions: Vec<Question>,
    pub errors: ErrorSummary,
    /// What changed since the form was opened, where it was sent too late (A4).
    pub stale: Option<Vec<Change>>,
    pub revision: u64,
    /// Makes a repetition of this form known (F3).
    pub key: String,
    pub next: String,
}

impl ActPage {
    /// The form of an act as it stands for this reader.
    pub fn of(layout: Layout, act: CommandKind, cx: &ActContext, questions: Vec<Question>, typed: &Typed) -> Self {
        let name = cx.device.name();
        let locked = match &cx.why_not {
            Some(refusal) => Some(refusal.sentence.clone()),
            None => cx.is_blocked().then(|| "Opens when its gates are closed.".to_owned()),
        };
        let next = match typed.one("next") {
            "" => home(name, act),
            next => local_path(next).to_owned(),
        };
        Self {
            device: name.to_owned(),
            title: label(act).to_owned(),
            lead: lead(act, cx),
            action: gatebox::act_href(name, act),
            submit: submit(act).to_owned(),
            grave: is_grave(act),
            leads_to: leads_to(act),
            gates: cx.is_blocked().then(|| gatebox::of_step(Some(act), &cx.gates, name, Some(cx))),
            locked,
            questions,
            errors: ErrorSummary::default(),
            stale: None,
            revision: cx.device.revision,
            key: uuid::Uuid::new_v4().to_string(),
            next,
            layout,
        }
    }

    /// The same with what has to change, at each field and on top.
    pub fn with_problems(mut self, problems: &[FieldProblem], sentences: &[String]) -> Self {
        for p in problems {
            if let Some(q) = self.questions.iter_mut().find(|q| q.field.name == p.field) {
                q.field = q.field.clone().error(Some(p.say.clone()));
            }
        }
        let fields: Vec<_> = self.questions.iter().map(|q| q.field.clone()).collect();
        self.errors = ErrorSummary::of(&fields);
        // What belongs to no field in sight is said on top all the same.
        let hidden =
            problems.iter().filter(|p| !self.questions.iter().any(|q| q.is_visible() && q.field.name == p.field));
        for say in hidden.map(|p| &p.say).chain(sentences) {
            self.errors = std::mem::take(&mut self.errors).with(say);
        }
        self
    }

    /// The classes of its button.
    pub fn class(&self) -> &'static str {
        if self.grave { "btn danger call" } else { "btn pri call" }
    }
}
