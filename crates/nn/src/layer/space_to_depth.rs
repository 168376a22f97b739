//! Space-to-depth and back (Shi et al. 2016, the periodic shuffle): each r×r square of pixels becomes r² channels.
//!
//! Channel `c·r² + i·r + j` of the packed picture holds row offset i and column offset j of channel c, as PyTorch's
//! `pixel_unshuffle` and `pixel_shuffle` order them.

use burn::tensor::Tensor;

/// `[N, C, r·H, r·W]` to `[N, C·r², H, W]`.
pub fn space_to_depth(x: Tensor<4>, r: usize) -> Tensor<4> {
    if r == 1 {
        return x;
    }
    let [n, c, h, w] = x.dims();
    let squares: Tensor<6> = x.reshape([n, c, h / r, r, w / r, r]);
    squares.permute([0, 1, 3, 5, 2, 4]).reshape([n, c * r * r, h / r, w / r])
}

/// `[N, C·r², H, W]` to `[N, C, r·H, r·W]`.
pub fn depth_to_space(x: Tensor<4>, r: usize) -> Tensor<4> {
    if r == 1 {
        return x;
    }
    let [n, c, h, w] = x.dims();
    let packed: Tensor<6> = x.reshape([n, c / (r * r), r, r, h, w]);
    packed.permute([0, 1, 4, 2, 5, 3]).reshape([n, c / (r * r), h * r, w * r])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Int};

    #[test]
    fn orders_channels_as_pytorch_and_inverts() {
        let x = Tensor::<1, Int>::arange(0..2 * 2 * 4 * 6, &Device::flex())
            .float()
            .reshape([2, 2, 4, 6]);
        let packed = space_to_depth(x.clone(), 2);
        assert_eq!(packed.dims(), [2, 8, 2, 3]);
        let value = |t: &Tensor<4>, at: [usize; 4]| {
            t.clone()
                .slice([at[0]..at[0] + 1, at[1]..at[1] + 1, at[2]..at[2] + 1, at[3]..at[3] + 1])
                .into_scalar::<f32>()
        };
        assert_eq!(value(&packed, [1, 4 + 2 + 1, 1, 2]), value(&x, [1, 1, 3, 5]));
        assert_eq!(value(&packed, [0, 2, 1, 0]), value(&x, [0, 0, 3, 0]));
        depth_to_space(packed, 2).into_data().assert_eq(&x.into_data(), true);
    }
}
