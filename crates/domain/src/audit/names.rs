//! The names that filters of events accept: every action, and every process that acts. A filter by another name is a
//! mistake, and can be refused without reading an event.

pub use super::event::ACTIONS;
use crate::access::transition::Process;

/// Every process that can be an event's actor; people appear under their handles.
pub const PROCESSES: [&str; 4] = {
    let [a, b, c, d] = Process::ALL;
    [a.as_str(), b.as_str(), c.as_str(), d.as_str()]
};

/// The nouns of [`ACTIONS`]: each stands for all of its actions.
pub fn nouns() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    ACTIONS.iter().filter_map(move |action| {
        let (noun, _) = action.split_once('.')?;
        (std::mem::replace(&mut last, noun) != noun).then_some(noun)
    })
}

/// Whether a filter matches at least one of the actions: it is an action, or a noun of actions.
pub fn is_action(filter: &str) -> bool {
    ACTIONS.contains(&filter) || nouns().any(|noun| noun == filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_or_its_noun_is_known_and_nothing_else() {
        assert!(is_action("grant.ended") && is_action("grant") && is_action("audit"));
        for slip in ["", "grant.", "grants", "grant.endet", "ended", "GRANT"] {
            assert!(!is_action(slip), "{slip}");
        }
    }

    #[test]
    fn the_actions_stand_in_order_once_each() {
        assert!(ACTIONS.is_sorted_by(|before, after| before < after));
        assert!(nouns().collect::<Vec<_>>().is_sorted_by(|before, after| before < after));
        assert!(PROCESSES.is_sorted());
    }
}
