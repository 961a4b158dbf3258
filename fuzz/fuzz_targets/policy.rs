#![no_main]

#[path = "../../tests/it/fuzzing/policy.rs"]
mod policy;

libfuzzer_sys::fuzz_target!(|text: &str| policy::is_taken_or_at_fault(text));
