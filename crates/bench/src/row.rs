//! The rows: every piece of work that is measured, by name.

use std::fmt;

use burn::tensor::Device;

use crate::work::Work;
use crate::{Cost, Group, Result, network, op};

/// Makes a row's work on a device.
pub(crate) type Build = Box<dyn Fn(&Device) -> Result<Work>>;

/// One piece of work with its name.
pub struct Row {
    /// The name, which reports and comparisons keep: `op/conv3x3-16x128x32-fwd`.
    pub name: String,
    /// Its kind.
    pub group: Group,
    /// What counts for its rate.
    pub cost: Option<Cost>,
    /// Whether the peer's network has the very same parameters, so that a different number of them is a mistake.
    pub same_network: bool,
    pub(crate) build: Build,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every row, in the order of the groups.
pub fn rows() -> Vec<Row> {
    let mut rows = network::rows();
    rows.extend(op::rows());
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_groups_stay_together() {
        let rows = rows();
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names.len(), rows.len());
        let mut groups: Vec<Group> = rows.iter().map(|row| row.group).collect();
        groups.dedup();
        assert_eq!(groups, Group::ALL.map(|(_, group)| group));
    }

    #[test]
    fn the_names_that_others_read_are_there() {
        let rows = rows();
        for name in [
            "train-step/unet2d-32-64-64",
            "train-step/ddpm-cifar",
            "train-step/compact",
            "ddim50/unet2d-32-64-64",
            "ddim50/compact",
            "sd15-step/512",
            "vae-decode/512",
            "op/conv3x3-16x128x32-fwd",
            "op/conv3x3-16x128x32-bwd",
            "op/conv3x3s2-16x128x32-bwd",
            "op/attention-2x8x1024x64-fwd",
            "op/groupnorm-silu-16x128x32-bwd",
            "op/matmul-1024-fwd",
        ] {
            assert!(rows.iter().any(|row| row.name == name), "{name}");
        }
    }
}
