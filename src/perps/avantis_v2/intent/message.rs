//! Messages as JSON, in and out: every field of the kind, none beside them, each in its range. What is wrong is named by its
//! path, such as `_t.pairIndex`.

use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    primitives::{Address, B256, I256, U256},
};
use serde_json::{Map, Value};

use super::{
    kind::{IntentKind, VenueIntent},
    layout::{Layout, Slot, SlotForm},
};

/// A message that is not of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct MessageError {
    /// Which field, with the structs that it is in.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A field with its value, written as the venue writes it: whole numbers in decimal, addresses with their checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageField {
    /// Which, with the structs that it is in.
    pub path: String,
    /// What it holds.
    pub value: String,
}

fn wrong(path: &str, reason: impl Into<String>) -> MessageError {
    MessageError { path: path.to_owned(), reason: reason.into() }
}

impl IntentKind {
    pub(super) fn layout(self) -> Result<Layout, MessageError> {
        Layout::of(&self.encode_type()).ok_or_else(|| wrong(self.name(), "its type text cannot be read"))
    }

    /// Reads a message of this kind.
    pub fn read(self, message: &Value) -> Result<VenueIntent, MessageError> {
        let layout = self.layout()?;
        let value = read_struct(&layout, message, "")?;
        self.decode_words(&value.abi_encode()).map_err(|error| wrong(self.name(), error.to_string()))
    }

    /// Refuses types that are not this kind's: other structs, other fields, another order.
    pub fn check_types(self, types: &Value) -> Result<(), MessageError> {
        let layout = self.layout()?;
        let given = types.as_object().ok_or_else(|| wrong("types", "an object of structs is expected"))?;
        for part in layout.structs() {
            let path = format!("types.{}", part.name);
            let fields = given.get(&part.name).and_then(Value::as_array);
            let fields = fields.ok_or_else(|| wrong(&path, "this struct with its list of fields is missing"))?;
            if fields.len() != part.fields.len() {
                return Err(wrong(&path, format!("{} fields instead of {}", fields.len(), part.fields.len())));
            }
            for (index, (given, slot)) in fields.iter().zip(&part.fields).enumerate() {
                for (key, pinned) in [("name", &slot.name), ("type", &slot.type_name)] {
                    let found = given.get(key).and_then(Value::as_str).unwrap_or_default();
                    if found != pinned {
                        return Err(wrong(
                            &format!("{path}[{index}].{key}"),
                            format!("`{found}` instead of `{pinned}`"),
                        ));
                    }
                }
            }
        }
        let known = |name: &str| name == "EIP712Domain" || layout.structs().iter().any(|part| part.name == name);
        match given.keys().find(|name| !known(name)) {
            Some(name) => Err(wrong(&format!("types.{name}"), format!("{self} has no such struct"))),
            None => Ok(()),
        }
    }
}

impl VenueIntent {
    /// Its fields in the order of the typed data.
    pub fn fields(&self) -> Result<Vec<MessageField>, MessageError> {
        let (layout, values) = self.values()?;
        let mut found = Vec::new();
        flatten(&layout, &values, "", &mut found)?;
        Ok(found)
    }

    /// As JSON: whole numbers are decimal text.
    pub fn message(&self) -> Result<Value, MessageError> {
        let (layout, values) = self.values()?;
        to_json(&layout, &values)
    }

    fn values(&self) -> Result<(Layout, Vec<DynSolValue>), MessageError> {
        let layout = self.kind().layout()?;
        let decoded = layout.abi_type().abi_decode(&self.words());
        match decoded {
            Ok(DynSolValue::Tuple(values)) => Ok((layout, values)),
            _ => Err(wrong(self.kind().name(), "its words cannot be read")),
        }
    }
}

