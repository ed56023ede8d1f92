//! L1 to L7: a request is accepted once everything is clear, and not before.

use super::given::*;
use crate::domain::{
    absence::Absence,
    id::PersonId,
    lifecycle::{Command as C, GateId as G, StateName as S, Turn},
    person::{Person, Role},
    refusal::Code,
    request::{NAMES_MOST, Taken},
};
use std::collections::BTreeSet;

fn amends(world: &mut World, change: impl Fn(&mut crate::domain::request::Request)) {
    let mut request = world.device.request.clone();
    change(&mut request);
    world.must(ILSE, C::Amend { request: Box::new(request) });
}

/// L1: a scope with a hole in it is not sent in, and the gap is named with what to enter.
#[test]
fn l1_a_request_with_a_gap_is_not_sent_in() {
    type Blank = fn(&mut crate::domain::request::Request);
    let gaps: [(&str, Blank); 12] = [
        ("why", |r| r.why.clear()),
        ("done", |r| r.done = "  ".into()),
        ("assum", |r| r.assumptions.clear()),
        ("hardware", |r| r.hardware.clear()),
        ("network", |r| r.connectivity.clear()),
        ("instrument", |r| r.instruments.clear()),
        ("instrument", |r| r.instruments = vec!["Atlantis".into()]),
        ("class", |r| r.classes.clear()),
        ("branch", |r| r.trunk = "--upload-pack=x".into()),
        ("services", |r| r.failures.clear()),
        ("areas", |r| r.areas = vec!["kitchen".into()]),
        ("", |r| r.repository = "ext::sh -c id".into()),
    ];
    for (word, blank) in gaps {
        let mut world = device();
        blank(&mut world.application.request);
        let application = Box::new(world.application.clone());
        let gate = world.stopped_only_by(G::Form, Turn::Contributor, ILSE, C::Submit { application });
        assert!(gate.why.to_lowercase().contains(word), "{word}: {}", gate.why);
    }
    device().requested().is(S::Requested);
}

/// L1: what the policy stopped allowing since is seen again on acceptance.
#[test]
fn l1_the_scope_is_judged_by_the_policy_in_force() {
    let mut world = device().discussed();
    world.under(crate::domain::policy::Policy::built_in());
    let gate = world.stopped_only_by(G::L1, Turn::Contributor, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [ILSE, MAREK]);
    world.under(policy("")).must(LENA, C::Accept {}).is(S::Accepted);
}

/// L1: two devices of one name, or of one class, would be one on the board.
#[test]
fn l1_names_and_classes_belong_to_one_device() {
    let class = |held: &str| Some(("BeamConditionCheck".to_owned(), held.to_owned()));
    let name = |held: &str| Some(held.to_owned());
    for (taken, said) in [
        (Taken { name: name("beamConditionCheck"), class: None }, "called beamConditionCheck: choose another name"),
        (Taken { name: name("beam_condition-check"), class: None }, "called beam_condition-check, which beamC"),
        (Taken { name: None, class: class("BeamConditionCheck") }, "brings BeamConditionCheck already: a class"),
        (Taken { name: None, class: class("BEAMCONDITIONCHECK") }, "brings BEAMCONDITIONCHECK already, which Beam"),
    ] {
        let mut world = device();
        world.taken = taken;
        let application = Box::new(world.application.clone());
        let gate = world.stopped_only_by(G::Form, Turn::Contributor, ILSE, C::Submit { application });
        assert!(gate.why.contains(said), "{}", gate.why);
    }
}

/// L1, A15: a class stands there once, and a folder is within the repository.
#[test]
fn l1_no_class_twice_and_no_folder_elsewhere() {
    let field = |change: &dyn Fn(&mut crate::domain::request::Request)| {
        let mut asked = request();
        change(&mut asked);
        asked.problems(&policy("")).into_iter().map(|p| p.field).collect::<Vec<_>>()
    };
    assert!(field(&|r| r.folder = "devices/beam..old/v1.2".to_owned()).is_empty());
    for folder in ["..", "../other", "devices/../../x", "a\\..\\b"] {
        assert_eq!(field(&|r| r.folder = folder.to_owned()), ["folder"], "{folder}");
    }
    assert_eq!(field(&|r| r.classes = ["A1", "B1", "A1"].map(str::to_owned).to_vec()), ["classes"]);
}

