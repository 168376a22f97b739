//! What configurations and inputs of transformers must satisfy.

use crate::Error;
use burn::tensor::Tensor;

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

/// A size that an input may have along one dimension.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    /// This one.
    Is(usize),
    /// Any but zero, under this name.
    Any(&'static str),
}

/// Checks that a number of a configuration is from `low` to `high`.
pub(crate) fn range(key: &str, value: usize, low: usize, high: usize) -> Result<(), Error> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::config(key, &value, format!("a number from {low} to {high}")))
}

/// Checks the shape of attention, and that its channels can hold a place; gives the channels.
pub(crate) fn heads(heads: usize, head_dim: usize) -> Result<usize, Error> {
    range("num_attention_heads", heads, 1, 4096)?;
    range("attention_head_dim", head_dim, 1, 4096)?;
    Ok(heads * head_dim)
}

/// Checks that `layers`, the value of `key`, do not make more parameters than any network has.
pub(crate) fn parameters(key: &str, layers: usize, count: f64) -> Result<(), Error> {
    if count <= MOST_PARAMETERS {
        return Ok(());
    }
    let expected = format!("sizes that make no more than {MOST_PARAMETERS:.0} parameters");
    Err(Error::config(key, &layers, expected))
}

/// Checks that an input has a shape.
pub(crate) fn shape<const D: usize>(
    name: &'static str,
    found: [usize; D],
    expected: [Size; D],
) -> Result<(), Error> {
    let fits = found.iter().zip(expected).all(|(&found, expected)| match expected {
        Size::Is(size) => found == size,
        Size::Any(_) => found > 0,
    });
    if fits {
        return Ok(());
    }
    let words = expected.map(|size| match size {
        Size::Is(size) => size.to_string(),
        Size::Any(name) => name.to_owned(),
    });
    let expected = format!("[{}]", words.join(", "));
    Err(Error::Input { name, found: format!("of shape {found:?}"), expected })
}

/// Checks that there is one number, or one for each of `n` pictures.
pub(crate) fn numbers(name: &'static str, numbers: &Tensor<1>, n: usize) -> Result<(), Error> {
    let [found] = numbers.dims();
    if found == n || found == 1 {
        return Ok(());
    }
    let expected = format!("one number for each of {n} pictures");
    Err(Error::Input { name, found: format!("of length {found}"), expected })
}

/// Checks that a picture consists of whole squares of side `patch`, at most `most` of them along a side.
pub(crate) fn picture(
    sample: [usize; 4],
    channels: usize,
    patch: usize,
    most: usize,
) -> Result<(), Error> {
    let [n, c, h, w] = sample;
    let whole = |side: usize| side > 0 && side.is_multiple_of(patch) && side / patch <= most;
    if n > 0 && c == channels && whole(h) && whole(w) {
        return Ok(());
    }
    let limit = match most {
        usize::MAX => String::new(),
        _ => format!(" up to {}", most * patch),
    };
    let expected = format!("[N, {channels}, H, W] with sides that are multiples of {patch}{limit}");
    Err(Error::Input { name: "sample", found: format!("of shape {sample:?}"), expected })
}
