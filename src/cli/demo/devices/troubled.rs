//! In reduced support, and in trouble: shut down, orphaned, where it must not run.

use super::{
    super::{life::plan, places, repositories::Mark::*},
    Plan, Sample,
};
use crate::domain::{contact::WhenStopped, lifecycle::Command};

pub fn samples() -> Vec<Sample> {
    vec![
        // N1: somebody started it on a full-support server.
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "luca"],
                instance: "HED_IA1_G2/DET/PREVIEW",
                reduced: "cppServer/contrib_hed_04",
                stop: WhenStopped::DoNotRestart,
                versions: vec![("0.9.3", 24, Annotated)],
                ahead: 12,
                ..plan("gotthard2Preview", "Shows every tenth frame of the Gotthard-II, corrected")
            },
            |life| {
                life.up_to_development(60);
                life.day(24).runs_tag("0.9.3");
                let hot = life.ahead_of("0.9.3");
                life.minutes_ago(31).stops("cppServer/contrib_hed_04").runs("cppServer/ctrl_hed_04", hot);
            },
        ),
        // N5: shut down since the night.
        (
            Plan {
                instruments: &["MID"],
                people: &["tomasz", "greta"],
                ctrl: "jonas",
                instance: "MID_XTD6_PPD/MON/DECODE",
                reduced: "cppServer/contrib_mid_02",
                areas: &["pulse-patterns"],
                stop: WhenStopped::DoNotRestart,
                versions: vec![("3.1.0", 36, Annotated)],
                ..plan("pulsePatternDecoder", "Decodes the bunch pattern into the pulses that reach the instrument")
            },
            |life| {
                life.up_to_development(84);
                life.day(36).runs_tag("3.1.0");
                let jonas = life.id("jonas");
                life.minutes_ago(125).act(
                    "jonas",
                    Command::ShutDown {
                        reason: "It flooded the MID broker with 6,000 messages a second.".to_owned(),
                        affected: "Every device of the MID topic; the run was stopped for 4 minutes".to_owned(),
                        responsible: jonas,
                        conditions: "A release that limits its messages to 50 a second, tried for an hour.".to_owned(),
                    },
                );
                life.stops("cppServer/contrib_mid_02");
            },
        ),
        // The first contact's confirmation has aged; the second one still counts (L4).
        (
            Plan {
                instruments: &["SQS"],
                people: &["piet", "carmen"],
                ctrl: "ravi",
                instance: "SQS_REMI_VMI/PROC/IMG",
                reduced: "pythonServer/contrib_sqs_05",
                versions: vec![("1.2.0", 150, Annotated)],
                ..plan("vmiImageProc", "Centres and inverts the velocity map images")
            },
            |life| {
                life.up_to_development(230);
                life.day(150).runs_tag("1.2.0");
                life.day(90).others_confirm();
            },
        ),
        // H5: the framework itself is modified, so nothing on that server is supported.
        (
            Plan {
                instruments: &["HED"],
                people: &["yuki", "luca"],
                ctrl: "jonas",
                instance: "HED_RR_TFP/CTRL/PATCH",
                reduced: "cppServer/contrib_hed_05",
                stop: WhenStopped::CallFirst,
                versions: vec![("0.2.0", 12, Light)],
                ahead: 1,
                ..plan("timingFramePatch", "Tries a new time frame in the framework's own event loop")
            },
            |life| {
                life.up_to_accepted(46);
                life.day(34).server_assigned().committed().access_granted().framework(true).trained().started();
                life.day(12).verified("yuki", "0.2.0");
                let hot = format!("{}-dirty", life.ahead_of("0.2.0"));
                life.runs("cppServer/contrib_hed_05", hot);
            },
        ),
        // N4: its author left the house. Somebody offers to adopt it.
        (
            Plan {
                instruments: &["SXP"],
                people: &["viktor"],
                instance: "SXP_XTD10_SFM/MON/FIELD",
                reduced: "pythonServer/contrib_sxp_01",
                versions: vec![("1.0.1", 140, Annotated)],
                ..plan("strongFieldMonitor", "Estimates the field strength in the focus from the ion yield")
            },
            |life| {
                life.day(190).submitted();
                let viktor = life.id("viktor");
                let deputy = life.id("sofia");
                let contact = crate::domain::contact::Contact {
                    person: viktor,
                    hours: crate::domain::contact::Hours::Daytime,
                    time_zone: "Europe/Berlin".to_owned(),
                    deputy: Some(deputy),
                    confirmed: None,
                };
                life.day(188).taken().act("viktor", Command::SetContacts { contacts: vec![contact] });
                life.day(184).discussed().accepted();
                life.day(180).server_assigned().committed().access_granted().framework(false).trained().started();
                life.day(140).runs_tag("1.0.1");
                life.day(32).leaves("viktor");
                let reason = "We need it in every beamtime, and I know the code: I reviewed it with Viktor.".to_owned();
                life.day(6).act("sofia", Command::OfferAdoption { reason });
            },
        ),
        // N4 as well: nobody has confirmed a number for eight months.
        (
            Plan {
                instruments: &["SPB"],
                people: &["luca", "aisha"],
                instance: "SPB_IRU_NOZ/CAM/INDEX",
                reduced: "pythonServer/contrib_spb_04",
                versions: vec![("0.5.0", 170, Annotated)],
                ..plan("nozzleCamIndex", "Indexes the nozzle camera's pictures by train")
            },
            |life| {
                life.up_to_development(240);
                life.day(170).runs_tag("0.5.0");
            },
        ),
        // It runs on a server that is on no record.
        (
            Plan {
                instruments: &["SA3"],
                people: &["sofia", "marek"],
                ctrl: "ravi",
                instance: "SA3_XTD10_DIP/LOG/CURRENT",
                reduced: "pythonServer/contrib_sa3_03",
                versions: vec![("1.0.0", 30, Annotated)],
                ..plan("dipoleCurrentLog", "Logs the dipole's current with the train number")
            },
            |life| {
                life.up_to_development(62);
                life.day(30).runs_tag("1.0.0");
                life.minutes_ago(600).stops("pythonServer/contrib_sa3_03").runs(places::FORGOTTEN, "1.0.0");
            },
        ),
    ]
}
