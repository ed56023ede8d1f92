//! The forms against what they are to send.

use super::{commands::command, questions::Question, typed::Typed};
use crate::{
    domain::{
        lifecycle::{Command, CommandKind},
        review::Ground,
        tag::TagRule,
    },
    web::parts::Field,
};
use strum::IntoEnumIterator;

fn typed(pairs: &[(&str, &str)]) -> Typed {
    Typed(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

fn read(act: CommandKind, pairs: &[(&str, &str)]) -> Result<Command, Vec<String>> {
    let now = chrono::DateTime::UNIX_EPOCH;
    command(act, &typed(pairs), &[], &TagRule::default(), now).map_err(|all| all.into_iter().map(|p| p.field).collect())
}

/// A29: a field that the form does not have is refused, and so is a second answer where there is one.
#[test]
fn strangers_are_refused() {
    let questions = [
        Question::new(Field::area("reason", "Why"), ""),
        Question::new(Field::checks("topics", "In what?", Vec::new()), ""),
    ];
    let stranger = |pairs: &[(&str, &str)]| typed(pairs).stranger(&questions);
    assert_eq!(stranger(&[("reason", "x"), ("topics", "a"), ("topics", "b"), ("revision", "3"), ("key", "k")]), None);
    assert!(stranger(&[("reason", "x"), ("state", "ctrl_owned")]).unwrap().contains("state"));
    assert!(stranger(&[("reason", "x"), ("reason", "y")]).unwrap().contains("twice"));
    assert!(stranger(&[("revision", "1"), ("revision", "2")]).is_some());
}

/// Everything that is missing is told at once, by the fields' own names.
#[test]
fn all_problems_at_once() {
    assert_eq!(
        read(CommandKind::ShutDown, &[("conditions", "10 Hz")]).unwrap_err(),
        ["reason", "affected", "responsible"]
    );
    assert_eq!(
        read(CommandKind::StateOperated, &[("from", "2026-02-30"), ("to", "3.4.")]).unwrap_err(),
        ["from", "to", "instrument", "text"]
    );
    assert_eq!(read(CommandKind::DeclareFramework, &[("modified", "true")]).unwrap_err(), ["modified"]);
}

/// N3 needs an instrument and a task, N4 neither.
#[test]
fn the_ground_of_a_take_over() {
    let orphaned = read(CommandKind::TakeOver, &[("ground", "orphaned"), ("reason", "gone"), ("instrument", "")]);
    assert_eq!(orphaned, Ok(Command::TakeOver { ground: Ground::Orphaned {}, reason: "gone".into() }));
    let needed = read(CommandKind::TakeOver, &[("ground", "needed_elsewhere"), ("reason", "run 24")]);
    assert_eq!(needed.unwrap_err(), ["instrument", "task"]);
}

/// Rows that are left blank do not count; half-filled ones are told.
#[test]
fn milestones_come_in_rows() {
    let rows = [
        ("name_1", "Tests pass"),
        ("due_1", "2026-12-01"),
        ("name_2", ""),
        ("due_2", ""),
        ("name_3", "Docs"),
        ("due_3", "2026-12-09"),
    ];
    let Ok(Command::ProposeTimeline { milestones }) = read(CommandKind::ProposeTimeline, &rows) else {
        panic!("the rows are complete");
    };
    assert_eq!(milestones.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["Tests pass", "Docs"]);
    assert_eq!(read(CommandKind::ProposeTimeline, &[("name_1", "Tests pass"), ("due_1", "")]).unwrap_err(), ["due_1"]);
    assert_eq!(read(CommandKind::ProposeTimeline, &[]).unwrap_err(), ["name_1"]);
    assert_eq!(typed(&[("name_9999999999", "x"), ("name_21", "x")]).rows(&["name"]), 0);
}

/// A14 to A16: a tag is taken by the facility's rule only; a commit by its first digits.
#[test]
fn tags_and_commits() {
    assert!(read(CommandKind::VerifyTag, &[("tag", "1.4.2")]).is_ok());
    assert!(read(CommandKind::VerifyTag, &[("tag", "--upload-pack=x")]).is_err());
    assert!(read(CommandKind::ProposeCommit, &[("commit", "9F3C1AB")]).is_ok());
    assert!(read(CommandKind::ProposeCommit, &[("commit", "9f3c1a")]).is_err());
    assert!(read(CommandKind::ProposeCommit, &[("commit", "HEAD~1")]).is_err());
    assert!(read(CommandKind::Approve, &[("commit", "9f3c1ab")]).is_err(), "an approval names its commit in full");
}

/// Every act but the request's two and a permit's two can be read from its own form: nothing panics, and acts without questions need none.
#[test]
fn every_act_is_read() {
    for act in CommandKind::iter() {
        match read(act, &[]) {
            Ok(command) => assert_eq!(command.kind(), act),
            Err(problems) => {
                use CommandKind::{Amend, GiveBack, MoveOn, NoteUpdate, RedeemPermit, StayInDevelopment, Submit};
                let elsewhere =
                    matches!(act, Submit | Amend | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate);
                assert!(elsewhere || !problems.is_empty(), "{act} is refused without a word");
            }
        }
    }
}
