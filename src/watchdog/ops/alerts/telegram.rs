//! A Telegram bot (core.telegram.org/bots/api#sendmessage).

use serde_json::json;

use super::{
    alert::Notice,
    courier::{Channel, Failed},
    post::Post,
};
use crate::config::{AlertLevel, HookUrl, Secret};

/// Telegram takes at most 4 096 characters.
const MOST: usize = 4_096;

/// Writes to one chat as one bot.
#[derive(Debug)]
pub(super) struct Telegram {
    /// The method's address, with the bot's token in it.
    url: HookUrl,
    chat: String,
    post: Post,
}

impl Telegram {
    /// A bot at an API; `None` when token and API make no address.
    pub(super) fn new(api: &HookUrl, token: &Secret, chat: String, post: Post) -> Option<Self> {
        let url = api.below(&format!("bot{}/sendMessage", token.expose()))?;
        Some(Self { url, chat, post })
    }
}

impl Channel for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Failed> {
        let body = json!({
            "chat_id": self.chat,
            // Without a parse mode: names with `_` or `<` in them would be refused.
            "text": notice.message(MOST),
            "disable_notification": notice.alert.level() == AlertLevel::Info,
        });
        self.post.json(&self.url, &body).await
    }
}
