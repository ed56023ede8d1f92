//! Owned by CTRL: most of them healthy, some in every trouble that a full-support server knows.

use super::{
    super::{
        life::{Life, delivery::Came, plan},
        places,
        repositories::Mark::*,
    },
    Plan, Sample,
};
use crate::domain::{contact::WhenStopped, lifecycle::Command, stage::Stage};

pub fn samples() -> Vec<Sample> {
    [healthy(), troubled()].concat()
}

/// What differs between them: who, where, when the request came, the tag that was taken over.
struct Short {
    instruments: &'static [&'static str],
    people: &'static [&'static str],
    instance: &'static str,
    reduced: &'static str,
    full: &'static str,
    days: i64,
    tag: &'static str,
}

fn owned(name: &'static str, summary: &'static str, short: Short, live: fn(&mut Life<'_>)) -> Sample {
    let Short { instruments, people, instance, reduced, full, days, tag } = short;
    let ctrl = ["lena", "ravi", "jonas"][name.len() % 3];
    let stop =
        [WhenStopped::RestartAnyTime, WhenStopped::CallFirst, WhenStopped::RestartOnceThenCall][instance.len() % 3];
    let versions = vec![(tag, days - 39, Annotated)];
    (Plan { instruments, people, instance, reduced, full, ctrl, stop, versions, ..plan(name, summary) }, live)
}

const SPB: &[&str] = &["aisha", "luca"];
const FXE: &[&str] = &["noor", "pavel"];
const SCS: &[&str] = &["ilse", "marek"];
const SQS: &[&str] = &["piet", "carmen"];
const MID: &[&str] = &["tomasz", "greta"];
const HED: &[&str] = &["yuki", "luca"];
const SXP: &[&str] = &["sofia", "marek"];

macro_rules! owned {
    ($name:literal, $summary:literal, $of:literal, $people:ident, $instance:literal, $reduced:literal, $full:expr, $days:literal, $tag:literal) => {
        owned!($name, $summary, $of, $people, $instance, $reduced, $full, $days, $tag, |_life| {})
    };
    ($name:literal, $summary:literal, $of:literal, $people:ident, $instance:literal, $reduced:literal, $full:expr, $days:literal, $tag:literal,
     |$life:ident| $more:block) => {
        owned(
            $name,
            $summary,
            Short {
                instruments: &[$of],
                people: $people,
                instance: $instance,
                reduced: $reduced,
                full: $full,
                days: $days,
                tag: $tag,
            },
            |$life: &mut Life<'_>| {
                $life.up_to_owned($days, user_of($of), $tag).deployed_lately($tag);
                $more
            },
        )
    };
}

/// Somebody at another instrument who used it.
fn user_of(instrument: &str) -> &'static str {
    match instrument {
        "SPB" | "HED" => "tomasz",
        "FXE" | "MID" => "ilse",
        "SCS" | "SXP" => "carmen",
        _ => "greta",
    }
}

/// Those that nobody has deployed for months: they fall behind (G7).
const BEHIND: [&str; 2] = ["hrixsBinning", "momentumMicroscopeBin"];

/// Those whose next deployment is due in some days.
const DUE_SOON: [&str; 2] = ["slitGapCalc", "gratingTempTrend"];

impl Life<'_> {
    /// What CTRL owns is deployed each month: by newer releases, or once more.
    fn deployed_lately(&mut self, tag: &'static str) -> &mut Self {
        let name = self.plan.name;
        let has_newer = DELIVERED.iter().any(|(of, ..)| *of == name);
        if has_newer || BEHIND.contains(&name) { self } else { self.deployed_again(tag) }
    }

    fn deployed_again(&mut self, tag: &'static str) -> &mut Self {
        let (name, ctrl, full) = (self.plan.name, self.plan.ctrl, self.plan.full);
        let days = if DUE_SOON.contains(&name) { 27 } else { 10 + name.len() as i64 % 12 };
        self.day(days).deployed(ctrl, full, tag)
    }
}

/// Newer releases of theirs, which are on their way.
const NEWER: [(&str, &str, i64); 3] =
    [("undulatorGapWatch", "2.3.0", 3), ("beamCondLogger", "1.2.0", 5), ("vonHamosFit", "0.15.0", 2)];

