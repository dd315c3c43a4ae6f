//! Section `alerts`: who is told what, how often, and the heartbeat that says we are alive.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{ConfigError, HookUrl, Secret, secret::set_or_in_file, values};

/// The least that a channel is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AlertLevel {
    /// Everything.
    #[default]
    Info,
    /// What one should know.
    Warning,
    /// Only what somebody should look at now.
    Alert,
}

/// A webhook: Discord's, Slack's, or anything that takes JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Its address, a secret: `TRIMTAB_ALERTS_WEBHOOK_URL` only.
    pub url: Option<HookUrl>,
    /// A file that holds nothing but the address.
    pub url_file: Option<PathBuf>,
    /// The least it is told.
    pub least: AlertLevel,
}

impl WebhookConfig {
    /// Where to post; `None` when there is no webhook. Reads the file.
    pub fn endpoint(&self) -> Result<Option<HookUrl>, ConfigError> {
        set_or_in_file("alerts.webhook.url", self.url.as_ref(), self.url_file.as_deref())
    }
}

/// A Telegram bot and the chat it writes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// The bot's token, a secret: `TRIMTAB_ALERTS_TELEGRAM_TOKEN` only.
    pub token: Option<Secret>,
    /// A file that holds nothing but the token.
    pub token_file: Option<PathBuf>,
    /// The chat: a number, or `@name` of a channel.
    #[serde(deserialize_with = "number_or_text")]
    pub chat_id: Option<String>,
    /// The service that is asked, instead of [`TelegramConfig::PUBLIC_API`].
    pub api_url: Option<HookUrl>,
    /// The least it is told.
    pub least: AlertLevel,
}

impl TelegramConfig {
    /// Where Telegram answers bots (core.telegram.org/bots/api).
    pub const PUBLIC_API: &'static str = "https://api.telegram.org";

    /// The service that is asked.
    pub fn api(&self) -> Result<HookUrl, ConfigError> {
        self.api_url.clone().map_or_else(|| Self::PUBLIC_API.parse(), Ok)
    }

    /// The bot's token; `None` when there is no bot. Reads the file.
    pub fn bot_token(&self) -> Result<Option<Secret>, ConfigError> {
        set_or_in_file("alerts.telegram.token", self.token.as_ref(), self.token_file.as_deref())
    }
}

/// How a heartbeat is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HeartbeatMethod {
    /// As most dead-man's switches take it.
    #[default]
    Get,
    /// For those that want a POST; the body is empty.
    Post,
}

/// The dead-man's switch: it is told regularly that we are alive and raises the alarm when that stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatConfig {
    /// Its address, a secret: `TRIMTAB_ALERTS_HEARTBEAT_URL` only.
    pub url: Option<HookUrl>,
    /// A file that holds nothing but the address.
    pub url_file: Option<PathBuf>,
    /// How often.
    #[serde(with = "values::duration")]
    pub interval: Duration,
    /// Silence when the newest evaluated head is older than this.
    #[serde(with = "values::duration")]
    pub max_head_age: Duration,
    /// How.
    pub method: HeartbeatMethod,
}

impl HeartbeatConfig {
    /// Whom to tell; `None` when there is nobody. Reads the file.
    pub fn endpoint(&self) -> Result<Option<HookUrl>, ConfigError> {
        set_or_in_file("alerts.heartbeat.url", self.url.as_ref(), self.url_file.as_deref())
    }
}

/// Alerts and their channels. Everything is logged; the other channels are used when they are set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertsConfig {
    /// The same thing about the same account and subject is told again after this …
    #[serde(with = "values::duration")]
    pub window: Duration,
    /// … or after this when somebody should look now.
    #[serde(with = "values::duration")]
    pub urgent_window: Duration,
    /// Messages that may wait for one channel; beyond it the least important oldest one is dropped.
    pub queue: u32,
    /// Deadline of one attempt.
    #[serde(with = "values::duration")]
    pub timeout: Duration,
    /// A message that could not be delivered for this long is given up.
    #[serde(with = "values::duration")]
    pub give_up_after: Duration,
    /// Any webhook.
    pub webhook: WebhookConfig,
    /// A Telegram bot.
    pub telegram: TelegramConfig,
    /// The dead-man's switch.
    pub heartbeat: HeartbeatConfig,
}

impl AlertsConfig {
    /// The defaults; secrets that systemd placed in `CREDENTIALS_DIRECTORY` are found by their names.
    pub(super) fn defaults(env: &BTreeMap<String, String>) -> Self {
        let directory = env.get("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty()).map(PathBuf::from);
        let credential =
            |name: &str| directory.as_ref().map(|directory| directory.join(name)).filter(|path| path.is_file());
        Self {
            window: Duration::from_secs(600),
            urgent_window: Duration::from_secs(60),
            queue: 256,
            timeout: Duration::from_secs(10),
            give_up_after: Duration::from_secs(600),
            webhook: WebhookConfig { url_file: credential("webhook-url"), ..WebhookConfig::default() },
            telegram: TelegramConfig { token_file: credential("telegram-token"), ..TelegramConfig::default() },
            heartbeat: HeartbeatConfig {
                url: None,
                url_file: credential("heartbeat-url"),
                interval: Duration::from_secs(60),
                max_head_age: Duration::from_secs(30),
                method: HeartbeatMethod::default(),
            },
        }
    }

    /// The files that its secrets are read from.
    pub fn secret_files(&self) -> impl Iterator<Item = &PathBuf> {
        let set = |has: bool, file| if has { None } else { Option::as_ref(file) };
        let webhook = set(self.webhook.url.is_some(), &self.webhook.url_file);
        let telegram = set(self.telegram.token.is_some(), &self.telegram.token_file);
        let heartbeat = set(self.heartbeat.url.is_some(), &self.heartbeat.url_file);
        [webhook, telegram, heartbeat].into_iter().flatten()
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let zero = |key, value: Duration| value.is_zero().then(|| (key, "zero makes no sense here".to_owned()));
        let shown = humantime::format_duration;
        let order = (self.urgent_window > self.window).then(|| {
            let (urgent, window) = (shown(self.urgent_window), shown(self.window));
            ("alerts.urgent_window", format!("{urgent} is longer than the window {window} of what is less urgent"))
        });
        let impatient = (self.give_up_after < self.timeout).then(|| {
            let (patience, attempt) = (shown(self.give_up_after), shown(self.timeout));
            ("alerts.give_up_after", format!("{patience} is shorter than one attempt, {attempt}"))
        });
        let queue = (self.queue == 0).then(|| ("alerts.queue", "there must be room for one message".to_owned()));
        let TelegramConfig { token, token_file, chat_id, .. } = &self.telegram;
        let chat = ((token.is_some() || token_file.is_some()) && chat_id.is_none())
            .then(|| ("alerts.telegram.chat_id", "there is a bot token, and no chat to write to".to_owned()));
        zero("alerts.timeout", self.timeout)
            .or_else(|| zero("alerts.heartbeat.interval", self.heartbeat.interval))
            .or_else(|| zero("alerts.heartbeat.max_head_age", self.heartbeat.max_head_age))
            .or(order)
            .or(impatient)
            .or(queue)
            .or(chat)
    }
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(i64),
        Text(String),
    }
    let form = Option::<Form>::deserialize(deserializer)
        .map_err(|_| D::Error::custom("expected the chat's number or its @name"))?;
    Ok(form.map(|form| match form {
        Form::Number(number) => number.to_string(),
        Form::Text(text) => text,
    }))
}
