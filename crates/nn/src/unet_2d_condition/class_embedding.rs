//! How a label becomes a vector that joins the embedding of the time.

use super::config::UNet2DConditionConfig;
use super::kinds::ClassEmbedType;
use super::time_embedding::TimeEmbedding;
use crate::layer::{Embedding, Linear, Sinusoidal};
use crate::{ClassLabels, Error, Init};
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
    Timestep(TimeEmbedding),
    /// The label is the vector, of this many numbers.
    Identity(usize),
    /// A vector through a perceptron.
    Projection(TimeEmbedding),
    /// A vector through a linear map.
    SimpleProjection(Linear),
}

impl ClassEmbedding {
    /// The embedding that the configuration asks for.
    pub(super) fn new(
        init: &mut Init<'_>,
        config: &UNet2DConditionConfig,
    ) -> Result<Option<Self>, Error> {
        let dim = config.time_dim();
        let given = || {
            config.projection_class_embeddings_input_dim.filter(|&dim| dim > 0).ok_or_else(|| {
                let expected = "a number, since labels are projected";
                Error::config("projection_class_embeddings_input_dim", &None::<usize>, expected)
            })
        };
        Ok(match (config.class_embed_type, config.num_class_embeds) {
            (None, None) => None,
            (None, Some(rows)) => Some(Self::Table(Embedding::new(init, rows, dim))),
            (Some(ClassEmbedType::Timestep), _) => {
                let map = TimeEmbedding::new(init, config.block_out_channels[0], dim, None);
                Some(Self::Timestep(map.with_activations(config.act_fn, None)))
            }
            (Some(ClassEmbedType::Identity), _) => Some(Self::Identity(dim)),
            (Some(ClassEmbedType::Projection), _) => {
                Some(Self::Projection(TimeEmbedding::new(init, given()?, dim, None)))
            }
            (Some(ClassEmbedType::SimpleProjection), _) => {
                Some(Self::SimpleProjection(Linear::new(init, given()?, dim)))
            }
        })
    }

    /// Embeds labels as `[N, dim]`.
    ///
    /// # Errors
    /// [`Error::Input`] when the labels are of the wrong kind.
    pub(super) fn forward(
        &self,
        labels: ClassLabels,
        projection: &Sinusoidal,
    ) -> Result<Tensor<2>, Error> {
        Ok(match (self, labels) {
            (Self::Table(table), ClassLabels::Index(index)) => table.forward(index),
            (Self::Timestep(map), ClassLabels::Value(value)) => {
                map.forward(projection.forward(value), None)
            }
            (Self::Timestep(map), ClassLabels::Index(index)) => {
                map.forward(projection.forward(index.float()), None)
            }
            (Self::Identity(_), ClassLabels::Embedding(embedding)) => embedding,
            (Self::Projection(map), ClassLabels::Embedding(vector)) => map.forward(vector, None),
            (Self::SimpleProjection(map), ClassLabels::Embedding(vector)) => map.forward(vector),
            (embedding, _) => {
                let expected = match embedding {
                    Self::Table(_) => "one whole number for each picture",
                    Self::Timestep(_) => "one number for each picture",
                    _ => "one vector for each picture",
                };
                return Err(Error::Input {
                    name: "class_labels",
                    found: "of another kind".to_owned(),
                    expected: expected.to_owned(),
                });
            }
        })
    }
}
