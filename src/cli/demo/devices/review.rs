//! Under review: each with other gates open.

use super::{
    super::{life::plan, repositories::Mark::*},
    Plan, Sample,
};
use crate::domain::{contact::WhenStopped, lifecycle::Command, review::Ground};

pub fn samples() -> Vec<Sample> {
    vec![
        // Findings: one answered, two open (T5).
        (
            Plan {
                instruments: &["SPB"],
                people: &["aisha", "luca"],
                instance: "SPB_XTD9_XGM/DAQ/BUNCHSEL",
                reduced: "cppServer/contrib_spb_03",
                full: "cppServer/ctrl_spb_03",
                versions: vec![("1.7.2", 45, Annotated), ("1.8.0", 18, Annotated)],
                ..plan("xgmBunchSelector", "Selects the bunches whose pulse energy the instrument records")
            },
            |life| {
                life.up_to_development(88);
                life.day(45).runs_tag("1.7.2");
                life.up_to_review(19, "yuki");
                life.day(18).planned([12, 19, 26]).runs_tag("1.8.0").proposed("1.8.0").shown("1.8.0");
                let text = "At 10 Hz this starves every other device on the server. Use the ready callback.";
                life.day(10).finding("lena", "src/xgmBunchSelector.py:118", text);
                let text = "A wrong pattern makes a 27,000-entry property. Cap it and go to ERROR.";
                life.finding("chiara", "src/xgmBunchSelector.py:203", text);
                let text = "After a restart the device selects all bunches. It must come back as it was.";
                life.finding("chiara", "config/xgmBunchSelector.yaml", text);
                life.act("luca", Command::JoinReview {});
                let text = "Fixed in 1.8.1-rc1. Ran 6 hours with 352 bunches, no missed trains.";
                life.day(1).finding_answered(1, text);
            },
        ),
        // Findings to fix, and a milestone is late (T2).
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "luca"],
                ctrl: "ravi",
                instance: "HED_IA2_RSA/CTRL/ALIGN",
                reduced: "pythonServer/contrib_hed_01",
                full: "pythonServer/ctrl_hed_01",
                stop: WhenStopped::CallFirst,
                versions: vec![("0.12.1", 28, Annotated)],
                ..plan("raySheetAligner", "Aligns the light sheet to the X-ray focus")
            },
            |life| {
                life.up_to_development(92);
                life.day(28).runs_tag("0.12.1");
                life.up_to_review(26, "tomasz");
                life.day(25).planned([19, 32, 40]).proposed("0.12.1").shown("0.12.1");
                life.day(17).finding("henrik", "src/align.py:40", "A lost camera moves the stage on. Stop it first.");
                life.finding("henrik", "src/align.py:88", "The step has no limit.");
                life.finding("henrik", "docs/index.md", "Say what an operator does when it cannot find the sheet.");
            },
        ),
        // CTRL proposed a timeline; a contributor has yet to agree (T2).
        (
            Plan {
                instruments: &["SCS"],
                people: &["ilse", "marek"],
                instance: "SCS_RR_SCAN/VIEW/PLOT",
                reduced: "pythonServer/contrib_scs_02",
                full: "pythonServer/ctrl_scs_02",
                versions: vec![("1.1.0", 21, Annotated)],
                ..plan("scanPlotLive", "Plots a scan while it runs")
            },
            |life| {
                life.up_to_development(64);
                life.day(21).runs_tag("1.1.0");
                life.up_to_review(5, "carmen");
                life.day(3).proposed("1.1.0");
                let commit = life.commit("1.1.0");
                life.attempt("ilse", Command::Approve { commit });
                life.overview().timeline([14, 28, 35]);
            },
        ),
        // A critical area: one of two approvals is there (L7, T4).
        (
            Plan {
                instruments: &["MID"],
                people: &["greta", "tomasz"],
                instance: "MID_XTD6_PEG/CTRL/GATE",
                reduced: "cppServer/contrib_mid_03",
                full: "cppServer/ctrl_mid_03",
                areas: &["pulse-patterns"],
                stop: WhenStopped::DoNotRestart,
                versions: vec![("2.2.0", 16, Annotated)],
                ..plan("pulseEnergyGate", "Gates the data by pulse energy, shot by shot")
            },
            |life| {
                life.up_to_development(79);
                life.day(40).runs("cppServer/contrib_mid_03", "2.1.0-dirty");
                life.up_to_review(15, "ilse");
                life.day(14).planned([12, 20, 24]).proposed("2.2.0").shown("2.2.0").runs_tag("2.2.0");
                life.day(4).approved("chiara", "2.2.0");
            },
        ),
        // The commit moved on: the evidence is stale, and an approval is void (T3, T4).
        (
            Plan {
                instruments: &["SPB"],
                people: &["luca", "aisha"],
                ctrl: "ravi",
                instance: "SPB_IRU_JF4M/PROC/STITCH",
                reduced: "cppServer/contrib_spb_05",
                full: "cppServer/ctrl_spb_05",
                areas: &["high-data-rate"],
                versions: vec![("1.5.0", 24, Annotated), ("1.5.1", 4, Annotated)],
                ..plan("jungfrauStitch", "Stitches the JUNGFRAU modules into one picture")
            },
            |life| {
                life.up_to_development(97);
                life.day(24).runs_tag("1.5.0");
                life.up_to_review(23, "noor");
                life.day(21).planned([20, 30, 36]).proposed("1.5.0").shown("1.5.0");
                life.day(12).approved("chiara", "1.5.0");
                life.day(4).proposed("1.5.1").runs_tag("1.5.1");
            },
        ),
        // Approved, and nobody has tagged the commit yet (T7).
        (
            Plan {
                instruments: &["FXE"],
                people: &["pavel", "noor"],
                ctrl: "jonas",
                instance: "FXE_OPT_WFS/PROC/ONLINE",
                reduced: "pythonServer/contrib_fxe_05",
                full: "pythonServer/ctrl_fxe_03",
                versions: vec![("0.8.0", 44, Annotated), ("0.9.0", 9, Nothing)],
                ..plan("wavefrontOnline", "Reconstructs the wavefront while the optics are aligned")
            },
            |life| {
                life.up_to_development(82);
                life.day(44).runs_tag("0.8.0");
                life.up_to_review(14, "aisha");
                life.day(13).planned([15, 22, 28]);
                life.day(9).proposed("0.9.0").shown("0.9.0");
                life.day(2).approved("chiara", "0.9.0");
            },
        ),
        // Deployed by its tag on a full-support server, where nobody has seen it yet (T8).
        (
            Plan {
                instruments: &["SQS"],
                people: &["carmen", "piet"],
                instance: "SQS_AQS_ION/SCAN/YIELD",
                reduced: "pythonServer/contrib_sqs_01",
                full: "pythonServer/ctrl_sqs_02",
                versions: vec![("1.0.2", 17, Annotated)],
                ..plan("ionYieldScan", "Scans the photon energy and counts ions")
            },
            |life| {
                life.up_to_development(77);
                life.day(17).runs_tag("1.0.2");
                life.up_to_review(16, "sofia");
                life.day(15).planned([11, 18, 25]).proposed("1.0.2").shown("1.0.2");
                life.day(3).approved("henrik", "1.0.2");
                life.day(1).deployed("lena", "pythonServer/ctrl_sqs_02", "1.0.2");
                life.stops("pythonServer/contrib_sqs_01").access_revoked();
            },
        ),
        // Every gate is met: a reviewer takes ownership with one click.
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "luca"],
                instance: "HED_IA1_XPF/PROC/PINS",
                reduced: "pythonServer/contrib_hed_02",
                full: "pythonServer/ctrl_hed_02",
                versions: vec![("1.3.1", 15, Annotated)],
                ..plan("crystalPinFinder", "Finds the crystal pins on the holder and numbers them")
            },
            |life| {
                life.up_to_development(73);
                life.day(24).runs("pythonServer/contrib_hed_02", "1.3.0-dirty");
                life.up_to_review(14, "greta");
                life.day(13).planned([10, 16, 20]).proposed("1.3.1").shown("1.3.1");
                life.act("luca", Command::JoinReview {});
                life.day(3).approved("henrik", "1.3.1");
                life.day(1).moved("1.3.1");
            },
        ),
        // N3: CTRL took it over because another instrument needs it; the author has a task.
        (
            Plan {
                instruments: &["MID"],
                people: &["tomasz", "greta"],
                ctrl: "jonas",
                instance: "MID_OPT_SLT/MON/DRIFT",
                reduced: "pythonServer/contrib_mid_05",
                full: "pythonServer/ctrl_mid_05",
                versions: vec![("0.6.0", 34, Annotated)],
                ..plan("slitDriftGuard", "Sees the slits drift and says so before the users do")
            },
            |life| {
                life.up_to_development(86);
                life.day(34).runs_tag("0.6.0");
                let ground = Ground::NeededElsewhere {
                    instrument: "HED".to_owned(),
                    task: "Show Jonas how the drift is calibrated, and write it down.".to_owned(),
                };
                let reason = "HED has the same slits and needs it from December on.".to_owned();
                life.day(12).act("jonas", Command::TakeOver { ground, reason });
                life.overview();
            },
        ),
        // Just asked for: the whole review can be walked by hand.
        (
            Plan {
                instruments: &["SPB"],
                people: &["aisha", "luca"],
                instance: "SPB_IRU_IMG/PROC/SHARP",
                reduced: "pythonServer/contrib_spb_02",
                full: "pythonServer/ctrl_spb_04",
                versions: vec![("1.0.0", 8, Annotated)],
                ..plan("imagingSharpness", "Rates the sharpness of the imaging detector for the focus scan")
            },
            |life| {
                life.up_to_development(56);
                life.day(20).runs("pythonServer/contrib_spb_02", "0.9.0-dirty");
                life.up_to_review(1, "noor");
            },
        ),
    ]
}
