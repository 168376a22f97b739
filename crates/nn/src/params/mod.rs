//! Parameters by the names of PyTorch's `state_dict` ("down_blocks.0.resnets.1.conv1.weight").
//!
//! A name is the path of field names and list indices from the module to the tensor, joined by dots; an `Option` and
//! the variant of an enum add nothing to it. Every function here walks a module in the same order, its field order.

mod add;
mod assign;
mod collect;
mod gradients;
mod load;
mod path;
mod update;
mod values;

pub use add::{Deltas, add};
pub use assign::assign;
pub use collect::{ParamInfo, collect, list};
pub use gradients::gradients;
pub use load::{Source, check_configured, load, load_configured, load_state_dict};
pub use update::update;
pub use values::Values;

#[cfg(test)]
mod tests;
