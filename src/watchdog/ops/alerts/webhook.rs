//! A webhook. One body serves Discord (which reads `content`), Slack (which reads `text`) and programs (`trimtab`).

use serde_json::json;

use super::{
    alert::Notice,
    queued::Post,
    worker::{Channel, Failed},
};
use crate::config::HookUrl;

/// Discord takes at most 2 000 characters.
const MOST: usize = 2_000;
/// Version of our part of the body.
const SCHEMA: u32 = 1;

/// Slack takes `<!channel>` and `<@U…>` in a text for calls to people, which a token's name must not make.
fn for_slack(message: &str) -> String {
    ["!", "@", "#"]
        .iter()
        .fold(message.to_owned(), |text, mark| text.replace(&format!("<{mark}"), &format!("&lt;{mark}")))
}

/// Posts to any webhook.
#[derive(Debug)]
pub(super) struct Webhook {
    url: HookUrl,
    post: Post,
}

impl Webhook {
    /// A webhook at an address.
    pub(super) const fn new(url: HookUrl, post: Post) -> Self {
        Self { url, post }
    }
}

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Failed> {
        let message = notice.message(MOST);
        let body = json!({
            "content": message,
            "text": for_slack(&message),
            // A token that calls itself @everyone must wake nobody.
            "allowed_mentions": { "parse": [] },
            "trimtab": {
                "schema": SCHEMA,
                "severity": notice.alert.severity,
                "kind": notice.alert.kind,
                "account": notice.alert.account,
                "subject": notice.alert.subject,
                "text": notice.alert.text,
                "figures": notice.alert.figures,
                "held_back": notice.held_back,
                "origin": notice.origin,
                "at": notice.at,
            },
        });
        Ok(self.post.json(&self.url, &body).await?)
    }
}