/// L1, A35: a request names so many classes, instruments and areas at most; more are not even compared with each other.
#[test]
fn l1_a35_a_request_names_so_many_things_at_most() {
    let many: Vec<String> = (0..=NAMES_MOST).map(|n| format!("Class{n}")).collect();
    let field = |change: &dyn Fn(&mut crate::domain::request::Request)| {
        let mut asked = request();
        change(&mut asked);
        asked.problems(&policy("")).into_iter().map(|p| p.field).collect::<Vec<_>>()
    };
    assert!(field(&|r| r.classes = many[1..].to_vec()).is_empty());
    assert_eq!(field(&|r| r.classes = many.clone()), ["classes"]);
    assert_eq!(field(&|r| r.instruments = vec!["SCS".to_owned(); NAMES_MOST + 1]), ["instruments"]);
    assert_eq!(field(&|r| r.areas = vec!["pulse-patterns".to_owned(); NAMES_MOST + 1]), ["areas"]);
    let mut world = device().requested();
    let mut request = world.device.request.clone();
    request.classes = many;
    let gate = world.stopped_by(G::Form, Turn::Contributor, ILSE, C::Amend { request: Box::new(request) });
    assert!(gate.why.contains("at most 100 classes"), "{}", gate.why);
}

/// L2: the level of support is one of three, and is listed on acceptance.
#[test]
fn l2_the_level_of_support_is_chosen() {
    let mut json = serde_json::to_value(request()).unwrap();
    json["level"] = "whatever".into();
    assert!(serde_json::from_value::<crate::domain::request::Request>(json.clone()).is_err());
    json.as_object_mut().unwrap().remove("level");
    assert!(serde_json::from_value::<crate::domain::request::Request>(json).is_err());
    let mut world = device().requested();
    let refusal = world.refused_as(Code::NotYours, ILSE, C::Accept {});
    let gate = refusal.gates.iter().find(|g| g.id == G::L2).unwrap();
    assert_eq!((gate.met, gate.why.as_str()), (true, "Recurrent review."));
}

/// L3: every contributor has accepted the rules of conduct, in the version in force.
#[test]
fn l3_the_rules_of_conduct_are_accepted_by_everybody() {
    let mut world = device().discussed();
    world.person(MAREK).conduct = None;
    let gate = world.stopped_only_by(G::L3, Turn::Contributor, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [MAREK]);
    world.person(MAREK).conduct = Some("1".into());
    world.under(policy("[conduct]\nversion = 2"));
    let gate = world.stopped_only_by(G::L3, Turn::Contributor, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [ILSE, MAREK]);
    world.person(ILSE).conduct = Some("2".into());
    world.person(MAREK).conduct = Some("2".into());
    world.must(LENA, C::Accept {});
}

/// L3: who joins later accepts them too, before there is access.
#[test]
fn l3_who_joins_later_accepts_them_before_access() {
    let mut world = device().reduced_support();
    world.person(NOOR).conduct = None;
    world.person(NOOR).trained = world.people.get(MAREK).unwrap().trained.clone();
    world.must(ILSE, C::AddContributor { person: NOOR });
    let refusal = world.refused_as(Code::Incomplete, LENA, C::GrantAccess { person: NOOR });
    assert!(refusal.sentence.contains("rules of conduct, version 1"), "{}", refusal.sentence);
    world.person(NOOR).conduct = Some("1".into());
    world.must(LENA, C::GrantAccess { person: NOOR });
}

