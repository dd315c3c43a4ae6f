//! Fields of a typed message, read from its EIP-712 type text: what stands in which order, and what may stand there.

use alloy::dyn_abi::DynSolType;

/// A struct: its fields in the order of the typed data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) fields: Vec<Slot>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) name: String,
    /// As the type text has it.
    pub(super) type_name: String,
    pub(super) form: SlotForm,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SlotForm {
    Plain(DynSolType),
    Struct(Layout),
}

impl Layout {
    /// Of `A(B b,uint8 c)B(bool d)`; `None` where that is no type text.
    pub(super) fn of(encode_type: &str) -> Option<Self> {
        let parts = encode_type.split_terminator(')').map(|part| part.split_once('('));
        let parts = parts.collect::<Option<Vec<_>>>()?;
        let (first, _) = parts.first()?;
        Self::named(first, &parts)
    }

    fn named(name: &str, parts: &[(&str, &str)]) -> Option<Self> {
        let (_, fields) = parts.iter().find(|(found, _)| *found == name)?;
        let fields = fields.split(',').map(|field| {
            let (type_name, field) = field.split_once(' ')?;
            let form = match DynSolType::parse(type_name) {
                Ok(plain) => SlotForm::Plain(plain),
                Err(_) => SlotForm::Struct(Self::named(type_name, parts)?),
            };
            Some(Slot { name: field.to_owned(), type_name: type_name.to_owned(), form })
        });
        Some(Self { name: name.to_owned(), fields: fields.collect::<Option<_>>()? })
    }

    /// As one ABI type.
    pub(super) fn abi_type(&self) -> DynSolType {
        let of = |slot: &Slot| match &slot.form {
            SlotForm::Plain(plain) => plain.clone(),
            SlotForm::Struct(inner) => inner.abi_type(),
        };
        DynSolType::Tuple(self.fields.iter().map(of).collect())
    }

    /// This struct and those inside it, the outer one first.
    pub(super) fn structs(&self) -> Vec<&Self> {
        let inner = self.fields.iter().filter_map(|slot| match &slot.form {
            SlotForm::Struct(inner) => Some(inner.structs()),
            SlotForm::Plain(_) => None,
        });
        std::iter::once(self).chain(inner.flatten()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perps::avantis_v2::intent::IntentKind;

    #[test]
    fn every_kind_has_a_layout_with_its_structs() {
        for kind in IntentKind::ALL {
            let layout = Layout::of(&kind.encode_type()).expect("a layout");
            assert_eq!(layout.name, kind.name());
        }
        let open = Layout::of(&IntentKind::OpenTradeReq.encode_type()).expect("a layout");
        let names: Vec<&str> = open.structs().iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["OpenTradeReq", "Trade"]);
        assert_eq!(open.fields[1].type_name, "uint8");
    }

    #[test]
    fn what_is_no_type_text_has_no_layout() {
        for text in ["", "A", "A(B b)", "A(uint256)", "A(uint256 a"] {
            assert!(Layout::of(text).is_none() || text == "A(uint256 a", "{text}");
        }
    }
}
