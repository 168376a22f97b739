//! Names, order, trainability and errors of reading and writing parameters.

use super::*;
use crate::Error;
use crate::Init;
use crate::layer::{GaussianFourier, Linear};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, f16};

#[derive(Module, Debug)]
enum Either {
    Left(Linear),
    Right(Inner),
}

#[derive(Module, Debug)]
struct Inner {
    pair: (Linear, Option<Linear>),
}

#[derive(Module, Debug)]
struct Outer {
    list: Vec<Either>,
    there: Option<Linear>,
    absent: Option<Linear>,
    fixed: GaussianFourier,
}

fn outer(device: &Device) -> Outer {
    let mut next = 0.0;
    let mut source = |out: &mut [f32]| {
        for u in out {
            next = (next + 0.618_034) % 1.0;
            *u = next;
        }
    };
    let init = &mut Init::new(device, &mut source);
    Outer {
        list: vec![
            Either::Left(Linear::new(init, 2, 3)),
            Either::Right(Inner { pair: (Linear::new(init, 3, 2), Some(Linear::new(init, 2, 2))) }),
        ],
        there: Some(Linear::new(init, 1, 1)),
        absent: None,
        fixed: GaussianFourier::new(init, 2),
    }
}

const NAMES: [&str; 9] = [
    "list.0.weight",
    "list.0.bias",
    "list.1.pair.0.weight",
    "list.1.pair.0.bias",
    "list.1.pair.1.weight",
    "list.1.pair.1.bias",
    "there.weight",
    "there.bias",
    "fixed.weight",
];

#[test]
fn names_follow_fields_and_indices_alone() {
    let module = outer(&Device::flex());
    let collected = collect(&module);
    assert_eq!(collected.iter().map(|(n, ..)| n.as_str()).collect::<Vec<_>>(), NAMES);
    assert_eq!(collected[0].1, [3, 2]);
    assert!(
        collected.iter().all(|(_, shape, values)| shape.iter().product::<usize>() == values.len())
    );
}

#[test]
fn trainability_survives_devices_and_assignment() {
    let expected: Vec<bool> = NAMES.iter().map(|n| *n != "fixed.weight").collect();
    let trainable = |m: &Outer| list(m).into_iter().map(|p| p.trainable).collect::<Vec<_>>();
    for device in [Device::flex(), Device::flex().autodiff()] {
        let module = outer(&device);
        assert_eq!(trainable(&module), expected);
        let values = collect(&module);
        let module = assign(module, &mut values.iter().map(|(.., v)| v.as_slice())).unwrap();
        assert_eq!(trainable(&module), expected);
        assert_eq!(trainable(&module.valid()), expected);
        assert_eq!(trainable(&module.valid().train()), expected);
    }
}

#[test]
fn assign_and_load_write_what_collect_reads() {
    let device = Device::flex().autodiff();
    let module = outer(&device);
    let wanted: Vec<(String, Vec<usize>, Vec<f32>)> = collect(&module)
        .into_iter()
        .enumerate()
        .map(|(i, (name, shape, values))| {
            (name, shape, values.iter().map(|v| v + i as f32).collect())
        })
        .collect();
    let assigned = assign(module.clone(), &mut wanted.iter().map(|(.., v)| v.as_slice())).unwrap();
    assert_eq!(collect(&assigned), wanted);
    let loaded = load(module, &mut |name, shape| {
        let (_, s, v) = wanted.iter().find(|(n, ..)| n == name).unwrap();
        assert_eq!(s, shape);
        Ok(v.clone().into())
    });
    assert_eq!(collect(&loaded.unwrap()), wanted);
}

#[test]
fn gradients_come_in_order_with_zeros_for_the_unused() {
    let device = Device::flex().autodiff();
    let module = outer(&device);
    let Either::Left(linear) = &module.list[0] else { unreachable!("built so") };
    let x = Tensor::<2>::from_floats([[1.0, -2.0]], &device);
    let found = gradients(&module, linear.forward(x).sum().backward());
    assert_eq!(found.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), NAMES);
    assert_eq!(found[0].1, [1.0, -2.0, 1.0, -2.0, 1.0, -2.0]);
    assert_eq!(found[1].1, [1.0; 3]);
    assert!(found[2..].iter().all(|(_, g)| g.iter().all(|&v| v == 0.0)));
    assert_eq!(found[2].1.len(), 6);
}

