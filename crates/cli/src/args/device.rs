//! `--device`: the backends that this build can compute on.

use std::fmt;
use std::str::FromStr;

/// A backend of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceName {
    /// The processor.
    Cpu,
}

impl DeviceName {
    /// Every backend of this build, best first.
    pub(crate) const ALL: &[Self] = &[Self::Cpu];

    /// The device as the tensor library names it.
    pub(crate) fn open(self) -> burn::tensor::Device {
        match self {
            Self::Cpu => burn::tensor::Device::flex(),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
        })
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|device| device.to_string() == text).ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(ToString::to_string).collect();
            format!("this build can compute on: {}", known.join(", "))
        })
    }
}
