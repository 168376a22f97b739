//! Keys of every spelling, the names of the original checkpoints, and files that are not what they seem.

use std::path::PathBuf;

use tempfile::TempDir;

use super::key::{self, Role, Spelling};
use super::original::Original;
use super::*;
use crate::NamedTensor;

fn tensor(name: &str, shape: &[usize]) -> NamedTensor {
    let count: usize = shape.iter().product();
    (name.to_owned(), shape.to_vec(), (0..count).map(|i| i as f32 - 1.0).collect())
}

fn file(tensors: &[NamedTensor]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lora.safetensors");
    crate::write(&path, tensors, &BTreeMap::new()).expect("a file");
    (folder, path)
}

#[test]
fn keys_of_every_spelling() {
    let dots = |part, name: &str, role| Some(((part, Spelling::Dots, name.to_owned()), role));
    let under =
        |part, name: &str, role| Some(((part, Spelling::Underscores, name.to_owned()), role));
    let (unet, one, two) = (Part::Denoiser, Part::Text(1), Part::Text(2));
    let known = [
        ("unet.a.0.to_q.lora_A.weight", dots(unet, "a.0.to_q", Role::Down)),
        ("transformer.a.lora_B.default_0.weight", dots(unet, "a", Role::Up)),
        ("base_model.model.a.lora_B.weight", dots(unet, "a", Role::Up)),
        ("unet.a.attn1.processor.to_out_lora.up.weight", dots(unet, "a.attn1.to_out", Role::Up)),
        ("a.attn1.processor.to_q_lora.down.weight", dots(unet, "a.attn1.to_q", Role::Down)),
        ("text_encoder.b.q_proj.lora_linear_layer.down.weight", dots(one, "b.q_proj", Role::Down)),
        ("text_encoder_2.text_projection.lora.up.weight", dots(two, "text_projection", Role::Up)),
        ("lora_unet_a_b.lora_down.weight", under(unet, "a_b", Role::Down)),
        ("lora_unet_a_b.lora_mid.weight", under(unet, "a_b", Role::Mid)),
        ("lora_te_a.alpha", under(one, "a", Role::Alpha)),
        ("lora_te1_a.lora_up.weight", under(one, "a", Role::Up)),
        ("lora_te2_a.lora_up.weight", under(two, "a", Role::Up)),
        ("a.bias", None),
    ];
    for (given, expected) in known {
        assert_eq!(key::read(given), expected, "{given}");
    }
}

#[test]
fn names_of_the_original_unet() {
    let parameters = [
        "down_blocks.0.resnets.0.conv1.weight",
        "down_blocks.0.resnets.1.conv1.weight",
        "up_blocks.0.attentions.2.proj_in.weight",
    ];
    let original = Original::new(parameters.into_iter());
    let cases = [
        ("conv_in", "input_blocks.0.0"),
        ("down_blocks.0.resnets.0.conv1", "input_blocks.1.0.in_layers.2"),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op"),
        ("down_blocks.1.resnets.0.conv_shortcut", "input_blocks.4.0.skip_connection"),
        ("down_blocks.1.attentions.1.proj_in", "input_blocks.5.1.proj_in"),
        ("mid_block.resnets.1.conv2", "middle_block.2.out_layers.3"),
        ("mid_block.attentions.0.proj_out", "middle_block.1.proj_out"),
        ("up_blocks.0.attentions.2.proj_in", "output_blocks.2.1.proj_in"),
        ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.2.conv"),
        ("up_blocks.1.upsamplers.0.conv", "output_blocks.5.1.conv"),
        ("up_blocks.2.resnets.1.time_emb_proj", "output_blocks.7.0.emb_layers.1"),
        ("add_embedding.linear_2", "label_emb.0.2"),
    ];
    for (own, name) in cases {
        assert_eq!(original.name(own), Some((name.to_owned(), 0)), "{own}");
    }
}

