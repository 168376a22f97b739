//! Parses any bytes as a configuration; what parses must survive being printed and parsed again.

#![no_main]

use langevin_weights::{Config, pretty};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = Config::parse("config.json", bytes) else { return };
    let text = pretty(config.values());
    // Printing indents, so a text near the limit of size may grow beyond it.
    if let Ok(again) = Config::parse("config.json", text.as_bytes()) {
        assert_eq!(again, config);
    } else {
        assert!(text.len() > 1 << 20);
    }
});
