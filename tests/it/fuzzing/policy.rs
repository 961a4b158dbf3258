//! The property of any policy.toml. The fuzz target `policy` runs the same function.

use latchkey::config::{ConfigFault, policy};

/// It is taken whole, or refused with a fault.
pub fn is_taken_or_at_fault(text: &str) {
    let checked = policy::check("policy.toml", text);
    let failed = checked.faults.iter().any(ConfigFault::is_error);
    assert_eq!(checked.policy.is_none(), failed);
}
