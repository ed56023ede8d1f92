//! A real Chromium, driven through WebDriver.

use super::open_page::PATIENCE;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    key::Key,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
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
        // Asked to end, it ends its browsers too: after a failed test none is left.
        if let Ok(mut way) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = way.set_read_timeout(Some(Duration::from_secs(5)));
            let asked = format!("GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
            let _ = way.write_all(asked.as_bytes());
            let _ = way.read_to_end(&mut Vec::new());
        }
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
                let port = port.trim_end_matches('.').trim().parse().unwrap_or_default();
                return Self { process, port };
            }
        }
        let _ = process.kill();
        let _ = process.wait();
        panic!("chromedriver said no port");
    }

    pub async fn browse(&self) -> Chrome {
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            // A desk has a mouse; a machine for tests has none, and is taken for a phone.
            "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
                .to_owned(),
            "--window-size=1440,1000".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
            // No page needs anything from outside.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1".to_owned(),
        ];
        // What axe-core looks for takes longer than half a minute on a machine that is busy.
        let timeouts = json!({ "script": PATIENCE.as_millis() as u64 });
        let options = json!({ "goog:chromeOptions": { "args": arguments }, "timeouts": timeouts });
        let capabilities: Capabilities = serde_json::from_value(options).unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("Chromium starts");
        Chrome { client, _profile: profile }
    }
}

/// Where a picture of this name is kept, where pictures are wanted.
pub(super) fn picture(name: &str) -> Option<PathBuf> {
    std::env::var_os("CUSTODY_SHOTS")?;
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/shots");
    std::fs::create_dir_all(&dir).unwrap();
    Some(dir.join(format!("{name}.png")))
}

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}

pub struct Chrome {
    pub client: Client,
    _profile: tempfile::TempDir,
}

impl Chrome {
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Looks at pages on a screen of this width; below 500 pixels it is a phone.
    pub async fn wide(&self, width: u32) {
        self.screen(width, if width < 500 { 844 } else { 1000 }).await;
    }

