//! The words of the description that no address has of its own.

/// What the parts of the API are about, in the order of the description.
pub const TAGS: [(&str, &str); 17] = [
    ("Devices", "Devices on record, and every step of their lives."),
    ("Releases", "Tags that Custody verified, and the stages that they pass."),
    ("Deployments", "What goes where: asked for, permitted, reported on."),
    ("Overrides", "What two people of CTRL let through in an emergency."),
    ("Rollouts", "One release to many instruments, and what is changed on them."),
    ("Status", "What operators see: may one rely on it, and whom to call."),
    ("Shift", "Changes of support that the shift acknowledges."),
    ("Observations", "What runs, as agents and collectors see it."),
    ("Events", "Everything that happened, in its order."),
    ("Work", "What waits for whom."),
    ("Me", "The person that a token speaks for."),
    ("People", "People, and when they are away."),
    ("Groups", "Groups of people, and the roles that they give."),
    ("Servers", "Device servers and their hosts."),
    ("Tokens", "What programs sign in with."),
    ("Forges", "Forges that tell of new tags."),
    ("Custody", "Custody itself."),
];

/// What a part of an address is, by its name.
pub const PLACES: [(&str, &str); 23] = [
    ("absence", "The absence's id."),
    ("account", "The id of what somebody signs in with."),
    ("anything", "An instance, device, class, server, host or person, however it is spelled."),
    ("change", "The local change's id."),
    ("channel", "The channel's id; mail for one's own mail."),
    ("collector", "The collector's name in the policy."),
    ("deployment", "The deployment's id."),
    ("group", "The group's id."),
    ("id", "Its id."),
    ("incident", "The incident's id."),
    ("message", "The message's id in the outbox."),
    ("name", "The device's name."),
    ("number", "Its number within the device."),
    ("person", "The person's id."),
    ("retest", "The re-test's id."),
    ("rollout", "The rollout's number, like R-2026-3."),
    ("run", "The run's id."),
    ("server", "The server's name, its slash sent as %2F."),
    ("session", "The session's id."),
    ("tag", "The tag's name."),
    ("token", "The token's id."),
    ("hook", "The address's own part."),
    ("host", "The host's name."),
];

/// Answers that are no success: when, as which status, why.
pub const REFUSALS: [(&str, &str, &str); 14] = [
    ("400", "Unreadable", "What was sent cannot be read."),
    ("401", "NoToken", "No token, or one that opens nothing."),
    ("403", "NotYours", "It is not for this token, or not for whom it speaks for, to do."),
    ("404", "NothingHere", "There is no such thing, or its existence is private."),
    ("405", "AnotherMethod", "The header Allow lists what this address takes."),
    ("408", "TooSlow", "It took too long; what was asked for may still be done."),
    (
        "409",
        "Refused",
        "Refused: the gates say what is missing. Or, with an Idempotency-Key, it is under way, was done, or is not known: \
         its code says which.",
    ),
    ("412", "Changed", "It is not what it was when it was read: what has happened since, or what is there now."),
    ("413", "TooLarge", "The body is larger than 2 MiB."),
    ("415", "OtherType", "The body is no JSON, or is compressed."),
    ("422", "Entries", "Some entries need a change."),
    ("428", "RevisionNeeded", "The header If-Match is needed: the ETag as it was read."),
    ("429", "TooOften", "Too many requests: wait as long as Retry-After says."),
    ("503", "Unavailable", "Custody cannot answer now; its detail says whether anything may have been saved."),
];

/// What it is all about.
pub const ABOUT: &str = "The registry of record for contributed devices: who owns them, what support they get, whom to call.\n\n\
    Errors are problem details (RFC 9457) with a stable `code`; a refused step lists every gate, met or not. \
    `ETag` and `If-Match` keep a change from being decided by what is out of date. A repetition with the same \
    `Idempotency-Key` is answered and not acted out again. Lists go on at `next`, sent as `after`. \
    Fields may be added; what is here keeps its name and its meaning.";
