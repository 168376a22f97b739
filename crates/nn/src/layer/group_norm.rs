//! Group normalisation (Wu and He 2018), as `torch.nn.GroupNorm` with its parameters `weight [C]` and `bias [C]`.

use super::Activation;
use crate::{Error, Init};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use langevin_kernels::{Conditioning, GroupNormOptions, group_norm};

/// A group normalisation with its parameters.
#[derive(Module, Debug)]
pub struct GroupNorm {
    /// Factor per channel.
    pub weight: Param<Tensor<1>>,
    /// Offset per channel.
    pub bias: Param<Tensor<1>>,
    groups: usize,
    eps: f64,
}

impl GroupNorm {
    /// Normalises `channels` channels in `groups` groups; starts as the plain normalisation.
    ///
    /// # Errors
    /// [`Error::Config`] when the groups do not divide the channels.
    pub fn new(
        init: &mut Init<'_>,
        groups: usize,
        channels: usize,
        eps: f64,
    ) -> Result<Self, Error> {
        if groups == 0 || !channels.is_multiple_of(groups) {
            let expected = format!("a number of groups that divides {channels} channels");
            return Err(Error::config("norm_num_groups", &groups, expected));
        }
        Ok(Self {
            weight: init.constant([channels], 1.0),
            bias: init.constant([channels], 0.0),
            groups,
            eps,
        })
    }

    /// Normalises `x [N, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.apply(x, Conditioning::default(), false)
    }

    /// Normalises `x [N, C, H, W]` with the conditioning around it, then applies the activation; one pass when that is SiLU.
    pub fn forward_activated(
        &self,
        x: Tensor<4>,
        conditioning: Conditioning,
        activation: Activation,
    ) -> Tensor<4> {
        match activation {
            Activation::Silu => self.apply(x, conditioning, true),
            other => other.forward(self.apply(x, conditioning, false)),
        }
    }

    fn apply(&self, x: Tensor<4>, conditioning: Conditioning, silu: bool) -> Tensor<4> {
        let options = GroupNormOptions { groups: self.groups, eps: self.eps, silu };
        group_norm(x, Some(self.weight.val()), Some(self.bias.val()), conditioning, &options)
    }
}
