//! The findings, each with what was said and whose turn it is (T5).

use super::Shown;
use crate::{
    app::App,
    domain::{
        lifecycle::{CommandKind, Who},
        person::Role,
        review::{self, Review},
    },
    service::devices::DeviceView,
    web::{
        devices::offers,
        gatebox::act_href,
        parts::{Action, Finding, FindingState, Remark, Side, Turn},
        words,
    },
};

/// Whether the reader decides on the answer: who raised it, or another reviewer once that one is none any more.
fn decides(v: &DeviceView, f: &review::Finding) -> bool {
    let by = f.raised.mark.by;
    v.may(CommandKind::AcceptFinding) && (v.me == Some(by) || !v.people.has(by, &Role::Reviewer))
}

/// Whether it is the reader's turn.
pub fn is_mine(v: &DeviceView, f: &review::Finding) -> bool {
    match f.state {
        review::FindingState::Open => v.is(Who::Contributor),
        review::FindingState::Answered => decides(v, f),
        review::FindingState::Accepted => false,
    }
}

pub fn list(app: &App, v: &DeviceView, review: &Review, shown: Shown) -> Vec<Finding> {
    let open = |f: &&review::Finding| f.state != review::FindingState::Accepted;
    let mut all: Vec<&review::Finding> = review
        .findings
        .iter()
        .filter(|f| match shown {
            Shown::Open => open(f),
            Shown::Closed => !open(f),
            Shown::All => true,
        })
        .collect();
    // What waits for the reader comes first, then what is open, then what is closed.
    all.sort_by_key(|f| (!is_mine(v, f), f.state == review::FindingState::Accepted, f.id));
    all.into_iter().map(|f| one(app, v, f)).collect()
}

fn one(app: &App, v: &DeviceView, f: &review::Finding) -> Finding {
    let when = |at| words::day(app, at, v.now);
    let (title, rest) = headline(&f.raised.text);
    let by = v.people.name(f.raised.mark.by);
    let first = by.split_whitespace().next().unwrap_or(by).to_owned();
    let (state, turn, ask) = match f.state {
        review::FindingState::Open => {
            let turn = if is_mine(v, f) { Turn::You(Side::Contributor) } else { Turn::Side(Side::Contributor) };
            (FindingState::Blocking, Some(turn), "mend and answer")
        }
        review::FindingState::Answered => {
            let turn =
                if is_mine(v, f) { Turn::You(Side::Ctrl) } else { Turn::Person { name: first, side: Side::Ctrl } };
            (FindingState::Answered, Some(turn), "verify")
        }
        review::FindingState::Accepted => (FindingState::Closed, None, ""),
    };
    let mut remarks = Vec::new();
    // The first sentence is the title already.
    if !rest.is_empty() {
        remarks.push(Remark { who: by.to_owned(), when: when(f.raised.mark.at), text: rest.to_owned() });
    }
    remarks.extend(f.talk.iter().map(|r| Remark {
        who: v.people.name(r.mark.by).to_owned(),
        when: when(r.mark.at),
        text: r.text.clone(),
    }));
    Finding {
        id: format!("F{}", f.id),
        title,
        state,
        turn,
        ask: ask.to_owned(),
        place: if f.place.is_empty() { format!("raised by {by}") } else { format!("{} · raised by {by}", f.place) },
        age: words::so_far(f.raised.mark.at, v.now),
        text: String::new(),
        code: Vec::new(),
        remarks,
        actions: actions(v, f),
    }
}

/// The first sentence, and what follows it.
fn headline(text: &str) -> (String, &str) {
    let first = text.lines().next().unwrap_or_default();
    let end = first.find(". ").map_or(first.len(), |at| at + 1);
    let cut = first.char_indices().nth(120).map_or(end, |(at, _)| at.min(end));
    let title = &first[..cut];
    let rest = text[cut..].trim();
    let title = title.trim_end_matches('.');
    (if cut < end { format!("{title}…") } else { title.to_owned() }, rest)
}

fn actions(v: &DeviceView, f: &review::Finding) -> Vec<Action> {
    let name = v.device.name();
    let next = format!("/devices/{name}/review#F{}", f.id);
    let about = format!("finding {}", f.id);
    let link = |act| {
        let label = crate::web::acts::label(act);
        Action::link(label, &format!("{}?finding={}", act_href(name, act), f.id)).small().about(&about)
    };
    match f.state {
        review::FindingState::Open | review::FindingState::Answered
            if v.may(CommandKind::AnswerFinding) && !decides(v, f) =>
        {
            let answer = link(CommandKind::AnswerFinding);
            vec![if f.state == review::FindingState::Open { answer.primary() } else { answer }]
        }
        review::FindingState::Answered if decides(v, f) => vec![
            offers(v, CommandKind::AcceptFinding, &next)
                .sending("finding", f.id)
                .small()
                .primary()
                .icon("check")
                .about(&about),
            link(CommandKind::SendBackFinding).icon("back"),
        ],
        review::FindingState::Accepted if decides(v, f) => vec![link(CommandKind::SendBackFinding).quiet()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn a_finding_is_known_by_its_first_sentence() {
        assert_eq!(headline("It blocks. Use the callback."), ("It blocks".to_owned(), "Use the callback."));
        assert_eq!(headline("It blocks\nUse `ready`."), ("It blocks".to_owned(), "Use `ready`."));
        let long = "ä".repeat(300);
        let (title, rest) = headline(&long);
        assert_eq!((title.chars().count(), rest.chars().count()), (121, 180));
        assert_eq!(headline(""), (String::new(), ""));
    }
}
