//! Files of low-rank changes in all three spellings, their places in a network, and files of learnt words.

use langevin_weights::Learned;
use langevin_weights::lora::{Lora, Part};
use serde_json::{Map, Value, json};

use super::{Target, safetensors};
use crate::workplace::Workplace;

pub(super) const TARGET: Target = Target {
    name: "lora",
    seeds,
    mutate: safetensors::mutate,
    read,
    // As safetensors, the keys sorted into maps besides.
    memory: (256 << 10, 256),
};

static WORKPLACE: Workplace = Workplace::new();

/// Parameters that the seeds change, and one that none does.
const PARAMETERS: [(&str, &[usize]); 5] = [
    ("mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight", &[4, 4]),
    ("mid_block.attentions.0.transformer_blocks.0.attn1.to_k.weight", &[4, 4]),
    ("down_blocks.0.resnets.0.conv1.weight", &[4, 3, 3, 3]),
    ("text_model.encoder.layers.0.self_attn.q_proj.weight", &[4, 4]),
    ("conv_out.bias", &[4]),
];

fn seeds() -> Vec<Vec<u8>> {
    let q = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    let flat = q.replace('.', "_");
    let conv = "down_blocks_0_resnets_0_conv1";
    let text = "text_model_encoder_layers_0_self_attn_q_proj";
    let (down, up): (&[usize], &[usize]) = (&[2, 4], &[4, 2]);
    let files: [&[(String, &[usize])]; 5] = [
        &[
            (format!("unet.{q}.lora_A.weight"), down),
            (format!("unet.{q}.lora_B.weight"), up),
            ("unet.conv_in.lora_A.weight".to_owned(), &[1, 1]),
            ("unet.conv_in.lora_B.weight".to_owned(), &[1, 1]),
        ],
        &[
            (format!("unet.{q}.lora.down.weight"), down),
            (format!("unet.{q}.lora.up.weight"), up),
            (format!("unet.{}.processor.to_k_lora.down.weight", q.trim_end_matches(".to_q")), down),
            (format!("unet.{}.processor.to_k_lora.up.weight", q.trim_end_matches(".to_q")), up),
        ],
        &[
            (format!("lora_unet_{flat}.lora_down.weight"), down),
            (format!("lora_unet_{flat}.lora_up.weight"), up),
            (format!("lora_unet_{flat}.alpha"), &[]),
            (format!("lora_te_{text}.lora_down.weight"), down),
            (format!("lora_te_{text}.lora_up.weight"), up),
        ],
        &[
            (format!("lora_unet_{conv}.lora_down.weight"), &[2, 3, 1, 1]),
            (format!("lora_unet_{conv}.lora_mid.weight"), &[2, 2, 3, 3]),
            (format!("lora_unet_{conv}.lora_up.weight"), &[4, 2, 1, 1]),
            ("lora_unet_input_blocks_1_1_proj_in.lora_down.weight".to_owned(), down),
            ("lora_unet_input_blocks_1_1_proj_in.lora_up.weight".to_owned(), up),
        ],
        &[("<word>".to_owned(), &[2, 4])],
    ];
    files.into_iter().map(of).collect()
}

/// A file of single-precision tensors.
fn of(tensors: &[(String, &[usize])]) -> Vec<u8> {
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
        header.insert(name.clone(), entry);
    }
    let mut file = safetensors::file(&Value::Object(header).to_string(), 0);
    // Ones, which are finite.
    file.extend(1.0_f32.to_le_bytes().repeat(end / 4));
    file
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("x.safetensors", bytes);
    let path = WORKPLACE.folder().join("x.safetensors");
    let learned = Learned::open(&path).is_ok();
    let Ok(lora) = Lora::open(&path) else { return learned };
    let parameters = PARAMETERS.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
    for part in [Part::Denoiser, Part::Text(1), Part::Text(2)] {
        let Ok(places) = lora.places(part, &parameters) else { continue };
        for place in places {
            let shape = &parameters[place.parameter].1;
            if let Ok(factors) = lora.factors(&place) {
                assert_eq!(factors.up.len(), shape[0] * factors.rank);
                assert_eq!(factors.down.len(), shape[1..].iter().product::<usize>() * factors.rank);
            }
        }
    }
    true
}
