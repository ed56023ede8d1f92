//! Who may do what in which state, written down a second time by hand.

use super::{given::*, samples::sample};
use crate::domain::{
    cycle::{Mark, Remark},
    device::ShutDown,
    lifecycle::{Actor, CommandKind, StateName, decide},
    refusal::Code,
};
use std::{collections::BTreeMap, str::FromStr};
use strum::IntoEnumIterator;

/// D draft, Q requested, A accepted, R reduced support, U under review, T under review after a take-over by CTRL,
/// C owned by CTRL. At an end nobody may do anything, so no letter stands for it.
const TABLE: &str = "
                       contributor ctrl   contact reviewer expert invited responsible support user   custody
submit                 D           D      D       D        D      D       D           D       D      -
accept                 -           -      Q       -        -      -       -           -       -      -
decline                -           Q      Q       Q        -      -       -           -       -      -
withdraw               QAR         -      -       -        -      -       -           -       -      -
start_development      -           -      A       -        -      -       -           -       -      -
request_transfer       R           -      -       -        -      -       -           -       -      -
take_over              -           R      R       R        -      -       -           -       -      -
return_to_development  UT          UT     UT      UT       -      -       -           -       -      -
take_ownership         -           -      -       UT       -      -       -           -       -      -
hand_back              C           C      C       C        -      -       -           -       -      -
retire                 -           QARUTC QARUTC  QARUTC   -      -       -           -       -      -
shut_down              -           QARUTC QARUTC  QARUTC   -      -       -           -       -      -
restart                -           QARUTC QARUTC  QARUTC   -      -       QARUTC      -       -      -

amend                  QAR         -      -       -        -      -       -           -       -      -
take_request           -           QARUTC QARUTC  QARUTC   -      -       -           -       -      -
assign_contact         -           QARUTC QARUTC  QARUTC   -      -       -           -       -      -
invite                 -           QAR    QAR     QAR      -      -       -           -       -      -
raise_point            QAR         QAR    QAR     QAR      QAR    QAR     -           -       -      -
answer_point           QAR         QAR    QAR     QAR      QAR    QAR     -           -       -      -
sign_off_point         -           -      QAR     -        -      -       -           -       -      -
raise_reservation      -           QAR    QAR     QAR      -      -       -           -       -      -
answer_reservation     QAR         QAR    QAR     QAR      -      -       -           -       -      -
accept_reservation     -           QAR    QAR     QAR      -      -       -           -       -      -
sign_off_area          -           -      -       -        QAR    -       -           -       -      -

assign_server          -           -      AR      -        -      -       -           -       -      -
commit_to_updates      AR          -      -       -        -      -       -           -       -      -
grant_access           -           -      AR      -        -      -       -           -       -      -
revoke_access          -           ARUTC  ARUTC   ARUTC    -      -       -           -       -      -
declare_framework      -           -      AR      -        -      -       -           -       -      -
record_training        -           -      ARUTC   -        -      -       -           -       -      -

ask_help               ARUTC       -      -       -        -      -       -           -       -      -
schedule_help          -           ARUTC  ARUTC   ARUTC    -      -       -           -       -      -
log_help               -           ARUTC  ARUTC   ARUTC    -      -       -           -       -      -
state_operated         RUT         -      -       -        -      -       -           -       -      -
countersign            -           RUT    RUT     RUT      RUT    RUT     RUT         RUT     RUT    -

record_overview        -           UT     UT      UT       -      -       -           -       -      -
propose_timeline       UT          UT     UT      UT       -      -       -           -       -      -
agree_timeline         UT          UT     UT      UT       -      -       -           -       -      -
reach_milestone        UT          UT     UT      UT       -      -       -           -       -      -
propose_commit         UT          UT     UT      UT       -      -       -           -       -      -
give_evidence          UT          UT     UT      UT       -      -       -           -       -      -
raise_finding          -           -      -       UT       -      -       -           -       -      -
answer_finding         UT          T      T       T        -      -       -           -       -      -
accept_finding         -           -      -       UT       -      -       -           -       -      -
send_back_finding      -           -      -       UT       -      -       -           -       -      -
join_review            UT          -      -       -        -      -       -           -       -      -
approve                -           -      -       UT       -      -       -           -       -      -
withdraw_approval      -           -      -       UT       -      -       -           -       -      -
report_task            UT          -      -       -        -      -       -           -       -      -

