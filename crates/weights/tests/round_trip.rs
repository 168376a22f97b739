//! What is written is read back, by us and by the reference implementation, bit for bit.

use std::collections::{BTreeMap, BTreeSet};

use langevin_weights::{Dtype, Error, TensorFile, TensorRef, Values, write, write_tensors};
use proptest::prelude::*;
use safetensors::SafeTensors;

#[derive(Debug, Clone)]
enum Owned {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    U8(Vec<u8>),
}

impl Owned {
    fn values(&self) -> Values<'_> {
        match self {
            Self::F32(values) => Values::F32(values),
            Self::F64(values) => Values::F64(values),
            Self::I64(values) => Values::I64(values),
            Self::I32(values) => Values::I32(values),
            Self::U8(values) => Values::U8(values),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::F64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::I64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::I32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Self::U8(values) => values.clone(),
        }
    }
}

fn tensor() -> impl Strategy<Value = (Vec<usize>, Owned)> {
    prop::collection::vec(0usize..6, 0..4).prop_flat_map(|shape| {
        let n: usize = shape.iter().product();
        // Any bits, so that NaNs, infinities and subnormals occur.
        let values = prop_oneof![
            prop::collection::vec(any::<u32>().prop_map(f32::from_bits), n).prop_map(Owned::F32),
            prop::collection::vec(any::<u64>().prop_map(f64::from_bits), n).prop_map(Owned::F64),
            prop::collection::vec(any::<i64>(), n).prop_map(Owned::I64),
            prop::collection::vec(any::<i32>(), n).prop_map(Owned::I32),
            prop::collection::vec(any::<u8>(), n).prop_map(Owned::U8),
        ];
        (Just(shape), values)
    })
}