fn read_struct(layout: &Layout, message: &Value, path: &str) -> Result<DynSolValue, MessageError> {
    let whole = if path.is_empty() { "message" } else { path };
    let fields = message.as_object().ok_or_else(|| wrong(whole, format!("an object is expected, not {message}")))?;
    if let Some(unknown) = fields.keys().find(|key| layout.fields.iter().all(|slot| slot.name != **key)) {
        return Err(wrong(&within(path, unknown), format!("{} has no such field", layout.name)));
    }
    let read = |slot: &Slot| {
        let path = within(path, &slot.name);
        let value = fields.get(&slot.name).ok_or_else(|| wrong(&path, "missing"))?;
        match &slot.form {
            SlotForm::Struct(inner) => read_struct(inner, value, &path),
            SlotForm::Plain(plain) => read_plain(plain, value).map_err(|reason| wrong(&path, reason)),
        }
    };
    Ok(DynSolValue::Tuple(layout.fields.iter().map(read).collect::<Result<_, _>>()?))
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn read_plain(plain: &DynSolType, value: &Value) -> Result<DynSolValue, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if matches!(plain, DynSolType::Uint(_) | DynSolType::Int(_)) => number.to_string(),
        _ => String::new(),
    };
    let expected = |what: &str| format!("{what} is expected, not {value}");
    match *plain {
        DynSolType::Address => {
            address(&text).map(DynSolValue::Address).ok_or_else(|| expected("an address (0x, 40 hex digits, checksum)"))
        }
        DynSolType::Bool => value.as_bool().map(DynSolValue::Bool).ok_or_else(|| expected("true or false")),
        DynSolType::String => {
            value.as_str().map(|text| DynSolValue::String(text.to_owned())).ok_or_else(|| expected("a text"))
        }
        DynSolType::FixedBytes(32) => text
            .strip_prefix("0x")
            .and_then(|digits| digits.parse::<B256>().ok())
            .map(|word| DynSolValue::FixedBytes(word, 32))
            .ok_or_else(|| expected("32 bytes of hex")),
        DynSolType::Uint(bits) => {
            let number = digits(&text).and_then(|digits| U256::from_str_radix(digits, 10).ok());
            let fits = number.filter(|number| number.bit_len() <= bits);
            let what = format!("a whole number in decimal of at most {bits} bits");
            fits.map(|number| DynSolValue::Uint(number, bits)).ok_or_else(|| expected(&what))
        }
        DynSolType::Int(256) => {
            let plain = digits(text.strip_prefix('-').unwrap_or(&text)).is_some();
            let number = plain.then(|| I256::from_dec_str(&text).ok()).flatten();
            number.map(|number| DynSolValue::Int(number, 256)).ok_or_else(|| expected("a whole number in decimal"))
        }
        _ => Err(format!("{plain} is not read here")),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Letters of both cases are a checksum, which has to be right.
pub(super) fn address(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x")?;
    let (upper, lower) = (|byte: u8| byte.is_ascii_uppercase(), |byte: u8| byte.is_ascii_lowercase());
    if digits.bytes().any(upper) && digits.bytes().any(lower) {
        return Address::parse_checksummed(text, None).ok();
    }
    digits.parse().ok()
}

fn flatten(
    layout: &Layout,
    values: &[DynSolValue],
    path: &str,
    found: &mut Vec<MessageField>,
) -> Result<(), MessageError> {
    for (slot, value) in layout.fields.iter().zip(values) {
        let path = within(path, &slot.name);
        match (&slot.form, value) {
            (SlotForm::Struct(inner), DynSolValue::Tuple(values)) => flatten(inner, values, &path, found)?,
            _ => found.push(MessageField { value: written(value).map_err(|reason| wrong(&path, reason))?, path }),
        }
    }
    Ok(())
}

fn to_json(layout: &Layout, values: &[DynSolValue]) -> Result<Value, MessageError> {
    let mut fields = Map::new();
    for (slot, value) in layout.fields.iter().zip(values) {
        let value = match (&slot.form, value) {
            (SlotForm::Struct(inner), DynSolValue::Tuple(values)) => to_json(inner, values)?,
            (_, DynSolValue::Bool(is)) => Value::Bool(*is),
            _ => Value::String(written(value).map_err(|reason| wrong(&slot.name, reason))?),
        };
        fields.insert(slot.name.clone(), value);
    }
    Ok(Value::Object(fields))
}

fn written(value: &DynSolValue) -> Result<String, String> {
    Ok(match value {
        DynSolValue::Address(address) => address.to_checksum(None),
        DynSolValue::Bool(is) => is.to_string(),
        DynSolValue::String(text) => text.clone(),
        DynSolValue::FixedBytes(word, _) => word.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        other => return Err(format!("{other:?} is not written here")),
    })
}
