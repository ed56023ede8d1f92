//! Every state that can be reached, by everything that people and the world may do, and what must hold on each way.

mod alphabet;
mod around;
mod bites;
mod invariants;
mod key;
mod routes;

use super::given::{self, World};
use crate::domain::{
    device::Device,
    lifecycle::{Actor, Command, Event, Facts, State, StateName, decide, evolve, rule},
    observation::Seen,
};
use alphabet::{Letter, Move};
use around::{Around, Sight, Worlds};
use chrono::Duration;
use invariants::broken_status;
pub use invariants::{Edge, Ghost, broken, broken_refusal};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Instant,
};

/// What was reached: the device, the world around it, what an independent account of it remembers, and how.
struct Node {
    device: Device,
    around: Around,
    ghost: Ghost,
    from: Option<(usize, &'static str)>,
}

struct Walk {
    nodes: Vec<Node>,
    /// Node → nodes that one letter leads to.
    ways: Vec<BTreeSet<usize>>,
    worlds: Worlds,
    changes: usize,
    refusals: usize,
}

impl Walk {
    /// Breadth first from these worlds by these letters, until nothing new is found.
    fn through(starts: Vec<World>, around: Around, letters: &[Letter]) -> Self {
        let started = Instant::now();
        let mut walk = Self { nodes: Vec::new(), ways: Vec::new(), worlds: Worlds::default(), changes: 0, refusals: 0 };
        let (mut known, mut next) = (HashMap::new(), VecDeque::new());
        let nodes = starts.into_iter().map(|w| (Ghost::of(&w.events), w.device));
        for (ghost, device) in nodes.collect::<Vec<_>>() {
            known.insert(key::of(&device, around, &ghost), walk.nodes.len());
            next.push_back(walk.add(Node { device, around, ghost, from: None }));
        }
        while let Some(at) = next.pop_front() {
            for letter in letters {
                let Some((node, events)) = walk.step(at, letter) else { continue };
                let to = *known.entry(key::of(&node.device, node.around, &node.ghost)).or_insert_with(|| {
                    check_record(&walk.nodes[at].device, &events, &node.device);
                    let to = walk.add(node);
                    next.push_back(to);
                    to
                });
                walk.ways[at].insert(to);
            }
        }
        println!(
            "{} states, {} changes, {} refusals in {:.1} s",
            walk.nodes.len(),
            walk.changes,
            walk.refusals,
            started.elapsed().as_secs_f32()
        );
        walk
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.ways.push(BTreeSet::new());
        self.nodes.len() - 1
    }

    /// Where one letter leads from a node; `None` where its first act is refused or not to be had. A letter of several
    /// acts stops at the first that is refused.
    fn step(&mut self, at: usize, letter: &Letter) -> Option<(Node, Vec<Event>)> {
        let node = &self.nodes[at];
        let from = Some((at, letter.name));
        let mut reached: Option<Node> = None;
        let mut happened = Vec::new();
        match (letter.to)(&node.device, node.around) {
            Move::Not => return None,
            Move::World(around) => {
                let (device, ghost) = (node.device.clone(), node.ghost.clone());
                let found = broken_status(&device, &self.worlds.of(around).facts(Actor::Custody));
                assert!(found.is_empty(), "{found:?} after {}, {}", self.story(at), letter.name);
                reached = Some(Node { device, around, ghost, from });
            }
            Move::Acts(acts) => {
                // Being refused for the state alone is the same a thousand times over: a sample will do.
                let state = node.device.state.name();
                let elsewhere = acts.first().is_some_and(|a| !rule(a.command.kind()).from.contains(&state));
                if elsewhere && !at.is_multiple_of(16) {
                    return None;
                }
                for act in acts {
                    let Node { device, around, ghost, .. } = reached.as_ref().unwrap_or(&self.nodes[at]);
                    let world = self.worlds.of(*around);
                    let now = world.now + Duration::minutes(device.revision as i64);
                    let actor = act.who.map_or(Actor::Custody, Actor::Person);
                    // Agents report every minute.
                    let seen: Vec<Seen> = world.seen.iter().map(|s| Seen { seen: now, ..s.clone() }).collect();
                    let facts = Facts { now, seen: &seen, readings: &act.readings, ..world.facts(actor) };
                    let events = match decide(device, &act.command, &facts) {
                        Ok(events) => events,
                        Err(refusal) => {
                            self.refusals += 1;
                            let found = broken_refusal(&act.command, &refusal);
                            assert!(found.is_empty(), "{found:?} after {}, {}", self.story(at), letter.name);
                            break;
                        }
                    };
                    let edge = Edge { before: device, ghost, facts: &facts, events: &events };
                    let (device, ghost) = (edge.after(), ghost.after(&events));
                    let found = broken(&edge, &device, &ghost);
                    assert!(found.is_empty(), "{found:?} after {}, {}", self.story(at), letter.name);
                    self.changes += events.len();
                    let around = around.after(&events);
                    happened.extend(events);
                    reached = Some(Node { device, around, ghost, from });
                }
            }
        }
        reached.map(|node| (node, happened))
    }