/// L4: somebody can be called: a number, a deputy or a second contact, each confirmed by themselves, not too long ago.
#[test]
fn l4_contacts_have_a_number_and_confirm_themselves() {
    let mut world = device().discussed();
    world.person(ILSE).phone = None;
    world.stopped_only_by(G::L4, Turn::Contributor, LENA, C::Accept {});
    world.person(ILSE).phone = Some("+49 40 66969 1".into());

    world.must(ILSE, C::SetContacts { contacts: vec![contact(ILSE)] });
    let gate = world.stopped_only_by(G::L4, Turn::Contributor, LENA, C::Accept {});
    assert!(gate.why.contains("deputy"), "{}", gate.why);

    world.must(ILSE, C::SetContacts { contacts: vec![contact(ILSE), contact(MAREK)] });
    let gate = world.stopped_only_by(G::L4, Turn::Contributor, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [MAREK], "Ilse cannot confirm for Marek");
    world.must(MAREK, C::ConfirmContact {});
    world.clone().must(LENA, C::Accept {});

    world.days_pass(180);
    let gate = world.stopped_only_by(G::L4, Turn::Contributor, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [ILSE, MAREK]);
    world.must(ILSE, C::ConfirmContact {}).must(MAREK, C::ConfirmContact {}).must(LENA, C::Accept {});
}

/// L4, A29: a confirmation in the body of a request counts for nothing, and a changed entry is confirmed again.
#[test]
fn l4_nobody_confirms_for_another() {
    let mut world = device();
    let mut second = contact(MAREK);
    second.confirmed = Some(world.now);
    world.application.contacts.push(second.clone());
    world = world.requested();
    let confirmed = |w: &World| -> BTreeSet<_> {
        w.device.contacts.iter().filter(|c| c.confirmed.is_some()).map(|c| c.person).collect()
    };
    assert_eq!(confirmed(&world), [ILSE].into());
    world.must(MAREK, C::ConfirmContact {});
    let mut moved = contact(MAREK);
    moved.time_zone = "America/Chicago".into();
    let first = world.device.contacts[0].clone();
    world.must(ILSE, C::SetContacts { contacts: vec![first.clone(), second] });
    assert_eq!(confirmed(&world), [ILSE, MAREK].into(), "what stayed as it was stays confirmed");
    world.must(ILSE, C::SetContacts { contacts: vec![first, moved] });
    assert_eq!(confirmed(&world), [ILSE].into());
}

/// L4: a list that cannot be called by is not taken, on the way in as little as later.
#[test]
fn l4_a_list_that_cannot_be_called_is_not_taken() {
    let mut nowhere = contact(MAREK);
    nowhere.time_zone = "Mars/Olympus".into();
    let mut own_deputy = contact(MAREK);
    own_deputy.deputy = Some(MAREK);
    // Nobody answers there: an account that is closed, and a person whom nobody knows.
    let [mut closed, mut stranger] = [contact(MAREK), contact(MAREK)];
    closed.deputy = Some(STELLA);
    stranger.deputy = Some(PersonId(uuid::Uuid::from_u128(987_654)));
    let lists = [
        vec![contact(ILSE), contact(ILSE)],
        vec![nowhere],
        vec![own_deputy],
        vec![contact(STELLA)],
        vec![closed],
        vec![stranger],
    ];
    for contacts in lists {
        let mut world = device();
        world.person(STELLA).active = false;
        world.application.contacts = contacts.clone();
        let application = Box::new(world.application.clone());
        world.refused_as(Code::Incomplete, ILSE, C::Submit { application });
        let mut world = device().requested();
        world.person(STELLA).active = false;
        world.refused_as(Code::Incomplete, ILSE, C::SetContacts { contacts });
    }
    device().requested().refused_as(Code::Incomplete, ILSE, C::SetContacts { contacts: vec![] });
}