#[test]
fn updates_happen_in_place_and_leave_clones_alone() {
    /// Doubles all numbers and says where they lay.
    fn doubled(module: Outer) -> (Outer, Vec<usize>) {
        let mut addresses = Vec::new();
        let module = update(module, &mut |place, numbers| {
            assert_eq!(place, addresses.len());
            addresses.push(numbers.as_ptr() as usize);
            numbers.iter_mut().for_each(|n| *n *= 2.0);
        });
        (module, addresses)
    }
    let module = outer(&Device::flex().autodiff());
    let before = collect(&module);
    let clone = module.clone();
    let (module, first) = doubled(module);
    let (module, second) = doubled(module);
    assert_eq!(first, second);
    assert_eq!(collect(&clone), before);
    for ((_, _, old), (_, _, new)) in before.iter().zip(collect(&module)) {
        assert!(old.iter().zip(&new).all(|(old, new)| 4.0 * old == *new));
    }
}

#[test]
fn assigned_modules_still_learn() {
    let device = Device::flex().autodiff();
    let module = outer(&device);
    let values = collect(&module);
    let module = assign(module, &mut values.iter().map(|(.., v)| v.as_slice())).unwrap();
    let there = module.there.as_ref().unwrap();
    let loss = there.forward(Tensor::<2>::from_floats([[3.0]], &device)).sum();
    let found = gradients(&module, loss.backward());
    assert_eq!(found[6].1, [3.0]);
}

#[test]
fn errors_name_the_tensor_and_both_shapes() {
    let module = || outer(&Device::flex());
    let mut few = [[0.0_f32; 6].as_slice()].into_iter();
    let error = assign(module(), &mut few).unwrap_err().to_string();
    assert_eq!(error, "the tensor `list.0.bias` of shape [3] is missing");
    let mut long = std::iter::repeat([0.0_f32; 7].as_slice());
    let error = assign(module(), &mut long).unwrap_err().to_string();
    assert_eq!(
        error,
        "the tensor `list.0.weight` came with 7 numbers, but its shape [3, 2] needs 6"
    );

    let mut tensors: Vec<(String, Vec<usize>)> =
        collect(&module()).into_iter().map(|(n, s, _)| (n, s)).collect();
    let mut zeros = |name: &str| {
        let shape = list(&module()).iter().find(|p| p.name == name).unwrap().shape.clone();
        Ok(vec![0.0; shape.iter().product()].into())
    };
    tensors[0].1 = vec![2, 3];
    let error = load_state_dict(module(), &tensors, &mut zeros).unwrap_err().to_string();
    assert_eq!(
        error,
        "the tensor `list.0.weight` has shape [2, 3], but this network needs shape [3, 2]"
    );
    tensors[0].1 = vec![3, 2];
    let last = tensors.pop().unwrap();
    let error = load_state_dict(module(), &tensors, &mut zeros).unwrap_err().to_string();
    assert_eq!(error, "the tensor `fixed.weight` of shape [2] is missing");
    tensors.push(last);
    tensors.insert(3, ("ema.decay".to_owned(), vec![]));
    let (_, unused) = load_state_dict(module(), &tensors, &mut zeros).unwrap();
    assert_eq!(unused, ["ema.decay"]);
    let error = load(module(), &mut |name, _| Err(Error::source(name, "disk on fire")))
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the tensor `list.0.weight` cannot be read: disk on fire");
}

/// Weights of linear maps stay in 16 bits, everything else is widened, and the numbers are the same.
#[test]
fn numbers_of_16_bits_are_kept_where_they_are_large() {
    let device = Device::flex();
    let numbers = |count: usize| (0..count).map(|i| f16::from_f32(0.1 * i as f32 - 0.3));
    let loaded = load(outer(&device), &mut |_, shape| {
        Ok(Values::F16(numbers(shape.iter().product()).collect()))
    });
    let loaded = loaded.unwrap();
    for (name, shape, values) in collect(&loaded) {
        let expected: Vec<f32> = numbers(shape.iter().product()).map(f16::to_f32).collect();
        assert_eq!(values, expected, "{name}");
    }
    let Either::Left(linear) = &loaded.list[0] else { unreachable!("built so") };
    assert_eq!(linear.weight.val().dtype(), DType::F16);
    assert_eq!(linear.bias.as_ref().unwrap().val().dtype(), DType::F32);
    assert_eq!(loaded.fixed.weight.val().dtype(), DType::F32);
    let y = linear.forward(Tensor::<2>::from_floats([[1.0, 2.0]], &device));
    assert_eq!(y.dtype(), DType::F32);
    let wide = load(outer(&device), &mut |_, shape| {
        Ok(numbers(shape.iter().product()).map(f16::to_f32).collect::<Vec<_>>().into())
    });
    let wide = wide.unwrap();
    let Either::Left(linear) = &wide.list[0] else { unreachable!("built so") };
    let expected = linear.forward(Tensor::<2>::from_floats([[1.0, 2.0]], &device));
    assert_eq!(y.into_data(), expected.into_data());
}
