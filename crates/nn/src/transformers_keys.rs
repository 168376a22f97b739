//! Keys that transformers writes into every `config.json` and that no encoder's numbers depend on.

use serde_json::{Map, Value};

/// Settings of generation, training, decoders and of the library itself.
const WITHOUT_EFFECT: &[&str] = &[
    "add_cross_attention",
    "architectures",
    "bad_words_ids",
    "begin_suppress_tokens",
    "chunk_size_feed_forward",
    "cross_attention_hidden_size",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dropout",
    "dtype",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "id2label",
    "is_decoder",
    "is_encoder_decoder",
    "label2id",
    "length_penalty",
    "max_length",
    "min_length",
    "model_type",
    "n_positions",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_past",
    "output_scores",
    "prefix",
    "problem_type",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
    "return_dict_in_generate",
    "scale_decoder_outputs",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tie_word_embeddings",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "typical_p",
    "use_bfloat16",
    "use_cache",
];

/// The keys that are neither notes, which begin with an underscore, nor without effect.
pub(crate) fn unknown(other: &Map<String, Value>) -> Vec<String> {
    let known = |key: &str, value: &Value| match key {
        // Heads that were removed after training; an empty table removes none.
        "pruned_heads" => value.is_null() || value.as_object().is_some_and(Map::is_empty),
        _ => key.starts_with('_') || WITHOUT_EFFECT.contains(&key),
    };
    let unknown = other.iter().filter(|(key, value)| !known(key, value));
    unknown.map(|(key, _)| key.clone()).collect()
}

/// The settings of one part of a larger model, under `part`, or those of the object itself; the part keeps the names of
/// the class that the object gives.
pub(crate) fn part(object: &Map<String, Value>, part: &str) -> Map<String, Value> {
    let Some(Value::Object(inner)) = object.get(part) else {
        return object.clone();
    };
    let mut inner = inner.clone();
    for key in ["_class_name", "architectures"] {
        match object.get(key) {
            Some(value) => inner.insert(key.to_owned(), value.clone()),
            None => None,
        };
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn parts_keep_the_name_of_the_class() {
        let outer = object(&json!({
            "architectures": ["CLIPModel"], "text_config": {"hidden_size": 8, "architectures": null},
        }));
        let inner = part(&outer, "text_config");
        assert_eq!(inner["hidden_size"], 8);
        assert_eq!(inner["architectures"], json!(["CLIPModel"]));
        assert_eq!(part(&inner, "text_config"), inner);
    }

    #[test]
    fn only_settings_are_unknown() {
        let keys =
            object(&json!({"_note": 1, "torch_dtype": "float16", "pruned_heads": {}, "rope": 1}));
        assert_eq!(unknown(&keys), ["rope"]);
        assert_eq!(unknown(&object(&json!({"pruned_heads": {"0": [1]}}))), ["pruned_heads"]);
    }
}
