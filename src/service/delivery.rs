//! Figures of delivery as pages and programs read them (G11): overall, and of each device.

use super::{Error, FieldProblem, Result};
use crate::{
    app::App,
    domain::{
        delivery::{By, Count, Every, Figures, LONGEST_DAYS, Span, SpanProblem, Trend, outcomes},
        id::DeviceId,
    },
    store::{self, delivery::Wanted},
};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt;
use std::cmp::Ordering;

/// A device with its figures in a span, and in the time before it.
#[derive(Clone, Debug)]
pub struct OfDevice {
    pub name: String,
    pub now: Figures,
    pub before: Figures,
}

/// What was counted at a moment.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub at: DateTime<Utc>,
    pub overall: Trend,
    /// Those of which anything went into production in the span or before it.
    pub devices: Vec<OfDevice>,
}

/// Of all devices, or of those that are for an instrument, put in this order: one query.
pub async fn overall(app: &App, span: Span, instrument: Option<&str>, by: By) -> Result<Delivery> {
    let mut all = count(app, span, None, instrument).await?;
    let order = |a: &OfDevice, b: &OfDevice| {
        let by_figure = by.order(&a.now).partial_cmp(&by.order(&b.now)).unwrap_or(Ordering::Equal);
        by_figure.then_with(|| a.name.cmp(&b.name))
    };
    all.devices.sort_by(order);
    Ok(all)
}

/// Of one device: two queries.
pub async fn of_device(app: &App, span: Span, name: &str) -> Result<Delivery> {
    let id = store::devices::find_id(&app.db.read, name).await?.ok_or(Error::NotFound)?;
    count(app, span, Some(id), None).await
}

async fn count(app: &App, span: Span, device: Option<DeviceId>, instrument: Option<&str>) -> Result<Delivery> {
    let wanted = Wanted { since: span.before().begins(), device, instrument: instrument.map(str::to_owned) };
    let (mut overall, mut devices) = (Count::new(span), Vec::new());
    let mut rows = std::pin::pin!(store::delivery::stream(&app.db.read, &wanted).await?);
    // One at a time: of a whole facility there may be a hundred thousand deployments in a year.
    while let Some(of) = rows.try_next().await? {
        let mut count = Count::new(span);
        for outcome in outcomes(&of.delivered()?) {
            count.add(&outcome);
        }
        if !count.is_empty() {
            overall.merge(&count);
            let Trend { now, before, .. } = count.trend();
            devices.push(OfDevice { name: of.name, now, before });
        }
    }
    Ok(Delivery { at: app.clock.now(), overall: overall.trend(), devices })
}

/// The span from the first to the last of these days; what is left out follows from the other, or from today.
pub fn span(app: &App, first: Option<NaiveDate>, last: Option<NaiveDate>, every: Every) -> Result<Span> {
    let wrong = |field: &str, say: String| Error::Invalid(vec![FieldProblem::new(field, say)]);
    Span::of(first, last, every, app.clock.now()).map_err(|problem| match problem {
        SpanProblem::Backwards => wrong("from", "Name a first day that is not after the last".to_owned()),
        SpanProblem::TooLong => wrong("from", format!("Ask for three years at most, which are {LONGEST_DAYS} days")),
        SpanProblem::OutOfReach => wrong("from", "Name days of the years from 1970 to 9990".to_owned()),
    })
}

/// Fills in what an older Custody beside this one left open (F11).
pub async fn keep(app: &App) -> Result<()> {
    let gaps = store::delivery::list_gaps(&app.db.read).await?;
    if gaps.is_empty() {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    for gap in &gaps {
        store::delivery::fill(&tx, gap).await?;
    }
    Ok(tx.commit().await?)
}
