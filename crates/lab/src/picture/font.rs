//! The embedded letters (a part of DejaVu Sans: Latin, Greek and some mathematics), so that pictures look alike on
//! machines without fonts.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

/// The name by which styles ask for the letters.
pub(super) const FAMILY: &str = "lab";

/// Makes the letters known, once; says whether they are.
pub(super) fn load() -> bool {
    static LOADED: OnceLock<bool> = OnceLock::new();
    *LOADED.get_or_init(|| {
        let font = include_bytes!("../../fonts/LabSans.ttf");
        [FontStyle::Normal, FontStyle::Bold]
            .into_iter()
            .all(|style| register_font(FAMILY, style, font).is_ok())
    })
}