verify_tag             RUTC        RUTC   RUTC    RUTC     -      -       -           -       -      RUTC
check_tag              QARUTC      QARUTC QARUTC  QARUTC   QARUTC QARUTC  QARUTC      QARUTC  QARUTC QARUTC
check_repository       QARUTC      QARUTC QARUTC  QARUTC   QARUTC QARUTC  QARUTC      QARUTC  QARUTC QARUTC
deploy                 RUTC        RUTC   RUTC    RUTC     -      -       -           -       -      -
redeem_permit          RUTC        RUTC   RUTC    RUTC     -      -       -           -       -      -
give_back              -           -      -       -        -      -       -           -       -      QARUTC
ask_override           -           C      C       C        -      -       -           -       -      -
approve_override       -           C      C       C        -      -       -           -       -      -
end_override           -           QARUTC QARUTC  QARUTC   -      -       -           -       -      QARUTC

move_on_by_itself      -           RUTC   RUTC    RUTC     -      -       -           -       -      -
stop_moving_on         -           QARUTC QARUTC  QARUTC   -      -       -           -       -      -
hold_moving_on         -           RUTC   RUTC    RUTC     -      -       -           -       -      -
lift_hold              -           RUTC   RUTC    RUTC     -      -       -           -       -      -
move_on                -           RUTC   RUTC    RUTC     -      -       -           -       -      -
stay_in_development    -           -      -       -        -      -       -           -       -      QARUTC
build_against          ARUTC       ARUTC  ARUTC   ARUTC    -      -       -           -       -      -
forget_framework       ARUTC       ARUTC  ARUTC   ARUTC    -      -       -           -       -      -
read_framework         RUTC        RUTC   RUTC    RUTC     -      -       -           -       -      RUTC
note_update            -           -      -       -        -      -       -           -       -      RUTC
remove                 ARUTC       ARUTC  ARUTC   ARUTC    -      -       -           -       -      -

extend_loan            -           R      R       R        -      -       -           -       -      -
answer_done            C           C      C       C        C      C       C           C       C      -

set_contacts           QARUTC      QARUTC QARUTC  QARUTC   -      -       -           -       -      -
confirm_contact        QARUTC      -      -       -        -      -       -           QARUTC  -      -
set_operator_rules     QARUTC      QARUTC QARUTC  QARUTC   -      -       -           -       -      -
set_dependencies       RUTC        RUTC   RUTC    RUTC     -      -       -           -       -      -
add_contributor        QARUT       -      QARUT   -        -      -       -           -       -      -
remove_contributor     QARUTC      -      QARUTC  -        -      -       -           -       -      -
offer_adoption         -           RUT    RUT     RUT      RUT    RUT     RUT         RUT     RUT    -
accept_adoption        -           RUT    RUT     RUT      -      -       -           -       -      -
";

fn columns() -> [Actor; 10] {
    let person = Actor::Person;
    [
        person(ILSE),
        person(KARL),
        person(LENA),
        person(RAVI),
        person(SOFIA),
        person(INES),
        person(ROSA),
        person(STELLA),
        person(NOOR),
        Actor::Custody,
    ]
}

/// A device in every state, each with somebody invited, somebody responsible for a restart, and a support contact.
fn worlds() -> Vec<(char, World)> {
    let mut worlds = vec![
        ('D', device()),
        ('Q', device().discussed()),
        ('A', device().accepted()),
        ('R', device().reduced_support()),
        ('U', device().under_review()),
        ('T', device().taken_over()),
        ('C', device().ctrl_owned()),
        ('-', device().declined()),
        ('-', device().withdrawn()),
        ('-', device().retired()),
    ];
    for (letter, world) in worlds.iter_mut().filter(|(letter, _)| *letter != 'D') {
        let mark = Mark { by: LENA, at: world.now };
        world.device.ctrl_contact = Some(LENA);
        world.device.cycle.discussion.invited.insert(INES);
        world.device.contacts.push(contact(STELLA));
        if *letter != '-' {
            world.device.shut_down = Some(ShutDown {
                reason: Remark { mark, text: reason() },
                affected: reason(),
                responsible: ROSA,
                conditions: reason(),
            });
        }
    }
    worlds
}

