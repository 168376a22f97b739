//! Several labellings of one batch: a model evaluates them in one forward pass where a pass has room for them.

use burn::tensor::Tensor;
use langevin_core::guidance::Branches;
use langevin_core::{Denoiser, Level};

use crate::sample::images_at_once;
use crate::{Error, Model, ModelDenoiser, Result};

/// The same images with `N` labellings: with their classes and without, or with one class and another.
#[derive(Clone, Copy, Debug)]
pub struct ModelBranches<'a, const N: usize> {
    model: &'a Model,
    labels: [Option<&'a [u32]>; N],
}

impl<'a, const N: usize> ModelBranches<'a, N> {
    /// For each branch one class per image; `None` means the null class where the model has classes.
    pub fn new(model: &'a Model, labels: [Option<&'a [u32]>; N]) -> Self {
        Self { model, labels }
    }

    /// What `evaluate` makes of the images and the labels of each branch.
    pub(crate) fn evaluate<E>(
        &self,
        x: &Tensor<4>,
        evaluate: impl Fn(Tensor<4>, Option<&[u32]>) -> Result<Tensor<4>, E>,
    ) -> Result<[Tensor<4>; N], E>
    where
        E: From<Error>,
    {
        let [count, _, height, width] = x.dims();
        let room = images_at_once(self.model, Some([height, width]));
        let all: Vec<Tensor<4>> = if N * count > room {
            let each = self.labels.iter().map(|labels| evaluate(x.clone(), *labels));
            each.collect::<Result<_, E>>()?
        } else {
            let labels = self.joined(count)?;
            let output = evaluate(Tensor::cat(vec![x.clone(); N], 0), labels.as_deref())?;
            (0..N).map(|i| output.clone().narrow(0, i * count, count)).collect()
        };
        Ok(all.try_into().unwrap_or_else(|_| unreachable!("one output for each branch")))
    }

    /// The labels of all branches, one after the other.
    fn joined(&self, count: usize) -> Result<Option<Vec<u32>>> {
        if self.labels.iter().all(Option::is_none) {
            return Ok(None);
        }
        let classes = self.model.config.classes.as_ref();
        let null = classes.and_then(|classes| classes.null);
        let mut all = Vec::with_capacity(N * count);
        for labels in &self.labels {
            match (labels, null) {
                (Some(labels), _) => all.extend(*labels),
                (None, Some(null)) => all.extend(std::iter::repeat_n(null, count)),
                (None, None) => {
                    let last = classes.map_or(0, |classes| classes.count().saturating_sub(1));
                    return Err(Error::ClassNeeded { last });
                }
            }
        }
        Ok(Some(all))
    }
}

impl<const N: usize> Branches<Tensor<4>, N> for ModelBranches<'_, N> {
    fn one(&self, index: usize, x: &Tensor<4>, at: Level) -> langevin_core::Result<Tensor<4>> {
        ModelDenoiser::new(self.model, self.labels[index]).denoise(x, at)
    }

    fn all(&self, x: &Tensor<4>, at: Level) -> langevin_core::Result<[Tensor<4>; N]> {
        self.evaluate(x, |x, labels| {
            ModelDenoiser::new(self.model, labels).denoise(&x, at).map_err(Wrapped)
        })
        .map_err(|Wrapped(error)| error)
    }
}

/// An error of the core; those of labels become one.
struct Wrapped(langevin_core::Error);

impl From<Error> for Wrapped {
    fn from(error: Error) -> Self {
        Self(langevin_core::Error::Denoiser(error.to_string()))
    }
}
