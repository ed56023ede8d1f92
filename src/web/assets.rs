//! The files every page needs: embedded in the program, addressed by their own content, compressed once.
//!
//! An address holds the hash of what it names, so a browser keeps the file for ever and a new one gets a new
//! address. The style sheets in `static/css` are served as one: a page asks once.
use std::{
    collections::BTreeMap,
    io::Write,
    sync::{LazyLock, OnceLock},
};

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// Where the router mounts [`serve`].
pub const ROUTE: &str = "/static/{hash}/{*name}";

/// The one style sheet's name.
pub const SHEET: &str = "custody.css";

/// Its parts, in the order of the cascade: what is narrow comes last, because it overrules.
const SHEET_PARTS: [&str; 13] = [
    "tokens", "base", "frame", "state", "board", "device", "forms", "review", "shift", "delivery", "rollout", "embed",
    "narrow",
];

const FOR_EVER: &str = "public, max-age=31536000, immutable";

#[derive(rust_embed::RustEmbed)]
#[folder = "static/"]
struct Files;

struct Asset {
    body: Bytes,
    mime: String,
    hash: String,
    address: String,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let mut assets: BTreeMap<String, Asset> = Files::iter()
        .filter(|name| !name.starts_with("css/"))
        .filter_map(|name| {
            let file = Files::get(&name)?;
            let mime = file.metadata.mimetype().to_owned();
            Some((name.to_string(), Asset::new(&name, file.data.into_owned(), mime)))
        })
        .collect();
    let sheet = sheet(&assets);
    assets.insert(SHEET.to_owned(), Asset::new(SHEET, sheet.into_bytes(), "text/css".to_owned()));
    assets
});

/// The parts of the style sheet as one text, with the fonts at their hashed addresses.
fn sheet(assets: &BTreeMap<String, Asset>) -> String {
    let mut whole = String::new();
    for part in SHEET_PARTS {
        let file = Files::get(&format!("css/{part}.css")).expect("every part of the sheet is embedded");
        whole.push_str(&String::from_utf8_lossy(&file.data));
    }
    for (name, asset) in assets.iter().filter(|(name, _)| name.starts_with("fonts/")) {
        whole = whole.replace(&format!("url({name})"), &format!("url({})", asset.address));
    }
    whole
}

impl Asset {
    fn new(name: &str, body: Vec<u8>, mime: String) -> Self {
        let hash: String = Sha256::digest(&body)[..5].iter().map(|byte| format!("{byte:02x}")).collect();
        let mime = if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime };
        Self {
            address: format!("/static/{hash}/{name}"),
            body: Bytes::from(body),
            mime,
            hash,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    /// Fonts are compressed already.
    fn worth_compressing(&self) -> bool {
        !self.mime.starts_with("font/")
    }

    fn brotli(&self) -> Option<&Bytes> {
        let make = || {
            // An unoptimised build is slow at this; nobody measures its transfer.
            let quality = if cfg!(debug_assertions) { 3 } else { 9 };
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, quality, 22).write_all(&self.body).ok()?;
            self.smaller(out)
        };
        self.brotli.get_or_init(|| self.worth_compressing().then(make).flatten()).as_ref()
    }

    fn gzip(&self) -> Option<&Bytes> {
        let make = || {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&self.body).ok()?;
            self.smaller(encoder.finish().ok()?)
        };
        self.gzip.get_or_init(|| self.worth_compressing().then(make).flatten()).as_ref()
    }

    fn smaller(&self, packed: Vec<u8>) -> Option<Bytes> {
        (packed.len() < self.body.len()).then(|| Bytes::from(packed))
    }
}

/// The address of a file under `static/`, or of [`SHEET`]. An unknown name gives an address that answers 404.
pub fn url(name: &str) -> &'static str {
    ASSETS.get(name).map_or("/static/none/none", |asset| &asset.address)
}

/// The address of the icon sprite; an icon is `#i-` and its name behind it.
pub fn icons() -> &'static str {
    static ICONS: LazyLock<&str> = LazyLock::new(|| url("icons.svg"));
    *ICONS
}

