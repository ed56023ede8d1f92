//! The five checks of taking ownership as policies of cedar-policy, evaluated in-process: prints nanoseconds a decision.

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request};
use std::time::Instant;

const POLICIES: &str = r#"
permit (principal, action == Action::"take_ownership", resource)
when { context.timeline_agreed && context.checklist_met && context.findings_open == 0 };
forbid (principal, action, resource) unless { context.approvals >= context.approvals_needed };
forbid (principal, action, resource) unless { context.tag_verified && context.tag_commit == context.approved_commit };
forbid (principal, action, resource) unless { context.on_full && !context.on_reduced && context.seen_version == context.tag };
forbid (principal, action, resource) when { context.access_open > 0 };
"#;

fn main() {
    let policies: PolicySet = POLICIES.parse().expect("the policies are right");
    let entities = Entities::empty();
    let authorizer = Authorizer::new();
    let uid = |s: &str| -> EntityUid { s.parse().expect("an entity") };
    let (who, act, what) = (uid(r#"User::"ravi""#), uid(r#"Action::"take_ownership""#), uid(r#"Device::"magnet""#));
    let facts = serde_json::json!({
        "timeline_agreed": true, "checklist_met": true, "findings_open": 0, "approvals": 1, "approvals_needed": 1,
        "tag_verified": true, "tag_commit": "aaaa", "approved_commit": "aaaa", "on_full": true, "on_reduced": false,
        "seen_version": "1.0.0", "tag": "1.0.0", "access_open": 0
    });
    let decide = || {
        // Facts differ with every decision, so the request is made anew, as Custody's are.
        let context = Context::from_json_value(facts.clone(), None).expect("facts");
        let request = Request::new(who.clone(), act.clone(), what.clone(), context, None).expect("a request");
        authorizer.is_authorized(&request, &policies, &entities).decision()
    };
    assert_eq!(decide(), cedar_policy::Decision::Allow);
    let mut runs: Vec<u128> = (0..7)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..2000 {
                std::hint::black_box(decide());
            }
            start.elapsed().as_nanos() / 2000
        })
        .collect();
    runs.sort_unstable();
    println!("{}", runs[3]);
}