#[test]
fn a_fused_map_is_several_parameters() {
    let (_folder, path) = file(&[
        tensor("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", &[2, 3]),
        tensor("lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight", &[12, 2]),
        tensor("lora_unet_double_blocks_0_img_attn_qkv.alpha", &[]),
        tensor("lora_unet_nowhere.lora_down.weight", &[2, 3]),
        tensor("lora_unet_nowhere.lora_up.weight", &[12, 2]),
    ]);
    let lora = Lora::open(&path).expect("a file");
    let shape = vec![4, 3];
    let parameters: Vec<_> = ["to_v", "to_q", "to_k"]
        .map(|name| (format!("transformer_blocks.0.attn.{name}.weight"), shape.clone()))
        .into();
    let places = lora.places(Part::Denoiser, &parameters).expect("places");
    let rows: Vec<_> = places.iter().map(|place| (place.parameter, place.rows.clone())).collect();
    assert_eq!(rows, [(0, 8..12), (1, 0..4), (2, 4..8)]);
    let factors = lora.factors(&places[1]).expect("factors");
    assert_eq!(factors.up, [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!((factors.rank, factors.scale), (2, -0.5));
    let mut placed = vec![false; lora.len()];
    places.iter().for_each(|place| placed[place.map] = true);
    let left = lora.without_place(&placed);
    assert_eq!(left, Some((1, "lora_unet_nowhere.lora_down.weight")));
}

#[test]
fn a_middle_factor_is_joined() {
    let (_folder, path) = file(&[
        tensor("unet.conv.lora_down.weight", &[2, 3, 1, 1]),
        tensor("unet.conv.lora_mid.weight", &[2, 2, 1, 2]),
        tensor("unet.conv.lora_up.weight", &[4, 2, 1, 1]),
    ]);
    let lora = Lora::open(&path).expect("a file");
    let parameters = [("conv.weight".to_owned(), vec![4, 3, 1, 2])];
    let places = lora.places(Part::Denoiser, &parameters).expect("places");
    let down = lora.factors(&places[0]).expect("factors").down;
    // mid = −1 … 6, down = −1 … 4; the element of output 0, input 1, place 1: 0·0 + 2·3.
    assert_eq!((down.len(), down[3]), (12, 6.0));
}

#[test]
fn refusals_name_what_is_wrong() {
    let open = |tensors: &[NamedTensor]| {
        let (_folder, path) = file(tensors);
        Lora::open(path).expect_err("a refusal").to_string()
    };
    assert!(open(&[tensor("lora_unet_a.hada_w1_a", &[1])]).contains("LoHa"));
    assert!(open(&[tensor("lora_unet_a.lokr_w1", &[1])]).contains("LoKr"));
    assert!(open(&[tensor("lora_unet_a.dora_scale", &[1])]).contains("DoRA"));
    assert!(open(&[tensor("unet.a.lora_A.weight", &[2, 2])]).contains("not both"));
    assert!(open(&[tensor("conv.weight", &[2, 2])]).contains("conv.weight"));
    let (_folder, path) =
        file(&[tensor("unet.a.lora_A.weight", &[2, 5]), tensor("unet.a.lora_B.weight", &[4, 2])]);
    let lora = Lora::open(path).expect("a file");
    let error = lora.places(Part::Denoiser, &[("a.weight".to_owned(), vec![4, 3])]);
    let text = error.expect_err("a refusal").to_string();
    assert!(
        text.contains("[2, 5]") && text.contains("[2, 3]") && text.contains("a.weight"),
        "{text}"
    );
}

proptest::proptest! {
    #[test]
    fn any_key_is_read_or_left(key in proptest::prelude::any::<String>()) {
        let _ = (key::read(&key), key::other_kind(&key));
    }
}

proptest::proptest! {
    // Each case writes a file.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    /// Keys and shapes of every kind and of none: opened and placed, or refused, never a panic.
    #[test]
    fn any_tensors_are_placed_or_refused(
        tensors in proptest::collection::btree_map(
            r"(unet\.|lora_unet_|text_encoder\.)(a|conv)\.(lora_A\.weight|lora_B\.weight|lora_down\.weight|lora_up\.weight|lora_mid\.weight|alpha)",
            proptest::collection::vec(0..4_usize, 0..5),
            0..6,
        ),
    ) {
        let tensors: Vec<_> = tensors.iter().map(|(name, shape)| tensor(name, shape)).collect();
        let (_folder, path) = file(&tensors);
        let parameters = [
            ("a.weight".to_owned(), vec![2, 3]),
            ("conv.weight".to_owned(), vec![2, 3, 1, 2]),
        ];
        if let Ok(lora) = Lora::open(path) {
            for place in lora.places(Part::Denoiser, &parameters).unwrap_or_default() {
                let factors = lora.factors(&place).expect("shapes were checked");
                let numbers = factors.up.len() / factors.rank * (factors.down.len() / factors.rank);
                let shape = &parameters[place.parameter].1;
                assert_eq!(numbers, shape.iter().product::<usize>());
            }
        }
    }
}
