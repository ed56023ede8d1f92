use super::*;
use proptest::prelude::*;
use rapidfuzz::distance::osa;
use std::{cmp::Reverse, collections::BTreeMap};

fn index(names: &[&str]) -> Index {
    let mut index = Index::default();
    for name in names {
        index.insert(name, Target::Class((*name).to_owned()), Owner::NOBODY);
    }
    index
}

impl Index {
    /// All that fits.
    fn find(&self, typed: &str) -> Vec<Match> {
        self.fitting(typed, usize::MAX, &|_| Box::new(0..self.rows.len())).matches
    }
}

fn best(index: &Index, typed: &str) -> Option<String> {
    let found = index.find(typed).into_iter().max_by_key(|m| m.rank)?;
    match index.target(found.slot)? {
        Target::Class(name) => Some(name.clone()),
        _ => None,
    }
}

const NAMES: [&str; 6] = [
    "SCS_BLU_BCC/CTRL/CHECK",
    "SCS_XTD10_BCC/MON/BEAMCOND",
    "beamConditionCheck",
    "cppServer/contrib_scs_01",
    "Marek Dvořák",
    "MID_EXP/MOTOR/DELAY_STAGE",
];

/// O2: case, separators, accents and one or two typing errors are forgiven; nonsense finds nothing.
#[test]
fn o2_half_remembered_names_are_found() {
    let index = index(&NAMES);
    for (typed, name) in [
        ("scs blu bcc", "SCS_BLU_BCC/CTRL/CHECK"),
        ("scs.blu-bcc:ctrl", "SCS_BLU_BCC/CTRL/CHECK"),
        ("SCS/XTD10", "SCS_XTD10_BCC/MON/BEAMCOND"),
        ("beamcnditioncheck", "beamConditionCheck"),
        ("beamcodnitioncheck", "beamConditionCheck"),
        ("baemconditionchekc", "beamConditionCheck"),
        ("dvorak", "Marek Dvořák"),
        ("marek", "Marek Dvořák"),
        ("dvorjak", "Marek Dvořák"),
        ("contrib scs", "cppServer/contrib_scs_01"),
        ("dealy stage", "MID_EXP/MOTOR/DELAY_STAGE"),
        ("delaystgae", "MID_EXP/MOTOR/DELAY_STAGE"),
        ("stage delay", "MID_EXP/MOTOR/DELAY_STAGE"),
    ] {
        assert_eq!(best(&index, typed).as_deref(), Some(name), "{typed}");
    }
    for nothing in ["zzqx", "", " / ", "undulator gap", "qwertyuiop"] {
        assert_eq!(best(&index, nothing), None, "{nothing:?}");
    }
}

/// Names of the sample facility.
const SAMPLES: [&str; 24] = [
    "attenuatorCalc",
    "beamCondLogger",
    "beamConditionCheck",
    "chamberPumpdown",
    "cryoTempPid",
    "crystalPinFinder",
    "delayLineGuard",
    "doorSealCheck",
    "gotthard2Preview",
    "gratingTempTrend",
    "imagingSharpness",
    "polarizationScan",
    "ppLaserJitterMon",
    "pulsePatternDecoder",
    "raySheetAligner",
    "undulatorGapWatch",
    "MID_EXP_CRYO/CTRL/PID",
    "SCS_XTD10_BCC/MON/BEAMCOND",
    "SCS_EXP_HEAT/CTRL/SAMPLEHEATER",
    "pythonServer/ctrl_hed_01",
    "cppServer/contrib_mid_01",
    "Experts of machine protection",
    "Carmen Ortiz",
    "Aisha Rahman",
];

