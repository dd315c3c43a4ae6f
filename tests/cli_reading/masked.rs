//! Output without what differs from run to run: hashes, ids, ports, times, amounts with a fraction.

/// Words are separated by one space; a leading margin is kept as one.
pub(crate) fn masked(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let margin = if line.starts_with(' ') { " " } else { "" };
    let mut words: Vec<String> = line.split_whitespace().map(word).collect();
    words.dedup_by(|next, last| next == "AGE" && last == "AGE");
    // Heights and code sizes follow the replica's build.
    for at in 0..words.len() {
        let is_height = at > 0 && words[at - 1] == "block";
        let is_size = words.get(at + 1).is_some_and(|next| next.starts_with("bytes"));
        if (is_height || is_size) && words[at].chars().all(|c| c.is_ascii_digit()) {
            words[at] = "N".to_owned();
        }
    }
    format!("{margin}{}", words.join(" "))
}

fn word(word: &str) -> String {
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let masked = if core.starts_with("0x") && core.len() == 66 {
        "HASH".to_owned()
    } else if core.len() == 26 && core.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        "ID".to_owned()
    } else if core.starts_with("replica-") {
        "replica-ID".to_owned()
    } else if core.starts_with("http://127.0.0.1:") {
        "URL".to_owned()
    } else if core.starts_with('/') || core.contains("/replica-") || core.ends_with("/kit") {
        "PATH".to_owned()
    } else if is_age(core) {
        "AGE".to_owned()
    } else if is_volatile_number(core) {
        "#".to_owned()
    } else {
        return word.to_owned();
    };
    word.replacen(core, &masked, 1)
}

fn is_age(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < word.len() && ["s", "m", "h", "day", "days"].contains(&unit)
}

/// A number with a fraction, or as long as a time.
fn is_volatile_number(word: &str) -> bool {
    let plain = word.trim_end_matches('x').replace(',', "");
    let digits =
        plain.chars().all(|c| c.is_ascii_digit() || c == '.') && plain.starts_with(|c: char| c.is_ascii_digit());
    digits && (plain.contains('.') || plain.len() >= 9)
}