/// Command → the letters of each column.
fn table() -> BTreeMap<CommandKind, Vec<&'static str>> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(' '));
    rows.map(|row| {
        let mut cells = row.split_whitespace();
        let kind = CommandKind::from_str(cells.next().unwrap()).unwrap();
        (kind, cells.collect())
    })
    .collect()
}

/// A8, E1, and the column "who" of the lifecycle's table: state × command × role is allowed or refused as written.
#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let (table, worlds) = (table(), worlds());
    let states: Vec<StateName> = worlds.iter().map(|(_, w)| w.device.state.name()).collect();
    assert!(StateName::iter().all(|s| states.contains(&s)), "a state is missing");
    let mut wrong = Vec::new();
    for kind in CommandKind::iter() {
        let cells = table.get(&kind).unwrap_or_else(|| panic!("{kind} has no row"));
        assert_eq!(cells.len(), columns().len(), "{kind}");
        for (letter, world) in &worlds {
            for (actor, cell) in columns().into_iter().zip(cells) {
                let (written, is) = (cell.contains(*letter) && *letter != '-', world.may(actor, kind));
                if written != is {
                    wrong.push(format!("{kind} by {actor:?} in {letter}: written {written}, is {is}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(table.len(), CommandKind::iter().count());
}

/// A8, A9: what the table refuses, a decision refuses for who or for the state, and for nothing else.
#[test]
fn decisions_follow_the_table() {
    for (letter, world) in worlds() {
        for kind in CommandKind::iter() {
            for actor in columns() {
                let who_or_state = matches!(
                    decide(&world.device, &sample(kind), &world.facts(actor)),
                    Err(r) if matches!(r.code, Code::NotYours | Code::SelfApproval | Code::WrongState) && !special(r.sentence.as_str())
                );
                assert_eq!(who_or_state, !world.may(actor, kind), "{kind} by {actor:?} in {letter}");
            }
        }
    }
}

/// Refusals about one's part in this very thing, where the role alone would do.
fn special(sentence: &str) -> bool {
    [
        "Your side proposed it",
        "CTRL removes it there",
        "This is for a named expert",
        "CTRL says what it is built against",
    ]
    .iter()
    .any(|s| sentence.contains(s))
}

/// Roles that carry no right over devices: the shift and the administrators are users like any other (A9).
#[test]
fn the_shift_and_administrators_are_users() {
    for (letter, world) in worlds() {
        for kind in CommandKind::iter() {
            for role in [OTTO, ADMIN] {
                let (is, user) = (world.may(Actor::Person(role), kind), world.may(Actor::Person(NOOR), kind));
                assert_eq!(is, user, "{kind} in {letter}");
            }
        }
    }
}

/// A31, A6: a closed account may do nothing, whatever it was.
#[test]
fn a_closed_account_may_do_nothing() {
    for (letter, mut world) in worlds() {
        for actor in columns() {
            let Some(id) = actor.person() else { continue };
            world.person(id).active = false;
            assert!(CommandKind::iter().all(|kind| !world.may(actor, kind)), "{id} in {letter}");
            world.person(id).active = true;
        }
    }
}

/// A1: a member of CTRL who contributes is a contributor, and none of CTRL, for this device.
#[test]
fn a_contributor_of_ctrl_has_the_rights_of_a_contributor_only() {
    for (letter, mut world) in worlds().into_iter().filter(|(letter, _)| *letter != 'D') {
        world.device.contributors.insert(RAVI);
        for kind in CommandKind::iter().filter(|k| *k != CommandKind::ConfirmContact) {
            let (is, contributor) = (world.may(Actor::Person(RAVI), kind), world.may(Actor::Person(ILSE), kind));
            assert_eq!(is, contributor, "{kind} in {letter}");
        }
    }
}
