//! What figures of delivery are counted from (G11): the deployments of each device as one row, whose parts the database has
//! put together from an index, so that those of a year are not read row by row.

use super::{
    Result,
    connection::is_postgres,
    corrupt,
    deployments::{Filter, came, hydrate, matching},
    entity::{deployment as row, release},
};
use crate::domain::{
    delivery::{self, Came, Delivered},
    deployment::{Deployment, Environment},
    id::DeviceId,
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    StreamTrait, Value,
};

/// Between the parts of a deployment, and between deployments. Source: ECMA-48, 8.3.149 "US" and 8.3.142 "RS".
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// Which of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Begun from this moment on; up to now, as what came later may have restored what failed.
    pub since: DateTime<Utc>,
    pub device: Option<DeviceId>,
    /// Of devices that are for this instrument.
    pub instrument: Option<String>,
}

/// A device and its deployments in production.
#[derive(Clone, Debug)]
pub struct OfDevice {
    pub name: String,
    packed: String,
}

/// By device, in no order: one query.
pub async fn stream<C: ConnectionTrait + StreamTrait + Send>(
    c: &C,
    wanted: &Wanted,
) -> Result<impl Stream<Item = Result<OfDevice>> + Send> {
    let (sql, values) = query(is_postgres(c), wanted);
    let asked = Statement::from_sql_and_values(ConnectionTrait::get_database_backend(c), sql, values);
    let rows = c.stream_raw(asked).await?;
    Ok(rows.map(|row| -> Result<OfDevice> {
        let (name, packed): (String, String) = row?.try_get_many_by_index()?;
        Ok(OfDevice { name, packed })
    }))
}

/// Its text and its values.
pub fn query(is_postgres: bool, wanted: &Wanted) -> (String, Vec<Value>) {
    let together = if is_postgres { "string_agg" } else { "group_concat" };
    let mut values: Vec<Value> = vec![wanted.since.timestamp().into()];
    let mut which = String::new();
    if let Some(device) = wanted.device {
        values.push(device.to_string().into());
        which += &format!(" AND d.device_id = ${}", values.len());
    }
    if let Some(instrument) = &wanted.instrument {
        values.push(instrument.as_str().into());
        which += &format!(
            " AND d.device_id IN (SELECT i.device_id FROM device_instrument i WHERE i.instrument = ${})",
            values.len()
        );
    }
    // Of a release that is older than what is read, something older may have been the first.
    let was_there = "CASE WHEN d.released < $1 AND EXISTS (SELECT 1 FROM deployment e WHERE e.device_id = d.device_id \
                     AND e.begun < $1 AND e.tag = d.tag AND e.succeeded IS NOT NULL) THEN '1' ELSE '' END";
    let text = |column: &str| format!("coalesce(CAST(d.{column} AS TEXT), '')");
    let of_one = [
        text("begun"),
        text("succeeded"),
        text("failed"),
        text("mended"),
        text("released"),
        was_there.to_owned(),
        "d.server".to_owned(),
        "d.tag".to_owned(),
    ];
    let of_one = of_one.join(&format!(" || '{UNIT}' || "));
    let sql = format!(
        "SELECT v.name, g.packed FROM (SELECT d.device_id, {together}({of_one}, '{RECORD}') AS packed FROM deployment d \
         WHERE d.begun >= $1{which} GROUP BY d.device_id) g JOIN device v ON v.id = g.device_id"
    );
    (sql, values)
}

fn moment(text: &str) -> Result<Option<DateTime<Utc>>> {
    let wrong = || corrupt("a deployment's figures", text);
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = text.parse().map_err(|_| wrong())?;
    DateTime::from_timestamp(seconds, 0).map(Some).ok_or_else(wrong)
}

impl OfDevice {
    pub fn delivered(&self) -> Result<Vec<Delivered<'_>>> {
        self.packed.split(RECORD).map(one).collect()
    }
}

fn one(record: &str) -> Result<Delivered<'_>> {
    let wrong = || corrupt("a deployment's figures", record);
    let mut parts = record.split(UNIT);
    let mut next = || parts.next().ok_or_else(wrong);
    let begun = moment(next()?)?.ok_or_else(wrong)?;
    let (succeeded, failed, mended) = (moment(next()?)?, moment(next()?)?, moment(next()?)?);
    Ok(Delivered {
        came: Came { begun, succeeded, failed, mended },
        released: moment(next()?)?,
        was_there: !next()?.is_empty(),
        server: next()?,
        tag: next()?,
    })
}

