//! H1 to H7: host, access and training stand before development starts, and help is on record while it lasts.

use super::given::*;
use crate::domain::{
    cycle::HelpKind,
    lifecycle::{Command as C, GateId as G, StateName as S, Turn},
    refusal::Code,
    support::Support,
};
use strum::IntoEnumIterator;

fn assigns(server: &str) -> C {
    C::AssignServer { server: server.into() }
}

/// H1: a development server is assigned by the CTRL contact: one on record, of that class, of the pool where there is one.
#[test]
fn h1_a_development_server_is_assigned() {
    let mut world = device().prepared();
    world.must(LENA, C::Remove { server: REDUCED.into() });
    let refusal = world.refused_as(Code::GatesOpen, LENA, C::StartDevelopment {});
    let open: Vec<G> = refusal.gates.iter().filter(|g| !g.met).map(|g| g.id).collect();
    assert_eq!(open, [G::H1, G::H2], "without a server there is no name either");
    world.stopped_only_by(G::H1, Turn::Ctrl, LENA, assigns("cppServer/contrib_unknown_01"));
    world.stopped_by(G::H1, Turn::Ctrl, LENA, assigns(FULL));
    world.refused_as(Code::NotYours, ILSE, assigns(REDUCED));
    world.refused_as(Code::NotYours, KARL, assigns(REDUCED));
    world.under(policy(&format!("[servers]\npool = [\"{REDUCED_TOO}\"]")));
    world.stopped_only_by(G::H1, Turn::Ctrl, LENA, assigns(REDUCED));
    world.must(LENA, assigns(REDUCED_TOO)).must(LENA, C::StartDevelopment {}).is(S::ReducedSupport);
}

/// H1: contributors develop where they were assigned, and do not assign themselves by deploying.
#[test]
fn h1_nobody_assigns_a_server_by_deploying() {
    let mut world = device().reduced_support();
    world.stopped_only_by(G::G1, Turn::Ctrl, ILSE, World::hot_deploy(REDUCED_TOO));
    world.must(LENA, assigns(REDUCED_TOO));
    world.reads_tag("1.4.2", 1).must(ILSE, C::VerifyTag { tag: tag("1.4.2") });
    world.must(ILSE, World::deploy(REDUCED_TOO, "1.4.2"));
}

/// H2, A23: the name shows the reduced support; the record alone is not enough, nor is a name that looks like it.
#[test]
fn h2_the_servers_name_shows_it() {
    let mut world = device().accepted();
    world.stopped_only_by(G::H2, Turn::Ctrl, LENA, assigns("cppServer/scs_03"));
    let of = world.servers[&REDUCED.into()].clone();
    for name in ["cppServer/c0ntrib_01", "cppServer/Contrib_01", "cppServer/\u{441}ontrib_01"] {
        world.servers.insert(name.into(), crate::domain::server::Server { name: name.into(), ..of.clone() });
        world.stopped_only_by(G::H2, Turn::Ctrl, LENA, assigns(name));
    }
    world.must(LENA, assigns(REDUCED));
    let mut world = device().prepared();
    world.under(policy("[servers]\nreduced_name_rule = '(^|/)dev_'"));
    world.stopped_only_by(G::H2, Turn::Ctrl, LENA, C::StartDevelopment {});
}

/// H3: a contributor committed to mandatory updates, and Custody reached the repository, now or at its last reading.
#[test]
fn h3_updates_are_committed_to_and_the_code_is_reached() {
    let mut world = device().prepared();
    world.device.cycle.setup.committed = None;
    world.stopped_only_by(G::H3, Turn::Contributor, LENA, C::StartDevelopment {});
    world.refused_as(Code::NotYours, LENA, C::CommitToUpdates {});
    world.readings.reach = Some(Err("the host does not answer".into()));
    world.must(MAREK, C::CommitToUpdates {});
    let gate = world.stopped_only_by(G::H3, Turn::Contributor, LENA, C::StartDevelopment {});
    assert!(gate.why.contains("the host does not answer"), "{}", gate.why);
    world.readings.reach = None;
    world.stopped_only_by(G::H3, Turn::Contributor, LENA, C::StartDevelopment {});
    world.readings.reach = Some(Ok(commit(1)));
    world.must(NOOR, C::CheckRepository {});
    world.readings.reach = None;
    world.must(LENA, C::StartDevelopment {});
}

/// H3: what was reached at another address says nothing about this one.
#[test]
fn h3_another_address_is_reached_again() {
    let mut world = device().prepared();
    world.readings.reach = None;
    let mut request = world.device.request.clone();
    request.repository = "https://git.example.org/scs/other.git".into();
    world.must(ILSE, C::Amend { request: Box::new(request) });
    world.stopped_only_by(G::H3, Turn::Machine, LENA, C::StartDevelopment {});
}

