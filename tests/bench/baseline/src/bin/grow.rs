//! Multiplies the devices of a sample facility in its database: `grow DATABASE DEVICES INSTANCES`. The journal's chain of
//! hashes is not that of real events: it is for reading fast, not for verifying. What has no open incident is multiplied,
//! and runs where it runs in the sample: a facility of this size has nobody who would look at ten thousand incidents.

use rusqlite::{Connection, params};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which database?")?;
    let devices: i64 = args.next().ok_or("how many devices?")?.parse()?;
    let instances: i64 = args.next().ok_or("how many instances?")?.parse()?;
    let mut db = Connection::open(file)?;
    let tx = db.transaction()?;
    let columns = |table: &str, but: &[&str]| -> rusqlite::Result<String> {
        let mut q = tx.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let names: Vec<String> = q.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
        let rest = names.into_iter().filter(|n| !but.contains(&n.as_str())).map(|n| format!("d.{n}"));
        Ok(rest.collect::<Vec<_>>().join(", "))
    };
    let count = |table: &str| tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get::<_, i64>(0));
    let more = (devices - count("device")?).max(0);
    tx.execute_batch(
        "CREATE TEMP TABLE source AS SELECT row_number() OVER (ORDER BY name) - 1 AS n, id, name FROM device
           WHERE id NOT IN (SELECT device_id FROM incident WHERE device_id IS NOT NULL AND closed_at IS NULL);
         CREATE TEMP TABLE copy (i INTEGER PRIMARY KEY, id TEXT, name TEXT, of TEXT, was TEXT);",
    )?;
    let sources = count("source")?;
    tx.execute(
        "INSERT INTO copy WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
         SELECT i, printf('00000000-0000-4000-8000-%012d', i), printf('%s%06d', s.name, i), s.id, s.name
         FROM n JOIN source s ON s.n = n.i % ?2 WHERE ?1 > 0",
        params![more, sources],
    )?;
    let rest = columns("device", &["id", "name", "body"])?;
    let plain = rest.replace("d.", "");
    tx.execute_batch(&format!(
        "INSERT INTO device (id, name, body, {plain})
           SELECT c.id, c.name, replace(replace(d.body, d.id, c.id), '\"' || d.name || '\"', '\"' || c.name || '\"'), {rest}
           FROM copy c JOIN device d ON d.id = c.of;
         INSERT INTO device_instrument (device_id, instrument)
           SELECT c.id, r.instrument FROM copy c JOIN device_instrument r ON r.device_id = c.of;
         INSERT INTO device_person (device_id, person_id, relation, place)
           SELECT c.id, r.person_id, r.relation, r.place FROM copy c JOIN device_person r ON r.device_id = c.of;
         INSERT INTO placement (device_id, server, class, tag, at)
           SELECT c.id, r.server, r.class, r.tag, r.at FROM copy c JOIN placement r ON r.device_id = c.of;
         INSERT INTO device_class (class, device_id) SELECT c.name || 'Class', c.id FROM copy c;
         INSERT INTO journal (seq, stream, revision, at, actor, origin, kind, body, previous, hash)
           SELECT (SELECT max(seq) FROM journal) + row_number() OVER (), c.id, j.revision, j.at, j.actor, j.origin, j.kind,
                  j.body, '', lower(hex(randomblob(32)))
           FROM copy c JOIN journal j ON j.stream = c.of AND j.revision <= 10;"
    ))?;
    let rest = columns("instance", &["instance", "device_id"])?;
    let plain = rest.replace("d.", "");
    // Of each device's copies the one after the other gets one more.
    tx.execute(
        &format!(
            "INSERT INTO instance (instance, device_id, {plain})
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1),
                  d AS (SELECT row_number() OVER (ORDER BY i.instance, i.server) - 1 AS n, s.n AS of, i.*
                        FROM instance i JOIN source s ON s.id = i.device_id WHERE i.gone_at IS NULL),
                  kinds AS (SELECT count(*) AS k FROM d)
             SELECT printf('%s_%06d', d.instance, n.i),
                    CASE WHEN ?2 < ?3 THEN d.device_id
                         ELSE printf('00000000-0000-4000-8000-%012d', d.of + ?3 * (n.i / kinds.k % (?2 / ?3))) END, {rest}
             FROM n JOIN kinds JOIN d ON d.n = n.i % kinds.k WHERE ?1 > 0"
        ),
        params![(instances - count("instance")?).max(0), more, sources],
    )?;
    tx.execute("DELETE FROM change", [])?;
    tx.commit()?;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
