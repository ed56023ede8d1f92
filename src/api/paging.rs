//! Lists page by page: `limit` of them behind `after`, which is the `next` of the page before. A page is found by what
//! stands in it, so that what comes or goes meanwhile is neither read twice nor left out.

use super::problem::{Answer, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

/// Things of a page where nothing is said.
const PAGE: usize = 200;

/// The most that are asked for at once.
pub const MOST: usize = 1000;

/// How much of a list is read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// At most so many at once; 200 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// In which order a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Up,
    /// The newest first.
    Down,
}

/// How many are asked for.
pub fn size(limit: Option<usize>) -> Answer<usize> {
    match limit.unwrap_or(PAGE) {
        most @ 1..=MOST => Ok(most),
        _ => Err(Problem::field("limit", format!("Ask for 1 to {MOST} at once"))),
    }
}

/// A page of a list, in the order of its keys, no two of which are the same; and what `after` is for the next one.
pub fn page<T>(
    mut all: Vec<T>,
    order: Order,
    key: impl Fn(&T) -> String,
    limit: Option<usize>,
    after: Option<&str>,
) -> Answer<(Vec<T>, Option<String>)> {
    let most = size(limit)?;
    all.retain(|one| {
        after.is_none_or(|after| match order {
            Order::Up => key(one).as_str() > after,
            Order::Down => key(one).as_str() < after,
        })
    });
    all.sort_by_cached_key(&key);
    if order == Order::Down {
        all.reverse();
    }
    let more = all.len() > most;
    all.truncate(most);
    let next = all.last().filter(|_| more).map(key);
    Ok((all, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E3: page by page everything is read once, in either order, whatever goes meanwhile; sizes that are none are refused.
    #[test]
    fn e3_pages_are_whole() {
        let all = || ["d", "b", "a", "e", "c"].map(str::to_owned).to_vec();
        for (order, expected) in [(Order::Up, "abcde"), (Order::Down, "edcba")] {
            let (mut read, mut after) = (String::new(), None::<String>);
            loop {
                let (some, next) = page(all(), order, String::clone, Some(2), after.as_deref()).unwrap();
                read.extend(some);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(read, expected);
        }
        let (rest, next) = page(all(), Order::Up, String::clone, None, Some("bb")).unwrap();
        assert_eq!((rest.concat().as_str(), next), ("cde", None), "what it names may be gone");
        for wrong in [0, MOST + 1] {
            assert!(page(all(), Order::Up, String::clone, Some(wrong), None).is_err());
        }
    }
}
