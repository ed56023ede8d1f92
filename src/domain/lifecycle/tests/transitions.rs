//! The lifecycle's table, written down a second time by hand.

use crate::domain::lifecycle::{
    CommandKind as C, GateId, RULES, Rule, StateName as S, Who,
    table::{Leads, next_step, rule},
};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

/// Command; from; to (`~` for an overlay); who; gates.
const TRANSITIONS: &str = "
submit                | draft                                                      | requested       | anybody signed in                              | Form
accept                | requested                                                  | accepted        | the CTRL contact                               | L1 L2 L3 L4 L5 L6 L7
decline               | requested                                                  | declined        | CTRL                                           | Reason
withdraw              | requested accepted reduced_support                         | withdrawn       | a contributor                                  | Reason NothingRuns
start_development     | accepted                                                   | reduced_support | the CTRL contact                               | H1 H2 H3 H4 H5 H6
request_transfer      | reduced_support                                            | under_review    | a contributor                                  | T1 B3
take_over             | reduced_support                                            | under_review    | CTRL                                           | N3 N4
return_to_development | under_review                                               | reduced_support | a contributor, CTRL                            | Reason
take_ownership        | under_review                                               | ctrl_owned      | a CTRL reviewer                                | T2 T3 T4 T5 T6 T7 T8 T9
hand_back             | ctrl_owned                                                 | reduced_support | a contributor, CTRL                            | B1 B2 B3 B4
retire                | requested accepted reduced_support under_review ctrl_owned | retired         | CTRL                                           | Reason NothingRuns
shut_down             | requested accepted reduced_support under_review ctrl_owned | ~               | CTRL                                           | N5
restart               | requested accepted reduced_support under_review ctrl_owned | ~               | the person named for the restart, CTRL         | N6
";

fn in_words(rule: &Rule) -> [String; 5] {
    let join = |all: Vec<String>, by: &str| all.join(by);
    [
        rule.command.to_string(),
        join(rule.from.iter().map(S::to_string).collect(), " "),
        match rule.leads {
            Leads::To(state) => state.to_string(),
            Leads::Overlay => "~".to_owned(),
            Leads::Nowhere => "nowhere".to_owned(),
        },
        join(rule.who.iter().map(|w| w.words().to_owned()).collect(), ", "),
        join(rule.gates.iter().map(GateId::to_string).collect(), " "),
    ]
}

/// A8: every transition of the process is there with its from, to, who and gates, and there is no other.
#[test]
fn the_transitions_are_those_of_the_process() {
    let written: Vec<[String; 5]> = TRANSITIONS
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let cells: Vec<String> = line.split('|').map(|c| c.trim().to_owned()).collect();
            cells.try_into().unwrap()
        })
        .collect();
    let are: Vec<[String; 5]> = RULES.iter().filter(|r| r.is_transition()).map(in_words).collect();
    assert_eq!(written, are);
}

/// A8: every command has exactly one row, and every row says who and where.
#[test]
fn every_command_has_one_row() {
    for command in C::iter() {
        let rows: Vec<&Rule> = RULES.iter().filter(|r| r.command == command).collect();
        let [row] = rows.as_slice() else { panic!("{command} has {} rows", rows.len()) };
        assert!(!row.who.is_empty() && !row.from.is_empty(), "{command}");
        let distinct = |n: usize, all: usize| assert_eq!(n, all, "{command} names something twice");
        distinct(row.from.iter().collect::<BTreeSet<_>>().len(), row.from.len());
        distinct(row.who.iter().collect::<BTreeSet<_>>().len(), row.who.len());
        distinct(row.gates.iter().collect::<BTreeSet<_>>().len(), row.gates.len());
        assert_eq!(rule(command).command, command);
    }
    assert_eq!(RULES.len(), C::iter().count());
}

/// No row leads out of an end, and every other state has a way on.
#[test]
fn ends_are_final() {
    for state in S::iter() {
        let ways = RULES.iter().filter(|r| r.from.contains(&state)).count();
        assert_eq!(ways == 0, state.is_end(), "{state}");
    }
}

/// The next step of a state is a transition out of it, and the ends have none.
#[test]
fn the_next_step_leads_on() {
    for state in S::iter() {
        match next_step(state) {
            Some(step) => {
                assert!(rule(step).from.contains(&state), "{state}");
                assert!(matches!(rule(step).leads, Leads::To(to) if to != state), "{state}");
            }
            None => assert!(state.is_end() || state == S::CtrlOwned, "{state}"),
        }
    }
}

/// Every gate is asked for by some row, or its title promises what nobody checks; every "who" is in use too.
#[test]
fn nothing_is_left_over() {
    let gates = RULES.iter().flat_map(|r| r.gates).copied();
    let gates: BTreeSet<GateId> = gates.chain(crate::domain::rollout::START_GATES).collect();
    assert_eq!(GateId::iter().collect::<BTreeSet<_>>(), gates);
    let who: BTreeSet<Who> = RULES.iter().flat_map(|r| r.who).copied().collect();
    assert_eq!(Who::iter().collect::<BTreeSet<_>>(), who);
    let titles: BTreeSet<&str> = GateId::iter().map(GateId::title).collect();
    assert_eq!(titles.len(), GateId::iter().count());
}
