#![no_main]

#[path = "../../tests/it/fuzzing/properties.rs"]
#[allow(dead_code, reason = "each target runs one property")]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::aws_auth_edit(text));