/// L5: a reservation holds the process until it is answered, and whoever raised it accepts the answer.
#[test]
fn l5_a_reservation_is_addressed_and_the_answer_accepted() {
    let mut world = device().discussed();
    world.must(KARL, C::RaiseReservation { text: "The broker is full.".into() });
    world.stopped_only_by(G::L5, Turn::Contributor, LENA, C::Accept {});
    world.refused_as(Code::Incomplete, KARL, C::AcceptReservation { reservation: 1 });
    world.must(LENA, C::AnswerReservation { reservation: 1, text: "It has a broker of its own.".into() });
    let gate = world.stopped_only_by(G::L5, Turn::Ctrl, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [KARL]);
    world.refused_as(Code::NotYours, LENA, C::AcceptReservation { reservation: 1 });
    world.refused_as(Code::NotYours, ILSE, C::AcceptReservation { reservation: 1 });
    let refusal = world.refused_as(Code::NotYours, RAVI, C::AcceptReservation { reservation: 1 });
    assert!(refusal.sentence.starts_with("Karl raised it"), "{}", refusal.sentence);
    world.must(KARL, C::AcceptReservation { reservation: 1 }).must(LENA, C::Accept {});
}

/// L5: another member of CTRL accepts the answer while whoever raised it is away, of CTRL no longer, or gone; and nobody
/// their own answer.
#[test]
fn l5_another_member_accepts_for_whoever_is_away() {
    let mut world = device().discussed();
    world.must(KARL, C::RaiseReservation { text: "The broker is full.".into() });
    world.must(LENA, C::AnswerReservation { reservation: 1, text: "It has a broker of its own.".into() });
    let today = world.now.date_naive();
    let days = move |from, until| Absence {
        from: today + chrono::Duration::days(from),
        until: today + chrono::Duration::days(until),
        note: String::new(),
    };
    type Leaves = Box<dyn Fn(&mut Person)>;
    let outs: [Leaves; 3] = [
        Box::new(move |p: &mut Person| p.absences = vec![days(-1, 3)]),
        Box::new(|p: &mut Person| _ = p.roles.remove(&Role::Ctrl)),
        Box::new(|p: &mut Person| p.active = false),
    ];
    for out in outs {
        let mut world = world.clone();
        out(world.person(KARL));
        let gate = world.stopped_only_by(G::L5, Turn::Ctrl, LENA, C::Accept {});
        assert!(gate.waits_for == [LENA] && gate.why.contains("another member of CTRL"), "{gate:?}");
        world.refused_as(Code::NotYours, LENA, C::AcceptReservation { reservation: 1 });
        world.must(RAVI, C::AcceptReservation { reservation: 1 }).must(LENA, C::Accept {});
    }
    // Whoever is away later, or was, is there.
    for (from, until) in [(1, 3), (-3, -1)] {
        let mut world = world.clone();
        world.person(KARL).absences = vec![days(from, until)];
        world.refused_as(Code::NotYours, RAVI, C::AcceptReservation { reservation: 1 });
    }
}

