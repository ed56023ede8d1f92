//! What holds for every page: policy, ids, icons, contrast.
use std::{collections::BTreeSet, fs, path::Path};

use super::*;
use crate::web::{
    assets,
    layout::{Flash, Section as Part, Signed},
    theme::Theme,
};

fn layout(theme: Theme) -> Layout {
    let mut layout = Layout::signed_out(theme, "DOC on duty", doc(), "/styleguide");
    layout.person = Some(Signed { admin: true, ..Signed::new("Ilse Hartmann", "ilse") });
    (layout.nav, layout.your_turn, layout.reviews) = (Part::Mine, 2, 4);
    layout
}

fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = Theme::ALL
        .map(|theme| (format!("styleguide-{}", theme.word()), StyleguidePage::new(layout(theme)).render().unwrap()))
        .into();
    let mut plain = Layout::signed_out(Theme::Day, "DOC on duty", doc(), "/devices/7?a=1&b=\"2\"");
    plain.demo = true;
    plain.flash = Some(Flash { tone: Tone::Good, text: "You are signed out.".into() });
    for (number, trouble) in troubles().into_iter().enumerate() {
        let page = ErrorPage { layout: plain.clone(), trouble };
        pages.push((format!("error-{number}-{}", page.trouble.status), page.render().unwrap()));
    }
    let mut sign_in =
        SignInPage::new(plain, "ilse", Some("Name and password do not belong together. Enter both again."), "//evil");
    sign_in.demo = [
        ("Contributors", ["Ilse Hartmann", "Aisha Rahman"]),
        ("CTRL", ["Lena Brandt", "Jonas Okafor"]),
        ("Operators", ["SCS operator", "Shift lead"]),
    ]
    .map(|(role, people)| DemoPeople {
        role: role.into(),
        people: people
            .map(|name| DemoPerson {
                login: name.to_lowercase(),
                name: name.into(),
                about: "contributor of beamConditionCheck".into(),
            })
            .into(),
    })
    .into();
    pages.push(("sign-in".into(), sign_in.render().unwrap()));
    pages
}

/// Writes the pages to `target/shots`, where a browser can be pointed at them.
#[test]
fn every_page_renders_and_obeys_the_content_policy() {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shots");
    fs::create_dir_all(&out).unwrap();
    for (name, html) in pages() {
        for forbidden in [" style=", "<style", "<script", " onclick", "javascript:", "url(#hatch);"] {
            assert!(!html.contains(forbidden), "{name} contains {forbidden}");
        }
        assert!(html.contains("action=\"/theme\"") && html.contains("href=\"tel:+494066969100\""), "{name}");
        fs::write(out.join(format!("{name}.html")), html).unwrap();
    }
}

#[test]
fn ids_are_unique_and_every_reference_has_its_id() {
    for (name, html) in pages() {
        let all: Vec<&str> = attribute(&html, "id").collect();
        let ids: BTreeSet<&str> = all.iter().copied().collect();
        let twice: Vec<_> = ids.iter().filter(|id| all.iter().filter(|other| other == id).count() > 1).collect();
        assert!(twice.is_empty(), "{name}: {twice:?}");
        for key in ["for", "aria-labelledby", "aria-describedby"] {
            for id in attribute(&html, key).flat_map(str::split_whitespace) {
                assert!(ids.contains(id), "{name}: {key}={id} leads nowhere");
            }
        }
    }
}

#[test]
fn every_icon_is_in_the_sprite() {
    let sprite = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/icons.svg")).unwrap();
    let has: BTreeSet<&str> = attribute(&sprite, "id").collect();
    for (name, html) in pages() {
        for address in attribute(&html, "href").filter(|href| href.starts_with(assets::icons())) {
            let icon = address.split('#').next_back().unwrap();
            assert!(has.contains(icon), "{name}: no {icon}");
        }
    }
}

fn attribute<'a>(html: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {key}=\"");
    let length = opening.len();
    html.match_indices(&opening).map(|(at, _)| at).collect::<Vec<_>>().into_iter().map(move |at| {
        let rest = &html[at + length..];
        rest.split('"').next().unwrap_or_default()
    })
}

/// All text is at least 4.5:1 by day and night, night text at most 15:1.
#[test]
fn text_stands_off_its_ground() {
    let sheet = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/css/tokens.css")).unwrap();
    let token = |name: &str| -> [f64; 2] {
        let line = sheet
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("--{name}:")))
            .unwrap_or_else(|| panic!("no token {name}"));
        let colours = line.split("light-dark(").nth(1).unwrap().split(')').next().unwrap();
        let mut both = colours.split(',').map(luminance);
        [both.next().unwrap(), both.next().unwrap()]
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for text in ["fg", "fg-2", "fg-3", "accent"] {
        pairs.extend(["bg", "surface", "raised"].map(|ground| (text.into(), ground.into())));
    }
    for kind in ["req", "red", "rev", "own", "non", "cls"] {
        pairs.push((format!("{kind}-fg"), format!("{kind}-bg")));
        pairs.push((format!("{kind}-fg"), "surface".into()));
    }
    for kind in ["req", "red", "rev", "own", "non"] {
        pairs.push(("fg".into(), format!("{kind}-bg")));
    }
    for (text, ground) in [
        ("fg-2", "accent-tint"),
        ("fg-2", "sunken"),
        ("fg-2", "req-bg"),
        ("on-accent", "accent"),
        ("non-on", "non-solid"),
        ("shut-on", "shut-solid"),
        ("non-zone-on", "non-zone"),
        ("shut-zone-on", "shut-zone"),
    ] {
        pairs.push((text.into(), ground.into()));
    }
    for (text, ground) in pairs {
        for (theme, (text_light, ground_light)) in
            ["day", "night"].iter().zip(token(&text).into_iter().zip(token(&ground)))
        {
            let (light, dark) = (text_light.max(ground_light), text_light.min(ground_light));
            let ratio = (light + 0.05) / (dark + 0.05);
            assert!(ratio >= 4.5, "{text} on {ground} by {theme}: {ratio:.2}");
            assert!(*theme == "day" || ratio <= 15.0, "{text} on {ground} by night dazzles: {ratio:.2}");
        }
    }
}

/// Relative luminance of `#rrggbb`, as WCAG 2 has it.
fn luminance(hex: &str) -> f64 {
    let hex = hex.trim().trim_start_matches('#');
    [0, 2, 4]
        .map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
        .map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) })
        .into_iter()
        .zip([0.2126, 0.7152, 0.0722])
        .map(|(part, weight)| part * weight)
        .sum()
}
