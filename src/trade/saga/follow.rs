//! A file that grows by a line for each signal: appended to, rotated, cut off, its last line half written.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Longest line that is kept; a signal is never longer.
const MOST_BYTES: usize = 65_536;

/// How much is read at a time.
const CHUNK: usize = 16_384;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1, in the file that was there at the time.
    pub number: u64,
    /// Its text; the error says why it has none.
    pub text: Result<String, &'static str>,
}

/// Follows a growing file from its beginning.
#[derive(Debug)]
pub struct Follow {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    read: u64,
    number: u64,
    partial: Vec<u8>,
    /// The line is too long; the rest of it is thrown away.
    skipping: bool,
}

impl Follow {
    /// Follows a file, which need not exist yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Complete lines that were added since the last call. A file that was replaced is read to its end first, one that
    /// became shorter is read from its beginning: what was taken before is not taken twice, since ids are unique.
    pub fn poll(&mut self) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        if let Some(open) = &mut self.open {
            if open.file.metadata()?.len() < open.read {
                open.begin_again()?;
            }
            open.read_on(&mut lines)?;
        }
        let there = match std::fs::metadata(&self.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lines),
            Err(error) => return Err(error),
        };
        let is_same = match &self.open {
            Some(open) => is_same_file(&open.file.metadata()?, &there),
            None => false,
        };
        if !is_same {
            if let Some(old) = &mut self.open
                && !old.partial.is_empty()
            {
                old.number += 1;
                lines.push(Line { number: old.number, text: Err("the file was replaced before the line was whole") });
            }
            let mut open = Open::new(File::open(&self.path)?);
            open.read_on(&mut lines)?;
            self.open = Some(open);
        }
        Ok(lines)
    }
}

impl Open {
    const fn new(file: File) -> Self {
        Self { file, read: 0, number: 0, partial: Vec::new(), skipping: false }
    }

    fn begin_again(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        (self.read, self.number, self.skipping) = (0, 0, false);
        self.partial.clear();
        Ok(())
    }

    fn read_on(&mut self, lines: &mut Vec<Line>) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = self.file.read(&mut chunk)?;
            if length == 0 {
                return Ok(());
            }
            self.read += u64::try_from(length).unwrap_or(u64::MAX);
            for byte in chunk.iter().take(length) {
                self.take(*byte, lines);
            }
        }
    }

    fn take(&mut self, byte: u8, lines: &mut Vec<Line>) {
        if byte != b'\n' {
            if self.partial.len() < MOST_BYTES {
                self.partial.push(byte);
            } else {
                self.skipping = true;
            }
            return;
        }
        self.number += 1;
        let bytes = std::mem::take(&mut self.partial);
        let text = if std::mem::take(&mut self.skipping) {
            Err("the line is longer than any signal")
        } else {
            String::from_utf8(bytes).map_err(|_| "the line is not text")
        };
        if text.as_ref().map_or(true, |text| !text.trim().is_empty()) {
            lines.push(Line { number: self.number, text });
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.dev() == other.dev() && one.ino() == other.ino()
}

#[cfg(not(unix))]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok() && one.len() <= other.len()
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("opens");
        file.write_all(text.as_bytes()).expect("written");
    }

    fn texts(lines: Vec<Line>) -> Vec<(u64, String)> {
        lines.into_iter().map(|line| (line.number, line.text.unwrap_or_else(ToOwned::to_owned))).collect()
    }

    fn line(number: u64, text: &str) -> (u64, String) {
        (number, text.to_owned())
    }

    #[test]
    fn each_line_comes_once_and_only_when_it_is_whole() {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("signals.jsonl");
        let mut follow = Follow::new(&path);
        assert_eq!(follow.poll().expect("no file yet"), []);
        append(&path, "one\n\n{\"half\":");
        assert_eq!(texts(follow.poll().expect("read")), [line(1, "one")]);
        assert_eq!(follow.poll().expect("read"), []);
        append(&path, "1}\nthree\n");
        assert_eq!(texts(follow.poll().expect("read")), [line(3, "{\"half\":1}"), line(4, "three")]);
    }

    #[test]
    fn a_file_that_is_replaced_is_read_to_its_end_and_the_new_one_from_its_beginning() {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("signals.jsonl");
        append(&path, "one\n");
        let mut follow = Follow::new(&path);
        assert_eq!(texts(follow.poll().expect("read")), [line(1, "one")]);
        append(&path, "two\nhalf");
        fs::rename(&path, dir.path().join("signals.1")).expect("rotated");
        append(&path, "three\n");
        let lines = texts(follow.poll().expect("read"));
        let lost = line(3, "the file was replaced before the line was whole");
        assert_eq!(lines, [line(2, "two"), lost, line(1, "three")]);
    }

    #[test]
    fn a_file_that_is_cut_off_is_read_from_its_beginning() {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("signals.jsonl");
        append(&path, "one\ntwo\n");
        let mut follow = Follow::new(&path);
        assert_eq!(follow.poll().expect("read").len(), 2);
        fs::write(&path, "new\n").expect("cut off");
        assert_eq!(texts(follow.poll().expect("read")), [line(1, "new")]);
    }

    #[test]
    fn a_line_that_is_too_long_or_no_text_is_told_by_its_number_and_the_next_is_read() {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("signals.jsonl");
        fs::write(&path, [b"x".repeat(100_000), b"\n\xff\xfe\nthree\n".to_vec()].concat()).expect("written");
        let lines = texts(Follow::new(&path).poll().expect("read"));
        assert_eq!(lines[0], line(1, "the line is longer than any signal"));
        assert_eq!(lines[1], line(2, "the line is not text"));
        assert_eq!(lines[2], line(3, "three"));
    }
}
