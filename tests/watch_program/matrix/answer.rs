//! What a command answered, so that two answers can be compared: its code, and the form of what it said.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::trader::Ran;

/// How a command is asked to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Words,
}

/// A command's answer without its figures.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) command: String,
    pub(super) code: Option<i32>,
    /// Paths in the document with the kinds of their values, or lines without digits.
    pub(super) form: Vec<String>,
}

impl Answer {
    pub(super) fn new(command: String, ran: &Ran, form: Form) -> Self {
        let form = match form {
            Form::Json => shape(&ran.json()),
            Form::Words => ran.stdout.lines().map(masked).collect(),
        };
        Self { command, code: ran.code, form }
    }
}

/// The names in a document, as paths, with the kinds of their values; of a list its first element stands for all.
fn shape(document: &Value) -> Vec<String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), document)];
    while let Some((path, value)) = open.pop() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(list) => {
                open.extend(list.first().map(|first| (format!("{path}[]"), first)));
                "list"
            }
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(name, field)| (format!("{path}.{name}"), field)));
                "object"
            }
        };
        found.insert(path, kind);
    }
    found.into_iter().map(|(path, kind)| format!("{path}: {kind}")).collect()
}

/// A line without its figures: numbers, hashes and ids, and how far one is from another, become `#`, and spaces count once.
fn masked(line: &str) -> String {
    let word = |word: &str| {
        let figures = word.trim_matches(|c: char| "+-−(),;:".contains(c));
        let is_figure = figures.chars().any(|c| c.is_ascii_digit()) || ["", "none", "<", "ppm"].contains(&figures);
        if is_figure { "#".to_owned() } else { word.to_owned() }
    };
    let mut words: Vec<_> = line.split_whitespace().map(word).collect();
    words.dedup_by(|next, before| next == before && next == "#");
    words.join(" ")
}
