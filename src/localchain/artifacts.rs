//! The artifact kit: creation codes of everything the replica deploys, and the pinned foundry binaries.

use std::{collections::BTreeMap, fs, path::PathBuf};

use alloy::primitives::{Address, Bytes, hex};
use serde::Deserialize;

use super::{Cache, LocalChainError};

/// What `make setup` leaves in the cache: `artifacts.json` and `bin/`.
#[derive(Debug, Clone)]
pub struct Kit {
    cache: Cache,
    hash: String,
    contracts: BTreeMap<String, Artifact>,
}

/// One compiled contract.
#[derive(Debug, Clone, Deserialize)]
struct Artifact {
    bytecode: String,
    #[serde(default)]
    deployed: Option<String>,
    #[serde(default)]
    links: BTreeMap<String, Vec<usize>>,
}

#[derive(Deserialize)]
struct KitFile {
    schema: u32,
    contracts: BTreeMap<String, Artifact>,
    hash: String,
}

/// The schema of `artifacts.json` that this program reads.
const SCHEMA: u32 = 1;

impl Kit {
    /// The kit in the cache directory that the environment names.
    pub fn find() -> Result<Self, LocalChainError> {
        Self::open(Cache::find()?)
    }

    /// The kit in this cache.
    pub fn open(cache: Cache) -> Result<Self, LocalChainError> {
        let path = cache.kit().join("artifacts.json");
        let text = fs::read(&path).map_err(|_| LocalChainError::KitMissing(path.clone()))?;
        let unusable = |why: String| LocalChainError::KitUnusable { path: path.clone(), why };
        let file: KitFile = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(unusable(format!("schema {}, this program reads {SCHEMA}", file.schema)));
        }
        Ok(Self { cache, hash: file.hash, contracts: file.contracts })
    }

    /// The cache that the kit lies in.
    #[must_use]
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Hash of all contracts in the kit; a part of the replica's name in the cache.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// One of the foundry binaries, such as `anvil`.
    #[must_use]
    pub fn binary(&self, name: &str) -> PathBuf {
        self.cache.kit().join("bin").join(name)
    }

    /// Creation code of a contract with its libraries' addresses put in and its constructor arguments (ABI encoded)
    /// behind it.
    pub(crate) fn creation_code(
        &self,
        name: &str,
        libraries: &[(&str, Address)],
        arguments: &[u8],
    ) -> Result<Bytes, LocalChainError> {
        let artifact = self.artifact(name)?;
        let unlinked = artifact.bytecode.trim_start_matches("0x");
        let mut text = unlinked.to_owned();
        for (library, offsets) in &artifact.links {
            let (_, at) = libraries.iter().find(|(known, _)| known == library).ok_or_else(|| {
                LocalChainError::NoContract(format!("{library} (a library that {name} is linked with)"))
            })?;
            let digits = hex::encode(at);
            for offset in offsets {
                let range = offset * 2..offset * 2 + digits.len();
                if text.get(range.clone()).is_none() {
                    return Err(self.unusable(name, "a link reference lies outside of the code"));
                }
                text.replace_range(range, &digits);
            }
        }
        let mut code = hex::decode(&text).map_err(|error| self.unusable(name, &error.to_string()))?;
        code.extend_from_slice(arguments);
        Ok(code.into())
    }

    /// Runtime code of a contract that has neither immutables nor libraries, so that it can stand at any address.
    pub fn runtime_code(&self, name: &str) -> Result<Bytes, LocalChainError> {
        let artifact = self.artifact(name)?;
        let deployed = artifact.deployed.as_deref().ok_or_else(|| self.unusable(name, "it has no runtime code"))?;
        let code = hex::decode(deployed).map_err(|error| self.unusable(name, &error.to_string()))?;
        Ok(code.into())
    }

    fn artifact(&self, name: &str) -> Result<&Artifact, LocalChainError> {
        self.contracts.get(name).ok_or_else(|| LocalChainError::NoContract(name.to_owned()))
    }

    fn unusable(&self, name: &str, why: &str) -> LocalChainError {
        LocalChainError::KitUnusable { path: self.cache.kit().join("artifacts.json"), why: format!("{name}: {why}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    fn kit(content: &str) -> Result<Kit, LocalChainError> {
        let dir = tempfile::tempdir().expect("temporary directory");
        let cache = Cache::at(dir.path());
        fs::create_dir_all(cache.kit()).expect("kit directory");
        fs::write(cache.kit().join("artifacts.json"), content).expect("artifacts");
        Kit::open(cache)
    }

    #[test]
    fn without_a_kit_the_user_is_told_to_run_make_setup() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let error = Kit::open(Cache::at(dir.path())).expect_err("no kit");
        assert!(error.to_string().contains("make setup"), "{error}");
        assert_eq!(error.class(), crate::localchain::FailureClass::Configuration);
    }

    #[test]
    fn libraries_are_put_where_the_compiler_left_room() {
        let room = "__$0123456789abcdef0123456789abcdef01$__";
        let kit = kit(&format!(
            r#"{{"schema":1,"hash":"h","contracts":{{"A":{{"bytecode":"0x6001{room}ff","links":{{"Lib":[2]}}}}}}}}"#
        ))
        .expect("kit");
        let lib = address!("00000000000000000000000000000000c0ff1601");
        let code = kit.creation_code("A", &[("Lib", lib)], &[7]).expect("linked");
        assert_eq!(hex::encode(&code), format!("6001{}ff07", hex::encode(lib)));
        assert!(matches!(kit.creation_code("A", &[], &[]), Err(LocalChainError::NoContract(_))));
        assert!(matches!(kit.runtime_code("A"), Err(LocalChainError::KitUnusable { .. })));
    }

    #[test]
    fn a_kit_of_another_schema_is_refused() {
        let error = kit(r#"{"schema":2,"hash":"h","contracts":{}}"#).expect_err("schema");
        assert!(matches!(error, LocalChainError::KitUnusable { .. }), "{error}");
    }
}
