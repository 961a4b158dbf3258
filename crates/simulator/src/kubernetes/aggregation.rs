//! Roles made of other roles, as the controller keeps them.

use super::kinds;
use super::selector::Labels;
use super::store::{Key, Store};
use serde_json::{Value, json};

/// Updates the rules of every ClusterRole with an `aggregationRule`, also through several stages.
pub fn run(store: &mut Store) {
    let Some(kind) = kinds::by_name("clusterroles") else { return };
    // `admin` takes from `edit`, which takes from `view`: as many rounds as there are stages, and one to see the end.
    for _ in 0..8 {
        let roles: Vec<(Key, Value)> = store.list(kind, None).map(|(k, v)| (k.clone(), v.clone())).collect();
        let mut changed = false;
        for (key, role) in &roles {
            let Some(selectors) = role["aggregationRule"]["clusterRoleSelectors"].as_array() else { continue };
            let mut gathered: Vec<Value> = Vec::new();
            for selector in selectors.iter().map(Labels::of_object) {
                let others = roles.iter().filter(|(k, r)| k != key && selector.matches(r));
                for rule in others.flat_map(|(_, r)| r["rules"].as_array().into_iter().flatten()) {
                    if !gathered.contains(rule) {
                        gathered.push(rule.clone());
                    }
                }
            }
            if role["rules"].as_array() != Some(&gathered) {
                let mut role = role.clone();
                role["rules"] = json!(gathered);
                store.put(key.clone(), role);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
