//! Texts from outside made harmless before anybody sees them.
//!
//! Token symbols, revert strings, answers of endpoints, file names, notes of a plan or a journal may hold anything: escape
//! sequences that move a terminal's cursor, marks that turn the direction of reading, characters without a width, line
//! breaks that forge a line of ours. Every writer of this program (results, notes, errors, logs, the live table, alerts,
//! labels of figures, the service manager) passes its text through here; what does not belong is shown as `\u{1b}`.

use std::{borrow::Cow, fmt::Write, path::Path};

/// Whether a character changes how others are shown, or cannot be seen: control characters but line break and tab, marks
/// of direction, characters without a width, separators of lines, tags.
#[must_use]
pub const fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text in one line: what is unsafe, and line breaks and tabs too, are shown and not done.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    shown(text, |character| is_unsafe(character) || matches!(character, '\n' | '\t'))
}

/// A text of ours that may have several lines; what is unsafe in it is shown and not done.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, is_unsafe)
}

/// The same with every line but the first set in, so that none of them looks like a new message.
#[must_use]
pub fn message(text: &str) -> String {
    let set_in =
        |line: &str| if line.is_empty() || line.starts_with(' ') { line.to_owned() } else { format!("  {line}") };
    let text = lines(text.trim_end());
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    std::iter::once(first).chain(lines.map(set_in)).collect::<Vec<_>>().join("\n")
}

/// A path as it is shown.
#[must_use]
pub fn path(path: impl AsRef<Path>) -> String {
    one_line(&path.as_ref().to_string_lossy()).into_owned()
}

/// A cell of a CSV file. What a spreadsheet would take for a formula gets a `'` before it, unless it is a plain number.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let begins = |letters: &[char]| text.trim_start_matches(' ').starts_with(letters);
    let is_formula = begins(&['=', '+', '-', '@', '\t', '\r', '\n']) && text.parse::<rust_decimal::Decimal>().is_err();
    let cell = format!("{}{}", if is_formula { "'" } else { "" }, one_line(text));
    if cell.contains([',', ';', '"', '\'']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// A JSON document that a terminal can take too: what is unsafe stands only in its strings, and is escaped there.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    replaced(document, is_unsafe, |character, out| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn shown(text: &str, unsafe_here: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, unsafe_here, |character, out| out.extend(character.escape_default()))
}

fn replaced<'a>(
    text: &'a str,
    unsafe_here: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'a, str> {
    if !text.contains(&unsafe_here) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if unsafe_here(character) { replace(character, &mut out) } else { out.push(character) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_marks_of_direction_are_shown_and_not_done() {
        for (evil, harmless) in [
            ("\u{1b}[2J\u{1b}[H", "\\u{1b}[2J\\u{1b}[H"),
            ("\u{1b}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\rb", "a\\rb"),
            ("USD\u{202e}CSU", "USD\\u{202e}CSU"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("WE\u{200b}TH\u{feff}", "WE\\u{200b}TH\\u{feff}"),
            ("a\u{2028}b\u{2029}c\u{85}d", "a\\u{2028}b\\u{2029}c\\u{85}d"),
            ("a\u{7f}\u{8}b", "a\\u{7f}\\u{8}b"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
        ] {
            assert_eq!(lines(evil), harmless);
            assert_eq!(one_line(evil), harmless);
        }
        assert_eq!(one_line("ok\nerror: forged\tx"), "ok\\nerror: forged\\tx");
        assert_eq!(lines("two\nlines"), "two\nlines");
    }

    #[test]
    fn texts_of_every_language_stay_as_they_are() {
        for text in ["", "wstETH/USDC", "∞ · 4.00 % → 2×", "Grüße 你好 नमस्ते", "a\\u{1b}"] {
            assert!(matches!(one_line(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn a_forged_second_line_of_an_error_is_set_in() {
        assert_eq!(
            message("cannot read x\nerror: all is well\n  set in\n"),
            "cannot read x\n  error: all is well\n  set in"
        );
    }

    #[test]
    fn a_cell_that_begins_like_a_formula_is_none_in_a_spreadsheet() {
        for (text, cell) in [
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1+cmd|' /C calc'!A0", "\"'+1+cmd|' /C calc'!A0\""),
            ("-2+3", "\"'-2+3\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\\t=1\""),
            ("\r=1", "\"'\\r=1\""),
            (" =1", "\"' =1\""),
            ("-12.50", "-12.50"),
            ("+3", "+3"),
            ("0.1", "0.1"),
            ("WETH/USDC", "WETH/USDC"),
            ("a,b", "\"a,b\""),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }

    #[test]
    fn a_document_in_json_reads_back_as_it_was() {
        let wild: String = (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| is_unsafe(*c)).collect();
        let document = serde_json::to_string_pretty(&serde_json::json!({ "text": wild })).expect("json");
        let clean = json(&document);
        assert!(!clean.contains(is_unsafe));
        let back: serde_json::Value = serde_json::from_str(&clean).expect("still json");
        assert_eq!(back["text"], wild);
    }
}
