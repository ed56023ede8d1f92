use super::*;

fn index(names: &[&str]) -> Index {
    let mut index = Index::default();
    for name in names {
        index.insert(name, Target::Class((*name).to_owned()), Owner::NOBODY);
    }
    index
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
