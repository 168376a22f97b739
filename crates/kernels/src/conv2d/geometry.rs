//! Sizes of a convolution, checked once.

use super::Conv2dOptions;

/// Sizes of `x [images, channels, height, width]`, `weight [filters, channels / groups, rows, columns]` and
/// `y [images, filters, out_height, out_width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) images: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) filters: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) options: Conv2dOptions,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
}

impl Geometry {
    /// # Panics
    /// When the shapes do not fit one another: the caller's tensors are wrong, as in any tensor operation.
    pub(crate) fn new(x: [usize; 4], weight: [usize; 4], options: Conv2dOptions) -> Self {
        let [images, channels, height, width] = x;
        let [filters, per_group, rows, columns] = weight;
        let o = options;
        assert!(
            o.groups > 0 && channels == per_group * o.groups && filters.is_multiple_of(o.groups),
            "conv2d: {channels} channels and {filters} filters do not fit weights of {per_group} channels in {} groups",
            o.groups
        );
        assert!(rows > 0 && columns > 0, "conv2d: the kernel is {rows} × {columns}");
        assert!(
            o.stride.iter().chain(&o.dilation).all(|&s| s > 0),
            "conv2d: stride and dilation must be positive"
        );
        let extent = |size: usize, kernel: usize, axis: usize| {
            let padded = size + o.padding_begin[axis] + o.padding_end[axis];
            let reach = (kernel - 1) * o.dilation[axis] + 1;
            assert!(
                padded >= reach,
                "conv2d: a padded size of {padded} is smaller than the kernel's extent {reach}"
            );
            (padded - reach) / o.stride[axis] + 1
        };
        let (out_height, out_width) = (extent(height, rows, 0), extent(width, columns, 1));
        Self {
            images,
            channels,
            height,
            width,
            filters,
            rows,
            columns,
            options,
            out_height,
            out_width,
        }
    }

    /// Pixels of an input plane.
    pub(crate) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of an output plane.
    pub(crate) fn out_pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Taps of a filter's plane.
    pub(crate) fn taps(&self) -> usize {
        self.rows * self.columns
    }

    /// Input channels of a group.
    pub(crate) fn group_channels(&self) -> usize {
        self.channels / self.options.groups
    }

    /// Filters of a group.
    pub(crate) fn group_filters(&self) -> usize {
        self.filters / self.options.groups
    }

    /// Values of `x`.
    #[cfg(test)]
    pub(crate) fn x_len(&self) -> usize {
        self.images * self.channels * self.pixels()
    }

    /// Values of `weight`.
    pub(crate) fn weight_len(&self) -> usize {
        self.filters * self.group_channels() * self.taps()
    }

    /// Values of `y`.
    #[cfg(test)]
    pub(crate) fn y_len(&self) -> usize {
        self.images * self.filters * self.out_pixels()
    }
}
