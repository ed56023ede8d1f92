//! A real Chromium, driven through WebDriver.

use fantoccini::{Client, ClientBuilder, Locator, key::Key, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The axe-core engine, given to the page as source by WebDriver: the page's content policy does not forbid that.
const AXE: &str = include_str!("../../axe/axe.min.js");

/// chromedriver, ended with the test.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver {
    pub fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: install chromium and chromium-driver, as tests/run does");
        let out = BufReader::new(process.stdout.take().unwrap());
        for line in out.lines().map_while(Result::ok) {
            if let Some(port) = line.split("on port ").nth(1).filter(|_| line.contains("started successfully")) {
                let port = port.trim_end_matches('.').trim().parse().unwrap();
                return Self { process, port };
            }
        }
        panic!("chromedriver said no port");
    }

    pub async fn browse(&self, look: Look) -> Chrome {
        let profile = tempfile::tempdir().unwrap();
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={},{}", look.width.max(500), 1000),
            // No page needs anything from outside.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1".to_owned(),
        ];
        arguments.extend(look.more.iter().map(|m| (*m).to_owned()));
        let mut options = json!({ "args": arguments });
        if look.width < 500 {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": look.width, "height": 844, "pixelRatio": 2.0 } });
        }
        let capabilities: Capabilities = serde_json::from_value(json!({ "goog:chromeOptions": options })).unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("Chromium starts");
        Chrome { client, _profile: profile }
    }
}

/// How the browser looks at pages.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub more: &'static [&'static str],
}

pub const DESK: Look = Look { width: 1440, more: &[] };
pub const PHONE: Look = Look { width: 390, more: &[] };

pub struct Chrome {
    pub client: Client,
    _profile: tempfile::TempDir,
}

impl Chrome {
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Signs in with one click, as the demo offers it; whoever was signed in before is signed out by it.
    pub async fn sign_in(&self, url: &str, name: &str) {
        self.goto(&format!("{url}/sign-in")).await;
        self.press(name).await;
        self.gone_from("/sign-in").await;
    }

    async fn gone_from(&self, path: &str) {
        for _ in 0..200 {
            if !self.client.current_url().await.unwrap().path().starts_with(path) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("still at {path}: {}", self.text().await);
    }

    /// Presses the first visible button or link that says this.
    pub async fn press(&self, says: &str) {
        let quoted = format!("concat('{}', '')", says.replace('\'', "', \"'\", '"));
        let path = format!(
            "//*[self::button or self::a or self::summary][contains(normalize-space(.), {quoted}) or @aria-label={quoted}]"
        );
        for found in self.client.find_all(Locator::XPath(&path)).await.unwrap() {
            if found.is_displayed().await.unwrap_or(false) {
                found.click().await.unwrap_or_else(|e| panic!("{says}: {e}"));
                return;
            }
        }
        panic!("nothing to press says {says}: {}", self.text().await);
    }

    /// Fills the field of this name, instead of what it holds.
    pub async fn fill(&self, name: &str, value: &str) {
        let field = self
            .client
            .find(Locator::Css(&format!("[name='{name}']:not([type=hidden])")))
            .await
            .unwrap_or_else(|_| panic!("there is no field {name}"));
        if field.attr("type").await.unwrap().as_deref() == Some("date") {
            // A date field takes keys in the browser's own order; what is stored is ISO 8601.
            self.client
                .execute("arguments[0].value = arguments[1]", vec![serde_json::to_value(&field).unwrap(), json!(value)])
                .await
                .unwrap();
            return;
        }
        field.clear().await.unwrap();
        field.send_keys(value).await.unwrap();
    }

    /// Ticks the box, or chooses the radio button, of this name and value.
    pub async fn choose(&self, name: &str, value: &str) {
        let css = format!("input[name='{name}'][value='{value}']");
        let found = self.client.find(Locator::Css(&css)).await.unwrap_or_else(|_| panic!("there is no choice {css}"));
        if !found.is_selected().await.unwrap() {
            found.click().await.unwrap();
        }
    }

    pub async fn select(&self, name: &str, value: &str) {
        let css = format!("select[name='{name}']");
        let found = self.client.find(Locator::Css(&css)).await.unwrap_or_else(|_| panic!("there is no choice {css}"));
        found.select_by_value(value).await.unwrap();
    }

    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }

    /// Waits until the page says this.
    pub async fn says(&self, text: &str) {
        for _ in 0..200 {
            if self.text().await.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the page does not say {text:?}: {}", self.text().await);
    }

    /// Keys, one after the other, to whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Goes on with Tab until what has the focus says this.
    pub async fn tab_to(&self, says: &str) {
        for _ in 0..120 {
            self.keys(&Key::Tab.to_string()).await;
            let focus = "const e = document.activeElement; \
                 return [e.innerText, e.value, e.getAttribute('aria-label'), e.name].join(' ')";
            let said = self.client.execute(focus, vec![]).await.unwrap();
            if said.as_str().is_some_and(|s| s.contains(says)) {
                return;
            }
        }
        panic!("Tab never reaches {says}");
    }

    /// What axe-core finds wrong with the page.
    pub async fn axe(&self) -> Vec<String> {
        self.client.execute(AXE, vec![]).await.unwrap();
        let run = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}) \
             .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ; ')))) \
             .catch(e => done([String(e)]))";
        let found = self.client.execute_async(run, vec![]).await.unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// How much wider than the window the page is, in pixels.
    pub async fn overflow(&self) -> i64 {
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.client.execute(wide, vec![]).await.unwrap().as_i64().unwrap()
    }

    /// Keeps a picture of the whole page as an artefact of the test, outside git.
    pub async fn shot(&self, name: &str) {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/shots");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
