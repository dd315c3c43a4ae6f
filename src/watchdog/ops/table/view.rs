//! The terminal around the table.

use std::{
    io::{self, IsTerminal, Stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode, size},
};
use tokio::sync::mpsc;

use super::{
    frame::table,
    lines::Lines,
    row::{AccountRow, DecisionRow},
    screen::Screen,
};
use crate::text;

/// How often the thread that reads keys looks whether it should end.
const KEY_WAIT: Duration = Duration::from_millis(100);

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewEvent {
    /// `q`, Escape or Ctrl-C.
    Quit,
    /// The terminal has another size: draw again.
    Resized,
}

/// The table on the terminal, or plain lines where stdin or stdout is none. The terminal is given back on drop. Logs
/// must go elsewhere than to the terminal meanwhile.
#[derive(Debug)]
pub struct LiveView {
    // Leaves the second screen before the raw mode ends.
    mode: Mode,
    _raw: Option<RawMode>,
}

#[derive(Debug)]
enum Mode {
    Screen { screen: Screen<Stdout>, keys: Keys },
    Lines(Lines<Stdout>),
}

impl LiveView {
    /// Takes the terminal, when there is one.
    pub fn open() -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Ok(Self { mode: Mode::Lines(Lines::new(io::stdout())), _raw: None });
        }
        let raw = RawMode::enter()?;
        let screen = Screen::enter(io::stdout())?;
        Ok(Self { mode: Mode::Screen { screen, keys: Keys::listen() }, _raw: Some(raw) })
    }

    /// Whether it has the terminal.
    #[must_use]
    pub const fn is_screen(&self) -> bool {
        matches!(self.mode, Mode::Screen { .. })
    }

    /// Shows the state at a head, under a line such as `base · block 31234567`; decisions oldest first.
    pub fn show(&mut self, title: &str, accounts: &[AccountRow], decisions: &[DecisionRow]) -> io::Result<()> {
        match &mut self.mode {
            Mode::Lines(lines) => lines.show(accounts, decisions),
            Mode::Screen { screen, .. } => {
                // A terminal that does not know its size says 0.
                let (width, height) = match size() {
                    Ok((width, height)) if width > 0 && height > 0 => (width, height),
                    _ => (80, 24),
                };
                let frame = table(accounts, decisions, usize::from(width));
                let title = format!("{title}  (q quits)");
                let title: String = text::one_line(&title).chars().take(usize::from(width)).collect();
                screen.draw(&format!("{title}\n\n{frame}"), height)
            }
        }
    }

    /// The next thing the user does; never, without a terminal. May be dropped and asked again.
    pub async fn event(&mut self) -> ViewEvent {
        match &mut self.mode {
            Mode::Lines(_) => std::future::pending().await,
            // Keys that can no longer be read end the view, not the daemon.
            Mode::Screen { keys, .. } => keys.events.recv().await.unwrap_or(ViewEvent::Quit),
        }
    }
}

#[derive(Debug)]
struct RawMode;

impl RawMode {
    fn enter() -> io::Result<Self> {
        enable_raw_mode().map(|()| Self)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = disable_raw_mode();
    }
}

/// A thread that reads the terminal: reading it cannot be awaited.
#[derive(Debug)]
struct Keys {
    events: mpsc::Receiver<ViewEvent>,
    ended: Arc<AtomicBool>,
}

impl Keys {
    fn listen() -> Self {
        let (sender, events) = mpsc::channel(16);
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let happened = match event::poll(KEY_WAIT) {
                    Ok(false) => continue,
                    Ok(true) => event::read(),
                    Err(error) => Err(error),
                };
                // Without the terminal there is nothing left to read; a full queue has the user's wish already.
                let Ok(happened) = happened else { return };
                if let Some(meaning) = meaning(&happened) {
                    let _ = sender.try_send(meaning);
                }
            }
        });
        Self { events, ended }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn meaning(event: &Event) -> Option<ViewEvent> {
    match event {
        Event::Resize(..) => Some(ViewEvent::Resized),
        Event::Key(KeyEvent { code, modifiers, kind, .. }) if *kind != KeyEventKind::Release => {
            let control_c = *code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
            let quits = matches!(code, KeyCode::Char('q' | 'Q') | KeyCode::Esc);
            (quits || control_c).then_some(ViewEvent::Quit)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_control_c_quit_and_other_keys_do_not() {
        let key = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));
        for (code, modifiers) in [
            (KeyCode::Char('q'), KeyModifiers::NONE),
            (KeyCode::Esc, KeyModifiers::NONE),
            (KeyCode::Char('c'), KeyModifiers::CONTROL),
        ] {
            assert_eq!(key(code, modifiers), Some(ViewEvent::Quit));
        }
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(key(KeyCode::Enter, KeyModifiers::NONE), None);
        assert_eq!(meaning(&Event::Resize(80, 24)), Some(ViewEvent::Resized));
    }
}
