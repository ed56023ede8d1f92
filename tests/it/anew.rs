//! Signing in again for what is most dangerous: what one is told, and where one comes back to (A31).

use crate::{
    app::{Browser, TestApp},
    given::policy_with,
    sessions::PROVIDER,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Duration;
use custody::{
    ports::identity::Proof,
    service::{accounts, groups, people, sessions},
    store,
};

/// A form as a browser sends it from the page at this address.
async fn sends(browser: &Browser, from: &str, to: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let request = browser.client.post(format!("{}{to}", browser.url)).header("origin", &browser.url);
    request.header("referer", format!("{}{from}", browser.url)).form(fields).send().await.unwrap()
}

/// A31: each road that asks for it says what for, on the page that gives back what was typed and on the sign-in page, where a
/// wrong password changes nothing of it; and it leads back to a page that is there, also from a question in between.
#[tokio::test]
async fn a31_signing_in_again_says_what_for_and_leads_back() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let (noor, tomasz) = (test.person("noor").to_string(), test.person("tomasz").to_string());
    let teams = groups::list(&test.app).await.unwrap().0;
    let admins = teams.iter().find(|t| t.name == "Administrators").unwrap().id.to_string();
    let (page, group) = (format!("/admin/people/{noor}"), format!("/admin/groups/{admins}"));
    let [invite, link, one, join, reopen, erase] =
        ["invite", "link", "one-person", "join", "reopen", "erase"].map(|what| format!("{page}/{what}"));
    let put = format!("{group}/put");
    let way = accounts::list(&test.app, test.person("noor")).await.unwrap().remove(0);
    let remove = format!("{page}/accounts/{}/remove", way.id);
    let (own, kept) = ("/account/tokens/new", "/admin/tokens/new");
    let acts = [("name", "notebook"), ("scope", "admin"), ("days", "7")];
    let deploys = [("name", "deploy tool"), ("scope", "deploy"), ("days", "7")];
    // What is sent, the page that it is sent from, the page that one comes back to, what for.
    type Road<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str, &'a str);
    let details = [("name", "Noor El-Amin"), ("email", "n@example.org"), ("time_zone", "Europe/Berlin")];
    let roads: [Road<'_>; 14] = [
        (&invite, &[], &page, &page, "make a link by which somebody signs in"),
        (&link, &[("login", "noor2")], &page, &page, "lead another sign-in name to somebody"),
        (&link, &[("login", "tomasz"), ("sure", "yes")], &link, &page, "lead another sign-in name to somebody"),
        (&remove, &[], &remove, &remove, "remove a way to sign in"),
        (&one, &[("other", "tomasz@example.org")], &page, &page, "make two records one person"),
        (&one, &[("record", &tomasz)], &one, &page, "make two records one person"),
        (&join, &[("group", &admins)], &page, &page, "make somebody an administrator"),
        (&put, &[("person", &noor)], &group, &group, "make somebody an administrator"),
        (&page, &details, &page, &page, "change somebody’s e-mail address"),
        (&reopen, &[], &reopen, &reopen, "open somebody’s account again"),
        (&erase, &[], &erase, &erase, "erase somebody"),
        (own, &acts, own, own, "make a token that does what you may"),
        (kept, &acts, kept, kept, "make a token that does what you may"),
        (kept, &deploys, kept, kept, "make a token that deploys anything"),
    ];
    test.advance(Duration::minutes(16));
    for (to, fields, from, back, wanted) in roads {
        let asks = format!("To {wanted}, sign in again. You proved who you are 16 min ago");
        let answer = sends(&ada, from, to, fields).await;
        let way = match fields.is_empty() {
            true => answer.headers()["location"].to_str().unwrap().to_owned(),
            false => {
                assert_eq!(answer.status(), 403, "{to}");
                let given_back = answer.text().await.unwrap();
                assert!(given_back.contains(&asks) && given_back.contains("Send it again"), "{to}: {given_back}");
                assert!(given_back.contains(&format!("name=\"next\" value=\"{back}\"")), "{to}: {given_back}");
                let way = given_back.split('"').find(|part| part.starts_with("/sign-in?next=")).unwrap();
                way.replace("&#38;", "&")
            }
        };
        let next: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        assert!(way.starts_with(&format!("/sign-in?next={next}&wanted=")), "{to}: {way}");
        for _ in 0..2 {
            let shown = ada.page(&way).await;
            assert!(shown.contains("Sign in again</h1>") && shown.contains(&asks), "{to}: {shown}");
            assert!(shown.contains(&format!("name=\"next\" value=\"{back}\"")), "{to}: {shown}");
        }
    }
    let shown = async |browser: &Browser, wanted: &str| {
        let fields = [("login", "ada"), ("password", "wrong"), ("next", erase.as_str()), ("wanted", wanted)];
        let wrong = browser.post("/sign-in", &fields).await;
        assert_eq!(wrong.status(), 422);
        wrong.text().await.unwrap()
    };
    assert!(shown(&ada, "erase").await.contains("To erase somebody, sign in again."));
    // Nothing is said of what nobody asks for, and nothing to whoever is not signed in.
    let odd = shown(&ada, "<b>odd").await;
    assert!(!odd.contains("sign in again") && !odd.contains("name=\"wanted\""), "{odd}");
    assert!(!shown(&test.stranger(), "erase").await.contains("sign in again"));

    for (_, _, _, back, _) in roads {
        assert_eq!(ada.post("/demo/sign-in", &[("login", "ada"), ("next", back)]).await.headers()["location"], back);
        assert_eq!(ada.get(back).await.status(), 200, "{back}");
    }
    let shown = ada.page(&format!("/sign-in?next={erase}&wanted=erase")).await;
    assert!(!shown.contains("sign in again"), "it is proved: {shown}");
}

