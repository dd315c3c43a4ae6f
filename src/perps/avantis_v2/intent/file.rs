//! Files of intents: `domains` by name, and `vectors`, each with its `domain`, `kind`, `message` and `types`. Such a file may be
//! anybody's; what is wrong in it is named by vector and field, and hashes that it states are held against ours.

use alloy::primitives::{Address, B256, Bytes};
use serde_json::{Map, Value};

use super::{
    domain::Domain,
    kind::{IntentKind, VenueIntent},
    message::{MessageError, address},
};

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntentFileError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// Not of the form.
    #[error("{0}")]
    Form(String),
    /// One vector.
    #[error("vector {vector}: {error}")]
    Vector {
        /// Its `id`, or its place in the list.
        vector: String,
        /// Which field, and why.
        error: MessageError,
    },
}

/// One intent of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileIntent {
    /// Its `id`, or its place in the list.
    pub id: String,
    /// The domain it is for.
    pub domain: Domain,
    /// What it says.
    pub intent: VenueIntent,
    /// What the file states and is not so.
    pub differs: Vec<String>,
}

fn wrong(path: impl Into<String>, reason: impl Into<String>) -> MessageError {
    MessageError { path: path.into(), reason: reason.into() }
}

impl FileIntent {
    /// All intents of a file.
    pub fn read_all(text: &str) -> Result<Vec<Self>, IntentFileError> {
        let file: Value = serde_json::from_str(text).map_err(|error| IntentFileError::Json(error.to_string()))?;
        let form = |reason: &str| IntentFileError::Form(reason.to_owned());
        let file = file.as_object().ok_or_else(|| form("an object with `domains` and `vectors` is expected"))?;
        let none = Map::new();
        let domains = match file.get("domains") {
            None => &none,
            Some(given) => {
                given.as_object().ok_or_else(|| form("domains: an object of domains by name is expected"))?
            }
        };
        let vectors = file.get("vectors").ok_or_else(|| form("vectors: missing"))?;
        let vectors = vectors.as_array().ok_or_else(|| form("vectors: a list is expected"))?;
        if vectors.is_empty() {
            return Err(form("vectors: there are none"));
        }
        let read = |(index, vector): (usize, &Value)| {
            let id = vector.get("id").and_then(Value::as_str).map_or_else(|| format!("[{index}]"), str::to_owned);
            let failed = |error| IntentFileError::Vector { vector: id.clone(), error };
            Self::read(id.clone(), vector, domains).map_err(failed)
        };
        vectors.iter().enumerate().map(read).collect()
    }

    fn read(id: String, vector: &Value, domains: &Map<String, Value>) -> Result<Self, MessageError> {
        let vector = vector.as_object().ok_or_else(|| wrong("vector", "an object is expected"))?;
        let field = |name: &str| vector.get(name).ok_or_else(|| wrong(name, "missing"));
        let domain = match field("domain")? {
            Value::String(name) => {
                let found = domains.get(name);
                let found = found.ok_or_else(|| wrong("domain", format!("`domains` has no `{name}`")))?;
                Domain::read(found, &format!("domains.{name}"))?
            }
            given => Domain::read(given, "domain")?,
        };
        let kind = field("kind")?;
        let kind = kind.as_str().ok_or_else(|| wrong("kind", format!("a text is expected, not {kind}")))?;
        let kind = IntentKind::named(kind).ok_or_else(|| {
            let known: Vec<&str> = IntentKind::ALL.into_iter().map(IntentKind::name).collect();
            wrong("kind", format!("`{kind}` is not one of {}", known.join(", ")))
        })?;
        kind.check_types(field("types")?)?;
        let within = |error: MessageError| match error.path.as_str() {
            "message" => error,
            path => wrong(format!("message.{path}"), error.reason),
        };
        let intent = kind.read(field("message")?).map_err(within)?;
        let mut read = Self { id, domain, intent, differs: Vec::new() };
        read.differs = read.compare(vector);
        Ok(read)
    }

    /// Hashes and encoding that the file states, where they are not ours.
    fn compare(&self, vector: &Map<String, Value>) -> Vec<String> {
        let kind = self.intent.kind();
        let ours = [
            ("encodeType", Some(kind.encode_type())),
            ("typehash", Some(kind.type_hash().to_string())),
            ("domainSeparator", Some(self.domain.separator().to_string())),
            ("structHash", Some(self.intent.struct_hash().to_string())),
            ("digest", Some(self.intent.digest(&self.domain).to_string())),
            ("encodedIntent", self.intent.encoded().map(|bytes: Bytes| bytes.to_string())),
        ];
        let differing = ours.into_iter().filter_map(|(name, ours)| {
            let stated = vector.get(name).filter(|stated| !stated.is_null())?;
            let ours = ours.unwrap_or_else(|| "absent".to_owned());
            let same = stated.as_str().is_some_and(|stated| stated.eq_ignore_ascii_case(&ours));
            (!same).then(|| format!("{name} is {ours}, the file states {stated}"))
        });
        differing.collect()
    }
}

