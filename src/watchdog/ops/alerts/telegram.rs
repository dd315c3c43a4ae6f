//! A Telegram bot (core.telegram.org/bots/api#sendmessage).

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tracing::warn;

use super::{
    alert::Notice,
    queued::{Post, Refused},
    worker::{Channel, Failed},
};
use crate::config::{AlertLevel, HookUrl, Secret};

/// Telegram takes at most 4 096 characters.
const MOST: usize = 4_096;

/// Writes to one chat as one bot.
#[derive(Debug)]
pub(super) struct Telegram {
    /// The method's address, with the bot's token in it.
    url: HookUrl,
    /// A group that becomes a supergroup has another number from then on.
    chat: Mutex<String>,
    post: Post,
}

impl Telegram {
    /// A bot at an API; `None` when token and API make no address.
    pub(super) fn new(api: &HookUrl, token: &Secret, chat: String, post: Post) -> Option<Self> {
        let url = api.below(&format!("bot{}/sendMessage", token.expose()))?;
        Some(Self { url, chat: Mutex::new(chat), post })
    }

    async fn send(&self, notice: &Notice, chat: &str) -> Result<(), Refused> {
        let body = json!({
            "chat_id": chat,
            // Without a parse mode: names with `_` or `<` in them would be refused.
            "text": notice.message(MOST),
            "disable_notification": notice.alert.level() == AlertLevel::Info,
        });
        self.post.json(&self.url, &body).await
    }
}

impl Channel for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Failed> {
        let chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Err(refused) = self.send(notice, &chat).await else { return Ok(()) };
        // Followed once for a message: two chats that point to each other would never end.
        let Some(moved) = moved_to(&refused.answer).filter(|moved| *moved != chat) else { return Err(refused.failed) };
        warn!(was = chat, is = moved, "the Telegram group has a new number: set alerts.telegram.chat_id to it");
        self.chat.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&moved);
        Ok(self.send(notice, &moved).await?)
    }
}

/// The number that a group got when it became a supergroup (core.telegram.org/bots/api#responseparameters).
fn moved_to(answer: &Value) -> Option<String> {
    answer.pointer("/parameters/migrate_to_chat_id")?.as_i64().map(|chat| chat.to_string())
}
