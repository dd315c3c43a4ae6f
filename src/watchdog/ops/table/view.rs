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

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;
use tokio::sync::mpsc;

use super::{frame::draw, lines::Lines, row::WatchView};

/// How often the thread that reads keys looks whether it should end.
const KEY_WAIT: Duration = Duration::from_millis(100);
/// Lines of a page.
const PAGE: usize = 10;

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewEvent {
    /// `q`, Escape or Ctrl-C.
    Quit,
    /// The terminal has another size, or the accounts were scrolled: draw again.
    Redraw,
}

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Quit,
    Resized,
    Up(usize),
    Down(usize),
}

/// The table on the terminal, or plain lines where stdin or stdout is none. The terminal is given back on drop and when the
/// program panics. Logs must go elsewhere than to the terminal meanwhile.
#[derive(Debug)]
pub struct LiveView {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    Screen(Box<Screen>),
    Lines(Lines<Stdout>),
}

#[derive(Debug)]
struct Screen {
    terminal: DefaultTerminal,
    keys: Keys,
    scroll: usize,
    furthest: usize,
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = ratatui::try_restore();
    }
}

impl Screen {
    /// Never beyond what is there to be seen.
    fn scrolled(&self, key: Key) -> usize {
        match key {
            Key::Up(by) => self.scroll.saturating_sub(by),
            Key::Down(by) => self.scroll.saturating_add(by).min(self.furthest),
            Key::Quit | Key::Resized => self.scroll,
        }
    }
}

impl LiveView {
    /// Takes the terminal, when there is one.
    pub fn open() -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Ok(Self { mode: Mode::Lines(Lines::new(io::stdout())) });
        }
        let terminal = ratatui::try_init().inspect_err(|_| {
            let _ = ratatui::try_restore();
        })?;
        Ok(Self { mode: Mode::Screen(Box::new(Screen { terminal, keys: Keys::listen(), scroll: 0, furthest: 0 })) })
    }

    /// Whether it has the terminal.
    #[must_use]
    pub const fn is_screen(&self) -> bool {
        matches!(self.mode, Mode::Screen { .. })
    }

    /// Shows the state at a moment.
    pub fn show(&mut self, view: &WatchView) -> io::Result<()> {
        match &mut self.mode {
            Mode::Lines(lines) => lines.show(&view.accounts, &view.decisions),
            Mode::Screen(screen) => {
                let Screen { terminal, scroll, furthest, .. } = &mut **screen;
                terminal.draw(|frame| *furthest = draw(frame, view, *scroll))?;
                *scroll = (*scroll).min(*furthest);
                Ok(())
            }
        }
    }

    /// The next thing the user does; never, without a terminal. May be dropped and asked again.
    pub async fn event(&mut self) -> ViewEvent {
        match &mut self.mode {
            Mode::Lines(_) => std::future::pending().await,
            // Keys that can no longer be read end the view, not the daemon.
            Mode::Screen(screen) => match screen.keys.events.recv().await.unwrap_or(Key::Quit) {
                Key::Quit => ViewEvent::Quit,
                key => {
                    screen.scroll = screen.scrolled(key);
                    ViewEvent::Redraw
                }
            },
        }
    }
}

/// A thread that reads the terminal: reading it cannot be awaited.
#[derive(Debug)]
struct Keys {
    events: mpsc::Receiver<Key>,
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

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Resized),
        Event::Key(KeyEvent { code, modifiers, kind, .. }) if *kind != KeyEventKind::Release => {
            let control = modifiers.contains(KeyModifiers::CONTROL);
            match code {
                KeyCode::Char('c') if control => Some(Key::Quit),
                KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Key::Quit),
                KeyCode::Up | KeyCode::Char('k') => Some(Key::Up(1)),
                KeyCode::Down | KeyCode::Char('j') => Some(Key::Down(1)),
                KeyCode::PageUp => Some(Key::Up(PAGE)),
                KeyCode::PageDown => Some(Key::Down(PAGE)),
                KeyCode::Home => Some(Key::Up(usize::MAX)),
                KeyCode::End => Some(Key::Down(usize::MAX)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_escape_and_control_c_quit_arrows_and_pages_scroll_and_other_keys_do_nothing() {
        let key = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));
        for (code, modifiers) in [
            (KeyCode::Char('q'), KeyModifiers::NONE),
            (KeyCode::Esc, KeyModifiers::NONE),
            (KeyCode::Char('c'), KeyModifiers::CONTROL),
        ] {
            assert_eq!(key(code, modifiers), Some(Key::Quit));
        }
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(key(KeyCode::Enter, KeyModifiers::NONE), None);
        assert_eq!(key(KeyCode::Down, KeyModifiers::NONE), Some(Key::Down(1)));
        assert_eq!(key(KeyCode::PageUp, KeyModifiers::NONE), Some(Key::Up(PAGE)));
        assert_eq!(key(KeyCode::End, KeyModifiers::NONE), Some(Key::Down(usize::MAX)));
        assert_eq!(meaning(&Event::Resize(80, 24)), Some(Key::Resized));
    }
}
