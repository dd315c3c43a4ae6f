//! One source file, parsed: the modules it holds, what they define and import, and every path that is written in it. What
//! stands under `#[cfg(test)]` does not count.

use std::collections::{HashMap, HashSet};

use syn::visit::{self, Visit};

use crate::paths::in_tokens;

/// A name that a `use` brings into a module.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// Handed on to others (`pub use`): no import of the file's own until the file itself says the name.
    pub(crate) handed_on: bool,
}

/// What one module says: a file, or a module written out inside one.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Modules declared here: those in files of their own, and those written out.
    pub(crate) declared: Vec<String>,
    pub(crate) inner: Vec<(String, Said)>,
    pub(crate) defines: HashSet<String>,
    /// Public types defined here.
    pub(crate) types: Vec<String>,
    pub(crate) imports: HashMap<String, Import>,
    /// Imports without a name: `use path::*`, and traits `as _`.
    pub(crate) globs: Vec<Import>,
    pub(crate) unnamed: Vec<Import>,
    /// Every path that is written here, of imports or in code.
    pub(crate) paths: Vec<Vec<String>>,
    /// Something other than module declarations and imports stands here.
    pub(crate) own_code: bool,
}

impl Said {
    pub(crate) fn read(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let mut said = Self::default();
        for item in &file.items {
            said.visit_item(item);
        }
        Ok(said)
    }

    fn import(&mut self, tree: &syn::UseTree, before: &[String], handed_on: bool) {
        let mut path = before.to_vec();
        match tree {
            syn::UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.import(&step.tree, &path, handed_on);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, &path, handed_on)),
            syn::UseTree::Glob(_) => self.globs.push(Import { path, handed_on }),
            syn::UseTree::Name(name) => {
                let mut name = name.ident.to_string();
                if name == "self" {
                    name = path.last().cloned().unwrap_or_default();
                } else {
                    path.push(name.clone());
                }
                self.imports.insert(name, Import { path, handed_on });
            }
            syn::UseTree::Rename(renamed) => {
                if renamed.ident != "self" {
                    path.push(renamed.ident.to_string());
                }
                let import = Import { path, handed_on };
                match renamed.rename.to_string().as_str() {
                    "_" => self.unnamed.push(import),
                    name => drop(self.imports.insert(name.to_owned(), import)),
                }
            }
        }
    }

    fn define(&mut self, name: &syn::Ident, type_of: Option<&syn::Visibility>) {
        self.defines.insert(name.to_string());
        if matches!(type_of, Some(syn::Visibility::Public(_))) {
            self.types.push(name.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Said {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if for_tests(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Use(import) => {
                return self.import(&import.tree, &[], !matches!(import.vis, syn::Visibility::Inherited));
            }
            syn::Item::Mod(module) => {
                self.declared.push(module.ident.to_string());
                if let Some((_, items)) = &module.content {
                    let mut inner = Said::default();
                    items.iter().for_each(|item| inner.visit_item(item));
                    self.own_code |= inner.own_code;
                    self.inner.push((module.ident.to_string(), inner));
                }
                return;
            }
            syn::Item::Struct(item) => self.define(&item.ident, Some(&item.vis)),
            syn::Item::Enum(item) => self.define(&item.ident, Some(&item.vis)),
            syn::Item::Union(item) => self.define(&item.ident, Some(&item.vis)),
            syn::Item::Trait(item) => self.define(&item.ident, Some(&item.vis)),
            syn::Item::Type(item) => self.define(&item.ident, Some(&item.vis)),
            syn::Item::Fn(item) => self.define(&item.sig.ident, None),
            syn::Item::Const(item) => self.define(&item.ident, None),
            syn::Item::Static(item) => self.define(&item.ident, None),
            syn::Item::Macro(item) => {
                item.ident.iter().for_each(|name| self.define(name, None));
                // A definition handed to a macro: `words! { pub enum State { … } }`.
                let words = in_tokens(&item.mac.tokens.to_string());
                for words in words.windows(3).filter(|words| words.iter().all(|path| path.len() == 1)) {
                    let [public, kind, name] = [&words[0][0], &words[1][0], &words[2][0]];
                    if public == "pub" && ["struct", "enum", "trait", "type"].contains(&kind.as_str()) {
                        self.defines.insert(name.clone());
                        self.types.push(name.clone());
                    }
                }
            }
            _ => {}
        }
        self.own_code = true;
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    /// `pub(super)` says who may see a name, and takes none.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.paths.extend(in_tokens(&called.tokens.to_string()));
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        match &attribute.meta {
            syn::Meta::List(list) => self.paths.extend(in_tokens(&list.tokens.to_string())),
            meta => visit::visit_meta(self, meta),
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| {
                    let condition = list.tokens.to_string().replace(' ', "");
                    !condition.contains("not(test")
                        && condition.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "test")
                })
    })
}

#[test]
fn what_a_file_says_is_read() {
    let said = Said::read(
        "use crate::{a::{self, B}, c::D as E, f::*, g::H as _};
         pub(crate) use self::sub::K;
         mod sub;
         #[cfg(test)] mod tests;
         #[cfg(all(test, unix))] use crate::left::Out;
         /// [`crate::only::Linked`]
         #[serde(with = \"crate::n::o\")]
         pub struct P(super::Q);
         impl P { fn run() { write!(f, \"{}\", crate::r::s(1)); } #[cfg(test)] fn out() { crate::left::out() } }
         words! { #[derive(Debug)] pub enum W { A } }
         mod inner { pub enum T {} } pub(in crate::left) const C: u8 = 1;",
    )
    .expect("a source");
    let mut imports: Vec<_> =
        said.imports.iter().map(|(name, import)| (name.as_str(), import.path.join("::"), import.handed_on)).collect();
    imports.sort();
    assert_eq!(
        imports,
        [
            ("B", "crate::a::B".into(), false),
            ("E", "crate::c::D".into(), false),
            ("K", "self::sub::K".into(), true),
            ("a", "crate::a".into(), false)
        ]
    );
    assert_eq!(said.globs.len() + said.unnamed.len(), 2);
    assert_eq!(said.declared, ["sub", "inner"]);
    assert_eq!((said.types, &said.inner[0].1.types), (vec!["P".to_owned(), "W".to_owned()], &vec!["T".to_owned()]));
    let paths: Vec<_> = said.paths.iter().map(|path| path.join("::")).collect();
    for named in ["crate::n::o", "super::Q", "crate::r::s"] {
        assert!(paths.iter().any(|path| path == named), "{named} was not read: {paths:?}");
    }
    assert!(!paths.iter().any(|path| path.contains("left") || path.contains("only")), "{paths:?}");
}
