//! A page that stays open while things happen elsewhere: what it says by and by, and what of it must stay as it was.

use super::browser::{Chrome, picture};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a page may take for anything: much longer than it does on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

impl Chrome {
    /// What an expression of JavaScript gives on this page.
    pub async fn eval(&self, expression: &str) -> Value {
        self.client.execute(&format!("return {expression}"), vec![]).await.unwrap()
    }

    /// Waits until an expression holds.
    pub async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // Between two pages there is nothing to ask.
            let held = self.client.execute(&format!("return Boolean({expression})"), vec![]).await;
            if held.is_ok_and(|h| h == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never holds that {expression}: {}", self.text().await);
    }

    /// Waits until something of the page says this.
    pub async fn until_says(&self, css: &str, text: &str) {
        self.until(&format!("document.querySelector({})?.innerText.includes({})", json!(css), json!(text))).await;
    }

    /// Waits until the page hears of changes.
    pub async fn is_live(&self) {
        self.until_says("#b-live .live", "Live ·").await;
        self.until("document.getElementById('lost').hidden").await;
    }

    /// Marks the document; whatever is loaded in its place is not marked.
    pub async fn mark(&self) {
        self.client.execute("window.isSame = true", vec![]).await.unwrap();
    }

    /// Whether it is the document that was marked.
    pub async fn is_same(&self) -> bool {
        self.eval("window.isSame === true").await == true
    }

    /// What its reader holds on to: the place in the page, what has the focus, what is typed and where the caret is.
    pub async fn hold(&self) -> Value {
        let held = "{ y: Math.round(scrollY), focus: document.activeElement.name || document.activeElement.innerText, \
             typed: document.querySelector('#find input[name=q]').value, \
             caret: document.querySelector('#find input[name=q]').selectionStart }";
        self.eval(held).await
    }

    /// The first of these in sight, in pixels from the top left of the window: left, top, right, bottom.
    pub async fn place(&self, css: &str) -> [f64; 4] {
        let find = format!(
            "(() => {{ for (const e of document.querySelectorAll({})) {{ const r = e.getBoundingClientRect(); \
             if (r.width && r.height) return [r.left, r.top, r.right, r.bottom]; }} return null }})()",
            json!(css)
        );
        let found = self.eval(&find).await;
        serde_json::from_value(found).unwrap_or_else(|_| panic!("no {css} is to be seen"))
    }

    /// Keeps a picture of what the window shows, beside those of whole pages.
    pub async fn shot_of_window(&self, name: &str) {
        if let Some(file) = picture(name) {
            std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
        }
    }

    /// No script of any page runs from now on.
    pub async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Pages of this address may write to the clipboard and read it.
    pub async fn may_copy(&self, url: &str) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        self.devtools("Browser.grantPermissions", json!({ "origin": url, "permissions": permissions })).await;
    }

    /// What is on the clipboard.
    pub async fn clipboard(&self) -> String {
        let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, e => done(String(e)))";
        let text = self.client.execute_async(read, vec![]).await.unwrap();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Types into the board's search, in the place of what stands there.
    pub async fn search(&self, text: &str) {
        let field = self.client.find(Locator::Css("#find input[name=q]")).await.unwrap();
        self.client.execute("arguments[0].select()", vec![serde_json::to_value(&field).unwrap()]).await.unwrap();
        field.send_keys(text).await.unwrap();
    }
}
