//! Frames of an event stream. The crates for it give an event without `id` that of the event before, as browsers do; here a missing
//! one says that an event is the connection's own (avantis-v2.md §3.5).

use std::mem;

/// Longest line.
const MOST_LINE: usize = 256 << 10;

/// One event as it stood in the stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Frame {
    pub(super) id: Option<String>,
    pub(super) event: String,
    pub(super) data: String,
}

/// Takes bytes as they come, gives frames once their blank line is there.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    line: Vec<u8>,
    /// The last byte ended a line by `\r`: a `\n` after it is of the same end.
    after_return: bool,
    frame: Frame,
    has_data: bool,
}

/// A line without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTooLong;

impl FrameReader {
    /// Frames that these bytes complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, LineTooLong> {
        let mut complete = Vec::new();
        for &byte in bytes {
            let second = mem::replace(&mut self.after_return, byte == b'\r') && byte == b'\n';
            match byte {
                b'\n' if second => {}
                b'\n' | b'\r' => {
                    let line = mem::take(&mut self.line);
                    complete.extend(self.end_line(&String::from_utf8_lossy(&line)));
                }
                _ if self.line.len() >= MOST_LINE => return Err(LineTooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(complete)
    }

    fn end_line(&mut self, line: &str) -> Option<Frame> {
        if line.is_empty() {
            let frame = mem::take(&mut self.frame);
            return mem::take(&mut self.has_data).then_some(frame);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.frame.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.frame.event),
            "data" => {
                if self.has_data {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
                self.has_data = true;
            }
            // Comments, `retry`, and what there may be one day.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "retry: 3000\n: hello\n\nid: 0\nevent: A\ndata: {\ndata: }\n\n: hb\n\nevent: Error\ndata: 1\n\nid: 9\nevent: B\ndata: lost\n";

    fn frames(parts: &[&[u8]]) -> Vec<Frame> {
        let mut reader = FrameReader::default();
        parts.iter().flat_map(|part| reader.take(part).expect("short lines")).collect()
    }

    #[test]
    fn an_event_without_an_id_has_none_and_one_without_its_end_is_dropped() {
        let frame = |id: Option<&str>, event: &str, data: &str| Frame {
            id: id.map(str::to_owned),
            event: event.to_owned(),
            data: data.to_owned(),
        };
        let expected = [frame(Some("0"), "A", "{\n}"), frame(None, "Error", "1")];
        assert_eq!(frames(&[STREAM.as_bytes()]), expected);
        assert_eq!(frames(&[STREAM.replace('\n', "\r\n").as_bytes()]), expected);
        assert_eq!(frames(&[STREAM.replace('\n', "\r").as_bytes()]), expected);
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        assert_eq!(FrameReader::default().take(&vec![b'x'; MOST_LINE + 1]), Err(LineTooLong));
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_the_bytes_are_cut(cuts in proptest::collection::vec(1usize..9, 1..60), returns: bool) {
            let text = if returns { STREAM.replace('\n', "\r\n") } else { STREAM.to_owned() };
            let mut rest = text.as_bytes();
            let mut parts = Vec::new();
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() { break; }
                let (part, after) = rest.split_at(cut.min(rest.len()));
                parts.push(part);
                rest = after;
            }
            prop_assert_eq!(frames(&parts), frames(&[text.as_bytes()]));
        }
    }
}