/// A31, O5: to change where somebody's mail goes one signs in again first, and gets back what one typed; their other details
/// are changed however long ago one proved who one is.
#[tokio::test]
async fn a31_another_address_asks_for_a_proof_and_nothing_else_does() {
    let test = TestApp::new().await;
    let (ada, noor) = (test.browser("ada").await, test.person("noor"));
    let page = format!("/admin/people/{noor}");
    let saves = async |email: &str, phone: &str| {
        let typed = [("name", "Noor El-Amin"), ("email", email), ("phone", phone), ("time_zone", "Europe/Berlin")];
        sends(&ada, &page, &page, &typed).await
    };
    let kept = async || {
        let profile = people::find(&test.app, noor).await.unwrap().unwrap();
        (profile.email, profile.person.phone.unwrap_or_default())
    };
    let known = |email: &str, phone: &str| (email.to_owned(), phone.to_owned());
    let asks = "Before a change, Custody asks who you are.";
    assert!(!ada.page(&page).await.contains(asks));
    test.advance(Duration::minutes(16));
    assert!(ada.page(&page).await.contains(asks));
    let saved = saves(" Noor@Example.org ", "+49 40 66969 998").await;
    assert_eq!((saved.status().as_u16(), saved.headers()["location"].to_str().unwrap()), (303, page.as_str()));
    assert_eq!(kept().await, known("noor@example.org", "+49 40 66969 998"));
    let asked = saves("n@example.org", "+49 40 66969 999").await;
    assert_eq!(asked.status(), 403);
    let given_back = asked.text().await.unwrap();
    for typed in ["Noor El-Amin", "n@example.org", "+49 40 66969 999", "Europe/Berlin"] {
        assert!(given_back.contains(&format!("value=\"{typed}\"")), "{typed}: {given_back}");
    }
    assert_eq!(kept().await, known("noor@example.org", "+49 40 66969 998"), "nothing was done yet");
    ada.post("/demo/sign-in", &[("login", "ada"), ("next", &page)]).await;
    assert_eq!(saves("n@example.org", "+49 40 66969 999").await.status(), 303);
    assert_eq!(kept().await, known("n@example.org", "+49 40 66969 999"));
}

