//! Matrix products `C = A · B` after Goto and van de Geijn (2008): panels of both operands are packed so that a
//! micro-kernel streams through them with one tile of `C` in registers.
//!
//! An operand is any array whose element at (depth `k`, lane `l`) lies at `lanes[l] + depths[k]`, a lane being a row of
//! `A` or a column of `B`. Plain and transposed matrices, the patches of a convolution (implicit GEMM, no im2col
//! buffer), its gradients and the heads of attention are all of this form, and so is the place of each element of `C`.
//!
//! Each element of `C` is one chain of multiply-adds over `k` in ascending order, whatever the sizes of the other two
//! dimensions, the tile the element falls in, or the number of threads.
//! Memory: the packed `A` (of a tall product, the packed `B`), and per thread one block each of `B` and `C` (about 300 KiB).

mod block;
mod driver;
mod operand;
mod output;
mod tall;

pub(crate) use block::{Block, finish, micro, start, tile};
pub(crate) use driver::gemm;
pub(crate) use operand::{Offsets, Operand};
pub(crate) use output::{Bias, Output};
