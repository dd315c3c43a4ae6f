//! All modules of `src`, and the imports between its files. A name is followed through re-exports to the file that defines
//! it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use crate::source::{Import, Said};

/// What an edge names where a file takes a whole module.
const MODULE: &str = "the module";

struct Module {
    parent: Option<usize>,
    file: usize,
    children: HashMap<String, usize>,
    said: Said,
}

/// The sources below `src`, as one tree of modules.
pub(crate) struct Tree {
    modules: Vec<Module>,
    files: Vec<String>,
    /// By file: it only declares modules and hands names on, so it is no node of the graph.
    only_hands_on: Vec<bool>,
}

/// From a file to a file: the names that tie them.
pub(crate) type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

impl Tree {
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        Self::of(|path| fs::read_to_string(root.join(path)).ok())
    }

    /// The tree whose files `text` knows, from `lib.rs` on.
    pub(crate) fn of(text: impl Fn(&str) -> Option<String>) -> Self {
        let mut tree = Self { modules: Vec::new(), files: Vec::new(), only_hands_on: Vec::new() };
        tree.add_file(None, &["lib.rs".to_owned()], "", &text);
        tree
    }

    fn add_file(
        &mut self,
        parent: Option<usize>,
        candidates: &[String],
        folder: &str,
        text: &impl Fn(&str) -> Option<String>,
    ) -> usize {
        let (path, source) = candidates
            .iter()
            .find_map(|path| Some((path, text(path)?)))
            .unwrap_or_else(|| unreachable!("none of {candidates:?} is there"));
        let said = Said::read(&source).unwrap_or_else(|error| unreachable!("{path}: {error}"));
        self.files.push(path.clone());
        self.only_hands_on.push(!said.own_code);
        self.add_module(parent, self.files.len() - 1, said, folder, text)
    }

    fn add_module(
        &mut self,
        parent: Option<usize>,
        file: usize,
        mut said: Said,
        folder: &str,
        text: &impl Fn(&str) -> Option<String>,
    ) -> usize {
        let at = self.modules.len();
        let mut inner: HashMap<_, _> = std::mem::take(&mut said.inner).into_iter().collect();
        let declared = said.declared.clone();
        self.modules.push(Module { parent, file, children: HashMap::new(), said });
        for name in declared {
            let below = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let child = match inner.remove(&name) {
                Some(said) => self.add_module(Some(at), file, said, &below, text),
                None => self.add_file(Some(at), &[format!("{below}.rs"), format!("{below}/mod.rs")], &below, text),
            };
            self.modules[at].children.insert(name, child);
        }
        at
    }

    /// Files and the public types that they define.
    pub(crate) fn public_types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.modules
            .iter()
            .flat_map(|module| module.said.types.iter().map(|name| (self.files[module.file].as_str(), name.as_str())))
    }

    pub(crate) fn files(&self) -> usize {
        self.files.len()
    }

    /// Every import of a file by a file; the roots of the library and the program are no files that others import.
    pub(crate) fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (at, module) in self.modules.iter().enumerate() {
            if self.only_hands_on[module.file] {
                continue;
            }
            let said = &module.said;
            let imports = said.imports.values().chain(&said.globs).chain(&said.unnamed);
            let imports = imports.filter(|import| !import.handed_on).map(|import| (&import.path, true));
            for (path, is_import) in imports.chain(said.paths.iter().map(|path| (path, false))) {
                let Some((file, name)) = self.resolve(at, path, 0) else { continue };
                // Code cannot say a module alone: that is a variable of its name.
                let is_said = is_import || name != MODULE;
                if is_said && file != module.file && !self.only_hands_on[file] {
                    let from = edges.entry(self.files[module.file].clone()).or_default();
                    from.entry(self.files[file].clone()).or_default().insert(name);
                }
            }
        }
        edges
    }

    /// The file that defines what `path` means in the module at `at`; nothing for what comes from outside.
    fn resolve(&self, at: usize, path: &[String], depth: usize) -> Option<(usize, String)> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.lookup(0, rest, depth),
            "self" => self.lookup(at, rest, depth),
            "super" => match rest.first().map(String::as_str) {
                Some("super") => self.resolve(self.modules[at].parent?, rest, depth),
                _ => self.lookup(self.modules[at].parent?, rest, depth),
            },
            _ if self.knows(at, first) => self.lookup(at, path, depth),
            _ => self.modules[at].said.globs.iter().find_map(|glob| self.through(at, glob, path, depth)),
        }
    }

    fn knows(&self, at: usize, name: &str) -> bool {
        let module = &self.modules[at];
        module.children.contains_key(name)
            || module.said.defines.contains(name)
            || module.said.imports.contains_key(name)
    }

    /// What `path` means below the module at `at`. A name can mean a module and an item: the last word of a path is taken for
    /// the item.
    fn lookup(&self, at: usize, path: &[String], depth: usize) -> Option<(usize, String)> {
        let module = &self.modules[at];
        let Some((first, rest)) = path.split_first() else {
            return Some((module.file, MODULE.to_owned()));
        };
        let item = || module.said.defines.contains(first).then(|| (module.file, first.clone()));
        let child = || module.children.get(first).and_then(|child| self.lookup(*child, rest, depth));
        let import = || {
            let import = module.said.imports.get(first).filter(|_| depth < 20)?;
            self.resolve(at, &[&import.path, rest].concat(), depth + 1)
        };
        let found =
            if rest.is_empty() { item().or_else(import).or_else(child) } else { child().or_else(item).or_else(import) };
        found
            .or_else(|| module.said.globs.iter().find_map(|glob| self.through(at, glob, path, depth)))
            // What a macro defines is named by nobody else.
            .or_else(|| (!self.knows(at, first)).then(|| (module.file, first.clone())))
    }

    /// What `path` means by way of `use glob::*` in the module at `at`, if that is known there.
    fn through(&self, at: usize, glob: &Import, path: &[String], depth: usize) -> Option<(usize, String)> {
        let target = self.module(at, &glob.path)?;
        (depth < 20 && target != at && self.knows(target, &path[0]))
            .then(|| self.lookup(target, path, depth + 1))
            .flatten()
    }

    /// The module that `path` names.
    fn module(&self, at: usize, path: &[String]) -> Option<usize> {
        path.iter().try_fold(at, |at, name| match name.as_str() {
            "crate" => Some(0),
            "self" => Some(at),
            "super" => self.modules[at].parent,
            name => self.modules[at].children.get(name).copied(),
        })
    }
}

/// A tree out of a test's own text: `// file: path`, then the source.
pub(crate) fn written(text: &str) -> Tree {
    let files: HashMap<PathBuf, String> = text
        .split("// file: ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .map(|(path, source)| (PathBuf::from(path.trim()), source.to_owned()))
        .collect();
    Tree::of(|path| files.get(Path::new(path)).cloned())
}
