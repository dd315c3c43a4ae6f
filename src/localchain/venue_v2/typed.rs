//! Typed data as the tx-builder gives it for signing: types, message, encoding and digest of an intent, by the rules of
//! EIP-712 and without the client's code, so that the two can disagree.

use alloy::primitives::{Address, B256, I256, U256, keccak256};
use serde_json::{Map, Value, json};

/// A field's value; each fills one word.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Address(Address),
    Uint(U256),
    Small(U256),
    Bool(bool),
    Int(I256),
}

/// A field: its name and its value.
pub(super) type Field = (&'static str, Word);

/// A struct inside an intent: name of the field, of its type, and its fields.
pub(super) type Inner = (&'static str, &'static str, Vec<Field>);

/// An intent whose fields have a word each, with at most one struct as its first field.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) name: &'static str,
    pub(super) inner: Option<Inner>,
    pub(super) fields: Vec<Field>,
}

impl Word {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Uint(_) => "uint256",
            Self::Small(_) => "uint8",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int256",
        }
    }

    fn bytes(self) -> B256 {
        match self {
            Self::Address(address) => address.into_word(),
            Self::Uint(number) | Self::Small(number) => number.into(),
            Self::Bool(yes) => U256::from(u8::from(yes)).into(),
            Self::Int(number) => number.into_raw().into(),
        }
    }

    fn shown(self) -> Value {
        match self {
            Self::Address(address) => json!(address.to_checksum(None)),
            Self::Uint(number) | Self::Small(number) => json!(number.to_string()),
            Self::Bool(yes) => json!(yes),
            Self::Int(number) => json!(number.to_string()),
        }
    }
}

impl Typed {
    /// As the tx-builder answers.
    pub(super) fn answer(&self, verifying_contract: Address) -> Value {
        let mut types = Map::new();
        let mut own = Vec::new();
        let mut message = Map::new();
        if let Some((field, type_name, fields)) = &self.inner {
            own.push(json!({ "name": field, "type": type_name }));
            let inner = fields.iter().map(|(name, word)| ((*name).to_owned(), word.shown())).collect();
            message.insert((*field).to_owned(), Value::Object(inner));
        }
        own.extend(self.fields.iter().map(|(name, word)| json!({ "name": name, "type": word.type_name() })));
        message.extend(self.fields.iter().map(|(name, word)| ((*name).to_owned(), word.shown())));
        types.insert(self.name.to_owned(), Value::Array(own));
        if let Some((_, type_name, fields)) = &self.inner {
            let inner = fields.iter().map(|(name, word)| json!({ "name": name, "type": word.type_name() })).collect();
            types.insert((*type_name).to_owned(), Value::Array(inner));
        }
        json!({
            "intent": self.name,
            "signerRule": "trader-or-delegate",
            "domain": domain(verifying_contract),
            "primaryType": self.name,
            "types": types,
            "message": message,
            "digest": digest(self.struct_hash(), verifying_contract),
            "encodedIntent": alloy::primitives::Bytes::from(self.encoded()),
        })
    }

    fn encoded(&self) -> Vec<u8> {
        let inner = self.inner.iter().flat_map(|(_, _, fields)| fields);
        inner.chain(&self.fields).flat_map(|(_, word)| word.bytes()).collect()
    }

    fn struct_hash(&self) -> B256 {
        let listed = |fields: &[Field]| {
            let parts: Vec<String> = fields.iter().map(|(name, word)| format!("{} {name}", word.type_name())).collect();
            parts.join(",")
        };
        let words = |fields: &[Field]| -> Vec<u8> { fields.iter().flat_map(|(_, word)| word.bytes()).collect() };
        let mut own = listed(&self.fields);
        let mut others = String::new();
        let mut bytes = Vec::new();
        if let Some((field, type_name, fields)) = &self.inner {
            own = format!("{type_name} {field},{own}");
            others = format!("{type_name}({})", listed(fields));
            bytes.extend(keccak256([keccak256(&others).as_slice(), &words(fields)].concat()));
        }
        let kind = keccak256(format!("{}({own}){others}", self.name));
        bytes.extend(words(&self.fields));
        keccak256([kind.as_slice(), &bytes].concat())
    }
}

/// The signing domain, as JSON.
pub(super) fn domain(verifying_contract: Address) -> Value {
    json!({
        "name": "AvantisTrading", "version": "1", "chainId": crate::localchain::anvil::CHAIN_ID,
        "verifyingContract": verifying_contract.to_checksum(None),
    })
}

/// What is signed.
pub(super) fn digest(struct_hash: B256, verifying_contract: Address) -> B256 {
    let kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let domain = [
        keccak256(kind),
        keccak256("AvantisTrading"),
        keccak256("1"),
        U256::from(crate::localchain::anvil::CHAIN_ID).into(),
        verifying_contract.into_word(),
    ]
    .concat();
    keccak256([b"\x19\x01".as_slice(), keccak256(domain).as_slice(), struct_hash.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds of the official client's golden file that the tx-builder makes, with an inner struct and without.
    fn golden(id: &str) -> Value {
        let file: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/veranta-golden.json")).expect("the vectors");
        let cases = file["cases"].as_array().expect("cases");
        cases.iter().find(|case| case["id"] == id).expect("the case").clone()
    }

    fn number(value: &Value) -> U256 {
        value.as_str().expect("decimal text").parse().expect("number")
    }

    fn field(name: &'static str, message: &Value) -> Field {
        let value = &message[name];
        let word = match (name, value) {
            (_, Value::Bool(yes)) => Word::Bool(*yes),
            ("_type", _) => Word::Small(number(value)),
            ("trader" | "_trader", _) => Word::Address(value.as_str().expect("text").parse().expect("address")),
            _ => Word::Uint(number(value)),
        };
        (name, word)
    }

    #[test]
    fn intents_are_those_of_the_official_client() {
        let case = golden("01-OpenTradeReq");
        let message = &case["message"];
        let inner = [
            "trader",
            "pairIndex",
            "index",
            "initialPosToken",
            "positionSizeUSDC",
            "openPrice",
            "buy",
            "leverage",
            "tp",
            "sl",
            "timestamp",
        ];
        let typed = Typed {
            name: "OpenTradeReq",
            inner: Some(("_t", "Trade", inner.map(|name| field(name, &message["_t"])).to_vec())),
            fields: ["_type", "_slippageP", "_deadline", "_nonce"].map(|name| field(name, message)).to_vec(),
        };
        same(&typed, &case);
        let case = golden("09-CloseTradeReq");
        let names =
            ["_trader", "_pairIndex", "_index", "_openTimestamp", "_amount", "_wantedPrice", "_deadline", "_nonce"];
        let fields = names.map(|name| field(name, &case["message"])).to_vec();
        same(&Typed { name: "CloseTradeReq", inner: None, fields }, &case);
    }

    fn same(typed: &Typed, case: &Value) {
        let router = case["domain"]["verifyingContract"].as_str().expect("text").parse().expect("address");
        let answer = typed.answer(router);
        for name in ["digest", "encodedIntent", "message", "primaryType"] {
            assert_eq!(answer[name], case[name], "{name}");
        }
    }
}