/// A31, E1: by what somebody signs in is read on their page however long ago one proved who one is oneself, by
/// administrators alone; of a closed account nothing is offered.
#[tokio::test]
async fn a31_how_somebody_signs_in_is_read_without_a_proof() {
    let test = TestApp::new().await;
    let noor = test.person("noor");
    let tx = test.app.db.begin().await.unwrap();
    store::accounts::save(&tx, "https://a.example", "n1", noor, None).await.unwrap();
    tx.commit().await.unwrap();
    let (ada, lena) = (test.browser("ada").await, test.browser("lena").await);
    let page = format!("/admin/people/{noor}");
    test.advance(Duration::hours(1));
    let shown = ada.page(&page).await;
    for says in [
        "<code class=\"grow\">noor</code>",
        "https://a.example",
        "Make a link",
        "Another sign-in name",
        "Are they one person?",
        "it is closed. Custody asks who you are first.",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    assert_eq!(lena.get(&page).await.status(), 403);
    assert_eq!(ada.post(&format!("{page}/close"), &[]).await.status(), 303);
    let shown = ada.page(&page).await;
    assert!(shown.contains("https://a.example") && !shown.contains("Custody asks who you are first."), "{shown}");
    assert!(!shown.contains("Make a link") && !shown.contains("Are they one person?"), "{shown}");
}

/// A31, A32: a provider that refuses to have it proved anew ends on a page that says what to do, and nowhere else; the session
/// of before goes on. One that refuses everybody is told of to an administrator.
#[tokio::test]
async fn a31_a_provider_that_refuses_to_ask_anew() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let ada = sessions::open(&test.app, test.person("ada"), "test", "test").await.unwrap().unwrap();
    let secret = "a".repeat(64);
    let (state, next) = (Proof::of(&secret).state, BASE64_URL_SAFE_NO_PAD.encode("/my"));
    let answers = async |error: &str, anew: bool, session: &str| {
        let (at, end) = (test.app.clock.now().timestamp(), if anew { ".anew" } else { "" });
        let cookies = format!("custody-sign-in={secret}.{at}.facility..{next}{end}; custody={session}");
        let said = format!("state={state}&error={error}&iss=https%3A%2F%2Flogin.example.org");
        let url = format!("{}/sign-in/facility/callback?{said}", test.url);
        let answer = test.stranger().client.get(url).header("cookie", cookies).send().await.unwrap();
        let mut set = answer.headers().get_all("set-cookie").iter();
        assert!(set.any(|c| c.as_bytes().starts_with(b"custody-sign-in=;")), "{error}: it counts once");
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let plainly = "href=\"/sign-in/facility?next=%2Fmy\"";
    let anew = "href=\"/sign-in/facility?next=%2Fmy&#38;anew=yes\"";
    for error in ["login_required", "interaction_required", "invalid_request"] {
        let (status, page) = answers(error, true, &ada).await;
        assert_eq!(status, 403, "{page}");
        for says in [
            "<h1>You are not signed in anew</h1>",
            &format!("Facility account did not have you prove anew who you are ({error})."),
            "You stay signed in here, and nothing was changed. Sign out here and at Facility account, then sign in: that \
             proves it where Facility account says when it was.",
            "tell an administrator what this page says",
            "<form class=\"one\" method=\"post\" action=\"/sign-out\">",
            anew,
        ] {
            assert!(page.contains(says), "{says}: {page}");
        }
        let (status, page) = answers(error, true, "").await;
        assert_eq!(status, 403, "{page}");
        assert!(page.contains("Sign out at Facility account, then try again.") && page.contains(plainly), "{page}");
        assert!(page.contains("<h1>You are not signed in</h1>") && !page.contains("You stay signed in"), "{page}");
    }
    let my = test.stranger().client.get(format!("{}/my", test.url)).header("cookie", format!("custody={ada}"));
    assert_eq!(my.send().await.unwrap().status(), 200);
    for error in ["login_required", "interaction_required"] {
        let (status, page) = answers(error, false, "").await;
        assert_eq!(status, 403, "{page}");
        let says = format!("wants an answer of yours first ({error}). Sign in there, then try again here.");
        assert!(page.contains(&says) && page.contains(plainly) && !page.contains(anew), "{page}");
    }
    let (status, page) = answers("invalid_request", false, "").await;
    assert_eq!(status, 502, "{page}");
    assert!(page.contains("does not take what Custody asks of it (invalid_request)."), "{page}");
    assert!(page.contains("tell an administrator what this page says") && page.contains(plainly), "{page}");
}
