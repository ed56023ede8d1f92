//! At an end: retired, declined, withdrawn; one still runs although it is retired.

use super::{
    super::{life::plan, repositories::Mark::*},
    Plan, Sample,
};
use crate::domain::{id::ServerName, lifecycle::Command};

pub fn samples() -> Vec<Sample> {
    vec![
        (
            Plan {
                instruments: &["SCS"],
                people: &["ilse", "marek"],
                instance: "SCS_OPT_PTL/LOG/MAIN",
                reduced: "pythonServer/contrib_scs_03",
                versions: vec![("1.0.0", 190, Annotated)],
                ..plan("pointingLogger", "Logged the beam's pointing once a second")
            },
            |life| {
                life.up_to_development(225);
                life.day(190).runs_tag("1.0.0");
                life.day(78).stops("pythonServer/contrib_scs_03");
                remove(life, "ilse", "pythonServer/contrib_scs_03");
                life.act("lena", Command::Retire { reason: "Replaced by beamConditionCheck.".to_owned() });
            },
        ),
        (
            Plan {
                instruments: &["SCS"],
                people: &["marek", "ilse"],
                instance: "SCS_EXP_SHUT/CTRL/PREDICT",
                areas: &["machine-protection"],
                ..plan("shutterPredictor", "Predicts when the shutter has to close, and closes it")
            },
            |life| {
                life.day(130).submitted();
                life.day(127).taken();
                let text = "Nothing but the machine protection system closes this shutter.".to_owned();
                life.day(124).act("henrik", Command::RaiseReservation { text });
                let reason =
                    "It would act in the machine protection system's place. A display of the prediction is welcome.";
                life.day(120).act("lena", Command::Decline { reason: reason.to_owned() });
            },
        ),
        (
            Plan {
                instruments: &["FXE"],
                people: &["pavel", "noor"],
                ctrl: "jonas",
                instance: "FXE_EXP_JOG/CTRL/PAD",
                ..plan("motorJogPad", "Moves motors from a game pad")
            },
            |life| {
                life.day(72).submitted();
                life.day(70).taken();
                let reason = "The vendor's hand controller does it, and has an emergency stop.".to_owned();
                life.day(61).act("pavel", Command::Withdraw { reason });
            },
        ),
        // Retired, and started again by somebody: it runs although nobody answers for it.
        (
            Plan {
                instruments: &["SPB"],
                people: &["luca", "aisha"],
                instance: "SPB_EXP_STG/LOG/LEGACY",
                reduced: "cppServer/contrib_spb_01",
                versions: vec![("0.3.0", 160, Light)],
                ..plan("legacyStageLog", "Logged the old sample stage")
            },
            |life| {
                life.up_to_development(205);
                life.day(160).runs_tag("0.3.0");
                life.day(55).stops("cppServer/contrib_spb_01");
                remove(life, "luca", "cppServer/contrib_spb_01");
                life.act("lena", Command::Retire { reason: "The old stage was taken down.".to_owned() });
                life.day(2).runs("cppServer/contrib_spb_01", "0.3.0");
            },
        ),
    ]
}

fn remove(life: &mut super::super::life::Life<'_>, who: &'static str, server: &'static str) {
    life.act(who, Command::Remove { server: ServerName::from(server) });
}