proptest! {
    #[test]
    fn files_round_trip(
        tensors in prop::collection::btree_map(".{0,12}", tensor(), 0..6),
        metadata in prop::collection::btree_map("[a-z\"\\\\é]{1,6}", ".{0,10}", 0..4),
    ) {
        prop_assume!(!tensors.contains_key("__metadata__"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let refs: Vec<TensorRef<'_>> = tensors
            .iter()
            .map(|(name, (shape, owned))| TensorRef { name, shape, values: owned.values() })
            .collect();
        write_tensors(&path, &refs, &metadata).unwrap();

        let ours = TensorFile::open(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let theirs = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert!(ours.names().eq(tensors.keys().map(String::as_str)));
        prop_assert_eq!(theirs.names().into_iter().collect::<BTreeSet<_>>(), ours.names().collect::<BTreeSet<_>>());
        for (name, (shape, owned)) in &tensors {
            prop_assert_eq!(ours.shape(name).unwrap(), shape);
            prop_assert_eq!(ours.bytes(name).unwrap(), owned.bytes());
            let view = theirs.tensor(name).unwrap();
            prop_assert_eq!(view.data(), owned.bytes());
            prop_assert_eq!(view.shape(), shape);
            match owned {
                Owned::F32(values) => {
                    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    prop_assert_eq!(bits(&ours.f32(name).unwrap()), bits(values));
                }
                Owned::F64(values) => {
                    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    prop_assert_eq!(bits(&ours.f64(name).unwrap()), bits(values));
                }
                Owned::I64(values) => prop_assert_eq!(&ours.i64(name).unwrap(), values),
                Owned::I32(values) => {
                    prop_assert!(ours.i64(name).unwrap().into_iter().eq(values.iter().map(|x| i64::from(*x))));
                }
                Owned::U8(values) => {
                    prop_assert!(ours.f32(name).unwrap().into_iter().eq(values.iter().map(|x| f32::from(*x))));
                }
            }
        }
        let mut expected = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        expected.extend(metadata);
        prop_assert_eq!(ours.metadata(), &expected);
        prop_assert_eq!(u64::from_le_bytes(bytes[..8].try_into().unwrap()) % 8, 0);
    }

    #[test]
    fn order_does_not_change_a_file(tensors in prop::collection::btree_map("[a-d]{1,3}", tensor(), 2..6)) {
        let folder = tempfile::tempdir().unwrap();
        let refs: Vec<TensorRef<'_>> = tensors
            .iter()
            .map(|(name, (shape, owned))| TensorRef { name, shape, values: owned.values() })
            .collect();
        let backwards: Vec<TensorRef<'_>> = refs.iter().rev().copied().collect();
        let paths = [folder.path().join("a"), folder.path().join("b")];
        write_tensors(&paths[0], &refs, &BTreeMap::new()).unwrap();
        write_tensors(&paths[1], &backwards, &BTreeMap::new()).unwrap();
        prop_assert_eq!(std::fs::read(&paths[0]).unwrap(), std::fs::read(&paths[1]).unwrap());
    }

    #[test]
    fn halves_are_the_nearest(values in prop::collection::vec(-1000.0f32..1000.0, 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let shape = [values.len()];
        let refs = [
            TensorRef { name: "h", shape: &shape, values: Values::F32AsF16(&values) },
            TensorRef { name: "b", shape: &shape, values: Values::F32AsBf16(&values) },
        ];
        write_tensors(&path, &refs, &BTreeMap::new()).unwrap();
        let file = TensorFile::open(&path).unwrap();
        prop_assert_eq!(file.dtype("h").unwrap(), Dtype::F16);
        prop_assert_eq!(file.dtype("b").unwrap(), Dtype::BF16);
        // Half the distance between neighbours: 2⁻¹¹ and 2⁻⁸ of the value, at least 2⁻²⁵ for f16.
        for (found, value) in file.f32("h").unwrap().iter().zip(&values) {
            prop_assert!((found - value).abs() <= (value.abs() * 2f32.powi(-11)).max(2f32.powi(-25)));
        }
        for (found, value) in file.f32("b").unwrap().iter().zip(&values) {
            prop_assert!((found - value).abs() <= value.abs() * 2f32.powi(-8));
        }
    }
}

#[test]
fn tensors_longer_than_a_piece_round_trip() {
    let values: Vec<f32> = (0..100_003).map(|i| i as f32 * 0.5).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    write(&path, &[("x".to_owned(), vec![values.len()], values.clone())], &BTreeMap::new())
        .unwrap();
    assert_eq!(TensorFile::open(&path).unwrap().f32("x").unwrap(), values);
}

#[test]
fn inconsistent_tensors_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let tensor = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), vec![0.0; 4]);
    let fails = |tensors: &[_]| write(&path, tensors, &BTreeMap::new()).unwrap_err();
    assert!(matches!(
        fails(&[tensor("a", &[4]), tensor("a", &[2, 2])]),
        Error::DuplicateName { .. }
    ));
    assert!(matches!(fails(&[tensor("__metadata__", &[4])]), Error::ReservedName { .. }));
    assert!(matches!(fails(&[tensor("a", &[5])]), Error::ValueCount { .. }));
    assert!(matches!(fails(&[tensor("a", &[usize::MAX, 2, 2])]), Error::ValueCount { .. }));
    assert_eq!(
        fails(&[tensor("a", &[2, 3])]).to_string(),
        format!("cannot write {}: tensor `a` of shape [2, 3] was given 4 values", path.display())
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn integers_beyond_i64_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let data: Vec<u8> = [1u64, u64::MAX].iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = safetensors::tensor::TensorView::new(Dtype::U64, vec![2], &data).unwrap();
    safetensors::serialize_to_file([("x", view)], None, &path).unwrap();
    let file = TensorFile::open(&path).unwrap();
    assert!(matches!(file.i64("x").unwrap_err(), Error::OutOfRange { value: u64::MAX, .. }));
    assert_eq!(file.f32("x").unwrap(), [1.0, u64::MAX as f32]);
}
