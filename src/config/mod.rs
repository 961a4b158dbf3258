//! Reads `latchkey.toml` (one deployment) and `policy.toml` (who may ask for what) into valid values.
//!
//! A fault never hides another: both files are read to their ends, and every fault is reported at once, with its place.
//! May import the domain only.
//!
//! `LATCHKEY_SECTION__KEY` overrides a key of `latchkey.toml`; secrets come from files or the environment only.
//! `policy.toml` belongs in Git, so that each change of it is reviewed. Only `latchkey policy apply` makes it current,
//! guarded by the hash of the policy before; the whole text is kept. The reader works on TOML with spans, so that it
//! can collect faults instead of stopping at the first.

pub mod duration;
pub mod fault;
pub mod policy;
mod reader;
pub mod settings;

pub use fault::{ConfigFault, FaultSeverity};
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
        assert!(!faults.iter().any(ConfigFault::is_error), "{faults:?}");
        assert_eq!(faults.len(), 5, "the files are not there: {faults:?}");
    }
}