/// Newer ones that went into production (G11).
const DELIVERED: [(&str, &str, i64); 14] = [
    ("attenuatorCalc", "5.2.1", 161),
    ("attenuatorCalc", "5.3.0", 101),
    ("attenuatorCalc", "5.3.1", 42),
    ("mirrorBenderLut", "1.0.6", 92),
    ("mirrorBenderLut", "1.1.0", 37),
    ("mirrorBenderLut", "1.1.1", 32),
    ("photonBpmCenter", "2.4.0", 77),
    ("photonBpmCenter", "2.4.1", 68),
    ("photonBpmCenter", "2.5.0", 23),
    ("slitGapCalc", "4.1.0", 64),
    ("slitGapCalc", "4.2.0", 29),
    ("chamberPumpdown", "1.3.0", 55),
    ("chamberPumpdown", "1.3.1", 50),
    ("chamberPumpdown", "1.4.0", 18),
];

#[rustfmt::skip]
fn healthy() -> Vec<Sample> {
    let mut all = vec![
        owned!("attenuatorCalc", "Calculates the transmission for a set of foils", "SPB", SPB,
            "SPB_XTD2_ATT/CALC/TRANSM", "cppServer/contrib_spb_02", "cppServer/ctrl_spb_02", 232, "5.2.0", |life| {
                life.delivers(150, "5.2.1", "5.2.0", Came::Well).delivers(95, "5.3.0", "5.2.1", Came::Well);
                life.delivers(40, "5.3.1", "5.3.0", Came::Well).deployed_again("5.3.1");
                life.day(9).act("jonas", Command::MoveOnByItself { server: "cppServer/ctrl_spb_02".into() });
            }),
        owned!("cryoTempPid", "Holds the cryostat's temperature", "MID", MID,
            "MID_EXP_CRYO/CTRL/PID", "cppServer/contrib_mid_01", "cppServer/ctrl_mid_01", 211, "3.0.7", |life| {
                life.day(8).act("lena", Command::MoveOnByItself { server: "cppServer/ctrl_mid_01".into() });
                let reason = "No new release before the cool-down is over.".to_owned();
                life.day(6).act("ravi", Command::HoldMovingOn { reason });
            }),
        owned!("digitizerPeakSum", "Sums the digitizer's peaks in each train", "FXE", FXE,
            "FXE_RR_DAQ/ADC/PEAKSUM", "cppServer/contrib_fxe_03", "cppServer/ctrl_fxe_03", 204, "2.11.0", |life| {
                let why = "The digitizer was exchanged over night, and beam time begins at six.";
                life.day(7).emergency(["jonas", "lena"], "2.11.0", "cppServer/ctrl_fxe_03", why);
            }),
        owned!("hrixsBinning", "Bins the hRIXS frames by photon energy", "SCS", SCS,
            "SCS_HRIXS/PROC/BINNING", "pythonServer/contrib_scs_05", "pythonServer/ctrl_scs_05", 221, "1.6.3", |life| {
                let text = "It ran through both beamtimes of the period without a restart.".to_owned();
                life.day(120).act("ilse", Command::AnswerDone { reached: true, text });
                let text = "We propose a second energy axis; the branch is in the repository.".to_owned();
                let kind = crate::domain::cycle::HelpKind::ProposedChange;
                life.day(3).act("ilse", Command::AskHelp { kind, text });
            }),
        owned!("undulatorGapWatch", "Watches the gap of the undulator against the set photon energy", "SXP", SXP,
            "SXP_SA3_UND/MON/GAP", "pythonServer/contrib_sxp_02", "pythonServer/ctrl_sxp_01", 188, "2.2.2", |life| {
                life.day(2).staged("jonas", "2.3.0");
            }),
        owned!("beamCondLogger", "Logs the beam's conditions with every run", "SXP", SXP,
            "SXP_SA3_BCL/LOG/BEAMCOND", "pythonServer/contrib_sxp_03", "pythonServer/ctrl_sxp_03", 176, "1.1.0", |life| {
                life.day(4).verified("ravi", "1.2.0").reports("ravi", "1.2.0", Stage::Built, true);
                life.reports("ravi", "1.2.0", Stage::Tested, false).day(3).reports("ravi", "1.2.0", Stage::Tested, true);
                life.reports("ravi", "1.2.0", Stage::Staging, true);
            }),
        owned!("mirrorBenderLut", "Looks up the bender's position for a focus", "SCS", SCS,
            "SCS_KBS_BND/CALC/LUT", "pythonServer/contrib_scs_04", "pythonServer/ctrl_scs_03", 166, "1.0.5", |life| {
                life.delivers(82, "1.0.6", "1.0.5", Came::Well);
                life.delivers(34, "1.1.0", "1.0.6", Came::TestsFailed("The focus is off by 3 µm at the table's end."));
                life.delivers(31, "1.1.1", "1.1.0", Came::Well).deployed_again("1.1.1");
                life.day(1).built_against("lena", "1.1.1");
            }),
        owned!("photonBpmCenter", "Finds the beam's centre on the photon monitor", "SPB", SPB,
            "SPB_XTD9_BPM/CALC/CENTER", "cppServer/contrib_spb_04", "cppServer/ctrl_spb_04", 159, "2.3.1", |life| {
                life.delivers(70, "2.4.0", "2.3.1", Came::RolledBack("The centre jumps between two pixels."));
                life.delivers(66, "2.4.1", "2.3.1", Came::Well).delivers(20, "2.5.0", "2.4.1", Came::Well);
            }),
        owned!("xgmAverage", "Averages the pulse energy over the last ten seconds", "SQS", SQS,
            "SQS_XTD10_XGM/CALC/AVG", "cppServer/contrib_sqs_01", "cppServer/ctrl_sqs_03", 151, "1.9.0"),
        owned!("slitGapCalc", "Converts the slits' four motors to gap and centre", "MID", MID,
            "MID_OPT_SLT/CALC/GAP", "cppServer/contrib_mid_05", "cppServer/ctrl_mid_02", 145, "4.0.1", |life| {
                life.delivers(58, "4.1.0", "4.0.1", Came::Well).delivers(27, "4.2.0", "4.1.0", Came::Well);
                life.day(1).built_against("jonas", "4.2.0");
            }),
        owned!("chamberPumpdown", "Leads through the pump-down of the chamber", "HED", HED,
            "HED_IC1_VAC/SEQ/PUMP", "pythonServer/contrib_hed_04", "pythonServer/ctrl_hed_04", 138, "1.2.4", |life| {
                life.delivers(51, "1.3.0", "1.2.4", Came::Failed("The server has no package of the valve’s driver."));
                life.delivers(49, "1.3.1", "1.2.4", Came::Well).delivers(16, "1.4.0", "1.3.1", Came::Well);
            }),
        owned!("targetChangerSeq", "Brings the next target into the focus", "HED", HED,
            "HED_IC1_TGT/SEQ/CHANGE", "cppServer/contrib_hed_01", "cppServer/ctrl_hed_01", 131, "2.5.0"),
        owned!("vonHamosFit", "Fits the von Hamos spectrometer's lines", "FXE", FXE,
            "FXE_SPEC_VH/FIT/MAIN", "pythonServer/contrib_fxe_01", "pythonServer/ctrl_fxe_02", 126, "0.14.0", |life| {
                life.day(1).verified("jonas", "0.15.0").reports("jonas", "0.15.0", Stage::Built, true);
                life.reports("jonas", "0.15.0", Stage::Tested, false);
            }),
        owned!("kbMirrorFocus", "Proposes the mirrors' bend for a focus size", "SPB", SPB,
            "SPB_KBS_MIR/CALC/FOCUS", "pythonServer/contrib_spb_05", "pythonServer/ctrl_spb_02", 118, "1.7.0", |life| {
                life.day(1).built_against("jonas", "1.7.0");
            }),
        owned!("monochromatorLut", "Looks up the monochromator's angles", "SCS", SCS,
            "SCS_XTD10_MONO/CALC/LUT", "cppServer/contrib_scs_02", "cppServer/ctrl_scs_01", 112, "3.2.0"),
        owned!("momentumMicroscopeBin", "Bins the momentum microscope's events", "SXP", SXP,
            "SXP_EXP_MM/PROC/BIN", "cppServer/contrib_sxp_01", "cppServer/ctrl_sxp_01", 105, "0.9.2", |life| {
                life.day(30).depends_on("jonas", &["beamCondLogger"]);
                life.day(3).tried_out("jonas", "beamCondLogger", true, "Binned a run of last week again: the same.");
            }),
        owned!("photonEnergyBroadcast", "Tells the whole topic the photon energy", "SA3", SXP,
            "SA3_XTD10_PE/CALC/SEND", "cppServer/contrib_sa3_01", "cppServer/ctrl_sa3_01", 98, "1.0.3", |life| {
                life.day(30).depends_on("jonas", &["undulatorGapWatch"]);
                let text = "The gap comes in millimetres now, so the energy that it sends is wrong.";
                life.day(1).tried_out("jonas", "undulatorGapWatch", false, text);
            }),
        owned!("gratingTempTrend", "Shows the trend of the grating's temperature", "SA3", SXP,
            "SA3_XTD10_GRT/MON/TEMP", "pythonServer/contrib_sa3_04", "pythonServer/ctrl_sa3_01", 91, "1.1.1", |life| {
                life.day(30).depends_on("lena", &["beamCondLogger", "undulatorGapWatch"]);
            }),
        // Its agent fell silent.
        owned!("vacuumValveView", "Shows the valves along the beam", "FXE", FXE,
            "FXE_VAC_VLV/VIEW/MAIN", "pythonServer/contrib_fxe_04", places::SILENT, 122, "2.0.1"),
        // Nothing reports there: a member of CTRL says what they saw.
        owned!("doorSealCheck", "Checks the seal of the hutch door before the search", "HED", HED,
            "HED_EXP_DOOR/MON/SEAL", "cppServer/contrib_hed_03", "cppServer/ctrl_hed_05", 84, "1.0.0", |life| {
                life.day(9).stops("cppServer/ctrl_hed_05");
                life.day(8).is_stated("jonas", "cppServer/ctrl_hed_05", "1.0.0");
            }),
    ];
    for (plan, _) in &mut all {
        let newer = DELIVERED.iter().chain(&NEWER).filter(|n| n.0 == plan.name);
        plan.versions.extend(newer.map(|n| (n.1, n.2, Annotated)));
    }
    all
}

