//! A rollout in mixed states.
use crate::web::parts::*;

pub(super) fn bar() -> Bar {
    Bar::new("sg", &Shade::ALL.map(|shade| (shade, if shade == Shade::Done { 13 } else { 2 })))
}

pub(super) fn stats() -> Vec<Stat> {
    let stat = |(shade, n): (Shade, usize)| Stat {
        shade,
        count: if shade == Shade::Done { format!("{n} of 27") } else { n.to_string() },
        words: shade.words(n),
    };
    bar().parts.into_iter().map(stat).collect()
}

pub(super) fn matrix() -> Matrix {
    let cell = |class, icon, label: &str| Cell { class, icon, label: label.into() };
    let row = |name: &str, shade, done, cells, now: &str| TargetRow {
        name: name.into(),
        href: "#".into(),
        shade,
        done,
        all: 3,
        cells,
        now: now.into(),
    };
    let done = || cell("done", "check", "Back up: done");
    let waits = || cell("", "minus", "Check: waiting");
    let scs = vec![done(), cell("fail", "x", "Server: failed"), waits()];
    let sqs = vec![done(), cell("run", "half", "Server: running"), waits()];
    let mid = vec![done(), cell("halt", "pause", "Server: on hold"), waits()];
    let lab = vec![
        cell("rb", "back", "Back up: rolled back"),
        cell("", "arrow", "Server: skipped"),
        cell("sign", "user", "Check: wants sign-off"),
    ];
    Matrix {
        steps: ["Back up", "Server", "Check"].map(str::to_owned).into(),
        groups: vec![
            TargetGroup {
                title: "SASE 3".into(),
                rows: vec![
                    row("SCS", Shade::NeedsPerson, 1, scs, "Server failed: the disk is full."),
                    row("SQS", Shade::Running, 1, sqs, "Server, 4 min left"),
                ],
            },
            TargetGroup {
                title: "Labs".into(),
                rows: vec![
                    row("MID-LAB", Shade::OnHold, 1, mid, "Server: on hold until 16:30"),
                    row("TEST-1", Shade::RolledBack, 0, lab, "Rolled back"),
                ],
            },
        ],
    }
}

pub(super) fn asides() -> Vec<Aside> {
    let aside = |class, icon, title: &str, text: &str| Aside {
        class,
        icon,
        title: title.into(),
        href: "#".into(),
        text: vec![text.into()],
        actions: Vec::new(),
    };
    let retry = Action::link("Retry step", "#").small().primary();
    let skip = Action::link("Skip this step", "#").small();
    vec![
        Aside { actions: vec![retry, skip], ..aside("fail", "bad", "SCS · Server", "The disk is full.") },
        aside("wait", "back", "TEST-1 · rolled back", "Ravi Menon: it took too long."),
    ]
}

pub(super) fn pace() -> Pace {
    let done = [(0, 0), (60, 2), (120, 5), (180, 9), (290, 13)];
    let pace = Pace::new(&done, 30, Moments { from: 0, now: 310, until: 780, end: Some(640) });
    Pace {
        says: "13 of 30 done after 5 h 10 min. At this pace the last one is done at 19:40.".into(),
        from: "09:00".into(),
        now: Some("14:10".into()),
        until: "22:00 window closes".into(),
        ..pace
    }
}