/// L5: one that is raised after acceptance holds the transfer.
#[test]
fn l5_a_late_reservation_holds_the_transfer() {
    let mut world = device().operated();
    world.must(KARL, C::RaiseReservation { text: "It slows the others down.".into() });
    world.stopped_only_by(G::B3, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.must(ILSE, C::AnswerReservation { reservation: 1, text: "It is throttled.".into() });
    world.must(KARL, C::AcceptReservation { reservation: 1 }).must(ILSE, C::RequestTransfer {});
}

/// L6: a CTRL contact takes it and signs off every point; what is amended or raised is signed off again.
#[test]
fn l6_every_point_is_signed_off_by_the_ctrl_contact() {
    let mut world = device().requested();
    world.refused_as(Code::NotYours, LENA, C::SignOffPoint { point: 1 });
    let refusal = world.refused_as(Code::NotYours, LENA, C::Accept {});
    assert!(refusal.gates.iter().any(|g| g.id == G::L6 && !g.met && g.turn == Turn::Ctrl));
    world.must(LENA, C::TakeRequest {});
    world.stopped_only_by(G::L6, Turn::Ctrl, LENA, C::Accept {});
    world.signs_off_points();
    world.must(KARL, C::Invite { person: INES });
    world.must(INES, C::RaisePoint { text: "Which axis is up?".into() });
    world.stopped_only_by(G::L6, Turn::Ctrl, LENA, C::Accept {});
    world.must(ILSE, C::AnswerPoint { point: 6, text: "The second.".into() }).signs_off_points();
    amends(&mut world, |r| r.hardware = "A camera.".into());
    world.stopped_only_by(G::L6, Turn::Ctrl, LENA, C::Accept {});
    world.signs_off_points().must(LENA, C::Accept {});
}

/// L6: a request is in somebody's hands only by their own word or another member's of CTRL.
#[test]
fn l6_the_ctrl_contact_is_of_ctrl() {
    let mut world = device().requested();
    for person in [NOOR, ILSE, OTTO] {
        world.refused_as(Code::Incomplete, KARL, C::AssignContact { person });
        world.refused_as(Code::NotYours, person, C::TakeRequest {});
    }
    world.must(KARL, C::AssignContact { person: LENA });
    assert_eq!(world.device.ctrl_contact, Some(LENA));
}

/// L7: a critical area is signed off by an expert of that very area, who has no part in the device.
#[test]
fn l7_experts_of_the_area_sign_off() {
    let mut world = device().touching("pulse-patterns").requested();
    world.must(LENA, C::TakeRequest {});
    for point in 1..=5 {
        world.must(LENA, C::SignOffPoint { point });
    }
    let gate = world.stopped_only_by(G::L7, Turn::Ctrl, LENA, C::Accept {});
    assert_eq!(gate.waits_for, [SOFIA]);
    let signs = || C::SignOffArea { area: "pulse-patterns".into(), text: "Read only.".into() };
    world.person(NOOR).roles.insert(Role::Expert("high-data-rate".into()));
    world.refused_as(Code::NotYours, NOOR, signs());
    world.refused_as(Code::NoSuchThing, SOFIA, C::SignOffArea { area: "high-data-rate".into(), text: reason() });
    world.must(SOFIA, signs());
    world.clone().must(LENA, C::Accept {});
    // Her word counts no longer once she is no expert, or contributes herself.
    let mut demoted = world.clone();
    demoted.person(SOFIA).roles.clear();
    demoted.stopped_only_by(G::L7, Turn::Ctrl, LENA, C::Accept {});
    world.must(ILSE, C::AddContributor { person: SOFIA });
    world.stopped_only_by(G::L7, Turn::Ctrl, LENA, C::Accept {});
}

/// L7: what an expert signed is what is built: an amended request is signed again, be it after acceptance.
#[test]
fn l7_an_amended_request_is_signed_again() {
    let mut world = device().touching("pulse-patterns").discussed();
    amends(&mut world, |r| r.failures = "It can stop the beam.".into());
    for point in 1..=5 {
        world.must(LENA, C::SignOffPoint { point });
    }
    world.stopped_only_by(G::L7, Turn::Ctrl, LENA, C::Accept {});

    let mut world = device().operated();
    amends(&mut world, |r| r.areas = vec!["pulse-patterns".into()]);
    world.stopped_only_by(G::B3, Turn::Ctrl, ILSE, C::RequestTransfer {});
    for point in 1..=5 {
        world.must(LENA, C::SignOffPoint { point });
    }
    let gate = world.stopped_only_by(G::B3, Turn::Ctrl, ILSE, C::RequestTransfer {});
    assert_eq!(gate.waits_for, [SOFIA]);
    world.signs_off_points().must(ILSE, C::RequestTransfer {});
}

/// L7: nobody drops a critical area on the quiet to get by with one approval.
#[test]
fn l7_a_dropped_area_is_clarified_before_the_transfer() {
    let mut world = device().touching("pulse-patterns").operated();
    amends(&mut world, |r| r.areas.clear());
    world.stopped_only_by(G::B3, Turn::Ctrl, ILSE, C::RequestTransfer {});
}
