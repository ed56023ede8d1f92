//! Drafts against a database in a file, as they are used.

use super::*;
use crate::{
    app::Parts,
    domain::{
        lifecycle::StateName,
        policy::Policy,
        refusal::{Code, Refusal},
    },
    ports::clock::Clock,
    service::{act, people},
    store::Db,
};

struct Given {
    app: App,
    ilse: PersonId,
    marek: PersonId,
    _dir: tempfile::TempDir,
}

impl Given {
    fn ilse(&self) -> Caller {
        Caller::person(self.ilse, "test")
    }

    async fn saved(&self, draft: &Draft, section: Section, seen: i64, change: impl Fn(&mut Answers)) -> Saved {
        let mut answers = draft.answers.clone();
        change(&mut answers);
        let ask = Save { section, answers, seen, finished: true };
        save(&self.app, &self.ilse(), self.ilse, &draft.id, ask).await.unwrap()
    }

    /// A draft of which every section is saved.
    async fn written(&self) -> Draft {
        let mut draft = create(&self.app, &self.ilse(), self.ilse).await.unwrap();
        let all = answers();
        for section in Section::iter() {
            let Saved::Kept(kept) = self.saved(&draft, section, draft.revision, |a| a.take(section, &all)).await else {
                panic!("{section:?} was saved by nobody else");
            };
            draft = kept;
        }
        draft
    }
}

async fn given() -> Given {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
    let policy = Policy::parse("[facility]\ninstruments = [\"SCS\", \"SQS\"]\n").unwrap();
    let public_url = "http://127.0.0.1:8080".parse().unwrap();
    let parts = Parts {
        policy,
        clock: Clock::System,
        public_url,
        secure_cookies: false,
        demo: false,
        mail: None,
        sends: false,
        metrics: Default::default(),
        proxies: Default::default(),
    };
    let app = App::new(db, parts);
    let tx = app.db.begin().await.unwrap();
    let mut ids = Vec::new();
    for (name, phone) in [("Ilse Hartmann", None), ("Marek Dvořák", Some("+49 40 66969 219"))] {
        let email = format!("{}@example.org", name.split(' ').next().unwrap().to_lowercase());
        let new = people::NewPerson { name: name.to_owned(), email, phone: phone.map(str::to_owned) };
        ids.push(people::insert(&tx, &app, &new).await.unwrap());
    }
    tx.commit().await.unwrap();
    Given { app, ilse: ids[0], marek: ids[1], _dir: dir }
}

fn answers() -> Answers {
    let row = |person: &str, phone: &str| ContactAnswer {
        person: person.to_owned(),
        phone: phone.to_owned(),
        hours: "while_beam".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        deputy: String::new(),
    };
    Answers {
        name: "beamConditionCheck".to_owned(),
        classes: "BeamConditionCheck\n".to_owned(),
        summary: "Raises one flag when the beam is good.".to_owned(),
        group: "SCS".to_owned(),
        instruments: vec!["SCS".to_owned()],
        repository: "https://github.com/example/beam.git".to_owned(),
        trunk: "main".to_owned(),
        why: "Scans pause by hand today.".to_owned(),
        done: "Used in two beamtimes.".to_owned(),
        assumptions: "None.".to_owned(),
        hardware: "None.".to_owned(),
        connectivity: "Reads three devices.".to_owned(),
        level: "recurrent_review".to_owned(),
        areas: vec![NO_AREA.to_owned()],
        failures: "Scans pause.".to_owned(),
        contacts: vec![row("Ilse Hartmann <ilse@example.org>", "+49 40 66969 214"), row("marek@example.org", "")],
        when_stopped: "restart_once_then_call".to_owned(),
        may_stop: "yes".to_owned(),
        ..Answers::default()
    }
}

/// A28: a draft is its owner's alone; others learn nothing, whatever they try.
#[tokio::test]
async fn nobody_else_learns_of_a_draft() {
    let g = given().await;
    let draft = g.written().await;
    let other = Caller::person(g.marek, "test");
    let ask = Save { section: Section::Scope, answers: answers(), seen: 99, finished: true };
    assert!(matches!(load(&g.app, g.marek, &draft.id).await, Err(Error::NotFound)));
    assert!(matches!(save(&g.app, &other, g.marek, &draft.id, ask).await, Err(Error::NotFound)));
    assert!(matches!(delete(&g.app, g.marek, &draft.id).await, Err(Error::NotFound)));
    assert!(matches!(submit(&g.app, &other, g.marek, &draft.id, draft.revision, "k").await, Err(Error::NotFound)));
    assert!(crate::service::requests::overview(&g.app, &other, g.marek, true).await.unwrap().drafts.is_empty());
    assert_eq!(load(&g.app, g.ilse, &draft.id).await.unwrap().revision, draft.revision);
}

