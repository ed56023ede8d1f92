//! Hosts by NetBox, an inventory of machines: its REST API, page by page. Recorded shapes: `tests/fixtures/netbox`.
//!
//! Source: NetBox's documentation, “REST API overview” and “Authentication”: lists have `count`, `next` and `results`;
//! tokens of version 1 are sent as `Token`, those of version 2, which begin with `nbt_`, as `Bearer`.

use super::collectors::Asker;
use serde::Deserialize;

/// How many machines are asked for at once.
const PAGE: usize = 200;

/// The most that are read, whether or not they are taken: an inventory of a whole site.
const MOST: usize = 20_000;

/// Seconds that each answer may take.
pub const SECONDS: u32 = 30;

/// The two lists that machines stand in.
const LISTS: [&str; 2] = ["api/dcim/devices/", "api/virtualization/virtual-machines/"];

/// A machine as NetBox has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub name: String,
    /// What it is tagged with, by the tags' slugs.
    pub tags: Vec<String>,
    pub description: String,
}

#[derive(Deserialize)]
struct Page {
    count: Option<usize>,
    next: Option<String>,
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    /// A machine in a rack may have none.
    name: Option<String>,
    status: Option<Status>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Status {
    /// A word; older ones say yes, or a number.
    value: serde_json::Value,
}

#[derive(Deserialize)]
struct Tag {
    slug: String,
}

/// What is sent for a token of either version.
pub fn authorization(token: &str) -> String {
    let scheme = if token.starts_with("nbt_") { "Bearer" } else { "Token" };
    format!("{scheme} {token}")
}

/// Every active machine with a name. The address's own query goes with each question: `?site=hall&role=control-host`.
pub async fn machines(asker: &Asker, address: &url::Url) -> Result<Vec<Machine>, String> {
    let mut base = address.clone();
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    let filters: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let (mut all, mut told) = (Vec::new(), 0);
    for list in LISTS {
        let url = base.join(list).map_err(|e| format!("{address} is not an address: {e}."))?;
        let mut offset = 0;
        loop {
            let (limit, from) = (PAGE.to_string(), offset.to_string());
            let mut query: Vec<(&str, &str)> = filters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            // By number, whatever address it gives for the next page: the token goes nowhere else.
            query.extend([("limit", limit.as_str()), ("offset", from.as_str())]);
            let page = read(&asker.get(url.as_str(), &query).await?)?;
            offset += page.results.len();
            told += page.results.len();
            let is_last = page.next.is_none() || page.results.is_empty();
            // One that gives the same page each time never comes to an end.
            if let Some(count) = page.count.filter(|count| offset > *count || is_last && offset < *count) {
                return Err(format!(
                    "It counts {count} machines and told of {offset}: ask again, or hand in its recorded answer."
                ));
            }
            all.extend(page.results.into_iter().filter_map(machine));
            if told > MOST {
                return Err(format!(
                    "It told of more than {MOST} machines: narrow them down in the address, like ?site=hall."
                ));
            }
            if is_last {
                break;
            }
        }
    }
    Ok(all)
}

/// The same of what NetBox answered somebody, page after page: all of them, or none is taken.
pub fn recorded(answers: &str) -> Result<Vec<Machine>, String> {
    let pages: Result<Vec<Page>, _> = serde_json::Deserializer::from_str(answers).into_iter().collect();
    let pages = pages.map_err(|e| format!("It is no list of NetBox: {e}."))?;
    // A list says how long it is, and on its last page that nothing follows.
    let (mut read, mut is_whole) = (0, !pages.is_empty());
    for page in &pages {
        read += page.results.len();
        is_whole = page.next.is_none();
        if !is_whole {
            continue;
        }
        if let Some(count) = page.count.filter(|count| *count != read) {
            return Err(format!("It holds {read} of {count} machines: hand in every page, one after another."));
        }
        read = 0;
    }
    if !is_whole {
        return Err("It goes on behind its last page: hand in every page, one after another.".to_owned());
    }
    Ok(pages.into_iter().flat_map(|p| p.results).filter_map(machine).collect())
}

fn read(answer: &str) -> Result<Page, String> {
    serde_json::from_str(answer).map_err(|e| format!("It sent no list of NetBox: {e}."))
}

fn machine(found: Found) -> Option<Machine> {
    let active = found.status.is_none_or(|s| s.value == "active" || s.value == true || s.value == 1);
    let name = found.name.map(|n| n.trim().to_owned()).filter(|n| active && !n.is_empty())?;
    let tags = found.tags.into_iter().map(|t| t.slug).collect();
    Some(Machine { name, tags, description: found.description.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E5: both kinds of tokens are sent as NetBox takes them.
    #[test]
    fn e5_tokens_of_both_versions() {
        assert_eq!(authorization("0123abc"), "Token 0123abc");
        assert_eq!(authorization("nbt_key.secret"), "Bearer nbt_key.secret");
    }

    /// E5: what was recorded is taken whole, however many pages it has, or not at all.
    #[test]
    fn e5_recorded_answers_are_whole() {
        let page = |name: &str, next: &str, previous: &str| {
            format!(r#"{{"count":2,"next":{next},"previous":{previous},"results":[{{"name":"{name}"}}]}}"#)
        };
        let (one, two) = (page("con01", r#""x""#, "null"), page("con02", "null", r#""x""#));
        let names = |all: Vec<Machine>| all.into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(recorded(&format!("{one}\n{two}")).map(names), Ok(vec!["con01".to_owned(), "con02".to_owned()]));
        for half in [&one, &format!("{two}{one}")] {
            assert!(recorded(half).is_err_and(|why| why.contains("every page")), "{half}");
        }
        assert!(recorded("name\nx").is_err_and(|why| why.contains("no list of NetBox")));
    }

    /// E5: what is no list of NetBox's is said to be none; a machine without a name, or not active, is left out.
    #[test]
    fn e5_lists_are_read_or_refused() {
        for bad in ["", "<html>", "[]", r#"{"detail":"Invalid token"}"#] {
            assert!(read(bad).is_err_and(|why| why.contains("no list of NetBox")), "{bad}");
        }
        let page = r#"{"count":3,"next":null,"previous":null,"results":[
            {"id":1,"name":null,"status":{"value":"active","label":"Active"},"tags":[]},
            {"id":2,"name":"old01","status":{"value":"offline","label":"Offline"},"tags":[]},
            {"id":3,"name":" con01 ","status":{"value":"active","label":"Active"},"tags":[{"id":1,"name":"C","slug":"contrib"}],
             "description":"rack 4"}]}"#;
        let all: Vec<Machine> = read(page).unwrap().results.into_iter().filter_map(machine).collect();
        let con = Machine { name: "con01".into(), tags: vec!["contrib".into()], description: "rack 4".into() };
        assert_eq!(all, [con]);
    }
}