/// The ready examples for deploy tools: their names below `static/tools`, and their text.
pub fn tools() -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = |asset: &'static Asset| std::str::from_utf8(&asset.body).unwrap_or_default();
    ASSETS.iter().filter_map(move |(name, asset)| Some((name.strip_prefix("tools/")?, text(asset))))
}

/// One of them: what its content is known by, and the content.
pub fn tool(name: &str) -> Option<(&'static str, Bytes)> {
    let asset = ASSETS.get(&format!("tools/{name}"))?;
    Some((&asset.hash, asset.body.clone()))
}

/// GET [`ROUTE`]: the file in the best encoding the browser takes, 304 where it has it, 404 where there is none.
///
/// An address with an old hash still gets today's file, not to be kept: during an upgrade one replica's page may
/// ask another.
pub async fn serve(Path((hash, name)): Path<(String, String)>, asked: HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("W/\"{}\"", asset.hash);
    let cache = if hash == asset.hash { FOR_EVER } else { "no-cache" };
    let mut answer = if has(&asked, &asset.hash) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if let Some(packed) = asset.brotli().filter(|_| takes(&asked, "br")) {
        ([(header::CONTENT_ENCODING, "br")], packed.clone()).into_response()
    } else if let Some(packed) = asset.gzip().filter(|_| takes(&asked, "gzip")) {
        ([(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response()
    } else {
        asset.body.clone().into_response()
    };
    let headers = answer.headers_mut();
    if let Ok(mime) = HeaderValue::from_str(&asset.mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answer
}

/// Whether the browser says that it already holds this content.
fn has(asked: &HeaderMap, hash: &str) -> bool {
    listed(asked, header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == hash)
}

/// Whether the browser takes an encoding; `;q=0` is a refusal.
fn takes(asked: &HeaderMap, encoding: &str) -> bool {
    listed(asked, header::ACCEPT_ENCODING).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().trim_start_matches("q=").parse().unwrap_or(1.0_f32);
        name.trim().eq_ignore_ascii_case(encoding) && weight > 0.0
    })
}

fn listed(asked: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    asked
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(name: &str, headers: &[(header::HeaderName, &'static str)]) -> Response {
        let mut map = HeaderMap::new();
        for (key, value) in headers {
            map.insert(key, HeaderValue::from_static(value));
        }
        let hash = ASSETS.get(name).map_or(String::new(), |asset| asset.hash.clone());
        serve(Path((hash, name.to_owned())), map).await
    }

    #[tokio::test]
    async fn a_file_is_kept_for_ever_under_its_hash_and_not_under_another() {
        let here = get(SHEET, &[]).await;
        assert_eq!(here.headers()[header::CACHE_CONTROL], FOR_EVER);
        let old = serve(Path(("0000000000".into(), SHEET.into())), HeaderMap::new()).await;
        assert_eq!(
            (old.status(), &old.headers()[header::CACHE_CONTROL]),
            (StatusCode::OK, &HeaderValue::from_static("no-cache"))
        );
    }

    #[tokio::test]
    async fn the_best_encoding_is_chosen_and_a_refused_one_is_not() {
        let best = get(SHEET, &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        assert_eq!(best.headers()[header::CONTENT_ENCODING], "br");
        let second = get(SHEET, &[(header::ACCEPT_ENCODING, "br;q=0, gzip")]).await;
        assert_eq!(second.headers()[header::CONTENT_ENCODING], "gzip");
        let font = get("fonts/ahn-latin.woff2", &[(header::ACCEPT_ENCODING, "br")]).await;
        assert!(!font.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again_and_what_is_unknown_is_404() {
        let first = get("icons.svg", &[]).await;
        let tag = first.headers()[header::ETAG].clone();
        let again =
            serve(Path(("x".into(), "icons.svg".into())), HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)])).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get("nothing.css", &[]).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("../Cargo.toml", &[]).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_sheet_is_one_and_names_only_addresses_that_exist() {
        let sheet = String::from_utf8_lossy(&ASSETS[SHEET].body).into_owned();
        let named: Vec<_> = sheet.split("url(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(named.len() >= 4);
        for address in named.into_iter().filter(|address| !address.starts_with("\"data:")) {
            assert!(ASSETS.values().any(|asset| asset.address == address), "{address} leads nowhere");
        }
        assert!(!sheet.contains("@import"), "one request for the browser");
    }
}
