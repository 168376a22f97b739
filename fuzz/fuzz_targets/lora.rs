//! The target `lora` of `langevin_hostile`, driven by libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| langevin_hostile::Target::read_as("lora", bytes));
