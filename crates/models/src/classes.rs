//! The classes a model knows, and the null class that stands for "no class" in classifier-free guidance.

use serde::{Deserialize, Serialize};

/// Names of the classes, in label order, and the label trained as "no class" (Ho and Salimans 2022, §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// One name per class; label `k` is `names[k]`.
    pub names: Vec<String>,
    /// The embedding row that was trained with the class dropped, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub null: Option<u32>,
}

impl Classes {
    /// Classes `0 … count − 1`, named by their numbers, with label `count` as the null class.
    pub fn numbered_with_null(count: u32) -> Self {
        Self { names: (0..count).map(|k| k.to_string()).collect(), null: Some(count) }
    }

    /// How many classes there are, the null class not counted.
    pub fn count(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX)
    }
}