fn troubled() -> Vec<Sample> {
    #[rustfmt::skip]
    let mut all = vec![
        // Built with edits that no commit holds.
        owned!("adqTriggerFan", "Fans the digitizer's trigger out to the detectors", "FXE", FXE,
            "FXE_RR_ADQ/CTRL/FAN", "cppServer/contrib_fxe_05", "cppServer/ctrl_fxe_05", 142, "1.2.0", |life| {
                life.minutes_ago(170).runs("cppServer/ctrl_fxe_05", "1.2.0-dirty");
            }),
        // N2: seen in both classes.
        owned!("splitDelayMotion", "Moves both arms of the split-and-delay line together", "MID", MID,
            "MID_EXP_SDL/CTRL/MOTION", "cppServer/contrib_mid_04", "cppServer/ctrl_mid_04", 135, "2.1.0", |life| {
                life.minutes_ago(55).runs_as("cppServer/contrib_mid_04", "MID_EXP_SDL/CTRL/MOTION_TEST", "2.1.0-dirty");
            }),
        // It prints the framework's version: nobody can say what runs.
        owned!("powerMeterBridge", "Brings the laser's power meter into the topic", "HED", HED,
            "HED_LAS_PM/CTRL/BRIDGE", "cppServer/contrib_hed_02", "cppServer/ctrl_hed_02", 128, "0.8.1", |life| {
                life.day(2).runs("cppServer/ctrl_hed_02", "powerMeterBridge-3.0.4");
            }),
        // An older tag runs than the one deployed.
        owned!("pressureGaugeTrend", "Shows the trend of every gauge", "SXP", SXP,
            "SXP_VAC_GAUGE/MON/TREND", "pythonServer/contrib_sxp_04", "pythonServer/ctrl_sxp_04", 115, "1.3.0", |life| {
                life.day(5).staged("jonas", "1.4.0").reports("ravi", "1.4.0", Stage::Deployable, true).deployed("jonas", "pythonServer/ctrl_sxp_04", "1.4.0");
            }),
        // Its tag was moved after it was verified (G2).
        owned!("electronSpectrum", "Shows the electron spectrum of the last hundred trains", "SQS", SQS,
            "SQS_NQS_ES/VIEW/SPEC", "pythonServer/contrib_sqs_03", "pythonServer/ctrl_sqs_04", 108, "1.5.0", |life| {
                let tag = life.tag("1.5.0");
                life.day(1).moves_tag("1.5.0", super::super::repositories::HEAD).custody(Command::CheckTag { tag });
            }),
    ];
    for (plan, _) in &mut all {
        match plan.name {
            "pressureGaugeTrend" => plan.versions.push(("1.4.0", 6, Annotated)),
            "electronSpectrum" => {
                plan.versions[0].2 = Light;
                plan.ahead = 1;
            }
            _ => {}
        }
    }
    all
}