impl Domain {
    /// Reads a domain: its four fields, and none beside them but the separator, which must be theirs.
    pub fn read(value: &Value, path: &str) -> Result<Self, MessageError> {
        let fields = value.as_object().ok_or_else(|| wrong(path, format!("a domain is expected, not {value}")))?;
        let field = |name: &str| {
            let found = fields.get(name).ok_or_else(|| wrong(format!("{path}.{name}"), "missing"))?;
            Ok((format!("{path}.{name}"), found))
        };
        let text = |name: &str| {
            let (path, found) = field(name)?;
            found.as_str().map(str::to_owned).ok_or_else(|| wrong(path, format!("a text is expected, not {found}")))
        };
        let (chain_path, chain) = field("chainId")?;
        let chain_id = chain.as_u64().or_else(|| chain.as_str().and_then(|text| text.parse().ok()));
        let chain_id = chain_id.ok_or_else(|| wrong(chain_path, format!("a chain id is expected, not {chain}")))?;
        let (contract_path, contract) = field("verifyingContract")?;
        let contract: Option<Address> = contract.as_str().and_then(address);
        let verifying_contract = contract.ok_or_else(|| wrong(contract_path, "an address is expected"))?;
        let domain = Self { name: text("name")?, version: text("version")?, chain_id, verifying_contract };
        let known = ["name", "version", "chainId", "verifyingContract", "separator"];
        if let Some(other) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(wrong(format!("{path}.{other}"), "the venue's domains have no such field"));
        }
        let stated = fields.get("separator").map(|stated| stated.as_str().and_then(|text| text.parse::<B256>().ok()));
        match stated {
            Some(stated) if stated != Some(domain.separator()) => {
                Err(wrong(format!("{path}.separator"), format!("it is {} of these fields", domain.separator())))
            }
            _ => Ok(domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../tests/vectors/avantis-v2-intent-vectors.json")).expect("json")
    }

    #[test]
    fn the_file_of_vectors_is_read_and_nothing_in_it_differs() {
        let read = FileIntent::read_all(&vectors().to_string()).expect("read");
        assert_eq!(read.len(), 25);
        assert!(read.iter().all(|intent| intent.differs.is_empty()), "{read:?}");
    }

    #[test]
    fn a_domain_may_be_given_by_its_name() {
        let mut file = vectors();
        let index = file["vectors"].as_array().expect("list").iter().position(|one| one["id"] == "mainnet/increase");
        file["vectors"][index.expect("a vector")]["domain"] = json!("trading_base_mainnet");
        assert!(FileIntent::read_all(&file.to_string()).expect("read").iter().all(|one| one.differs.is_empty()));
        file["vectors"][0]["domain"] = json!("nowhere");
        let told = FileIntent::read_all(&file.to_string()).expect_err("refused").to_string();
        assert_eq!(told, "vector golden/OpenTradeReq: domain: `domains` has no `nowhere`");
    }

    #[test]
    fn what_is_wrong_is_named_by_vector_and_field() {
        let told = |change: &dyn Fn(&mut Value)| {
            let mut file = vectors();
            change(&mut file["vectors"][0]);
            FileIntent::read_all(&file.to_string()).expect_err("refused").to_string()
        };
        let vector = "vector golden/OpenTradeReq: ";
        let without =
            |name: &'static str| told(&|vector| drop(vector.as_object_mut().expect("object").shift_remove(name)));
        for name in ["domain", "kind", "message", "types"] {
            assert_eq!(without(name), format!("{vector}{name}: missing"));
        }
        assert_eq!(
            told(&|one| one["message"]["_t"]["sl"] = json!(null)),
            format!("{vector}message._t.sl: a whole number in decimal of at most 256 bits is expected, not null")
        );
        assert!(
            told(&|one| one["kind"] = json!("Permit")).starts_with(&format!("{vector}kind: `Permit` is not one of"))
        );
        assert_eq!(
            told(&|one| one["domain"]["salt"] = json!("0x")),
            format!("{vector}domain.salt: the venue's domains have no such field")
        );
        assert_eq!(
            told(&|one| one["domain"]["chainId"] = json!("0x1")),
            format!("{vector}domain.chainId: a chain id is expected, not \"0x1\"")
        );
        assert!(told(&|one| one["types"]["Trade"] = json!([])).contains("types.Trade: 0 fields instead of 11"));
        assert_eq!(told(&|one| *one = json!(7)), "vector [0]: vector: an object is expected");
        for (text, reason) in [
            ("", "not JSON"),
            ("[]", "an object with `domains` and `vectors`"),
            ("{}", "vectors: missing"),
            (r#"{"vectors":{}}"#, "vectors: a list"),
            (r#"{"vectors":[]}"#, "vectors: there are none"),
            (r#"{"domains":[],"vectors":[1]}"#, "domains: an object"),
        ] {
            let told = FileIntent::read_all(text).expect_err("refused").to_string();
            assert!(told.starts_with(reason), "{told}");
        }
    }

    #[test]
    fn a_stated_hash_that_is_not_ours_is_told() {
        let mut file = vectors();
        file["vectors"][0]["message"]["_t"]["positionSizeUSDC"] = json!("1");
        let read = FileIntent::read_all(&file.to_string()).expect("read");
        let names: Vec<&str> = read[0].differs.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(names, ["structHash", "digest", "encodedIntent"]);
    }
}
