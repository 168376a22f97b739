//! Operations on the CPU backend's tensors as Burn operations: the one place where they meet automatic differentiation.
//!
//! An [`Operation`] is a function of up to six tensors that knows its own gradient; [`apply`] runs it on Burn's tensors,
//! tracked or not. Tensors that the backward pass reads are kept through Burn's checkpoints.

use std::fmt::Debug;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, Flex, backend_extension};
use burn::tensor::Tensor;

/// A function of tensors with its gradient.
pub(crate) trait Operation: Debug + Send + Sync + 'static {
    /// Whether the backward pass reads the inputs, which are then kept for it.
    fn reads_inputs(&self) -> bool;

    /// The result, and what else the backward pass will read.
    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>);

    /// The gradient of each input. `inputs` is empty unless [`Operation::reads_inputs`]; `kept` is from the forward pass.
    fn backward(
        &self,
        inputs: Vec<FlexTensor>,
        kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor>;
}

/// Runs `operation` on tensors of the CPU backend.
///
/// # Panics
/// When there are no inputs or more than six.
pub(crate) fn apply<const D: usize>(
    operation: impl Operation,
    inputs: Vec<FloatTensor<Dispatch>>,
) -> Tensor<D> {
    let mut inputs = inputs.into_iter();
    let count = inputs.len();
    let mut next = || inputs.next().expect("as many as were counted");
    let inputs = match count {
        1 => Inputs::One(next()),
        2 => Inputs::Two(next(), next()),
        3 => Inputs::Three(next(), next(), next()),
        4 => Inputs::Four(next(), next(), next(), next()),
        5 => Inputs::Five(next(), next(), next(), next(), next()),
        6 => Inputs::Six(next(), next(), next(), next(), next(), next()),
        other => panic!("an operation has one to six inputs, not {other}"),
    };
    Tensor::from_dispatch(<Dispatch as Applies>::apply(inputs, Arc::new(operation)))
}

/// The inputs of an operation, in the form that Burn's dispatch takes apart.
#[derive(ExtensionType)]
pub(crate) enum Inputs<B: Backend> {
    One(FloatTensor<B>),
    Two(FloatTensor<B>, FloatTensor<B>),
    Three(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
    Four(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
    Five(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
    Six(
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
    ),
}

/// What Burn's dispatch sees.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Applies: Backend {
    /// Runs an operation.
    fn apply(
        #[extension_type] inputs: Inputs<Self>,
        operation: Arc<dyn Operation>,
    ) -> FloatTensor<Self>;
}

impl Applies for Flex {
    fn apply(inputs: Inputs<Self>, operation: Arc<dyn Operation>) -> FloatTensor<Self> {
        let inputs = match inputs {
            Inputs::One(a) => vec![a],
            Inputs::Two(a, b) => vec![a, b],
            Inputs::Three(a, b, c) => vec![a, b, c],
            Inputs::Four(a, b, c, d) => vec![a, b, c, d],
            Inputs::Five(a, b, c, d, e) => vec![a, b, c, d, e],
            Inputs::Six(a, b, c, d, e, f) => vec![a, b, c, d, e, f],
        };
        operation.forward(inputs).0
    }
}

impl<B: Runs, C: CheckpointStrategy> Applies for Autodiff<B, C> {
    fn apply(inputs: Inputs<Self>, operation: Arc<dyn Operation>) -> FloatTensor<Self> {
        match inputs {
            Inputs::One(a) => record::<B, C, 1>([a], operation),
            Inputs::Two(a, b) => record::<B, C, 2>([a, b], operation),
            Inputs::Three(a, b, c) => record::<B, C, 3>([a, b, c], operation),
            Inputs::Four(a, b, c, d) => record::<B, C, 4>([a, b, c, d], operation),
            Inputs::Five(a, b, c, d, e) => record::<B, C, 5>([a, b, c, d, e], operation),
            Inputs::Six(a, b, c, d, e, f) => record::<B, C, 6>([a, b, c, d, e, f], operation),
        }
    }
}

/// A backend whose tensors are those that operations compute with.
pub(crate) trait Runs: Backend {
    /// [`Operation::forward`].
    fn forward(
        operation: &dyn Operation,
        inputs: Vec<FloatTensor<Self>>,
    ) -> (FloatTensor<Self>, Vec<FloatTensor<Self>>);

    /// [`Operation::backward`].
    fn backward(
        operation: &dyn Operation,
        inputs: Vec<FloatTensor<Self>>,
        kept: Vec<FloatTensor<Self>>,
        dy: FloatTensor<Self>,
    ) -> Vec<FloatTensor<Self>>;
}

impl Runs for Flex {
    fn forward(
        operation: &dyn Operation,
        inputs: Vec<FlexTensor>,
    ) -> (FlexTensor, Vec<FlexTensor>) {
        operation.forward(inputs)
    }

    fn backward(
        operation: &dyn Operation,
        inputs: Vec<FlexTensor>,
        kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        operation.backward(inputs, kept, dy)
    }
}

/// What the backward pass starts from: the operation, the nodes of the inputs it reads, and what the forward pass kept.
#[derive(Clone, Debug)]
struct State<T> {
    operation: Arc<dyn Operation>,
    inputs: Vec<NodeId>,
    kept: Vec<T>,
}

#[derive(Debug)]
struct Gradient;

impl<B: Runs, const N: usize> Backward<B, N> for Gradient {
    type State = State<FloatTensor<B>>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let State { operation, inputs, kept } = ops.state;
        let dy = grads.consume::<B>(&ops.node);
        let inputs = inputs.into_iter().map(|x| checkpointer.retrieve_node_output(x)).collect();
        let gradients = B::backward(&*operation, inputs, kept, dy);
        assert_eq!(gradients.len(), N, "{operation:?} owes a gradient to each input");
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

/// Runs `operation` and, where an input is tracked, records how to go back.
fn record<B: Runs, C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<B, C>>; N],
    operation: Arc<dyn Operation>,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = inputs.each_ref().map(|x| x.node());
    let plain = |inputs: [FloatTensor<Autodiff<B, C>>; N]| {
        inputs.into_iter().map(|x| x.into_primitive()).collect()
    };
    match Gradient.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(mut prep) => {
            let nodes = match operation.reads_inputs() {
                true => inputs.iter().map(|x| prep.checkpoint(x)).collect(),
                false => Vec::new(),
            };
            let (y, kept) = B::forward(&*operation, plain(inputs));
            prep.finish(State { operation, inputs: nodes, kept }, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(B::forward(&*operation, plain(inputs)).0),
    }
}

/// Puts tensors back into their places among those that may be absent.
pub(crate) fn places<T, const N: usize>(present: [bool; N], tensors: Vec<T>) -> [Option<T>; N] {
    let mut tensors = tensors.into_iter();
    present.map(|p| p.then(|| tensors.next().expect("a tensor for each place that has one")))
}
