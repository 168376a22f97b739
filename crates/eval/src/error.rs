//! What can go wrong while judging samples.

/// A [`std::result::Result`] whose error is [`Error`](enum@Error).
pub type Result<T> = std::result::Result<T, Error>;

/// An input that cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A point set whose values do not fill its shape.
    #[error("{values} values do not make {count} points of {dim} dimensions; expected {}", count * dim)]
    Length {
        /// Values given.
        values: usize,
        /// Points claimed.
        count: usize,
        /// Dimensions claimed.
        dim: usize,
    },
    /// Points without coordinates.
    #[error("the points have 0 dimensions; expected at least 1")]
    NoDimensions,
    /// A NaN or an infinity among the values.
    #[error("value {index} of point {point} is {value}; expected a finite number")]
    NotFinite {
        /// The point that holds it.
        point: usize,
        /// Its coordinate.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Two sets or Gaussians of different dimension.
    #[error(
        "the first set has {first} dimensions and the second {second}; expected the same number"
    )]
    Dimensions {
        /// Dimensions of the first.
        first: usize,
        /// Dimensions of the second.
        second: usize,
    },
    /// Too few points for a statistic.
    #[error("{what} needs at least {needed} points, got {count}")]
    TooFew {
        /// The statistic.
        what: &'static str,
        /// The least number it is defined for.
        needed: usize,
        /// Points given.
        count: usize,
    },
    /// An index beyond the last point.
    #[error("point {index} is out of range: there are {count} points")]
    PointRange {
        /// The index.
        index: usize,
        /// Number of points.
        count: usize,
    },
    /// A sliced distance without directions.
    #[error("the number of projections is 0; expected at least 1")]
    NoProjections,
    /// A covariance that is not a square symmetric matrix of the mean's dimension.
    #[error(
        "the covariance is {rows}×{columns}, or not symmetric; expected a symmetric {dim}×{dim} matrix"
    )]
    Covariance {
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Dimension of the mean.
        dim: usize,
    },
    /// An eigenvalue iteration that did not converge.
    #[error("the eigenvalues of a {dim}×{dim} matrix did not converge in {iterations} iterations")]
    NoConvergence {
        /// Its size.
        dim: usize,
        /// Iterations made.
        iterations: usize,
    },
    /// Images whose values do not fill their shape.
    #[error("{values} pixel values do not fill images of shape {shape:?}")]
    ImageLength {
        /// Values given.
        values: usize,
        /// `[N, C, H, W]`.
        shape: [usize; 4],
    },
    /// Values that do not make digits.
    #[error(
        "{values} values do not make {count} digits; expected 784 (28×28) or 1024 (32×32) for each"
    )]
    DigitLength {
        /// Values given.
        values: usize,
        /// Images claimed.
        count: usize,
    },
    /// Images that cannot be digits.
    #[error(
        "images of {channels} channels and {height}×{width} pixels are no digits; expected 1 channel and 28×28, or 32×32 with a margin of 2"
    )]
    NotDigits {
        /// Channels.
        channels: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// Images of another shape than the reference images.
    #[error(
        "images of {found:?} channels, rows and columns, against reference images of {reference:?}; expected the same"
    )]
    ImageShape {
        /// Shape found.
        found: [usize; 3],
        /// Shape of a reference image.
        reference: [usize; 3],
    },
    /// Labels that do not match the images one to one.
    #[error("{labels} labels for {images} images; expected one for each")]
    LabelCount {
        /// Labels given.
        labels: usize,
        /// Images given.
        images: usize,
    },
    /// A label that is not a digit.
    #[error("label {label} of image {image} is not a digit from 0 to 9")]
    Label {
        /// The image it belongs to.
        image: usize,
        /// The label.
        label: u32,
    },
    /// A data set that carries no labels where they are needed.
    #[error("the {0} images carry no labels; expected digits from 0 to 9")]
    NoLabels(&'static str),
    /// Embedded weights that are not the ones this binary was built with.
    #[error("the judge's weights have the SHA-256 {found}; expected {expected}")]
    WeightsHash {
        /// Hash of the bytes found.
        found: String,
        /// Hash recorded beside them.
        expected: String,
    },
    /// Weights that are not a judge's.
    #[error("the judge's weights cannot be read: {0}")]
    Weights(String),
}
