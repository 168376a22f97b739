//! The name of a variant of weights, such as `fp16`.

/// Letters, digits and `_-`, since it becomes a part of file names.
pub(crate) fn variant(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || text.len() > 40 || !text.chars().all(plain) || text.contains("-of-") {
        return Err("expected a name of letters and digits such as fp16".to_owned());
    }
    Ok(text.to_owned())
}
