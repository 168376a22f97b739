//! Attention between tokens of one kind, or of two that have maps of their own and attend to all (Esser et al. 2024,
//! section 4, "MM-DiT"): `softmax(q kᵀ/√D) v` per head over the concatenated tokens.

use super::{QkNorm, QkNormType, Rope};
use crate::Init;
use crate::layer::Linear;
use burn::module::Module;
use burn::tensor::Tensor;

/// What tokens of the second kind, the context, take part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// There are none.
    None,
    /// They are attended to; what they would become is not computed, though the maps to their queries exist.
    Read,
    /// They attend like the others.
    Updated,
}

/// What an attention is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointAttentionConfig {
    /// Number of heads.
    pub heads: usize,
    /// Numbers per head; tokens have `heads · head_dim` channels.
    pub head_dim: usize,
    /// Whether the maps to queries, keys and values have an offset; those of the context always do.
    pub bias: bool,
    /// Normalisation of queries and keys.
    pub qk_norm: Option<QkNormType>,
    /// Tokens of the second kind.
    pub context: Context,
}

/// The attention with its parameters.
#[derive(Module, Debug)]
pub struct JointAttention {
    /// To queries.
    pub to_q: Linear,
    /// To keys.
    pub to_k: Linear,
    /// To values.
    pub to_v: Linear,
    /// To queries, from the context.
    pub add_q_proj: Option<Linear>,
    /// To keys, from the context.
    pub add_k_proj: Option<Linear>,
    /// To values, from the context.
    pub add_v_proj: Option<Linear>,
    /// Back to channels; a list of one, for its name in the state dictionary, or empty where the heads go on as they are.
    pub to_out: Vec<Linear>,
    /// Back to channels, for the context.
    pub to_add_out: Option<Linear>,
    /// Of queries.
    pub norm_q: Option<QkNorm>,
    /// Of keys.
    pub norm_k: Option<QkNorm>,
    /// Of the context's queries.
    pub norm_added_q: Option<QkNorm>,
    /// Of the context's keys.
    pub norm_added_k: Option<QkNorm>,
    heads: usize,
    head_dim: usize,
}

/// Queries, keys and values, `[N, L, H, D]`.
type Heads = [Tensor<4>; 3];

impl JointAttention {
    /// Builds the attention with PyTorch's default initialisation.
    pub fn new(init: &mut Init<'_>, config: &JointAttentionConfig) -> Self {
        let JointAttentionConfig { heads, head_dim, bias, qk_norm, context } = *config;
        let dim = heads * head_dim;
        let mut map = |bias: bool| {
            let linear = Linear::new(init, dim, dim);
            if bias { linear } else { Linear { bias: None, ..linear } }
        };
        let joint = context != Context::None;
        let [to_q, to_k, to_v] = std::array::from_fn(|_| map(bias));
        let [add_q_proj, add_k_proj, add_v_proj] =
            std::array::from_fn(|_| joint.then(|| map(true)));
        let to_out = vec![map(true)];
        let to_add_out = (context == Context::Updated).then(|| map(true));
        let norm = || qk_norm.map(|kind| QkNorm::new(init, kind, head_dim));
        let (norm_q, norm_k) = (norm(), norm());
        let (norm_added_q, norm_added_k) = if joint { (norm(), norm()) } else { (None, None) };
        Self {
            to_q,
            to_k,
            to_v,
            add_q_proj,
            add_k_proj,
            add_v_proj,
            to_out,
            to_add_out,
            norm_q,
            norm_k,
            norm_added_q,
            norm_added_k,
            heads,
            head_dim,
        }
    }

    /// The same without the map back to channels.
    pub fn without_output(self) -> Self {
        Self { to_out: Vec::new(), ..self }
    }

    /// Attends between the tokens `x [N, L, C]`.
    pub fn forward(&self, x: Tensor<3>, rope: Option<&Rope>) -> Tensor<3> {
        let maps = [&self.to_q, &self.to_k, &self.to_v];
        let heads = self.split(maps, [self.norm_q.as_ref(), self.norm_k.as_ref()], x);
        self.out(self.attend(heads, rope))
    }

    /// Attends between the tokens `x [N, L, C]` and those of the context `[N, S, C]`; `rope` is for the context's tokens,
    /// then the others. Gives the context too where it is [`Context::Updated`].
    ///
    /// # Panics
    /// When the attention was built without a context.
    pub fn forward_joint(
        &self,
        x: Tensor<3>,
        context: Tensor<3>,
        rope: Option<&Rope>,
    ) -> (Tensor<3>, Option<Tensor<3>>) {
        let [l, s] = [x.dims()[1], context.dims()[1]];
        let maps = [&self.to_q, &self.to_k, &self.to_v];
        let [q, k, v] = self.split(maps, [self.norm_q.as_ref(), self.norm_k.as_ref()], x);
        let (Some(to_q), Some(to_k), Some(to_v)) =
            (&self.add_q_proj, &self.add_k_proj, &self.add_v_proj)
        else {
            panic!("this attention was built without a context");
        };
        let norms = [self.norm_added_q.as_ref(), self.norm_added_k.as_ref()];
        let [added_q, added_k, added_v] = self.split([to_q, to_k, to_v], norms, context);
        let join = |added: Tensor<4>, own: Tensor<4>| Tensor::cat(vec![added, own], 1);
        let (k, v) = (join(added_k, k), join(added_v, v));
        if self.to_add_out.is_none() && rope.is_none() {
            return (self.out(self.attend([q, k, v], None)), None);
        }
        let mixed = self.attend([join(added_q, q), k, v], rope);
        let own = self.out(mixed.clone().narrow(1, s, l));
        (own, self.to_add_out.as_ref().map(|map| map.forward(mixed.narrow(1, 0, s))))
    }

    fn split(&self, maps: [&Linear; 3], norms: [Option<&QkNorm>; 2], x: Tensor<3>) -> Heads {
        let [n, l, _] = x.dims();
        let [to_q, to_k, to_v] = maps;
        // The last map is the last to hold the tokens.
        let heads = [to_q.forward(x.clone()), to_k.forward(x.clone()), to_v.forward(x)];
        let [q, k, v] = heads.map(|x| x.reshape([n, l, self.heads, self.head_dim]));
        let norm = |norm: Option<&QkNorm>, x: Tensor<4>| match norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        [norm(norms[0], q), norm(norms[1], k), v]
    }

    /// Softmax attention, as `[N, L, C]`.
    fn attend(&self, [q, k, v]: Heads, rope: Option<&Rope>) -> Tensor<3> {
        let [n, l, h, d] = q.dims();
        let turn = |x: Tensor<4>| match rope {
            Some(rope) => rope.forward(x),
            None => x,
        };
        let [q, k, v] = [turn(q), turn(k), v].map(|x| x.swap_dims(1, 2));
        let mixed = langevin_kernels::attention(q, k, v, (d as f64).sqrt().recip());
        mixed.swap_dims(1, 2).reshape([n, l, h * d])
    }

    fn out(&self, x: Tensor<3>) -> Tensor<3> {
        self.to_out.iter().fold(x, |x, map| map.forward(x))
    }
}