/// L1: what is typed is kept, right or wrong; what another tab saved is not overwritten.
#[tokio::test]
async fn two_tabs_lose_nothing() {
    let g = given().await;
    let draft = create(&g.app, &g.ilse(), g.ilse).await.unwrap();
    let first = g.saved(&draft, Section::Scope, draft.revision, |a| a.why = "One".into()).await;
    assert!(matches!(first, Saved::Kept(d) if d.answers.why == "One"));
    // The other tab was opened before, and writes another section: both stay.
    let second = g.saved(&draft, Section::Device, draft.revision, |a| a.name = "no name at all".into()).await;
    assert!(matches!(second, Saved::Kept(d) if d.answers.why == "One" && d.answers.name == "no name at all"));
    // The same section, from the old page: refused, and nothing changes.
    let third = g.saved(&draft, Section::Scope, draft.revision, |a| a.why = "Two".into()).await;
    assert!(matches!(third, Saved::Elsewhere(d) if d.answers.why == "One"));
    let now = load(&g.app, g.ilse, &draft.id).await.unwrap();
    assert_eq!(now.answers.why, "One");
    // Having seen it, its writer may.
    assert!(matches!(g.saved(&now, Section::Scope, now.revision, |a| a.why = "Two".into()).await, Saved::Kept(_)));
}

