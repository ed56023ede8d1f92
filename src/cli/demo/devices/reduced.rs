//! In reduced support, and well; some have a step before them.

use super::{
    super::{life::plan, repositories::Mark::*},
    Plan, Sample,
};
use crate::domain::{contact::WhenStopped, cycle::HelpKind, id::ServerName, lifecycle::Command};
use chrono::Days;

pub fn samples() -> Vec<Sample> {
    vec![
        // At home in two places, one of them three commits ahead of its tag; shut down once, and restarted.
        (
            Plan {
                instruments: &["SCS", "SQS"],
                people: &["ilse", "marek"],
                instance: "SCS_XTD10_BCC/MON/BEAMCOND",
                reduced: "cppServer/contrib_scs_01",
                areas: &["pulse-patterns"],
                versions: vec![("2.3.0", 80, Annotated), ("2.4.0", 42, Annotated), ("2.4.1", 20, Annotated)],
                ahead: 3,
                ..plan(
                    "beamConditionCheck",
                    "Compares XGM, pointing and attenuation against limits and raises one “beam is good” flag",
                )
            },
            |life| {
                life.up_to_development(101);
                life.day(80).runs_tag("2.3.0");
                let jonas = life.id("jonas");
                life.day(43).act(
                    "jonas",
                    Command::ShutDown {
                        reason: "4,100 messages per second on the SCS broker.".to_owned(),
                        affected: "Every device of the SCS topic".to_owned(),
                        responsible: jonas,
                        conditions: "A release that limits the message rate.".to_owned(),
                    },
                );
                life.stops("cppServer/contrib_scs_01");
                life.day(42).verified("ilse", "2.4.0");
                life.act("jonas", Command::Restart { text: "2.4.0 limits the message rate.".to_owned() });
                life.deployed("ilse", "cppServer/contrib_scs_01", "2.4.0").runs("cppServer/contrib_scs_01", "2.4.0");
                let text = "Read the reconnection together; one deadlock found.".to_owned();
                life.day(30).act("lena", Command::LogHelp { entry: None, kind: HelpKind::PairSession, text });
                life.day(20).runs_tag("2.4.1");
                life.act("lena", Command::AssignServer { server: ServerName::from("cppServer/contrib_sqs_02") });
                life.day(18).confirmed();
                let text = "How do we test the limits without beam?".to_owned();
                life.day(2).act("ilse", Command::AskHelp { kind: HelpKind::Advice, text });
                life.built_against("ilse", "2.4.1");
                let hot = life.ahead_of("2.4.1");
                life.minutes_ago(40).runs_as("cppServer/contrib_sqs_02", "SQS_XTD10_BCC/MON/BEAMCOND", hot);
            },
        ),
        (
            Plan {
                instruments: &["MID"],
                people: &["tomasz", "greta"],
                ctrl: "jonas",
                instance: "MID_EXP_SDL/CTRL/GUARD",
                reduced: "pythonServer/contrib_mid_01",
                stop: WhenStopped::CallFirst,
                versions: vec![("0.7.1", 60, Annotated), ("0.7.2", 15, Annotated)],
                ..plan("delayLineGuard", "Stops the split-and-delay line before it leaves its range")
            },
            |life| {
                life.up_to_development(90);
                life.day(60).runs_tag("0.7.1");
                life.day(15).runs_tag("0.7.2");
            },
        ),
        // A user has yet to countersign (T1).
        (
            Plan {
                instruments: &["FXE"],
                people: &["noor", "pavel"],
                ctrl: "ravi",
                instance: "FXE_LAS_PPL/MON/JITTER",
                reduced: "pythonServer/contrib_fxe_02",
                versions: vec![("1.3.0", 33, Annotated)],
                ..plan("ppLaserJitterMon", "Watches the jitter of the pump laser against the optical reference")
            },
            |life| {
                life.up_to_development(75);
                life.day(33).runs_tag("1.3.0");
                life.day(1).operated();
            },
        ),
        (
            Plan {
                instruments: &["SPB"],
                people: &["aisha", "luca"],
                instance: "SPB_IRU_JET/CAM/WATCH",
                reduced: "pythonServer/contrib_spb_01",
                versions: vec![("1.0.4", 22, Annotated)],
                ..plan("sampleJetWatcher", "Sees on the side camera when the jet is gone and tells the operators")
            },
            |life| {
                life.up_to_development(66);
                life.day(22).runs_tag("1.0.4");
            },
        ),
        // A release candidate with edits on top: hot development as it is meant.
        (
            Plan {
                instruments: &["SQS"],
                people: &["piet", "carmen"],
                ctrl: "jonas",
                instance: "SQS_NQS_TOF/CAL/MAIN",
                reduced: "pythonServer/contrib_sqs_02",
                stop: WhenStopped::CallFirst,
                versions: vec![("2.0.0-rc1", 9, Light)],
                ahead: 2,
                ..plan("tofCalibration", "Calibrates the time-of-flight spectrometers from the gas line")
            },
            |life| {
                life.up_to_development(58);
                life.day(9).runs_tag("2.0.0-rc1");
                let hot = format!("{}-dirty", life.ahead_of("2.0.0-rc1"));
                life.minutes_ago(95).runs("pythonServer/contrib_sqs_02", hot);
            },
        ),
        // Started, not yet seen running; help is asked for and scheduled (H7).
        (
            Plan {
                instruments: &["FXE"],
                people: &["pavel", "noor"],
                instance: "FXE_LAS_PTG/CTRL/FB",
                reduced: "cppServer/contrib_fxe_01",
                ..plan("laserPointingFb", "Feeds the laser's pointing back to the last mirror")
            },
            |life| {
                life.up_to_development(21);
                let text = "An hour together on the state machine would save us a week.".to_owned();
                life.day(4).act("pavel", Command::AskHelp { kind: HelpKind::PairSession, text });
                let on = life.date(8);
                life.act("lena", Command::ScheduleHelp { entry: 1, on });
            },
        ),
        // Every gate is met: its contributors ask for the transfer when they like.
        (
            Plan {
                instruments: &["SA3"],
                people: &["sofia", "marek"],
                ctrl: "ravi",
                instance: "SA3_UND_TAP/CALC/MAIN",
                reduced: "pythonServer/contrib_sa3_01",
                full: "pythonServer/ctrl_sa3_02",
                stop: WhenStopped::RestartAnyTime,
                versions: vec![("1.1.0", 26, Annotated)],
                ..plan("undulatorTaper", "Proposes the undulator taper from the measured spectrum")
            },
            |life| {
                life.up_to_development(70);
                life.day(26).runs_tag("1.1.0");
                life.day(5).operated();
                life.day(3).countersigned("joost");
            },
        ),
        // A review found too much: back to development.
        (
            Plan {
                instruments: &["SPB"],
                people: &["luca", "aisha"],
                instance: "SPB_EXP_GONIO/SCAN/MAIN",
                reduced: "cppServer/contrib_spb_02",
                stop: WhenStopped::DoNotRestart,
                versions: vec![("0.9.0", 50, Annotated)],
                ..plan("goniometerScan", "Scans the goniometer in step with the detector")
            },
            |life| {
                life.up_to_development(95);
                life.day(50).runs_tag("0.9.0");
                life.up_to_review(35, "yuki");
                life.day(33).overview();
                let reason = "Two threads drive one axis. That is a redesign, and is better done in development.";
                life.day(28).act("lena", Command::ReturnToDevelopment { reason: reason.to_owned() });
                let jonas = life.id("jonas");
                life.day(1).act(
                    "jonas",
                    Command::ShutDown {
                        reason: "It moved the goniometer while somebody mounted a sample.".to_owned(),
                        affected: "The sample stage of SPB".to_owned(),
                        responsible: jonas,
                        conditions: "It asks for the hutch to be searched before it moves.".to_owned(),
                    },
                );
                life.minutes_ago(12).act("jonas", Command::Restart { text: "It asks for the search now.".to_owned() });
            },
        ),
        // Handed back for a short time, which is not over yet (B4).
        (
            Plan {
                instruments: &["FXE"],
                people: &["noor", "pavel"],
                instance: "FXE_RR_BTV/VIEW/MAIN",
                reduced: "pythonServer/contrib_fxe_03",
                full: "pythonServer/ctrl_fxe_01",
                versions: vec![("1.4.0", 101, Annotated)],
                ahead: 4,
                ..plan("bunchTrainView", "Shows the bunch train as the instrument gets it")
            },
            |life| {
                life.up_to_owned(140, "tomasz", "1.4.0");
                life.day(11);
                let until = life.date(20);
                hand_back(life, "noor", Some(until), "Two more columns for the beamtime in December.");
            },
        ),
        // The same, overdue for twelve days.
        (
            Plan {
                instruments: &["SQS"],
                people: &["piet", "carmen"],
                ctrl: "jonas",
                instance: "SQS_EXP_SHUT/CTRL/SEQ",
                reduced: "cppServer/contrib_sqs_03",
                full: "cppServer/ctrl_sqs_01",
                stop: WhenStopped::CallFirst,
                versions: vec![("4.1.2", 111, Annotated)],
                ahead: 1,
                ..plan("shutterSequencer", "Opens and closes the experiment's shutter in step with the trains")
            },
            |life| {
                life.up_to_owned(150, "ilse", "4.1.2");
                life.day(40);
                let until = (life.date(40).checked_sub_days(Days::new(12))).unwrap_or(life.date(28));
                hand_back(life, "piet", Some(until), "A new sequence for the pump-probe runs.");
            },
        ),
    ]
}

/// Ownership goes back, and the device moves to a reduced server at once (B1, B2).
fn hand_back(
    life: &mut super::super::life::Life<'_>,
    who: &'static str,
    until: Option<chrono::NaiveDate>,
    reason: &str,
) {
    let (reduced, full, base) = (life.plan.reduced, life.plan.full, life.plan.versions[0].0);
    life.act(who, Command::HandBack { server: ServerName::from(reduced), until, reason: reason.to_owned() });
    life.stops(full);
    let hot = life.ahead_of(base);
    life.runs(reduced, hot).access_granted();
}
