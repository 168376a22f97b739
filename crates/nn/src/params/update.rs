//! Changing parameters where they lie, as an optimiser does in each step.

use super::assign::replace;
use super::collect::values;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

/// Lets `change` rewrite the numbers of every parameter, given with its place in the order of
/// [`collect`](super::collect).
///
/// On the CPU nothing is copied, as long as no clone of the module shares the numbers: those of a clone stay as they are.
pub fn update<M: Module>(module: M, change: &mut dyn FnMut(usize, &mut [f32])) -> M {
    module.map(&mut Updater { place: 0, change })
}

struct Updater<'a> {
    place: usize,
    change: &'a mut dyn FnMut(usize, &mut [f32]),
}

impl ModuleMapper for Updater<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.place;
        self.place += 1;
        replace(param, |old| {
            let mut numbers = values(old);
            (self.change)(place, &mut numbers);
            numbers
        })
    }
}