    /// The letters that led to a node.
    fn story(&self, at: usize) -> String {
        let (mut names, mut at) = (Vec::new(), at);
        while let Some((from, name)) = self.nodes[at].from {
            names.push(name);
            at = from;
        }
        names.reverse();
        names.join(", ")
    }

    /// Whether from every live node, but for these, some way leads to a goal; else the story of one from which none does.
    fn dead_end(&self, but: impl Fn(&Device) -> bool, goal: impl Fn(&Device) -> bool) -> Option<String> {
        let mut back = vec![Vec::new(); self.nodes.len()];
        for (from, ways) in self.ways.iter().enumerate() {
            ways.iter().for_each(|to| back[*to].push(from));
        }
        let mut reaches: Vec<bool> = self.nodes.iter().map(|n| goal(&n.device)).collect();
        let mut next: Vec<usize> = (0..reaches.len()).filter(|i| reaches[*i]).collect();
        while let Some(at) = next.pop() {
            for from in &back[at] {
                if !std::mem::replace(&mut reaches[*from], true) {
                    next.push(*from);
                }
            }
        }
        let asked = |i: &usize| !self.nodes[*i].device.state.name().is_end() && !but(&self.nodes[*i].device);
        (0..reaches.len()).filter(asked).find(|i| !reaches[*i]).map(|i| self.story(i))
    }
}

/// The device and its events come back from their record as they were, and replay to the same device (E2).
fn check_record(before: &Device, events: &[Event], after: &Device) {
    let kept = serde_json::to_string(events).unwrap();
    let read: Vec<Event> = serde_json::from_str(&kept).unwrap();
    assert_eq!(read, events, "{kept}");
    if after.revision.is_multiple_of(11) {
        assert_eq!(read.iter().fold(before.clone(), evolve), *after, "{kept}");
        let kept = serde_json::to_string(after).unwrap();
        assert_eq!(serde_json::from_str::<Device>(&kept).unwrap(), *after, "{kept}");
    }
}

fn is_owned(device: &Device) -> bool {
    matches!(device.state, State::CtrlOwned { .. })
}

/// The whole process, coarsely: from the draft to every end and round again. A1 to A3, A6 to A8, N2, N5, G1, T4 hold on
/// every way, and from everywhere the device can still come to CTRL or to an end.
#[test]
fn the_whole_process() {
    let start = given::device().touching("pulse-patterns").requested();
    let walk = Walk::through(vec![start], Around::default(), &routes::process());
    let states: BTreeSet<StateName> = walk.nodes.iter().map(|n| n.device.state.name()).collect();
    assert_eq!(states.len(), 8, "a state is never reached: {states:?}");
    assert!(walk.nodes.len() > 10_000, "{} states only", walk.nodes.len());
    assert_eq!(walk.dead_end(|_| false, |d| d.state.name().is_end()), None, "nobody can end it");
    // What is developed can still become CTRL's, also where everybody who wrote it has gone (N4).
    assert_eq!(walk.dead_end(|d| !d.state.is_developed(), is_owned), None, "CTRL can never own it");
}

/// The review, finely: approvals, commits, evidence, findings, tags, demotions and policies in every order (T3 to T7).
#[test]
fn the_review() {
    let mut start = given::device().shown();
    start.must(given::LENA, Command::RevokeAccess { person: given::ILSE });
    let around = Around { sight: Sight::OnFull("1.4.2"), ..Around::developed() };
    let walk = Walk::through(vec![start], around, &routes::review());
    assert!(walk.nodes.len() > 5_000, "{} states only", walk.nodes.len());
    assert_eq!(walk.dead_end(|_| false, is_owned), None, "CTRL can never own it");
}

/// Where it is placed and what is seen, finely: servers, tags, shut-downs and hand-backs in every order (G1, N1, N2, N5).
#[test]
fn the_places() {
    let starts = vec![given::device().approved(), given::device().ctrl_owned()];
    let walk = Walk::through(starts, Around::developed(), &routes::places());
    assert!(walk.nodes.len() > 2_000, "{} states only", walk.nodes.len());
    assert_eq!(walk.dead_end(|_| false, |d| d.state.name().is_end()), None, "nobody can end it");
}