/// O2: who asks for what nobody registered gets no answer about something that merely has the same letters somewhere,
/// but names that may have been meant.
#[test]
fn o2_scattered_letters_are_no_answer() {
    let index = index(&SAMPLES);
    let near = |typed: &str| index.near(typed, 3, &|_| Box::new(0..index.rows.len()));
    for typed in ["agipd", "zyla", "lpd", "pnccd", "camera", "andor", "basler", "picoscope", "beamcheck"] {
        assert_eq!(best(&index, typed), None, "{typed}");
    }
    for typed in ["zyla", "lpd", "camera", "andor", "beamcheck"] {
        assert!(!near(typed).is_empty(), "{typed}");
    }
    assert!(near("pnccd").is_empty(), "its letters are in many names, and hardly two of them side by side");
    assert!(matches!(near("beamcheck")[0], Target::Class(name) if name == "beamConditionCheck"));
    // One letter or two are in anything.
    for typed in ["i-0", "I0", "SCS_0/9"] {
        assert_eq!(best(&index, typed), None, "{typed}");
    }
}

/// O2: letters in a row are found with one typing error, in long words with two; whole words of what was typed with what
/// stands between them left out.
#[test]
fn o2_letters_in_a_row_are_found() {
    let index = index(&SAMPLES);
    for (typed, name) in [
        ("beamconditon", "beamConditionCheck"),
        ("baemcondtioncheck", "beamConditionCheck"),
        ("beanconditioncheek", "beamConditionCheck"),
        ("gothard2", "gotthard2Preview"),
        ("gothrad", "gotthard2Preview"),
        ("gotthrad2", "gotthard2Preview"),
        ("undulatrogapwacth", "undulatorGapWatch"),
        ("beam check", "beamConditionCheck"),
        ("cryo-tmp pid", "cryoTempPid"),
        ("dealy-line", "delayLineGuard"),
        ("jiter", "ppLaserJitterMon"),
        ("SCS_SAMPLEHEATER", "SCS_EXP_HEAT/CTRL/SAMPLEHEATER"),
        ("SCS_SAMPLHEATER", "SCS_EXP_HEAT/CTRL/SAMPLEHEATER"),
        ("carmne", "Carmen Ortiz"),
    ] {
        assert_eq!(best(&index, typed).as_deref(), Some(name), "{typed}");
    }
    let errors = |word: &str, name: &str| Reading::new(word).finder().stretches(name).map(|all| all[0].wrong);
    for (word, name, wrong) in [
        ("magnet", "scsmagnet1", Some(0)),
        ("magnt", "scsmagnet1", Some(1)),
        ("magneet", "scsmagnet1", Some(1)),
        ("magnat", "scsmagnet1", Some(1)),
        ("nagnet", "scsmagnet1", Some(1)),
        ("mganet", "scsmagnet1", Some(1)),
        ("mgaent", "scsmagnet1", None),
        ("mag", "scsmagnet1", Some(0)),
        ("mga", "scsmagnet1", None),
        ("tset", "scstestmonbeamcond", Some(1)),
        ("dleaystaeg", "delaystage", Some(2)),
        ("delysaage", "delaystage", Some(2)),
        ("xelaystage", "delaystage", Some(2)),
        ("xelaysatge", "delaystage", None),
    ] {
        assert_eq!(errors(word, name), wrong, "{word} in {name}");
    }
}

/// O2: fewer errors come first, and of as many a whole name, then its beginning.
#[test]
fn o2_the_fewest_errors_come_first() {
    let mut index = index(&["myCamera", "cameraGuard", "camera"]);
    assert_eq!(best(&index, "camrea").as_deref(), Some("camera"));
    index.remove(2);
    assert_eq!(best(&index, "camrea").as_deref(), Some("cameraGuard"));
    index.insert("delayStages", Target::Class("delayStages".to_owned()), Owner::NOBODY);
    index.insert("xDelayStage", Target::Class("xDelayStage".to_owned()), Owner::NOBODY);
    assert_eq!(best(&index, "dealystage").as_deref(), Some("delayStages"));
    assert_eq!(best(&index, "dealystagex").as_deref(), Some("delayStages"));
}