/// Of what goes into production so many of the newest are looked at for gaps: more than replicas of two versions deploy
/// side by side.
const NEWEST: u64 = 200;

/// A deployment of which figures do not know all that its body says.
#[derive(Clone, Debug)]
pub struct Gap {
    id: String,
    body: String,
    released: Option<i64>,
    came: [Option<i64>; 4],
}

/// What an older Custody beside this one put on record or reported, as it has no columns for figures (F11). One query, and
/// one for each that it put on record.
pub async fn list_gaps<C: ConnectionTrait>(c: &C) -> Result<Vec<Gap>> {
    let production = Filter { environment: Some(Environment::Production), ..Filter::default() };
    let newest = matching(c, &production, None, true).order_by_desc(row::Column::Id).limit(NEWEST);
    let mut gaps = Vec::new();
    for r in newest.all(c).await? {
        let (id, body) = (r.id.clone(), r.body.clone());
        let (was_released, was) = (r.released, [r.begun, r.succeeded, r.failed, r.mended]);
        let d = hydrate(r)?;
        let came = came(&d);
        let released = match was_released {
            // Of what has not begun nothing counts.
            None if came[0].is_some() => find_released(c, &d).await?,
            known => known,
        };
        if (released, came) != (was_released, was) {
            gaps.push(Gap { id, body, released, came });
        }
    }
    Ok(gaps)
}

/// From when on its release counts, by the release itself.
async fn find_released<C: ConnectionTrait>(c: &C, d: &Deployment) -> Result<Option<i64>> {
    let q = release::Entity::find()
        .select_only()
        .column(release::Column::VerifiedAt)
        .filter(release::Column::DeviceId.eq(d.device.to_string()))
        .filter(release::Column::Tag.eq(d.release.tag.as_str()));
    let on_record: Option<DateTime<Utc>> = q.into_tuple().one(c).await?;
    Ok(on_record.map(|at| delivery::released(&d.release, at).timestamp()))
}

/// Fills it in; what was reported meanwhile stands as it is.
pub async fn fill<C: ConnectionTrait>(tx: &C, gap: &Gap) -> Result<()> {
    let [begun, succeeded, failed, mended] = gap.came;
    let change = row::ActiveModel {
        released: Set(gap.released),
        begun: Set(begun),
        succeeded: Set(succeeded),
        failed: Set(failed),
        mended: Set(mended),
        ..Default::default()
    };
    let its = row::Entity::update_many().set(change).filter(row::Column::Id.eq(&gap.id));
    its.filter(row::Column::Body.eq(&gap.body)).exec(tx).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(seconds: [Option<i64>; 5]) -> [Option<DateTime<Utc>>; 5] {
        seconds.map(|s| s.map(|s| DateTime::from_timestamp(s, 0).unwrap()))
    }

    /// G11: what the database puts together is taken apart again, and what it never puts together is no figure.
    #[test]
    fn g11_what_is_put_together_is_taken_apart() {
        let packed = "100\u{1f}160\u{1f}\u{1f}\u{1f}40\u{1f}1\u{1f}cppServer/a b, c\u{1f}1.0.0\u{1e}\
                      -7\u{1f}\u{1f}200\u{1f}220\u{1f}\u{1f}\u{1f}x\u{1f}2";
        let of = OfDevice { name: "magnet".to_owned(), packed: packed.to_owned() };
        let [one, other] = of.delivered().unwrap()[..] else { panic!("two were put together") };
        assert_eq!((one.server, one.tag, one.was_there), ("cppServer/a b, c", "1.0.0", true));
        assert_eq!((other.server, other.tag, other.was_there), ("x", "2", false));
        let all = |d: Delivered<'_>| [Some(d.came.begun), d.came.succeeded, d.came.failed, d.came.mended, d.released];
        assert_eq!(all(one), moments([Some(100), Some(160), None, None, Some(40)]));
        assert_eq!(all(other), moments([Some(-7), None, Some(200), Some(220), None]));
        for wrong in
            ["", "x", "\u{1f}1\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}x\u{1f}2", "1\u{1f}x\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}x\u{1f}2"]
        {
            let of = OfDevice { name: String::new(), packed: wrong.to_owned() };
            assert!(of.delivered().is_err(), "{wrong:?}");
        }
    }
}
