//! Where files are searched.

use std::path::{Path, PathBuf};

/// The nearest file of this name, from a directory upwards.
pub(super) fn nearest(directory: &Path, name: &str) -> Option<PathBuf> {
    directory.ancestors().map(|above| above.join(name)).find(|path| path.is_file())
}
