//! Whether rules are contained in others: what Kubernetes checks before a client may bind a role.

use super::{Attributes, Rule};

/// What `rules` allow beyond `allowed`: a question for each verb, resource and name (or path) that no single rule of
/// `allowed` covers; a wildcard stands for itself. Empty exactly if `allowed` allows everything that `rules` allow.
pub fn beyond(allowed: &[Rule], rules: &[Rule]) -> Vec<Attributes> {
    let parts = rules.iter().flat_map(parts);
    parts.filter(|part| !allowed.iter().any(|rule| part.is_within(rule))).map(RulePart::question).collect()
}

/// The smallest part that a rule allows: one item of each of its lists.
enum RulePart<'a> {
    Resource {
        verb: &'a str,
        group: &'a str,
        /// As the rule spells it: `pods`, `pods/log`, `*/scale`, `*`.
        resource: &'a str,
        /// `None` is every name. The empty name is that of requests without one, `list` for example.
        name: Option<&'a str>,
    },
    Path {
        verb: &'a str,
        path: &'a str,
    },
}

impl RulePart<'_> {
    fn is_within(&self, rule: &Rule) -> bool {
        match *self {
            Self::Resource { verb, group, resource, name } => {
                let named = name.is_some_and(|name| rule.resource_names.iter().any(|own| own == name));
                rule.has_verb(verb)
                    && rule.has_group(group)
                    && rule.resources.iter().any(|own| covers(own, resource))
                    && (rule.resource_names.is_empty() || named)
            }
            Self::Path { verb, path } => rule.has_verb(verb) && rule.has_path(path),
        }
    }

    fn question(self) -> Attributes {
        match self {
            Self::Resource { verb, group, resource, name } => {
                Attributes::of(verb, group, resource).named(name.unwrap_or_default())
            }
            Self::Path { verb, path } => Attributes::path(verb, path),
        }
    }
}

/// Whether a rule's resource includes another's: `*/scale` includes `deployments/scale`, `*` includes everything.
fn covers(own: &str, resource: &str) -> bool {
    let subresource = |text: &str| text.split_once('/').map(|(_, sub)| sub.to_owned()).filter(|sub| !sub.is_empty());
    let every = own.starts_with("*/").then(|| subresource(own)).flatten();
    own == "*" || own == resource || every.is_some_and(|sub| subresource(resource).as_deref() == Some(&sub))
}

fn parts(rule: &Rule) -> Vec<RulePart<'_>> {
    let names: Vec<Option<&str>> = match rule.resource_names.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let mut parts = Vec::new();
    for verb in &rule.verbs {
        for group in &rule.api_groups {
            for resource in &rule.resources {
                parts.extend(names.iter().map(|&name| RulePart::Resource { verb, group, resource, name }));
            }
        }
        parts.extend(rule.non_resource_urls.iter().map(|path| RulePart::Path { verb, path }));
    }
    parts
}
