//! Frames on a terminal's second screen; the first is given back as it was.

use std::io::{self, Write};

use crossterm::{
    cursor::{Hide, MoveTo, Show},
    execute, queue,
    style::Print,
    terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen},
};

/// Draws on the second screen until it is dropped.
#[derive(Debug)]
pub(super) struct Screen<W: Write> {
    out: W,
}

impl<W: Write> Screen<W> {
    pub(super) fn enter(mut out: W) -> io::Result<Self> {
        execute!(out, EnterAlternateScreen, Hide)?;
        Ok(Self { out })
    }

    /// Draws a frame over the last one without clearing first, so that nothing flickers.
    pub(super) fn draw(&mut self, frame: &str, height: u16) -> io::Result<()> {
        for (line, row) in frame.lines().zip(0..height) {
            queue!(self.out, MoveTo(0, row), Print(line), Clear(ClearType::UntilNewLine))?;
        }
        let used = u16::try_from(frame.lines().count()).unwrap_or(u16::MAX);
        if used < height {
            queue!(self.out, MoveTo(0, used), Clear(ClearType::FromCursorDown))?;
        }
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = execute!(self.out, Show, LeaveAlternateScreen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_drawn_on_the_second_screen_and_the_first_comes_back() {
        let mut written = Vec::new();
        {
            let mut screen = Screen::enter(&mut written).expect("screen");
            screen.draw("one\ntwo\nthree\nfour", 3).expect("drawn");
            screen.draw("short", 3).expect("drawn");
        }
        let text = String::from_utf8(written).expect("text");
        assert!(text.starts_with("\u{1b}[?1049h") && text.ends_with("\u{1b}[?1049l"), "{text:?}");
        assert!(text.contains("\u{1b}[?25l") && text.contains("\u{1b}[?25h"), "the cursor comes back: {text:?}");
        assert!(text.contains("three") && !text.contains("four"), "what does not fit stays out: {text:?}");
        assert!(text.contains("short\u{1b}[K\u{1b}[2;1H\u{1b}[J"), "the rest of the last frame goes: {text:?}");
    }
}
