//! Classes of diffusers that are known and not run, each with its reason.

const DISCRETE: &str = "it samples discrete tokens, not continuous states";
const STAGES: &str =
    "its steps change the size of the state between stages, which its pipeline drives";

/// Why a class is not run; `None` where it is unknown.
pub(super) fn reason(class: &str) -> Option<&'static str> {
    Some(match class {
        "AmusedScheduler"
        | "VQDiffusionScheduler"
        | "BlockRefinementScheduler"
        | "DiscreteDDIMScheduler"
        | "EntropyBoundScheduler" => DISCRETE,
        "HeliosScheduler" | "HeliosDMDScheduler" => STAGES,
        "PiflowScheduler" => "its network outputs a grid of estimates, not one prediction",
        "RFD4ProteinaScheduler" => "it samples protein structures with a scheme of its own",
        _ => return None,
    })
}
