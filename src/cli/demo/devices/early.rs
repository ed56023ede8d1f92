//! Requested and accepted: each waits for something else.

use super::{super::life::plan, Plan, Sample};
use crate::domain::{contact::WhenStopped, lifecycle::Command};

pub fn samples() -> Vec<Sample> {
    [requested(), accepted()].concat()
}

fn requested() -> Vec<Sample> {
    vec![
        // A reservation that Ilse has to answer (L5).
        (
            Plan {
                instruments: &["SCS"],
                people: &["ilse", "marek"],
                instance: "SCS_DET_DSSC/PROC/CORR",
                areas: &["high-data-rate"],
                ..plan("dssCorrelator", "Correlates DSSC frames with the beam position, at 10 Hz")
            },
            |life| {
                life.day(8).submitted();
                life.day(6).taken().others_confirm();
                let ravi = life.id("ravi");
                life.act("lena", Command::Invite { person: ravi });
                let text =
                    "At 10 Hz the correlation of full frames is 1.2 GB/s. The online cluster has no room for it.";
                life.day(4).act("ravi", Command::RaiseReservation { text: text.to_owned() });
                life.act("lena", Command::SignOffPoint { point: 1 });
                let text = "Which frames does it need: all of them, or one in ten?";
                life.day(2).act("lena", Command::RaisePoint { text: text.to_owned() });
            },
        ),
        // Nobody of CTRL has taken it (L6).
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "emil"],
                instance: "HED_IA2_GRAIN/PROC/FIND",
                ..plan("grainFinderOnline", "Finds diffraction grains while the run goes on")
            },
            |life| {
                life.day(3).submitted();
            },
        ),
        // The same, and late: policy asks for an answer within five days.
        (
            Plan {
                instruments: &["SQS"],
                people: &["carmen", "piet"],
                instance: "SQS_NQS_POL/SCAN/MAIN",
                ..plan("polarizationScan", "Scans the polarization and writes one line for each step")
            },
            |life| {
                life.day(9).submitted();
            },
        ),
        // Signed off, but for the experts of a critical area (L7).
        (
            Plan {
                instruments: &["SXP"],
                people: &["sofia", "joost"],
                ctrl: "jonas",
                instance: "SXP_XTD10_FVM/CTRL/MIRROR",
                areas: &["machine-protection"],
                stop: WhenStopped::DoNotRestart,
                ..plan("fastValveMirror", "Mirrors the state of the fast valves for the users' screens")
            },
            |life| {
                life.day(12).submitted();
                life.day(10).taken().others_confirm();
                life.day(5).discussed();
            },
        ),
        // Every gate is met: its CTRL contact accepts it with one click.
        (
            Plan {
                instruments: &["SCS"],
                people: &["marek", "ilse"],
                ctrl: "ravi",
                instance: "SCS_CHEM_GRAIN/PROC/LITE",
                ..plan("grainFinderLite", "A small grain finder for the chemistry chamber")
            },
            |life| {
                life.day(9).submitted();
                life.day(7).taken().others_confirm();
                life.day(3).discussed();
            },
        ),
        // A reservation is answered; whoever raised it has yet to accept the answer (L5).
        (
            Plan {
                instruments: &["FXE"],
                people: &["pavel", "noor"],
                ctrl: "jonas",
                instance: "FXE_SMS_CHOP/MON/PHASE",
                ..plan("chopperPhaseWatch", "Watches the chopper's phase against the bunch pattern")
            },
            |life| {
                life.day(15).submitted();
                life.day(13).taken().others_confirm();
                let doubt = "The timing receiver has one free channel. Who gives it up when the laser needs it?";
                life.day(11).act("dmitri", Command::RaiseReservation { text: doubt.to_owned() });
                let answer = "We share it: this device reads the channel of the laser and never configures it.";
                life.day(1).act("pavel", Command::AnswerReservation { reservation: 1, text: answer.to_owned() });
            },
        ),
        // Rules of conduct not accepted by Emil, who has not confirmed his number either (L3, L4).
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "emil"],
                instance: "HED_OPT_PPF/CTRL/FOCUS",
                ..plan("pumpProbeFocus", "Keeps the pump laser's focus on the sample through a scan")
            },
            |life| {
                life.day(6).submitted();
                life.day(5).taken();
                life.day(2).discussed();
            },
        ),
    ]
}

fn accepted() -> Vec<Sample> {
    vec![
        // No server yet, nothing prepared (H1).
        (
            Plan {
                instruments: &["MID"],
                people: &["greta", "tomasz"],
                ctrl: "jonas",
                instance: "MID_EXP_IMP/PROC/VIEW",
                ..plan("imprintViewer", "Shows the imprints of the focus scan side by side")
            },
            |life| {
                life.up_to_accepted(16);
            },
        ),
        // Its repository cannot be read (H3).
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "luca"],
                instance: "HED_IA1_RAM/TRIG/MAIN",
                reduced: "pythonServer/contrib_hed_03",
                repository: false,
                ..plan("ramanTrigger", "Triggers the Raman spectrometer on the shots that hit")
            },
            |life| {
                life.up_to_accepted(20);
                life.day(9).server_assigned().committed().access_granted().framework(false).trained();
            },
        ),
        // Nobody has access to the host yet (H4, H6).
        (
            Plan {
                instruments: &["SQS"],
                people: &["carmen", "piet"],
                ctrl: "ravi",
                instance: "SQS_AQS_SPEC/FIT/MAIN",
                reduced: "pythonServer/contrib_sqs_04",
                ..plan("spectrometerFit", "Fits the electron spectrometer's lines in every train")
            },
            |life| {
                life.up_to_accepted(18);
                life.day(8).server_assigned().committed().framework(false);
            },
        ),
        // Nobody has said whether the framework is modified (H5).
        (
            Plan {
                instruments: &["FXE"],
                people: &["noor", "pavel"],
                instance: "FXE_TTS_PLOT/VIEW/MAIN",
                reduced: "pythonServer/contrib_fxe_04",
                ..plan("timingToolPlot", "Plots the timing tool's edge with its history")
            },
            |life| {
                life.up_to_accepted(19);
                life.day(8).server_assigned().committed().access_granted().trained();
            },
        ),
        // Joost has access and lacks the training (H6).
        (
            Plan {
                instruments: &["SA3"],
                people: &["joost", "sofia"],
                ctrl: "ravi",
                instance: "SA3_XTD10_MAG/MON/RAMP",
                reduced: "cppServer/contrib_sa3_02",
                ..plan("magnetRampGuard", "Warns before the steering magnets leave their ramp")
            },
            |life| {
                life.up_to_accepted(22);
                life.day(11).server_assigned().committed().access_granted().framework(false);
            },
        ),
        // Everything is prepared: development starts with one click.
        (
            Plan {
                instruments: &["MID"],
                people: &["tomasz", "greta"],
                instance: "MID_SAE_HEAT/CTRL/LOOP",
                reduced: "cppServer/contrib_mid_04",
                ..plan("sampleHeaterLoop", "Holds the sample heater at its set point through a run")
            },
            |life| {
                life.up_to_accepted(17);
                life.day(6).server_assigned().committed().access_granted().framework(false).trained();
            },
        ),
    ]
}
