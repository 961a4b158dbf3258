//! `latchkey.toml` (one deployment) and `policy.toml` (who may ask for what) to values that are valid.
//!
//! A fault never hides another: both files are read to their ends and every fault is told at once, each with its
//! place. May import the domain only.
//!
//! `latchkey.toml` is overridden by `LATCHKEY_SECTION__KEY`; secrets come from files or the environment only.
//! `policy.toml` belongs into Git, so that each change of it is reviewed. Only `latchkey policy apply` makes it
//! current, with the hash before as a guard; the whole text is kept. The reader collects over TOML with spans instead
//! of stopping at the first fault.

pub mod duration;
pub mod fault;
pub mod policy;
mod reader;
pub mod settings;

pub use fault::{Fault, Severity};
pub use reader::nearest;
pub use settings::Settings;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn examples_are_accepted_without_a_warning() {
        let policy = include_str!("../../docs/examples/policy.toml");
        assert_eq!(policy::check("policy.toml", policy).faults, []);
        let latchkey = include_str!("../../docs/examples/latchkey.toml");
        let checked = settings::check("latchkey.toml", latchkey, Path::new("/nowhere"), []);
        assert_eq!(checked.faults, []);
        assert!(checked.settings.is_some());
    }

    #[test]
    fn every_key_of_the_example_that_is_commented_out_exists() {
        let latchkey = include_str!("../../docs/examples/latchkey.toml");
        let all: String = latchkey
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(key) if key.contains(" = \"") && !key.contains('(') => key,
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        let faults = settings::check("latchkey.toml", &all, Path::new("/nowhere"), []).faults;
        assert!(!faults.iter().any(Fault::is_error), "{faults:?}");
        assert_eq!(faults.len(), 5, "the files are not there: {faults:?}");
    }
}
