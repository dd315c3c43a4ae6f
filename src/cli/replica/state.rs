//! The replica's state, built where it is not there yet.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::shared::{exit::Outcome, output::Output},
    localchain::{ComposerSource, Kit, PerpsVersion, ReplicaState},
};

/// The built state, built now if it must be.
pub(in crate::cli) async fn ensure_state(
    output: Output,
    kit: &Kit,
    composer: ComposerSource<'_>,
    perps: PerpsVersion,
) -> Outcome<ReplicaState> {
    let bar = progress(output);
    let state = ReplicaState::ensure_with(kit, composer, perps, &bar).await?;
    bar.finish_and_clear();
    Ok(state)
}

fn progress(output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
