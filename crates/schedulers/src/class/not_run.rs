//! Classes of diffusers that are known and not run, each with its reason.

const DISCRETE: &str = "it samples discrete tokens, not continuous states";
const DECODER: &str = "it serves one decoder of one model only";

/// Why a class is not run; `None` where it is unknown.
pub(super) fn reason(class: &str) -> Option<&'static str> {
    Some(match class {
        "AmusedScheduler"
        | "VQDiffusionScheduler"
        | "BlockRefinementScheduler"
        | "DiscreteDDIMScheduler"
        | "EntropyBoundScheduler" => DISCRETE,
        "ConsistencyDecoderScheduler" => DECODER,
        _ => return None,
    })
}