/// O2: the whole name before its beginning, that before anywhere else; a slot is used again.
#[test]
fn o2_the_best_match_comes_first() {
    let mut index = index(&["checker", "mycheck", "check"]);
    assert_eq!(best(&index, "Check").as_deref(), Some("check"));
    index.remove(2);
    assert_eq!(best(&index, "check").as_deref(), Some("checker"));
    assert_eq!(index.insert("CHECK/1", Target::Host("x".to_owned()), Owner::NOBODY), 2);
    assert_eq!(index.find("check1").len(), 1);
}

/// O4: a whole name is found as it is typed or nearly so, and no longer once it is removed.
#[test]
fn o4_a_whole_name_is_found_without_a_search() {
    let mut index = index(&["SCS_BLU_BCC/CTRL/CHECK", "scs-blu.bcc:ctrl:check", "SCS_BLU_BCC"]);
    assert_eq!(index.whole("scs blu bcc ctrl check").count(), 2);
    assert_eq!(index.whole("SCS_BLU").count(), 0, "a part is no name");
    assert_eq!(index.whole("/_/").count(), 0);
    index.remove(0);
    assert_eq!(index.whole("SCS_BLU_BCC/CTRL/CHECK").count(), 1);
    assert_eq!(index.insert("OTHER", Target::Host("x".to_owned()), Owner::NOBODY), 0);
    assert_eq!(index.whole("SCS_BLU_BCC/CTRL/CHECK").count(), 1);
    assert_eq!(index.whole("other").count(), 1);
}

/// O4: of many things with one name each may go, in any order, and the others stay.
#[test]
fn o4_names_that_many_have() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let mut index = index(&["SCS/BCC", "scs bcc", "scs.bcc", "SCS/BCD"]);
        for (gone, slot) in order.into_iter().enumerate() {
            assert_eq!(index.whole("scs-bcc").count(), 3 - gone, "{order:?}");
            index.remove(slot);
        }
        assert_eq!(index.whole("scs-bcc").count(), 0);
        assert_eq!(index.whole("scs-bcd").count(), 1);
        index.insert("scs:bcc", Target::Host("x".to_owned()), Owner::NOBODY);
        assert_eq!(index.whole("scs-bcc").count(), 1);
    }
}

