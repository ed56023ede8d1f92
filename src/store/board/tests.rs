use super::*;
use crate::store::Db;
use sea_orm::{DbBackend, QueryTrait};

async fn plan(db: &Db, statement: Statement) -> String {
    let explained = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement };
    let rows = db.read.query_all_raw(explained).await.unwrap();
    rows.iter().map(|r| r.try_get::<String>("", "detail").unwrap()).collect::<Vec<_>>().join("\n")
}

/// O3: an index for each filter, so that a page costs the same whatever the number of devices.
#[tokio::test]
async fn every_filter_has_its_index() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
    let after = Cursor { rank: 0, urgency: 1, name: "m".to_owned() };
    let supports: BTreeSet<Support> = [Support::FullySupported, Support::ReducedSupport].into();
    let all = Filter { supports: supports.clone(), ..Filter::default() };
    let of_state = Filter { states: [StateName::Requested].into(), ..Filter::default() };
    let of_both = Filter { states: [StateName::UnderReview].into(), supports: supports.clone(), ..Filter::default() };
    let of_instrument = Filter { instrument: Some("SCS".to_owned()), supports, ..Filter::default() };
    for (filter, wanted) in [
        (&all, "device_urgency"),
        (&of_state, "device_state"),
        (&of_both, "device_urgency"),
        (&of_instrument, "sqlite_autoindex_device_instrument"),
    ] {
        for place in [None, Some(&after)] {
            let plan = plan(&db, filter.page(place, 50).build(DbBackend::Sqlite)).await;
            assert!(plan.contains(wanted), "{filter:?}:\n{plan}");
            assert!(!plan.lines().any(|l| l == "SCAN device"), "{filter:?}:\n{plan}");
        }
    }
    // The default list needs no sorting either.
    let plan = plan(&db, all.page(Some(&after), 50).build(DbBackend::Sqlite)).await;
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}
