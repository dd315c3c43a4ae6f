//! What `--json` writes: one document on stdout, or one a line for events, each with the name and version of its schema in
//! `schema`. The schemas in docs/schema are generated from the very types (docs/json.md).

use schemars::JsonSchema;
use serde::Serialize;

use crate::journal::DamagedRow;

/// Something that is written with `--json`.
pub(in crate::cli) trait Document: Serialize + JsonSchema {
    /// Its schema's name: the file in docs/schema.
    const NAME: &'static str;
    /// Counts what readers would trip over: a field that is gone or means something else. New fields do not count.
    const VERSION: u32 = 1;
}

impl<T: Document> Document for &T {
    const NAME: &'static str = T::NAME;
    const VERSION: u32 = T::VERSION;
}

/// The value with its schema's name before it.
#[derive(Serialize)]
pub(in crate::cli) struct Named<'a, T> {
    schema: String,
    #[serde(flatten)]
    value: &'a T,
    /// Rows of a journal that could not be read and were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<DamagedRow>,
}

impl<'a, T: Document> Named<'a, T> {
    /// Ready to be written.
    pub(in crate::cli) fn new(value: &'a T, damaged: Vec<DamagedRow>) -> Self {
        Self { schema: schema_name::<T>(), value, damaged }
    }
}

/// What stands in `schema`: `trimtab.status/2`.
fn schema_name<T: Document>() -> String {
    format!("trimtab.{}/{}", T::NAME, T::VERSION)
}

/// Names the documents of a file; its types are theirs. A version above 1 stands after the name: `"watch-once" / 2`.
macro_rules! document {
    ($($name:literal $(/ $version:literal)?: $type:ty),+ $(,)?) => {
        $(impl $crate::cli::shared::document::Document for $type {
            const NAME: &'static str = $name;
            $(const VERSION: u32 = $version;)?
        })+

        /// The schemas of this file's documents.
        #[cfg(test)]
        pub(in crate::cli) fn schemas() -> Vec<(&'static str, schemars::Schema)> {
            vec![$($crate::cli::shared::document::tests::schema_of::<$type>(),)+]
        }
    };
}
pub(in crate::cli) use document;

#[cfg(test)]
pub(in crate::cli) mod tests {
    use std::{fs, path::PathBuf};

    use schemars::{Schema, generate::SchemaSettings};

    use super::*;
    use crate::cli;

    /// The schema of a document as it is written, with its file name.
    pub(in crate::cli) fn schema_of<T: Document>() -> (&'static str, Schema) {
        let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
        let name = schema_name::<T>();
        schema.insert("title".to_owned(), name.clone().into());
        let required = schema.ensure_object().entry("required").or_insert_with(|| serde_json::json!([]));
        if let Some(required) = required.as_array_mut() {
            required.insert(0, "schema".into());
        }
        let properties = schema.ensure_object().entry("properties").or_insert_with(|| serde_json::json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.shift_insert(0, "schema".to_owned(), serde_json::json!({ "const": name }));
            let row =
                SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<DamagedRow>();
            let rows = serde_json::json!({
                "description": "Rows of a journal that could not be read and were left out; absent where there are none.",
                "type": "array", "items": { "properties": row.get("properties"), "required": row.get("required"), "type": "object" },
            });
            properties.insert("damaged".to_owned(), rows);
        }
        (T::NAME, schema)
    }

    fn all() -> Vec<(&'static str, Schema)> {
        [
            cli::approvals::schemas(),
            cli::config::schemas(),
            cli::decode::schemas(),
            cli::demo::schemas(),
            cli::doctor::run::schemas(),
            cli::shared::error_view::schemas(),
            cli::flatten::schemas(),
            cli::governor::schemas(),
            cli::journal::read::schemas(),
            cli::journal::keep::schemas(),
            cli::loop_::pairs::schemas(),
            cli::loop_::records::schemas(),
            cli::perp::intent::schemas(),
            cli::perp::view::schemas(),
            cli::shared::plan_view::schemas(),
            cli::replica::run::schemas(),
            cli::replica::price::schemas(),
            cli::replica::processes::schemas(),
            cli::signal::events::schemas(),
            cli::simulate::run::schemas(),
            cli::simulate::crash::schemas(),
            cli::status::schemas(),
            cli::watch::run::schemas(),
            cli::watch::drill::schemas(),
            cli::watch::events::schemas(),
            cli::watch::once::schemas(),
            vec![cli::journal::keep::export_schema()],
        ]
        .concat()
    }

    /// Like a snapshot: `INSTA_UPDATE=always` accepts what has changed.
    #[test]
    fn the_schemas_in_the_docs_are_those_of_what_is_written() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let accepts = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
        let mut known = Vec::new();
        for (name, schema) in all() {
            let (path, text) =
                (folder.join(format!("{name}.json")), serde_json::to_string_pretty(&schema).expect("json"));
            let text = format!("{text}\n");
            if accepts {
                fs::create_dir_all(&folder).expect("folder");
                fs::write(&path, &text).expect("schema");
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(committed, text, "{}: INSTA_UPDATE=always writes it anew", path.display());
            known.push(path);
        }
        for file in fs::read_dir(&folder).expect("folder") {
            let path = file.expect("file").path();
            assert!(known.contains(&path), "{} is the schema of nothing", path.display());
        }
    }

    #[test]
    fn no_two_documents_have_one_name() {
        let mut names: Vec<&str> = all().into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
