//! What code and pages cite is there: `page.md §section`, `field-lessons.md R1`, and every page by its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{files, root};

/// Where citations are looked for.
const CITING: [&str; 7] = ["src", "tests", "contracts", "benches", "docs", "abi", "dist"];
const TEXTS: [&str; 5] = ["rs", "sol", "md", "json", "toml"];

fn has_extension(path: &Path, among: &[&str]) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| among.contains(&extension))
}

/// Pages by their names, with the sections of those that are numbered.
fn pages() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let outside = CITING.iter().flat_map(|folder| files(&root().join(folder)));
    let own = fs::read_dir(root()).expect("root").map(|entry| entry.expect("entry").path());
    for path in outside.chain(own).filter(|path| has_extension(path, &["md"])) {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("page");
        let sections: &mut BTreeSet<String> = found.entry(name).or_default();
        if path.starts_with(root().join("docs/reference")) {
            sections.extend(text.lines().filter_map(section));
        }
    }
    found
}

/// The number of a heading, or the letter and number that a row of a table begins with.
fn section(line: &str) -> Option<String> {
    if let Some(heading) = line.strip_prefix("##") {
        let number = heading.trim_start_matches('#').split_whitespace().next()?.trim_end_matches('.');
        return number.starts_with(|letter: char| letter.is_ascii_digit()).then(|| number.to_owned());
    }
    let first = line.strip_prefix("| ")?.split(" |").next()?;
    is_lesson(first).then(|| first.to_owned())
}

/// `R1`, `K4`.
fn is_lesson(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && !letters.as_str().is_empty()
        && letters.all(|letter| letter.is_ascii_digit())
}

/// A text as one line: a citation may go on behind the next line's comment mark.
fn joined(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim().trim_start_matches(['/', '!', '*', '#']).trim());
    lines.collect::<Vec<_>>().join(" ")
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || ['-', '_'].contains(&letter)
}

/// Pages that a text names, each with the sections it cites of it.
fn citations(text: &str) -> Vec<(String, Vec<String>)> {
    let text = joined(text);
    let mut found = Vec::new();
    for (end, _) in text.match_indices(".md") {
        let name: String = text[..end].chars().rev().take_while(|letter| is_of_name(*letter)).collect();
        let name: String = name.chars().rev().collect();
        let rest = &text[end + ".md".len()..];
        // `.mdx` and a bare extension are no pages.
        if name.is_empty() || rest.starts_with(is_of_name) {
            continue;
        }
        found.push((format!("{name}.md"), sections(rest)));
    }
    found
}

/// `§2, §3`, `§2–§4`, `R1–R4`, behind a page's name.
fn sections(mut rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut between = [" "].as_slice();
    loop {
        let Some(next) = between.iter().find_map(|mark| rest.strip_prefix(mark)) else { return found };
        let word: String = match next.strip_prefix('§') {
            Some(number) => number.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect(),
            None => next.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect(),
        };
        if !next.starts_with('§') && !is_lesson(&word) {
            return found;
        }
        rest = &next[next.len().min(word.len() + if next.starts_with('§') { '§'.len_utf8() } else { 0 })..];
        found.push(word.trim_end_matches('.').to_owned());
        between = [", ", "–", " and "].as_slice();
    }
}

#[test]
fn every_page_and_section_that_is_cited_exists() {
    let pages = pages();
    let cited: Vec<PathBuf> = CITING.iter().flat_map(|folder| files(&root().join(folder))).collect();
    let own = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|name| root().join(name));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in cited.into_iter().chain(own).filter(|path| has_extension(path, &TEXTS)) {
        // This file's examples.
        if path.ends_with("tests/tree/references.rs") {
            continue;
        }
        let place = path.strip_prefix(root()).expect("below").display().to_string();
        for (name, sections) in citations(&fs::read_to_string(&path).expect("text")) {
            // A sentence may begin with a page's name.
            let lower = name[..1].to_lowercase() + &name[1..];
            let Some(known) = pages.get(&name).or_else(|| pages.get(&lower)) else {
                wrong.push(format!("{place}: no page {name}"));
                continue;
            };
            seen += sections.len();
            let missing = sections.iter().filter(|section| !known.contains(*section));
            wrong.extend(missing.map(|section| format!("{place}: {name} has no section {section}")));
        }
    }
    assert!(seen > 150, "only {seen} sections were found cited: is the reader of citations broken?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn citations_are_read_in_each_of_their_forms() {
    let one = |text: &str| citations(text).pop().expect("a citation");
    let of = |name: &str, sections: &[&str]| (name.to_owned(), sections.iter().map(|&word| word.to_owned()).collect());
    assert_eq!(one("/// as it is (page.md §5)."), of("page.md", &["5"]));
    assert_eq!(one("/// from page.md\n    /// §2, §3.1 and §8; else"), of("page.md", &["2", "3.1", "8"]));
    assert_eq!(one("(page.md §2–§4)"), of("page.md", &["2", "4"]));
    assert_eq!(one("lessons.md R1–R4): each"), of("lessons.md", &["R1", "R4"]));
    assert_eq!(one("see [page](docs/page.md#part)."), of("page.md", &[]));
    assert_eq!(one("page.md §4 rule 6"), of("page.md", &["4"]));
    assert!(citations("errors.mdx").is_empty());
}

#[test]
fn every_reference_is_cited_by_code_or_by_another_page() {
    let texts = CITING.iter().flat_map(|folder| files(&root().join(folder)));
    let texts = texts.filter(|path| has_extension(path, &TEXTS) && !path.ends_with("docs/reference/README.md"));
    let named: BTreeSet<String> = texts
        .flat_map(|path| {
            let own = path.file_name().expect("name").to_string_lossy().into_owned();
            let all = citations(&fs::read_to_string(&path).expect("text")).into_iter().map(|(name, _)| name);
            all.filter(|name| *name != own).collect::<Vec<_>>()
        })
        .collect();
    for page in files(&root().join("docs/reference")) {
        let name = page.file_name().expect("name").to_string_lossy().into_owned();
        assert!(name == "README.md" || named.contains(&name), "nothing cites docs/reference/{name}");
    }
}
