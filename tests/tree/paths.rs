//! Paths in what the parser leaves as tokens: the arguments of macros and attributes.

/// Words joined by `::`, and single words.
pub(crate) fn in_tokens(text: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut joined = false;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        // `pub(super)` takes no name.
        if path.last().is_some_and(|word| word == "pub") && letter == '(' {
            rest = rest.find(')').map_or("", |end| &rest[end..]);
            continue;
        }
        let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        if word > 0 {
            if !joined {
                paths.push(std::mem::take(&mut path));
            }
            path.push(rest[..word].to_owned());
            joined = false;
            rest = &rest[word..];
        } else if let Some(after) = rest.strip_prefix("::") {
            joined = true;
            rest = after;
        } else {
            if !letter.is_whitespace() {
                paths.push(std::mem::take(&mut path));
                joined = false;
            }
            rest = &rest[letter.len_utf8()..];
        }
    }
    paths.push(path);
    paths.retain(|path| !path.is_empty());
    paths
}

#[test]
fn paths_are_found_in_tokens() {
    let found =
        in_tokens("f , \"{}\" , crate :: r :: s (1) , with = \"super::t\" , a . b , c d :: e pub (in crate :: g) fn");
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["f", "crate::r::s", "1", "with", "super::t", "a", "b", "c", "d::e", "pub", "fn"]);
}