/// O2: of too many that may be meant those are compared that share most pairs of letters, in whatever order they came.
#[test]
fn o2_what_shares_most_is_compared() {
    for at in [0, 4_000] {
        let name = |n| if n == at { "cameraMonitor00018".to_owned() } else { format!("monitorCamera8{n:04}1000") };
        let names: Vec<String> = (0..4_001).map(name).collect();
        let index = index(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(best(&index, "camraMonitxr00018").as_deref(), Some("cameraMonitor00018"));
    }
}

/// O2: and of those that share as much, what is most urgent.
#[test]
fn o2_what_is_urgent_is_compared_first() {
    for urgent in [0, 1_700, 2_999] {
        let mut index = Index::default();
        for n in 0..3_000 {
            let owner = Owner { device: n, urgency: if n == urgent { 2 } else { 1 } };
            index.insert(&format!("magnet{n:04}"), Target::Device(DeviceId(uuid::Uuid::from_u128(n.into()))), owner);
        }
        let found = index.find("magent");
        assert!(found.len() < 3_000, "not all were compared");
        assert!(found.iter().any(|m| m.owner.device == urgent));
    }
}

/// What happens to the names of a few devices, of strangers and of classes.
#[derive(Clone, Debug)]
enum Step {
    Insert(String, u32),
    Remove(usize),
    Move(usize, u32),
}

const DEVICES: u32 = 12;

fn step() -> impl Strategy<Value = Step> {
    // What a number stands for says `of`.
    prop_oneof![
        4 => ("[abc]{1,5}", 0..3 * DEVICES).prop_map(|(name, of)| Step::Insert(name, of)),
        1 => (0_usize..99).prop_map(Step::Remove),
        1 => (0_usize..99, 0..2 * DEVICES).prop_map(|(at, of)| Step::Move(at, of)),
    ]
}

fn known() -> Arc<Known> {
    use crate::domain::{observation::Source, support::of_instance, version::classify};
    let seen = crate::domain::observation::Seen {
        instance: String::new(),
        class: String::new(),
        server: ServerName(String::new()),
        host: String::new(),
        support_class: None,
        version: classify("", &[], &[]),
        since: chrono::DateTime::UNIX_EPOCH,
        seen: chrono::DateTime::UNIX_EPOCH,
        gone: None,
        source: Source::Agent,
    };
    Arc::new(Known {
        verdict: of_instance(None, &seen),
        seen,
        device: None,
        support_since: chrono::DateTime::UNIX_EPOCH,
    })
}

/// A device's instance, a device's own name, a stranger, or a class.
fn of(number: u32, known: &Arc<Known>) -> (Target, Owner) {
    let device = number % DEVICES;
    match number / DEVICES {
        0 => (Target::Instance(known.clone()), Owner { device, urgency: 2 + u8::from(device.is_multiple_of(2)) }),
        1 if device.is_multiple_of(4) => (Target::Instance(known.clone()), Owner::NOBODY),
        1 => (Target::Instance(known.clone()), Owner { device: device % 3, urgency: 1 }),
        _ if device.is_multiple_of(4) => (Target::Class(String::new()), Owner::NOBODY),
        _ => {
            let id = DeviceId(uuid::Uuid::from_u128(device.into()));
            (Target::Device(id), Owner { device, urgency: 0 })
        }
    }
}

/// Whose a name is: a device's number, else its own slot.
type Whose = (Option<u32>, usize);

fn whose(slot: usize, owner: Owner) -> Whose {
    (owner.device(), if owner == Owner::NOBODY { slot } else { 0 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// O2: what is found stands there in a row, with no more errors than are forgiven; what stands there as it was typed
    /// is found so.
    #[test]
    fn o2_no_more_errors_are_forgiven(word in "[abc]{1,10}", name in "[abc]{0,16}") {
        let found = Reading::new(&word).finder().stretches(&name).map(|all| all[0]);
        prop_assert_eq!(name.contains(&word), found.is_some_and(|s| name[s.from..s.to] == word));
        if let Some(s) = found {
            let mut there: Vec<char> = name[s.from..s.to].chars().collect();
            let as_it_is = osa::distance(word.bytes(), name[s.from..s.to].bytes());
            there.dedup();
            let once = osa::distance(word.chars(), there.iter().copied());
            prop_assert!(as_it_is.min(once) <= usize::from(s.wrong));
            let forgiven = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2][word.len()];
            prop_assert!(s.wrong <= forgiven, "{} of {}", s.wrong, forgiven);
        }
    }

    /// O2: of letters that have too many errors with both neighbours, fewer letters or more of them need not be looked at.
    #[test]
    fn o2_a_letter_makes_one_error_less_at_most(word in "[abc]{1,9}", name in "[abc]{2,12}") {
        let reading = Reading::new(&word);
        let finder = reading.finder();
        let errors = |there: &str| finder.0[0].errors(there);
        for shorter in [&name[1..], &name[..name.len() - 1]] {
            prop_assert!(errors(&name).abs_diff(errors(shorter)) <= 1, "{word} in {name} and {shorter}");
        }
    }

    /// O2: a search finds what a look at every name finds, whatever came and went; of devices and of strangers those
    /// that come first, and the number of the others.
    #[test]
    fn o2_a_search_finds_what_a_look_at_every_name_finds(
        steps in proptest::collection::vec(step(), 0..90),
        typed in "[abc]{1,3}( [abc]{1,2})?",
        most in 1_usize..9,
    ) {
        let (known, mut index) = (known(), Index::default());
        let mut names: BTreeMap<usize, (String, Target, Owner)> = BTreeMap::new();
        for step in steps {
            let at = |n: usize| names.keys().nth(n % names.len().max(1)).copied();
            match step {
                Step::Insert(name, number) => {
                    let (target, owner) = of(number, &known);
                    let own = |t: &Target| matches!(t, Target::Device(_));
                    if own(&target) && names.values().any(|(_, t, o)| own(t) && *o == owner) {
                        continue;
                    }
                    let slot = index.insert(&name, target.clone(), owner);
                    names.insert(slot, (name, target, owner));
                }
                Step::Remove(n) => {
                    if let Some(slot) = at(n) {
                        index.remove(slot);
                        names.remove(&slot);
                    }
                }
                Step::Move(n, number) => {
                    let slot = at(n).filter(|slot| matches!(names[slot].1, Target::Instance(_)));
                    if let Some(slot) = slot {
                        let (target, owner) = of(number, &known);
                        index.replace(slot, target.clone(), owner);
                        names.entry(slot).and_modify(|(_, t, o)| (*t, *o) = (target, owner));
                    }
                }
            }
        }

        let words: Vec<&str> = typed.split(' ').collect();
        let on_record: Vec<Owner> =
            names.values().filter(|(_, t, _)| matches!(t, Target::Device(_))).map(|(.., owner)| *owner).collect();
        let counts = |owner: Owner| owner == Owner::NOBODY || on_record.iter().any(|o| o.device == owner.device);
        let mut plain: BTreeMap<Whose, (u32, u8, Reverse<usize>)> = BTreeMap::new();
        for (slot, (name, target, owner)) in &names {
            if counts(*owner) && words.iter().all(|word| name.contains(word)) {
                let rank = match name {
                    _ if *name == words.concat() => 3,
                    _ if name.starts_with(words[0]) => 2,
                    _ => 1,
                };
                let found = (rank * 10 + u32::from(target.weight()), owner.urgency, Reverse(*slot));
                let best = plain.entry(whose(*slot, *owner)).or_insert(found);
                *best = found.max(*best);
            }
        }
        // Where nothing holds what was typed, nearly the same is looked for.
        if plain.is_empty() {
            return Ok(());
        }

        let found = |fitting: &typed::Fitting| -> BTreeMap<Whose, (u32, u8, Reverse<usize>)> {
            let of = |m: &Match| (whose(m.slot, m.owner), (m.rank, m.owner.urgency, Reverse(m.slot)));
            fitting.matches.iter().filter(|m| counts(m.owner)).map(of).collect()
        };
        let order = |of: Note| -> Box<dyn Iterator<Item = usize> + '_> {
            match of {
                Note::Stranger => Box::new(names.keys().map(|slot| index.row(*slot))),
                _ => Box::new((0..DEVICES).filter_map(|device| index.row_of(device))),
            }
        };
        prop_assert_eq!(&found(&index.fitting(&typed, usize::MAX, &order)), &plain, "all of them");

        let is = |slot: usize, of: Note| note(&names[&slot].1, names[&slot].2) == Some(of);
        let first = |all: &BTreeMap<Whose, (u32, u8, Reverse<usize>)>, strangers: bool| {
            let all = all.iter().filter(|(_, (.., Reverse(slot)))| match strangers {
                true => is(*slot, Note::Stranger),
                false => names[slot].2 != Owner::NOBODY,
            });
            let mut all: Vec<_> = all.map(|(whose, (rank, ..))| (Reverse(*rank), *whose)).collect();
            all.sort();
            all.truncate(most);
            all
        };
        let fitting = index.fitting(&typed, most, &order);
        let some = found(&fitting);
        prop_assert_eq!(first(&some, false), first(&plain, false), "the first devices");
        prop_assert_eq!(first(&some, true), first(&plain, true), "the first strangers");
        prop_assert_eq!(some.len() + fitting.besides.count(), plain.len(), "and how many there are");
        prop_assert!(some.iter().all(|(whose, best)| plain[whose] == *best));
    }
}
