//! What the sample people write in their requests, in turn.

pub fn pick(texts: &'static [&'static str], n: usize) -> &'static str {
    texts[n % texts.len()]
}

pub const WHY: &[&str] = &[
    "Today we do this by hand from a notebook; at night it is forgotten, and a run is lost about twice a month.",
    "The value is spread over four devices and nobody sees all of them at once while the beam is on.",
    "Users ask for it in every beamtime, and each time somebody writes a script that is thrown away afterwards.",
    "The manual procedure takes twenty minutes of beam; the device needs less than one.",
];
pub const DONE: &[&str] = &[
    "It ran through two beamtimes without a restart, and operators used it without calling us.",
    "The manual procedure is no longer in the instrument's handbook.",
    "Its values are in every run of one allocation period, with fewer than one gap a day.",
    "Three scientists who did not write it have used it from the panel alone.",
];
pub const ASSUMPTIONS: &[&str] = &[
    "The devices that it reads keep their property names.",
    "Ten values a second are enough.",
    "The topic's broker takes another 50 messages a second.",
];
pub const HARDWARE: &[&str] =
    &["none", "none of its own; it reads three existing devices", "one motor axis, through its Beckhoff device"];
pub const CONNECTIVITY: &[&str] =
    &["none", "the instrument's topic only", "the topic and the online cluster, port 4500"];
pub const FAILURES: &[&str] = &[
    "Its flag stays false and scans pause. Nothing else depends on it.",
    "It could send too many messages and slow the broker of this instrument; a limit is built in.",
    "A wrong position would move the stage against its soft limits; the hard limits stop it.",
    "The preview is black. Data acquisition is not touched.",
];
pub const NOTES: &[&str] = &[
    "",
    "After a restart wait for state ON, about ten seconds.",
    "Do not change its configuration.",
    "If it goes to ERROR twice, leave it there: the state tells us why.",
];
pub const QUESTIONS: &[(&str, &str)] = &[
    ("How many messages a second does it send at most?", "Ten values a second; the limit is in the code."),
    ("What happens when the source is missing?", "It goes to PASSIVE and comes back by itself."),
    ("Who uses it when you are on holiday?", "The second contact wrote half of it."),
];
pub const OPERATED: &[&str] = &[
    "It ran through the whole beamtime and was restarted once, for an update.",
    "Used in every run of the commissioning shift; its values agree with the reference within 1 %.",
    "Operators used it from the panel for five days without a call.",
];
pub const OVERVIEWS: &[&str] = &[
    "Small and tidy. Tests cover the arithmetic, not the reconnection. No new dependency.",
    "Two classes, one of them a base class. The schema needs descriptions and units.",
    "Well structured. The update rate has to be looked at before it goes to a full-support server.",
];
