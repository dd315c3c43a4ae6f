//! Which kind of action a plan is, said in the plan, with what the room that planned it keeps there.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The kind of action, and what its room keeps of it to carry on when the outcome is known. What is kept is the room's own
/// business: `loops`, `perps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum PlanSubject {
    /// On a loop.
    Loop(Kept),
    /// At the perp venue.
    Perp(Kept),
    /// Takes approvals back; nothing is kept.
    Approvals,
}

/// What a room keeps in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Kept(Value);

/// A plan's subject is not what was looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// It is another kind of action.
    #[error("it acts on {found}, not on {wanted}")]
    Other {
        /// What it acts on.
        found: &'static str,
        /// What was looked for.
        wanted: &'static str,
    },
    /// What is kept cannot be written or read.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl PlanSubject {
    /// Of a plan on a loop.
    pub fn of_loop(kept: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_value(kept).map(|value| Self::Loop(Kept(value)))
    }

    /// Of a plan at the perp venue.
    pub fn of_perp(kept: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_value(kept).map(|value| Self::Perp(Kept(value)))
    }

    /// What is kept of a plan on a loop.
    pub fn read_loop<T: DeserializeOwned>(&self) -> Result<T, SubjectError> {
        match self {
            Self::Loop(kept) => Ok(T::deserialize(&kept.0)?),
            _ => Err(SubjectError::Other { found: self.words(), wanted: "a loop" }),
        }
    }

    /// What is kept of a plan at the perp venue.
    pub fn read_perp<T: DeserializeOwned>(&self) -> Result<T, SubjectError> {
        match self {
            Self::Perp(kept) => Ok(T::deserialize(&kept.0)?),
            _ => Err(SubjectError::Other { found: self.words(), wanted: "a perp" }),
        }
    }

    /// What it acts on.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Loop(_) => "a loop",
            Self::Perp(_) => "a perp",
            Self::Approvals => "approvals",
        }
    }
}

impl<'de> Deserialize<'de> for PlanSubject {
    /// Also as plans of schema 1 had it, without a tag: nothing for approvals, the venue's name in a perp's.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case", tag = "action")]
        enum Tagged {
            Loop(Kept),
            Perp(Kept),
            Approvals,
        }
        let value = Value::deserialize(deserializer)?;
        let Value::Object(fields) = &value else {
            return match value {
                Value::Null => Ok(Self::Approvals),
                other => Err(serde::de::Error::custom(format!("a plan's subject is an object, not {other}"))),
            };
        };
        if !fields.contains_key("action") {
            let kept =
                |value| if fields.contains_key("venue") { Self::Perp(Kept(value)) } else { Self::Loop(Kept(value)) };
            return Ok(kept(value.clone()));
        }
        let tagged: Tagged = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
        Ok(match tagged {
            Tagged::Loop(kept) => Self::Loop(kept),
            Tagged::Perp(kept) => Self::Perp(kept),
            Tagged::Approvals => Self::Approvals,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subject_names_its_kind_and_those_of_earlier_plans_are_told_by_what_they_hold() {
        let kept = json!({ "pair": 1 });
        let loop_ = PlanSubject::of_loop(&kept).expect("json");
        assert_eq!(serde_json::to_value(&loop_).expect("json"), json!({ "action": "loop", "pair": 1 }));
        let perp = PlanSubject::of_perp(&json!({ "venue": "toy" })).expect("json");
        for (text, subject) in [
            (json!({ "action": "loop", "pair": 1 }), &loop_),
            (json!({ "pair": 1 }), &loop_),
            (json!({ "action": "perp", "venue": "toy" }), &perp),
            (json!({ "venue": "toy" }), &perp),
            (json!({ "action": "approvals" }), &PlanSubject::Approvals),
            (Value::Null, &PlanSubject::Approvals),
        ] {
            assert_eq!(&serde_json::from_value::<PlanSubject>(text).expect("reads"), subject);
        }
        assert_eq!(loop_.read_loop::<Value>().expect("a loop"), kept);
        let other = loop_.read_perp::<Value>().expect_err("no perp").to_string();
        assert_eq!(other, "it acts on a loop, not on a perp");
        for text in [json!({ "action": "guard" }), json!(7), json!("loop")] {
            assert!(serde_json::from_value::<PlanSubject>(text).is_err());
        }
    }
}
