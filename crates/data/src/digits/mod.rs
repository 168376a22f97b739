//! The embedded digits: 10,000 handwritten digits of MNIST, 9,000 to train on and 1,000 to judge with.
//!
//! 28×28 grey pixels, ten classes named `0` to `9`, shuffled, no image twice.
//! `ORIGIN.md` beside the files says where they come from and under which licence they stand.

use crate::dataset::Dataset;
use crate::idx;

/// The 9,000 digits to train on.
pub fn train() -> Dataset {
    unpack(
        include_bytes!("train-images-idx3-ubyte.gz"),
        include_bytes!("train-labels-idx1-ubyte.gz"),
    )
}

/// The 1,000 digits to judge with; none of them is among those of [`train`].
pub fn test() -> Dataset {
    unpack(include_bytes!("t10k-images-idx3-ubyte.gz"), include_bytes!("t10k-labels-idx1-ubyte.gz"))
}

fn unpack(images: &[u8], labels: &[u8]) -> Dataset {
    idx::read("the embedded digits", images, Some(("the embedded labels", labels)), 1 << 24)
        .expect("the embedded digits are whole")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sha2::{Digest, Sha256};

    use super::*;

    fn hash(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn counts_and_shapes() {
        let expected = [
            (train(), [905, 1014, 901, 907, 875, 780, 912, 978, 860, 868]),
            (test(), [96, 113, 90, 125, 105, 83, 102, 92, 84, 110]),
        ];
        for (digits, expected) in expected {
            assert_eq!((digits.channels(), digits.height(), digits.width()), (1, 28, 28));
            assert_eq!(digits.class_names(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
            let mut per_class = [0; 10];
            digits.labels().unwrap().iter().for_each(|&label| per_class[label as usize] += 1);
            assert_eq!((per_class, digits.len()), (expected, expected.iter().sum()));
        }
    }

    #[test]
    fn no_image_twice() {
        let (train, test) = (train(), test());
        let images: HashSet<&[u8]> = (0..train.len())
            .map(|i| train.image(i))
            .chain((0..test.len()).map(|i| test.image(i)))
            .collect();
        assert_eq!(images.len(), 10_000);
    }

    #[test]
    fn files_are_the_ones_described() {
        let files: [(&[u8], &str); 4] = [
            (
                include_bytes!("train-images-idx3-ubyte.gz"),
                "17107ebc5a54f1f90d90a5cb25500c403e9ccd5a647e56795d8e2f4766a0e707",
            ),
            (
                include_bytes!("train-labels-idx1-ubyte.gz"),
                "a6b243b45fd3f0506338ac57f94017cd4150d62eb12c4896ee417257bc53d15d",
            ),
            (
                include_bytes!("t10k-images-idx3-ubyte.gz"),
                "034c4dd2cf547de5de96ee53fcdff33d62063912f55b1750c8985a0234f11b23",
            ),
            (
                include_bytes!("t10k-labels-idx1-ubyte.gz"),
                "00a2a03b7188fea021c5da14faccdad1b8b91b9782386e93e7c2a5e3773013f0",
            ),
        ];
        for (bytes, expected) in files {
            assert_eq!(hash(bytes), expected);
        }
    }
}