/// H4: access is recorded per person, for contributors alone, granted and revoked.
#[test]
fn h4_access_is_recorded_for_each_person() {
    let mut world = device().prepared();
    world.must(KARL, C::RevokeAccess { person: ILSE });
    let refusal = world.refused_as(Code::GatesOpen, LENA, C::StartDevelopment {});
    let open: Vec<G> = refusal.gates.iter().filter(|g| !g.met).map(|g| g.id).collect();
    assert_eq!(open, [G::H4, G::H6], "without access nobody is to be trained");
    world.refused_as(Code::Incomplete, LENA, C::GrantAccess { person: NOOR });
    world.refused_as(Code::NotYours, ILSE, C::GrantAccess { person: ILSE });
    world.must(LENA, C::GrantAccess { person: ILSE });
    world.refused_as(Code::AlreadyDone, LENA, C::GrantAccess { person: ILSE });
    let access = &world.device.cycle.setup.access;
    assert_eq!((access.len(), access[0].revoked.map(|m| m.by), access[1].revoked), (2, Some(KARL), None));
    world.must(LENA, C::StartDevelopment {});
}

/// H4: who leaves the contributors has no access any more.
#[test]
fn h4_who_leaves_loses_access() {
    let mut world = device().reduced_support();
    world.must(LENA, C::GrantAccess { person: MAREK }).must(ILSE, C::RemoveContributor { person: MAREK });
    assert_eq!(world.device.cycle.setup.has_access().collect::<Vec<_>>(), [ILSE]);
}

/// H5: it is said whether the framework is modified; where it is, nothing there is supported.
#[test]
fn h5_a_modified_framework_has_no_support() {
    let mut world = device().prepared();
    world.device.cycle.setup.framework_modified = None;
    world.stopped_only_by(G::H5, Turn::Ctrl, LENA, C::StartDevelopment {});
    world.must(LENA, C::DeclareFramework { modified: true }).must(LENA, C::StartDevelopment {});
    let status = |w: &World| crate::domain::support::of_device(&w.device, &w.seen).unwrap().support;
    assert_eq!(status(&world), Support::NotSupported);
    world.must(LENA, C::DeclareFramework { modified: false });
    assert_eq!(status(&world), Support::ReducedSupport);
}

/// H6: who has access is trained in every topic, by record, and a training expires.
#[test]
fn h6_contributors_with_access_are_trained() {
    let mut world = device().prepared();
    let trained = std::mem::take(&mut world.person(ILSE).trained);
    world.stopped_only_by(G::H6, Turn::Ctrl, LENA, C::StartDevelopment {});
    let one = World::training().into_iter().take(1).collect();
    world.must(LENA, C::RecordTraining { person: ILSE, topics: one });
    let gate = world.stopped_only_by(G::H6, Turn::Ctrl, LENA, C::StartDevelopment {});
    assert!(gate.why.contains("Ilse lacks"), "{}", gate.why);
    let unknown = ["origami".to_owned()].into();
    world.refused_as(Code::NoSuchThing, LENA, C::RecordTraining { person: ILSE, topics: unknown });
    world.person(ILSE).trained = trained;
    world.clone().must(LENA, C::StartDevelopment {});
    world.days_pass(731);
    world.stopped_by(G::H6, Turn::Ctrl, LENA, C::StartDevelopment {});
}

/// H6: a training counts over all devices, and who joins later has it before access.
#[test]
fn h6_who_joins_later_is_trained_before_access() {
    let mut world = device().reduced_support();
    world.must(LENA, C::GrantAccess { person: MAREK });
    world.must(ILSE, C::AddContributor { person: NOOR });
    let refusal = world.refused_as(Code::Incomplete, LENA, C::GrantAccess { person: NOOR });
    assert!(refusal.sentence.starts_with("Noor lacks "), "{}", refusal.sentence);
    world.must(LENA, C::RecordTraining { person: NOOR, topics: World::training() });
    world.must(LENA, C::GrantAccess { person: NOOR });
}

/// H7: contributors ask for help, CTRL schedules and records it, and each entry stays.
#[test]
fn h7_help_is_asked_for_scheduled_and_given() {
    let mut world = device().reduced_support();
    let ask = || C::AskHelp { kind: HelpKind::PairSession, text: "The state machine.".into() };
    world.refused_as(Code::NotYours, LENA, ask());
    world.must(ILSE, ask());
    world.refused_as(Code::NotYours, ILSE, C::ScheduleHelp { entry: 1, on: day("2026-03-10") });
    world.refused_as(Code::Incomplete, KARL, C::ScheduleHelp { entry: 1, on: day("2026-03-01") });
    world.refused_as(Code::NoSuchThing, KARL, C::ScheduleHelp { entry: 2, on: day("2026-03-10") });
    world.must(KARL, C::ScheduleHelp { entry: 1, on: day("2026-03-10") });
    let log = |entry| C::LogHelp { entry, kind: HelpKind::Advice, text: "Split it in two.".into() };
    world.must(KARL, log(Some(1))).must(LENA, log(None));
    world.refused_as(Code::AlreadyDone, KARL, log(Some(1)));
    let help = &world.device.cycle.help;
    assert_eq!((help.len(), help[0].kind, help[1].kind), (2, HelpKind::PairSession, HelpKind::Advice));
    assert_eq!(help[0].given.as_ref().map(|r| r.mark.by), Some(KARL));
}

/// H7: nowhere in development is support promised.
#[test]
fn h7_no_wording_promises_support() {
    let world = device().reduced_support();
    let status = crate::domain::support::of_device(&world.device, &world.seen).unwrap().why;
    let kinds = HelpKind::iter().map(|k| k.words().to_owned());
    for words in kinds.chain([status]) {
        let lower = words.to_lowercase();
        assert!(!["guarante", "promise", "full support", "will be"].iter().any(|p| lower.contains(p)), "{words}");
    }
}