    pub async fn screen(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Gives Chromium a command of its own protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools(command, parameters)).await.unwrap()
    }

    /// Signs in with one click, as the demo offers it, and goes on to a page; whoever was signed in before is no longer.
    pub async fn sign_in(&self, url: &str, name: &str, path: &str) {
        self.goto(&format!("{url}/sign-in?next={path}")).await;
        self.press(name).await;
        assert_ne!(self.path().await, "/sign-in", "{name}: {}", self.text().await);
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Presses the first button or link in sight that says this, in the menu of more actions if it is nowhere else.
    pub async fn press(&self, says: &str) {
        if self.pressed(says).await {
            return;
        }
        let more = self.client.find(Locator::Css("main .menu.more > summary")).await;
        if let Ok(more) = more {
            self.click(&more).await;
            if self.pressed(says).await {
                return;
            }
        }
        panic!("nothing to press says {says}: {}", self.text().await);
    }

    /// Clicks on it in the middle of the window, where no bar lies over it, as somebody scrolls it there.
    async fn click(&self, what: &Element) {
        let scroll = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.client.execute(scroll, vec![serde_json::to_value(what).unwrap()]).await.unwrap();
        what.click().await.unwrap();
    }

    /// Marks the page, so that the next one is known by not being marked.
    async fn leave(&self) {
        self.client.execute("window.isLeft = true", vec![]).await.unwrap();
    }

    /// Waits for the page that a button or link leads to.
    async fn arrive(&self, by: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let there =
                self.client.execute("return !window.isLeft && document.readyState === 'complete'", vec![]).await;
            if there.is_ok_and(|t| t == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{by} leads nowhere: {}", self.text().await);
    }

    async fn pressed(&self, says: &str) -> bool {
        let quoted = format!("concat('{}', '')", says.replace('\'', "', \"'\", '"));
        let pressable = format!(
            "//*[self::button or self::a or self::summary][not(@aria-disabled) and not(@aria-hidden)]\
             [contains(normalize-space(.), {quoted}) or @aria-label={quoted}]"
        );
        // What the page is about comes before the bar over it.
        let mut all = self.client.find_all(Locator::XPath(&format!("//main{pressable}"))).await.unwrap();
        all.extend(self.client.find_all(Locator::XPath(&format!("//header{pressable}"))).await.unwrap());
        for found in all {
            if found.is_displayed().await.unwrap_or(false) {
                self.leave().await;
                self.click(&found).await;
                if found.tag_name().await.is_ok_and(|tag| tag == "summary") {
                    return true;
                }
                self.arrive(says).await;
                return true;
            }
        }
        false
    }

    /// Answers the question of this name: types, chooses or ticks, as its kind asks for.
    pub async fn answer(&self, name: &str, value: &str) {
        let css = format!("[name='{name}']:not([type=hidden])");
        let Ok(field) = self.client.find(Locator::Css(&css)).await else {
            panic!("there is no field {name}: {}", self.text().await);
        };
        let kind = field.prop("type").await.unwrap().unwrap_or_default();
        match kind.as_str() {
            "select-one" => field.select_by_value(value).await.unwrap(),
            "radio" | "checkbox" => {
                let css = format!("input[name='{name}'][value='{value}']");
                let found = self.client.find(Locator::Css(&css)).await;
                let found = found.unwrap_or_else(|_| panic!("there is no choice {css}"));
                if !found.is_selected().await.unwrap() {
                    self.click(&found).await;
                }
            }
            // A date field takes keys in the order of the browser's language; what is sent is ISO 8601.
            "date" => {
                let field = serde_json::to_value(&field).unwrap();
                self.client.execute("arguments[0].value = arguments[1]", vec![field, json!(value)]).await.unwrap();
            }
            _ => {
                field.clear().await.unwrap();
                field.send_keys(value).await.unwrap();
            }
        }
    }

    /// What stands in a field.
    pub async fn value(&self, name: &str) -> String {
        let field = self.client.find(Locator::Css(&format!("[name='{name}']:not([type=hidden])"))).await.unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    pub async fn text(&self) -> String {
        // Between two pages there is nothing to read.
        let read = self.client.execute("return document.body ? document.body.innerText : ''", vec![]).await;
        read.ok().and_then(|t| t.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Waits until the page says this.
    pub async fn says(&self, text: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
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

    /// Enter on whatever has the focus, and on to the page that it leads to.
    pub async fn enter(&self) {
        self.leave().await;
        self.keys(&Key::Enter.to_string()).await;
        self.arrive("Enter").await;
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
        self.finds("").await
    }

    /// What axe-core finds wrong with the page's colours, which alone are others by night.
    pub async fn axe_of_colours(&self) -> Vec<String> {
        self.finds("runOnly: ['color-contrast', 'link-in-text-block'], ").await
    }

    async fn finds(&self, rules: &str) -> Vec<String> {
        // A page keeps the engine until it is left.
        if self.client.execute("return !window.axe", vec![]).await.unwrap() == true {
            self.client.execute(AXE, vec![]).await.unwrap();
        }
        let run = "const done = arguments[0]; axe.run(document, {RULES resultTypes: ['violations']}) \
             .then(r => done(!r.passes.length ? ['axe-core has looked at nothing'] : r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ; ')))) \
             .catch(e => done([String(e)]))";
        let found = self.client.execute_async(&run.replace("RULES ", rules), vec![]).await.unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// How much wider than the window the page is, in pixels.
    pub async fn overflow(&self) -> i64 {
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.client.execute(wide, vec![]).await.unwrap().as_i64().unwrap()
    }

    /// What reaches furthest beyond the right edge.
    pub async fn widest(&self) -> String {
        let find = "const edge = document.documentElement.clientWidth; let most = null, far = edge; \
             for (const e of document.querySelectorAll('body *')) { const r = e.getBoundingClientRect().right; \
             if (r > far + 0.5) { far = r; most = e; } } return most ? most.outerHTML.slice(0, 300) : ''";
        self.client.execute(find, vec![]).await.unwrap().as_str().unwrap_or_default().to_owned()
    }

    /// Sets a cookie for the pages of this host.
    pub async fn cookie(&self, name: &str, value: &str) {
        let url = self.client.current_url().await.unwrap();
        let cookie = json!({ "name": name, "value": value, "url": url.origin().ascii_serialization() });
        self.devtools("Network.setCookie", cookie).await;
    }

    /// Keeps a picture of the whole page, on a screen of this width, where `CUSTODY_SHOTS` is set: they are for people to
    /// look at, and take as long as everything else that is asked of the page.
    pub async fn shot(&self, name: &str, width: u32) {
        let Some(file) = picture(name) else { return };
        let high = self.client.execute("return document.documentElement.scrollHeight", vec![]).await.unwrap();
        self.screen(width, high.as_u64().map_or(1000, |h| h.clamp(800, 8000) as u32)).await;
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
        self.wide(width).await;
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
