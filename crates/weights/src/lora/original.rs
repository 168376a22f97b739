//! The names that the original checkpoints of Stable Diffusion XL and Flux give to diffusers' maps, as files trained
//! on them have.

/// What must be known of a network to number its parts as the original does.
#[derive(Debug, Default)]
pub(super) struct Original {
    /// Blocks of one level on the way down, its downsampling included; 0 where the network is no U-Net.
    stride: usize,
    /// Whether a level on the way up has attention.
    attends: Vec<bool>,
}

impl Original {
    pub(super) fn new<'a>(parameters: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for parameter in parameters {
            let path: Vec<&str> = parameter.splitn(5, '.').collect();
            let number = |at: usize| path.get(at).and_then(|part| part.parse::<usize>().ok());
            match (path.first(), number(1), path.get(2), number(3)) {
                (Some(&"down_blocks"), Some(0), Some(&"resnets"), Some(index)) => {
                    found.stride = found.stride.max(index.saturating_add(2));
                }
                (Some(&"up_blocks"), Some(level @ 0..=99), Some(&"attentions"), _) => {
                    found.attends.resize(found.attends.len().max(level + 1), false);
                    found.attends[level] = true;
                }
                _ => {}
            }
        }
        found
    }

    /// The original's name of a map, and where its rows lie among those that the original has in one.
    pub(super) fn name(&self, map: &str) -> Option<(String, usize)> {
        if self.stride > 0 { self.unet(map).map(|name| (name, 0)) } else { flux(map) }
    }

    /// Of a U-Net.
    fn unet(&self, map: &str) -> Option<String> {
        let outer = [
            ("conv_in", "input_blocks.0.0"),
            ("conv_out", "out.2"),
            ("time_embedding.linear_1", "time_embed.0"),
            ("time_embedding.linear_2", "time_embed.2"),
            ("add_embedding.linear_1", "label_emb.0.0"),
            ("add_embedding.linear_2", "label_emb.0.2"),
        ];
        if let Some((_, name)) = outer.iter().find(|(own, _)| *own == map) {
            return Some((*name).to_owned());
        }
        let (block, rest) = map.split_once('.')?;
        if block == "mid_block" {
            let [kind, index, inner] = parts(rest)?;
            let place = match kind {
                "resnets" => 2 * index.parse::<usize>().ok()?,
                _ => 1,
            };
            return Some(format!("middle_block.{place}.{}", self::inner(kind, inner)));
        }
        let (level, rest) = rest.split_once('.')?;
        let level: usize = level.parse().ok()?;
        let [kind, index, inner] = parts(rest)?;
        let index: usize = index.parse().ok()?;
        let first = level.checked_mul(self.stride)?;
        let inner = self::inner(kind, inner);
        match (block, kind) {
            ("down_blocks", "resnets") => {
                Some(format!("input_blocks.{}.0.{inner}", first + index + 1))
            }
            ("down_blocks", "attentions") => {
                Some(format!("input_blocks.{}.1.{inner}", first + index + 1))
            }
            ("down_blocks", "downsamplers") => {
                Some(format!("input_blocks.{}.0.op", first + self.stride))
            }
            ("up_blocks", "resnets") => Some(format!("output_blocks.{}.0.{inner}", first + index)),
            ("up_blocks", "attentions") => {
                Some(format!("output_blocks.{}.1.{inner}", first + index))
            }
            ("up_blocks", "upsamplers") => {
                let place = if self.attends.get(level).copied().unwrap_or(false) { 2 } else { 1 };
                Some(format!("output_blocks.{}.{place}.{inner}", first + self.stride - 1))
            }
            _ => None,
        }
    }
}

/// `resnets.1.conv1` in its three parts.
fn parts(path: &str) -> Option<[&str; 3]> {
    let mut parts = path.splitn(3, '.');
    Some([parts.next()?, parts.next()?, parts.next()?])
}

/// The name of a map inside its block.
fn inner(kind: &str, name: &str) -> String {
    match (kind, name) {
        ("resnets", "conv1") => "in_layers.2",
        ("resnets", "conv2") => "out_layers.3",
        ("resnets", "time_emb_proj") => "emb_layers.1",
        ("resnets", "conv_shortcut") => "skip_connection",
        _ => name,
    }
    .to_owned()
}

/// Of Flux, whose original has queries, keys and values in one map.
fn flux(map: &str) -> Option<(String, usize)> {
    let outer = [
        ("x_embedder", "img_in"),
        ("context_embedder", "txt_in"),
        ("time_text_embed.timestep_embedder.linear_1", "time_in.in_layer"),
        ("time_text_embed.timestep_embedder.linear_2", "time_in.out_layer"),
        ("time_text_embed.text_embedder.linear_1", "vector_in.in_layer"),
        ("time_text_embed.text_embedder.linear_2", "vector_in.out_layer"),
        ("time_text_embed.guidance_embedder.linear_1", "guidance_in.in_layer"),
        ("time_text_embed.guidance_embedder.linear_2", "guidance_in.out_layer"),
        ("proj_out", "final_layer.linear"),
    ];
    if let Some((_, name)) = outer.iter().find(|(own, _)| *own == map) {
        return Some(((*name).to_owned(), 0));
    }
    let [kind, index, inner] = parts(map)?;
    let (block, (name, place)) = match kind {
        "transformer_blocks" => (
            "double_blocks",
            match inner {
                "attn.to_q" => ("img_attn.qkv", 0),
                "attn.to_k" => ("img_attn.qkv", 1),
                "attn.to_v" => ("img_attn.qkv", 2),
                "attn.add_q_proj" => ("txt_attn.qkv", 0),
                "attn.add_k_proj" => ("txt_attn.qkv", 1),
                "attn.add_v_proj" => ("txt_attn.qkv", 2),
                "attn.to_out.0" => ("img_attn.proj", 0),
                "attn.to_add_out" => ("txt_attn.proj", 0),
                "ff.net.0.proj" => ("img_mlp.0", 0),
                "ff.net.2" => ("img_mlp.2", 0),
                "ff_context.net.0.proj" => ("txt_mlp.0", 0),
                "ff_context.net.2" => ("txt_mlp.2", 0),
                "norm1.linear" => ("img_mod.lin", 0),
                "norm1_context.linear" => ("txt_mod.lin", 0),
                _ => return None,
            },
        ),
        "single_transformer_blocks" => (
            "single_blocks",
            match inner {
                "attn.to_q" => ("linear1", 0),
                "attn.to_k" => ("linear1", 1),
                "attn.to_v" => ("linear1", 2),
                "proj_mlp" => ("linear1", 3),
                "proj_out" => ("linear2", 0),
                "norm.linear" => ("modulation.lin", 0),
                _ => return None,
            },
        ),
        _ => return None,
    };
    Some((format!("{block}.{index}.{name}"), place))
}
