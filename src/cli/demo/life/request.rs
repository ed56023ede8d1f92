//! The request, its discussion, and its acceptance (L1 to L7).

use super::{
    super::{stage::What, texts},
    Life,
};
use crate::domain::{
    contact::{Contact, Hours, OperatorRules},
    lifecycle::{Command, command::Application},
    request::{LevelOfSupport, Request, Section},
};
use strum::IntoEnumIterator;

impl Life<'_> {
    pub fn submitted(&mut self) -> &mut Self {
        let (book, plan) = (self.book, &self.plan);
        let pick = plan.name.len();
        let request = Request {
            name: plan.name.to_owned(),
            classes: plan.classes(),
            instruments: plan.instruments.iter().map(|i| (*i).to_owned()).collect(),
            group: plan.instruments[0].to_owned(),
            summary: plan.summary.to_owned(),
            repository: book.repositories.address(plan.name),
            trunk: "main".to_owned(),
            folder: String::new(),
            why: texts::pick(texts::WHY, pick).to_owned(),
            done: texts::pick(texts::DONE, pick).to_owned(),
            assumptions: texts::pick(texts::ASSUMPTIONS, pick).to_owned(),
            hardware: texts::pick(texts::HARDWARE, pick).to_owned(),
            connectivity: texts::pick(texts::CONNECTIVITY, pick).to_owned(),
            special: String::new(),
            level: LevelOfSupport::iter().nth(pick % 3).unwrap_or(LevelOfSupport::RecurrentReview),
            areas: plan.areas.iter().map(|a| (*a).to_owned()).collect(),
            failures: texts::pick(texts::FAILURES, pick).to_owned(),
        };
        let first = [Hours::WhileBeam, Hours::Daytime, Hours::WhileBeam, Hours::Always][pick % 4];
        let second = [Hours::Working, Hours::Daytime][pick % 2];
        let contacts = plan.people.iter().zip([first, second]).map(|(login, hours)| Contact {
            person: book.cast.id(login),
            hours,
            time_zone: "Europe/Berlin".to_owned(),
            deputy: None,
            confirmed: None,
        });
        let application = Application {
            request,
            contributors: plan.people.iter().map(|p| book.cast.id(p)).collect(),
            contacts: contacts.collect(),
            operators: OperatorRules {
                when_stopped: plan.stop,
                may_stop: pick % 3 != 0,
                note: texts::pick(texts::NOTES, pick).to_owned(),
            },
        };
        self.push(Some(self.first()), What::Submit(Box::new(application)))
    }

    pub fn taken(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::TakeRequest {})
    }

    /// The other contacts confirm themselves; so do all of them, later.
    pub fn others_confirm(&mut self) -> &mut Self {
        for login in self.plan.people.iter().skip(1) {
            self.act(login, Command::ConfirmContact {});
        }
        self
    }

    pub fn confirmed(&mut self) -> &mut Self {
        for login in self.plan.people {
            self.act(login, Command::ConfirmContact {});
        }
        self
    }

    /// A question, its answer, and every point signed off.
    pub fn discussed(&mut self) -> &mut Self {
        let ctrl = self.plan.ctrl;
        let (question, answer) = texts::QUESTIONS[self.plan.name.len() % texts::QUESTIONS.len()];
        let point = Section::iter().count() as u32 + 1;
        self.act(ctrl, Command::RaisePoint { text: question.to_owned() });
        self.act(self.first(), Command::AnswerPoint { point, text: answer.to_owned() });
        for point in 1..=point {
            self.act(ctrl, Command::SignOffPoint { point });
        }
        self
    }

    pub fn areas_signed(&mut self) -> &mut Self {
        for area in self.plan.areas {
            let expert = match *area {
                "pulse-patterns" => "kofi",
                "machine-protection" => "meiling",
                _ => "ana",
            };
            let text = "Read-only towards this area; the limits are written down.".to_owned();
            self.act(expert, Command::SignOffArea { area: (*area).to_owned(), text });
        }
        self
    }

    pub fn accepted(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::Accept {})
    }

    /// From the request to its acceptance, over eight days.
    pub fn up_to_accepted(&mut self, days_ago: i64) -> &mut Self {
        self.day(days_ago).submitted();
        self.day(days_ago - 2).taken().others_confirm();
        self.day(days_ago - 5).discussed().areas_signed();
        self.day(days_ago - 8).accepted()
    }
}
