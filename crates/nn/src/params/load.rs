//! Writing parameters by their name, as when a file is opened.

use super::path::Path;
use super::{Values, list};
use crate::layer::attention;
use crate::{Configuration, Error};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use std::collections::HashMap;

/// Gives the values of a parameter, asked by its name in the state dictionary and its shape.
pub type Source<'a> = dyn FnMut(&str, &[usize]) -> Result<Values, Error> + 'a;

/// Replaces every parameter by what `source` gives for its name and shape, asked in field order.
///
/// Numbers of 16 bits are kept as they are in the weights of linear maps and convolutions, which are widened when they are
/// used, and widened at once elsewhere. Such a network cannot be trained.
///
/// # Errors
/// The first error of the source, or [`Error::Length`] when it gives too many or too few numbers.
pub fn load<M: Module>(module: M, source: &mut Source<'_>) -> Result<M, Error> {
    let mut loader = Loader { path: Path::default(), source, error: None };
    let module = module.map(&mut loader);
    loader.error.map_or(Ok(module), Err)
}

/// Replaces every parameter by the tensor of its name among `tensors`, the names and shapes of a state dictionary, read
/// through `read`; returns the names that no parameter used.
///
/// A parameter that has an older name (see [`attention::older_name`]) is found under that one too, and a tensor that
/// only has extra trailing dimensions of size one is taken as well: old files keep the maps of attention as 1×1
/// convolutions.
///
/// # Errors
/// [`Error::Missing`] and [`Error::Shape`] name the tensor and its shapes; errors of `read` are passed on.
pub fn load_state_dict<M: Module>(
    module: M,
    tensors: &[(String, Vec<usize>)],
    read: &mut dyn FnMut(&str) -> Result<Values, Error>,
) -> Result<(M, Vec<String>), Error> {
    load_named(module, tensors, &|_| None, read)
}

/// [`load_state_dict`] for the network of a configuration: parameters are also found under the names that
/// [`Configuration::older_name`] gives, and tensors that [`Configuration::ignored`] allows are not among those returned.
///
/// # Errors
/// As [`load_state_dict`].
pub fn load_configured<C: Configuration>(
    network: C::Network,
    tensors: &[(String, Vec<usize>)],
    read: &mut dyn FnMut(&str) -> Result<Values, Error>,
) -> Result<(C::Network, Vec<String>), Error> {
    let (network, mut unused) = load_named(network, tensors, &C::older_name, read)?;
    unused.retain(|name| !C::ignored(name));
    Ok((network, unused))
}

/// Checks that `tensors`, the names and shapes of a state dictionary, are those that the network of a configuration needs,
/// as [`load_configured`] does, without reading them; returns the names that no parameter would use.
///
/// # Errors
/// [`Error::Missing`] and [`Error::Shape`] name the tensor and its shapes.
pub fn check_configured<C: Configuration>(
    network: &C::Network,
    tensors: &[(String, Vec<usize>)],
) -> Result<Vec<String>, Error> {
    let mut unused = Unused::new(tensors);
    for parameter in list(network) {
        unused.take(&parameter.name, &parameter.shape, &C::older_name)?;
    }
    let mut unused = unused.names(tensors);
    unused.retain(|name| !C::ignored(name));
    Ok(unused)
}

fn load_named<M: Module>(
    module: M,
    tensors: &[(String, Vec<usize>)],
    other_name: &dyn Fn(&str) -> Option<String>,
    read: &mut dyn FnMut(&str) -> Result<Values, Error>,
) -> Result<(M, Vec<String>), Error> {
    let mut unused = Unused::new(tensors);
    let module =
        load(module, &mut |name, expected| read(unused.take(name, expected, other_name)?))?;
    Ok((module, unused.names(tensors)))
}

/// The tensors of a state dictionary that no parameter has used so far, with their shapes.
struct Unused<'a>(HashMap<&'a str, &'a [usize]>);

impl<'a> Unused<'a> {
    fn new(tensors: &'a [(String, Vec<usize>)]) -> Self {
        Self(tensors.iter().map(|(n, s)| (n.as_str(), s.as_slice())).collect())
    }

    /// The tensor for a parameter, by any of its names.
    fn take(
        &mut self,
        name: &str,
        expected: &[usize],
        other_name: &dyn Fn(&str) -> Option<String>,
    ) -> Result<&'a str, Error> {
        let others = [other_name(name), attention::older_name(name)];
        let (name, found) = std::iter::once(name)
            .chain(others.iter().flatten().map(String::as_str))
            .find_map(|n| self.0.remove_entry(n))
            .ok_or_else(|| Error::Missing { name: name.to_owned(), expected: expected.to_vec() })?;
        if found.strip_prefix(expected).is_some_and(|rest| rest.iter().all(|&d| d == 1)) {
            return Ok(name);
        }
        Err(Error::Shape {
            name: name.to_owned(),
            found: found.to_vec(),
            expected: expected.to_vec(),
        })
    }

    fn names(self, tensors: &[(String, Vec<usize>)]) -> Vec<String> {
        let names = tensors.iter().map(|(name, _)| name);
        names.filter(|name| self.0.contains_key(name.as_str())).cloned().collect()
    }
}

struct Loader<'s> {
    path: Path,
    source: &'s mut Source<'s>,
    error: Option<Error>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let (name, expected) = (self.path.name(), param.dims().to_vec());
        match (self.source)(&name, &expected) {
            Ok(values) if values.len() == expected.iter().product::<usize>() => {
                let kept = name.ends_with("weight")
                    && matches!(self.path.container(), Some("Struct:Linear" | "Struct:Conv2d"));
                let values = if kept { values } else { values.widened() };
                values.put_into(param)
            }
            Ok(values) => {
                self.error = Some(Error::Length { name, found: values.len(), expected });
                param
            }
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}
