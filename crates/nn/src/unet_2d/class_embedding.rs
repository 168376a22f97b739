//! How a label becomes a vector that is added to the embedding of the time.

use super::config::UNet2DConfig;
use super::kinds::ClassEmbedType;
use crate::layer::{Embedding, TimeProjection, TimestepEmbedding};
use crate::{ClassLabels, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// The embedding of labels.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum ClassEmbedding {
    /// A row of a table.
    Table(Embedding),
    /// A number, embedded like a time.
    Timestep(TimestepEmbedding),
    /// The label is the vector.
    Identity(Identity),
}

/// The map that changes nothing, as a module.
#[derive(Module, Debug)]
pub struct Identity {
    /// Numbers in the vector.
    pub dim: usize,
}

impl ClassEmbedding {
    /// The embedding that the configuration asks for, after a time projection of `projected` numbers.
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConfig,
        projected: usize,
    ) -> Option<Self> {
        let dim = config.time_dim();
        match (config.class_embed_type, config.num_class_embeds) {
            (Some(ClassEmbedType::Timestep), _) => {
                Some(Self::Timestep(TimestepEmbedding::new(init, projected, dim)))
            }
            (Some(ClassEmbedType::Identity), _) => Some(Self::Identity(Identity { dim })),
            (None, Some(rows)) => Some(Self::Table(Embedding::new(init, rows, dim))),
            (None, None) => None,
        }
    }

    /// Embeds labels as `[N, dim]`.
    ///
    /// # Panics
    /// When the labels are of the wrong kind.
    pub(super) fn forward(&self, labels: ClassLabels, projection: &TimeProjection) -> Tensor<2> {
        match (self, labels) {
            (Self::Table(table), ClassLabels::Index(index)) => table.forward(index),
            (Self::Table(table), ClassLabels::Value(value)) => table.forward(value.int()),
            (Self::Timestep(map), ClassLabels::Value(value)) => {
                map.forward(projection.forward(value))
            }
            (Self::Timestep(map), ClassLabels::Index(index)) => {
                map.forward(projection.forward(index.float()))
            }
            (Self::Identity(_), ClassLabels::Embedding(embedding)) => embedding,
            (embedding, labels) => {
                panic!("labels {labels:?} do not fit the class embedding {embedding:?}")
            }
        }
    }
}
