//! What a configuration and the inputs of a `UNet2DConditionModel` must satisfy.

use super::config::{IDLE, UNet2DConditionConfig};
use super::inputs::Conditions;
use super::kinds::AdditionEmbedType;
use crate::{ClassLabels, Error};
use serde::Serialize;
use serde_json::Value;

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

impl UNet2DConditionConfig {
    /// Checks that every value makes a network that diffusers could build and run, and that is run here.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        self.check_lengths()?;
        self.check_ranges()?;
        self.check_embeddings()?;
        for (key, idle) in IDLE {
            let value = self.other.get(*key).unwrap_or(&Value::Null);
            let same = match (value, serde_json::from_str(idle)) {
                (Value::Null, _) => true,
                (Value::Number(n), Ok(Value::Number(m))) => n.as_f64() == m.as_f64(),
                (value, Ok(idle)) => *value == idle,
                (_, Err(_)) => false,
            };
            if !same && *key != "addition_embed_type_num_heads" {
                let expected = format!("{idle}, the only value that is supported,");
                return fail(key, value, expected);
            }
        }
        Ok(())
    }

    fn check_lengths(&self) -> Result<(), Error> {
        let n = self.down_block_types.len();
        if !(1..=16).contains(&n) {
            let expected = "a list of 1 to 16 block types";
            return fail("down_block_types", &self.down_block_types, expected);
        }
        let as_many = || format!("{n} of them, as many as down_block_types");
        if self.up_block_types.len() != n {
            return fail("up_block_types", &self.up_block_types, as_many());
        }
        if self.block_out_channels.len() != n {
            return fail("block_out_channels", &self.block_out_channels, as_many());
        }
        let per_level = [
            ("layers_per_block", &self.layers_per_block, 1, 64),
            ("cross_attention_dim", &self.cross_attention_dim, 1, 1 << 16),
            ("transformer_layers_per_block", &self.transformer_layers_per_block, 0, 256),
            ("attention_head_dim", &self.attention_head_dim, 1, 1 << 14),
        ];
        for (key, values, low, high) in per_level {
            let Some(levels) = values.levels(n) else {
                return fail(key, values, format!("one number, or {n} as in down_block_types"));
            };
            if levels.iter().any(|value| !(low..=high).contains(value)) {
                return fail(key, values, format!("numbers from {low} to {high}"));
            }
        }
        if self.only_cross_attention.levels(n).is_none() {
            return fail("only_cross_attention", &self.only_cross_attention, as_many());
        }
        match &self.reverse_transformer_layers_per_block {
            Some(list) if list.len() != n || list.iter().any(|&layers| layers > 256) => {
                fail("reverse_transformer_layers_per_block", list, as_many())
            }
            _ => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), Error> {
        let range = |key: &str, value: usize, low: usize, high: usize| {
            let expected = format!("a number from {low} to {high}");
            if (low..=high).contains(&value) { Ok(()) } else { fail(key, &value, expected) }
        };
        range("in_channels", self.in_channels, 1, 4096)?;
        range("out_channels", self.out_channels, 1, 4096)?;
        range("downsample_padding", self.downsample_padding, 0, 64)?;
        range("time_embedding_dim", self.time_embedding_dim.unwrap_or(0), 0, 1 << 16)?;
        for (key, given) in [
            ("encoder_hid_dim", self.encoder_hid_dim),
            ("time_cond_proj_dim", self.time_cond_proj_dim),
        ] {
            range(key, given.unwrap_or(1), 1, 1 << 20)?;
        }
        let odd =
            [("conv_in_kernel", self.conv_in_kernel), ("conv_out_kernel", self.conv_out_kernel)];
        for (key, side) in odd {
            if side % 2 == 0 || side > 15 {
                return fail(key, &side, "an odd number from 1 to 15");
            }
        }
        if self.block_out_channels.iter().any(|c| !(1..=1 << 14).contains(c)) {
            return fail("block_out_channels", &self.block_out_channels, "numbers from 1 to 16384");
        }
        if self.block_out_channels.iter().map(|&c| (c as f64).powi(2)).sum::<f64>() * 50.0
            > MOST_PARAMETERS
        {
            let expected =
                format!("channels that make no more than {MOST_PARAMETERS:.0} parameters");
            return fail("block_out_channels", &self.block_out_channels, expected);
        }
        if self.norm_num_groups.is_none_or(|groups| groups == 0) {
            return fail("norm_num_groups", &self.norm_num_groups, "a positive number");
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return fail("norm_eps", &self.norm_eps, "a number between 0 and 1");
        }
        let factor = self.mid_block_scale_factor;
        if factor == 0.0 || !factor.is_finite() {
            return fail("mid_block_scale_factor", &factor, "a finite number other than 0");
        }
        match &self.num_attention_heads {
            Some(heads) => fail(
                "num_attention_heads",
                heads,
                "null, since attention_head_dim holds the heads,",
            ),
            None => Ok(()),
        }
    }

    fn check_embeddings(&self) -> Result<(), Error> {
        let half = (self.block_out_channels[0] / 2) as f64;
        if half == 0.0 || self.freq_shift >= half {
            let expected = format!("a number below {half}, half the first block's channels");
            return fail("freq_shift", &self.freq_shift, expected);
        }
        if let Some(AdditionEmbedType::TextTime) = self.addition_embed_type {
            let dim = self.addition_time_embed_dim.unwrap_or(0);
            if !(2..=1 << 14).contains(&dim) {
                let expected = "a number from 2 to 16384 with addition_embed_type text_time";
                return fail("addition_time_embed_dim", &self.addition_time_embed_dim, expected);
            }
            let given = &self.projection_class_embeddings_input_dim;
            if given.is_none_or(|given| !(6 * dim + 1..=1 << 20).contains(&given)) {
                let expected = format!("more than {}, the numbers of six embedded sizes,", 6 * dim);
                return fail("projection_class_embeddings_input_dim", given, expected);
            }
        }
        match self.num_class_embeds {
            Some(n) if self.class_embed_type.is_none() && !(1..=1 << 24).contains(&n) => {
                fail("num_class_embeds", &n, "a number from 1 to 16777216")
            }
            _ => Ok(()),
        }
    }

    /// Tells whether inputs of these shapes can pass; labels are checked where they enter.
    ///
    /// # Errors
    /// [`Error::Input`] names the input at fault.
    pub(super) fn check_inputs(
        &self,
        sample: [usize; 4],
        times: usize,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let wrong =
            |name, found: String, expected: String| Err(Error::Input { name, found, expected });
        let [n, c, h, w] = sample;
        if n == 0 || h == 0 || w == 0 || c != self.in_channels {
            let expected = format!("[N, {}, H, W]", self.in_channels);
            return wrong("sample", format!("of shape {sample:?}"), expected);
        }
        if times != n && times != 1 {
            let expected = format!("one number for each of {n} pictures");
            return wrong("timestep", format!("of length {times}"), expected);
        }
        let context = conditions.encoder_hidden_states.dims();
        let whole = context[0] > 0 && context[0].is_multiple_of(n);
        if !whole || context[1] == 0 || context[2] != self.context_dim() {
            let expected = format!("[{n}, S, {}], or several times {n},", self.context_dim());
            return wrong("encoder_hidden_states", format!("of shape {context:?}"), expected);
        }
        // Of all branches, each of which has the sample's pictures.
        let n = context[0];
        if let Some(condition) = &conditions.timestep_cond
            && condition.dims() != [n, self.time_cond_proj_dim.unwrap_or(condition.dims()[1])]
        {
            let expected = format!("[{n}, {}]", self.time_cond_proj_dim.unwrap_or(0));
            return wrong("timestep_cond", format!("of shape {:?}", condition.dims()), expected);
        }
        if let Some(AdditionEmbedType::TextTime) = self.addition_embed_type {
            let sizes = self.addition_time_embed_dim.unwrap_or(0);
            let all = self.projection_class_embeddings_input_dim.unwrap_or(0);
            let shape = |t: &Option<burn::tensor::Tensor<2>>| t.as_ref().map(|t| t.dims());
            let (text, ids) = (shape(&conditions.text_embeds), shape(&conditions.time_ids));
            let (Some([texts, dim]), Some([rows, count])) = (text, ids) else {
                let name = if text.is_none() { "text_embeds" } else { "time_ids" };
                let expected = "a tensor, since the network adds pooled text and sizes,";
                return wrong(name, "missing".to_owned(), expected.to_owned());
            };
            if texts != n || rows != n || dim + count * sizes != all {
                let expected =
                    format!("[{n}, D] with D + {sizes} times the number of time_ids making {all}");
                return wrong("text_embeds", format!("of shape {:?}", [texts, dim]), expected);
            }
        }
        match (&conditions.class_labels, self.num_class_embeds, self.class_embed_type) {
            (None, None, None) => Ok(()),
            (Some(_), None, None) => wrong(
                "class_labels",
                "given".to_owned(),
                "nothing, since this network has no class embedding,".to_owned(),
            ),
            (labels, Some(rows), None) => ClassLabels::check_indices(labels.as_ref(), rows, n),
            (Some(labels), _, Some(_)) => ClassLabels::check_batch(labels.batch(), n),
            (None, _, Some(_)) => wrong(
                "class_labels",
                "missing".to_owned(),
                format!("one label for each of {n} pictures"),
            ),
        }
    }
}

fn fail<T>(key: &str, value: &impl Serialize, expected: impl Into<String>) -> Result<T, Error> {
    Err(Error::config(key, value, expected))
}