/// L1 to L4, O6: every gap is named, at the field where it is filled.
#[tokio::test]
async fn each_gap_stands_at_its_field() {
    let g = given().await;
    let people = Directory::load(&g.app).await.unwrap();
    let judge = |change: &dyn Fn(&mut Answers)| {
        let mut a = answers();
        change(&mut a);
        let found = complete(&a, &g.app.policy, &people, g.ilse).err().unwrap_or_default();
        found.into_iter().map(|p| p.field).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(judge(&|_| {}), "");
    assert_eq!(judge(&|a| a.name = "two words".into()), "name");
    assert_eq!(judge(&|a| a.repository = "https://evil.example/x.git".into()), "repository");
    assert_eq!(judge(&|a| a.instruments = vec!["XXX".into()]), "instruments");
    assert_eq!(judge(&|a| a.level.clear()), "level");
    assert_eq!(judge(&|a| a.areas = vec!["no-such".into()]), "areas");
    // L7: that it touches no critical area has to be said, and cannot be said of one that does.
    assert_eq!(judge(&|a| a.areas.clear()), "areas");
    assert_eq!(judge(&|a| a.areas = vec![NO_AREA.into(), "pulse-patterns".into()]), "areas");
    assert_eq!(judge(&|a| a.areas = vec!["pulse-patterns".into()]), "");
    let none = request(&answers(), &g.app.policy).unwrap();
    assert!(none.areas.is_empty(), "nobody else is told of the choice");
    assert_eq!(Answers::of_request(&none).areas, [NO_AREA]);
    assert_eq!(judge(&|a| a.failures = "x".repeat(4001)), "failures");
    assert_eq!(judge(&|a| a.contacts[0].phone = "66969214".into()), "phone_1");
    assert_eq!(judge(&|a| a.contacts[1].person = "Nobody Known".into()), "person_2");
    assert_eq!(judge(&|a| a.contacts[1].person = "Ilse Hartmann".into()), "person_2");
    assert_eq!(judge(&|a| a.contacts[1].deputy = "marek dvořák".into()), "deputy_2");
    assert_eq!(judge(&|a| a.contacts[1].hours = "never".into()), "hours_2");
    assert_eq!(judge(&|a| a.contacts[0].time_zone = "Hamburg".into()), "time_zone_1");
    assert_eq!(judge(&|a| a.contacts.clear()), "person_1");
    // L4: a contact that was added and left blank is nobody, unless there is no other.
    let blank = || ContactAnswer { time_zone: "Europe/Berlin".into(), ..ContactAnswer::default() };
    assert_eq!(judge(&|a| a.contacts.push(blank())), "");
    assert_eq!(judge(&|a| a.contacts = vec![blank(), blank()]), "person_1 hours_1");
    assert_eq!(judge(&|a| a.contacts.push(ContactAnswer { hours: "always".into(), ..blank() })), "person_3");
    let mut more = answers();
    more.contacts.push(blank());
    assert_eq!(complete(&more, &g.app.policy, &people, g.ilse).unwrap().contacts.len(), 2);
    assert_eq!(judge(&|a| (a.when_stopped, a.may_stop) = (String::new(), String::new())), "when_stopped may_stop");
}

/// L3, L4: sending accepts the rules of conduct, one's number goes to one's account, and twice is once.
#[tokio::test]
async fn a_request_is_sent_once() {
    let g = given().await;
    let draft = g.written().await;
    assert_eq!(draft.answers.contacts[0].phone, "", "a number is kept with the person, not with the draft");
    let mut devices = Vec::new();
    for _ in 0..2 {
        let sent = submit(&g.app, &g.ilse(), g.ilse, &draft.id, draft.revision, "key-1").await.unwrap();
        let Sent::Done(done) = sent else { panic!("the draft is complete") };
        devices.push(done.device);
    }
    assert_eq!(devices[0], devices[1]);
    assert_eq!(devices[0].state.name(), StateName::Requested);
    assert!(devices[0].contacts[0].confirmed.is_some() && devices[0].contacts[1].confirmed.is_none());
    let me = store::people::find_profile(&g.app.db.read, g.ilse).await.unwrap().unwrap().person;
    assert!(conduct::is_accepted(&g.app, &me));
    assert_eq!(me.phone.as_deref(), Some("+49 40 66969 214"));
    assert!(matches!(load(&g.app, g.ilse, &draft.id).await, Err(Error::NotFound)), "the draft is gone with it");
    // Its name and classes are taken now, and said to be so before anything is sent.
    let again = g.written().await;
    let fields: Vec<String> = check(&g.app, again).await.unwrap().problems.into_iter().map(|p| p.field).collect();
    assert_eq!(fields, ["name", "classes"]);
}

/// A4: what is sent is what its owner looked at.
#[tokio::test]
async fn a_draft_changed_meanwhile_is_looked_at_again() {
    let g = given().await;
    let draft = g.written().await;
    g.saved(&draft, Section::Risks, draft.revision, |a| a.failures = "Everything stops.".into()).await;
    let sent = submit(&g.app, &g.ilse(), g.ilse, &draft.id, draft.revision, "key-1").await.unwrap();
    assert!(matches!(sent, Sent::NotYet(c) if c.is_complete()));
}

/// L1: operators know a device by its name, so an amendment keeps it; it counts only for what was seen (A4).
#[tokio::test]
async fn an_amendment_keeps_the_name() {
    let g = given().await;
    let draft = g.written().await;
    let sent = submit(&g.app, &g.ilse(), g.ilse, &draft.id, draft.revision, "key-1").await.unwrap();
    let Sent::Done(done) = sent else { panic!("the draft is complete") };
    let amend = |name: &str, why: &str, seen| {
        let request = crate::domain::request::Request {
            name: name.to_owned(),
            why: why.to_owned(),
            ..done.device.request.clone()
        };
        Ask { seen: Some(seen), ..Ask::from(Command::Amend { request: Box::new(request) }) }
    };
    let ask = |a: Ask| async { act::act(&g.app, &g.ilse(), "beamConditionCheck", a).await };
    let renamed = ask(amend("another", "Why not", 1)).await;
    assert!(matches!(renamed, Err(Error::Refused(r)) if matches!(*r, Refusal { code: Code::Incomplete, .. })));
    assert_eq!(ask(amend("beamConditionCheck", "Why not", 1)).await.unwrap().device.request.why, "Why not");
    assert!(matches!(ask(amend("beamConditionCheck", "Stale", 1)).await, Err(Error::Stale(_))));
}

/// L4: a name without its accents is whoever it can mean alone.
#[tokio::test]
async fn l4_names_are_understood_without_accents() {
    let g = given().await;
    let mut people = Directory::load(&g.app).await.unwrap();
    for typed in ["Marek Dvořák", "Marek Dvorak", "marek dvorak", "MAREK@example.org"] {
        assert_eq!(people.find(typed).map(|c| c.id), Some(g.marek), "{typed}");
    }
    for typed in ["Marek", "Dvorak Marek", "", "<>", "-"] {
        assert_eq!(people.find(typed), None, "{typed}");
    }
    let other = Colleague { id: g.ilse, name: "Marek Dvórak".into(), email: "m@x.org".into(), ..people.0[1].clone() };
    people.0.push(other);
    assert_eq!(people.find("Marek Dvorak"), None, "it can mean two");
    assert_eq!(people.find("Marek Dvořák").map(|c| c.id), Some(g.marek));
}
